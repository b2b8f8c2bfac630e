r"""Descent from more and more measurements, against the same runs with the whole truth known.

All is in Gram form, where a run costs the same whatever m is: $\mathcal{A}^* \mathcal{A}$ of m
Gaussian measurements is a Wishart matrix over m, which is drawn as such, and without noise the
target is its product with the truth. Starts of fewer columns are filled up with columns of zeros,
so that one program serves both kinds of run and every m.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from lemmata.solvers.sensing import Descent, gradient_descent
from lemmata.solvers.sensing_operators import Gram, coordinates
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.measurement import Measurement
from lemmata.verify.sensing_setting import start, truth

Array = np.ndarray
N, COLUMNS, ETA, LEAST = 5, 4, 0.2, 0.3
SIZE = N * (N + 1) // 2
#: seeds that go side by side, in one program
TOGETHER = 128
#: the slope is read off at three looks, each after twice as many steps
LOOKS = (500, 1000, 2000)
#: a rate is read off between these squared errors: above rounding, and below where others show
ABOVE, BELOW = 1e-24, 1e-17


def wishart(rng: np.random.Generator, m: int, draws: int) -> Array:
    """A*A for m Gaussian measurements of a symmetric matrix, (draws, D, D): Bartlett's triangle."""
    if m < SIZE:
        raise ValueError(f"m = {m} is below D = {SIZE}, where there is no such triangle.")
    lower = np.tril(rng.standard_normal((draws, SIZE, SIZE)), -1)
    places = np.arange(SIZE)
    lower[:, places, places] = np.sqrt(rng.chisquare(m - places, (draws, SIZE)))
    return lower @ np.swapaxes(lower, -1, -2) / m


def batches(accuracy: Accuracy, seeds: int) -> list[tuple[int, ...]]:
    """Names of so many batches of seeds as hold `seeds` at a first look, and more at later ones."""
    number = max(1, round(accuracy.draws(seeds) / TOGETHER))
    return [(*accuracy.common, i) for i in range(number)]


def _truths_and_starts(batch: tuple[int, ...], r: int, k: int) -> tuple[Array, Array]:
    first = int(np.random.SeedSequence((*batch, 1)).generate_state(1)[0])
    seeds = range(first, first + TOGETHER)
    truths = np.stack([truth(seed, (N, N), r, LEAST if r > 1 else 1.0) for seed in seeds])
    X = np.stack([start(seed, N, k, 1.0) for seed in seeds])
    # Near the end: a start that hardly sees a direction of the truth finds that one last, and
    # noise that begins small shows its law late.
    values, vectors = np.linalg.eigh(truths)
    X = 0.3 * X if k == r else X / np.linalg.norm(X, axis=-2, keepdims=True)
    X[..., :r] = (X[..., :r] if k == r else 0) + vectors[..., -r:] * np.sqrt(values[:, None, -r:])
    return truths, np.pad(X, ((0, 0), (0, 0), (0, COLUMNS - k)))


@lru_cache(maxsize=256)
def _run(batch: tuple[int, ...], r: int, k: int, m: int | None) -> Descent:
    """Runs of a batch of seeds from m measurements; with None the whole truth is known."""
    truths, X = _truths_and_starts(batch, r, k)
    matrix = np.broadcast_to(np.eye(SIZE), (TOGETHER, SIZE, SIZE))
    if m is not None:
        matrix = wishart(np.random.default_rng([*batch, 2, m]), m, TOGETHER)
    about = np.asarray(coordinates(truths, symmetric=True))
    problem = Gram(matrix, (matrix @ about[..., None])[..., 0], truths)  # pyright: ignore
    return gradient_descent(
        problem, X, rate=ETA, at_once=TOGETHER,
        steps=LOOKS if k > r else tuple(range(0, 1000, 5)),
    )  # fmt: skip


def _end_rates(run: Descent) -> Array:
    """How fast each squared error falls, a step; nan where it did not fall so far."""
    found = np.full(len(run.error), np.nan)
    for i, error in enumerate(run.error):
        inside = np.flatnonzero((error < BELOW) & (error > ABOVE))
        if len(inside) > 2 and error[-1] < BELOW:
            first, last = inside[0], inside[-1]
            steps = run.at[last] - run.at[first]
            found[i] = np.log(error[first] / error[last]) / steps
    return found


def rate_deviations(batch: tuple[int, ...], m: int) -> Array:
    """By what share the rate at k = r = 4 differs from that of all known, (TOGETHER,)."""
    some, known = (_end_rates(_run(batch, N - 1, N - 1, one)) for one in (m, None))
    return some / known - 1


def _slopes(run: Descent) -> Array:
    """d ln e / d ln T, without the part that falls like 1/T, which is of the start."""
    early, late = np.diff(np.log(run.error), axis=-1).T / np.log(2)
    return 2 * late - early


def slope_deviations(batch: tuple[int, ...], m: int) -> Array:
    """By how much d ln e / d ln T at k = 2, r = 1 is above that of all known, (TOGETHER,)."""
    some, known = (_slopes(_run(batch, 1, 2, one)) for one in (m, None))
    return some - known


def constant_deviations(batch: tuple[int, ...], m: int) -> Array:
    """By what share T^2 e at the end of those runs differs from that of all known, (TOGETHER,)."""
    some, known = (_run(batch, 1, 2, one).error[:, -1] for one in (m, None))
    return some / known - 1


def exponent_of_mean(x: tuple[float, ...], y: Array) -> Measurement:
    """The slope of the logarithm of the mean over seeds of y, (S, points), over ln x.

    Single values may have either sign. To first order in their noise the slope is a mean over
    seeds, too. By as much as it differs between the lower and the upper half of x, and by a second
    order of the noise, the limit may be off.
    """
    u, mean = np.log(x), y.mean(axis=0)
    if not np.all(mean > 0):
        return Measurement(np.nan, converged=False, note="a mean is not above zero: more draws")
    half = len(u) // 2 + 1
    parts = slice(None), slice(half), slice(-half, None)
    whole, lower, upper = (np.polyfit(u[one], np.log(mean[one]), 1)[0] for one in parts)
    weights = (u - u.mean()) / np.sum((u - u.mean()) ** 2)
    second = np.abs(weights) @ (y.var(axis=0, ddof=1) / len(y) / mean**2) / 2
    return Measurement.mean(
        whole + (y / mean - 1) @ weights, bias=float(abs(upper - lower) + second)
    )
