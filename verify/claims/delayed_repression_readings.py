"""The readings of the agents of arXiv 2605.30392, and claims made in several of them.

The text and the authors' code differ in two things that the results hang on. When is a run called
runaway: by its second half, as the text says, or by its largest radical share at any time, as the
code has it? And what do actions pay: chi f and -kappa f, as the text says, or the tables in the
code? Every claim stands here once for each reading in which it comes out differently.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lemmata.verify.api import Accuracy, Domain, Point, claim, deferred

regimes = deferred("lemmata.solvers.regimes")


@dataclass(frozen=True)
class Reading:
    """One way to read the paper: what a claim's id ends in, the words, and what they mean."""

    ending: str
    words: str
    runaway: Any
    payoffs: str = "coded"


WHOLE = Reading(
    "",
    "whole run, as coded: runaway if the radical share exceeds 0.40 at any time, the start "
    "included; payoffs of the code",
    regimes.runaway_whole_run,
)
TAIL = Reading(
    "/second-half",
    "second half, as the text says: runaway if the radical share exceeds 0.40 in the last 250 of "
    "500 steps; payoffs of the code",
    regimes.runaway_second_half,
)
STATED = Reading(
    "/as-stated",
    "whole run, payoffs as stated in the text: B = chi f and C = kappa f",
    regimes.runaway_whole_run,
    "stated",
)
STATED_TAIL = Reading(
    "/as-stated/second-half",
    "second half, payoffs as stated in the text: B = chi f and C = kappa f",
    regimes.runaway_second_half,
    "stated",
)

#: why the second half has hardly a learner above 0.40
TRANSIENT = (
    "What exceeds 0.40 is the start. All values begin at 0 and ties are broken at random, so that "
    "a third of the learners is radical at once, while the late alarm still shows the calm before. "
    "At k = 10 nearly all of their peaks above 0.40 come within the first 50 of 500 steps"
)
#: why payoffs as stated make every learner run away
UNDETERRED = (
    "With C = kappa f a radical who is punished at every step still earns about "
    "2 chi - 2 kappa + 0.44 I, and punishment comes with probability below d: being radical pays "
    "at every alarm that was seen. Every run of learners is runaway, without delay too; their "
    "radical share stays near 0.46"
)


def in_readings(
    name: str,
    expected: Mapping[Reading, str],
    *,
    domains: Mapping[Reading, Domain] | None = None,
    **shared: Any,
) -> Callable[[Callable[[Point, Accuracy, Reading], Any]], tuple[Any, ...]]:
    """The same claim in several readings, each with why it is refuted there, or "" if it holds.

    The decorated measurement is told the reading. `domains` narrows the domain of a refuted reading
    to a cell that says it all; everything else is as in `claim`, but that all points are measured
    at once. The first reading has the bare name, the others add their ending.

    **Raises:** `ValueError` for a narrower domain of a reading that is to be verified.
    """
    for reading in domains or {}:
        if not expected[reading]:
            raise ValueError(f"{name}{reading.ending}: what holds, holds on the whole domain.")

    def make(measure: Callable[[Point, Accuracy, Reading], Any]) -> tuple[Any, ...]:
        made = []
        for reading, cause in expected.items():

            @functools.wraps(measure)
            def read(p: Point, accuracy: Accuracy, reading: Reading = reading) -> Any:
                return measure(p, accuracy, reading)

            domain = (domains or {}).get(reading, shared["domain"])
            fields: dict[str, Any] = {"batched": True, **shared, "domain": domain}
            verdict: dict[str, Any] = {"expected": "refuted", "cause": cause} if cause else {}
            made.append(
                claim(
                    f"delayed-repression/agents/{name}{reading.ending if made else ''}",
                    reading=reading.words, **fields, **verdict,
                )(read)
            )  # fmt: skip
        return tuple(made)

    return make
