"""Laws of a limit cycle as it is born at a Hopf point, measured on simulated trajectories.

Near the onset of oscillations at a delay D_c, the distance D - D_c and the period are smooth
functions of the squared amplitude (Hassard, Kazarinoff and Wan, Theory and Applications of Hopf
Bifurcation (1981), chapter 1). Simulations at several distances are read and carried to amplitude
zero by polynomials; nothing of the normal form is used. (As functions of the distance they are
smooth, too, but only up to where the branch of cycles turns back, which may be close.)
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from lemmata.solvers.aligned import ConstantHistory, Field, solve_aligned
from lemmata.solvers.cycle import Cycle, cycle_of
from lemmata.solvers.to_zero import to_zero

#: relative distances from the onset at which cycles are simulated
DISTANCES = (0.02, 0.03, 0.045, 0.065, 0.09, 0.12)
_SAMPLES_PER_DELAY = 8
_WINDOW = 320  # delays: some eighty oscillations, of which the first and the second half are read


class CycleLaws(NamedTuple):
    """Limits at the onset with bounds on their errors; every array has shape (n,).

    `amplitude`: of A^2 / (delay - onset), A the first harmonic's amplitude; `period`: of
    (T - T_onset) / (delay - onset); `period_at_onset`: of T. `settled`: every simulated cycle did;
    `converged`: besides, the laws could be carried to the onset. `distances`, `amplitudes` and
    `amplitude_errors`: of the single cycles that the limits are read from, (n, distances).
    """

    amplitude: NDArray[np.float64]
    amplitude_error: NDArray[np.float64]
    period: NDArray[np.float64]
    period_error: NDArray[np.float64]
    period_at_onset: NDArray[np.float64]
    period_at_onset_error: NDArray[np.float64]
    settled: NDArray[np.bool_]
    converged: NDArray[np.bool_]
    distances: NDArray[np.float64]
    amplitudes: NDArray[np.float64]
    amplitude_errors: NDArray[np.float64]


def simulated_cycles(
    f: Field,
    start: ArrayLike,
    delay: ArrayLike,
    args: Any = None,
    *,
    perturbation: ArrayLike,
    delays: int,
    steps_per_delay: int = 32,
) -> Cycle:
    """Simulate a scalar equation until its oscillation has settled, and read the cycle.

    **Arguments:** `f(t, y, ylag, args)`; `start` (the steady state), `delay`, `perturbation` (of
    the history, best of the size of the cycle) and every leaf of `args` of shape (n,); `delays`:
    the delay lengths to simulate, of which the last 320 are read.

    **Returns:** a `Cycle` of shape (n,) from twice `steps_per_delay` steps, whose errors also hold
    the difference to `steps_per_delay` steps.

    **Raises:** ValueError on fewer delays than are read, or steps that are no multiple of 8.
    """
    if delays < _WINDOW or steps_per_delay % _SAMPLES_PER_DELAY:
        raise ValueError(
            f"delays={delays!r}, steps_per_delay={steps_per_delay!r}: the first must be at least "
            f"{_WINDOW}, the second a multiple of {_SAMPLES_PER_DELAY}."
        )
    y, lag, kick = (jnp.asarray(v, dtype=float) for v in (start, delay, perturbation))
    coarse, fine = (
        cycle_of(
            _tails(f, y, lag, kick, args, delays, refine * steps_per_delay),
            np.asarray(lag) / _SAMPLES_PER_DELAY,
        )
        for refine in (1, 2)
    )
    return fine._replace(
        period_error=fine.period_error + np.abs(fine.period - coarse.period),
        amplitude_error=fine.amplitude_error + np.abs(fine.amplitude - coarse.amplitude),
    )


@eqx.filter_jit
def _tails(
    f: Field, start: Array, delay: Array, kick: Array, args: Any, delays: int, steps: int
) -> Array:
    def lane(y: Array, lag: Array, kick: Array, a: Any) -> Array:
        history = ConstantHistory(y + kick)
        path = solve_aligned(f, history, lag, delays=delays, steps_per_delay=steps, args=a)
        return path.ys[-_WINDOW * steps :: steps // _SAMPLES_PER_DELAY]

    return jax.vmap(lane)(start, delay, kick, args)


def cycle_laws(
    f: Field,
    start: ArrayLike,
    onset: ArrayLike,
    args: Any = None,
    *,
    scale: ArrayLike,
    crossing_speed: ArrayLike,
    steps_per_delay: int = 32,
    nearer: float = 1.0,
) -> CycleLaws:
    """Measure how amplitude and period of the cycle begin at the delay `onset`.

    **Arguments:** as for `simulated_cycles`, with `onset` for the delay at which the steady state
    turns unstable; `scale` (n,): a deviation at which the equation is no longer linear, where
    simulations start; `crossing_speed` (n,): d Re lambda / d delay there, which says how slowly
    cycles settle: the nearest one gets twenty e-folds before it is read; `nearer`: what the
    distances from the onset are divided by.

    **Returns:** `CycleLaws`, with errors as `to_zero` knows them.
    """
    y, lag, size, speed = (
        np.asarray(v, dtype=float) for v in (start, onset, scale, crossing_speed)
    )
    mu = np.asarray(DISTANCES) / nearer
    # A lane without an onset, or whose pair does not cross to the right, has no cycle to wait for.
    # At the relative distance mu the roots' real part is mu * speed * lag, mu * speed * lag**2 a
    # delay: the simulations count in delays.
    speeds = (speed * lag**2)[(speed > 0) & np.isfinite(lag)]
    slowest = np.min(speeds, initial=1.0) * mu.min()
    delays = _WINDOW + 64 * int(np.ceil(10 / np.maximum(slowest, 1e-3) / 64))
    shape = (len(y), len(mu))

    def spread(v: Any) -> NDArray[np.float64]:
        return np.broadcast_to(np.asarray(v, dtype=float)[:, None], shape).reshape(-1)

    cycles = simulated_cycles(
        f, spread(y), (lag[:, None] * (1 + mu)).reshape(-1), jax.tree.map(spread, args),
        perturbation=0.5 * (size[:, None] * np.sqrt(mu)).reshape(-1), delays=delays,
        steps_per_delay=steps_per_delay,
    )  # fmt: skip
    read = Cycle(*(field.reshape(shape) for field in cycles))
    square = read.amplitude**2
    blur = 2 * read.amplitude * read.amplitude_error
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = mu * lag[:, None] / square
        rise = to_zero(square, distance, distance * blur / square)
        steep = np.ptp(read.period, axis=1) / np.ptp(square, axis=1)
        period = to_zero(square, read.period, read.period_error + steep[:, None] * blur)
        share = rise.value_error / (np.abs(rise.value) - rise.value_error)
        share = np.where(share >= 0, share, np.inf)  # where the limit may be zero
        amplitude = np.where(np.isfinite(share), 1 / rise.value, np.nan)
        slope = period.slope * amplitude
        slope_error = np.abs(slope) * share + period.slope_error * np.abs(amplitude) * (1 + share)
    settled = np.all(np.isfinite(read.amplitude_error), axis=1)
    return CycleLaws(
        amplitude, np.abs(amplitude) * share, slope, slope_error, period.value, period.value_error,
        settled, np.all([settled, np.isfinite(share), np.isfinite(slope_error)], axis=0),
        mu * lag[:, None], read.amplitude, read.amplitude_error,
    )  # fmt: skip
