"""What arXiv 2605.30392 says of its learners: they run away more often with delay and sharpness."""

from __future__ import annotations

from typing import Any

from lemmata.verify.agent_measure import MORE, RUNS, Cell, happened
from lemmata.verify.api import Accuracy, Difference, Domain, Paired, Point, Values
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
)
from lemmata.verify.claims.delayed_repression_tables import (
    TABLE_3,
    TABLE_4,
    few_or,
    learners_by_delay,
    learners_by_sharpness,
)

HERE = "delayed-repression/agents"
FIVE_RUNS = "five runs in the 50 of a printed cell"
TWO_CELLS = "the difference of two shares of 50 runs strays that far once in a thousand times"


def _more_often(
    cells: list[Cell], than: list[Cell], reading: Reading, accuracy: Accuracy, first: int = RUNS
) -> Paired:
    """Whether the same runs are runaway in a cell, and in the one that it is compared with."""
    seen = happened([*cells, *than], reading.runaway, accuracy, first=first)
    return Paired.of(seen[: len(cells)], seen[len(cells) :])


def _after(values: Any, table: dict[int, Any]) -> list[int]:
    """For each value the next one of a table."""
    rows = list(table)
    return [rows[rows.index(int(value)) + 1] for value in values]


@in_readings(
    "delay-monotone",
    {WHOLE: ""},
    source=paper.at("Experiment 3: the monotonic trend, Q-learning agents at k = 20"),
    says=r"P(\mathrm{runaway}) \text{ does not fall from one printed delay to the next}",
    domain=Domain(delay=Values(*list(TABLE_3)[:-1])),
    predicted=0,
    compare=Difference(side="at least", absolute=0.10, because=FIVE_RUNS),
    uses=(f"{HERE}/table-3",),
    scope="the whole run; in the second half rates are below 0.10, and no fall could be seen",
)
def delay_monotone(p: Point, accuracy: Accuracy, reading: Reading) -> Paired:
    """The same runs at a delay and at the next one that the table has."""
    nexts = learners_by_delay(_after(p.delay, TABLE_3))
    return _more_often(nexts, learners_by_delay(p.delay), reading, accuracy)


@in_readings(
    "delay-effect",
    {
        WHOLE: "",
        TAIL: f"{TRANSIENT}; late, the rate rises by some 5 %",
        STATED: f"{UNDETERRED}, so that delay adds nothing",
        STATED_TAIL: f"{UNDETERRED}, so that delay adds nothing",
    },
    source=paper.at("Experiment 3: from 10 % to 72 %, Q-learning agents at k = 20"),
    says=r"P(\mathrm{runaway}) \text{ rises by } 0.62 \text{ from delay } 0 \text{ to delay } 30",
    domain=Domain(),
    predicted=0.62,
    compare=Difference(side="at least", absolute=0.25, because=TWO_CELLS),
    uses=(f"{HERE}/delay-monotone",),
    batched=False,
)
def delay_effect(p: Point, accuracy: Accuracy, reading: Reading) -> Paired:
    """The same runs at the longest and the shortest delay of the table."""
    late, prompt = (learners_by_delay([delay], reading.payoffs) for delay in (30, 0))
    first = few_or(RUNS, reading)
    return _more_often(late, prompt, reading, accuracy, first=first)


@in_readings(
    "sharpness-monotone",
    {WHOLE: ""},
    source=paper.at("Experiment 4: runaway rises with sharpness, Q-learning agents at delay 15"),
    says=r"P(\mathrm{runaway}) \text{ does not fall from one printed } k \text{ to the next}",
    domain=Domain(k=Values(*list(TABLE_4)[:-1])),
    predicted=0,
    compare=Difference(side="at least", absolute=0.10, because=FIVE_RUNS),
    uses=(f"{HERE}/table-4",),
    scope="the whole run; in the second half rates are too small for a fall to be seen",
)
def sharpness_monotone(p: Point, accuracy: Accuracy, reading: Reading) -> Paired:
    """The same runs at a sharpness and at the next one that the table has."""
    nexts = learners_by_sharpness(_after(p.k, TABLE_4))
    return _more_often(nexts, learners_by_sharpness(p.k), reading, accuracy)


@in_readings(
    "sharpness-effect",
    {
        WHOLE: "",
        TAIL: f"{TRANSIENT}; at k = 40 a third of them is late, and that rate rises by 14 %",
        STATED: f"{UNDETERRED}, so that sharpness adds nothing",
        STATED_TAIL: f"{UNDETERRED}, so that sharpness adds nothing",
    },
    source=paper.at("Experiment 4: from 16 % to 64 %, Q-learning agents at delay 15"),
    says=r"P(\mathrm{runaway}) \text{ rises by } 0.48 \text{ from } k = 3 \text{ to } k = 40",
    domain=Domain(),
    predicted=0.48,
    compare=Difference(side="at least", absolute=0.25, because=TWO_CELLS),
    uses=(f"{HERE}/sharpness-monotone",),
    batched=False,
)
def sharpness_effect(p: Point, accuracy: Accuracy, reading: Reading) -> Paired:
    """The same runs at the sharpest and the dullest response of the table."""
    sharp, dull = (learners_by_sharpness([k], reading.payoffs) for k in (40, 3))
    first = few_or(MORE, reading)
    return _more_often(sharp, dull, reading, accuracy, first=first)
