#!/usr/bin/env python3
"""Trajectories of the methods that keep curvature, in 50 digits, from the formulas and not from the library's code.

Prints trajectories_2.inc, the table test_second_order.c compares with. Needs python3-mpmath.
C(x) = x'Ax/2 - b'x + sum x_i^4 / 8 (case "quadratic": without the last term), as in trajectories.py.
"""
from mpmath import mp, mpf, matrix, eye, lu_solve, diag, findroot, sqrt, log

mp.dps = 50
A = matrix([[2, -0.5, 0], [-0.5, 1.25, 0.25], [0, 0.25, 0.75]])
B = matrix([1, -2, 0.5])
START = matrix([1.5, -1, 0.25])
STEPS = [1, 2, 5, 10, 100]


class Arrived(Exception):
    """The gradient is zero as far as 50 digits tell: the formulas have no further step."""


class Rows(dict):
    def __setitem__(self, t, x):
        super().__setitem__(t, x)
        g = gradient(x)
        if max(abs(v) for v in g) < mpf(10) ** -35:
            raise Arrived


def value(x, quartic=1):
    return (x.T * A * x)[0] / 2 - (B.T * x)[0] + quartic * sum(v ** 4 for v in x) / 8


def gradient(x, quartic=1):
    return A * x - B + quartic * matrix([v ** 3 / 2 for v in x])


def hessian(x, quartic=1):
    return A + quartic * diag([3 * v ** 2 / 2 for v in x])


def dot(a, b):
    return (a.T * b)[0]


def exact(x, d, quartic=1):
    """The zero of the slope along d: a cubic in t, by Newton's method from the quadratic's minimiser."""
    t = -dot(gradient(x, quartic), d) / dot(d, hessian(x, quartic) * d)
    for _ in range(60):
        t -= dot(gradient(x + t * d, quartic), d) / dot(d, hessian(x + t * d, quartic) * d)
    return t


def fixed(alpha):
    return lambda x, d: mpf(alpha)


def armijo(alpha, factor, c):
    def search(x, d):
        t = mpf(alpha)
        while value(x + t * d) > value(x) + mpf(c) * t * dot(gradient(x), d):
            t *= mpf(factor)
        return t
    return search


def descent(x, rows, search):
    for t in range(1, max(STEPS) + 1):
        d = -gradient(x)
        x = x + search(x, d) * d
        rows[t] = x


def quasi(kind, scaled):
    def run(x, rows, search):
        b, first = eye(3), True
        for t in range(1, max(STEPS) + 1):
            d = -b * gradient(x)
            s = search(x, d) * d
            y = gradient(x + s) - gradient(x)
            rho = 1 / dot(s, y)
            if first and scaled:
                b = eye(3) / (rho * dot(y, y))
            first = False
            if kind == "bfgs":
                v = eye(3) - rho * y * s.T
                b = v.T * b * v + rho * s * s.T
            else:
                u = b * y
                b = b - u * u.T / dot(y, u) + rho * s * s.T
            x = x + s
            rows[t] = x
    return run


def limited(memory):
    """Rebuilt from the last pairs at every step, from I scaled by the newest pair."""
    def run(x, rows, search):
        pairs = []
        for t in range(1, max(STEPS) + 1):
            b = eye(3)
            if pairs:
                s, y = pairs[-1]
                b = eye(3) * dot(s, y) / dot(y, y)
            for s, y in pairs:
                rho = 1 / dot(s, y)
                v = eye(3) - rho * y * s.T
                b = v.T * b * v + rho * s * s.T
            d = -b * gradient(x)
            s = search(x, d) * d
            pairs = (pairs + [(s, gradient(x + s) - gradient(x))])[-memory:]
            x = x + s
            rows[t] = x
    return run


def conjugate(beta, quartic=1):
    def run(x, rows, search):
        g = gradient(x, quartic)
        d = -g
        for t in range(1, max(STEPS) + 1):
            x = x + search(x, d) * d
            h = gradient(x, quartic)
            rows[t] = x
            if quartic == 0 and t == 3:
                return
            d = beta(g, h, d) * d - h
            g = h
    return run


def fletcher_reeves(g, h, d):
    return dot(h, h) / dot(g, g)


def polak_ribiere(g, h, d):
    return max(dot(h, h - g) / dot(g, g), mpf(0))


def hager_zhang(g, h, d):
    y = h - g
    dy = dot(d, y)
    least = -1 / (sqrt(dot(d, d)) * min(mpf(0.01), sqrt(dot(g, g))))
    return max(dot(y - 2 * d * dot(y, y) / dy, h) / dy, least)


def newton(x, rows, search):
    for t in range(1, max(STEPS) + 1):
        d = lu_solve(hessian(x), -gradient(x))
        x = x + search(x, d) * d
        rows[t] = x


CASES = [
    ("gd exact", descent, exact),
    ("gd armijo", descent, armijo(1, 0.5, 0.25)),
    ("bfgs", quasi("bfgs", True), fixed(0.5)),
    ("bfgs unscaled", quasi("bfgs", False), fixed(0.5)),
    ("bfgs exact", quasi("bfgs", True), exact),
    ("dfp", quasi("dfp", True), fixed(0.5)),
    ("dfp unscaled", quasi("dfp", False), fixed(0.5)),
    ("lbfgs", limited(10), fixed(0.5)),
    ("lbfgs two", limited(2), fixed(0.5)),
    ("lbfgs unscaled", quasi("bfgs", False), fixed(0.5)),
    ("nonlinear_cg fletcher", conjugate(fletcher_reeves), fixed(0.125)),
    ("nonlinear_cg polak", conjugate(polak_ribiere), fixed(0.125)),
    ("nonlinear_cg hager", conjugate(hager_zhang), fixed(0.125)),
    ("linear_cg quadratic", conjugate(fletcher_reeves, 0), lambda x, d: exact(x, d, 0)),
    ("newton", newton, fixed(1)),
    ("newton half", newton, fixed(0.5)),
]

print("/* Made by trajectories_2.py; do not edit. */")
for name, run, search in CASES:
    rows = Rows()
    try:
        run(START, rows, search)
    except Arrived:
        for t in STEPS:
            rows.setdefault(t, rows[max(rows)])
    for t in STEPS:
        if t in rows:
            print('PATH("%s", %d, %s)' % (name, t, ", ".join(mp.nstr(v, 20) for v in rows[t])))

# One parameter: (4.52), C = theta^3 - 3 theta^2 - 9 theta, and the secant method on it; C = -theta^4/4 + 5 theta^2/2.
x = mpf(1.5)
for t in range(1, 7):
    x -= (3 * x * x - 6 * x - 9) / (6 * x - 6)
    print('PATH("scalar newton", %d, %s, 0, 0)' % (t, mp.nstr(x, 20)))
x, before = mpf(1.5), None
for t in range(1, 9):
    g = 3 * x * x - 6 * x - 9
    rate = mpf(0.25) if before is None else (x - before[0]) / (g - before[1])
    before = (x, g)
    x -= g * rate
    print('PATH("scalar secant", %d, %s, 0, 0)' % (t, mp.nstr(x, 20)))
