"""An explicit Runge-Kutta pair as plain numbers: its tableau, and its continuous extension.

Both are read off a diffrax stepper. The extension is linear in the slopes, so that it is a table
of polynomial coefficients: y(t + theta h) = y + h sum_i b_i(theta) k_i, with the b_i found once by
evaluating diffrax's own interpolation on unit slopes.
"""

import functools
from dataclasses import dataclass
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True, eq=False)
class Method:
    """A Runge-Kutta pair of s stages with a continuous extension of degree d.

    `nodes` (s,), `stages` (s, s), `weights` (s,), `error` (s,); `dense` (d, s): coefficient of
    theta^1 ... theta^d of each b_i. `order` holds at the nodes, for smooth right-hand sides.
    """

    name: str
    order: int
    degree: int
    nodes: np.ndarray
    stages: np.ndarray
    weights: np.ndarray
    error: np.ndarray
    dense: np.ndarray

    @property
    def count(self) -> int:
        """The number of stages."""
        return len(self.nodes)


def method_of(stepper: diffrax.AbstractSolver) -> Method:
    """Read the pair and its continuous extension off a diffrax stepper.

    **Raises:** ValueError on a stepper that is not an explicit Runge-Kutta pair.
    """
    if not isinstance(stepper, diffrax.AbstractERK):
        raise ValueError(
            f"`method={stepper!r}` must be one of diffrax's explicit Runge-Kutta pairs, "
            "such as `diffrax.Tsit5()` or `diffrax.Dopri8()`."
        )
    return _method_of_class(type(stepper))


@functools.cache
def _method_of_class(kind: type[diffrax.AbstractERK]) -> Method:
    stepper: Any = kind()
    tableau = stepper.tableau
    s = tableau.num_stages
    stages = np.zeros((s, s))
    for i, row in enumerate(tableau.a_lower):
        stages[i + 1, : i + 1] = row
    weights = np.asarray(tableau.b_sol, dtype=float)
    dense = _dense(stepper, weights)
    return Method(
        name=kind.__name__,
        order=int(stepper.order(None)),
        degree=len(dense),
        nodes=np.concatenate([[0.0], np.asarray(tableau.c, dtype=float)]),
        stages=stages,
        weights=weights,
        error=np.asarray(tableau.b_error, dtype=float),
        dense=dense,
    )


def _dense(stepper: Any, weights: np.ndarray) -> np.ndarray:
    theta = np.polynomial.chebyshev.chebpts1(16) / 2 + 0.5
    values = np.zeros((len(theta), len(weights)))
    with jax.ensure_compile_time_eval():
        for i, weight in enumerate(weights):
            unit = jnp.zeros(len(weights)).at[i].set(1.0)
            local = stepper.interpolation_cls(
                t0=0.0, t1=1.0, y0=jnp.zeros(()), y1=jnp.asarray(weight), k=unit
            )
            values[:, i] = np.asarray(jax.vmap(local.evaluate)(jnp.asarray(theta)))
    for degree in range(1, 10):
        powers = theta[:, None] ** np.arange(1, degree + 1)
        table, *_ = np.linalg.lstsq(powers, values, rcond=None)
        if np.abs(powers @ table - values).max() < 1e-12:
            # The interpolant ends where the step ends, to the last bit of the weights.
            table[-1] += weights - table.sum(axis=0)
            return table
    raise ValueError(f"the interpolation of {stepper!r} is no polynomial; use `diffrax.Tsit5()`.")
