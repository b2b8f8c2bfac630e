"""Chains of least-squares fits as claims read them: mean errors, and whether there is a mean."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from lemmata.solvers.hill import LEAST, SHARE, tail_index
from lemmata.solvers.least_squares_chain import Errors, chains, weighted_first
from lemmata.verify.accuracy import Accuracy
from lemmata.verify.domain import Point
from lemmata.verify.measurement import Measurement

#: sizes of the noise that every chain is followed with
SIGMAS = (0.5, 2.0)
#: draws times weights
DRAWS = 2**16
#: parts that an estimate by weights is left out by, one by one
PARTS = 64


@lru_cache(maxsize=16)
def _followed(
    common: tuple[int, int], rows: int, features: int, generations: int, draws: int
) -> Errors:
    """Chains for all claims that read the same ones."""
    truth = np.random.default_rng([*common, features]).normal(size=features)
    return chains([*common, rows, features], truth, rows, generations, SIGMAS, draws)


def squares(
    p: Point, accuracy: Accuracy, way: str, generations: int = 10, share: float = 1.0
) -> np.ndarray:
    """Squared errors of every generation at one point, `(draws, generations)`.

    `share`: of the usual number of draws, for what takes less.
    """
    draws = accuracy.draws(round(share * DRAWS)) // int(p.d)
    errors = _followed(accuracy.common, int(p.T), int(p.d), generations, draws)
    return getattr(errors, way)[:, :, SIGMAS.index(float(p.sigma))]


def mean(draws: np.ndarray, heavy: np.ndarray, bias: float = 0.0) -> Measurement:
    """Their mean, with no error bound where the tail of `heavy` shows no variance."""
    if len(heavy) < LEAST / SHARE:
        note = f"{len(heavy)} draws are too few to show their tail; take {LEAST / SHARE:.0f}"
        return Measurement(float(np.mean(draws)), np.inf, bias, converged=False, note=note)
    tail = tail_index(heavy)
    if tail.has_variance:
        return Measurement.mean(draws, bias=bias)
    note = (
        f"the tail of the squared error has index {tail.exponent:.2f} ± {tail.stderr:.2f}, and a"
        " standard error takes more than 2"
    )
    return Measurement(float(np.mean(draws)), np.inf, bias, converged=False, note=note)


def error(p: Point, accuracy: Accuracy, *, way: str, share: float = 1.0) -> Measurement:
    """The mean squared error of the model of generation n, over chains."""
    found = squares(p, accuracy, way, share=share)[:, int(p.n) - 1]
    return mean(found, found)


def less(p: Point, accuracy: Accuracy, *, way: str, than: str) -> Measurement:
    """By how much the mean squared error is less than another, on the same draws."""
    one, other = (squares(p, accuracy, name)[:, int(p.n) - 1] for name in (way, than))
    return mean(other - one, other)


def late(p: Point, accuracy: Accuracy, *, way: str) -> Measurement:
    """The mean squared error carried to many generations, by halving 1/n twice."""
    found = squares(p, accuracy, way, generations=20)
    early, middle, last = found[:, 4], found[:, 9], found[:, 19]
    once, again = 2 * middle - early, 2 * last - middle
    return mean(again, last, bias=abs(float(np.mean(again - once))))


def weighted(p: Point, accuracy: Accuracy) -> Measurement:
    """The mean squared error of one fit, from designs that are weighted; by jackknife."""
    draws = accuracy.draws(2**17)
    off, weights = weighted_first(
        list(accuracy.entropy), int(p.d), int(p.T), float(p.sigma), draws - draws % PARTS
    )
    above, below = (np.sum(one.reshape(PARTS, -1), axis=1) for one in (off * weights, weights))
    whole = np.sum(above) / np.sum(below)
    without = (np.sum(above) - above) / (np.sum(below) - below)
    mended = PARTS * whole - (PARTS - 1) * np.mean(without)
    stderr = np.sqrt((PARTS - 1) / PARTS * np.sum((without - np.mean(without)) ** 2))
    return Measurement(mended, stderr, dof=PARTS - 1)
