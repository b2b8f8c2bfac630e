"""Descent from Gaussian measurements, and the Hessian of the loss where it ends.

Runs are kept, and set their own precision, for domains ask for them before anything is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lemmata.solvers.sensing import Descent, gradient_descent
from lemmata.solvers.sensing_operators import Gram, coordinates, gaussian
from lemmata.verify import backend
from lemmata.verify.measurement import Series
from lemmata.verify.sensing_measure import series
from lemmata.verify.sensing_setting import start, truth

Array = np.ndarray
SEEDS, FEW, LEAST, ETA = 12, 4, 0.5, 0.1
#: evenly spaced, for a decay ends within a factor of two of the steps at which it is plain
LOOKS = list(range(1, 10_001, 10))


def _problem(n: int, r: int, m: int, symmetric: bool) -> Gram:
    truths = np.stack([truth(seed, (n, n), r, LEAST) for seed in range(SEEDS)])
    return gaussian(jax.random.key(m), truths, m, symmetric=symmetric).gram()


def _starts(n: int, k: int, alpha: float, which: int = 0) -> Array:
    return np.stack([start(seed, n, k, alpha, which) for seed in range(SEEDS)])


@lru_cache
@backend.precision()
def exact_rank(m: int) -> tuple[list[Series], list[Array]]:
    """Symmetric descent with k = r = 1: errors, and the positive eigenvalues at the ends."""
    problem = _problem(5, 1, m, True)
    run = gradient_descent(problem, _starts(5, 1, 0.3), rate=ETA, steps=LOOKS)

    def loss(X: Any, matrix: Any, target: Any) -> Any:
        v = coordinates(X @ X.T, symmetric=True)
        return v @ matrix @ v / 4 - target @ v / 2

    return series(run), _positive(loss, problem, run)


@lru_cache
@backend.precision()
def asymmetric(m: int) -> tuple[list[Series], list[Array]]:
    """Asymmetric descent with k = 2 > r = 1: errors, and the positive eigenvalues at the ends."""
    return _two_factors(m, (_starts(4, 2, 0.6), _starts(4, 2, 0.2, which=1)))


@lru_cache
@backend.precision()
def asymmetric_exact_rank(m: int) -> tuple[list[Series], list[Array]]:
    """The same with k = r = 1.

    A second column of zeros, which stays zero, makes it of the same shape: it is free at no cost
    where the error is zero, so that it adds no positive eigenvalue at the end.
    """
    wider = lambda one: np.pad(one, ((0, 0), (0, 0), (0, 1)))
    return _two_factors(m, (wider(_starts(4, 1, 0.6)), wider(_starts(4, 1, 0.2, which=1))))


def _two_factors(m: int, both: tuple[Array, Array]) -> tuple[list[Series], list[Array]]:
    problem = _problem(4, 1, m, False)
    run = gradient_descent(problem, both, rate=ETA, steps=LOOKS)

    def loss(factors: Any, matrix: Any, target: Any) -> Any:
        v = coordinates(factors[0] @ factors[1].T, symmetric=False)
        return v @ matrix @ v / 2 - target @ v

    return series(run), _positive(loss, problem, run)


@lru_cache
@backend.precision()
def over_rank(m: int) -> list[Series]:
    """Symmetric descent with k = 3 > r = 2, of the first `FEW` seeds, for these runs are long."""
    few = Gram(*(one[:FEW] for one in _problem(8, 2, m, True)))
    return series(gradient_descent(few, _starts(8, 3, 1.0)[:FEW], rate=ETA, steps=30_000))


def _positive(loss: Callable[..., Any], problem: Gram, run: Descent) -> list[Array]:
    """The positive eigenvalues, ascending, of the Hessian of the loss, for each seed at its end."""
    ends = [jnp.asarray(one) for one in run.factors]
    points = jnp.stack(ends, axis=1) if len(ends) > 1 else ends[0]
    # One program: by single operations each of them would be compiled.
    flat = jax.jit(jax.vmap(jax.hessian(loss)))(points, problem.matrix, problem.target)
    size = points[0].size
    found = []
    for one in np.asarray(flat).reshape(SEEDS, size, size):
        values = np.linalg.eigvalsh(one)
        found.append(values[values > 1e-8 * values[-1]])
    return found
