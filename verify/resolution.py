"""What error in the formula a check would have caught, decided on its own stored measurements.

No numerics are run again: each wrong formula is judged against the estimates that decided the
right one, so a mutant counts as refuted if those very data refute it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lemmata.verify.compare.base import Agreement, Comparison, Estimate, Judgement
from lemmata.verify.domain import Point
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


def resolution(prediction: Prediction, stored: Stored, elsewhere: Sequence[Point]) -> Resolution:
    """The resolution of a claim.

    **Arguments:** its prediction, the measurements that decided it, and further points of its
    domain, on which a mutant must also differ from the formula to count as another formula.
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
    killed, survivors, equivalent = _mutants(prediction, stored, elsewhere)
    found = Resolution(
        error, over, under, killed, killed + len(survivors),
        tuple(survivors), tuple(equivalent), remark=compare.remark(stored.judgements(values)),
    )  # fmt: skip
    return found if refuted else _with_warning(found, compare)


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


def _mutants(
    prediction: Prediction, stored: Stored, elsewhere: Sequence[Point]
) -> tuple[int, list[str], list[str]]:
    """How many mutants are killed; which survive, and which are not wrong."""
    killed = 0
    survivors: list[str] = []
    equivalent: list[str] = []
    if prediction.expression is None:
        return killed, survivors, equivalent
    program = Program.of(prediction.expression)
    wrong = mutants(program)
    points = [*stored.points, *elsewhere]
    right, *values = evaluate([program, *(m.program for m in wrong)], points)
    for mutant, row in zip(wrong, values, strict=True):
        if _same(row, right) or _claims_no_more(stored.compare, row, right):
            equivalent.append(str(mutant))
        elif _is_killed(mutant, row[: len(stored.points)], right, stored):
            killed += 1
        else:
            survivors.append(str(mutant))
    return killed, survivors, equivalent


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.all(np.abs(one - other) <= SAME * np.maximum(np.abs(one), np.abs(other))))


def _claims_no_more(compare: Comparison, row: np.ndarray, right: np.ndarray) -> bool:
    """Whether all that the formula accepts is accepted: a weaker bound, a number of like sign."""
    if compare.exact:
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


def _with_warning(found: Resolution, compare: Comparison) -> Resolution:
    """The same, with a word on what makes it poor."""
    words: list[str] = []
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
