r"""How often descent on absolute values recovers the truth: over sizes, m and outliers.

A seed has one draw of measurements, of which the first m are taken, one of what values are off, of
which more outliers are more of the same, and one start. So shares of seeds that recover at other m
or other shares of outliers are of the same seeds, and may be compared seed by seed. A smaller n is
a block of a larger one: rows of zeros stay zero, and one program serves all of these.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import jax
import numpy as np

from lemmata.solvers.sensing import subgradient_descent
from lemmata.solvers.sensing_operators import Measurements, coordinates, gaussian
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.measurement import Measurement
from lemmata.verify.robust_measure import ETA, PACE, first

Array = np.ndarray
#: the largest n and k, and most measurements, for which the program is compiled
N, COLUMNS, MOST = 8, 8, 192
#: seeds that go together, the scale of starts, and of the last step against the first
TOGETHER, ALPHA, UNTIL = 32, 1e-2, 1e-2
#: recovered is a Frobenius distance below this, of a truth of norm 1
RECOVERED = 0.1
#: outliers are off by N(0, SIZE^2)
SIZE = 1e6
#: from number to number of measurements
PACES = math.sqrt(2)


class Setting(NamedTuple):
    """An n by n truth of rank r, k columns, and a share p of values that are off."""

    n: int
    r: int
    k: int
    p: float = 0.0


def counts(least: int, number: int) -> tuple[int, ...]:
    """Numbers of measurements, each about the square root of 2 times the last."""
    return tuple(round(least * PACES**i) for i in range(number))


@lru_cache(maxsize=512)
def recovered(batch: tuple[int, ...], setting: Setting, m: int) -> Array:
    """Which seeds of a batch end near the truth, from k columns of the start, (TOGETHER,)."""
    return _distances(batch, setting._replace(k=0), m)[_lanes(setting.r).index(setting.k)] < (
        RECOVERED
    )


def _lanes(r: int) -> tuple[int, ...]:
    """The numbers of columns that go side by side."""
    return r, 2 * r, 4 * r


@lru_cache(maxsize=512)
def _distances(batch: tuple[int, ...], setting: Setting, m: int) -> Array:
    """Frobenius distances at the end, for all lanes, (lanes, TOGETHER)."""
    if m > MOST:
        raise ValueError(f"m = {m} is above MOST = {MOST}, for which there is a program.")
    n, r, _, p = setting
    inside = np.arange(N) < n
    truth = np.diag((np.arange(N) < r) / math.sqrt(r))
    key = jax.random.key(int(np.random.SeedSequence(batch).generate_state(1)[0]))
    drawn = first(gaussian(key, truth, MOST, seeds=TOGETHER, outliers=p, outlier_size=SIZE), m)
    block = np.asarray(coordinates(np.outer(inside, inside), symmetric=True)) > 0
    problem = Measurements(drawn.rows * block, drawn.values, drawn.truth)
    rng = np.random.default_rng(np.random.SeedSequence((*batch, 1)))
    whole = ALPHA * rng.standard_normal((TOGETHER, N, COLUMNS)) * inside[:, None] / math.sqrt(n)
    starts = np.stack([whole * (np.arange(COLUMNS) < k) for k in _lanes(r)])
    rho = 1 - PACE * ETA / math.log(1 / ALPHA)
    steps = math.ceil(math.log(UNTIL) / math.log(rho))
    run = subgradient_descent(
        problem, starts, decay=rho, steps=(steps,),
        rate=ETA * MOST / m / (1 - p) / math.sqrt(2 / math.pi),
    )  # fmt: skip
    return np.sqrt(run.error[..., -1])


def shares(accuracy: Accuracy, seeds: int, setting: Setting, ms: tuple[int, ...]) -> Array:
    """Which seeds recover at each of the numbers of measurements, (S, counts)."""
    number = max(1, round(accuracy.draws(seeds) / TOGETHER))
    if accuracy.found:
        number = max(1, round(seeds * accuracy.found / TOGETHER))
    return np.concatenate(
        [
            np.stack([recovered((*accuracy.common, 3, i), setting, m) for m in ms], axis=-1)
            for i in range(number)
        ]
    )


def boundary(hits: Array, ms: tuple[int, ...]) -> Array:
    """ln of the number of measurements that each seed takes: the grid's end less its recoveries."""
    return math.log(ms[-1] * math.sqrt(PACES)) - math.log(PACES) * hits.sum(axis=-1)


def against(one: Array, other: Array, ms: tuple[int, ...], others: tuple[int, ...]) -> Measurement:
    """ln of the ratio of the boundaries, over seeds; open where a grid does not cross one."""
    kept = {"m": np.array(ms), "shares": one.mean(axis=0), "compared m": np.array(others),
            "compared": other.mean(axis=0), "seeds": np.array([len(one), len(other)])}  # fmt: skip
    found = Measurement.mean(boundary(one, ms) - boundary(other, others))
    crossed = all(hits[:, 0].mean() < 0.1 and hits[:, -1].mean() > 0.9 for hits in (one, other))
    note = found.note if crossed else "the numbers of measurements do not cross the boundary"
    return Measurement(
        found.value, found.stderr, found.bias, found.dof,
        converged=bool(found.converged) and crossed, note=note, arrays=kept,
    )  # fmt: skip
