r"""Small fluctuations of $dz = f(z)\,dt + g\,dW$ about a resting state, of many paths at once.

Heun's scheme of diffrax, whose means are of second order in the step where g is constant, so that
the variance of $dx = -\lambda x\,dt + \sigma\,dW$ is off by $(\lambda h/2)^2$ of itself, where
Euler's scheme has $\lambda h/2$ (Kloeden and Platen, Numerical Solution of Stochastic Differential
Equations, chapter 14). Steps of twice the length on the same numbers say how far off it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import diffrax as dfx
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from lemmata.solvers.batches import over_numbers

Drift = Callable[[Array, Any], Array]
#: states that a program takes at once, each with numbers of its own
LANES = 8


class Schedule(NamedTuple):
    """Steps before the first look, looks, and steps between two of them: even numbers of steps."""

    settle: int = 60
    looks: int = 200
    between: int = 2

    @property
    def steps(self) -> int:
        return self.settle + self.between * self.looks


USUAL = Schedule()


class Moments(NamedTuple):
    """What each path had on average over its looks, shape (paths, n, 2) each.

    `square`: the square of the deviation from the state that it began in; `lagged`: its product
    with that some looks later; `mean`: the deviation itself.
    """

    square: np.ndarray
    lagged: np.ndarray
    mean: np.ndarray


class _Drawn(dfx.AbstractPath):
    """A Brownian path over one step, whose increment is given."""

    increment: Array

    t0: Any = 0.0  # pyright: ignore[reportIncompatibleVariableOverride]
    t1: Any = 1.0  # pyright: ignore[reportIncompatibleVariableOverride]

    def evaluate(self, t0: Any, t1: Any = None, left: bool = True, use_levy: bool = False) -> Array:
        del t0, t1, left, use_levy
        return self.increment


def moments(
    drift: Drift,
    points: Mapping[str, Any],
    seed: Any,
    paths: int,
    schedule: Schedule = USUAL,
) -> tuple[Moments, Moments]:
    """Follow `paths` paths from each of n resting states: in the steps given, and by twos.

    **Arguments:** `drift(z, args)`: of a state of two numbers. `points`: of n states `rest`,
    shape (n, 2), `noise`, (n, 2, 2), whose columns are what each of two Brownian motions is
    multiplied with, `step`, (n,), in units of time, and `lag`, (n,), in looks; `args`, any tree of
    arrays whose first axis is n. `seed`: an integer, or some.

    **Returns:** two times `Moments`, on the same numbers: the second by steps twice as long.

    **Raises:** ValueError on shapes, on a step that is not positive and on a lag that the looks do
    not span.
    """
    n = _checked(points, schedule)
    found = []
    for first in range(0, n, LANES):
        lanes = (first + np.arange(LANES)) % n
        part = {name: _rows(value, lanes) for name, value in points.items()}
        part["lane"] = np.arange(LANES)
        values = over_numbers(
            lambda z, p: _followed(drift, p, z, schedule),
            (*np.ravel(seed).tolist(), first), LANES * 2 * schedule.steps, paths, part,
        )  # fmt: skip
        found.append(values[:, : n - first])
    whole = np.concatenate(found, axis=1)
    fine, coarse = (Moments(*(whole[:, :, j, i] for i in range(3))) for j in range(2))
    return fine, coarse


def _rows(tree: Any, rows: np.ndarray) -> Any:
    return jax.tree.map(lambda x: np.asarray(x, float)[rows], tree)


def _checked(points: Mapping[str, Any], schedule: Schedule) -> int:
    rest = np.asarray(points["rest"], float)
    n = len(rest) if rest.ndim else 0
    shapes = {"rest": (n, 2), "noise": (n, 2, 2), "step": (n,), "lag": (n,)}
    for name, shape in shapes.items():
        if np.shape(points[name]) != shape or not n:
            raise ValueError(f"`{name}` has shape {np.shape(points[name])}; give {shape}, n >= 1.")
    step, lag = np.asarray(points["step"], float), np.asarray(points["lag"], float)
    if not (np.isfinite(step) & (step > 0)).all():
        raise ValueError(f"`step` is {step.min():g}; give positive times.")
    if schedule.settle % 2 or schedule.between % 2 or min(schedule) < 1:
        raise ValueError(
            f"`{schedule!r}`: give even numbers of steps above 0, and a look at least."
        )
    if not ((lag >= 0) & (lag < schedule.looks)).all():
        raise ValueError(f"`lag` is {lag.max():g} of {schedule.looks} looks; take longer steps.")
    return n


@eqx.filter_jit
def _followed(drift: Drift, points: Any, numbers: Array, schedule: Schedule) -> Array:
    """Moments of each path and lane at both lengths of a step, (paths, lanes, 2, 3, 2)."""
    drawn = numbers.astype(float).reshape(len(numbers), LANES, schedule.steps, 2)
    first, between = schedule.settle // 2, schedule.between // 2

    def one(increments: Array, p: Any) -> Array:
        by_two = increments.reshape(-1, 2, 2).sum(axis=1)
        u = (_deviations(drift, p, increments, 1.0)[1::2], _deviations(drift, p, by_two, 2.0))
        return jnp.stack([_moments(each[first::between], p["lag"]) for each in u])

    lanes = jax.vmap(one)
    return jax.vmap(lambda z: lanes(z[points["lane"].astype(int)], points))(drawn)


def _deviations(drift: Drift, p: Any, increments: Array, steps: float) -> Array:
    """After each step, of `steps` units of the step that is given."""
    solver = dfx.Heun()
    root = jnp.sqrt(p["step"])

    def step(z: Array, increment: Array) -> tuple[Array, Array]:
        terms = dfx.MultiTerm(
            dfx.ODETerm(lambda t, z, args: p["step"] * drift(z, args)),
            dfx.ControlTerm(lambda t, z, args: root * p["noise"], _Drawn(increment)),
        )
        z = solver.step(terms, 0.0, steps, z, p["args"], None, made_jump=False)[0]
        return z, z - p["rest"]

    return jax.lax.scan(step, p["rest"], increments)[1]


def _moments(u: Array, lag: Array) -> Array:
    later = jnp.arange(len(u)) + lag.astype(int)
    there = (later < len(u))[:, None]
    products = jnp.where(there, u * u[jnp.minimum(later, len(u) - 1)], 0)
    return jnp.stack([jnp.mean(u**2, axis=0), products.sum(0) / there.sum(), jnp.mean(u, axis=0)])
