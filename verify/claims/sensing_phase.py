"""Where sub-gradient descent begins to recover: arXiv 2202.08788, Ma and Fattahi.

For sizes n and r, columns k and a share p of outliers there is a number of measurements m(p) from
which runs end near the truth. Of the theorems, whose constants are not at hand, it is claimed what
m(p) does not depend on, and how it grows. Recovered is an error norm below a tenth of the truth's.
"""

from __future__ import annotations

import math

from lemmata.verify.api import (
    Accuracy,
    Bound,
    Difference,
    Domain,
    Equal,
    Measurement,
    Paired,
    Point,
    Sign,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.sensing_robust import HERE, ORDER, ma

phase = deferred("lemmata.verify.robust_phase_measure")

#: of a first look; a thorough one takes four times as many
SEEDS = 64
N = 8
#: the least m of a grid and how many follow, each larger by the square root of 2; by n, r, p
GRIDS = {
    (4, 1, 0.0): (3, 6), (8, 1, 0.0): (6, 6), (8, 1, 0.3): (16, 7), (8, 1, 0.5): (32, 6),
    (8, 2, 0.0): (11, 6), (8, 2, 0.3): (23, 7),
}  # fmt: skip
SETTING = (
    "equal eigenvalues, alpha = 0.01, Gaussian starts, the paper's schedule of geometric steps; "
    "a share p of the values is off by a million times the truth; recovered is an error norm "
    "below 0.1. "
)
FIXED = (
    "the signs of outliers are the same at each step, and noise follows them as long as there are "
    "steps; drawn anew at each, they would leave m(p) near that of the other values alone"
)


def _boundary(one: tuple, other: tuple, accuracy: Accuracy) -> Measurement:
    """ln of m of one setting over that of another, of the same seeds."""
    hits, grids = [], []
    for n, r, k, p in (one, other):
        grids.append(phase.counts(*GRIDS[n, r, p]))
        hits.append(phase.shares(accuracy, SEEDS, phase.Setting(n, r, k, p), grids[-1]))
    return phase.against(*hits, *grids)


def outliers(p: Point, accuracy: Accuracy) -> Measurement:
    """ln of m(p) over m(0), over seeds that share measurements and starts."""
    k, share = int(p.k), float(p.p)
    return _boundary((N, 1, k, share), (N, 1, k, 0.0), accuracy)


spoiled = Domain(p=Values(0.3, 0.5), k=Values(2, 4))
ONE = SETTING + "n = 8, r = 1, m = 6 to 181"


def _power(exponent: float):
    return lambda p: -exponent * math.log(1 - p.p)


at_least = claim(
    f"{HERE}/phase/outliers",
    source=ma.at("Sign-RIP under the outlier noise model"),
    says=r"m(p) \ge m(0) / (1 - p)^2",
    domain=spoiled,
    predicted=_power(2),
    compare=Bound(side="at least", absolute=0.1, because="a tenth; the data are far above"),
    uses=(f"{HERE}/slope/outliers",),
    reading="the mean slope, smaller by 1 - p, against deviations of m^(-1/2)",
    scope=ONE,
    wrong={"like the fifth power": _power(5)},
)(outliers)


squared = claim(
    f"{HERE}/phase/outliers/squared",
    source=ma.at("Sign-RIP under the outlier noise model"),
    says=r"m(p) = m(0) / (1 - p)^2",
    domain=spoiled,
    predicted=_power(2),
    compare=Equal(absolute=0.2, because="a fifth; 1/(1-p) and 1/(1-p)^3 lie 0.36 and more away"),
    expected="refuted",
    cause="that is how the slope shrinks; but deviations grow, too: " + FIXED,
    reading="the mean slope alone tells the boundary",
    scope=ONE,
)(outliers)


dropped = claim(
    f"{HERE}/phase/outliers/dropped",
    source=ma.at("abstract: agnostic to noise"),
    says=r"m(p) = m(0) / (1 - p)",
    domain=spoiled,
    predicted=_power(1),
    compare=Equal(absolute=0.2, because="a fifth; 1/(1-p)^2 lies 0.36 and more away"),
    expected="refuted",
    cause="outliers do not drop out: " + FIXED,
    reading="as many values without an outlier, as many as without any",
    scope=ONE,
)(outliers)


@claim(
    f"{HERE}/phase/columns",
    source=ma.at("abstract: the number of required samples"),
    says=r"m_k(p) = m_{2r}(p) \text{ for } k > r",
    domain=Domain(p=Values(0.0, 0.3)),
    predicted=0,
    compare=Equal(absolute=0.2, because="a third of what k asks for, three fifths of its root"),
    uses=(f"{HERE}/measurements",),
    scope=SETTING + "n = k = 8 against k = 4, r = 2",
    wrong={"in proportion to k": math.log(2), "to its square root": math.log(2) / 2},
)
def columns(p: Point, accuracy: Accuracy) -> Measurement:
    """ln of the ratio, over seeds that share measurements and starts."""
    share = float(p.p)
    return _boundary((N, 2, 8, share), (N, 2, 4, share), accuracy)


@claim(
    f"{HERE}/phase/rank",
    source=ma.at("abstract: the number of required samples"),
    says=r"m(r = 2) > m(r = 1)",
    domain=Domain(p=Values(0.0, 0.3)),
    predicted=1,
    compare=Sign(clear=1, because=ORDER),
    scope=SETTING + "n = 8, k = 4",
    wrong={"fewer": -1},
)
def rank(p: Point, accuracy: Accuracy) -> Measurement:
    """ln of the ratio, over seeds that share measurements and starts."""
    share = float(p.p)
    return _boundary((N, 2, 4, share), (N, 1, 4, share), accuracy)


@claim(
    f"{HERE}/phase/dimension",
    source=ma.at("abstract: the number of required samples"),
    says=r"m(n = 8) > m(n = 4)",
    domain=Domain(k=Values(2, 4)),
    predicted=1,
    compare=Sign(clear=1, because=ORDER),
    scope=SETTING + "r = 1, no outliers",
    wrong={"fewer": -1},
)
def dimension(p: Point, accuracy: Accuracy) -> Measurement:
    """ln of the ratio, over seeds that share measurements and starts."""
    return _boundary((N, 1, int(p.k), 0.0), (4, 1, int(p.k), 0.0), accuracy)


# Both ways across the boundary: more measurements, more outliers.

#: measurements at which half of the runs recover where 0.3 of the values are off
BETWEEN = 48
STEP = Difference(side="at least", absolute=0.1, because="one run in ten, where most change")


def _paired(one: tuple[float, int], other: tuple[float, int], accuracy: Accuracy) -> Paired:
    """Who recovers at one share and number of measurements, and at another."""
    found = [
        phase.shares(accuracy, SEEDS, phase.Setting(N, 1, 4, p), (m,))[:, 0]
        for p, m in (one, other)
    ]
    return Paired.of(*found)


@claim(
    f"{HERE}/phase/more-measurements",
    source=ma.at("abstract: the number of required samples"),
    says=r"\Pr(\text{recovered at } 2 m) \ge \Pr(\text{recovered at } m)",
    domain=Domain(p=Values(0.0, 0.3, 0.5)),
    predicted=0,
    compare=STEP,
    scope=ONE + "; k = 4, m the third of each grid, below the boundary",
    wrong={"all of them, and none before": 1},
)
def more(p: Point, accuracy: Accuracy) -> Paired:
    """Runs of the same seeds, whose measurements at m are the first of those at 2 m."""
    share = float(p.p)
    grid = phase.counts(*GRIDS[N, 1, share])
    return _paired((share, grid[4]), (share, grid[2]), accuracy)


@claim(
    f"{HERE}/phase/fewer-outliers",
    source=ma.at("Sign-RIP under the outlier noise model"),
    says=r"\Pr(\text{recovered at } p) \ge \Pr(\text{recovered at } p'), \quad p < p'",
    domain=Domain(p=Values(0.0, 0.3)),
    predicted=0,
    compare=STEP,
    scope=ONE + f"; k = 4, p' = 0.3 against none and 0.5 against 0.3, at {BETWEEN} measurements",
    wrong={"all of them, and none before": 1},
)
def fewer(p: Point, accuracy: Accuracy) -> Paired:
    """Runs of the same seeds, where the fewer outliers are among the more."""
    more_of_them = 0.3 if p.p == 0 else 0.5
    return _paired((float(p.p), BETWEEN), (more_of_them, BETWEEN), accuracy)
