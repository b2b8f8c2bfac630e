"""Series whose exponents and rates are known, and how they are read, for the tests of rates."""

import numpy as np
from tests.helpers import WHY

from lemmata.verify.compare.rate import Rate
from lemmata.verify.measurement import Series

ALPHA = 1e-3
power = Rate(law="power", absolute=0.15, because=WHY)
decay = Rate(law="decay", relative=2e-3, because=WHY)

t = np.logspace(0, 5, 121)  # 24 a decade
times = np.linspace(0, 40, 401)
b = 0.7


def read(rule, x, y, *, stderr=0.0, bias=0.0, alpha=ALPHA):
    return rule.estimate(Series(x, y, stderr, bias), alpha)


def right_or_none(estimate, truth):
    return estimate.problem is not None or estimate.low <= truth <= estimate.high


def gold_flow(x0, t):
    """e = x^4 for x' = -x^3: a plateau until t = 1/x0^2, then t^2 e -> 1/4."""
    return (x0 / np.sqrt(1 + 2 * x0**2 * t)) ** 4


def regimes(x, corner, sharpness):
    """Slope -1, then -2 beyond the corner."""
    return 1 / (x * (1 + (x / corner) ** sharpness) ** (1 / sharpness))
