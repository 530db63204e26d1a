#!/usr/bin/env python3
"""Reference values of the operations with many operands: python3 nary_reference.py > nary_reference.inc

Needs mpmath. Derivatives are differences of the definitions in 1500 digits. Beside each product the sum of the sizes of
its terms is given: what cancels in the sum itself no formula can keep."""

import random

import mpmath
from mpmath import mp, mpf

mp.dps = 1500
STEP = mpf(10) ** -400


def dot(x): return [sum(a * b for a, b in zip(x[:len(x) // 2], x[len(x) // 2:]))]
def norm2(x): return [mp.sqrt(sum(a * a for a in x))]
def logsumexp(x): return [mp.log(sum(mp.exp(a) for a in x))]
def softmax(x):
    e = [mp.exp(a) for a in x]
    return [a / sum(e) for a in e]
def cross_entropy(x): return [logsumexp(x[:-1])[0] - x[int(x[-1])]]
def pick(x): return [x[int(x[-1])]]
def argmax(x): return [mpf(max(range(len(x)), key=lambda i: x[i]))]
def affine(columns, bias):
    def f(x):
        rows = (len(x) - columns) // (columns + bias)
        w, rest = x[:rows * columns], x[rows * columns:]
        b, z = (rest[:rows], rest[rows:]) if bias else ([0] * rows, rest)
        return [sum(w[r * columns + c] * z[c] for c in range(columns)) + b[r] for r in range(rows)]
    return f


def shifted(x, v, t): return [a + t * b for a, b in zip(x, v)]
def unit(n, i): return [mpf(int(i == j)) for j in range(n)]


def along(f, x, v):
    """d/dt f(x + t v) at 0"""
    return [(a - b) / (2 * STEP) for a, b in zip(f(shifted(x, v, STEP)), f(shifted(x, v, -STEP)))]


def second(f, x, v, w):
    return [(a - b) / (2 * STEP) for a, b in zip(along(f, shifted(x, v, STEP), w), along(f, shifted(x, v, -STEP), w))]


def clean(t): return mpf(0) if abs(t) < mpf(10) ** -390 else t
def number(t): return "0" if clean(mpf(t)) == 0 else float(clean(mpf(t))).hex()
def listed(values): return "{" + ", ".join(number(t) for t in values) + "}"


def case(name, f, x, columns=0, bias=0, discrete=0):
    rng = random.Random(repr((name, x)))
    n, x = len(x), [mpf(t) for t in x]
    m = len(f(x))
    u = [mpf(rng.uniform(-2, 2)) for _ in range(m)]
    v = [mpf(rng.uniform(-2, 2)) for _ in range(n)]
    moving = n - discrete
    inert = v[:moving] + [mpf(0)] * discrete
    jacobian = [along(f, x, unit(n, i)) if i < moving else [mpf(0)] * m for i in range(n)]  # [operand][output]
    jvp = [sum(inert[i] * jacobian[i][j] for i in range(n)) for j in range(m)]
    jvp_size = [sum(abs(inert[i] * jacobian[i][j]) for i in range(n)) for j in range(m)]
    vjp = [sum(u[j] * jacobian[i][j] for j in range(m)) for i in range(n)]
    vjp_size = [sum(abs(u[j] * jacobian[i][j]) for j in range(m)) for i in range(n)]
    hvp, hvp_size = [mpf(0)] * n, [mpf(0)] * n
    for i in range(moving):
        for k in range(moving):
            h = second(f, x, unit(n, k), unit(n, i))
            hvp[i] += sum(u[j] * h[j] for j in range(m)) * v[k]
            hvp_size[i] += sum(abs(u[j] * h[j]) for j in range(m)) * abs(v[k])
    parts = (x, u, v, f(x), jvp, vjp, hvp, jvp_size, vjp_size, hvp_size)
    print('{&tg_nary_%s_, {%d, %s, false, NULL}, %d, %d,\n %s},' % (name, columns, "true" if bias else "false", n, m, ",\n ".join(listed(p) for p in parts)))


print("/* Made by nary_reference.py (mpmath %s): do not edit. See struct reference in test_nary.c. */" % mpmath.__version__)
for x in ([1.5], [0.1, 0.2, 0.3], [1e10, -1.0, 1e-10, 3.0]):
    case("sum", lambda x: [sum(x)], x)
for x in ([1.5, -0.3], [0.1, 0.2, 0.3, 0.4, -0.5, 0.6], [1e10, -1.0, 1e-10, 3.0, 2.0, 7.0, -0.1, 5.0]):
    case("dot", dot, x)
for x in ([-1.5], [3.0, -4.0], [0.1, 0.2, 0.3, 1e-9], [1e200, -3e199, 7e198], [3e-180, 1e-180], [1e-3, 1e3, 7.0]):
    case("norm2", norm2, x)
for x in ([0.7], [1.0, 2.0, 3.0], [-700.5, 0.1, 2.3], [1000.25, 999.5, -3.0], [0.3, 0.3, 0.3], [-1e3, -1e3 - 0.7], [35.3, 0.1, -40.7, 2.0]):
    case("logsumexp", logsumexp, x)
    case("softmax", softmax, x)
for x, label in (([1.0, 2.0, 3.0], 0), ([-700.5, 0.1, 2.3], 2), ([-300.5, 0.1, 2.3], 0), ([1000.25, 900.5, -3.0], 0), ([0.3, 0.3, 0.3], 1),
                 ([40.0, 0.1, -0.7], 0), ([35.3, 0.1, -40.7, 2.0], 3), ([0.5], 0)):
    case("cross_entropy", cross_entropy, x + [float(label)], discrete=1)
for x, index in (([1.0, 2.0, 3.0], 0), ([-700.5, 0.1, 2.3], 2), ([0.5], 0), ([1e200, -1e-200, 3.0, 0.25], 1)):
    case("pick", pick, x + [float(index)], discrete=1)
for x in ([1.0, 2.0, 3.0], [-700.5, 0.1, -2.3], [0.5], [1e200, -1e-200, 3.0, 0.25]):
    case("argmax", argmax, x)
rng = random.Random(4)
for rows, columns, bias in ((1, 1, 0), (2, 3, 1), (3, 2, 0), (1, 4, 1)):
    case("affine", affine(columns, bias), [rng.uniform(-2, 2) for _ in range(rows * (columns + bias) + columns)], columns, bias)
