"""The classical step: its order, and that it takes arrays of both libraries."""

import jax.numpy as jnp
import numpy as np

from lemmata.solvers.runge_kutta import classical_step


def _error(steps: int) -> float:
    y = np.array([1.0, 0.5])
    for _ in range(steps):
        y = classical_step(lambda v: -v + v**2 / 4, y, 1 / steps)
    exact = 4 / (1 + (4 / np.array([1.0, 0.5]) - 1) * np.e)
    return float(np.max(np.abs(y - exact)))


def test_its_error_falls_with_the_fourth_power_of_the_step() -> None:
    errors = np.log([_error(n) for n in (8, 16, 32, 64)])
    slopes = -np.diff(errors) / np.log(2)
    error = np.std(slopes) / np.sqrt(len(slopes))
    assert abs(slopes[-1] - 4) < 3 * error + 0.1


def test_a_step_is_the_same_by_either_library() -> None:
    by_numpy = classical_step(np.sin, np.array([0.3, 1.0]), np.array([0.1, 0.2]))
    by_jax = classical_step(jnp.sin, jnp.array([0.3, 1.0]), jnp.array([0.1, 0.2]))
    np.testing.assert_allclose(by_numpy, by_jax, rtol=1e-6)
