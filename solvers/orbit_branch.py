"""Branches of cycles from a Hopf point, followed in their amplitude, and the laws near its onset.

The amplitude A is that of the first component's first harmonic, and the parameter is an unknown,
so that a subcritical branch and its fold are followed like any other. The parameter and the
frequency are even analytic functions of A; their limits at A = 0 are extrapolated from orbits of
finite size, without a look at the normal form. Source: Golubitsky and Schaeffer, Singularities and
Groups in Bifurcation Theory I (Springer, 1985), chapter VIII; Kuznetsov, Elements of Applied
Bifurcation Theory (Springer, 2004), chapter 10.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jax.typing import ArrayLike

from lemmata.solvers.functional import (
    Delay,
    Field,
    checked_problem,
    functional,
    linear_part,
    positive,
)
from lemmata.solvers.normal_form import null_vectors
from lemmata.solvers.orbit import Orbit, defect, measured_orbit, newton

_CONVERGED = 1e-8


class CycleBranch(eqx.Module):
    """Cycles of amplitudes A, in the order in which they were followed; shapes (m,).

    `parameters` and `slopes` = d parameter / dA; `parameter_errors` from shifted collocation and
    the last harmonics. `orbits`: an `Orbit` with a leading axis m (`jax.tree.map` picks one).
    `converged`: whether Newton's method did, and the harmonics decayed.
    """

    amplitudes: Array
    parameters: Array
    parameter_errors: Array
    slopes: Array
    orbits: Orbit
    converged: Array

    @property
    def periods(self) -> Array:
        """Periods (m,), in units of time."""
        return self.orbits.period

    def folds(self) -> np.ndarray:
        """Folds of cycles between neighbours, (count, 3): amplitude, parameter, its uncertainty.

        Where the slope changes its sign the parameter is a cubic through values and slopes; the
        uncertainty is its distance from the value where a straight slope vanishes.
        """
        A, mu, rise = (np.asarray(v) for v in (self.amplitudes, self.parameters, self.slopes))
        fine, found = np.asarray(self.converged), []
        for i in np.flatnonzero((rise[:-1] * rise[1:] < 0) & fine[:-1] & fine[1:]):
            h = A[i + 1] - A[i]
            a, b, jump = h * rise[i], h * rise[i + 1], mu[i + 1] - mu[i]
            cubic = np.polynomial.Polynomial([mu[i], a, 3 * jump - 2 * a - b, a + b - 2 * jump])
            straight = a / (a - b)
            roots = cubic.deriv().roots()
            roots = roots[np.isreal(roots)].real
            if not len(roots):
                continue
            s = roots[np.argmin(np.abs(roots - straight))]
            found.append((A[i] + s * h, cubic(s), abs(cubic(s) - (mu[i] + a * straight / 2))))
        return np.array(found).reshape(-1, 3)


class AmplitudeLaw(NamedTuple):
    """Limits at the onset, and bounds on their errors (nan and inf where there is no limit).

    `amplitude_squared`: of A^2 / (parameter - critical), A the first component's amplitude.
    `period_slope`: of (T / T_critical - 1) / (parameter - critical). `parameter` and `period`: the
    critical ones, extrapolated like the rest. `second_harmonic` (complex) and `mean_shift`: of
    h / A^2 and m / A^2, where the first component is m + A cos s + Re(h exp(2 i s)) + ... beside
    its state at rest; they share an error. `converged`: whether every orbit did, and the parameter
    moves with the amplitude at all.
    """

    amplitude_squared: Array
    amplitude_squared_error: Array
    period_slope: Array
    period_slope_error: Array
    parameter: Array
    parameter_error: Array
    period: Array
    period_error: Array
    second_harmonic: Array
    mean_shift: Array
    shape_error: Array
    converged: Array


def cycle_branch(
    f: Field,
    state: ArrayLike,
    delays: Sequence[Delay],
    args_of: Callable[[Array], Any],
    *,
    omega: ArrayLike,
    parameter: ArrayLike,
    amplitudes: ArrayLike,
    modes: int = 10,
) -> CycleBranch:
    """Follow the cycles of y' = f(t, y, ylag, args_of(parameter)) from a Hopf point.

    **Arguments:** `state`, `omega` and `parameter` at the Hopf point; `amplitudes` (m,), positive,
    in the order in which to follow them: each start is extrapolated from the one before, the first
    from the Hopf point, so that steps must be moderate. `f` and the delays as in `periodic_orbit`.
    For a batch, `jax.vmap` over what `args_of` closes over.

    **Returns:** a `CycleBranch`; where Newton's method failed, `converged` is False and what comes
    after it is no better. Stability: `floquet_multipliers(f, branch.orbits, delays,
    jax.vmap(args_of)(branch.parameters))`.

    **Raises:** ValueError or TypeError on arguments of the wrong kind, shape or sign.
    """
    lags, y, (frequency, mu) = checked_problem(delays, state, omega=omega, parameter=parameter)
    positive("omega", frequency)
    sizes = jnp.asarray(amplitudes, dtype=float)
    if sizes.ndim != 1 or not sizes.size:
        raise ValueError(f"`amplitudes` has shape {sizes.shape}; give at least one, of shape (m,).")
    if not isinstance(sizes, Tracer) and not (np.asarray(sizes) > 0).all():
        raise ValueError(f"`amplitudes` must be positive, got {sizes!r}; 0 is the Hopf point.")
    if modes < 3:
        raise ValueError(f"`modes={modes!r}` must be at least 3; 10 suits cycles near onset.")
    return _branch(f, lags, y, args_of, frequency, mu, sizes, modes)


@eqx.filter_jit
def _branch(
    f: Field,
    delays: tuple[Delay, ...],
    state: Array,
    args_of: Callable[[Array], Any],
    omega: Array,
    parameter: Array,
    amplitudes: Array,
    modes: int,
) -> CycleBranch:
    n = state.size
    size = (2 * modes + 1) * n
    equation = defect(f, delays, state.shape)
    q, _, _ = null_vectors(*linear_part(f, delays, state, args_of(parameter)), omega)

    def residual(x: Array, shift: Array, amplitude: Array) -> Array:
        coefficients, frequency, mu = x[:size].reshape(-1, n), x[size], x[size + 1]
        rates = equation(coefficients, frequency, shift, args_of(mu))
        # The first component's first harmonic is A cos: this fixes amplitude and phase.
        height, phase = coefficients[1, 0] - amplitude, coefficients[modes + 1, 0]
        return jnp.concatenate([rates.ravel() / omega, jnp.stack([height, phase])])

    def follow(
        carry: tuple[Array, Array, Array], amplitude: Array
    ) -> tuple[tuple[Array, Array, Array], CycleBranch]:
        x, tangent, last = carry
        start = x + (amplitude - last) * tangent
        scale = jnp.append(
            jnp.full(size, amplitude), jnp.stack([omega, jnp.abs(x[-1]) + amplitude])
        )
        found = newton(lambda z, shift: residual(z, shift, amplitude), start, scale, 15)
        tangent = jnp.linalg.solve(found.jacobian, jnp.zeros_like(x).at[-2].set(1.0))
        coefficients = found.x[:size].reshape(-1, n)
        orbit = measured_orbit(
            coefficients,
            jnp.abs(found.x[size]),
            found.shifted[:size].reshape(-1, n),
            found.shifted[size],
            state.shape,
        )
        resolved = orbit.error < 1e-3 * amplitude
        fine = (found.step < _CONVERGED) & (found.x[size] > 0)
        problem = jnp.select([~fine, ~resolved], [1, 2], 0)
        bounds = [jnp.where(fine, v, jnp.inf) for v in (orbit.error, orbit.period_error)]
        orbit = eqx.tree_at(
            lambda o: (o.problem, o.error, o.period_error), orbit, (problem, *bounds)
        )
        tail = orbit.error / amplitude
        error = jnp.abs(found.shifted[-1]) + tail**2 * jnp.abs(tangent[-1]) * amplitude
        error = error + 16 * jnp.finfo(x.dtype).eps * jnp.abs(found.x[-1])
        error = jnp.where(fine, error, jnp.inf)
        one = CycleBranch(amplitude, found.x[-1], error, tangent[-1], orbit, problem == 0)
        return (found.x, tangent, amplitude), one

    rest = jnp.zeros((2 * modes + 1, n)).at[0].set(state.ravel())
    wave = jnp.zeros_like(rest).at[1].set(q.real).at[modes + 1].set(-q.imag)
    hopf = jnp.concatenate([rest.ravel(), jnp.stack([omega, parameter])])
    away = jnp.concatenate([wave.ravel(), jnp.zeros(2)])
    return jax.lax.scan(follow, (hopf, away, jnp.zeros(())), amplitudes)[1]


def amplitude_law(
    f: Field,
    state: ArrayLike,
    delays: Sequence[Delay],
    args_of: Callable[[Array], Any],
    *,
    omega: ArrayLike,
    parameter: ArrayLike,
    largest: ArrayLike | None = None,
    count: int = 6,
    modes: int = 8,
) -> AmplitudeLaw:
    """How a cycle's amplitude and period leave the Hopf point, extrapolated from `count` orbits.

    Polynomials in A^2 through the parameter and the frequency of orbits up to the amplitude
    `largest`; their errors add the distance from the polynomials without the largest orbit and
    the orbits' own errors. Without `largest`, a quarter of the size at which the second or third
    derivative along the critical wave catches up with the first. Arguments and errors otherwise as
    for `cycle_branch`; `jax.vmap` it over parameter points.
    """
    if count < 3:
        raise ValueError(f"`count={count!r}` must be at least 3, for two orders of extrapolation.")
    if largest is None:
        lags, y, (frequency, mu) = checked_problem(delays, state, omega=omega, parameter=parameter)
        largest = _reach(f, lags, y, frequency, args_of(mu)) / 4
    top = jnp.asarray(largest, dtype=float)
    # Chebyshev points of A^2 / largest^2 in (0, 1), ascending.
    spread = np.sin(np.pi * (2 * np.arange(count) + 1) / (4 * count)) ** 2
    branch = cycle_branch(
        f,
        state,
        delays,
        args_of,
        omega=omega,
        parameter=parameter,
        amplitudes=top * np.sqrt(spread),
        modes=modes,
    )
    frequencies = 2 * jnp.pi / branch.periods
    frequency_errors = branch.orbits.period_error / branch.periods * frequencies
    (mu, mu_error), (rise, rise_error) = _limits(spread, branch.parameters, branch.parameter_errors)
    (w, w_error), (turn, turn_error) = _limits(spread, frequencies, frequency_errors)
    ratio = turn / rise
    ratio_error = (turn_error + jnp.abs(ratio) * rise_error) / (jnp.abs(rise) - rise_error)
    (second, second_error), (mean, mean_error) = _shape(spread, branch, state)
    settled = jnp.all(branch.converged) & (rise_error < jnp.abs(rise))

    def told(value: Array, error: Array) -> tuple[Array, Array]:
        return jnp.where(settled, value, jnp.nan), jnp.where(settled, error, jnp.inf)

    square = top**2 / rise
    return AmplitudeLaw(
        *told(square, jnp.abs(square) * rise_error / (jnp.abs(rise) - rise_error)),
        *told(-ratio / w, (ratio_error + jnp.abs(ratio) * w_error / w) / w),
        *told(mu, mu_error),
        *told(2 * jnp.pi / w, 2 * jnp.pi / w**2 * w_error),
        told(second, second_error)[0],
        *told(mean, mean_error + second_error),
        settled,
    )


def _reach(f: Field, delays: tuple, state: Array, omega: Array, args: Any) -> Array:
    """The amplitude at which the equation is no longer nearly linear along the critical wave."""
    q, _, _ = null_vectors(*linear_part(f, delays, state, args), omega)
    F = functional(f, delays, state.shape)

    def derivatives(phase: Array) -> tuple[Array, Array]:
        def along(size: Array) -> Array:
            def path(s: Array) -> Array:
                return state.ravel() + size * (q * jnp.exp(1j * (phase + omega * s))).real

            return F(path, args)

        second = jax.jacfwd(jax.jacfwd(along))
        value, third = jax.jvp(second, (jnp.zeros(()),), (jnp.ones(()),))
        return jnp.max(jnp.abs(value)), jnp.max(jnp.abs(third))

    # Both are trigonometric in the phase, and may vanish at some.
    second, third = jax.vmap(derivatives)(jnp.pi / 8 * jnp.arange(8))
    return jnp.minimum(omega / second.max(), jnp.sqrt(omega / third.max()))


def _shape(
    spread: np.ndarray, branch: CycleBranch, state: ArrayLike
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Limits of the second harmonic and of the mean's shift over A^2, with their errors."""
    count = len(spread)
    harmonics = branch.orbits.harmonics.reshape(count, -1, np.size(state))[..., 0]
    mean, wave, double = harmonics[:, 0], harmonics[:, 1], harmonics[:, 2]
    square = 4 * jnp.abs(wave) ** 2
    # In the time in which the first harmonic is a cosine.
    turned = 2 * double * (jnp.conj(wave) / jnp.abs(wave)) ** 2 / square
    moved = (mean.real - jnp.ravel(jnp.asarray(state))[0]) / square
    errors = branch.orbits.error / square
    return _limits(spread, turned, errors)[0], _limits(spread, moved, errors)[0]


def _limits(x: np.ndarray, values: Array, errors: Array) -> list[tuple[Array, Array]]:
    """Value and slope at x = 0 of the polynomial through all points, with their error bounds."""
    found = []
    for order in (0, 1):
        weights = np.linalg.inv(np.vander(x, increasing=True))[order]
        fewer = np.linalg.inv(np.vander(x[:-1], increasing=True))[order]
        value = weights @ values
        gap = jnp.abs(value - fewer @ values[:-1])
        found.append((value, gap + np.abs(weights) @ errors))
    return found
