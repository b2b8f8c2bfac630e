"""Series whose exponents and rates are known, and how they are read, for the tests of rates."""

import numpy as np
from scipy.stats import binom
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


def intervals_miss_no_more_often_than_alpha(rule, runs, *, least, narrower):
    """Of runs (x, y, stderr, truth): at two alphas, how often the truth lies outside.

    At least a share `least` of them must be given an interval, of median half-width below
    `narrower`.
    """
    for alpha in (0.05, 0.01):
        found = [(read(rule, x, y, stderr=e, alpha=alpha), s) for x, y, e, s in runs]
        given_out = [(e, s) for e, s in found if e.problem is None]
        misses = sum(not e.low <= s <= e.high for e, s in given_out)
        # refuses a miss rate above alpha in one run of a thousand
        assert binom.sf(misses - 1, len(given_out), alpha) > 1e-3, misses
        assert len(given_out) >= least * len(runs)
        assert np.median([e.half_width for e, _ in given_out]) < narrower
