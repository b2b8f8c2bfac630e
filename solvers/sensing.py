r"""Gradient descent on the factors of a matrix of which all, or some measurements, are known.

The symmetric step is $X \leftarrow X - \eta \mathcal{A}^* \mathcal{A}(X X^T - \Sigma) X$; with two
factors it is $F \leftarrow F - \eta R G$ and $G \leftarrow G - \eta R^T F$ of the old F and G, $R =
\mathcal{A}^* \mathcal{A}(F G^T - \Sigma)$. Errors are squared Frobenius norms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from lemmata.solvers import sensing_checks as checks
from lemmata.solvers.sensing_loop import Schedule, Unbalance, descend
from lemmata.solvers.sensing_operators import Gram, Measurements, Population, Problem
from lemmata.solvers.sensing_runs import layout_for, padded, prepared, to_runs, to_seeds
from lemmata.solvers.sensing_steps import Loss

Start = ArrayLike | tuple[ArrayLike, ArrayLike]


class Descent(NamedTuple):
    """What became of the runs, looked at R times; `...` are the leading axes of the start.

    **Fields:**

    - `at`: the steps of the looks, (R,).
    - `error`: squared Frobenius distance to the truth, (..., R); inf once a run has left.
    - `left`: the step at which a run was found to leave for infinity, -1 where it stayed, (...).
    - `modified`: the step after which the modified step was taken, -1 where it was not, (...).
    - `measured`: what `measure` gave, each array with leading axes (..., R); None without it. Once
      a run has left, what it gives at the place where the run stopped.
    - `factors`: X or (F, G) after the last step, or where the run stopped.
    """

    at: np.ndarray
    error: np.ndarray
    left: np.ndarray
    modified: np.ndarray
    measured: Any
    factors: tuple[np.ndarray, ...]

    @property
    def diverged(self) -> np.ndarray:
        """Which runs left, (...): their step size is too long."""
        return self.left >= 0


class OneStep(NamedTuple):
    """The modified step of arXiv 2310.01769, section 5, taken once.

    At the first look at which the Frobenius norm of the error is below `below`, F = A S B^T becomes
    beta A, and G becomes G B S / beta: their product stays.
    """

    beta: float
    below: float


def gradient_descent(
    problem: Problem,
    start: Start,
    *,
    rate: ArrayLike,
    steps: int | Sequence[int],
    modify: OneStep | None = None,
    measure: Callable[..., Any] | None = None,
    at_once: int | None = None,
) -> Descent:
    """Descent on the squares of the errors, many runs at once.

    **Arguments:**

    - `problem`: `population(truth)`, `gaussian(...)`, `measured(...)`, or `.gram()` of the latter,
      which takes D^2 operations a step in place of 2 m D.
    - `start`: X of shape (..., n, k), or a tuple of F (..., n1, k) and G (..., n2, k). Leading axes
      are runs: scales, ranks (fill up with columns of zeros, which stay zero), seeds. Of a problem
      with S seeds the last of them is S.
    - `rate`: the step size, one number or an array that fits the leading axes.
    - `steps`: how many, to be looked at 24 times a decade; or the steps of the looks, ascending.
    - `modify`: of two factors, the modified step.
    - `measure(X)` or `measure(F, G)`: anything to report of one run at each look, any tree of
      arrays. A new function is compiled anew, so keep it.
    - `at_once`: seeds of a problem to go side by side, which takes memory; by default one on a CPU,
      whose cache then holds the problem, and all elsewhere.

    One program serves all step sizes, scales and numbers of steps.

    **Raises:** ValueError on shapes that do not fit, numbers that are not finite, a start at zero,
    fewer columns than the truth's rank, a truth that X X^T cannot reach. Divergence is no error:
    see `Descent.left`.
    """
    checks.checked_problem(
        problem,
        (Population, Measurements, Gram),
        "make one with population(truth), gaussian(...) or measured(...).",
    )
    return _descend(problem, start, rate, 1.0, steps, "squares", modify, measure, at_once)


def subgradient_descent(
    problem: Population | Measurements,
    start: Start,
    *,
    rate: ArrayLike,
    decay: float = 1.0,
    steps: int | Sequence[int],
    measure: Callable[..., Any] | None = None,
    at_once: int | None = None,
) -> Descent:
    r"""Descent on the absolute values of the errors, by steps of $\eta \rho^t$.

    The step is $X \leftarrow X - \eta \rho^t D X$ with $D = \frac{1}{m} \sum_i
    \operatorname{sign}(\langle A_i, X X^T \rangle - y_i) A_i$ (the symmetric part of it), and
    sign(0) = 0. Where the truth is known, D is the mean over Gaussian A_i.

    **Arguments:** as for `gradient_descent`; `decay`: rho, above 0 and at most 1. The Gram form
    will not do, for it holds squares alone.

    **Raises:** as `gradient_descent`.
    """
    checks.checked_problem(
        problem,
        (Population, Measurements),
        "absolute values need each measurement by itself. Hand over population(truth) or the "
        "Measurements, without .gram().",
    )
    decay = checks.checked_decay(decay)
    return _descend(problem, start, rate, decay, steps, "absolute", None, measure, at_once)


def imbalance(F: Array, G: Array) -> Array:
    """Delta = F^T F - G^T G, shape (k, k), to be measured: the flow conserves it."""
    return F.T @ F - G.T @ G


def noise_eigenvalues(truth: ArrayLike) -> Callable[[Array], Array]:
    """To be measured of X: the eigenvalues of J^T J, (k,), ascending.

    J is X seen in the null space of a symmetric `truth` (n, n), so that these are the eigenvalues
    of the noise block J J^T, but for zeros. Keep the function: each is compiled anew.
    """
    known = np.asarray(checks.checked_truth(truth, symmetric=True))
    if known.ndim != 2:
        raise ValueError(
            f"`truth` has shape {known.shape}, and one run is measured at a time; give one truth, "
            "of shape (n, n)."
        )
    values, vectors = np.linalg.eigh(known)
    free = vectors[:, np.abs(values) <= checks.NEGLIGIBLE * np.abs(values).max()]

    def eigenvalues(X: Array) -> Array:
        J = jnp.asarray(free.T) @ X
        return jnp.linalg.eigvalsh(J.T @ J)

    return eigenvalues


def _descend(
    problem: Problem,
    start: Start,
    rate: ArrayLike,
    decay: float,
    steps: int | Sequence[int],
    loss: Loss,
    modify: OneStep | None,
    measure: Callable[..., Any] | None,
    at_once: int | None,
) -> Descent:
    checks.check_precision(problem)
    two = isinstance(start, tuple)
    truth = checks.checked_truth(problem.truth, symmetric=not two)
    seeds = truth.shape[0] if truth.ndim == 3 else None
    factors = checks.checked_starts(start, truth.shape[-2:], seeds)
    checks.check_columns(factors, truth)
    if not isinstance(problem, Population):
        checks.check_raw(problem, truth)
        checks.check_coordinates(problem[0].shape[-1], truth.shape[-2:], two)
    lead = factors[0].shape[:-2]
    # By NumPy up to the loop: each of JAX's operations would be compiled for every new shape.
    factors = tuple(map(np.asarray, factors))
    largest = sum(float(np.max(np.sum(f**2, axis=(-2, -1)))) for f in factors)
    rates = checks.checked_rates(rate, lead, largest + float(np.linalg.norm(np.asarray(truth))))
    looks = checks.checked_looks(steps)
    unbalance = None if modify is None else checks.checked_step(modify, two, Unbalance)

    # Runs of one seed go side by side: (S, L, n, k). Of a population all do.
    joint = isinstance(problem, Population) or seeds is None
    by_seeds = lambda a: to_seeds(a, len(lead), joint)
    data, thin = prepared(problem, tuple(map(by_seeds, factors)), lead)
    if at_once is None:
        at_once = 1 if jax.default_backend() == "cpu" else len(thin[0])
    found = descend(
        data, thin, by_seeds(rates),
        Schedule(padded(looks), jnp.asarray(len(looks)), jnp.asarray(float(decay))),
        loss=loss, layout=layout_for(data, thin, loss), measure=measure, modify=unbalance,
        at_once=min(checks.checked_count(at_once, "at_once"), len(thin[0])),
    )  # fmt: skip
    back = lambda a, records: to_runs(np.asarray(a), lead, joint, records)
    return Descent(
        looks,
        back(found.error[:, : len(looks)], True),
        back(found.left, False),
        back(found.modified, False),
        jax.tree.map(lambda a: back(a[:, : len(looks)], True), found.measured),
        tuple(back(f, False) for f in found.factors),
    )
