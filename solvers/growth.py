"""Measure how fast small perturbations grow in a simulated delay equation.

Nothing here looks at the roots of the linearised equation: the rate is fitted to simulations of the
full, nonlinear one, by Prony's method (`lemmata.solvers.prony`).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jax.core import Tracer
from jax.typing import ArrayLike

from lemmata.solvers.aligned import ConstantHistory, Field, solve_aligned
from lemmata.solvers.prony import GrowthRate, growth_rate

# Samples per delay, and the stride of the recurrence in samples. A stride of half a delay turns an
# oscillation of period four delays by 45 degrees: far from 0 and 180, where p and q are uncertain.
_SAMPLES_PER_DELAY = 8
_STRIDE = 4


def nonlinear_scale(f: Field, start: ArrayLike, args: Any = None) -> Array:
    """Measure by automatic differentiation how far from `start` the right-hand side looks linear.

    The distance at which the second or the third derivative of `f(t, y, ylag, args)` in (y, ylag)
    catches up with the first, for scalar states; `start` and every leaf of `args` of shape (n,).
    Returns (n,), in units of y; inf where f is linear, nan where its first derivative vanishes too.
    """
    return _scales(f, jnp.asarray(start, dtype=float), args)


@eqx.filter_jit
def _scales(f: Field, start: Array, args: Any) -> Array:
    return jax.vmap(lambda y, a: _scale_lane(f, y, a))(start, args)


def _scale_lane(f: Field, start: Array, args: Any) -> Array:
    def at_rest(v: Array) -> Array:
        return f(jnp.zeros((), v.dtype), v[0], (v[1],), args)

    derivatives: list[Callable[[Array], Array]] = [jax.jacfwd(at_rest)]
    for _ in range(2):
        derivatives.append(jax.jacfwd(derivatives[-1]))
    first, second, third = (jnp.max(jnp.abs(d(jnp.stack([start, start])))) for d in derivatives)
    return jnp.minimum(first / second, jnp.sqrt(first / third))


def dde_growth(
    f: Field,
    start: ArrayLike,
    delay: ArrayLike,
    args: Any = None,
    *,
    perturbation: ArrayLike,
    settle: int = 12,
    window: int = 12,
    steps_per_delay: int = 32,
    headroom: float = 1e2,
) -> GrowthRate:
    """Growth rate of small perturbations of a steady state, from simulations of the full equation.

    Each lane is simulated from the histories start + perturbation and start - perturbation; half
    their difference is free of the offset of `start` and of every even power of the nonlinearity.
    What is usable of it ends with the simulation (after `settle` + `window` delays), or where the
    deviation first exceeds `headroom` perturbations, or first falls below 1e5 roundings of
    `start`: a fast decay is judged before round-off, a fast growth before the nonlinearity. The
    rate is fitted on the last `window` delays of that, or on its later half if that is shorter. A
    second perturbation, a million times smaller, leaves fast growth the time to settle; the fit
    with the smaller error is returned.

    **Arguments:** `f(t, y, ylag, args)` for scalar y; `start`, `delay`, `perturbation` and every
    leaf of `args` of shape (n,). A perturbation of 1e-5 of `nonlinear_scale` makes nonlinearity and
    round-off both negligible. One compilation serves every batch of one shape.

    **Returns:** a `GrowthRate` of shape (n,), from 2 * steps_per_delay steps; the error adds the
    difference to the rate from steps_per_delay to the error of the fit. A lane that is not finite,
    or leaves too few usable samples, has rate nan and error inf.

    **Raises:** ValueError on shapes, on a delay or perturbation that is not positive (nan is let
    through, and gives nan), on counts below 2, on steps_per_delay not a multiple of 8.
    """
    y, lag, kick = (jnp.asarray(v, dtype=float) for v in (start, delay, perturbation))
    if y.ndim != 1 or lag.shape != y.shape or kick.shape != y.shape:
        raise ValueError(
            f"`start`, `delay`, `perturbation` have shapes {y.shape}, {lag.shape}, {kick.shape}; "
            "they must have one shape (n,)."
        )
    for name, value in (("delay", lag), ("perturbation", kick)):
        if not isinstance(value, Tracer) and bool(jnp.any(value <= 0)):
            raise ValueError(f"`{name}` must be positive, got {float(value.min())!r} in some lane.")
    if settle < 2 or window < 2 or steps_per_delay < 1 or steps_per_delay % _SAMPLES_PER_DELAY:
        raise ValueError(
            f"settle={settle!r}, window={window!r}, steps_per_delay={steps_per_delay!r}: the first "
            f"two must be at least 2, the last a multiple of {_SAMPLES_PER_DELAY}."
        )
    rounding = jnp.finfo(y.dtype).eps * jnp.maximum(jnp.abs(y), kick)
    small = jnp.minimum(kick, jnp.maximum(1e-6 * kick, 1e3 * rounding))
    kicks = jnp.stack([kick, small], axis=1)
    floors = jnp.stack([1e5 * rounding, small / 10], axis=1)
    plan = _Plan(f, settle, window, steps_per_delay)
    runs = _simulated(plan, y, lag, args, kicks)
    return _fitted(runs, window, lag, kicks, floors, headroom * kick)


class _Plan(NamedTuple):
    """What does not vary over the lanes, and is compiled in."""

    f: Field
    settle: int
    window: int
    steps: int


@eqx.filter_jit
def _simulated(
    plan: _Plan, start: Array, delay: Array, args: Any, kicks: Array
) -> tuple[Array, Array]:
    """Half the difference of opposite perturbations, (n, kicks, samples), coarse and fine."""

    def lane(y: Array, lag: Array, a: Any, kicks: Array) -> tuple[Array, Array]:
        coarse, fine = (_simulated_lane(plan, n, y, lag, a, kicks) for n in (1, 2))
        return coarse, fine

    return jax.vmap(lane)(start, delay, args, kicks)


def _simulated_lane(
    plan: _Plan, refine: int, start: Array, delay: Array, args: Any, kicks: Array
) -> Array:
    def every(t: Array, y: Array, ylag: tuple[Array, ...], a: Any) -> Array:
        return jax.vmap(lambda now, then: plan.f(t, now, (then,), a))(y, ylag[0])

    path = solve_aligned(
        every,
        ConstantHistory(jnp.concatenate([start + kicks, start - kicks])),
        delay,
        delays=plan.settle + plan.window,
        steps_per_delay=refine * plan.steps,
        args=args,
    )
    kept = path.ys[:: refine * plan.steps // _SAMPLES_PER_DELAY].T
    return (kept[: len(kicks)] - kept[len(kicks) :]) / 2


# A program of its own: it does not know the equation, and so is compiled once for all of them.
@eqx.filter_jit
def _fitted(
    runs: tuple[Array, Array],
    window: int,
    delay: Array,
    kicks: Array,
    floors: Array,
    ceiling: Array,
) -> GrowthRate:
    def fit(u: Array, lag: Array, floor: Array, ceiling: Array) -> GrowthRate:
        first, usable = _usable(u, floor, ceiling, window)
        u = jax.lax.dynamic_slice_in_dim(u, first, usable.shape[0])
        return growth_rate(
            u, lag / _SAMPLES_PER_DELAY, stride=_STRIDE, offset=False, valid=usable
        )  # fmt: skip

    def lane(
        coarse: Array, fine: Array, lag: Array, kicks: Array, floors: Array, ceiling: Array
    ) -> GrowthRate:
        both = jnp.stack([coarse, fine])
        each = jax.vmap(jax.vmap(fit, (0, None, 0, None)), (0, None, None, None))
        rates = each(both, lag, floors, ceiling)
        # A run that overflowed has certainly grown.
        most = jnp.max(jnp.where(jnp.isnan(fine), jnp.inf, jnp.abs(fine)), axis=1)
        error = jnp.abs(rates.rate[1] - rates.rate[0]) + rates.error[1]
        error = jnp.where(jnp.isnan(error), jnp.inf, error)
        # The small one is for growth only: where nothing grows, it is soon lost in rounding.
        small = (most[0] > ceiling) & (most[1] > 10 * kicks[1]) & (error[1] < error[0])
        return GrowthRate(
            *(jnp.where(small, v[1], v[0]) for v in (rates.rate[1], rates.frequency[1], error))
        )

    return jax.vmap(lane)(*runs, delay, kicks, floors, ceiling)


def _usable(u: Array, floor: Array, ceiling: Array, window: int) -> tuple[Array, Array]:
    """First sample of the window, and which of its samples lie before the end of what is usable."""
    # The envelope over two delays, not the value: an oscillation passes zero without fading.
    memory = 2 * _SAMPLES_PER_DELAY
    padded = jnp.concatenate([jnp.broadcast_to(jnp.abs(u[0]), (memory,)), jnp.abs(u)])
    envelope = jnp.max(jnp.stack([padded[i : i + len(u)] for i in range(memory + 1)]), axis=0)
    good = (envelope >= floor) & (envelope <= ceiling)
    end = jnp.sum(jnp.cumprod(good))  # nan compares false, and so ends it too
    length = window * _SAMPLES_PER_DELAY + 1
    # The dynamic slice would clamp a later start silently; the end of the series is length away.
    first = jnp.minimum(jnp.maximum(end - length, end // 2), len(u) - length)
    return first, first + jnp.arange(length) < end
