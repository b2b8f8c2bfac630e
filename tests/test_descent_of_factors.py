"""Training of networks takes the steps of matrix sensing, where its function is X X^T or F G^T."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lemmata.solvers.descent import descend
from lemmata.solvers.sensing import gradient_descent
from lemmata.solvers.sensing_operators import measured
from lemmata.verify import backend

N, R, M, STEPS = 5, 2, 40, (1, 3, 10, 100)


@pytest.fixture(autouse=True)
def _precise():
    with backend.precision():
        yield


def _drawn(seed: int, symmetric: bool):
    rng = np.random.default_rng(seed)
    left, maps = rng.normal(size=(N, R)), rng.normal(size=(M, N, N))
    truth = left @ (left if symmetric else rng.normal(size=(N, R))).T / N
    values = np.einsum("mij,ij->m", maps, truth)
    return truth, maps, values, rng


def _errors(products, truth) -> np.ndarray:
    return np.sum((np.asarray(products) - truth) ** 2, axis=(-2, -1))


def test_of_one_factor() -> None:
    truth, maps, values, rng = _drawn(0, True)
    starts = 0.3 * rng.normal(size=(4, N, 3))
    problem = measured(maps, values, truth, symmetric=True)
    sensed = gradient_descent(problem, starts, rate=0.05, steps=STEPS)
    # (1/2m) sum of squares here, (1/4m) there.
    trained = descend(
        lambda X, A: jnp.einsum("mij,ij->m", A, X @ X.T),
        jnp.asarray(starts), maps, values, rate=0.025, steps=STEPS, measure=lambda X: X @ X.T,
    )  # fmt: skip
    np.testing.assert_allclose(_errors(trained.measured, truth), sensed.error, rtol=1e-9)


def test_of_two_factors() -> None:
    truth, maps, values, rng = _drawn(1, False)
    starts = 0.3 * rng.normal(size=(4, N, 3)), 0.1 * rng.normal(size=(4, N, 3))
    problem = measured(maps, values, truth, symmetric=False)
    sensed = gradient_descent(problem, starts, rate=0.05, steps=STEPS)
    trained = descend(
        lambda pair, A: jnp.einsum("mij,ij->m", A, pair[0] @ pair[1].T),
        jax.tree.map(jnp.asarray, starts), maps, values, rate=0.05, steps=STEPS,
        measure=lambda pair: pair[0] @ pair[1].T,
    )  # fmt: skip
    np.testing.assert_allclose(_errors(trained.measured, truth), sensed.error, rtol=1e-9)
