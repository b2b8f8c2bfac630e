"""What error in the formula a check would have caught, decided on its own stored measurements.

No numerics are run again: each wrong formula is judged against the estimates that decided the
right one, so a mutant counts as refuted if those very data refute it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lemmata.verify.compare.base import Agreement, Comparison, Estimate, Judgement
from lemmata.verify.domain import Point
from lemmata.verify.errors import Malformed
from lemmata.verify.mutants import Mutant, mutants
from lemmata.verify.prediction import Prediction
from lemmata.verify.program import Program, evaluate
from lemmata.verify.verdict import Resolution

#: relative difference below which a mutant is the same formula on the domain
SAME = 1e-9
#: share of mutants that must be told apart, or the resolution is called poor
ENOUGH = 0.8
#: a smallest detectable error above this is poor: of a value; of an exponent or a probability
POOR_ABOVE = {"relative": 0.1, "absolute": 0.3}


@dataclass(frozen=True)
class Stored:
    """The measurements that decided a claim: points, and for each its estimates by all methods."""

    compare: Comparison
    points: Sequence[Point]
    estimates: Sequence[Sequence[Estimate]]

    def judgements(self, predicted: Sequence[Any]) -> list[Judgement]:
        """Every estimate judged against these predicted values, one a point."""
        return [
            self.compare.judge(value, estimate)
            for value, estimates in zip(predicted, self.estimates, strict=True)
            for estimate in estimates
        ]

    def refutes(self, predicted: Sequence[Any]) -> bool:
        """Whether some point disagrees with these predicted values."""
        return any(
            self.compare.judge(value, estimate).agreement is Agreement.DISAGREES
            for value, estimates in zip(predicted, self.estimates, strict=True)
            for estimate in estimates
        )


@dataclass(frozen=True)
class Wrong:
    """A wrong formula, judged on the stored measurements.

    **Fields:**

    - `formula`: which it is: its text, or a mutant, of which SymPy takes long to write one.
    - `killed`: whether the measurements refute it.
    - `distance`: its largest difference from the right formula, relative to the largest value.
    - `planted`: whether the claim itself brings it.
    - `clear`: whether `name` tells a reader which formula it is.
    """

    formula: str | Mutant
    killed: bool
    distance: float
    planted: bool = False
    clear: bool = True

    @property
    def name(self) -> str:
        """What is wrong in it."""
        return str(self.formula)

    @property
    def rank(self) -> tuple[bool, bool, float]:
        """Planted ones come first, then the nearest of those that a reader can tell."""
        return not self.planted, not self.clear, self.distance


def resolution(
    prediction: Prediction,
    stored: Stored,
    elsewhere: Sequence[Point],
    planted: Mapping[str, Prediction] | None = None,
) -> Resolution:
    """The resolution of a claim.

    **Arguments:** its prediction, the measurements that decided it, further points of its domain,
    on which a mutant must also differ from the formula to count as another formula, and wrong
    formulas that the claim brings.

    **Raises:** `Malformed` for a planted formula that is no number at a point.
    """
    compare = stored.compare
    values = predicted_values(prediction, compare, stored.points)
    over = under = None
    refuted = stored.refutes(values)
    # Zero scaled stays zero: where that is all that is predicted, errors are told as differences.
    relative = compare.error_kind() == "relative" and any(value != 0 for value in values)
    error = "none" if compare.error_kind() == "none" else "relative" if relative else "absolute"
    if error != "none" and not refuted:
        over = _smallest(lambda by: stored.refutes(_wrong(relative, values, by)), 1.0)
        most = 0.5 if relative else 1.0
        under = _smallest(lambda by: stored.refutes(_wrong(relative, values, -by)), most)
    mutated, equivalent = _mutants(prediction, stored, elsewhere)
    judged = [*_planted(planted or {}, values, stored), *mutated]
    killed = sorted((one for one in judged if one.killed), key=lambda one: one.rank)
    scaled = _scaled(relative, over, under)
    found = Resolution(
        error, over, under, len(killed), len(judged),
        tuple(one.name for one in judged if not one.killed), tuple(equivalent),
        rejected=killed[0].name if killed else scaled,
        remark=compare.remark(stored.judgements(values)),
    )  # fmt: skip
    return found if refuted else _with_warning(found, compare, judged)


def _scaled(relative: bool, over: float | None, under: float | None) -> str:
    """The nearest value that is refuted, where no other formula is at hand."""
    seen = [(error, sign) for error, sign in ((over, 1), (under, -1)) if error is not None]
    if not seen:
        return ""
    error, sign = min(seen)
    if not relative:
        return f"the value {'plus' if sign > 0 else 'minus'} {error:.3g}"
    return f"the value times {1 + sign * error:.6g}"


def predicted_values(
    prediction: Prediction, compare: Comparison, points: Sequence[Point]
) -> list[Any]:
    """Predicted values, one a point: exact numbers for an exact rule, else floats."""
    if compare.exact:
        return [prediction.exactly_at(point) for point in points]
    return prediction.at(points).tolist()


def _wrong(relative: bool, values: Sequence[float], error: float) -> list[float]:
    return [value * (1 + error) if relative else value + error for value in values]


def _smallest(refuted: Callable[[float], bool], most: float) -> float | None:
    """The smallest error that is refuted, to about 1 %; None if not even `most` is."""
    if not refuted(most):
        return None
    low, high = most * 1e-15, most
    while high / low > 1.01:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if refuted(middle) else (middle, high)
    return high


def _planted(
    planted: Mapping[str, Prediction], right: Sequence[Any], stored: Stored
) -> Iterator[Wrong]:
    """The formulas that a claim brings as wrong ones; one that equals the right one is not."""
    for name, prediction in planted.items():
        values = predicted_values(prediction, stored.compare, stored.points)
        for value, point in zip(values, stored.points, strict=True):
            if not stored.compare.exact and not math.isfinite(value):
                raise Malformed(
                    f"the wrong formula {name!r} is {value} at {point!r}; plant one that has a "
                    "value wherever the right one has."
                )
        distance = 0.0 if stored.compare.exact else _distance(np.array(values), np.array(right))
        yield Wrong(name, stored.refutes(values), distance, planted=True)


def _mutants(
    prediction: Prediction, stored: Stored, elsewhere: Sequence[Point]
) -> tuple[list[Wrong], list[str]]:
    """The mutants, judged, and the names of those that are not wrong."""
    judged: list[Wrong] = []
    equivalent: list[str] = []
    if prediction.expression is None:
        return judged, equivalent
    program = Program.of(prediction.expression)
    wrong = mutants(program)
    points = [*stored.points, *elsewhere]
    here = len(stored.points)
    right, *values = evaluate([program, *(m.program for m in wrong)], points)
    for mutant, row in zip(wrong, values, strict=True):
        if _same(row, right) or _claims_no_more(stored.compare, row, right):
            equivalent.append(str(mutant))
        else:
            killed = _is_killed(mutant, row[:here], right, stored)
            distance = _distance(row[:here], right[:here])
            judged.append(Wrong(mutant, killed, distance, clear=mutant.clear))
    return judged, equivalent


def _distance(row: np.ndarray, right: np.ndarray) -> float:
    """The largest difference over the largest value; infinite where there is no number."""
    difference = float(np.max(np.abs(row - right), initial=0.0))
    scale = float(np.max(np.abs(right), initial=0.0)) or 1.0
    return difference / scale if math.isfinite(difference) else math.inf


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.all(np.abs(one - other) <= SAME * np.maximum(np.abs(one), np.abs(other))))


def _claims_no_more(compare: Comparison, row: np.ndarray, right: np.ndarray) -> bool:
    """Whether all that the formula accepts is accepted: a weaker bound, a number of like sign."""
    if compare.exact or np.any(np.isnan(row) & ~np.isnan(right)):  # no number accepts nothing
        return False
    pairs = [map(compare.accepts, both) for both in zip(row.tolist(), right.tolist(), strict=True)]
    return all(wide[0] <= low and high <= wide[1] for wide, (low, high) in pairs)


def _is_killed(mutant: Mutant, row: np.ndarray, right: np.ndarray, stored: Stored) -> bool:
    # A formula that is no real number where the right one is needs no measurement to be wrong.
    if np.any(~np.isfinite(row) & np.isfinite(right[: len(row)])):
        return True
    if not stored.compare.exact:
        return stored.refutes(row.tolist())
    wrong = Prediction(mutant.expression)
    return stored.refutes(predicted_values(wrong, stored.compare, stored.points))


def _with_warning(found: Resolution, compare: Comparison, judged: Sequence[Wrong]) -> Resolution:
    """The same, with a word on what makes it poor."""
    words = [f"{one.name!r} passes" for one in judged if one.planted and not one.killed]
    if found.mutants and found.killed < ENOUGH * found.mutants:
        words.append(f"{found.mutants - found.killed} of {found.mutants} wrong formulas pass")
    if found.error != "none":
        seen = [found.over, found.under] if not compare.one_sided else [found.over or found.under]
        unit = "relative error" if found.error == "relative" else "error"
        if any(error is None for error in seen):
            words.append("no data come near it" if compare.one_sided else "large errors pass")
        elif max(error for error in seen if error) > POOR_ABOVE[found.error]:
            worst = max(error for error in seen if error)
            words.append(f"a {unit} up to {worst:.2g} passes")
    return found.warned("; ".join(words)) if words else found
