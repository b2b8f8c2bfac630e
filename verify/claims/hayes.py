"""Hayes' equation x'(t) = a x(t) + b x(t - 1): its whole stability boundary.

The zero solution is stable inside a wedge between a line, where a real root crosses, and a curve,
where a pair does. Both are searched along b, and the inside is looked up at random.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Domain,
    Interval,
    Measurement,
    Paper,
    Point,
    Sign,
    Threshold,
    claim,
    deferred,
)

derived = deferred("lemmata.theory.hayes")
flips = deferred("lemmata.solvers.flips")
growth = deferred("lemmata.solvers.growth")
linear_delay = deferred("lemmata.solvers.linear_delay")
principle = deferred("lemmata.solvers.argument_principle")
spectrum = deferred("lemmata.solvers.spectrum")

paper = Paper(
    "Roots of the transcendental equation associated with a certain difference-differential"
    " equation",
    year=1950,
    doi="10.1112/jlms/s1-25.3.226",
)


def _field(t: Any, y: Any, ylag: Any, args: Any) -> Any:
    return args["a"] * y + args["b"] * ylag[0]


def _simulated(a: np.ndarray, b: np.ndarray, accuracy: Accuracy) -> tuple[Any, Any]:
    """The growth rate of a simulated solution, and its error."""
    ones = np.ones(len(a))
    found = growth.dde_growth(
        _field, 0 * ones, ones, {"a": a, "b": b},
        perturbation=ones, steps_per_delay=8 * accuracy.steps(4),
    )  # fmt: skip
    return found.rate, found.error


def _root(a: np.ndarray, b: np.ndarray, accuracy: Accuracy) -> tuple[Any, Any]:
    """The real part of the rightmost root, and its error."""
    found = spectrum.rightmost(a, b, np.ones(len(a)), nodes=accuracy.steps(36))
    return found.root.real, found.error


def _boundary(a: Any, at: Any, ends: tuple[float, float], grows: Any, relative: float) -> Any:
    """Where growth begins on the way b = at(u), u between the ends, in units of b."""
    ones = np.ones(len(a))
    found = flips.bracket_flips(
        lambda u: grows(a, at(u)), ends[0] * ones, ends[1] * ones, relative=relative
    )
    low, high = np.minimum(at(found.lo), at(found.hi)), np.maximum(at(found.lo), at(found.hi))
    return Measurement.bracket(
        low, high, converged=found.ok, note=[str(reason) for reason in found.reason]
    )


def _down(p: Point) -> tuple[np.ndarray, Any]:
    """The way from just below b = -a, where it is stable, to far more negative b."""
    a = np.asarray(p.a, dtype=float)
    return a, lambda u: -a - u * (1 - a)


def _across(p: Point) -> tuple[np.ndarray, Any]:
    """The way from below b = -a, where it is stable, to above it."""
    a = np.asarray(p.a, dtype=float)
    return a, lambda u: -a + (u - 1) * (1 - a)


def on_curve(first: float, last: float) -> Domain:
    """The curve between two values of w, by its a alone."""
    return Domain(
        w=Interval(first, last), defining={"a": lambda p: p.w * np.cos(p.w) / np.sin(p.w)}
    )


@claim(
    "hopf/hayes/curve",
    source=paper.at("the boundary on which a pair of roots is imaginary"),
    says=r"a = w \cot w: \quad b_c = -w / \sin w \qquad (0 < w < \pi)",
    domain=on_curve(0.05, 2.9),
    predicted=derived.strength_on_curve,
    compare=Threshold(relative=1e-5, because="bisected to 1e-7; the claim is exact"),
    batched=True,
)
def curve(p: Point, accuracy: Accuracy) -> Measurement:
    """The b at which the rightmost root enters the right half plane."""
    a, way = _down(p)
    return _boundary(a, way, (0.3, 30), lambda a, b: _root(a, b, accuracy), 1e-7)


@claim(
    "hopf/hayes/curve-in-time",
    source=paper.at("the boundary on which a pair of roots is imaginary"),
    says=r"a = w \cot w: \quad b_c = -w / \sin w, \text{ where solutions begin to grow}",
    # For larger w a whole row of pairs is near the axis, and their beats last for ever.
    domain=on_curve(0.3, 2.5),
    predicted=derived.strength_on_curve,
    compare=Threshold(relative=1e-3, because="bisected to 1e-4; the claim is exact"),
    batched=True,
)
def curve_in_time(p: Point, accuracy: Accuracy) -> Measurement:
    """The b at which simulated solutions begin to grow, as it becomes more negative."""
    a, way = _down(p)
    return _boundary(a, way, (0.3, 30), lambda a, b: _simulated(a, b, accuracy), 1e-4)


@claim(
    "hopf/hayes/line",
    source=paper.at("the boundary on which a root is zero"),
    says=r"a < 1: \quad b_0 = -a",
    domain=Domain(a=Interval(-12, 0.9)),
    predicted=derived.strength_on_line,
    compare=Threshold(absolute=1e-2, because="bisected to 1e-3 of 1 - a; the claim is exact"),
    batched=True,
    method="simulated growth",
)
def line(p: Point, accuracy: Accuracy) -> Measurement:
    """The b at which simulated solutions begin to grow, as it becomes more positive."""
    a, way = _across(p)
    return _boundary(a, way, (0.7, 1.9), lambda a, b: _simulated(a, b, accuracy), 1e-4)


@line.also("characteristic roots", batched=True)
def line_by_roots(p: Point, accuracy: Accuracy) -> Measurement:
    """The b at which the rightmost root enters the right half plane."""
    a, way = _across(p)
    return _boundary(a, way, (0.7, 1.9), lambda a, b: _root(a, b, accuracy), 1e-7)


def criterion(p: Point) -> int:
    """Hayes' criterion: -1 where the zero solution is stable, 1 where it is not."""
    from scipy.optimize import brentq

    if p.a >= 1 or p.b >= -p.a:
        return 1
    w = brentq(lambda w: w * np.cos(w) - p.a * np.sin(w), 1e-9, np.pi)
    return -1 if p.b > -w / np.sin(w) else 1


@claim(
    "hopf/hayes/region",
    source=paper.at("the criterion: a < 1 and a < -b < w / sin w, w cot w = a"),
    says=r"\mathrm{Re}\,\lambda < 0 \text{ for all roots} \iff a < 1,\; a < -b <"
    r" \sqrt{w^2 + a^2},\; w = a \tan w,\; 0 < w < \pi",
    domain=Domain(a=Interval(-8, 4), b=Interval(-12, 12)),
    predicted=criterion,
    compare=Sign(because="stable or not"),
    uses=("hopf/hayes/curve", "hopf/hayes/line"),
    points=96,
    batched=True,
    method="rightmost root",
)
def region(p: Point, accuracy: Accuracy) -> Measurement:
    """The sign of the rightmost root's real part, all over a rectangle."""
    value, error = _root(np.asarray(p.a, float), np.asarray(p.b, float), accuracy)
    return Measurement(value, bias=error)


@region.also("argument principle", batched=True)
def region_by_counting(p: Point, accuracy: Accuracy) -> Measurement:
    """The number of roots in the right half plane: -1 for none, else that number."""
    equations = [
        linear_delay.LinearDelay([a, b], [0.0, 1.0])
        for a, b in zip(np.asarray(p.a).tolist(), np.asarray(p.b).tolist(), strict=True)
    ]
    counts = [principle.count_right_of(one).number for one in equations]
    value = [np.nan if n is None else float(n or -1) for n in counts]
    return Measurement(np.array(value), converged=np.isfinite(value))
