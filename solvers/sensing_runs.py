"""Runs laid out for the loop: by seeds, in the coordinates of the truth, and back."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lemmata.solvers.sensing_checks import NEGLIGIBLE
from lemmata.solvers.sensing_loop import CAPACITY
from lemmata.solvers.sensing_operators import Population, Problem
from lemmata.solvers.sensing_steps import Diagonal, Factors, Layout, Loss

#: up to so many numbers in a factor of all runs, runs go along the fastest axis
FEW = 4096
#: then columns are written out, at most so many, and fewer runs than these fill no register
MOST_COLUMNS, LEAST_RUNS = 16, 4


def padded(looks: np.ndarray) -> Array:
    """The looks, filled up to a length that many schedules share."""
    return jnp.asarray(np.pad(looks, (0, -len(looks) % CAPACITY), mode="edge"))


def to_seeds(array: np.ndarray, axes: int, joint: bool) -> Array:
    """Leading axes (..., S) to (S, L), or all of them to (1, L)."""
    rest = array.shape[axes:]
    if not joint:
        array = np.moveaxis(array, axes - 1, 0)
    return jnp.asarray(array.reshape(1 if joint else len(array), -1, *rest))


def to_runs(array: np.ndarray, lead: tuple[int, ...], joint: bool, records: bool) -> np.ndarray:
    """Back from (S, [R,] L, ...) to (..., S, [R,] ...)."""
    array = np.moveaxis(array, 1, 2) if records else array
    rest = array.shape[2:]
    if joint:
        return array.reshape((*lead, *rest))
    return np.moveaxis(array.reshape(lead[-1], *lead[:-1], *rest), 0, len(lead) - 1)


def prepared(problem: Problem, factors: Factors, lead: tuple[int, ...]) -> tuple[Any, Factors]:
    """The problem with a leading axis of seeds, and factors in its coordinates."""
    if not isinstance(problem, Population):
        own = problem.truth.ndim == 3
        return jax.tree.map(
            lambda a: jnp.asarray(a, float) if own else jnp.asarray(a, float)[None], problem
        ), factors
    truth = np.asarray(problem.truth, dtype=float)
    if truth.ndim == 2:
        truth = truth[None]
    else:
        truth = np.broadcast_to(truth, (*lead, *truth.shape[1:])).reshape(-1, *truth.shape[1:])
    if len(factors) == 1:
        values, vectors = np.linalg.eigh((truth + np.swapaxes(truth, -1, -2)) / 2)
        sides = (vectors, vectors)
    else:
        U, values, Vt = np.linalg.svd(truth)
        sides = (U, np.swapaxes(Vt, -1, -2))
    # What rounding made of zero singular values is zero.
    least = NEGLIGIBLE * np.abs(values).max(axis=-1, keepdims=True)
    values = np.where(np.abs(values) > least, values, 0.0)
    n = max(truth.shape[-2:])
    values = np.pad(values, [(0, 0), (0, n - values.shape[-1])])
    thin = tuple(
        # Rows of zeros make both factors of one height, and stay zero.
        jnp.asarray(
            np.pad(
                np.swapaxes(side, -1, -2) @ np.asarray(f),
                [(0, 0)] * 2 + [(0, n - f.shape[-2]), (0, 0)],
            )
        )
        for side, f in zip(sides, factors, strict=False)
    )
    return Diagonal(
        jnp.asarray(values[None]), (jnp.asarray(sides[0][None]), jnp.asarray(sides[1][None]))
    ), thin


def layout_for(data: Any, factors: Factors, loss: Loss) -> Layout:
    """The layout in which steps are quickest; measured on CPUs."""
    if not isinstance(data, Diagonal) or loss != "squares":
        return "rows"
    _, lanes, n, k = factors[0].shape
    few = lanes >= LEAST_RUNS and k <= MOST_COLUMNS and lanes * n * k <= FEW
    return "lanes" if few and jax.default_backend() == "cpu" else "columns"
