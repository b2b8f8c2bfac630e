"""Periodic orbits of autonomous delay equations, by collocation in trigonometric polynomials.

The unknowns are the Fourier coefficients of one period and its frequency; the equation is required
at 2 modes + 1 equally spaced phases, and Newton's method uses the derivative by JAX, lookups at
state-dependent times included. A smooth orbit is found to round-off with few modes; an orbit with
fast transitions (a relaxation cycle) needs many, and `converged` says where they were too few.
Source: Boyd, Chebyshev and Fourier Spectral Methods (Dover, 2001), chapter 4; for delay equations
Engelborghs et al., SIAM J. Sci. Comput. 22 (2001) 1593.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from lemmata.solvers.functional import (
    Delay,
    Field,
    checked_problem,
    functional,
    positive,
    traced,
)

_PROBLEMS = (
    "none",
    "Newton's method did not converge; give a closer guess and period, from a simulation say",
    "the harmonics do not decay to the tolerance; raise `max_modes`, or move away from the"
    " relaxation regime, where this method does not reach",
    "the guess collapsed onto a steady state; give a guess of a larger amplitude",
)
_CONVERGED = 1e-8  # a Newton step below this is followed by one of its square


class Orbit(eqx.Module):
    """One period of y(t) = Re(c_0) + 2 Re sum_k c_k exp(2 pi i k t / period).

    `period`, and its `period_error`: time. `ts` (N,): equally spaced from 0; `ys` (N, *state).
    `harmonics`: c_0 to c_modes, (modes + 1, *state), complex. `error`: estimate of the largest
    distance from the exact orbit, in units of y. `problem`: 0, or what `advice` puts into words.
    """

    period: Array
    period_error: Array
    ts: Array
    ys: Array
    harmonics: Array
    error: Array
    problem: Array

    @property
    def converged(self) -> Array:
        """Whether the orbit is one, as well resolved as was asked for."""
        return self.problem == 0

    @property
    def amplitude(self) -> Array:
        """Half the distance from the lowest to the highest value, of the state's shape."""
        return _swing(self.harmonics)

    @eqx.filter_jit
    def evaluate(self, t: ArrayLike) -> Array:
        """The state at times of any shape: (*t.shape, *state)."""
        t = jnp.asarray(t, dtype=float)
        phases = 2 * jnp.pi / self.period * t
        values = fourier(phases, len(self.harmonics) - 1) @ coefficients_of(self.harmonics)
        return values.reshape(t.shape + self.harmonics.shape[1:])

    def advice(self) -> str:
        """What is wrong, and what to do about it; for one orbit, not a batch."""
        return _PROBLEMS[int(self.problem)]


def fourier(phase: Array, modes: int) -> Array:
    """1, cos(k phase), sin(k phase) for k = 1 to modes, along a new last axis."""
    k = jnp.arange(1, modes + 1)
    turned = phase[..., None] * k
    one = jnp.ones_like(phase)[..., None]
    return jnp.concatenate([one, jnp.cos(turned), jnp.sin(turned)], axis=-1)


def harmonics_of(coefficients: Array, shape: tuple[int, ...]) -> Array:
    """c_0 to c_modes from the real coefficients (2 modes + 1, n) of `fourier`."""
    modes = len(coefficients) // 2
    waves = (coefficients[1 : modes + 1] - 1j * coefficients[modes + 1 :]) / 2
    return jnp.concatenate([coefficients[:1] + 0j, waves]).reshape(modes + 1, *shape)


def coefficients_of(harmonics: Array) -> Array:
    """The inverse of `harmonics_of`, with the state's axes flat."""
    c = harmonics.reshape(len(harmonics), -1)
    return jnp.concatenate([c[:1].real, 2 * c[1:].real, -2 * c[1:].imag])


@eqx.filter_jit
def _swing(harmonics: Array) -> Array:
    waves = coefficients_of(harmonics)
    modes = len(waves) // 2
    phases = 2 * jnp.pi * jnp.arange(16 * modes) / (16 * modes)

    def highest(wave: Array) -> Array:
        y = lambda phase: fourier(phase, modes) @ wave
        slope, bend = jax.grad(y), jax.grad(jax.grad(y))
        top = phases[jnp.argmax(fourier(phases, modes) @ wave)]
        for _ in range(3):  # Newton, from a point near enough
            curved = bend(top)
            top = top - jnp.where(curved < 0, slope(top) / curved, 0.0)
        return y(top)

    peaks, troughs = (jax.vmap(highest, in_axes=1)(side * waves) for side in (1, -1))
    return ((peaks + troughs) / 2).reshape(harmonics.shape[1:])


class Solved(NamedTuple):
    """What `newton` found: `x`, the size of the last `step`, and the `shifted` collocation's step.

    `jacobian` is that of the last step; steps are relative to `scale`.
    """

    x: Array
    step: Array
    shifted: Array
    jacobian: Array


def newton(
    residual: Callable[[Array, Array], Array], start: Array, scale: Array, most: int
) -> Solved:
    """Solve residual(x, 0) = 0 by Newton's method, then take one step of residual(., 1/2).

    The second argument of `residual` shifts the collocation points by that part of their spacing.
    Both schemes are equally good, and aliasing pulls them in opposite directions: their distance is
    an estimate of the error that the equation itself hands out. Steps are cut to half of `scale`.
    """

    def twice(x: Array, shift: Array) -> tuple[Array, Array]:
        value = residual(x, shift)
        return value, value

    jacobian = jax.jacfwd(twice, has_aux=True)

    # One body for both schemes, so that the equation is compiled once.
    def improve(carry: tuple[Solved, Array]) -> tuple[Solved, Array]:
        found, count = carry
        last = (found.step <= 1e-10) | (count >= most)
        matrix, value = jacobian(found.x, jnp.where(last, 0.5, 0.0))
        step = -jnp.linalg.solve(matrix, value)
        size = jnp.max(jnp.abs(step / scale))
        moved = found.x + step * jnp.minimum(1.0, 0.5 / size)
        after = Solved(
            jnp.where(last, found.x, moved), jnp.where(last, found.step, size), step, matrix
        )
        return after, jnp.where(last, most + 2, count + 1)

    def unfinished(carry: tuple[Solved, Array]) -> Array:
        return carry[1] <= most

    size = len(start)
    none = Solved(
        start, jnp.asarray(jnp.inf, start.dtype), start, jnp.zeros((size, size), start.dtype)
    )
    return jax.lax.while_loop(unfinished, improve, (none, jnp.zeros((), int)))[0]


def defect(
    f: Field, delays: tuple[Delay, ...], shape: tuple[int, ...]
) -> Callable[[Array, Array, Array, Any], Array]:
    """The equation's residual (2 modes + 1, n) in Fourier coefficients, frequency, shift, args."""
    F = functional(f, delays, shape)

    def at(coefficients: Array, omega: Array, shift: Array, args: Any) -> Array:
        modes = len(coefficients) // 2
        phases = 2 * jnp.pi * (jnp.arange(2 * modes + 1) + shift) / (2 * modes + 1)

        def one(phase: Array) -> Array:
            def path(s: Array) -> Array:
                return fourier(phase + omega * s, modes) @ coefficients

            _, rate = jax.jvp(path, (jnp.zeros_like(phase),), (jnp.ones_like(phase),))
            return rate - F(path, args)

        return jax.vmap(one)(phases)

    return at


def measured_orbit(
    coefficients: Array, omega: Array, moved: Array, moved_omega: Array, shape: tuple[int, ...]
) -> Orbit:
    """An orbit and its errors from the solution and the distance of the `moved` one (unjudged)."""
    modes = len(coefficients) // 2
    harmonics = harmonics_of(coefficients, shape)
    sizes = 2 * jnp.abs(harmonics).reshape(modes + 1, -1).max(axis=1)
    # Odd orbits have no even harmonics, so that the last two are looked at, at least.
    last = max(2, modes // 8)
    tail = sizes[-last:].sum()
    ts = 2 * jnp.pi / omega * jnp.arange(2 * modes + 1) / (2 * modes + 1)
    ys = fourier(omega * ts, modes) @ coefficients
    eps = jnp.finfo(ys.dtype).eps
    error = jnp.abs(moved).sum(axis=0).max() + tail + 8 * eps * jnp.max(jnp.abs(ys))
    period = 2 * jnp.pi / omega
    relative = jnp.abs(moved_omega / omega) + (tail / sizes[1:].max()) ** 2 + 8 * eps
    flat = ys.reshape(len(ts), *shape)
    return Orbit(period, period * relative, ts, flat, harmonics, error, jnp.zeros((), int))


def periodic_orbit(
    f: Field,
    guess: Callable[[Array], Array] | ArrayLike,
    period: ArrayLike,
    delays: Sequence[Delay],
    args: Any = None,
    *,
    modes: int = 8,
    max_modes: int = 64,
    tolerance: float = 1e-9,
) -> Orbit:
    """Periodic orbit of y' = f(t, y, ylag, args) near a guess; stable or not makes no difference.

    **Arguments:** `f` autonomous (it is called with t = 0). `guess`: a function of time, or values
    at equally spaced times from 0, without the end, of shape (N, *state); `period`: a guess.
    `delays`: numbers or callables (t, y, args) -> lag. The number of modes doubles from `modes`
    until the error is below `tolerance` times the amplitude, or `max_modes` is passed.

    **Returns:** an `Orbit`; ask for `converged` and `advice()`. Its error adds up the distance to
    the solution on shifted points, and the last harmonics. The phase is that of the guess; a guess
    of twice the period finds the orbit twice over.

    **Raises:** ValueError or TypeError on arguments of the wrong kind, shape or sign.
    """
    if modes < 2 or max_modes < modes:
        raise ValueError(
            f"`modes={modes!r}`, `max_modes={max_modes!r}`: start with at least 2 and end with no "
            "fewer than at the start."
        )
    if not 0 < tolerance < 1:
        raise ValueError(f"`tolerance={tolerance!r}` must lie between 0 and 1; 1e-9 is usual.")
    length = float(jnp.asarray(period))
    samples = _samples(guess, length, 2 * max_modes + 1)
    shape = samples.shape[1:]
    lags, _, (T,) = checked_problem(delays, samples[0], period=length)
    positive("period", T)
    args = traced(args)
    start, omega = _coefficients(samples, modes), 2 * jnp.pi / T
    while True:
        orbit = _solve(f, lags, shape, start, omega, args, jnp.asarray(tolerance))
        if int(orbit.problem) not in (1, 2) or 2 * modes > max_modes:
            return orbit
        modes *= 2
        if int(orbit.problem) == 1:  # too coarse, perhaps, for there to be a solution
            start = _coefficients(samples, modes)
            continue
        # The values of a coarser orbit are the guess of the next.
        start = _coefficients(np.asarray(orbit.ys), modes)
        omega = 2 * jnp.pi / orbit.period


def _samples(guess: Any, period: float, count: int) -> NDArray[np.float64]:
    times = period * np.arange(count) / count
    values = np.asarray(jax.vmap(guess)(jnp.asarray(times)) if callable(guess) else guess, float)
    if values.ndim not in (1, 2) or len(values) < 5:
        raise ValueError(
            f"`guess` has values of shape {values.shape}; give a function of time, or at least 5 "
            "values over one period, of shape (N,) or (N, n)."
        )
    if not np.isfinite(values).all():
        raise ValueError("`guess` has values that are not finite; a guess must be finite.")
    return values


def _coefficients(samples: NDArray[np.float64], modes: int) -> Array:
    """Real Fourier coefficients (2 modes + 1, n) of equally spaced samples (N, *state)."""
    spectrum = np.fft.rfft(samples.reshape(len(samples), -1), axis=0) / len(samples)
    kept = min(modes, (len(samples) - 1) // 2)
    found = np.zeros((2 * modes + 1, spectrum.shape[1]))
    found[0] = spectrum[0].real
    found[1 : kept + 1] = 2 * spectrum[1 : kept + 1].real
    found[modes + 1 : modes + kept + 1] = -2 * spectrum[1 : kept + 1].imag
    return jnp.asarray(found)


@eqx.filter_jit
def _solve(
    f: Field,
    delays: tuple[Delay, ...],
    shape: tuple[int, ...],
    start: Array,
    omega: Array,
    args: Any,
    tolerance: Array,
) -> Orbit:
    equation = defect(f, delays, shape)
    modes, size = len(start) // 2, start.size
    swing = jnp.sqrt((start[1:] ** 2).sum())
    # The phase is fixed by being orthogonal to a shift of the guess.
    k = jnp.arange(1, modes + 1)[:, None]
    drift = jnp.concatenate([k * start[modes + 1 :], -k * start[1 : modes + 1]]) / swing**2

    def residual(x: Array, shift: Array) -> Array:
        coefficients = x[:size].reshape(start.shape)
        rates = equation(coefficients, x[size], shift, args)
        phase = (drift * (coefficients[1:] - start[1:])).sum()
        return jnp.append(rates.ravel() / (omega * swing), phase)

    scale = jnp.append(jnp.full(size, swing), omega)
    found = newton(residual, jnp.append(start.ravel(), omega), scale, 40)
    coefficients, moved = found.x[:size], found.shifted[:size]
    orbit = measured_orbit(
        coefficients.reshape(start.shape),
        jnp.abs(found.x[size]),
        moved.reshape(start.shape),
        found.shifted[size],
        shape,
    )
    left = jnp.sqrt((coefficients.reshape(start.shape)[1:] ** 2).sum())
    failed = ~(found.step < _CONVERGED) | ~(found.x[size] > 0)
    coarse = ~(orbit.error <= tolerance * left)
    problem = jnp.select([failed, left < 1e-4 * swing, coarse], [1, 3, 2], 0)
    lost = (problem == 1) | (problem == 3)
    return eqx.tree_at(
        lambda o: (o.problem, o.error, o.period_error),
        orbit,
        (
            problem,
            jnp.where(lost, jnp.inf, orbit.error),
            jnp.where(lost, jnp.inf, orbit.period_error),
        ),
    )
