"""Integral reinforcement learning: arXiv 2402.17375, what the rule of quadrature costs.

Policy iteration for one variable, its integrals taken from N + 1 samples of each trajectory. The
paper gives orders of convergence in N; for one variable the fixed point is known in closed form,
and so are the constants, and where there is no fixed point at all.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Condition,
    Domain,
    Equal,
    Integers,
    Interval,
    Limit,
    Measurement,
    Paper,
    Point,
    Solved,
    Threshold,
    Values,
    claim,
    deferred,
)

theory = deferred("lemmata.theory.integral_rl")
measure = deferred("lemmata.verify.policy_measure")

cao = Paper(
    "Impact of Computation in Integral Reinforcement Learning for Continuous-Time Control",
    year=2024,
    arxiv="2402.17375",
)
HERE = "integral-rl"
RATES = cao.at("the local rate of convergence by the trapezoidal rule, its constant derived here")
DERIVED = cao.at("derived here for one variable, where the paper gives orders")
BAYES = cao.at("Bayesian quadrature with a Matérn kernel of smoothness b, the rate N^-b")
SETTING = "x' = a x + b u, cost q x² + r u², u = -k x, V = P x²; N + 1 even samples a window Δ"
EXACT = "two resolutions of the trajectories agree to 1e-9, and the form is exact"
TERMS = "the next term in N is an eighth and less of it where N is least, and is extrapolated"
ORDERS = "orders are whole numbers: less than half of the way to the next"

#: a problem
axes: dict[str, Any] = {
    "a": Interval(-0.8, 0.8), "b": Interval(0.6, 1.5), "q": Interval(0.6, 1.5),
    "r": Interval(0.6, 1.5),
}  # fmt: skip
window: dict[str, Any] = {**axes, "Delta": Interval(0.5, 1)}
problems = Domain(**window)
#: where the left rule shows its order at the same N: its values run away three times as early
short = Domain(**axes, Delta=Interval(0.15, 0.3))
SERIES = {"trapezoid": problems, "simpson": problems, "left": short}
#: stretches with which each rule still has a fixed point, by far
STRETCHES = {"trapezoid": (8, 16, 30), "simpson": (8, 16, 30), "left": (30, 60, 120)}
COSTS = {"trapezoid": r"z \coth z", "simpson": r"\tfrac13 (4 z \coth z - 2 z \coth 2 z)",
         "left": r"2 z / (1 - e^{-2 z})"}  # fmt: skip
CONSTANTS = {
    "trapezoid": (2, r"\tfrac13 (s^* \Delta)^2"), "simpson": (4, r"\tfrac{4}{45} (s^* \Delta)^4"),
    "left": (1, r"s^* \Delta"),
}  # fmt: skip
RATE_OF = r"s^* = \sqrt{a^2 + q b^2/r}"


def _coth(z: Any) -> Any:
    return 1 / np.tanh(z)


def cost(rule: str, z: Any) -> Any:
    """The factor of a rule, in numbers."""
    if rule == "left":
        return -2 * z / np.expm1(-2 * z)
    if rule == "trapezoid":
        return z * _coth(z)
    return (4 * z * _coth(z) - 2 * z * _coth(2 * z)) / 3


def optimum(p: Any) -> tuple[float, float]:
    """P* and s*."""
    s = np.sqrt(p.a**2 + p.q * p.b**2 / p.r)
    return p.r * (p.a + s) / p.b**2, s


newton = claim(
    f"{HERE}/newton",
    source=cao.at("policy iteration as Newton's method on the Hamilton-Jacobi-Bellman equation"),
    says=r"P_1 = P_0 - F(P_0)/F'(P_0), \quad F(P) = b^2 P^2/r - 2 a P - q",
    domain=Domain(
        **axes, P_0=Interval(0.5, 4),
        where=(Condition("b² P_0/r - a >= 0.2: the policy is stable, and not by a hair",
                         lambda p: p.b**2 * p.P_0 / p.r - p.a >= 0.2),),
    ),
    points=16,
    predicted=theory.newton,
    compare=Equal(relative=1e-7, because=EXACT),
    wrong={"half a step": lambda p: p.P_0 - (p.b**2 * p.P_0**2 / p.r - 2 * p.a * p.P_0 - p.q)
           / (2 * p.b**2 * p.P_0 / p.r - 2 * p.a) / 2},
    scope="one variable, the integral by Boole's rule on 1025 samples of a window of 1",
    batched=True,
)(measure.one_iteration)  # fmt: skip


def _evaluation(rule: str) -> Any:
    return theory.evaluation(rule)


def _settled(rule: str) -> Any:
    return theory.settled(rule)


def _constant(rule: str) -> Any:
    return theory.constant(rule)


evaluations = [
    claim(
        f"{HERE}/{rule}/evaluation",
        source=DERIVED,
        says=rf"P = \frac{{q + r k^2}}{{2 s}} c(s \Delta/N),\ s = b k - a,\ c(z) = {COSTS[rule]}",
        domain=Domain(
            **window, s=Interval(0.3, 2), N=Values(2, 4, 8, 16, 30),
            defining={"k": lambda p: (p.a + p.s) / p.b},
        ),
        points=16,
        predicted=partial(_evaluation, rule),
        compare=Equal(relative=1e-7, because=EXACT),
        scope=SETTING,
        batched=True,
    )(partial(measure.evaluation, rule=rule))
    for rule in STRETCHES
]  # fmt: skip


def settled_value(p: Point, *, rule: str, wrong: str = "") -> float:
    """The first fixed point above P*, by Brent's method."""
    from scipy.optimize import brentq

    exact, _ = optimum(p)
    if wrong == "exact":
        return exact
    h = p.Delta / p.N * (2 if wrong == "twice as wide" else 1)

    def gap(P: float) -> float:
        s = p.b**2 * P / p.r - p.a
        return 2 * s * P - (p.q + p.b**2 * P**2 / p.r) * cost(rule, s * h)

    above = next(factor for factor in 1.01 ** np.arange(1, 300) if gap(factor * exact) > 0)
    return float(brentq(gap, exact, above * exact, xtol=1e-14))  # pyright: ignore[reportArgumentType]


fixed_points = [
    claim(
        f"{HERE}/{rule}/fixed-point",
        source=DERIVED,
        says=rf"P = \frac{{q + b^2 P^2/r}}{{2 s}} c(s \Delta/N),\ s = b^2 P/r - a,\ c(z) ="
        rf" {COSTS[rule]}",
        domain=Domain(**window, N=Values(*STRETCHES[rule])),
        points=12,
        predicted=Solved(partial(_settled, rule), partial(settled_value, rule=rule)),
        compare=Equal(relative=1e-7, because=EXACT),
        wrong={
            name: partial(settled_value, rule=rule, wrong=name)
            for name in ("exact", "twice as wide")
        },
        uses=(f"{HERE}/{rule}/evaluation",),
        scope=SETTING,
        batched=True,
    )(partial(measure.fixed_point, rule=rule))
    for rule in STRETCHES
]

constants = [
    claim(
        f"{HERE}/{rule}/constant",
        source=RATES if rule == "trapezoid" else DERIVED,
        says=rf"N^{power} (P_N - P^*) \to P^* \cdot {form}, \quad {RATE_OF}",
        domain=SERIES[rule],
        points=6,
        predicted=partial(_constant, rule),
        compare=Limit(toward="infinity", exponent=-power, relative=0.03, because=TERMS),
        uses=(f"{HERE}/{rule}/fixed-point",),
        scope=SETTING,
        batched=True,
    )(partial(measure.errors, rule=rule))
    for rule, (power, form) in CONSTANTS.items()
]  # fmt: skip

orders = [
    claim(
        f"{HERE}/{rule}/rate",
        source=RATES if rule == "trapezoid" else DERIVED,
        says=rf"P_N - P^* \sim N^{{-{power}}}",
        domain=SERIES[rule],
        points=6,
        predicted=-power,
        compare=Limit(toward="infinity", absolute=0.2, because=ORDERS),
        wrong={"one order more": -power - 1, "one order less": -power + 1},
        scope=SETTING,
        batched=True,
    )(partial(measure.errors, rule=rule))
    for rule, (power, _) in CONSTANTS.items()
]  # fmt: skip


def longest_window(p: Point, *, rule: str, wrong: str = "") -> float:
    """The longest window with a fixed point: N times the largest h that some P > P* allows."""
    from scipy.optimize import brentq, minimize_scalar

    exact, rate = optimum(p)
    if wrong == "a stretch of 1/s*":
        return p.N / rate

    def stretch(factor: float) -> float:
        P = factor * exact
        s = p.b**2 * P / p.r - p.a
        wanted = 2 * s * P / (p.q + p.b**2 * P**2 / p.r)  # between 1 and 2
        z: Any = brentq(lambda z: cost(rule, z) - wanted, 1e-9, 20)
        return z / s

    found: Any = minimize_scalar(lambda f: -stretch(f), bounds=(1 + 1e-6, 20), method="bounded",
                                 options={"xatol": 1e-9})  # fmt: skip
    return p.N * stretch(float(found.x))


thresholds = [
    claim(
        f"{HERE}/{rule}/runs-away",
        source=DERIVED,
        says=r"P_j \to \infty \iff \Delta/N > h_c = \max_{P > P^*} z(P)/s,\quad s = b^2 P/r - a,"
        rf"\ c(z(P)) = \frac{{2 s P}}{{q + b^2 P^2/r}},\ c(z) = {COSTS[rule]}",
        domain=Domain(**{**axes, "a": Interval(-0.4, 0.4)}, N=Values(1, 2, 4)),
        points=6,
        predicted=Solved(partial(_settled, rule), partial(longest_window, rule=rule)),
        compare=Threshold(
            relative=0.02, because="bisected to half a percent; beside it iteration takes for ever"
        ),
        wrong={
            "of the other rule": partial(
                longest_window, rule="left" if rule == "trapezoid" else "trapezoid"
            ),
            "a stretch of 1/s*": partial(longest_window, rule=rule, wrong="a stretch of 1/s*"),
        },
        uses=(f"{HERE}/{rule}/fixed-point",),
        scope=SETTING + "; from the best policy",
        batched=True,
    )(partial(measure.threshold, rule=rule))
    for rule in ("left", "trapezoid")
]


@claim(
    f"{HERE}/bayesian/wiener",
    source=cao.at("Bayesian quadrature with the kernel of Brownian motion is the trapezoidal rule"),
    says=r"k(s, t) = 1 + \min(s, t): \quad w_0 = w_N = 1/(2 N),\; w_i = 1/N",
    domain=Domain(N=Integers(1, 32), share=Values(0, 0.25, 0.5, 1),
                  where=(Condition("share times N is whole",
                                   lambda p: (p.share * p.N) % 1 == 0),)),
    predicted=lambda p: 0.5 if p.share in (0, 1) else 1.0,
    compare=Equal(absolute=1e-9, because="rounding alone"),
    wrong={"all alike": 1, "left": lambda p: float(p.share < 1)},
    points=16,
)  # fmt: skip
def wiener(p: Point, accuracy: Accuracy) -> Measurement:
    """A weight of the kernel's rule, by solving for it, in units of 1/N."""
    return measure.wiener_weight(p, accuracy)


worst_case = claim(
    f"{HERE}/bayesian/worst-case",
    source=BAYES,
    says=r"\sup_{\|f\|_{k} \le 1} |\textstyle\int f - \sum_i w_i f(t_i)| \sim N^{-b}",
    domain=Domain(b=Values(1, 2, 3), length=Values(0.5, 1)),
    predicted=lambda p: -p.b,
    compare=Equal(absolute=0.3, because=ORDERS),
    wrong={"one order more": lambda p: -p.b - 1, "half an order less": lambda p: 0.5 - p.b},
    scope="the Matérn kernel with b square-integrable derivatives, N + 1 even samples",
)(measure.worst_case)


def _readings(b: int) -> tuple[tuple[str, int, dict[str, Any]], ...]:
    """The rate that a smooth utility shows, and the one of the worst case."""
    return (
        ("typical", b + 1, {"wrong": {"one order more": -b - 2, "one order less": -b}}),
        (
            "as-worst-case", b,
            {
                "reading": "the rate N^-b is the one that is seen",
                "expected": "refuted",
                "cause": "N^-b is the rate for the worst function of the kernel's space; a smooth"
                " utility only misses conditions at the window's ends, which costs N^-(b+1)",
            },
        ),
    )  # fmt: skip


typical = [
    claim(
        f"{HERE}/bayesian/matern-{b}/{name}",
        source=BAYES,
        says=rf"P_N - P^* \sim N^{{-{power}}} \text{{ with the Matérn kernel of }} b = {b}",
        domain=problems,
        points=4,
        predicted=-power,
        compare=Limit(toward="infinity", absolute=0.4, because=ORDERS),
        scope=SETTING + "; the utility falls exponentially, smoother than the kernel's functions",
        batched=True,
        **more,
    )(partial(measure.errors, rule=f"matern-{b}"))
    for b in (1, 2, 3)
    for name, power, more in _readings(b)
]  # fmt: skip
