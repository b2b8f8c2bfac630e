r"""Descent on absolute values from a small start: what the claims of arXiv 2202.08788 measure.

The truth is $X^*$, n by n of rank r, with r equal eigenvalues and norm 1; starts are `alpha` times
entries N(0, 1/n), and those of fewer columns are the first columns of those of more. The schedule
is the paper's: $\eta_t = \eta_0 \rho^t / (1 - p)$ with $1 - \rho = c \eta_0 / \ln(1/\alpha)$, p
being the share of outliers. Runs of one seed share their measurements, disturbances and starts,
whatever alpha, rank or size of a disturbance.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lemmata.solvers.sensing import subgradient_descent
from lemmata.solvers.sensing_operators import (
    Measurements,
    Population,
    coordinates,
    from_coordinates,
    gaussian,
    population,
)
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.measurement import Measurement

N, RANK = 10, 2
#: of the matrices at which the mean sub-differential is measured, which n does not change
LOW = 5
#: columns of the starts: the rank itself, and more
COLUMNS = (2, 5, 20)
#: most measurements, for which the programs are compiled; fewer are filled up with zeros
FEW, MANY = 128, 800
#: seeds that go together
TOGETHER = 8
LOOKS = 200
#: eta_0 and c of the schedule; the first over sqrt(2/pi), which is the slope without outliers
ETA, PACE = 0.3, 0.3


def truth(n: int = N, rank: int = RANK) -> np.ndarray:
    """n by n, of that rank with equal eigenvalues, and of norm 1."""
    return np.diag([1.0] * rank + [0.0] * (n - rank)) / math.sqrt(rank)


TRUTH = truth()


class Disturbed(NamedTuple):
    """Gaussian noise on every value, or a share of values that are off by a size."""

    noise: float = 0.0
    share: float = 0.0
    size: float = 0.0


class Runs(NamedTuple):
    """Runs from starts of k columns, of S seeds; or of all `COLUMNS`, (columns, S, ...).

    **Fields:** `at`: the steps of the looks, (T,). `path`: Frobenius distance to the truth, not
    squared, (S, T). `loss`: mean absolute error at the end, (S,). `truth_loss`: the truth's, (S,).
    """

    at: np.ndarray
    path: np.ndarray
    loss: np.ndarray
    truth_loss: np.ndarray

    @property
    def error(self) -> np.ndarray:
        """The distance at the end, (S,)."""
        return self.path[..., -1]


def decay(alpha: float) -> float:
    """rho; large starts, for which there is none, have that of 0.001."""
    return 1 - PACE * ETA / math.log(1 / (alpha if alpha < 1 else 1e-3))


def runs(
    look: tuple[int, int], seeds: int, k: int, m: int, alpha: float, until: float,
    of: tuple[int, int] = (N, RANK), /, **disturbance: float,
) -> Runs:  # fmt: skip
    """Runs on m measurements, until steps are `until` of the first; of at least `seeds` seeds.

    **Arguments:** `look`: names the randomness. `of`: dimension and rank of the truth.
    `disturbance`: fields of `Disturbed`.
    """
    disturbed, at = Disturbed(**disturbance), _wide_enough(of[1]).index(k)
    batches = [
        _batch((*look, i), m, alpha, until, disturbed, of) for i in range(-(-seeds // TOGETHER))
    ]
    return Runs(
        batches[0].at,
        np.concatenate([one.path[at] for one in batches]),
        np.concatenate([one.loss[at] for one in batches]),
        np.concatenate([one.truth_loss for one in batches]),
    )


def final(
    look: tuple[int, int], seeds: int, k: int, m: int, alpha: float, **disturbance: float
) -> np.ndarray:
    """The error at the end of a schedule that goes below alpha^2, (S,)."""
    return runs(look, seeds, k, m, alpha, 0.1 * alpha**2, **disturbance).error


def least(
    look: tuple[int, int], seeds: int, k: int, m: int, noise: float, n: int = N, rank: int = RANK
) -> np.ndarray:
    """The least error along a run in Gaussian noise, (S,)."""
    found = runs(look, seeds, k, m, 1e-3, 1e-3, (n, rank), noise=noise)
    return found.path.min(axis=-1)


def fit(look: tuple[int, int], seeds: int, k: int, m: int, alpha: float, noise: float) -> Runs:
    """Runs in Gaussian noise from a start of any size."""
    return runs(look, seeds, k, m, alpha, 1e-3, noise=noise)


@lru_cache(maxsize=512)
def _batch(
    seed: tuple[int, ...],
    m: int,
    alpha: float,
    until: float,
    disturbed: Disturbed,
    of: tuple[int, int] = (N, RANK),
) -> Runs:
    most, target = FEW if m <= FEW else MANY, truth(*of)
    drawn = gaussian(
        _key(seed), target, most, seeds=TOGETHER, noise=disturbed.noise,
        outliers=disturbed.share, outlier_size=disturbed.size,
    )  # fmt: skip
    problem = first(drawn, m)
    start = starts(seed, TOGETHER, of[0])[-len(_wide_enough(of[1])) :]
    at, path, ends = _descend(problem, start, alpha, until, most / m / (1 - disturbed.share))
    losses = [_loss(problem, factors) * most / m for factors in (*ends, np.sqrt(target)[None])]
    return Runs(at, path, np.stack(losses[:-1]), losses[-1])


def _wide_enough(rank: int) -> tuple[int, ...]:
    """The columns with which a truth of that rank can be reached."""
    return tuple(k for k in COLUMNS if k >= rank)


def _key(seed: tuple[int, ...]) -> jax.Array:
    return jax.random.key(int(np.random.SeedSequence(seed).generate_state(1)[0]))


def starts(seed: tuple[int, ...], seeds: int, n: int = N) -> np.ndarray:
    """Starts of size 1, (columns, S, n, most columns), filled up with zeros."""
    rng = np.random.default_rng(np.random.SeedSequence((*seed, 1)))
    whole = rng.standard_normal((seeds, n, COLUMNS[-1])) / math.sqrt(n)
    return np.stack([whole * (np.arange(COLUMNS[-1]) < k) for k in COLUMNS])


def first(drawn: Measurements, m: int) -> Measurements:
    """The first m of the measurements, the others zero: one program serves all m.

    A zero row adds nothing to a step but shortens it, for the mean is over all rows.
    """
    kept = np.arange(drawn.rows.shape[-2]) < m
    rows, values = np.asarray(drawn.rows), np.asarray(drawn.values)
    return Measurements(jnp.asarray(rows * kept[:, None]), jnp.asarray(values * kept), drawn.truth)


def _descend(
    problem: Measurements | Population, start: np.ndarray, alpha: float, until: float, factor: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Looks, errors (columns, S, T) and factors at the end; steps are `factor` times as long."""
    rho = decay(alpha)
    steps = math.ceil(math.log(until) / math.log(rho))
    found = subgradient_descent(
        problem, alpha * start, rate=ETA * factor / math.sqrt(2 / math.pi), decay=rho,
        steps=tuple(np.unique(np.linspace(0, steps, LOOKS).astype(int)).tolist()),
    )  # fmt: skip
    if np.any(found.diverged):
        raise FloatingPointError(f"{found.diverged.sum()} runs left: steps are too long.")
    return found.at, np.sqrt(found.error), np.asarray(found.factors[0])


def _loss(problem: Measurements, factors: np.ndarray) -> np.ndarray:
    """The mean absolute error of factors (S or 1, n, k) over all rows, zeros included, (S,)."""
    rows, values = np.asarray(problem.rows), np.asarray(problem.values)
    products = coordinates(factors @ np.swapaxes(factors, -1, -2), symmetric=True)
    return np.abs((rows @ products[..., None])[..., 0] - values).mean(axis=-1)


def known(look: tuple[int, int], seeds: int, k: int, alpha: float) -> np.ndarray:
    """Errors at the end where the whole matrix is known, (S,)."""
    return _known(look, seeds, alpha)[COLUMNS.index(k)]


@lru_cache(maxsize=64)
def _known(look: tuple[int, int], seeds: int, alpha: float) -> np.ndarray:
    return _descend(population(TRUTH), starts(look, seeds), alpha, 0.1 * alpha**2, 1.0)[1][..., -1]


def recovered(look: tuple[int, int], seeds: int, k: int, counts: tuple[int, ...]) -> np.ndarray:
    """Which runs end within a tenth of the truth's size, (S, counts).

    The measurements of a seed are the first so many of one draw.
    """
    batches = [
        np.stack([_batch((*look, 2, i), m, 1e-3, 1e-3, Disturbed()).error for m in counts], axis=-1)
        for i in range(-(-seeds // TOGETHER))
    ]
    return np.concatenate(batches, axis=1)[COLUMNS.index(k)] < 0.1


def taken(accuracy: Accuracy, seeds: int) -> int:
    """How many seeds to take, where `seeds` serve for a first look.

    A counterexample is confirmed by as many as found it: exponents are far from the wrong ones.
    """
    return max(1, round(seeds * (accuracy.found or accuracy.effort)))


def exponent(x: tuple[float, ...], y: np.ndarray) -> Measurement:
    """The mean over seeds of the slope of ln y, (S, points), over ln x.

    By as much as the slopes over the lower and the upper half of x differ, the limit may be off.
    """
    found, bias = _slope_of(x, y)
    return Measurement.mean(found, bias=bias)


def every_exponent(x: tuple[float, ...], y: np.ndarray) -> Measurement:
    """The same of all seeds: between the least and the largest, where they hardly differ."""
    found, bias = _slope_of(x, y)
    return Measurement.bracket(found.min() - bias, found.max() + bias)


def _slope_of(x: tuple[float, ...], y: np.ndarray) -> tuple[np.ndarray, float]:
    u, v = np.log(x), np.log(y).T
    half = len(u) // 2 + 1
    whole, lower, upper = (
        np.polyfit(u[part], v[part], 1)[0]
        for part in (slice(None), slice(half), slice(-half, None))
    )
    return whole, abs(float(np.mean(upper - lower)))


# The sub-differential itself.


def slopes(
    rng: np.random.Generator, draws: int, R: float, share: float, size: float
) -> tuple[np.ndarray, np.ndarray]:
    """A sign(<A, X> + s) along X and along a direction across it, for each of many A.

    X is a random matrix of rank 2 and norm R; `size` is the standard deviation of the s that a
    `share` of the values are off by.
    """
    X = rng.standard_normal((LOW, RANK))
    drawn = gaussian(
        jax.random.key(int(rng.integers(2**32))), R * X @ X.T / _size(X), draws,
        outliers=share, outlier_size=size,
    )  # fmt: skip
    return _along_and_across(rng, drawn, X, np.sign(np.asarray(drawn.values)))


def shifted_slopes(
    rng: np.random.Generator, draws: int, R: float, s: float
) -> tuple[np.ndarray, np.ndarray]:
    """The same where every value is off by s: A sign(<A, X> - s)."""
    X = rng.standard_normal((LOW, RANK))
    drawn = gaussian(jax.random.key(int(rng.integers(2**32))), R * X @ X.T / _size(X), draws)
    return _along_and_across(rng, drawn, X, np.sign(np.asarray(drawn.values) - s))


def _along_and_across(
    rng: np.random.Generator, drawn: Measurements, X: np.ndarray, signs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    along = np.asarray(coordinates(X @ X.T / _size(X), symmetric=True))
    across = np.asarray(coordinates(rng.standard_normal((LOW, LOW)), symmetric=True))
    across = across - (across @ along) * along
    rows = np.asarray(drawn.rows)
    return signs * (rows @ along), signs * (rows @ (across / np.linalg.norm(across)))


def deviation(rng: np.random.Generator, m: int, matrices: int) -> float:
    r"""How far sub-differentials at m measurements are from their mean, over low-rank directions.

    The largest $\langle D - D', Y \rangle / \sqrt 2$ over Y of rank 2 and norm 1, and over some
    random X of rank 2, D and D' being those of two independent draws, which have one mean.
    """
    X = rng.standard_normal((matrices, N, RANK))
    ideal = np.asarray(coordinates(X @ np.swapaxes(X, -1, -2), symmetric=True))
    total = np.zeros((matrices, N, N))
    for sign in (1, -1):
        rows = rng.standard_normal((m, ideal.shape[-1]))
        D = np.sign(ideal @ rows.T) @ rows / m
        total += sign * np.asarray(from_coordinates(jnp.asarray(D), (N, N), symmetric=True))
    values = np.abs(np.linalg.eigvalsh(total / math.sqrt(2)))
    return float(np.sqrt(np.sort(values**2, axis=-1)[:, -2:].sum(axis=-1)).max())


def _size(X: np.ndarray) -> float:
    return float(np.linalg.norm(X @ X.T))
