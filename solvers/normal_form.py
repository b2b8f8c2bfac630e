"""The Hopf normal form of a delay equation by projection, from its right-hand side alone.

At a Hopf point lambda = i omega the centre manifold is followed to third order; the multilinear
forms B and C of the functional F (`lemmata.solvers.functional`) are nested forward derivatives
along explicit exponentials, so that state-dependent delays need nothing special. Source: Kuznetsov,
Elements of Applied Bifurcation Theory (Springer, 2004), section 5.4, carried over to delays as in
Janssens, On a Normalization Technique for Codimension Two Bifurcations (Utrecht, 2010); for
state-dependent delays Sieber, Discrete Contin. Dyn. Syst. A 32 (2012) 2607.
"""

from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from lemmata.solvers.functional import (
    Delay,
    Field,
    characteristic_matrix,
    checked_problem,
    functional,
    linear_part,
    positive,
    traced,
)

# A root further than this from i omega, relative to omega, is not the Hopf point that was meant.
_NEAR = 1e-6
# A matrix of this condition leaves four digits of its solution.
_SINGULAR = 1e-12

_PROBLEMS = (
    "none",
    "the state is not a steady state, or not an isolated one: f is not zero nearby, or Delta(0) is"
    " singular; solve for the state first, and keep away from folds",
    "Delta(i omega) is not singular: this is no Hopf point; give omega and the parameter to ten"
    " digits",
    "the root i omega is not simple, or its eigenvector has no first component: reorder the state",
    "Delta(2 i omega) is singular: a 1:2 resonance, where there is no cubic normal form",
    "a value was not finite",
)


class NormalForm(eqx.Module):
    """z' = i omega z + c1 z |z|^2, where x ~ x* + 2 Re(z q exp(i omega t)).

    `c1`: complex, per unit of time and per square of the first component's unit; nan where there
    is a `problem`. `error`: bound on |c1 - exact| from round-off and from how far i omega is from
    a root (inf with a problem). `q`, `p`: (n,) right and left null vectors of Delta(i omega); q has
    a unit first component, p Delta'(i omega) q = 1. `h20`, `h11`: (n,) quadratic terms of the
    centre manifold. `residual`: distance of i omega from the next root, to first order. `problem`:
    0, or what `advice` puts into words.
    """

    c1: Array
    error: Array
    q: Array
    p: Array
    h20: Array
    h11: Array
    residual: Array
    problem: Array

    @property
    def supercritical(self) -> Array:
        """Whether cycles near onset are stable on the centre manifold, error included."""
        return self.c1.real + self.error < 0

    def advice(self) -> str:
        """What is wrong, and what to do about it; for one point, not a batch."""
        return _PROBLEMS[int(self.problem)]


class HopfNormalForm(eqx.Module):
    """`form` and `root_slope` = d lambda / d parameter (complex) along the steady states.

    From them follow the laws of the cycle near `parameter`: |z|^2 = (parameter - critical) / mu2.
    """

    form: NormalForm
    omega: Array
    root_slope: Array

    @property
    def mu2(self) -> Array:
        """-Re c1 / Re lambda': positive where cycles exist above the critical parameter."""
        return -self.form.c1.real / self.root_slope.real

    @property
    def amplitude_squared(self) -> Array:
        """Limit of A^2 / (parameter - critical), A = 2 |z| the first component's amplitude."""
        return 4 / self.mu2

    @property
    def period_slope(self) -> Array:
        """Limit of (T / T_critical - 1) / (parameter - critical)."""
        return -(self.root_slope.imag + self.form.c1.imag / self.mu2) / self.omega


def lyapunov_coefficient(
    f: Field, state: ArrayLike, delays: Sequence[Delay], omega: ArrayLike, args: Any = None
) -> NormalForm:
    """First Lyapunov coefficient c1 of y' = f(t, y, ylag, args) at a Hopf point.

    **Arguments:** an autonomous `f` (it is called with t = 0), three times differentiable by JAX at
    the state (where y = 0, `jnp.abs(y) ** 2` is not, and `y**2` is);
    `state`, shape () or (n,), a steady state (polished by Newton's method); `delays`, numbers or
    callables (t, y, args) -> lag; `omega` > 0, in radians per unit of time. For a batch,
    `jax.vmap` over state, omega and args.

    **Raises:** ValueError on shapes, on a delay that is negative and on omega that is not positive;
    TypeError on what is not real.
    """
    lags, y, (frequency,) = checked_problem(delays, state, omega=omega)
    positive("omega", frequency)
    return _lyapunov(f, lags, y, frequency, traced(args))


def hopf_normal_form(
    f: Field,
    state: ArrayLike,
    delays: Sequence[Delay],
    omega: ArrayLike,
    args_of: Callable[[Array], Any],
    parameter: ArrayLike,
) -> HopfNormalForm:
    """The normal form, and how fast the root crosses the axis as the `parameter` grows.

    `args_of(parameter)` are the `args` of `f` and of the delays; the steady state follows by the
    implicit function theorem. Otherwise as `lyapunov_coefficient`.
    """
    lags, y, (frequency, mu) = checked_problem(delays, state, omega=omega, parameter=parameter)
    positive("omega", frequency)
    return _hopf(f, lags, y, frequency, args_of, mu)


@eqx.filter_jit
def _lyapunov(f: Field, delays: tuple, state: Array, omega: Array, args: Any) -> NormalForm:
    y, moved = _polished(f, delays, state, args)
    # The second lane says how c1 depends on omega, and so what an inexact omega costs.
    step = 1e-6 * omega
    pair = jax.vmap(lambda w: _project(f, delays, y, w, args))(jnp.stack([omega, omega + step]))
    form = jax.tree.map(lambda leaf: leaf[0], pair)
    slope = jnp.abs(pair.c1[1] - pair.c1[0]) / step
    lost = ~(moved <= _NEAR * (1 + jnp.max(jnp.abs(state))))
    problem = jnp.where(lost, 1, form.problem)
    error = form.error + 4 * slope * form.residual
    fine = problem == 0
    return eqx.tree_at(
        lambda v: (v.c1, v.error, v.problem),
        form,
        (jnp.where(fine, form.c1, jnp.nan), jnp.where(fine, error, jnp.inf), problem),
    )


@eqx.filter_jit
def _hopf(
    f: Field, delays: tuple, state: Array, omega: Array, args_of: Callable, parameter: Array
) -> HopfNormalForm:
    form = _lyapunov(f, delays, state, omega, args_of(parameter))
    y, _ = _polished(f, delays, state, args_of(parameter))
    matrices, _ = linear_part(f, delays, y, args_of(parameter))
    rest = matrices.sum(axis=0)

    def delta(mu: Array) -> Array:
        args = args_of(mu)
        # One Newton step with the matrix of the critical point: exact to first order in mu.
        rate = functional(f, delays, y.shape)(lambda s: y.ravel(), args)
        moved = y - jnp.linalg.solve(rest, rate).reshape(y.shape)
        return characteristic_matrix(1j * omega, *linear_part(f, delays, moved, args))

    _, change = jax.jvp(delta, (parameter,), (jnp.ones_like(parameter),))
    slope = -form.p @ change @ form.q
    return HopfNormalForm(form, omega, jnp.where(form.problem == 0, slope, jnp.nan))


def _polished(f: Field, delays: tuple, state: Array, args: Any) -> tuple[Array, Array]:
    """The steady state near `state`, and how far that was."""
    F = functional(f, delays, state.shape)
    y = state
    for _ in range(2):
        matrices, _ = linear_part(f, delays, y, args)
        flat = y.ravel()
        correction = jnp.linalg.solve(matrices.sum(axis=0), F(lambda s, at=flat: at, args))
        y = y - correction.reshape(y.shape)
    return y, jnp.max(jnp.abs(y - state))


def null_vectors(matrices: Array, lags: Array, omega: Array) -> tuple[Array, Array, Array]:
    """q and p of Delta(i omega) as in `NormalForm`, and the distance to the next root."""
    delta = characteristic_matrix(1j * omega, matrices, lags)
    fade = (lags * jnp.exp(-1j * omega * lags))[:, None, None]
    slope = jnp.eye(matrices.shape[-1]) + jnp.sum(matrices * fade, axis=0)
    left, _, right = jnp.linalg.svd(delta)
    q = right[-1].conj()
    q = q / q[0]
    p = left[:, -1].conj()
    p = p / (p @ slope @ q)
    return q, p, jnp.abs(p @ delta @ q)


def _project(f: Field, delays: tuple, state: Array, omega: Array, args: Any) -> NormalForm:
    matrices, lags = linear_part(f, delays, state, args)
    q, p, residual = null_vectors(matrices, lags, omega)
    doubled = characteristic_matrix(2j * omega, matrices, lags)
    rest = characteristic_matrix(jnp.zeros((), float), matrices, lags)
    F = functional(f, delays, state.shape)

    def wave(amplitude: Array, frequency: Array, s: Array) -> Array:
        """Real and imaginary part of one exponential, (2, n): F sees only real functions."""
        turned = amplitude * jnp.exp(1j * frequency * s)
        return jnp.stack([turned.real, turned.imag])

    def along(a: Array, b: Array, h20: Array, h11: Array) -> Array:
        def phi(s: Array) -> Array:
            bent = jnp.concatenate([wave(h20, 2 * omega, s), h11[None]])
            return state.ravel() + a @ wave(q, omega, s) + b @ bent

        return F(phi, args)

    none, zero, quadratic = jnp.zeros(2), jnp.zeros_like(q), jnp.zeros(3)
    up, down = jnp.array([1, 1j]), jnp.array([1, -1j])  # q and its conjugate in (Re, Im)
    second = jax.jacfwd(jax.jacfwd(along))
    at_rest = (none, quadratic, zero, zero.real)
    b2 = second(*at_rest)
    c3 = jax.jacfwd(second)(*at_rest)
    h20 = jnp.linalg.solve(doubled, b2 @ up @ up)
    h11 = jnp.linalg.solve(rest, (b2 @ down @ up).real)
    mixed = jax.jacfwd(jax.jacfwd(along, argnums=1))(none, quadratic, h20, h11)
    terms = jnp.stack(
        [
            p @ (c3 @ down @ up @ up),
            p @ (jnp.swapaxes(mixed, 1, 2) @ jnp.concatenate([up, jnp.zeros(1)]) @ down),
            2 * p @ (mixed[:, 2, :] @ up),
        ]
    )
    c1 = terms.sum() / 2

    def condition(matrix: Array) -> Array:
        sizes = jnp.linalg.svd(matrix, compute_uv=False)
        return sizes[-1] / sizes[0]

    conditions = condition(rest), condition(doubled)
    eps = jnp.finfo(state.dtype).eps
    far = residual > _NEAR * omega
    size = jnp.abs(p) @ jnp.abs(matrices).sum(0) @ jnp.abs(q)
    odd = ~(jnp.isfinite(residual) & (eps * size < _NEAR * omega))
    finite = jnp.isfinite(c1)
    trouble = [conditions[0] < _SINGULAR, far, odd, conditions[1] < _SINGULAR, ~finite]
    problem = jnp.select(trouble, [1, 2, 3, 4, 5], 0)
    rounding = 32 * eps * jnp.abs(terms).sum() * (1 / conditions[0] + 1 / conditions[1])
    return NormalForm(c1, rounding, q, p, h20, h11, residual + 8 * eps * size, problem)
