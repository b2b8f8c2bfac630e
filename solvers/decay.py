"""How a perturbation of a steady state of an ordinary differential equation fades.

The deviation u = y - start is integrated as a variable of its own, u' = f(t, start + u), so that
the step size follows |u| through all of its decades. Stepper and step-size control are diffrax's
(Tsitouras 2011; PI control: Hairer and Wanner, Solving Ordinary Differential Equations II, IV.2).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import diffrax as dfx
import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jax.core import Tracer
from jax.typing import ArrayLike

OrdinaryField = Callable[[Array, Array, Any], Array]


class DeviationSeries(NamedTuple):
    """Deviations of n lanes from their start states.

    `ts` (n, samples): times, from 0 to the duration; `deviation` (n, samples): the Euclidean norm
    |y - start|; `error` (n, samples): bound on its numerical error; `converged` (n,): both runs
    reached the end and are finite. What was not reached is inf or nan, with error inf.
    """

    ts: Array
    deviation: Array
    error: Array
    converged: Array


def deviation_series(
    f: OrdinaryField,
    start: ArrayLike,
    args: Any = None,
    *,
    perturbation: ArrayLike,
    duration: ArrayLike,
    samples: int = 65,
    rtol: float = 1e-10,
    max_steps: int = 4096,
) -> DeviationSeries:
    """Integrate y' = f(t, y, args) from start + perturbation, and sample |y - start|.

    **Arguments:** `start` (n, ...): steady states; `perturbation`: the same shape; `duration`: (n,)
    or a scalar, in units of time; every leaf of `args` of shape (n, ...); `samples`: equally spaced
    times, both ends included. `rtol`: relative to the deviation, down to 1e-3 of the perturbation.

    **Returns:** a `DeviationSeries`. The error is the difference to a run with 100 times the
    tolerance, plus rounding of `start`. Running out of `max_steps` gives `converged` False.

    **Raises:** ValueError on shapes, a duration that is not positive, or fewer than two samples.
    """
    y, kick = jnp.asarray(start, dtype=float), jnp.asarray(perturbation, dtype=float)
    if y.ndim < 1 or kick.shape != y.shape:
        raise ValueError(
            f"`start` and `perturbation` have shapes {y.shape} and {kick.shape}; they must have "
            "one shape (n, ...)."
        )
    time = jnp.asarray(duration, dtype=float)
    if time.shape not in ((), y.shape[:1]):
        raise ValueError(f"`duration` has shape {time.shape}; give a scalar or {y.shape[:1]}.")
    if not isinstance(time, Tracer) and not bool(jnp.all((time > 0) & jnp.isfinite(time))):
        raise ValueError(f"`duration` must be positive and finite, got {float(time.min())!r}.")
    if samples < 2:
        raise ValueError(f"`samples={samples!r}` must be at least 2: both ends.")
    time = jnp.broadcast_to(time, y.shape[:1])
    return _series(f, y, kick, time, args, samples, jnp.asarray(rtol, dtype=float), max_steps)


@eqx.filter_jit
def _series(
    f: OrdinaryField,
    start: Array,
    kick: Array,
    duration: Array,
    args: Any,
    samples: int,
    rtol: Array,
    max_steps: int,
) -> DeviationSeries:
    def lane(y: Array, kick: Array, time: Array, a: Any) -> DeviationSeries:
        ts = time * jnp.linspace(0.0, 1.0, samples, dtype=time.dtype)
        # Both tolerances as a batch of two: one program, compiled once.
        tolerances = rtol * jnp.array([1.0, 100.0])
        us, success = jax.vmap(lambda tol: _solve(f, y, kick, ts, a, tol, max_steps))(tolerances)
        norms = jnp.sqrt(jnp.sum(us.reshape(2, samples, -1) ** 2, axis=-1))
        rounding = 4 * jnp.finfo(y.dtype).eps * jnp.max(jnp.abs(y))
        error = jnp.abs(norms[0] - norms[1]) + rounding
        finite = jnp.all(jnp.isfinite(norms))
        return DeviationSeries(
            ts, norms[0], jnp.where(jnp.isfinite(error), error, jnp.inf), jnp.all(success) & finite
        )

    return jax.vmap(lane)(start, kick, duration, args)


def _solve(
    f: OrdinaryField, y: Array, kick: Array, ts: Array, args: Any, tol: Array, max_steps: int
) -> tuple[Array, Array]:
    # Below a thousandth of the kick, and below rounding of f near y, relative control would only
    # chase noise with ever smaller steps.
    floor = 1e-3 * tol * jnp.max(jnp.abs(kick)) + jnp.finfo(y.dtype).eps * jnp.max(jnp.abs(y))
    solution = dfx.diffeqsolve(
        dfx.ODETerm(lambda t, u, a: f(jnp.asarray(t), y + u, a)),
        dfx.Tsit5(),
        t0=ts[0],
        t1=ts[-1],
        dt0=None,
        y0=kick,
        args=args,
        saveat=dfx.SaveAt(ts=ts),
        stepsize_controller=dfx.PIDController(rtol=tol, atol=floor, pcoeff=0.3, icoeff=0.4),
        # Nobody differentiates through this, and it compiles faster.
        adjoint=dfx.ForwardMode(),
        max_steps=max_steps,
        throw=False,
    )
    assert solution.ys is not None
    return solution.ys, solution.result == dfx.RESULTS.successful
