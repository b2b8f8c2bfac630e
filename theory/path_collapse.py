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

from typing import Any

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.root import Root

gamma_1, gamma_2 = sp.symbols("gamma_1 gamma_2", real=True)
alpha_1, alpha_2 = sp.symbols("alpha_1 alpha_2", positive=True)
t, w, s = sp.symbols("t w s", positive=True)
R_1, R_2 = sp.symbols("R_1 R_2", positive=True)

_x = sp.Symbol("x", positive=True)
_a, _R = sp.symbols("alpha R", positive=True)
_zero = sp.Integer(0)
_c, _L, _z, _u = sp.symbols("c L z u", positive=True)
_y = sp.Symbol("y", real=True)
#: widths, and the factors before what is smoothed
WIDTHS = sp.cos(sp.pi * t / 2), 1 - t
SCALES = sp.sin(sp.pi * t / 2), t
POWERS = 1 + w, -w
_TIME = (sp.Lt(t, 1),)


def criterion() -> Derivation:
    r"""Derive $C = \gamma_1/\alpha_1^2 + \gamma_2/\alpha_2^2$, with $\ln h = -C x^2/2 + O(x)$."""
    statement = gamma_1 / alpha_1**2 + gamma_2 / alpha_2**2
    return Derivation(sp.Symbol("C"), statement, _compact(-2, statement), _ASSUMES)


def growth() -> Derivation:
    r"""Derive -C, of whose sign it is whether the integral of h grows or settles.

    Where -C > 0, $\ln \int_{-L}^{L} h \sim -C L^2/2$; where -C < 0, it settles.
    """
    statement = -gamma_1 / alpha_1**2 - gamma_2 / alpha_2**2
    steps = (*_tails(), *_compact(2, statement))
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
    steps = (
        Step("C, of the widths at time t, is 0", sp.Subs(_of(WIDTHS), w, statement), _zero),
        Step(
            "which is where (alpha_1/alpha_2)^2 = 1 + 1/w",
            sp.Subs(1 + 1 / w, w, statement), _RATIO**2,
        ),
        Step(
            "C falls with w, for alpha_1 > alpha_2",
            sp.Derivative(_of(WIDTHS), w), 1 / WIDTHS[0] ** 2 - 1 / WIDTHS[1] ** 2,
        ),
        Step("solved for w", 1 / (_RATIO**2 - 1), statement),
    )  # fmt: skip
    return Derivation(sp.Symbol("w_c"), statement, steps, _ASSUMES, _TIME)


def onset_in_time() -> Derivation:
    r"""Derive the time at which it begins, the root of $\alpha_1/\alpha_2 = \sqrt{1 + 1/w}$."""
    least = least_weight().statement
    statement = Root.of(_SINC - sp.sqrt(1 + 1 / w), t, 0, 1)
    steps = (
        Step(
            "C has the sign of 1 + 1/w less the squared ratio of widths",
            _of(WIDTHS) * WIDTHS[0] ** 2 / w,
            1 + 1 / w - _RATIO**2,
        ),
        *_rises(),
        Step("from below its root, at t = 0", sp.Subs(_RATIO, t, 0), sp.Integer(1)),
        Step("to above it, as t tends to 1, if w exceeds this",
             sp.Subs(sp.sqrt(1 + 1 / w) - _SINC, (w, t), (least, 1)), _zero),
        Step(
            "so that they meet once; there 1 - t is alpha_1 over the root",
            sp.Subs(1 - WIDTHS[0] / sp.sqrt(1 + 1 / w), t, statement),
            statement,
        ),
    )  # fmt: skip
    return Derivation(sp.Symbol("t_c"), statement, steps, _ASSUMES, (*_TIME, sp.Gt(w, least)))


def least_weight() -> Derivation:
    r"""Derive $w^* = 4/(\pi^2 - 4)$, up to which it collapses at no time."""
    statement = 4 / (sp.pi**2 - 4)
    steps = (
        *_rises(),
        Step(
            "towards the ratio of slopes at t = 1, where both widths vanish",
            sp.Subs(sp.Derivative(WIDTHS[0], t) / sp.Derivative(WIDTHS[1], t), t, 1),
            sp.pi / 2,
        ),
        Step("so that the least w has 1 + 1/w = (pi/2)^2",
             sp.Subs(1 + 1 / w, w, statement), sp.pi**2 / 4),
        Step("solved for w", 1 / ((sp.pi / 2) ** 2 - 1), statement),
    )  # fmt: skip
    return Derivation(sp.Symbol("w_*"), statement, steps, _ASSUMES, _TIME)


def onset_of_one() -> Derivation:
    r"""Derive that with w = 1 it begins at t = 1/2."""
    half = sp.Rational(1, 2)
    steps = (
        *_rises(),
        Step("its square at t = 1/2", sp.Subs(_RATIO**2, t, half), sp.Integer(2)),
        Step("as is 1 + 1/w", sp.Subs(1 + 1 / w, w, 1), sp.Integer(2)),
        Step("where w_c is 1", sp.Subs(onset_in_weight().statement, t, half), sp.Integer(1)),
        Step(
            "and 1 - t is alpha_1 over the root of 1 + 1/w",
            sp.Subs(1 - WIDTHS[0] / sp.sqrt(1 + 1 / w), (t, w), (half, 1)),
            half,
        ),
    )
    return Derivation(sp.Symbol("t_c"), half, steps, _ASSUMES, _TIME)


def gaussian_growth() -> Derivation:
    r"""Derive $-\sum \gamma_i/(\alpha_i^2 + s^2)$, for data of N(0, s^2)."""
    statement = -gamma_1 / (alpha_1**2 + s**2) - gamma_2 / (alpha_2**2 + s**2)
    steps = (*_tails(), _SMOOTHED, *_powers(2, _normal, statement))
    return Derivation(sp.Symbol("G"), statement, steps)


def gaussian_onset() -> Derivation:
    r"""Derive the w above which the instance has collapsed at time t, with data of N(0, s^2)."""
    first, second = (a**2 + (scale * s) ** 2 for a, scale in zip(WIDTHS, SCALES, strict=True))
    statement = second / (first - second)
    C = POWERS[0] / first + POWERS[1] / second
    steps = (
        _SMOOTHED,
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


_ASSUMES = ("each target lies within [-R, R]",)
_RATIO = WIDTHS[0] / WIDTHS[1]
#: the same, and what it tends to at t = 1
_SINC = sp.pi / 2 * sp.sinc(sp.pi * (1 - t) / 2)


def _of(widths: tuple[Any, Any]) -> sp.Expr:
    return POWERS[0] / widths[0] ** 2 + POWERS[1] / widths[1] ** 2


def _tails() -> tuple[Step, ...]:
    """That the integral settles if ln h = -c x^2/2 + O(x) with c > 0, and how it grows if c < 0."""
    return (
        Step(
            "if ln h is -c x^2/2 + O(x), c > 0: below a Gaussian, completed to a square: finite",
            -_c * _x**2 / 2 + _R * _x,
            -_c * (_x - _R / _c) ** 2 / 2 + _R**2 / (2 * _c),
        ),
        Step(
            "if ln h is c x^2/2 + O(x): the integral is at most 2 L exp(c L^2/2 + O(L)), and at "
            "least its last unit, exp(c (L - 1)^2/2 - O(L)); over L^2/2 both tend to c",
            _c * (_L - 1) ** 2 / _L**2,
            _c - 2 * _c / _L + _c / _L**2,
        ),
    )


def _compact(times: int, statement: sp.Expr) -> tuple[Step, ...]:
    """What the powers make of densities of targets within [-R, R], over x^2, far out."""

    def place(at: Any, a: Any = _a) -> sp.Expr:
        return -((_x - at) ** 2) / (2 * a**2)

    return (
        Step(
            "smoothed, a mass at y < x has the more at x the nearer y is: so that the density is "
            "between those of all mass at -R and all at R",
            sp.Derivative(place(_y), _y),
            (_x - _y) / _a**2,
        ),
        *(
            step
            for R in (_R, -_R)
            for step in _powers(times, lambda a, R=R: place(R, a), statement)
        ),
    )


def _powers(times: int, logarithm: Any, statement: sp.Expr) -> tuple[Step, ...]:
    """The powers of densities with these logarithms, so many times over x^2, as x grows."""
    parts = (sp.cancel((logarithm(a) / _x**2).subs(_x, 1 / _z)) for a in (alpha_1, alpha_2))
    far = times * sum(power * part for power, part in zip((gamma_1, gamma_2), parts, strict=True))
    return (Step(f"{times} times ln h over x^2, with x = 1/z", sp.Subs(far, _z, 0), statement),)


def _rises() -> tuple[Step, ...]:
    """That the ratio of widths increases with t."""
    return (
        Step(
            "alpha_1/alpha_2 is, with u = pi (1 - t)/2, pi/2 sin(u)/u",
            sp.Subs(sp.pi / 2 * sp.sin(_u) / _u, _u, sp.pi * (1 - t) / 2),
            _RATIO,
        ),
        Step("whose slope along u has the sign of u cos(u) - sin(u)",
             sp.Derivative(sp.sin(_u) / _u, _u) * _u**2, _u * sp.cos(_u) - sp.sin(_u)),
        Step("which is 0 at u = 0", sp.Subs(_u * sp.cos(_u) - sp.sin(_u), _u, 0), _zero),
        Step("and falls on (0, pi): the ratio falls with u, and rises with t",
             sp.Derivative(_u * sp.cos(_u) - sp.sin(_u), _u), -_u * sp.sin(_u)),
    )  # fmt: skip


def _normal(a: Any) -> sp.Expr:
    """The logarithm of the density of N(0, s^2 + a^2), up to a constant."""
    return -(_x**2) / (2 * (a**2 + s**2))


_SMOOTHED = Step(
    "smoothed, it is normal: the square completed in what is integrated over",
    -(_y**2) / (2 * s**2) - (_x - _y) ** 2 / (2 * _a**2),
    _normal(_a) - (_a**2 + s**2) * (_y - _x * s**2 / (_a**2 + s**2)) ** 2 / (2 * _a**2 * s**2),
)
