"""Read the period and the amplitudes of a settled oscillation from an equally spaced series.

The series is weighed by sin^4 windows, in which a frequency w that is not their own leaks in only
as (w L)^-5 (Harris, Proc. IEEE 66 (1978) 51). The frequency is the phase that the first harmonic
gains between two windows; amplitudes are its Fourier sums. Two stretches of the series are read
each by itself, and their difference tells whether the oscillation has settled.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

_CYCLES = 8.0  # that a window must hold
_ROUNDS = 4
_WINDOW = 0.8  # of the stretch that is read


class Cycle(NamedTuple):
    """A settled oscillation mean + sum of harmonics; every array has shape (...,).

    `period` and `amplitude` (of the strongest line, 2 |c_1|) with `period_error` and
    `amplitude_error`; `mean`; `swing`, half of largest less smallest sample. Without a settled
    oscillation the errors are inf.
    """

    period: NDArray[np.float64]
    period_error: NDArray[np.float64]
    amplitude: NDArray[np.float64]
    amplitude_error: NDArray[np.float64]
    mean: NDArray[np.float64]
    swing: NDArray[np.float64]


def cycle_of(samples: ArrayLike, spacing: ArrayLike) -> Cycle:
    """Measure the oscillation in real samples (..., m), `spacing` (...,) apart.

    The first half of the samples is compared with the second; the errors are their difference, and
    n^-5 of the value for the leakage of windows of n oscillations. Fewer than 20 oscillations in
    the series, an amplitude below 1e-9 of its size, or samples that are not finite have errors inf.

    **Raises:** ValueError on fewer than 64 samples or a spacing that is not positive.
    """
    u = np.asarray(samples, dtype=np.float64)
    step = np.broadcast_to(np.asarray(spacing, dtype=np.float64), u.shape[:-1])
    if u.ndim < 1 or u.shape[-1] < 64:
        raise ValueError(f"`samples` of shape {u.shape}: give at least 64 along the last axis.")
    if np.any(step <= 0):
        raise ValueError(f"`spacing` must be positive, got {step.min()!r}.")
    finite = np.isfinite(u).all(axis=-1) & np.isfinite(step)
    v = np.where(finite[..., None], u, 0.0)
    half = u.shape[-1] // 2
    early, late = (_read(part) for part in (v[..., :half], v[..., -half:]))
    size = np.abs(v).max(axis=-1)
    cycles = late[0] * half / (2 * np.pi)
    found = finite & (cycles > 1.25 * _CYCLES) & (late[1] > 1e-9 * size)
    periods = [2 * np.pi * step / np.where(found, one[0], 1.0) for one in (early, late)]
    gaps = [np.abs(a - b) for a, b in (periods, (early[1], late[1]))]
    leak = 1e-10 + np.maximum(_WINDOW * cycles, 1.0) ** -5.0
    errors = [
        np.where(found & np.isfinite(gap), gap + leak * np.abs(value), np.inf)
        for gap, value in zip(gaps, (periods[1], late[1]), strict=True)
    ]
    tail = v[..., -half:]
    swing = (tail.max(axis=-1) - tail.min(axis=-1)) / 2
    value = np.where(found, periods[1], np.nan)
    return Cycle(value, errors[0], np.where(finite, late[1], np.nan), errors[1], late[2], swing)


def _read(u: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Frequency per sample, amplitude of the strongest line, and mean, (...,) each."""
    m = u.shape[-1]
    length = int(_WINDOW * m)
    weight = np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 4
    weight /= weight.sum()
    shift = m - length
    parts = np.stack([u[..., :length], u[..., shift:]], axis=-2)
    mean = parts @ weight
    centred = parts - mean[..., None]
    # The first guess is the strongest line of the spectrum; rounds of phase gained make it exact.
    lines = np.abs(np.fft.rfft(centred[..., 1, :] * weight, axis=-1))
    omega = 2 * np.pi * lines.argmax(axis=-1) / length
    index = np.arange(length)
    sums = np.zeros((*omega.shape, 2), complex)
    for _ in range(_ROUNDS):
        turning = np.exp(-1j * omega[..., None] * index) * weight
        sums = np.einsum("...wk,...k->...w", centred, turning)
        gained = np.angle(sums[..., 1] * np.conj(sums[..., 0]) * np.exp(-1j * omega * shift))
        omega = omega + gained / shift
    return omega, 2 * np.abs(sums[..., 1]), mean[..., 1]
