"""What arXiv 2605.30392 says of its agents: who runs away, how often, and what that depends on."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import Any

import numpy as np

from lemmata.verify.agent_measure import Cell, happened, radical_counts, share
from lemmata.verify.api import (
    Accuracy,
    Certificate,
    Count,
    Difference,
    Domain,
    Frequency,
    Integers,
    Measurement,
    Paired,
    Point,
    Threshold,
    Values,
)
from lemmata.verify.claims.delayed_repression import paper
from lemmata.verify.claims.delayed_repression_readings import (
    STATED,
    STATED_TAIL,
    TAIL,
    TRANSIENT,
    UNDETERRED,
    WHOLE,
    Reading,
    in_readings,
    regimes,
)
from lemmata.verify.claims.delayed_repression_tables import DELAYS, TABLE_3, TABLE_4
from lemmata.verify.compare.quantiles import clopper_pearson

HERE = "delayed-repression/agents"
TABLE_5 = f"{HERE}/table-5"
AGENTS = 240
THREE_RUNS = "three runs in the 50 of a printed cell: less could not be told from its table"
FIVE_RUNS = "five runs in the 50 of a printed cell"
#: runs of a first look where less than the usual number leaves a question open
MORE = 1000
#: how rarely a bracket may be wrong: far less than the error rate of a run leaves to a claim
SURELY = 1e-9
_crossed_design = "Experiment 5, the crossed design at k = 10"
#: the neighbours in the order fixed <= Q-learning <= reactive, the larger one first
PAIRS = (("q-learning", "fixed"), ("reactive", "q-learning"))
_LATE, _PAIR = Values(*DELAYS[1:]), Integers(0, 1)
_crossed = Domain(delay=_LATE, pair=_PAIR)


def _ordered(p: Point, accuracy: Accuracy, reading: Reading) -> Paired:
    """Whether each architecture of a pair runs away, in the same runs."""
    above = p.threshold if "threshold" in p else np.full(len(p.pair), 0.40)
    events = []
    for side in (0, 1):
        cells = [
            Cell(PAIRS[int(pair)][side], delay=int(delay), payoffs=reading.payoffs)
            for pair, delay in zip(p.pair, p.delay, strict=True)
        ]
        found = radical_counts(cells, accuracy)
        events.append(
            [reading.runaway(c, AGENTS, float(x)) for c, x in zip(found, above, strict=True)]
        )
    return Paired.of(*map(np.array, events))


@in_readings(
    "hierarchy",
    {
        WHOLE: "",
        TAIL: "",
        STATED_TAIL: f"{UNDETERRED}; of the reactive agents hardly any is runaway late at delay 4",
    },
    source=paper.at(_crossed_design),
    says=r"P_{\mathrm{fixed}} \le P_{\mathrm{Q-learning}} \le P_{\mathrm{reactive}}"
    r" \text{ (runaway) at delays } 4, 8, 14, 20",
    domain=_crossed,
    domains={STATED_TAIL: Domain(delay=Values(4), pair=Integers(1, 1))},
    predicted=0,
    compare=Difference(side="at least", absolute=0.06, because=THREE_RUNS),
    uses=(TABLE_5,),
)  # fmt: skip
def hierarchy(p: Point, accuracy: Accuracy, reading: Reading) -> Paired:
    """The pairs are 0: learners over fixed agents, 1: reactive agents over learners."""
    return _ordered(p, accuracy, reading)


@in_readings(
    "hierarchy-strict",
    {WHOLE: "", TAIL: f"{TRANSIENT}: in the second half learners are as immune as fixed agents"},
    source=paper.at(f"{_crossed_design}: the conclusion under the table"),
    says=r"P_{\mathrm{fixed}} < P_{\mathrm{Q-learning}} < P_{\mathrm{reactive}}"
    r" \text{ (runaway) at delays } 8, 14, 20",
    domain=Domain(delay=Values(8, 14, 20), pair=_PAIR),
    domains={TAIL: Domain(delay=Values(20), pair=_PAIR)},
    predicted=0.05,
    compare=Difference(
        side="at least",
        absolute=0.01,
        because="more often by two runs in 50, the least that they can show",
    ),
    uses=(f"{HERE}/hierarchy",),
    scope="delay 4, where learners run away in a tenth of the runs, is left to `hierarchy`",
)
def hierarchy_strict(p: Point, accuracy: Accuracy, reading: Reading) -> Paired:
    """The pairs are 0: learners over fixed agents, 1: reactive agents over learners."""
    return _ordered(p, accuracy, reading)


@in_readings(
    "robust-threshold",
    {WHOLE: ""},
    source=paper.at("Discussion, limitations: the ordering across runaway thresholds"),
    says=r"P_{\mathrm{fixed}} \le P_{\mathrm{Q-learning}} \le P_{\mathrm{reactive}}"
    r" \text{ with runaway above } 0.30, 0.35, 0.40, 0.45, 0.50",
    domain=Domain(threshold=Values(0.30, 0.35, 0.40, 0.45, 0.50), delay=_LATE, pair=_PAIR),
    predicted=0,
    compare=Difference(side="at least", absolute=0.06, because=THREE_RUNS),
    uses=(f"{HERE}/hierarchy",),
    scope="the whole run; in the second half the order is broken at 0.30 and delay 4, where "
    "learners pass it more often than reactive agents",
)
def robust_threshold(p: Point, accuracy: Accuracy, reading: Reading) -> Paired:
    """The hierarchy with other thresholds, from the same runs."""
    return _ordered(p, accuracy, reading)


@in_readings(
    "learners-settle",
    {TAIL: ""},
    source=paper.at(f"{_crossed_design}: what the 66 % are made of"),
    says=r"\text{no learner's run exceeds a share of } 0.35, 0.40, 0.45 \text{ or } 0.50"
    r" \text{ in its second half, at delays } 0, 4, 8, 14, 20",
    domain=Domain(threshold=Values(0.35, 0.40, 0.45, 0.50), delay=Values(*DELAYS)),
    predicted=0,
    compare=Frequency(absolute=0.05, because="never, up to one run in twenty"),
    uses=(TABLE_5,),
)
def learners_settle(p: Point, accuracy: Accuracy, reading: Reading) -> Count:
    """Runs of learners, how many exceed the threshold."""
    found = radical_counts([Cell(delay=int(delay)) for delay in p.delay], accuracy)
    seen = [reading.runaway(c, AGENTS, float(x)) for c, x in zip(found, p.threshold, strict=True)]
    return Count(np.sum(seen, axis=1), len(seen[0]))


@in_readings(
    "reactive-threshold",
    {WHOLE: "", TAIL: "Up to delay 8 most populations of reactive agents that passed 0.40 have no "
     "radicals left in the second half; half of them are runaway only from a delay of 9 to 14"},
    source=paper.at("Experiment 5, the fine sweep of reactive agents at k = 10"),
    says=r"P_{\mathrm{reactive}}(\mathrm{runaway}) \text{ passes } 1/2 \text{ between delays }"
    r" 2 \text{ and } 3",
    domain=Domain(),
    predicted=2.5,
    compare=Threshold(absolute=0.5, because="delays are whole: the bracket ends at 2 and 3"),
    uses=(f"{HERE}/table-5-fine",),
    batched=False,
)  # fmt: skip
def reactive_threshold(p: Point, accuracy: Accuracy, reading: Reading) -> Measurement:
    """Between the delays of the tables at which surely fewer, and more, than half run away."""
    delays = (2, 3, 8, 14, 20)
    cells = [Cell("reactive", delay=delay) for delay in delays]
    seen = happened(cells, reading.runaway, accuracy, first=MORE)
    sure = [clopper_pearson(int(one.sum()), one.size, SURELY) for one in seen]
    below = [high < 0.5 for _, high in sure]
    above = [low > 0.5 for low, _ in sure]
    start = below.index(False) - 1 if False in below else len(below) - 1
    end = next((i for i in range(len(above)) if all(above[i:])), len(above))
    if start < 0 or end == len(above):
        return Measurement(np.nan, converged=False, note="the share does not pass 1/2")
    return Measurement.bracket(delays[start], delays[end])


def _rises(cells: list[Cell], nexts: list[Cell], reading: Reading, accuracy: Accuracy) -> Paired:
    seen = happened([*nexts, *cells], reading.runaway, accuracy)
    return Paired.of(seen[: len(nexts)], seen[len(nexts) :])


@in_readings(
    "delay-monotone",
    {WHOLE: ""},
    source=paper.at("Experiment 3: the monotonic trend, Q-learning agents at k = 20"),
    says=r"P(\mathrm{runaway}) \text{ does not fall from one printed delay to the next}",
    domain=Domain(delay=Values(*list(TABLE_3)[:-1])),
    predicted=0,
    compare=Difference(side="at least", absolute=0.10, because=FIVE_RUNS),
    uses=(f"{HERE}/table-3",),
)
def delay_monotone(p: Point, accuracy: Accuracy, reading: Reading) -> Paired:
    """The same runs at a delay and at the next one that the table has."""
    return _rises(
        [Cell(delay=int(delay), sharpness=20.0) for delay in p.delay],
        [Cell(delay=_after(delay, TABLE_3), sharpness=20.0) for delay in p.delay],
        reading, accuracy,
    )  # fmt: skip


@in_readings(
    "sharpness-monotone",
    {WHOLE: ""},
    source=paper.at("Experiment 4: runaway rises with sharpness, Q-learning agents at delay 15"),
    says=r"P(\mathrm{runaway}) \text{ does not fall from one printed } k \text{ to the next}",
    domain=Domain(k=Values(*list(TABLE_4)[:-1])),
    predicted=0,
    compare=Difference(side="at least", absolute=0.10, because=FIVE_RUNS),
    uses=(f"{HERE}/table-4",),
)
def sharpness_monotone(p: Point, accuracy: Accuracy, reading: Reading) -> Paired:
    """The same runs at a sharpness and at the next one that the table has."""
    return _rises(
        [Cell(delay=15, sharpness=float(k)) for k in p.k],
        [Cell(delay=15, sharpness=float(_after(k, TABLE_4))) for k in p.k],
        reading, accuracy,
    )  # fmt: skip


def _after(value: Any, table: Any) -> int:
    rows = list(table)
    return rows[rows.index(int(value)) + 1]


@in_readings(
    "bounded",
    {WHOLE: "", TAIL: "", STATED: f"{UNDETERRED}, well above 0.30"},
    source=paper.at("Experimental setup, regime classification: the mean of runaway runs"),
    says=r"\text{the mean radical share of the second half of a runaway run is at most } 0.30",
    domain=Domain(),
    predicted=0,
    compare=Frequency(absolute=0.02, because="never, up to one runaway run in 50"),
    uses=(TABLE_5,),
    batched=False,
)
def bounded(p: Point, accuracy: Accuracy, reading: Reading) -> Count:
    """The runaway runs of all tables together, how many have a larger mean."""
    if reading.payoffs == "stated":
        cells = [Cell(delay=4, payoffs="stated")]
    else:
        cells = [
            *(Cell(delay=d, sharpness=20.0) for d in TABLE_3),
            *(Cell(delay=15, sharpness=float(k)) for k in TABLE_4),
            *(Cell(kind, delay=d) for kind in ("q-learning", "reactive") for d in DELAYS),
        ]
    runs = np.concatenate(radical_counts(cells, accuracy))
    runaway = runs[reading.runaway(runs, AGENTS)]
    means = regimes.second_half(runaway).mean(axis=-1) / AGENTS
    return Count(int(np.sum(means > 0.30)), len(means))


def proved_immunity() -> Certificate:
    """Proof that a fixed agent's run is as good as never runaway: its shares are binomial."""

    def exceeds(p: Fraction) -> Fraction:
        n, most = AGENTS, 2 * AGENTS // 5
        return sum(
            (comb(n, j) * p**j * (1 - p) ** (n - j) for j in range(most + 1, n + 1)), Fraction(0)
        )

    bound = exceeds(Fraction(3, 100)) + 499 * exceeds(Fraction(8, 100))
    below = bound < Fraction(1, 10**30)
    return Certificate(
        "the probability that 240 fixed agents have more than 96 radicals among them at any of "
        "500 steps is below 1e-30, at every delay and sharpness",
        "proved" if below else "disproved", 1, 0,
        reason=f"the sum over the steps is {float(bound):.2g}, in exact fractions",
    )  # fmt: skip


@in_readings(
    "fixed-immune",
    {WHOLE: ""},
    source=paper.at("Experiment 5, fixed agents: immune at every delay"),
    says=r"P_{\mathrm{fixed}}(\mathrm{runaway}) = 0 \text{ at delays } 0, 4, 8, 14, 20",
    domain=Domain(delay=Values(*DELAYS)),
    predicted=0,
    compare=Frequency(absolute=0.06, because=THREE_RUNS),
    scope="what never exceeds 0.40 does not in its second half, whatever actions pay",
    certified=proved_immunity,
)
def fixed_immune(p: Point, accuracy: Accuracy, reading: Reading) -> Count:
    """Runs of fixed agents, how many are runaway."""
    return share([Cell("fixed", delay=int(delay)) for delay in p.delay], reading.runaway, accuracy)
