"""What arXiv 2605.30392 says of its agents: who runs away, how often, and what that depends on."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import Any

import numpy as np

from lemmata.verify.agent_measure import (
    MORE,
    RUNS,
    Cell,
    happened,
    population_size,
    radical_counts,
    share,
)
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
from lemmata.verify.claims.delayed_repression_tables import (
    DELAYS,
    TABLE_3,
    TABLE_4,
    few_or,
    learners_by_delay,
    learners_by_sharpness,
)
from lemmata.verify.compare.quantiles import clopper_pearson

HERE = "delayed-repression/agents"
TABLE_5 = f"{HERE}/table-5"
THREE_RUNS = "three runs in the 50 of a printed cell: less could not be told from its table"
#: how rarely a bracket may be wrong: far less than the error rate of a run leaves to a claim
SURELY = 1e-9
_crossed_design = "Experiment 5, the crossed design at k = 10"
#: the neighbours in the order fixed <= Q-learning <= reactive, the larger one first
PAIRS = (("q-learning", "fixed"), ("reactive", "q-learning"))
_LATE, _PAIR = Values(*DELAYS[1:]), Integers(0, 1)
_crossed = Domain(delay=_LATE, pair=_PAIR)


def _ordered(p: Point, accuracy: Accuracy, reading: Reading, first: int = RUNS) -> Paired:
    """Whether each architecture of a pair runs away, in the same runs."""
    above = p.threshold if "threshold" in p else np.full(len(p.pair), 0.40)
    events = []
    for side in (0, 1):
        cells = [
            Cell(PAIRS[int(pair)][side], delay=int(delay), payoffs=reading.payoffs)
            for pair, delay in zip(p.pair, p.delay, strict=True)
        ]
        found = radical_counts(cells, accuracy, first=first)
        events.append(_exceeds(found, above, reading))
    return Paired.of(*events)


def _for_the_order(reading: Reading) -> int:
    """As stated, a sixth of the runs break the order: more of them tell that from the margin."""
    return MORE if reading is STATED else RUNS


def _exceeds(found: list[np.ndarray], above: Any, reading: Reading) -> np.ndarray:
    """Whether each run of each cell is runaway by that cell's threshold."""
    agents = population_size()
    return np.array(
        [reading.runaway(c, agents, float(x)) for c, x in zip(found, above, strict=True)]
    )


@in_readings(
    "hierarchy",
    {
        WHOLE: "",
        TAIL: "",
        STATED: f"{UNDETERRED}; of the reactive populations one in six is not runaway at delay 4",
        STATED_TAIL: f"{UNDETERRED}; of the reactive agents hardly any is runaway late at delay 4",
    },
    source=paper.at(_crossed_design),
    says=r"P_{\mathrm{fixed}} \le P_{\mathrm{Q-learning}} \le P_{\mathrm{reactive}}"
    r" \text{ (runaway) at delays } 4, 8, 14, 20",
    domain=_crossed,
    domains=dict.fromkeys(
        (STATED, STATED_TAIL), Domain(delay=Values(4), pair=Integers(1, 1))
    ),
    predicted=0,
    compare=Difference(side="at least", absolute=0.06, because=THREE_RUNS),
    uses=(TABLE_5,),
    scope="the printed delays. Fixed agents are never runaway, so that the first of the two "
    "inequalities cannot fail; `hierarchy-strict` asks for more",
)  # fmt: skip
def hierarchy(p: Point, accuracy: Accuracy, reading: Reading) -> Paired:
    """The pairs are 0: learners over fixed agents, 1: reactive agents over learners."""
    return _ordered(p, accuracy, reading, first=_for_the_order(reading))


@in_readings(
    "hierarchy-strict",
    {
        WHOLE: "",
        TAIL: f"{TRANSIENT}: in the second half learners are as immune as fixed agents",
        STATED: UNDETERRED,
        STATED_TAIL: UNDETERRED,
    },
    source=paper.at(f"{_crossed_design}: the conclusion under the table"),
    says=r"P_{\mathrm{fixed}} < P_{\mathrm{Q-learning}} < P_{\mathrm{reactive}}"
    r" \text{ (runaway) at delays } 8, 14, 20",
    domain=Domain(delay=Values(8, 14, 20), pair=_PAIR),
    domains={TAIL: Domain(delay=Values(20), pair=_PAIR)}
    | dict.fromkeys((STATED, STATED_TAIL), Domain(delay=Values(8), pair=Integers(1, 1))),
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
    {WHOLE: "", STATED: UNDETERRED, STATED_TAIL: UNDETERRED},
    source=paper.at("Discussion, limitations: the ordering across runaway thresholds"),
    says=r"P_{\mathrm{fixed}} \le P_{\mathrm{Q-learning}} \le P_{\mathrm{reactive}}"
    r" \text{ with runaway above } 0.30, 0.35, 0.40, 0.45, 0.50",
    domain=Domain(threshold=Values(0.30, 0.35, 0.40, 0.45, 0.50), delay=_LATE, pair=_PAIR),
    domains=dict.fromkeys(
        (STATED, STATED_TAIL),
        Domain(threshold=Values(0.40), delay=Values(4), pair=Integers(1, 1)),
    ),
    predicted=0,
    compare=Difference(side="at least", absolute=0.06, because=THREE_RUNS),
    uses=(f"{HERE}/hierarchy",),
    scope="with the payoffs of the code, the whole run",
)
def robust_threshold(p: Point, accuracy: Accuracy, reading: Reading) -> Paired:
    """The hierarchy with other thresholds, from the same runs."""
    return _ordered(p, accuracy, reading, first=_for_the_order(reading))


@in_readings(
    "robust-threshold/second-half",
    {TAIL: ""},
    source=paper.at("Discussion, limitations: the ordering across runaway thresholds"),
    says=r"P_{\mathrm{fixed}} \le P_{\mathrm{Q-learning}} \le P_{\mathrm{reactive}}"
    r" \text{ with runaway above } 0.35, 0.40, 0.45, 0.50",
    domain=Domain(threshold=Values(0.35, 0.40, 0.45, 0.50), delay=_LATE, pair=_PAIR),
    predicted=0,
    compare=Difference(side="at least", absolute=0.06, because=THREE_RUNS),
    uses=(f"{HERE}/hierarchy/second-half",),
    scope="with the payoffs of the code; not 0.30, which learners pass more often than reactive "
    "agents at delay 4, by about the margin",
)
def robust_threshold_late(p: Point, accuracy: Accuracy, reading: Reading) -> Paired:
    """The hierarchy with other thresholds, from the same runs."""
    return _ordered(p, accuracy, reading)


@in_readings(
    "learners-settle",
    {TAIL: "", STATED_TAIL: UNDETERRED},
    source=paper.at(f"{_crossed_design}: what the 66 % are made of"),
    says=r"\text{no learner's run exceeds a share of } 0.35, 0.40, 0.45 \text{ or } 0.50"
    r" \text{ in its second half, at delays } 0, 4, 8, 14, 20",
    domain=Domain(threshold=Values(0.35, 0.40, 0.45, 0.50), delay=Values(*DELAYS)),
    domains={STATED_TAIL: Domain(threshold=Values(0.40), delay=Values(4))},
    predicted=0,
    compare=Frequency(absolute=0.05, because="never, up to one run in twenty"),
    uses=(TABLE_5,),
)
def learners_settle(p: Point, accuracy: Accuracy, reading: Reading) -> Count:
    """Runs of learners, how many exceed the threshold."""
    cells = [Cell(delay=int(delay), payoffs=reading.payoffs) for delay in p.delay]
    # Of 500 runs two above 0.35 would leave it open.
    found = radical_counts(cells, accuracy, first=few_or(MORE, reading))
    seen = _exceeds(found, p.threshold, reading)
    return Count(seen.sum(axis=1), seen.shape[1])


@in_readings(
    "all-undeterred",
    {STATED: "", STATED_TAIL: ""},
    source=paper.at("Section 3, the payoffs: B = chi f and C = kappa f"),
    says=r"\text{every run of learners is runaway, at delays } 0, 4, 8, 14, 20",
    domain=Domain(delay=Values(*DELAYS)),
    predicted=1,
    compare=Frequency(absolute=0.05, because="all, up to one run in twenty"),
    scope="what the payoffs of the text lead to; the paper does not say so",
)
def all_undeterred(p: Point, accuracy: Accuracy, reading: Reading) -> Count:
    """Runs of learners, how many are runaway."""
    cells = [Cell(delay=int(delay), payoffs=reading.payoffs) for delay in p.delay]
    return share(cells, reading.runaway, accuracy)


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
    first = MORE if reading is WHOLE else RUNS  # late, few run away at delay 3
    seen = happened(cells, reading.runaway, accuracy, first=first)
    sure = [clopper_pearson(int(one.sum()), one.size, SURELY) for one in seen]
    below = [high < 0.5 for _, high in sure]
    above = [low > 0.5 for low, _ in sure]
    start = below.index(False) - 1 if False in below else len(below) - 1
    end = next((i for i in range(len(above)) if all(above[i:])), len(above))
    if start < 0 or end == len(above):
        return Measurement(np.nan, converged=False, note="the share does not pass 1/2")
    return Measurement.bracket(delays[start], delays[end])


@in_readings(
    "bounded",
    {WHOLE: "", TAIL: "", STATED: f"{UNDETERRED}, well above 0.30"},
    source=paper.at("Experimental setup, regime classification: the mean of runaway runs"),
    says=r"\text{the mean radical share of the second half of a runaway run is at most } 0.30",
    domain=Domain(),
    predicted=0,
    compare=Frequency(
        absolute=0.06, because="never, up to three seeds in 50, whichever cell it happens in"
    ),
    uses=(TABLE_5,),
    batched=False,
    scope="the cells of experiments 3 to 5, on networks like the code's. Never is false to the "
    "letter: some 3 of 500 seeds have a mean just above. On the paper's denser graph all runaway "
    "runs of reactive agents have",
)
def bounded(p: Point, accuracy: Accuracy, reading: Reading) -> Count:
    """Of the seeds with a runaway run, how many have one with a larger mean, in any table's cell.

    Seeds are counted, for the runs of one seed in several cells are much alike.
    """
    if reading.payoffs == "stated":
        cells = [Cell(delay=4, payoffs="stated")]
    else:
        cells = [
            *learners_by_delay(TABLE_3),
            *learners_by_sharpness(TABLE_4),
            *(Cell(kind, delay=d) for kind in ("q-learning", "reactive") for d in DELAYS),
        ]
    runaway, larger = [], []
    for counts in radical_counts(cells, accuracy, first=few_or(RUNS, reading)):
        runaway.append(reading.runaway(counts, population_size()))
        mean = regimes.second_half(counts).mean(axis=-1) / population_size()
        larger.append(runaway[-1] & (mean > 0.30))
    return Count(int(np.any(larger, axis=0).sum()), int(np.any(runaway, axis=0).sum()))


def proved_immunity(*, first: Fraction | None = None, later: Fraction | None = None) -> Certificate:
    """Proof that a fixed agent's run is as good as never runaway: its shares are binomial.

    `first` and `later` are the probabilities of being radical at the first and at any later step;
    those of the rules unless given. Draws are multiples of 2^-24, so that one more of them may
    fall to a radical than a decimal says.
    """
    from lemmata.solvers.agent_network import FIRST_ACTIONS
    from lemmata.solvers.agent_rules import FIXED

    first = Fraction(str(FIRST_ACTIONS[2])) if first is None else first
    later = Fraction(str(FIXED[2])) + Fraction(1, 2**24) if later is None else later
    agents, steps = population_size(), 500
    most = 2 * agents // 5

    def exceeds(p: Fraction) -> Fraction:
        more = range(most + 1, agents + 1)
        return sum((comb(agents, j) * p**j * (1 - p) ** (agents - j) for j in more), Fraction(0))

    bound = exceeds(first) + (steps - 1) * exceeds(later)
    return Certificate(
        f"the probability that {agents} fixed agents have more than {most} radicals among them at "
        f"any of {steps} steps is below 1e-30, at every delay and sharpness",
        "proved" if bound < Fraction(1, 10**30) else "undecided", 1, 0,
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
