"""Decide a claim: screen a batch of points, look again, shrink and confirm, and say how sure."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from lemmata.verify import backend
from lemmata.verify.certified import with_certificate
from lemmata.verify.claim import Claim, Method
from lemmata.verify.compare.base import Agreement, Estimate, Judgement
from lemmata.verify.derived import steps
from lemmata.verify.domain import Point
from lemmata.verify.errors import Malformed, Underivable, UsageError
from lemmata.verify.judged import columns
from lemmata.verify.measure import CONFIRM, SCREEN, SEARCH, SECOND, Gauge, rational
from lemmata.verify.measurement import Measured
from lemmata.verify.prediction import Prediction, planted, predict
from lemmata.verify.resolution import Stored, predicted_values, resolution
from lemmata.verify.settings import Settings
from lemmata.verify.shrink import shrink
from lemmata.verify.verdict import Outcome, Resolution, Verdict, Worst

#: points, besides those measured, on which a mutant must differ to count as another formula
ELSEWHERE = 64
#: how many disagreeing points are tried, before one that disagrees for good is given up
TRIED = 3
#: what a second measurement shows of a point that disagreed
SHOWS = {Agreement.AGREES: "agrees", Agreement.UNRESOLVED: "settles nothing"}
#: the wrong formula that a refutation names
CLAIMED = "what is claimed"


def decide(claim: Claim, settings: Settings) -> Verdict:
    """Decide a claim.

    A crash of the measurement, the derivation or the proof is an `ERROR` with its traceback, not a
    verdict.

    **Raises:** `UsageError` for a claim that is malformed or `--at` values outside its domain.
    """
    started = time.perf_counter()
    points = sample(claim, settings)
    try:
        verdict = _decide(claim, settings, points)
    except (KeyboardInterrupt, Malformed):
        raise
    except Underivable as problem:  # it says what is wrong: no trace would say more
        verdict = Verdict(
            claim.id, Outcome.ERROR, claim.expected, claim.compare.kind,
            reason=str(problem), settles="correct what the reason names",
        )  # fmt: skip
    except BaseException as crash:  # also what sys.exit() or pytest.skip() in a measurement raise
        verdict = Verdict(
            claim.id, Outcome.ERROR, claim.expected, claim.compare.kind,
            reason=f"{type(crash).__name__}: {crash}",
            settles="mend the crash; its traceback is in the results",
            traceback=traceback.format_exc(),
        )  # fmt: skip
    backend.make_room()
    return replace(verdict, seconds=time.perf_counter() - started)


def sample(claim: Claim, settings: Settings) -> list[Point]:
    """The points at which a run decides a claim.

    **Raises:** `UsageError` if the domain has too few, or `--at` names values outside it.
    """
    n = claim.points or settings.profile.points
    try:
        return _points(claim, settings, settings.seed, n)
    except UsageError as problem:
        raise UsageError(f"claim {claim.id!r}: {problem}") from None


def _decide(claim: Claim, settings: Settings, points: list[Point]) -> Verdict:
    prediction = predict(claim)
    decisions = len(claim.methods) * (2 * len(points) + 2 * TRIED)
    court = Court(claim, prediction, settings, settings.alpha(decisions))
    trials = [court.screen(method, points) for method in claim.methods]
    ruling = _together([court.rule(trial) for trial in trials])
    return _with_evidence(claim, prediction, settings, trials, ruling)


def _points(claim: Claim, settings: Settings, seed: int, n: int) -> list[Point]:
    points = claim.domain.sample(n, seed=seed, fixed=settings.fixed)
    if not claim.compare.exact:
        return points
    return [rational(claim, point, settings.fixed) for point in points]


@dataclass(frozen=True)
class Trial:
    """One method's evidence: the points, what was measured there and when, how each was judged."""

    gauge: Gauge
    points: Sequence[Point]
    measured: Sequence[Measured]
    judgements: Sequence[Judgement]
    looks: Sequence[int]

    @property
    def ranked(self) -> list[int]:
        """The indices of the points, the worst first."""
        indices = range(len(self.points))
        return sorted(indices, key=lambda i: self.judgements[i].badness, reverse=True)


@dataclass(frozen=True)
class Ruling:
    """What one method (or all together) makes of a claim."""

    outcome: Outcome
    worst: Worst
    reason: str | None = None
    settles: str | None = None
    arrays: Any = None


@dataclass(frozen=True)
class Court:
    """A claim with its prediction and the probability `alpha` of error for each decision."""

    claim: Claim
    prediction: Prediction
    settings: Settings
    alpha: float

    def screen(self, method: Method, points: Sequence[Point]) -> Trial:
        """Measure and judge all points; those unresolved are measured once more, harder.

        Unless another one disagrees: then the verdict no longer hangs on those.
        """
        gauge = Gauge(self.claim, method, self.settings.seed, self.settings.profile.effort)
        measured = gauge.measure(points, SCREEN)
        judgements = self._judge(points, measured)
        looks = [SCREEN] * len(points)
        open_ones = [i for i, j in enumerate(judgements) if j.agreement is Agreement.UNRESOLVED]
        if open_ones and not any(j.agreement is Agreement.DISAGREES for j in judgements):
            again = [points[i] for i in open_ones]
            second = gauge.measure(again, SECOND)
            for i, one, judgement in zip(
                open_ones, second, self._judge(again, second), strict=True
            ):
                measured[i], judgements[i], looks[i] = one, judgement, SECOND
        return Trial(gauge, points, measured, judgements, looks)

    def _judge(self, points: Sequence[Point], measured: Sequence[Measured]) -> list[Judgement]:
        predicted = predicted_values(self.prediction, self.claim.compare, points)
        return [
            self.claim.compare.judge(value, self.estimate(one))
            for value, one in zip(predicted, measured, strict=True)
        ]

    def estimate(self, measured: Measured) -> Estimate:
        """What the claim's rule reads off a measurement."""
        return self.claim.compare.estimate(measured, self.alpha)

    def rule(self, trial: Trial) -> Ruling:
        """The outcome by one method."""
        ranked = trial.ranked
        i = ranked[0]
        judgement = trial.judgements[i]
        worst = self._worst(trial, trial.points[i], judgement)
        arrays = trial.measured[i].kept
        if judgement.agreement is Agreement.AGREES:
            return Ruling(Outcome.VERIFIED, worst, arrays=arrays)
        if judgement.agreement is Agreement.UNRESOLVED:
            return Ruling(Outcome.INCONCLUSIVE, worst, judgement.reason, judgement.settles, arrays)
        anew = ""
        for j in ranked[:TRIED]:
            if trial.judgements[j].agreement is Agreement.DISAGREES:
                confirmed = self._confirm(trial, j)
                if isinstance(confirmed, Ruling):
                    return confirmed
                anew = anew or confirmed
        return Ruling(
            Outcome.INCONCLUSIVE, worst,
            f"a point disagreed, but not when it was measured anew: {anew}",
            "a more accurate measurement of that point", arrays,
        )  # fmt: skip

    def _confirm(self, trial: Trial, j: int) -> Ruling | str:
        """Refuted, if the counterexample (shrunk, or else as found) is one when measured again.

        Or else what was found then.
        """
        point, gauge = trial.points[j], trial.gauge
        plain = {repr(point): trial.judgements[j].plain}

        def disagrees(p: Point) -> bool:
            seen = self._look(gauge, p, SEARCH)[0]
            plain[repr(self._exactly(p))] = seen.plain
            return seen.agreement is Agreement.DISAGREES

        simplest = self._exactly(
            shrink(self.claim.domain, point, disagrees, fixed=self.settings.fixed)
        )
        told = ""
        for candidate in [simplest] if simplest == point else [simplest, point]:
            judgement, measured = self._look(
                gauge, candidate, CONFIRM, found_by=trial.looks[j],
                plain=plain.get(repr(candidate), False),
            )  # fmt: skip
            if judgement.agreement is Agreement.DISAGREES:
                found = self._worst(trial, candidate, judgement)
                return Ruling(
                    Outcome.REFUTED, found, "measured anew, it still disagrees",
                    arrays=measured.kept,
                )  # fmt: skip
            then = judgement.estimate
            told = f"{then.value:.4g} ± {then.half_width:.2g}, which {SHOWS[judgement.agreement]}"
        return told

    def _look(
        self, gauge: Gauge, point: Point, look: int, **how: Any
    ) -> tuple[Judgement, Measured]:
        point = self._exactly(point)
        measured = gauge.measure([point], look, **how)
        return self._judge([point], measured)[0], measured[0]

    def _exactly(self, point: Point) -> Point:
        """The point as the rule wants it: a nearby rational one for exact algebra."""
        if not self.claim.compare.exact:
            return point
        return rational(self.claim, point, self.settings.fixed)

    def _worst(self, trial: Trial, point: Point, judgement: Judgement) -> Worst:
        return Worst(self.claim.domain.parameters(point), judgement, trial.gauge.method.name)


def _together(rulings: Sequence[Ruling]) -> Ruling:
    """One ruling from those of all methods: the worst, unless they contradict each other."""
    rank = {Outcome.REFUTED: 2, Outcome.INCONCLUSIVE: 1, Outcome.VERIFIED: 0}
    worst = max(rulings, key=lambda r: (rank[r.outcome], r.worst.judgement.badness))
    outcomes = {ruling.outcome for ruling in rulings}
    if {Outcome.REFUTED, Outcome.VERIFIED} <= outcomes:
        return replace(
            worst, outcome=Outcome.INCONCLUSIVE,
            reason="the methods contradict each other: " + ", ".join(
                f"{ruling.worst.method}: {ruling.outcome}" for ruling in rulings
            ),
            settles="find the method that is wrong",
        )  # fmt: skip
    return worst


def _with_evidence(
    claim: Claim,
    prediction: Prediction,
    settings: Settings,
    trials: Sequence[Trial],
    ruling: Ruling,
) -> Verdict:
    """The verdict: the ruling, what stands behind it, and what it could have caught."""
    agreements = Counter(str(j.agreement) for trial in trials for j in trial.judgements)
    estimates = list(zip(*([j.estimate for j in t.judgements] for t in trials), strict=True))
    stored = Stored(claim.compare, trials[0].points, estimates)
    elsewhere = _points(claim, settings, settings.seed + 1, ELSEWHERE)
    ways = len(trials)
    evidence = ["measured" if ways == 1 else f"measured {ways} ways"]
    if claim.compare.replicates and ruling.outcome is Outcome.VERIFIED:
        evidence.append("replicated")
    verdict = Verdict(
        claim.id, ruling.outcome, claim.expected, claim.compare.kind, ruling.worst,
        dict(agreements), ruling.reason, ruling.settles,
        evidence=tuple(evidence),
        resolution=_caught(claim, prediction, stored, elsewhere, ruling),
        arrays=dict(ruling.arrays or {}),
        judged=columns(
            [claim.domain.parameters(point) for point in trials[0].points],
            [(trial.gauge.method.name, trial.judgements) for trial in trials],
        ),
    )  # fmt: skip
    verdict = with_certificate(claim, verdict)
    return _with_derivation(prediction, verdict, trials[0].points)


def _caught(
    claim: Claim,
    prediction: Prediction,
    stored: Stored,
    elsewhere: Sequence[Point],
    ruling: Ruling,
) -> Resolution:
    """What the measurements could have caught; of a refuted claim, they caught the claim itself."""
    found = resolution(prediction, stored, elsewhere, planted(claim))
    return replace(found, rejected=CLAIMED) if ruling.outcome is Outcome.REFUTED else found


def _with_derivation(prediction: Prediction, verdict: Verdict, points: Sequence[Point]) -> Verdict:
    """Replay the derivation: evidence if it has no gap, and no verification with a false step."""
    derivation = prediction.derivation
    if derivation is None:
        return replace(verdict, steps=steps(prediction))
    replayed = derivation.replay(among=points)
    summary = derivation.replays(among=points)
    verdict = replace(verdict, derivation=summary, steps=steps(prediction, replayed))
    outside = _outside(derivation, points)
    if outside:
        return replace(verdict, derivation=f"{verdict.derivation}; but it assumes {outside}")
    wrong = [one for one in replayed if one.status == "false"]
    if not wrong and not any(one.status == "gap" for one in replayed):
        return replace(verdict, evidence=("derived", *verdict.evidence))
    if wrong and verdict.outcome is Outcome.VERIFIED:
        return replace(
            verdict, outcome=Outcome.INCONCLUSIVE,
            reason=f"a step of the derivation is false: {wrong[0].step.because} ({wrong[0].how})",
            settles="mend the derivation",
        )  # fmt: skip
    return verdict


def _outside(derivation: Any, points: Sequence[Point]) -> str:
    """The first side condition of a derivation that a point of the domain breaks, and where."""
    from lemmata.theory.sampling import broken

    for condition in derivation.where:
        names = [str(symbol) for symbol in condition.free_symbols]
        for point in points:
            if all(name in point for name in names) and broken(condition, point):
                return f"{condition}, which fails at {point!r}"
    return ""
