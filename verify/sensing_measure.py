r"""Descent on matrix factorisations as claims read it: errors along the run, and what it ends on.

Runs are made once for all the points that share their shapes, and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lemmata.solvers.sensing import Descent, OneStep, gradient_descent
from lemmata.solvers.sensing_operators import population
from lemmata.verify.compare.rate import Rate
from lemmata.verify.measurement import Measurement, Series

Array = np.ndarray

#: of the distance to a truth of norm 1: what rounding may make of it
ROUNDING = 5e-15


def columns(factors: Sequence[Array]) -> Array:
    """Factors (n, k) of several k as one array: columns of zeros stay zero."""
    widest = max(one.shape[1] for one in factors)
    return np.stack([np.pad(one, ((0, 0), (0, widest - one.shape[1]))) for one in factors])


def series(run: Descent, power: float = 1.0, unit: Any = 1.0) -> list[Series]:
    """The error of each run to a power, along the steps times `unit`; the start left out."""
    units = np.broadcast_to(unit, len(run.error))
    later = slice(1 if run.at[0] == 0 else 0, None)
    found = []
    for error, left, one_unit in zip(run.error[:, later], run.left, units, strict=True):
        y = error**power
        finite = np.where(np.isfinite(error), error, 0.0)
        found.append(
            Series(
                one_unit * run.at[later], y,
                bias=(np.sqrt(finite) + ROUNDING) ** (2 * power) - finite**power,
                converged=bool(left < 0),
                note="" if left < 0 else f"the run left at step {left}",
            )
        )  # fmt: skip
    return found


def symmetric(
    truths: Sequence[Array], starts: Sequence[Array], rate: Any, steps: Any, **more: Any
) -> Descent:
    """Descent on X X^T, the whole truths known, one run for each of them."""
    return gradient_descent(
        population(np.stack(truths)), columns(starts), rate=np.asarray(rate), steps=steps, **more
    )


def asymmetric(
    truths: Sequence[Array],
    starts: Sequence[tuple[Array, Array]],
    rate: Any,
    steps: Any,
    modify: OneStep | None = None,
    measure: Any = None,
) -> Descent:
    """Descent on F G^T, likewise."""
    F, G = (columns(side) for side in zip(*starts, strict=True))
    return gradient_descent(
        population(np.stack(truths)), (F, G), rate=np.asarray(rate), steps=steps,
        modify=modify, measure=measure,
    )  # fmt: skip


def decay(one: Series) -> Measurement:
    """The rate at which the end of a run decays, with the interval that the engine gives it."""
    found = Rate(law="decay", relative=0.1, because="only the estimate is taken").estimate(
        one, 1e-6
    )
    if found.problem is not None:
        return Measurement(np.nan, converged=False, note=found.problem)
    return Measurement(found.value, bias=found.half_width)


def least_square(F: Array, G: Array) -> float:
    """The least positive eigenvalue of F^T F and of G^T G, at a limit point of the two factors."""
    found = np.concatenate([np.linalg.svd(one, compute_uv=False) ** 2 for one in (F, G)])
    return float(found[found > 1e-6 * found.max()].min())


def least_free(truth: Array, start: tuple[Array, Array], limit: tuple[Array, Array]) -> float:
    """The least |eigenvalue| of the start's F^T F - G^T G on columns that the signal leaves free.

    At a limit point, where F G^T is the truth, those columns are free on which U^T F vanishes, U
    its left singular vectors.
    """
    U, sizes, _ = np.linalg.svd(truth)
    signal = U[:, sizes > 1e-9 * sizes[0]].T @ limit[0]
    free = np.linalg.svd(signal)[2][len(signal) :]
    Delta = start[0].T @ start[0] - start[1].T @ start[1]
    return float(np.abs(np.linalg.eigvalsh(free @ Delta @ free.T)).min())
