"""The roots of the delayed replicator equation (arXiv 2605.30392) at its critical delay.

They are read at both ends of the bracket in which the rightmost root's real part changes its sign,
and how much they differ there is part of their errors.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from lemmata.verify import hopf_measure
from lemmata.verify.api import (
    Accuracy,
    Certificate,
    Condition,
    Domain,
    Equal,
    Measurement,
    Point,
    claim,
    deferred,
)
from lemmata.verify.claims.delayed_repression import interior, paper, response, resting

certify = deferred("lemmata.verify.certify")
crossing = deferred("lemmata.theory.replicator_crossing")
linear_delay = deferred("lemmata.solvers.linear_delay")
replicator = deferred("lemmata.theory.replicator")
spectrum = deferred("lemmata.solvers.spectrum")

at_onset = "read at a delay that is bisected to 1e-8; the claim is exact"


def only_pair() -> Certificate:
    """Proof for all parameters: in units of b the roots at the onset are those of one function.

    Newton's method in intervals encloses the pair and the delay; zeros are counted by the argument
    principle to the left and to the right of the axis.
    """
    chi = crossing.in_units_of_rate()
    found = certify.certify_hopf(
        chi, "lambda", "omega", "Delta", start={"omega": 1.0, "Delta": 1.57}
    ).certificate
    return dataclasses.replace(found, statement=f"in units of b, {chi} has {found.statement}")


@claim(
    "delayed-repression/crossing-frequency",
    source=paper.at("Theorem 2: the roots at the critical delay"),
    says=r"\Delta = \Delta_c:\quad \lambda = \pm i b, \qquad b = C x^* (1 - x^*)\, p'(x^*)",
    domain=interior,
    predicted=replicator.crossing_frequency,
    compare=Equal(relative=1e-6, because=at_onset),
    uses=("delayed-repression/critical-delay",),
    batched=True,
)
def crossing_frequency(p: Point, accuracy: Accuracy) -> Measurement:
    """The imaginary part of the rightmost root where its real part changes sign."""
    return _at_onset(p, accuracy, _turning)


@claim(
    "delayed-repression/crossing-roots",
    source=paper.at("Theorem 2: the roots at the critical delay"),
    says=r"\Delta = \Delta_c:\quad \pm i b \text{ are simple, and of all other roots }"
    r" \max \mathrm{Re}\,\lambda / b = \tfrac{2}{\pi}\, \mathrm{Re}\,W_1(-\tfrac{\pi}{2}) < 0",
    reading="no other root is on the axis: the nearest is to the left by as much as W_1, a branch"
    " of Lambert's function, says",
    domain=interior,
    predicted=crossing.next_root,
    compare=Equal(relative=1e-6, because=at_onset),
    uses=("delayed-repression/crossing-frequency",),
    certified=only_pair,
    points=8,  # in units of b they are all one
    batched=True,
)
def crossing_roots(p: Point, accuracy: Accuracy) -> Measurement:
    """The largest real part of all roots but the rightmost pair, over that one's imaginary part.

    A double pair would be among these. That no root is missed, the argument principle says.
    """
    return _at_onset(p, accuracy, _next)


def _other(p: Point) -> Point:
    return Point({"a": p.ratio_2 * p.C, "ratio": p.ratio_2, "C": p.C, "k": p.k_2, "x_c": p.x_c_2})


def _steepness(x: Any, p: Point) -> tuple[Any, Any]:
    """x (1 - x) p'(x) from differences of the response, and its relative error."""
    h = 1e-3 / p.k
    coarse, fine = ((response(x + s, p) - response(x - s, p)) / (2 * s) for s in (h, h / 2))
    slope = fine + (fine - coarse) / 3  # they err by h squared, and what is left by less
    return x * (1 - x) * slope, np.abs(fine - coarse) / np.abs(slope) / 100 + 1e-12


def _apart(p: Point) -> bool:
    from scipy.optimize import brentq

    both = [
        _steepness(brentq(lambda x, q=q: response(x, q) - q.ratio, 0.02, 0.98), q)[0]
        for q in (p, _other(p))
    ]
    return abs(np.log(both[0] / both[1])) > 0.01


#: two equilibria at the same C: of different responses, at different a
pairs = Domain(
    **interior.axes,
    ratio_2=interior.axes["ratio"],
    k_2=interior.axes["k"],
    x_c_2=interior.axes["x_c"],
    defining=interior.defining,
    where=(
        *interior.where,
        Condition("so does the other equilibrium", lambda p: interior.broken(_other(p)) is None),
        Condition("one has a larger x*(1 - x*) p'(x*), by a hundredth or more", _apart),
    ),
)


@claim(
    "delayed-repression/smallest-where-steepest",
    source=paper.at("Monotonicities of the critical delay"),
    says=r"\Delta_c \propto 1/g \text{ at given } C, \qquad g = x^* (1 - x^*)\, p'(x^*):"
    r"\quad \text{it is smallest where } g \text{ is largest}",
    reading="of any two equilibria at one C, whatever their a, k and x_c, the one with the larger g"
    " has the smaller critical delay, by the same factor",
    domain=pairs,
    predicted=crossing.elasticity,
    compare=Equal(relative=1e-5, because="both delays are bisected to 1e-9; the claim is exact"),
    uses=("delayed-repression/critical-delay",),
    batched=True,
)
def smallest_where_steepest(p: Point, accuracy: Accuracy) -> Measurement:
    """How the critical delays of two equilibria compare, in logarithms, over how their g do.

    The delays are where the rightmost root crosses; g is from differences of the response.
    """
    points = p, _other(p)
    at = [resting(one) for one in points]
    onsets = [hopf_measure.critical_delay_by_roots(one, accuracy, relative=1e-9) for one in at]
    g = [_steepness(np.asarray(one.state), q) for one, q in zip(at, points, strict=True)]
    gap = np.log(g[0][0] / g[1][0])
    value = np.log(onsets[0].value / onsets[1].value) / gap
    doubt = sum(one.bias / one.value for one in onsets) + np.abs(value) * (g[0][1] + g[1][1])
    # 1.01: for what a logarithm is not linear.
    return Measurement(
        value, bias=1.01 * doubt / np.abs(gap), converged=onsets[0].converged & onsets[1].converged
    )


Reading = tuple[float, float]


def _turning(found: Any) -> Reading:
    return float(abs(found.roots[0].imag)), float(found.errors[0])


def _next(found: Any) -> Reading:
    turning, error = _turning(found)
    value = float(np.repeat(found.roots.real, found.multiplicities)[2]) / turning
    return value, (float(found.errors.max()) + abs(value) * error) / turning


def _at_onset(p: Point, accuracy: Accuracy, read: Callable[[Any], Reading]) -> Measurement:
    """What is read off the spectra at both ends of the bracket of the critical delay."""
    at = resting(p)
    onset = hopf_measure.critical_delay_by_roots(at, accuracy, relative=1e-8)
    lanes = [
        _between(here, lagged, one, read)
        for here, lagged, one in zip(*at.linear, onset.split(len(at.state)), strict=True)
    ]
    return Measurement(
        np.array([one.value for one in lanes]),
        bias=np.array([one.bias for one in lanes]),
        converged=np.array([one.converged for one in lanes]),
        note=[one.note for one in lanes],
    )


def _between(
    here: float, lagged: float, onset: Measurement, read: Callable[[Any], Reading]
) -> Measurement:
    if not onset.converged:
        return dataclasses.replace(onset, value=np.nan)
    low, high = (
        spectrum.spectrum(linear_delay.LinearDelay([here, lagged], [0.0, end]), count=3)
        for end in (onset.value - onset.bias, onset.value + onset.bias)
    )
    if not (low.complete and high.complete):
        return Measurement(np.nan, converged=False, note=low.reason or high.reason)
    (below, error), (above, other) = read(low), read(high)
    return Measurement((below + above) / 2, bias=abs(above - below) + max(error, other))
