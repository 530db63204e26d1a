#!/usr/bin/env python3
"""Trajectories of the first-order methods in 50 digits, from the formulas and not from the library's code.

Prints trajectories.inc, the table test_trajectories.c compares with. Needs python3-mpmath.
C(x) = x'Ax/2 - b'x + sum x_i^4 / 8 with A, b below; every hyperparameter is the double of that name.
"""
from mpmath import mp, mpf, sqrt, fabs, cos, pi, floor, sign

mp.dps = 50
A = [[2, -0.5, 0], [-0.5, 1.25, 0.25], [0, 0.25, 0.75]]
B = [1, -2, 0.5]
START = [1.5, -1, 0.25]
STEPS = [1, 2, 5, 10, 100]


def gradient(x):
    return [sum(mpf(a) * y for a, y in zip(row, x)) - b + x[i] ** 3 / 2 for i, (row, b) in enumerate(zip(A, B))]


def each(f, *vectors):
    return [f(*entries) for entries in zip(*vectors)]


def walk(step, state, alpha=None, change=lambda g: g, decay=0, rate=lambda t: 1):
    """step(x, g, state, t, alpha) -> (x, state); g is asked for by calling it at a point."""
    x = [mpf(v) for v in START]
    rows = {}
    for t in range(max(STEPS)):
        a = mpf(alpha) * rate(t)
        shrunk = [v * (1 - a * mpf(decay)) for v in x]
        moved, state = step(x, lambda p: change(gradient(p)), state, t, a)
        x = each(lambda m, v, s: m - v + s, moved, x, shrunk)
        if t + 1 in STEPS:
            rows[t + 1] = x
    return rows


ZERO = [mpf(0)] * 3


def momentum(beta, classic=False):
    beta = mpf(beta)

    def step(x, g, v, t, a):
        v = each(lambda v, g: beta * v + (1 if classic else 1 - beta) * g, v, g(x))
        return each(lambda x, v: x - a * v, x, v), v
    return step


def nesterov(beta, classic=False):
    beta = mpf(beta)

    def step(x, g, v, t, a):
        at = each(lambda x, v: x - a * beta * v, x, v)
        v = each(lambda v, g: beta * v + (1 if classic else 1 - beta) * g, v, g(at))
        return each(lambda x, v: x - a * v, x, v), v
    return step


def lookahead(beta, classic=False):
    beta = mpf(beta)

    def step(x, g, v, t, a):
        d = g(x)
        w = 1 if classic else 1 - beta
        v = each(lambda v, d: beta * v + w * d, v, d)
        return each(lambda x, v, d: x - a * (beta * v + w * d), x, v, d), v
    return step


def root(s, eps, inside):
    return sqrt(s + mpf(eps)) if inside else sqrt(s) + mpf(eps)


def adagrad(eps=1e-8, inside=False):
    def step(x, g, s, t, a):
        d = g(x)
        s = each(lambda s, d: s + d * d, s, d)
        return each(lambda x, s, d: x - a * d / root(s, eps, inside), x, s, d), s
    return step


def rmsprop(gamma, eps=1e-8, inside=False):
    gamma = mpf(gamma)

    def step(x, g, s, t, a):
        d = g(x)
        s = each(lambda s, d: gamma * s + (1 - gamma) * d * d, s, d)
        return each(lambda x, s, d: x - a * d / root(s, eps, inside), x, s, d), s
    return step


def adam(beta, gamma, eps=1e-8, inside=False, kind="adam"):
    beta, gamma = mpf(beta), mpf(gamma)

    def step(x, g, state, t, a):
        v, s, most = state
        d = g(x)
        v = each(lambda v, d: beta * v + (1 - beta) * d, v, d)
        s = each(lambda s, d: gamma * s + (1 - gamma) * d * d, s, d)
        most = each(max, most, s)
        used = most if kind == "amsgrad" else s
        sh = [y / (1 - gamma ** (t + 1)) for y in used]
        if kind == "nadam":
            vh = each(lambda v, d: beta / (1 - beta ** (t + 2)) * v + (1 - beta) / (1 - beta ** (t + 1)) * d, v, d)
        else:
            vh = [y / (1 - beta ** (t + 1)) for y in v]
        return each(lambda x, v, s: x - a * v / root(s, eps, inside), x, vh, sh), (v, s, most)
    return step


def adadelta(gamma, beta, eps, inside):
    gamma, beta = mpf(gamma), mpf(beta)

    def step(x, g, state, t, a):
        s, big = state
        d = g(x)
        s = each(lambda s, d: gamma * s + (1 - gamma) * d * d, s, d)
        move = each(lambda D, s, d: root(D, eps, inside) / root(s, eps, inside) * d, big, s, d)
        big = each(lambda D, m: beta * D + (1 - beta) * m * m, big, move)
        return each(lambda x, m: x - a * m, x, move), (s, big)
    return step


def adamax(beta, gamma, eps=1e-8):
    beta, gamma = mpf(beta), mpf(gamma)

    def step(x, g, state, t, a):
        v, r = state
        d = g(x)
        v = each(lambda v, d: beta * v + (1 - beta) * d, v, d)
        r = each(lambda r, d: max(gamma * r, fabs(d)), r, d)
        return each(lambda x, v, r: x - a * (v / (1 - beta ** (t + 1))) / (r + mpf(eps)), x, v, r), (v, r)
    return step


def adam_p(beta, gamma, p, eps=1e-8):
    beta, gamma, p = mpf(beta), mpf(gamma), mpf(p)

    def step(x, g, state, t, a):
        v, s = state
        d = g(x)
        v = each(lambda v, d: beta * v + (1 - beta) * d, v, d)
        s = each(lambda s, d: gamma ** p * s + (1 - gamma ** p) * fabs(d) ** p, s, d)
        return each(lambda x, v, s: x - a * (v / (1 - beta ** (t + 1))) /
                    ((s / (1 - gamma ** (p * (t + 1)))) ** (1 / p) + mpf(eps)), x, v, s), (v, s)
    return step


def lion(beta, gamma):
    beta, gamma = mpf(beta), mpf(gamma)

    def step(x, g, v, t, a):
        d = g(x)
        u = each(lambda v, d: beta * v + (1 - beta) * d, v, d)
        v = each(lambda v, d: gamma * v + (1 - gamma) * d, v, d)
        return each(lambda x, u: x - a * sign(u), x, u), v
    return step


def descent(x, g, state, t, a):
    return each(lambda x, d: x - a * d, x, g(x)), state


def by_norm(limit):
    def change(g):
        norm = sqrt(sum(y * y for y in g))
        return [y * mpf(limit) / norm for y in g] if norm > limit else g
    return change


def by_value(limit):
    return lambda g: [max(-mpf(limit), min(mpf(limit), y)) for y in g]


TWO, THREE = (ZERO, ZERO), (ZERO, ZERO, ZERO)
CASES = [
    ("gd", descent, None, dict(alpha=0.05)),
    ("gd clip_norm", descent, None, dict(alpha=0.05, change=by_norm(0.75))),
    ("gd clip_value", descent, None, dict(alpha=0.05, change=by_value(0.5))),
    ("gd exponential", descent, None, dict(alpha=0.05, rate=lambda t: mpf(0.99) ** t)),
    ("gd decay", descent, None, dict(alpha=0.05, decay=0.1)),
    ("momentum", momentum(0.9), ZERO, dict(alpha=0.05)),
    ("momentum classic", momentum(0.9, True), ZERO, dict(alpha=0.01)),
    ("nesterov", nesterov(0.9), ZERO, dict(alpha=0.05)),
    ("nesterov classic", nesterov(0.9, True), ZERO, dict(alpha=0.01)),
    ("lookahead", lookahead(0.9), ZERO, dict(alpha=0.05)),
    ("lookahead classic", lookahead(0.9, True), ZERO, dict(alpha=0.01)),
    ("adagrad", adagrad(), ZERO, dict(alpha=0.05)),
    ("adagrad inside", adagrad(0.01, True), ZERO, dict(alpha=0.05)),
    ("rmsprop", rmsprop(0.999), ZERO, dict(alpha=0.01)),
    ("rmsprop inside", rmsprop(0.999, 0.01, True), ZERO, dict(alpha=0.01)),
    ("adam", adam(0.9, 0.999), THREE, dict(alpha=0.01)),
    ("adam inside", adam(0.9, 0.999, 0.01, True), THREE, dict(alpha=0.01)),
    ("adamw", adam(0.9, 0.999), THREE, dict(alpha=0.01, decay=0.1)),
    ("amsgrad", adam(0.9, 0.9, kind="amsgrad"), THREE, dict(alpha=0.01)),
    ("nadam", adam(0.9, 0.999, kind="nadam"), THREE, dict(alpha=0.01)),
    ("adadelta", adadelta(0.95, 0.95, 1e-6, True), TWO, dict(alpha=1)),
    ("adadelta outside", adadelta(0.95, 0.95, 0.001, False), TWO, dict(alpha=1)),
    ("adadelta outside apart", adadelta(0.9, 0.5, 0.001, False), TWO, dict(alpha=1)),
    ("adamax", adamax(0.9, 0.999), TWO, dict(alpha=0.01)),
    ("adam_p", adam_p(0.9, 0.999, 3), TWO, dict(alpha=0.01)),
    ("adam_p 1.5", adam_p(0.9, 0.99, 1.5), TWO, dict(alpha=0.01)),
    ("lion", lion(0.9, 0.99), ZERO, dict(alpha=0.01, decay=0.1)),
]


def half_cosine(part, end):
    return end + (1 - end) * (1 + cos(pi * part)) / 2 if part < 1 else end


def warm_cosine(warm, end, period):
    def rate(t):
        return mpf(t + 1) / warm if t < warm else half_cosine(mpf(t - warm) / (period - warm), mpf(end))
    return rate


def one_cycle(rise, start, end, period):
    top, last = mpf(rise) * period - 1, period - 1  # as in Smith's and PyTorch's programs: the last step is the end

    def rate(t):
        if t < top:
            return half_cosine(1 - t / top, 1 / mpf(start))
        return half_cosine((t - top) / (last - top), 1 / mpf(end))
    return rate


RATES = [
    ("constant", lambda t: mpf(1)),
    ("exponential", lambda t: mpf(0.99) ** t),
    ("step", lambda t: mpf(0.5) ** floor(mpf(t) / 10)),
    ("inverse time", lambda t: (1 + mpf(0.1) * t) ** mpf(-0.5)),
    ("cosine", warm_cosine(0, 0.125, 40)),
    ("warm up", warm_cosine(8, 0.125, 40)),
    ("one cycle", one_cycle(0.25, 25, 1000, 40)),
]

print("/* Made by trajectories.py; do not edit. */")
for name, step, state, options in CASES:
    rows = walk(step, state, **options)
    for t in STEPS:
        print('PATH("%s", %d, %s)' % (name, t, ", ".join(mp.nstr(y, 20) for y in rows[t])))
for name, rate in RATES:
    for t in (0, 1, 7, 8, 10, 25, 39, 60):
        print('RATE("%s", %d, %s)' % (name, t, mp.nstr(rate(t), 20)))
