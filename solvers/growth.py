"""Measure how fast small oscillations grow in a simulated delay equation.

A mode pair exp((g +- i w) t), sampled at equal spacing s, obeys u[n+1] = p u[n] - q u[n-1] exactly,
with p and q constant: z^2 - p z + q vanishes at exp((g +- i w) s). Prony's method fits p and q by
least squares and reads g and w from the roots. Source: Hildebrand, Introduction to Numerical
Analysis (1974), section 9.4; Kay, Modern Spectral Estimation (1988), chapter 11.

Nothing here looks at the linearised equation's roots: the rate is that of the nonlinear simulation.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from lemmata.solvers.dde import ConstantHistory, Field, solve_aligned

# Samples per delay, and the stride of the recurrence in samples. A stride of half a delay turns an
# oscillation of period four delays by 45 degrees: far from 0 and 180, where p and q are ill-defined.
_SAMPLES_PER_DELAY = 8
_STRIDE = 4
_FEWEST_ROWS = 4


class GrowthRate(NamedTuple):
    """`rate` and `frequency` (radians) per unit of time, `error` of the rate; shape (...,) each.

    Without enough usable samples the rate and frequency are nan and the error is inf.
    """

    rate: Array
    frequency: Array
    error: Array


def growth_rate(
    samples: ArrayLike,
    spacing: ArrayLike,
    *,
    stride: int = 1,
    offset: bool = True,
    valid: ArrayLike | None = None,
) -> GrowthRate:
    """Fit the rate of one dominant mode, c0 + Re(A exp((g + i w) t)), in equally spaced samples.

    **Arguments:** `samples` (..., m), at times `spacing` (...,) apart; `stride`: the recurrence
    links samples this far apart (best when w * stride * spacing is near 1); `offset`: remove the
    constant c0 by differencing (pass False where there is none); `valid` (..., m): samples to use,
    all finite ones by default.

    **Returns:** a `GrowthRate`. The error is the spread of the rates of the whole series and of its
    two halves (a second mode that still fades, or a nonlinearity that sets in, shows up there), plus
    two standard errors of the fit. Scaling the samples changes nothing.

    **Raises:** ValueError on too few samples for one row in each half, or a stride below 1.
    """
    u = jnp.asarray(samples)
    fewest = (3 if offset else 2) * stride + 2 * _FEWEST_ROWS
    if stride < 1 or u.ndim < 1 or u.shape[-1] < fewest:
        raise ValueError(
            f"`samples` of shape {u.shape} with stride={stride!r}: give a stride of at least 1 and "
            f"at least {fewest} samples along the last axis."
        )
    use = jnp.isfinite(u)
    if valid is not None:
        use = use & jnp.asarray(valid)
    step = stride * jnp.broadcast_to(jnp.asarray(spacing, u.dtype), u.shape[:-1])
    return _fit(jnp.where(use, u, 0), use, step, stride, offset)


@eqx.filter_jit
def _fit(u: Array, use: Array, step: Array, stride: int, offset: bool) -> GrowthRate:
    def lane(u: Array, use: Array, step: Array) -> GrowthRate:
        return _fit_lane(u, use, step, stride, offset)

    for _ in range(u.ndim - 1):
        lane = jax.vmap(lane)
    return lane(u, use, step)


def _fit_lane(u: Array, use: Array, step: Array, stride: int, offset: bool) -> GrowthRate:
    """The fit of one lane: samples (m,), where to use them (m,), and the time of one stride."""
    if offset:
        u, use = u[stride:] - u[:-stride], use[stride:] & use[:-stride]
    # Row n of the least squares: u[n + stride] = p u[n] - q u[n - stride].
    back, here, ahead = u[: -2 * stride], u[stride:-stride], u[2 * stride :]
    rows = use[: -2 * stride] & use[stride:-stride] & use[2 * stride :]
    # Every row weighs the same, whether early or late in a growth over many decades.
    size = jnp.sqrt(back**2 + here**2 + ahead**2)
    rows = rows & (size > 0)
    scale = jnp.where(rows, 1 / jnp.where(rows, size, 1), 0)
    back, here, ahead = back * scale, here * scale, ahead * scale
    rank = jnp.cumsum(rows)
    late = rank > rank[-1] // 2
    parts = [rows, rows & ~late, rows & late]
    whole, first, second = (_prony(back, here, ahead, part, step, stride) for part in parts)
    rates = jnp.stack([whole.rate, first.rate, second.rate])
    error = jnp.max(rates) - jnp.min(rates) + 4 * whole.error
    known = jnp.isfinite(error)
    return GrowthRate(
        jnp.where(known, whole.rate, jnp.nan),
        jnp.where(known, whole.frequency, jnp.nan),
        jnp.where(known, error, jnp.inf),
    )


def _prony(
    back: Array, here: Array, ahead: Array, rows: Array, step: Array, stride: int
) -> GrowthRate:
    """Rate, frequency, and standard error of the rate; nan from fewer than four rows."""
    a, b, c = (jnp.where(rows, column, 0) for column in (here, -back, ahead))
    count = jnp.sum(rows, dtype=a.dtype)
    # Gram-Schmidt, not normal equations, which would lose half of the digits; the second column
    # is projected twice, since for one real mode nearly all of it goes.
    r11 = _safe(jnp.sqrt(jnp.sum(a * a)))
    q1 = a / r11
    r12 = jnp.sum(q1 * b)
    rest = b - r12 * q1
    rest = rest - jnp.sum(q1 * rest) * q1
    r22 = _safe(jnp.sqrt(jnp.sum(rest * rest)))
    q2 = rest / r22
    along = jnp.sum(q1 * c)
    left_one = c - along * q1
    across = jnp.sum(q2 * left_one)
    left_two = left_one - across * q2
    # One real mode alone leaves only noise in the second column. Two terms must stand clear of
    # rounding, and earn their place by a much smaller residual; else u[n+1] = p u[n] and q = 0.
    two = (r22 > 1e-12 * r11) & (jnp.sum(left_two**2) < 1e-2 * jnp.sum(left_one**2))
    left = jnp.where(two, left_two, left_one)
    # Overlapping rows share noise: only every stride-th counts as independent.
    noise = jnp.sqrt(jnp.sum(left**2) / jnp.maximum(count - 2, 1) * stride)
    noise = jnp.maximum(noise, 4 * jnp.finfo(a.dtype).eps)
    q, dq = jnp.where(two, across / r22, 0), jnp.where(two, noise / r22, 0)
    p = (along - r12 * q) / r11
    rate, frequency, error = _mode(p, q, noise / r11, dq, r12 / r11)
    enough = count >= _FEWEST_ROWS
    return GrowthRate(
        jnp.where(enough, rate / step, jnp.nan),
        jnp.where(enough, frequency / step, jnp.nan),
        jnp.where(enough, error / step, jnp.inf),
    )


def _mode(p: Array, q: Array, dp: Array, dq: Array, tilt: Array) -> tuple[Array, Array, Array]:
    """log of the larger root of z^2 - p z + q, as (real part, imaginary part, error of the real).

    The errors of the fit are dq of q, and dp - tilt dq of p, with dp and dq independent.
    """
    discriminant = p * p / 4 - q
    root = jnp.sqrt(jnp.abs(discriminant))
    pair = discriminant < 0
    # A pair has |z|^2 = q; of two real roots z is the larger in modulus.
    size = jnp.where(pair, jnp.sqrt(jnp.maximum(q, 0)), jnp.abs(p) / 2 + root)
    angle = jnp.where(pair, jnp.arctan2(root, p / 2), jnp.where(p < 0, jnp.pi, 0.0))
    # (2 z - p) dz = z dp - dq for a real root; near a double one dz is as the root of the errors.
    z = jnp.where(p < 0, -size, size)
    first_order = (size * dp + jnp.abs(z * tilt + 1) * dq) / _safe(2 * root)
    all_dp = dp + jnp.abs(tilt) * dq
    near_double = all_dp / 2 + jnp.sqrt(jnp.abs(p) / 2 * all_dp + dq)
    dz = jnp.where(pair, dq / _safe(2 * size), jnp.minimum(first_order, near_double))
    return jnp.log(size), angle, dz / _safe(size)


def _safe(x: Array) -> Array:
    return jnp.where(x > 0, x, 1)


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
        if not isinstance(value, jax.core.Tracer) and bool(jnp.any(value <= 0)):
            raise ValueError(f"`{name}` must be positive, got {float(value.min())!r} in some lane.")
    if settle < 2 or window < 2 or steps_per_delay < 1 or steps_per_delay % _SAMPLES_PER_DELAY:
        raise ValueError(
            f"settle={settle!r}, window={window!r}, steps_per_delay={steps_per_delay!r}: the first "
            f"two must be at least 2, the last a multiple of {_SAMPLES_PER_DELAY}."
        )
    plan = _Plan(f, settle, window, steps_per_delay)
    return _growth_batch(plan, y, lag, args, kick, headroom * kick)


class _Plan(NamedTuple):
    """What does not vary over the lanes, and is compiled in."""

    f: Field
    settle: int
    window: int
    steps: int


@eqx.filter_jit
def _growth_batch(
    plan: _Plan, start: Array, delay: Array, args: Any, kick: Array, ceiling: Array
) -> GrowthRate:
    def lane(y: Array, lag: Array, a: Any, kick: Array, ceiling: Array) -> GrowthRate:
        rounding = jnp.finfo(y.dtype).eps * jnp.maximum(jnp.abs(y), kick)
        kicks = jnp.stack([kick, jnp.minimum(kick, jnp.maximum(1e-6 * kick, 1e3 * rounding))])
        floors = jnp.stack([1e5 * rounding, kicks[1] / 10])
        (coarse, _), (fine, most) = (
            _simulated_rates(plan, n, y, lag, a, kicks, floors, ceiling) for n in (1, 2)
        )
        error = jnp.abs(fine.rate - coarse.rate) + fine.error
        error = jnp.where(jnp.isnan(error), jnp.inf, error)
        # The small one is for growth only: where nothing grows, it is soon lost in rounding.
        small = (most[0] > ceiling) & (most[1] > 10 * kicks[1]) & (error[1] < error[0])
        return GrowthRate(
            *(jnp.where(small, v[1], v[0]) for v in (fine.rate, fine.frequency, error))
        )

    return jax.vmap(lane)(start, delay, args, kick, ceiling)


def _simulated_rates(
    plan: _Plan,
    refine: int,
    start: Array,
    delay: Array,
    args: Any,
    kicks: Array,
    floors: Array,
    ceiling: Array,
) -> tuple[GrowthRate, Array]:
    """One lane's rates and largest deviations, (kicks,) each, from refine * steps steps."""

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
    odd = (kept[: len(kicks)] - kept[len(kicks) :]) / 2

    def fit(u: Array, floor: Array) -> GrowthRate:
        first, usable = _usable(u, floor, ceiling, plan.window)
        u = jax.lax.dynamic_slice_in_dim(u, first, usable.shape[0])
        spacing = delay / _SAMPLES_PER_DELAY
        return growth_rate(u, spacing, stride=_STRIDE, offset=False, valid=usable)

    # A run that overflowed has certainly grown.
    return jax.vmap(fit)(odd, floors), jnp.max(
        jnp.where(jnp.isnan(odd), jnp.inf, jnp.abs(odd)), axis=1
    )


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
