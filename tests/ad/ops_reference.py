#!/usr/bin/env python3
"""Reference values of every elementary operation, its first and its second partials.

    python3 ops_reference.py > ops_reference.inc           the table that test_ops.c reads
    python3 ops_reference.py --random 500 > stress.inc     500 points an operation drawn from its ranges

Needs mpmath. Partials are differences of the value taken in so many digits that they are exact to 25 digits: two
precisions must agree. So nothing here knows a derivative formula, and the rows of src/ad/ops/ops.def are checked
against the definitions alone. Results are rounded correctly to double."""

import argparse
import itertools
import random
from fractions import Fraction

import mpmath
from mpmath import mp, mpf

LEVELS = (60, 130, 450, 1000, 2000, 4000)
H = mpf("0.5")


def rounded(r):
    """The double nearest to r: integer division rounds correctly, also to subnormal numbers."""
    if mpmath.isinf(r) or mpmath.isnan(r):
        return float(r)
    sign, man, exp, _ = r._mpf_
    q = Fraction(int(man)) * (Fraction(2) ** exp)
    try:
        d = q.numerator / q.denominator
    except OverflowError:
        d = float("inf")
    return -d if sign else d


def agreed(evaluate, at, order, size):
    """evaluate() at rising precision until two results agree; what is nothing but rounding noise is 0."""
    grain = min([abs(x) for x in at if x] + [mpf(1)])
    last = None
    for digits in LEVELS:
        with mp.workdps(digits):
            r = evaluate()
        if not isinstance(r, mpf):  # a step left the domain
            continue
        if last is not None and r != 0 and abs(r - last) <= mpf(10) ** -25 * abs(r):
            return r
        noise = size * mpf(10) ** (20 - 2 * digits // (order + 2)) / grain ** order
        if noise < mpf(10) ** -380 * size and abs(r) <= noise:
            return mpf(0)
        last = r
    raise ArithmeticError("no agreement, last %s" % mpmath.nstr(last, 5))


def difference(f, at, orders):
    """Central difference with steps that balance truncation and rounding: 2 / (n + 2) of the digits are right."""
    n = sum(orders)
    steps = [mpmath.ldexp(1, (mpmath.mag(x) if x else 0) - mp.prec // (n + 2)) for x in at]
    total = mpf(0)
    for k in itertools.product(*(range(m + 1) for m in orders)):
        weight = mpmath.fprod((-1) ** (m - j) * mpmath.binomial(m, j) for m, j in zip(orders, k))
        total += weight * f(*(x + (2 * j - m) * h for x, h, m, j in zip(at, steps, orders, k)))
    return total / mpmath.fprod((2 * h) ** m for h, m in zip(steps, orders))


def partial(f, at, orders):
    return agreed(lambda: difference(f, at, orders), at, sum(orders), 1 + abs(f(*at)) + max(abs(x) for x in at))


ORDERS = {
    1: [(1,), (2,)],
    2: [(1, 0), (0, 1), (2, 0), (1, 1), (0, 2)],
    3: [(1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 0, 0), (1, 1, 0), (1, 0, 1), (0, 2, 0), (0, 1, 1), (0, 0, 2)],
}


def value(f, at):
    last = None
    for digits in LEVELS:
        with mp.workdps(digits):
            r = f(*at)
        if not isinstance(r, mpf):
            raise ArithmeticError("outside the domain")
        if last is not None and abs(r - last) <= mpf(10) ** -25 * abs(r):
            return r
        last = r
    raise ArithmeticError("no agreement of values")


# ---- definitions ----

def sigmoid(x): return 1 / (1 + mp.exp(-x))
def norm_cdf(x): return H * mp.erfc(-x / mp.sqrt(2))
def log_abs_gamma(x): return mp.re(mp.loggamma(x))
def whole(x): return mp.floor(x) if x >= 0 else mp.ceil(x)
def half_away(x): return mp.sign(x) * mp.floor(abs(x) + H)
def gelu_tanh(x): return x * H * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x ** 3)))
def mish(x): return x * mp.tanh(mp.log1p(mp.exp(x)))
def huber(x, d): return x * x / 2 if abs(x) <= d else d * (abs(x) - d / 2)
def power(x, y): return mp.exp(y * mp.log(x)) if x > 0 else x ** int(y)
def length(*x): return mp.sqrt(sum(t * t for t in x))


def wide(*more):
    return [-700.0, -40.0, -5.5, -1.0, -0.3, -1e-5, -1e-300, 5e-324, 1e-9, 0.1, 0.5, 1.0, 3.7, 20.0, 700.0] + list(more)


def some(*points):
    return list(points)


ANY = ("u", -3, 3), ("l", 1e-12, 1e2), ("l", -1e2, -1e-12)
POSITIVE = ("u", 1e-3, 4), ("l", 1e-300, 1e300), ("u", 0.9, 1.1)
UNIT = ("u", -1, 1), ("l", 1e-9, 1), ("near", 1), ("near", -1)
TAME = ("u", -2, 2), ("u", -8, 8), ("l", 1e-12, 3e2), ("l", -3e2, -1e-12)
STEPS = ("u", -5, 5), ("l", 1e-3, 1e6)
BESSEL = ("u", 0.01, 30), ("l", 1e-9, 1)

next_after_1 = 1.0 + 2.0 ** -52
below_1 = 1.0 - 2.0 ** -53

# name: (definition, points, ranges of --random)
UNARY = {
    "neg": (lambda x: -x, wide(), ANY),
    "inv": (lambda x: 1 / x, some(-1e300, -3.0, -0.7, -1e-100, 1e-300, 1e-150, 1e-5, 0.1, 0.3, 1.0, 1.7, 9.0, 1e10, 1e100, 1e300), POSITIVE),
    "square": (lambda x: x * x, some(-1e150, -3.7, -1.0, -0.1, -1e-20, 1e-150, 1e-10, 0.1, 0.3, 0.7, 1.0, 1.1, 9.7, 1e20, 1e150), ANY),
    "sqrt": (mp.sqrt, some(5e-324, 1e-310, 1e-300, 1e-100, 1e-10, 0.1, 0.3, 0.5, below_1, 1.0, next_after_1, 2.0, 3.7, 1e10, 1e300), POSITIVE),
    "rsqrt": (lambda x: 1 / mp.sqrt(x), some(5e-324, 1e-310, 1e-300, 1e-100, 1e-10, 0.1, 0.3, 0.5, below_1, 1.0, next_after_1, 2.0, 3.7, 1e10, 1e300), POSITIVE),
    "cbrt": (lambda x: mp.sign(x) * mp.cbrt(abs(x)), some(-1e300, -27.5, -1.0, -1e-10, 5e-324, 1e-310, 1e-300, 1e-100, 1e-10, 0.1, 0.5, 1.0, 2.0, 3.7, 1e10, 1e300), POSITIVE + ANY),
    "exp": (mp.exp, wide(), ANY),
    "exp2": (lambda x: mpf(2) ** x, some(-1070.0, -1020.5, -40.3, -5.5, -1.0, -0.3, -1e-5, 1e-300, 1e-9, 0.1, 0.5, 1.0, 3.7, 20.1, 1000.3), TAME),
    "exp10": (lambda x: mpf(10) ** x, some(-320.0, -300.5, -40.3, -5.5, -1.0, -0.3, -1e-5, 1e-300, 1e-9, 0.1, 0.5, 1.0, 3.7, 20.1, 300.3), TAME),
    "expm1": (mp.expm1, wide(-37.0, 0.69), ANY),
    "log": (mp.log, some(5e-324, 1e-310, 1e-300, 1e-10, 0.1, 0.3, 0.5, 0.99, below_1, next_after_1, 1.01, 2.0, 2.7, 1e10, 1e300), POSITIVE),
    "log2": (lambda x: mp.log(x) / mp.log(2), some(5e-324, 1e-310, 3e-309, 1e-10, 0.1, 0.3, 0.5, 0.99, below_1, next_after_1, 1.01, 2.0, 2.7, 1e10, 1e300), POSITIVE),
    "log10": (lambda x: mp.log(x) / mp.log(10), some(5e-324, 1e-310, 3e-309, 1e-10, 0.1, 0.3, 0.5, 0.99, below_1, next_after_1, 1.01, 2.0, 10.0, 1e10, 1e300), POSITIVE),
    "log1p": (mp.log1p, some(-below_1, -0.9999999, -0.75, -0.5, -0.25, -1e-5, -1e-300, 5e-324, 1e-16, 1e-9, 0.1, 1.0, 3.7, 1e10, 1e300), (("u", -0.999, 3), ("l", 1e-12, 1e12), ("near", -1))),
    "xlogx": (lambda x: x * mp.log(x), some(1e-310, 1e-300, 1e-10, 0.1, 0.2, 0.35, 0.36787944117144233, 0.3678794411714424, 0.37, 0.5, 0.9, below_1, next_after_1, 2.7, 1e300), POSITIVE + (("u", 0.3, 0.45),)),
    "sin": (mp.sin, some(-1e5, -10.0, -3.141592653589793, -1.5707963267948966, -0.5, 1e-300, 1e-8, 0.1, 0.7853981633974483, 1.0, 1.5707963267948966, 3.141592653589793, 22.0, 1e10, 1e300), ANY + (("l", 1e2, 1e10),)),
    "cos": (mp.cos, some(-1e5, -10.0, -3.141592653589793, -1.5707963267948966, -0.5, 1e-300, 1e-8, 0.1, 0.7853981633974483, 1.0, 1.5707963267948966, 3.141592653589793, 22.0, 1e10, 1e300), ANY + (("l", 1e2, 1e10),)),
    "tan": (mp.tan, some(-1e5, -10.0, -3.141592653589793, -1.5707963267948966, -0.5, 1e-300, 1e-8, 0.1, 0.7853981633974483, 1.0, 1.5707963267948966, 3.141592653589793, 22.0, 1e10, 1.5), ANY + (("l", 1e2, 1e10),)),
    "asin": (mp.asin, some(-below_1, -0.999, -0.7, -0.5, -0.1, -1e-5, 1e-300, 1e-16, 1e-8, 0.1, 0.3, 0.5, 0.8, 0.999999, below_1), UNIT),
    "acos": (mp.acos, some(-below_1, -0.999, -0.7, -0.5, -0.1, -1e-5, 1e-300, 1e-16, 1e-8, 0.1, 0.3, 0.5, 0.8, 0.999999, below_1), UNIT),
    "atan": (mp.atan, some(-1e300, -1e10, -20.0, -1.0, -0.3, 1e-300, 1e-10, 0.1, 0.5, 1.0, 3.7, 2e9, 1e100, 1.2e154, 1.5e154), ANY + (("l", 1e2, 1e150),)),
    "sinc": (lambda x: mp.sin(x) / x if x != 0 else mpf(1), some(-20.0, -2.1, -1.0, 1e-150, 1e-8, 0.01, 0.5, 0.999, 1.5, 2.081575977818101, 3.141592653589793, 4.493409457909064, 5.94, 12.0, 100.0), (("u", -12, 12), ("l", 1e-9, 1), ("u", -24, 24))),
    "sinh": (mp.sinh, wide(), ANY),
    "cosh": (mp.cosh, wide(), ANY),
    "tanh": (mp.tanh, some(-372.3, -350.0, -20.0, -3.0, -0.55, -0.3, -1e-8, 1e-300, 1e-5, 0.2, 0.5, 0.55, 1.0, 5.0, 19.5, 300.0), ANY),
    "asinh": (mp.asinh, some(-1e300, -1e10, -20.0, -1.0, -0.3, 1e-300, 1e-10, 0.1, 0.5, 1.0, 3.7, 2e9, 1e100, 1e150, 1.5e154, 1e200), ANY + (("l", 1e2, 1e150),)),
    "acosh": (mp.acosh, some(next_after_1, 1.0000001, 1.001, 1.1, 1.25, 1.5, 2.0, 3.7, 10.0, 1e3, 1e8, 2e9, 1e100, 1e154, 1e300), (("u", 1, 3), ("l", 1.0001, 1e300), ("near", 1.0000000001))),
    "atanh": (mp.atanh, some(-below_1, -0.999, -0.7, -0.5, -0.1, -1e-5, 1e-300, 1e-16, 1e-8, 0.1, 0.3, 0.5, 0.8, 0.999999, below_1), UNIT),
    "erf": (mp.erf, some(-27.2, -26.9, -26.0, -6.1, -3.0, -1.0, -0.3, -1e-8, 1e-300, 1e-10, 0.1, 0.5, 0.84375, 1.5, 5.3, 10.3, 26.3, 27.1), (("u", -3, 3), ("u", -10, 10), ("u", -26, 26), ("l", 1e-12, 1))),
    "erfc": (mp.erfc, some(-27.2, -26.9, -26.0, -6.1, -3.0, -1.0, -0.3, -1e-8, 1e-300, 1e-10, 0.1, 0.5, 0.84375, 1.5, 5.3, 10.3, 26.3, 27.1), (("u", -3, 3), ("u", -10, 10), ("u", -26, 26), ("l", 1e-12, 1))),
    "norm_cdf": (norm_cdf, some(-38.4, -38.1, -37.0, -20.1, -8.3, -5.0, -3.3, -1.0, -0.5, -0.3, 1e-10, 0.1, 0.6, 1.5, 2.7, 8.0, 30.0, 38.2, 38.5), (("u", -3, 3), ("u", -10, 10), ("u", -37, 37), ("l", 1e-12, 1))),
    "log_norm_cdf": (lambda x: mp.log(norm_cdf(x)), some(-1e100, -1e5, -40.0, -20.1, -5.0, -4.9, -2.0, -1.0, -0.3, 1e-10, 0.1, 1.5, 2.7, 8.0, 30.0, 38.2, 38.5), (("u", -3, 3), ("u", -10, 10), ("u", -60, 37), ("l", -1e6, -10))),
    "lgamma": (log_abs_gamma, some(-2.4570247382208, -10.7, -3.3, -0.6, -1e-5, 1e-300, 1e-10, 0.1, 0.7, 1.2, 1.4616321449683622, 1.999, 2.2, 8.3, 100.0, 1e10), (("u", 0.01, 5), ("l", 1e-9, 1e9), ("u", 1.2, 1.8), ("u", 5, 30))),
    "tgamma": (mp.gamma, some(-10.7, -3.3, -0.6, -1e-5, 1e-100, 1e-10, 0.1, 0.7, 1.2, 1.4616321449683622, 1.999, 2.2, 8.3, 30.6, 170.5), (("u", 0.01, 5), ("l", 1e-9, 1), ("u", 1.2, 1.8), ("u", 5, 170))),
    "digamma": (mp.digamma, some(-1.5734984731623904, -0.5040830082644554, -10.7, -3.3, -0.6, -1e-5, 1e-100, 1e-10, 0.1, 0.7, 1.2, 1.4616321449683622, 1.5, 2.9, 9.9, 30.6, 1e10), (("u", 0.01, 5), ("l", 1e-9, 1e9), ("u", 1.2, 1.8), ("u", 5, 30))),
    "trigamma": (lambda x: mp.psi(1, x), some(-10.7, -3.3, -0.6, -1e-5, 1e-70, 1e-10, 0.1, 0.7, 1.2, 1.4616321449683622, 1.5, 2.9, 14.9, 30.6, 1e10), (("u", 0.01, 5), ("l", 1e-9, 1e9), ("u", -5, 0), ("u", 5, 30))),
    "j0": (lambda x: mp.besselj(0, x), some(2.404825557695773, -20.0, -3.0, -0.5, 1e-8, 0.01, 0.3, 1.0, 1.5, 1.99, 2.5, 3.5, 5.0, 8.0, 30.0, 1000.0), BESSEL),
    "j1": (lambda x: mp.besselj(1, x), some(3.8317059702075125, 1.8411837813406593, -20.0, -3.0, -0.5, 1e-8, 0.01, 0.3, 1.0, 1.5, 1.99, 2.5, 3.5, 5.0, 8.0, 30.0, 1000.0), BESSEL),
    "y0": (lambda x: mp.bessely(0, x), some(0.8935769662791675, 1e-300, 1e-100, 1e-8, 0.01, 0.3, 1.0, 1.5, 1.99, 2.5, 3.5, 5.0, 6.5, 8.0, 30.0, 1000.0), BESSEL),
    "y1": (lambda x: mp.bessely(1, x), some(2.197141326031017, 1e-90, 1e-60, 1e-8, 0.01, 0.3, 1.0, 1.5, 1.99, 2.5, 3.5, 5.0, 6.5, 8.0, 30.0, 1000.0), BESSEL),
    "fabs": (abs, wide(), ANY),
    "sign": (mp.sign, wide(), ANY),
    "floor": (mp.floor, some(-1e10 - 0.25, -2.5, -1.1, -0.5, -1e-300, 1e-300, 0.3, 0.5, 0.999, 1.5, 2.5, 3.7, 1e6 + 0.5, 1e15 + 0.5, 7.25), STEPS),
    "ceil": (mp.ceil, some(-1e10 - 0.25, -2.5, -1.1, -1.5, -3.3, 1e-300, 0.3, 0.5, 0.999, 1.5, 2.5, 3.7, 1e6 + 0.5, 1e15 + 0.5, 7.25), STEPS),
    "round": (half_away, some(-1e10 - 0.25, -2.6, -1.1, -1.3, -3.3, 0.6, 0.7, 0.501, 0.999, 1.4, 2.6, 3.7, 1e6 + 0.25, 1e12 + 0.75, 7.25), STEPS),
    "trunc": (whole, some(-1e10 - 0.25, -2.5, -1.1, -1.5, -3.3, 1.2, 2.3, 3.5, 1.999, 1.5, 2.5, 3.7, 1e6 + 0.5, 1e15 + 0.5, 7.25), STEPS),
    "rint": (mp.nint, some(-1e10 - 0.25, -2.6, -1.1, -1.3, -3.3, 0.6, 0.7, 0.501, 0.999, 1.4, 2.6, 3.7, 1e6 + 0.25, 1e12 + 0.75, 7.25), STEPS),
    "sigmoid": (sigmoid, wide(-744.7, -730.0, 744.3), TAME),
    "log_sigmoid": (lambda x: -mp.log1p(mp.exp(-x)), wide(-730.0), TAME),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), wide(-730.0), TAME),
    "logit": (lambda x: mp.log(x / (1 - x)), some(5e-324, 1e-310, 1e-300, 1e-10, 0.1, 0.249, 0.26, 0.49, 0.4999999999, 0.5000000001, 0.6, 0.74, 0.8, 0.999, below_1), (("u", 0, 1), ("l", 1e-300, 0.5), ("near", 1), ("near", 0.5))),
    "relu": (lambda x: x if x > 0 else mpf(0), wide(), ANY),
    "gelu": (lambda x: x * norm_cdf(x), some(-38.5, -38.2, -37.5, -37.0, -20.1, -5.0, -1.5, -1.41421356, -1.0, -0.7517915246935645, -0.75, -1e-10, 0.3, 1.0, 1.4142135623730951, 3.3, 8.0, 30.0, 38.3), (("u", -2, 2), ("u", -10, 10), ("u", -37, 37), ("l", 1e-12, 1))),
    "gelu_tanh": (gelu_tanh, some(-21.5, -21.45, -21.2, -21.0, -10.1, -5.0, -1.5, -1.42, -1.0, -0.7524614, -0.75, -1e-10, 0.3, 1.0, 1.419, 3.3, 8.0, 15.0, 21.4), (("u", -2, 2), ("u", -10, 10), ("u", -20, 20), ("l", 1e-12, 1))),
    "silu": (lambda x: x * sigmoid(x), some(-748.0, -745.0, -740.1, -720.3, -700.0, -40.3, -5.0, -2.4, -2.39935, -1.2784645, -1.27, -0.5, -1e-10, 0.3, 1.0, 2.3993572, 3.3, 40.0, 700.0, 744.5), TAME),
    "mish": (mish, some(-748.0, -745.0, -740.1, -720.3, -700.0, -40.3, -5.0, -2.2563, -2.2, -1.1924, -1.19, -0.5, -1e-10, 0.3, 1.0, 1.4906, 3.3, 40.0, 300.0, 372.1), TAME),
    "softsign": (lambda x: x / (1 + abs(x)), some(-1e300, -1e5, -40.0, -1.0, -0.3, -1e-5, 1e-300, 1e-9, 0.1, 0.5, 1.0, 3.7, 20.0, 1e5, 1e100), ANY),
    "logcosh": (lambda x: mp.log(mp.cosh(x)), some(-350.0, -20.0, -3.0, -1.0, -0.3, -1e-8, 1e-100, 1e-5, 0.2, 0.5, 0.999, 1.001, 5.0, 19.5, 300.0), TAME),
}

PLANE = (("u", -3, 3), ("u", -3, 3)), (("l", 1e-9, 1e9), ("l", -1e9, -1e-9))
QUADRANT = (("u", 0.01, 3), ("u", -3, 3)), (("l", 1e-9, 1e9), ("u", -5, 5))
pairs = [(1.5, -0.7), (-2.0, 3.0), (0.1, 0.3), (1e-5, 7.0), (-1e10, 3e-5), (2.5, -2.4), (1e100, -1e99), (3.3, 3.2), (-0.3, -0.7),
         (1e-200, 3e-201), (5.0, 1e-3), (-7.5, 0.25), (0.9, 0.8999), (123.456, -0.001), (-1.1, 2.2)]
unordered = [(x, y) for x, y in pairs]

BINARY = {
    "add": (lambda x, y: x + y, pairs, PLANE),
    "sub": (lambda x, y: x - y, pairs, PLANE),
    "mul": (lambda x, y: x * y, pairs, PLANE),
    "divide": (lambda x, y: x / y, pairs + [(1e300, 1e-5), (1e-310, 3.0), (2.0, 1e-150)], PLANE),
    "less": (lambda x, y: mpf(x < y), unordered, PLANE),
    "less_equal": (lambda x, y: mpf(x <= y), unordered, PLANE),
    "equal": (lambda x, y: mpf(x == y), unordered, PLANE),
    "pow": (power, [(0.5, 2.0), (2.0, 0.5), (1.5, -2.3), (1e-300, 0.3), (1e-300, 1.05), (1e300, 1.02), (0.1, 300.0), (1.0000001, 1e8), (0.3, 1.0), (2.7, 2.0),
                    (2.0, -1.4426950408889634), (0.5, 1.4426950408889634), (3.0, -0.91), (7.0, 1e-20), (10.0, -310.0), (10.0, -322.5), (1e-300, 1.07), (0.5, 1073.2), (1e-310, 0.5), (1.7, 3.0)],
            ((("u", 0.01, 3), ("u", -3, 3)), (("l", 1e-300, 1e300), ("u", -1, 1)), (("u", 0.5, 2), ("u", -300, 300)), (("u", 0.05, 20), ("u", -1.5, 1.5)))),
    "hypot": (length, [(3.0, 4.0), (1e300, -1e300), (1e-300, 1e-310), (-1e-320, 2e-320), (1.0, 1e-200), (1e-150, 5e-320), (-0.3, 0.7), (1e10, 1e-10), (5.0, -12.0), (1e200, 3e199),
                       (1.0, 1.0), (2.0, 1e-8), (1e308, 1e308), (-1e-5, 1e5), (0.1, 0.2)], PLANE + ((("l", 1e-300, 1e300), ("l", 1e-300, 1e300)),)),
    "xlogy": (lambda x, y: x * mp.log(y), [(0.5, 0.5), (-2.0, 1e-300), (1e10, below_1), (3.0, next_after_1), (1e-300, 1e-300), (2.0, 1e300), (0.1, 0.3), (-0.7, 2.7), (1e-5, 1e5),
                                           (7.0, 0.99), (1.0, 1.01), (5.0, 1e-10), (0.3, 3.0), (-1e5, 0.2), (1.5, 1e10)], ((("u", -3, 3), ("u", 0.001, 3)), (("l", 1e-9, 1e9), ("l", 1e-100, 1e100)))),
    "logaddexp": (lambda x, y: mp.log(mp.exp(x) + mp.exp(y)), [(0.0, 1.0), (-0.6931471805599453, -0.6931471805599), (-1.0, -0.4586751453870819), (700.0, -0.3), (-700.1, 1e-3), (-1000.0, -1000.7), (1000.5, 1000.25), (1e-5, -1e-5), (3.0, 2.999),
                                   (-0.1, -2.3), (-1e-3, -6.9), (-40.3, 0.1), (30.1, -30.7), (5.5, 5.0), (-1e-10, -23.0), (1e5, 1.0)], PLANE[:1] + ((("u", -3, 0), ("u", -3, 0)), (("u", -300, 300), ("u", -300, 300)))),
    "ldexp": (lambda x, y: x * mpf(2) ** int(mp.nint(y)), [(1.5, 3.2), (-0.7, -10.1), (1e-300, 900.0 + 0.25), (1e-5, 20.3), (3.3, 0.1), (1e10, -30.2), (7.0, 1.3), (0.1, 2.4)], ((("u", -3, 3), ("u", -20, 20)),)),
    "atan2": (mp.atan2, [(3.0, 4.0), (1e300, -1e300), (1e-300, 1e-310), (-1e-320, 2e-320), (1.0, 1e-200), (1e-150, 5e-320), (-0.3, 0.7), (1e10, 1e-10), (5.0, -12.0), (1e200, 3e199),
                         (1.0, 1.0000001), (2.0, 1e-8), (1e308, 1e308), (-1e-5, 1e5), (0.1, -0.2)], PLANE + ((("l", 1e-150, 1e150), ("l", 1e-150, 1e150)),)),
    "copysign": (lambda x, y: abs(x) * mp.sign(y), pairs, PLANE),
    "fmax": (max, pairs, PLANE),
    "fmin": (min, pairs, PLANE),
    "fdim": (lambda x, y: max(x - y, mpf(0)), pairs, PLANE),
    "fmod": (lambda x, y: x - y * whole(x / y), [(5.3, 2.0), (-7.5, 2.3), (1e10, 0.7), (0.3, 5.0), (1.0, 0.1), (-0.9, -0.2), (1e-300, 3e-301), (123.456, 0.001), (7.0, 3.3), (2.9999, 1.0), (1e5, 3.0), (0.6, 0.2),
                                                 (-5.0, 0.3), (3.7, 0.9), (1e20, 1.3)], ((("u", -30, 30), ("u", 0.1, 5)),)),
    "remainder": (lambda x, y: x - y * mp.nint(x / y), [(5.3, 2.0), (-7.5, 2.3), (1e10, 0.7), (0.3, 5.0), (1.0, 0.1), (-0.9, -0.2), (1e-300, 3e-301), (123.456, 0.001), (7.0, 3.3), (2.9999, 1.0), (1e5, 3.0), (0.61, 0.2),
                                                        (-5.0, 0.3), (3.7, 0.9), (1e20, 1.3)], ((("u", -30, 30), ("u", 0.1, 5)),)),
    "leaky_relu": (lambda x, s: x if x > 0 else s * x, pairs, PLANE),
    "elu": (lambda x, a: x if x > 0 else a * mp.expm1(x), [(1.5, -0.7), (-2.0, 3.0), (0.1, 0.3), (-1e-5, 7.0), (-40.3, 0.5), (-2.5, -2.4), (-700.0, 1.0), (3.3, 3.2), (-0.3, 0.7), (-1e-200, 2.0), (5.0, 1e-3), (-7.5, 0.25), (-0.9, 1.0), (-20.0, 1.3), (-1.1, 2.2)], PLANE[:1]),
    "huber": (huber, [(0.5, 1.0), (-0.5, 1.0), (2.0, 1.0), (-3.3, 0.7), (1e-200, 1e-5), (1e10, 1.345), (1.34, 1.345), (1.35, 1.345), (-1.3451, 1.345), (1e-10, 1e-11), (7.0, 6.9), (0.3, 0.1), (5.0, 1e3), (-1e5, 1e-3), (0.9, 2.0)], ((("u", -3, 3), ("u", 0.1, 2)),)),
}

SPACE = (("u", -3, 3),) * 3, (("l", 1e-9, 1e9), ("l", -1e9, -1e-9), ("l", 1e-9, 1e9))
triples = [(1.5, -0.7, 0.3), (-2.0, 3.0, 6.0), (0.1, 0.3, -0.03), (1e-5, 7.0, -7e-5), (-1e10, 3e-5, 3e5), (2.5, -2.4, 6.0), (1e100, -1e99, 1e50), (3.3, 3.2, -10.5), (-0.3, -0.7, -0.2),
           (1e-100, 3e-101, 1e-200), (5.0, 1e-3, 1.0), (-7.5, 0.25, 2.0), (0.9, 0.8999, -0.8), (123.456, -0.001, 0.1), (-1.1, 2.2, 3.3)]

TERNARY = {
    "fma": (lambda x, y, z: x * y + z, triples, SPACE),
    "where": (lambda c, a, b: a if c != 0 else b, triples, SPACE),
    "norm3": (length, [(1.0, 2.0, 2.0), (1e300, -1e300, 1e300), (1e-300, 1e-310, 5e-305), (-1e-320, 2e-320, 1e-321), (1.0, 1e-200, 1e-100), (1e-150, 5e-320, 1e-310), (-0.3, 0.7, 0.1), (1e10, 1e-10, 1.0),
                       (3.0, -12.0, 4.0), (1e200, 3e199, -7e198), (1.0, 1.0, 1.0), (2.0, 1e-8, 3e-8), (5e307, 5e307, 5e307), (-1e-5, 1e5, 3.0), (0.1, 0.2, 0.3)], SPACE),
    "clamp": (lambda x, a, b: a if x < a else b if x > b else x, [(0.5, -1.0, 1.0), (-3.0, -1.0, 1.0), (7.0, -1.0, 1.0), (0.1, 0.3, 0.5), (0.4, 0.3, 0.5), (1e10, 1.0, 1e9), (1e-300, 1e-310, 1.0), (-5.0, -1e100, -4.9)], ((("u", -3, 3), ("u", -2, -1), ("u", 1, 2)),)),
    "lerp": (lambda a, b, t: (1 - t) * a + t * b, [(1.0, 2.0, 0.25), (1.0, -1.0, 0.4999999999), (3.0, -7.0, 0.3), (1e10, -1.0, 1e-10), (1e-300, 1e300, 1e-5), (0.1, 0.2, 1e-20), (5.0, 5.0, 0.7), (0.1, 0.7, below_1),
                                                   (-2.0, 3.0, 0.4), (1.0, 3.0, -2.5), (1.0, 3.0, 7.5), (1e300, -1e300, 0.3), (-0.3, 0.1, 0.75), (7.0, 1e-9, 0.999999), (0.9, 0.8999, 0.5)], ((("u", -3, 3), ("u", -3, 3), ("u", 0, 1)),)),
}


def draw(rng, kind):
    if kind[0] == "u":
        return rng.uniform(kind[1], kind[2])
    if kind[0] == "near":
        return kind[1] * (1 - 10.0 ** rng.uniform(-14, -1) * rng.choice([1, 1] if abs(kind[1]) == 1 else [1, -1]))
    low, high = kind[1], kind[2]
    sign = -1 if low < 0 else 1
    return sign * float(mp.exp(rng.uniform(float(mp.log(abs(low))), float(mp.log(abs(high))))))


def random_points(name, ranges, arity, count):
    rng = random.Random(name)
    for k in range(count):
        r = ranges[k % len(ranges)]
        yield (draw(rng, r),) if arity == 1 else tuple(draw(rng, q) for q in r)


def hexadecimal(d):
    if d != d:
        return "NAN"
    if d in (float("inf"), float("-inf")):
        return "INFINITY" if d > 0 else "-INFINITY"
    return d.hex().replace("0x0.0p+0", "0.0").replace(".0000000000000p", "p")


def row(name, f, at):
    exact = tuple(mpf(t) for t in at)
    results = [value(f, exact)] + [partial(f, exact, o) for o in ORDERS[len(at)]]
    return "REFERENCE%d(%s, %s)" % (len(at), name, ", ".join(hexadecimal(d) for d in list(at) + [rounded(r) for r in results]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0, metavar="N")
    parser.add_argument("--only", default="", help="operations, separated by commas")
    arguments = parser.parse_args()
    only = set(filter(None, arguments.only.split(",")))
    print("/* Made by ops_reference.py (mpmath %s): do not edit.\n"
          " * REFERENCEn(operation, n operands, value, first partials, second partials xx xy xz yy yz zz), correctly rounded. */" % mpmath.__version__)
    for table, arity in ((UNARY, 1), (BINARY, 2), (TERNARY, 3)):
        for name, (f, points, ranges) in table.items():
            if only and name not in only:
                continue
            if arguments.random:
                points = random_points(name, ranges, arity, arguments.random)
            for at in points:
                try:
                    print(row(name, f, at if arity > 1 else (at if isinstance(at, tuple) else (at,))))
                except ArithmeticError as trouble:
                    if arguments.random:
                        continue
                    raise SystemExit("%s at %s: %s" % (name, at, trouble))


main()
