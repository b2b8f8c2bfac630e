"""Solutions of delay equations by other means than the solver that is tested.

Sums over the method of steps, exact rational polynomials, slopes that are constant from one
breaking point to the next, or SciPy's DOP853 between breaking points.
"""

import itertools
import math
from fractions import Fraction

import numpy as np
from scipy.integrate import solve_ivp


def fundamental(terms: dict[float, float]):
    """Solution of y' = sum a_i y(t - r_i), y = 0 before 0, y(0) = 1."""

    def exact(t):
        total = np.zeros_like(t)
        for powers in itertools.product(range(40), repeat=len(terms)):
            n = sum(powers)
            shift = sum(k * r for k, r in zip(powers, terms, strict=True))
            if shift > t.max():
                continue
            ways = math.factorial(n) / math.prod(map(math.factorial, powers))
            weight = ways * math.prod(a**k for k, a in zip(powers, terms.values(), strict=True))
            total = total + np.where(
                t >= shift, weight * np.maximum(t - shift, 0.0) ** n / math.factorial(n), 0.0
            )
        return total

    return exact


def polynomials(start, lagged, slope, steps):
    """y' = lagged y(t - 1) + slope y'(t - 1), a polynomial history; exact, in local time."""
    pieces = [[Fraction(c) for c in start]]  # in local time from -1
    for _ in range(steps):
        last = pieces[-1]
        rate = [Fraction(lagged) * c for c in last]
        for i, c in enumerate(last[1:]):
            rate[i] += Fraction(slope) * (i + 1) * c
        pieces.append([sum(last, Fraction(0))] + [c / (i + 1) for i, c in enumerate(rate)])

    def exact(t):
        values = []
        for x in t:
            k = min(int(x), steps - 1)
            values.append(float(sum(c * Fraction(x - k) ** i for i, c in enumerate(pieces[k + 1]))))
        return np.array(values)

    return exact


def by_pieces(f, history, lags, piece, t1):
    """y' = f(y, [y(t - lag)]) by DOP853 on pieces no longer than the shortest lag.

    `history`: a list of numbers, or a function of t that returns one.
    """
    before = history if callable(history) else lambda t: history

    def exact(ts):
        parts = []

        def past(t):
            if t <= 0:
                return np.asarray(before(t), float)
            return parts[min(int(t / piece + 1e-9), len(parts) - 1)](t)

        y = past(0.0)
        for k in range(math.ceil(t1 / piece - 1e-9)):
            span = (k * piece, (k + 1) * piece)
            # The last piece is the one under way: lags reach it at its end only.
            got = solve_ivp(
                lambda t, y: f(y, [past(t - lag) for lag in lags]), span, y,
                method="DOP853", rtol=3e-14, atol=1e-15, dense_output=True, max_step=piece / 8,
            )  # fmt: skip
            parts.append(got.sol)
            y = got.y[:, -1]
        return np.array([np.squeeze(past(t)) for t in ts])

    return exact


def tent(coefs, lags, t1):
    """y' = sum c_i y'(t - lag_i), y = t before 0: the slope is constant between breaking points."""
    reach = itertools.product(range(math.ceil(t1 / min(lags)) + 1), repeat=len(lags))
    sums = {round(float(np.dot(n, lags)), 9) for n in reach}
    edges = [*sorted(x for x in sums if x < t1), t1]

    def slope(t):
        if t < 0:
            return 1.0
        return sum(c * slope(t - lag) for c, lag in zip(coefs, lags, strict=True))

    slopes = [slope((a + b) / 2) for a, b in itertools.pairwise(edges)]
    return lambda t: np.interp(t, edges, np.cumsum([0.0, *np.diff(edges) * slopes]))


def by_breaks(f, history, lags, t0, t1, y0, jumps=(), neutral=False):
    """y' = f(t, y, [y(t - lag)], [y'(t - lag)]) by DOP853 from one breaking point to the next.

    Lags are positive numbers; `history(t)` returns the state and its slope. The last argument of
    `f` is left out unless the equation is neutral.
    """
    edges, new = {t0, t1}, {t0, *jumps}
    while new:
        edges |= {x for x in new if t0 < x < t1}
        new = {x + lag for x in new for lag in lags if x + lag < t1}
    edges = np.sort(list(edges))
    edges = edges[np.append(True, np.diff(edges) > 1e-10)]
    parts, slopes = [], []

    def state(t, k):  # and slope, where it matters, from piece k
        if k < 0:
            return history(t)
        return parts[k](t), slopes[k](t) if neutral else None

    def slope(t, y, k):
        # Inside the piece, so that jumps at its ends are seen from there.
        t = min(max(t, edges[k] + 1e-12), edges[k + 1] - 1e-12)
        middle = (edges[k] + edges[k + 1]) / 2
        looked = [state(t - x, np.searchsorted(edges, middle - x, "right") - 1) for x in lags]
        states, rates = zip(*looked, strict=True)
        return f(t, y, states, rates) if neutral else f(t, y, states)

    y = np.atleast_1d(y0)
    for k, span in enumerate(itertools.pairwise(edges)):
        got = solve_ivp(
            lambda t, y, k=k: slope(t, y, k), span, y, method="DOP853", rtol=1e-12, atol=1e-13,
            dense_output=True, max_step=max((t1 - t0) / 8, (span[1] - span[0]) / 2),
        )  # fmt: skip
        parts.append(got.sol)
        if neutral:  # of a scalar; smooth, so that few points tell it to round-off
            slopes.append(np.polynomial.Chebyshev.interpolate(
                lambda ts, k=k: [slope(t, parts[k](t), k)[0] for t in ts], 14, domain=span
            ))  # fmt: skip
        y = got.y[:, -1]
    return lambda ts: np.array([
        parts[min(np.searchsorted(edges, t, "right"), len(parts)) - 1](t) for t in ts
    ])  # fmt: skip
