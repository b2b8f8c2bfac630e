r"""Gradient flows of matrix factorisation, integrated step by step: no closed form is used here.

All are integrated twice, by the method of Dormand and Prince of order 8: what a hundredfold
tolerance changes bounds the error of the finer one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from lemmata.verify.measurement import Measurement, Series

Array = np.ndarray
Field = Callable[[Any], Any]

TOLERANCES = (1e-9, 1e-11)
#: absolute errors that are let pass: of numbers that fade, and of entries that may change sign
FADING, ENTRIES = 1e-40, 1e-14


def integrated(
    field: Field, start: Array, time: Any, value: Callable[[Array], Any], floor: float = FADING
) -> Measurement:
    """A value at the end of the flow y' = field(y), and what a coarser integration makes of it.

    **Arguments:** `start`: any shape, its last axis many flows that are independent of each other;
    `time`: how long each of them lasts, or one for all; `floor`: an absolute error to let pass.
    """
    shape = np.shape(start)

    def scaled(_: float, y: Array) -> Array:
        return (time * field(y.reshape(shape))).ravel()

    ends = [
        solve_ivp(scaled, (0.0, 1.0), np.ravel(start), method="DOP853", rtol=rtol, atol=floor)
        for rtol in TOLERANCES
    ]
    coarse, fine = (np.asarray(value(end.y[:, -1].reshape(shape))) for end in ends)
    return Measurement(
        fine, bias=np.abs(fine - coarse) + 1e-13 * np.abs(fine),
        converged=np.broadcast_to(all(end.success for end in ends), fine.shape),
    )  # fmt: skip


def coordinate(x0: Any, sigma: Any, time: Any, value: Callable[[Array], Any]) -> Measurement:
    r"""$x' = -d x$ with the deviation $d = x^2 - \sigma$ carried along: `value` of (x, d)."""

    def field(y: Array) -> Array:
        x, d = y
        return np.stack([-d * x, -2 * x**2 * d])

    x0 = np.asarray(x0, dtype=float)
    return integrated(field, np.stack([x0, x0**2 - sigma]), time, value)


def pair(f0: Any, g0: Any, sigma: Any, time: Any, value: Callable[[Array], Any]) -> Measurement:
    r"""$f' = -d g$, $g' = -d f$ with $d = f g - \sigma$ carried along: `value` of (f, g, d)."""

    def field(y: Array) -> Array:
        f, g, d = y
        return np.stack([-d * g, -d * f, -d * (f**2 + g**2)])

    f0, g0 = (np.asarray(one, dtype=float) for one in (f0, g0))
    return integrated(field, np.stack([f0, g0, f0 * g0 - sigma]), time, value)


def symmetric(
    truth: Array, start: Array, time: float, value: Callable[[Array], Any]
) -> Measurement:
    r"""$X' = (\Sigma - X X^T) X$: `value` of X, shape (n, k)."""
    return integrated(lambda X: truth @ X - X @ (X.T @ X), start, time, value, ENTRIES)


def asymmetric(
    truth: Array, F: Array, G: Array, time: float, value: Callable[[Array, Array], Any]
) -> Measurement:
    r"""$F' = (\Sigma - F G^T) G$, $G' = (\Sigma - F G^T)^T F$: `value` of F and G."""
    field, rows = _two_factors(truth, len(F)), len(F)
    return integrated(
        field, np.concatenate([F, G]), time, lambda W: value(W[:rows], W[rows:]), ENTRIES
    )


def asymmetric_errors(truth: Array, F: Array, G: Array, times: Sequence[float]) -> Series:
    """The squared error of F G^T at times of the same flow, by two tolerances likewise."""
    field, rows, start = _two_factors(truth, len(F)), len(F), np.concatenate([F, G])
    runs = [
        solve_ivp(
            lambda _, y: field(y.reshape(start.shape)).ravel(), (0.0, times[-1]), start.ravel(),
            t_eval=times, method="DOP853", rtol=rtol, atol=ENTRIES,
        )
        for rtol in TOLERANCES
    ]  # fmt: skip
    if not all(run.success for run in runs):
        return Series(times, np.full(len(times), np.nan), converged=False, note=runs[0].message)
    coarse, fine = (
        np.array([np.sum((W[:rows] @ W[rows:].T - truth) ** 2) for W in _states(run, start.shape)])
        for run in runs
    )
    return Series(times, fine, bias=np.abs(fine - coarse) + 1e-13 * fine)


def _states(run: Any, shape: tuple[int, ...]) -> Array:
    """The matrices of a run, (times, *shape)."""
    return run.y.T.reshape(-1, *shape)


def _two_factors(truth: Array, rows: int) -> Field:
    """The field of F above G."""

    def field(W: Array) -> Array:
        F, G = W[:rows], W[rows:]
        R = truth - F @ G.T
        return np.concatenate([R @ G, R.T @ F])

    return field
