r"""When products of powers of smoothed densities have a finite integral.

$h(x) = \prod_i q_i(x)^{\gamma_i}$, each $q_i$ a target of compact support, scaled and smoothed by a
Gaussian of standard deviation $\alpha_i$. Far out $\ln q_i = -x^2/(2 \alpha_i^2) + O(x)$, so that
$C = \sum_i \gamma_i / \alpha_i^2$ decides, unless it is 0. The instance: $q_1^{1+w} q_2^{-w}$ with
$\alpha_1 = \cos(\pi t/2)$ and $\alpha_2 = 1 - t$, what is smoothed being scaled by
$\sin(\pi t/2)$ and t.

The criterion is that of Lee et al., arXiv 2512.10339; the instance and its thresholds are derived
here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import sympy as sp

from lemmata.theory.derivation import Derivation, Step

gamma_1, gamma_2 = sp.symbols("gamma_1 gamma_2", real=True)
alpha_1, alpha_2 = sp.symbols("alpha_1 alpha_2", positive=True)
t, w, s = sp.symbols("t w s", positive=True)
R_1, R_2 = sp.symbols("R_1 R_2", positive=True)

_x = sp.Symbol("x", positive=True)
_a, _R = sp.symbols("alpha R", positive=True)
_zero = sp.Integer(0)
_rates = sp.symbols("rho_1 rho_2", real=True)
_product = -2 * (gamma_1 * _rates[0] + gamma_2 * _rates[1])
#: widths, and the factors before what is smoothed
WIDTHS = sp.cos(sp.pi * t / 2), 1 - t
SCALES = sp.sin(sp.pi * t / 2), t
POWERS = 1 + w, -w
_TIME = (sp.Lt(t, 1),)


def criterion() -> Derivation:
    r"""Derive $C = \gamma_1/\alpha_1^2 + \gamma_2/\alpha_2^2$, with $\ln h = -C x^2/2 + O(x)$."""
    statement = gamma_1 / alpha_1**2 + gamma_2 / alpha_2**2
    steps = (
        *_bounds(),
        Step("times the powers, and times -2", sp.Subs(_product, _rates, _far()), statement),
    )
    return Derivation(sp.Symbol("C"), statement, steps, _ASSUMES)


def growth() -> Derivation:
    r"""Derive $\ln \int_{-L}^{L} h \sim -C L^2/2$ where C < 0; where C > 0 it settles."""
    statement = -criterion().statement
    c, L = sp.symbols("c L", positive=True)
    steps = (
        *criterion().steps,
        Step(
            "C = c > 0: below a Gaussian, completed to a square, the integral is finite",
            -c * _x**2 / 2 + _R * _x,
            -c * (_x - _R / c) ** 2 / 2 + _R**2 / (2 * c),
        ),
        Step(
            "-C = c > 0: the integral is at most 2 L exp(c L^2/2 + O(L)), and the last unit of it "
            "at least exp(c (L - 1)^2/2 - O(L)), which over L^2/2 has the same limit",
            c * (L - 1) ** 2 / L**2,
            c - 2 * c / L + c / L**2,
        ),
        Step("where c is -C", sp.Subs(-_product, _rates, _far()), statement),
    )
    return Derivation(sp.Symbol("G"), statement, steps, _ASSUMES)


def instance() -> Derivation:
    r"""Derive -C of $q_1^{1+w} q_2^{-w}$: positive where the path has collapsed."""
    statement = w / (1 - t) ** 2 - (1 + w) / sp.cos(sp.pi * t / 2) ** 2
    C = criterion().statement
    into = (gamma_1, gamma_2, alpha_1, alpha_2), (*POWERS, *WIDTHS)
    steps = (*criterion().steps, Step("of the instance", sp.Subs(-C, *into), statement))
    return Derivation(sp.Symbol("collapse"), statement, steps, _ASSUMES, _TIME)


def onset_in_weight() -> Derivation:
    r"""Derive the w above which it has collapsed at time t."""
    statement = (1 - t) ** 2 / (sp.cos(sp.pi * t / 2) ** 2 - (1 - t) ** 2)
    ratio = sp.cos(sp.pi * t / 2) / (1 - t)
    steps = (
        Step("C, of the widths at time t, is 0", sp.Subs(_of(WIDTHS), w, statement), _zero),
        Step(
            "which is where (alpha_1/alpha_2)^2 = 1 + 1/w",
            sp.Subs(1 + 1 / w, w, statement), ratio**2,
        ),
        Step(
            "C falls with w, for alpha_1 > alpha_2",
            sp.Derivative(_of(WIDTHS), w), 1 / WIDTHS[0] ** 2 - 1 / WIDTHS[1] ** 2,
        ),
        Step("solved for w", 1 / (ratio**2 - 1), statement),
    )  # fmt: skip
    return Derivation(sp.Symbol("w_c"), statement, steps, _ASSUMES, _TIME)


def at_the_onset() -> Derivation:
    r"""Derive $(\alpha_1/\alpha_2)^2 = 1 + 1/w$ where the instance begins to collapse."""
    statement = 1 + 1 / w
    squared = sp.Symbol("q", positive=True)
    C = POWERS[0] / alpha_1**2 + POWERS[1] / alpha_2**2
    steps = (
        *criterion().steps[:2],
        Step(
            "C, times alpha_1^2, with q for the squared ratio of widths",
            sp.Subs(alpha_1**2 * C, alpha_2, alpha_1 / sp.sqrt(squared)), 1 + w - w * squared,
        ),
        Step("vanishes there", sp.Subs(1 + w - w * squared, squared, statement), _zero),
        Step("and falls with q", sp.Derivative(1 + w - w * squared, squared), -w),
        Step("solved for q", (1 + w) / w, statement),
    )  # fmt: skip
    return Derivation(sp.Symbol("Q"), statement, steps, _ASSUMES)


def least_weight() -> Derivation:
    r"""Derive $w^* = 4/(\pi^2 - 4)$, up to which it collapses at no time."""
    statement = 4 / (sp.pi**2 - 4)
    ratio = sp.cos(sp.pi * t / 2) / (1 - t)
    steps = (
        Step(
            "alpha_1/alpha_2 increases with t: with u = pi (1 - t)/2 it is pi/2 sin(u)/u",
            sp.Subs(sp.pi / 2 * sp.sin(w) / w, w, sp.pi * (1 - t) / 2), ratio,
        ),
        Step(
            "towards the ratio of slopes at t = 1, where both widths vanish",
            sp.Subs(sp.Derivative(WIDTHS[0], t) / sp.Derivative(WIDTHS[1], t), t, 1),
            sp.pi / 2,
        ),
        Step("so that the least w has 1 + 1/w = (pi/2)^2",
             sp.Subs(1 + 1 / w, w, statement), sp.pi**2 / 4),
        Step("solved for w", 1 / ((sp.pi / 2) ** 2 - 1), statement),
    )  # fmt: skip
    return Derivation(sp.Symbol("w_*"), statement, steps, (*_ASSUMES, "sin(u)/u falls on (0, pi)"))


def onset_of_one() -> Derivation:
    r"""Derive that with w = 1 it begins at t = 1/2."""
    half = sp.Rational(1, 2)
    ratio = sp.cos(sp.pi * t / 2) / (1 - t)
    steps = (
        Step("the squared ratio of widths at t = 1/2", sp.Subs(ratio**2, t, half), sp.Integer(2)),
        Step("as is 1 + 1/w", sp.Subs(1 + 1 / w, w, 1), sp.Integer(2)),
        Step("where w_c is 1", sp.Subs(onset_in_weight().statement, t, half), sp.Integer(1)),
        Step("and the time is", 1 - sp.Subs(1 - t, t, half), half),
    )  # fmt: skip
    return Derivation(sp.Symbol("t_c"), half, steps, least_weight().assumes)


def gaussian_criterion() -> Derivation:
    r"""Derive $\sum \gamma_i/(\alpha_i^2 + s^2)$ for data of N(0, s^2)."""
    statement = gamma_1 / (alpha_1**2 + s**2) + gamma_2 / (alpha_2**2 + s**2)
    y = sp.Symbol("y", real=True)
    whole = _a**2 + s**2
    steps = (
        Step(
            "smoothed, it is normal: the square completed in what is integrated over",
            y**2 / (2 * s**2) + (_x - y) ** 2 / (2 * _a**2),
            _x**2 / (2 * whole) + whole * (y - _x * s**2 / whole) ** 2 / (2 * _a**2 * s**2),
        ),
        Step("times the powers, and times -2", sp.Subs(_product, _rates, _far(s**2)), statement),
    )
    return Derivation(sp.Symbol("C_G"), statement, steps)


def gaussian_growth() -> Derivation:
    r"""Derive that for data of N(0, s^2) the same sum decides: what is left is a Gaussian."""
    statement = -gaussian_criterion().statement
    c = sp.Symbol("c", positive=True)
    steps = (
        *gaussian_criterion().steps,
        Step(
            "c > 0 for it: half of the integral, but for a factor, is finite",
            sp.Integral(sp.exp(-c * _x**2 / 2), (_x, 0, sp.oo)), sp.sqrt(sp.pi / (2 * c)),
        ),
        Step(
            "-c for it: what is integrated grows without bound, as its logarithm has this slope",
            sp.Derivative(c * _x**2 / 2, _x), c * _x,
        ),
        Step(
            "positive where it grows", sp.Subs(-_product, _rates, _far(s**2)), statement,
        ),
    )  # fmt: skip
    return Derivation(sp.Symbol("G_G"), statement, steps)


def gaussian_onset() -> Derivation:
    r"""Derive the w above which the instance has collapsed at time t, with data of N(0, s^2)."""
    first, second = (a**2 + (scale * s) ** 2 for a, scale in zip(WIDTHS, SCALES, strict=True))
    statement = second / (first - second)
    C = POWERS[0] / first + POWERS[1] / second
    steps = (
        *gaussian_criterion().steps[:1],
        Step("C, of the variances at time t, vanishes there", sp.Subs(C, w, statement), _zero),
        Step("C falls with w", sp.Derivative(C, w), 1 / first - 1 / second),
        Step("solved for w", 1 / (first / second - 1), statement),
    )
    return Derivation(sp.Symbol("w_c"), statement, steps, ("sin(pi t/2) > t on (0, 1)",), _TIME)


def boundary() -> Derivation:
    r"""Derive $\ln h \sim b |x|$ at t = 1/2, w = 1, where C = 0, of masses at $\pm R_i$.

    The integral over [-L, L] then grows like exp(b L), or not at all where b is negative.
    """
    statement = 2 * sp.sqrt(2) * R_1 - 2 * R_2
    at = (t, w), (sp.Rational(1, 2), sp.Integer(1))
    density = (
        sp.exp(-((_x - _R) ** 2) / (2 * _a**2)) + sp.exp(-((_x + _R) ** 2) / (2 * _a**2))
    ) / 2
    slope = sum(
        power * scale * R / a**2
        for power, scale, R, a in zip(POWERS, SCALES, (R_1, R_2), WIDTHS, strict=True)
    )
    steps = (
        Step("C is 0", sp.Subs(_of(WIDTHS), *at), _zero),
        Step(
            "what is left of a density without its exp(-x^2/(2 alpha^2)) is a cosh",
            density * sp.exp(_x**2 / (2 * _a**2)),
            sp.exp(-(_R**2) / (2 * _a**2)) * sp.cosh(_R * _x / _a**2),
        ),
        Step(
            "whose logarithm has this slope, and tanh tends to 1",
            sp.Derivative(sp.log(sp.cosh(_R * _x / _a**2)), _x),
            _R / _a**2 * sp.tanh(_R * _x / _a**2),
        ),
        Step("times the powers, of what is scaled", sp.Subs(slope, *at), statement),
    )  # fmt: skip
    return Derivation(sp.Symbol("b"), statement, steps)


@lru_cache
def _ratio() -> Any:
    return sp.lambdify(t, sp.cos(sp.pi * t / 2) / (1 - t), "math")


def onset_in_time(squared: float) -> float:
    """The time at which the squared ratio of widths, which increases, reaches this value.

    **Raises:** ValueError unless that is between 1 and (pi/2)^2.
    """
    ratio, low, high = _ratio(), 0.0, 1 - 1e-12
    if not 1 < squared < ratio(high) ** 2:
        raise ValueError(
            f"the squared ratio of widths is never {squared!r}: it goes from 1 to (pi/2)^2; with "
            "1 + 1/w for it, w must be above 4/(pi^2 - 4)."
        )
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if ratio(middle) ** 2 < squared else (low, middle)
    return middle


_ASSUMES = (
    "each target lies within [-R, R]: its density, smoothed, lies between those of its nearest and "
    "farthest point, beyond R",
)


def _of(widths: tuple[Any, Any]) -> sp.Expr:
    return POWERS[0] / widths[0] ** 2 + POWERS[1] / widths[1] ** 2


def _far(added: Any = 0) -> tuple[Any, ...]:
    """What ln q is, over x^2, far out: of variances, and what is added to them."""
    return tuple(-1 / (2 * (a**2 + added)) for a in (alpha_1, alpha_2))


def _bounds() -> tuple[Step, ...]:
    return tuple(
        Step(
            f"over x^2, of which the first term alone stays as x grows: {which}",
            -((_x + sign * _R) ** 2) / (2 * _a**2) / _x**2,
            -1 / (2 * _a**2) - sign * _R / (_a**2 * _x) - _R**2 / (2 * _a**2 * _x**2),
        )
        for which, sign in (("the nearest point", -1), ("the farthest", 1))
    )
