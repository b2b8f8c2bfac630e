"""Fit the growth rate and frequency of one dominant mode in an equally spaced series.

A mode pair exp((g +- i w) t), sampled at equal spacing s, obeys u[n+1] = p u[n] - q u[n-1] exactly,
with p and q constant: z^2 - p z + q vanishes at exp((g +- i w) s). Prony's method fits p and q by
least squares and reads g and w from the roots. Source: Hildebrand, Introduction to Numerical
Analysis (1974), section 9.4; Kay, Modern Spectral Estimation (1988), chapter 11.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

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
    two halves (a second mode that still fades, or a nonlinearity that sets in, shows up there),
    plus four standard errors of the fit. Scaling the samples changes nothing.

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
    parts = jnp.stack([rows, rows & ~late, rows & late])
    each = jax.vmap(lambda part: _prony(back, here, ahead, part, step, stride))(parts)
    whole = jax.tree.map(lambda leaf: leaf[0], each)
    error = jnp.max(each.rate) - jnp.min(each.rate) + 4 * whole.error
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
