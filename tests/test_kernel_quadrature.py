"""Dual maps by quadrature: the bound holds, is small, and where there is none, that is said."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from scipy.special import erf, ndtr, roots_hermitenorm

from lemmata.verify.errors import UsageError
from lemmata.verify.kernel_bounds import analytic_with_bound
from lemmata.verify.kernel_duals import BY_NAME, LeakyRelu
from lemmata.verify.kernel_pairs import Pairs
from lemmata.verify.kernel_quadrature import NotConverged, Quadrature
from lemmata.verify.kernels import analytic

pytestmark = pytest.mark.heavy

TANH = Quadrature(np.tanh, lambda x: 1 / np.cosh(np.clip(x, -350, 350)) ** 2)
CLOSED: dict[str, tuple[Quadrature, Any]] = {
    "erf": (Quadrature(erf, lambda x: 2 / np.sqrt(np.pi) * np.exp(-x * x)), BY_NAME["erf"]),
    "sin": (Quadrature(jnp.sin), BY_NAME["sin"]),
    "gelu": (Quadrature(jax.jit(lambda x: jax.nn.gelu(x, approximate=False))), BY_NAME["gelu"]),
    "relu": (
        Quadrature(lambda x: np.maximum(x, 0), lambda x: 1.0 * (x > 0), kinks=(0,)),
        BY_NAME["relu"],
    ),
    "leaky": (
        Quadrature(
            lambda x: np.where(x > 0, x, x / 4), lambda x: np.where(x > 0, 1.0, 0.25), kinks=(0,)
        ),
        LeakyRelu(0.25),
    ),
}


def _pairs(q1: float, rho: float, q2: float, gap: float | None = None) -> Pairs:
    """A pair with correlation rho, or within `gap` of rho = 1 or -1."""
    mean = (q1 * q2) ** 0.5
    small = 1 - abs(rho) if gap is None else gap
    ordered = (small, 2 - small) if rho > 0 else (2 - small, small)
    fields = (q1, q2, np.sign(rho) * mean * (1 - small), *(mean * one for one in ordered))
    return Pairs(*(np.asarray(float(one)) for one in fields))


def _draws(count: int, largest: float) -> list[Pairs]:
    rng = np.random.default_rng(0)
    drawn = [
        _pairs(*(largest * rng.uniform(0.01, 1, 1)), rng.uniform(-1, 1), largest * rng.uniform())
        for _ in range(count)
    ]
    near = [_pairs(1.3, side, 0.4, gap) for side in (1, -1) for gap in (0, 1e-12, 1e-5)]
    return drawn + near


@lru_cache
def _hermite() -> tuple[np.ndarray, np.ndarray]:
    """Nodes enough for tanh: a pole at distance a leaves exp(-2 a sqrt(n)), 1e-18 for q = 3."""
    z, weights = roots_hermitenorm(500)
    return z, weights / np.sum(weights)


def _gauss_hermite(phi: Callable[[np.ndarray], np.ndarray], pairs: Pairs) -> float:
    """The product rule, by another factor of the covariance than the code under test uses."""
    z, weights = _hermite()
    matrix = np.array([[pairs.first, pairs.covariance], [pairs.covariance, pairs.second]])
    values, vectors = np.linalg.eigh(matrix.astype(float))
    root = vectors * np.sqrt(np.maximum(values, 0))
    u, v = (row[0] * z[:, None] + row[1] * z[None, :] for row in root)
    return float(np.sum(np.outer(weights, weights) * phi(u) * phi(v)))


@pytest.mark.parametrize("pairs", _draws(8, 3.0))
@pytest.mark.parametrize("slope", [False, True])
def test_tanh_to_ten_digits_with_a_bound_that_holds(pairs: Pairs, slope: bool) -> None:
    found = TANH.integrate(pairs, slope=slope)
    exact = _in_digits((lambda x: mpmath.sech(x) ** 2) if slope else mpmath.tanh, pairs)

    assert abs(found.value - exact) <= found.bound
    assert found.bound <= 1e-11


def _in_digits(phi: Callable[[Any], Any], pairs: Pairs) -> Any:
    """By the trapezoidal rule in 22 digits, at a step that leaves exp(-45) of the integral."""
    with mpmath.workdps(22):
        q1, c, below, above = (
            mpmath.mpf(float(one))
            for one in (pairs.first, pairs.covariance, pairs.below, pairs.above)
        )
        root, rest = mpmath.sqrt(q1), mpmath.sqrt(below * above / q1)
        step = mpmath.mpf(1) / 8
        grid = [step * k for k in range(-76, 77)]
        density = [step * mpmath.npdf(z) for z in grid]

        def given(z: Any) -> Any:
            values = (phi(c / root * z + rest * y) for y in grid)
            return phi(root * z) * mpmath.fdot(density, values)

        # Even under (z, y) -> (-z, -y): half the plane will do.
        half = zip(grid[77:], density[77:], strict=True)
        return density[76] * given(grid[76]) + 2 * mpmath.fsum(p * given(z) for z, p in half)


@pytest.mark.parametrize("name", CLOSED)
def test_the_bound_holds_against_closed_forms(name: str) -> None:
    quadrature, dual = CLOSED[name]
    for pairs in _draws(8, 4.0):
        for slope in (False, True):
            found = quadrature.integrate(pairs, slope=slope)
            exact = dual.slope(pairs) if slope else dual.image(pairs).covariance

            assert abs(found.value - float(exact)) <= found.bound
            assert found.bound <= 1e-10


def test_several_kinks_and_a_jump() -> None:
    """A ramp between -1 and 1/2, which is a difference of two shifted ReLUs, and its derivative."""
    ramp = Quadrature(
        lambda x: np.clip(x, -1, 0.5), lambda x: 1.0 * ((x > -1) & (x < 0.5)), kinks=(0.5, -1)
    )
    q = np.asarray(1.7)
    same = _pairs(1.7, 1, 1.7, 0)
    inside = ndtr(0.5 / q**0.5) - ndtr(-1 / q**0.5)

    # At equal arguments the mean of the derivative's square is a probability.
    found = ramp.integrate(same, slope=True)
    assert abs(found.value - inside) <= found.bound
    independent = ramp.integrate(_pairs(1.7, 1e-300, 0.6), slope=True)
    other = ndtr(0.5 / 0.6**0.5) - ndtr(-1 / 0.6**0.5)
    assert abs(independent.value - inside * other) <= independent.bound + 1e-15


def test_kinks_that_are_not_named_are_refused() -> None:
    for phi in (np.abs, np.sign, lambda x: np.abs(x - 0.3) ** 3, lambda x: np.maximum(x, 0)):
        with pytest.raises(NotConverged, match=r"name phi's kinks in kinks=\(\.\.\.\)"):
            Quadrature(phi, np.sign).integrate(_pairs(1.0, 0.3, 1.3), slope=False)


@pytest.mark.parametrize("steepness", [3.0, 10.0, 30.0, 100.0, 1000.0])
def test_what_is_too_steep_is_refused_or_right(steepness: float) -> None:
    steep = Quadrature(lambda x: erf(steepness * x), lambda x: x)
    pairs = _pairs(1.0, 0.4, 1.5)
    scaled = pairs.scaled(steepness**2)
    try:
        found = steep.integrate(pairs, slope=False)
    except NotConverged:
        assert steepness > 5
    else:
        assert abs(found.value - BY_NAME["erf"].image(scaled).covariance) <= found.bound


def test_growth_beyond_the_reach_is_seen_in_the_bound() -> None:
    pairs = _pairs(1.0, 0.5, 1.0)
    modest = Quadrature(np.exp, np.exp).integrate(pairs, slope=False)

    assert abs(modest.value - np.exp(1.5)) <= modest.bound
    with pytest.raises(NotConverged, match="take smaller variances"):
        Quadrature(np.exp, np.exp).integrate(_pairs(36.0, 0.5, 36.0), slope=False)


@pytest.mark.parametrize("name", ["erf", "gelu", "relu"])
@pytest.mark.parametrize("convention", ["jacot", "yang"])
def test_bounds_hold_through_the_layers(name: str, convention: str) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(2, 3))
    x = np.vstack([x, -x[0] + 1e-6 * x[1], 2 * x[0] + 1e-3 * x[1]])
    quadrature, _ = CLOSED[name]

    for get in ("ntk", "nngp"):
        for depth in (1, 3):
            args = (depth, 1.2, 0.3, convention, get)
            kernel, bound = analytic_with_bound(x, x[:2], depth, quadrature, *args[1:])
            exact = analytic(x, x[:2], depth, name, *args[1:])
            plain = analytic(x, x[:2], depth, quadrature, *args[1:])

            assert np.all(np.abs(kernel - exact) <= bound)
            assert np.all(np.abs(plain - exact) <= bound)
            # A kink makes the angle of nearly equal inputs a root of what it is known from.
            small = 1e-9 if name != "relu" else 1e-5
            assert np.all(bound <= small * np.max(np.abs(exact)))


def test_the_bound_is_not_vacuous() -> None:
    x = np.random.default_rng(3).normal(size=(2, 3))
    wrong = Quadrature(lambda x: (1 + 1e-9) * erf(x), lambda x: 2 / np.sqrt(np.pi) * np.exp(-x * x))

    kernel, bound = analytic_with_bound(x, None, 3, wrong, 1.2, 0.3, "jacot")

    exact = analytic(x, None, 3, "erf", 1.2, 0.3, "jacot")
    assert np.all(np.abs(kernel - exact) > bound)


def test_tanh_networks_against_a_finer_rule() -> None:
    x = np.random.default_rng(4).normal(size=(2, 3))
    kernel, bound = analytic_with_bound(x[0], x[1], 4, TANH, 1.5, 0.2, "jacot")

    def entering(s: float, t: float, st: float) -> Pairs:
        mean = (s * t) ** 0.5
        fields = (s, t, st, max(mean - st, 0.0), mean + st)
        return Pairs(*(np.asarray(one) for one in fields))

    s, t, st = (2.25 * float(a @ b) / 3 + 0.04 for a, b in ((x[0], x[0]), (x[1], x[1]), x))
    theta = st
    for _ in range(3):
        pairs = entering(s, t, st)
        theta *= 2.25 * _gauss_hermite(TANH.derivative, pairs)
        s, t, st = (
            2.25 * _gauss_hermite(np.tanh, one) + 0.04
            for one in (entering(s, s, s), entering(t, t, t), pairs)
        )
        theta += st

    assert abs(kernel[0, 0] - theta) <= bound[0, 0]
    assert bound[0, 0] < 1e-10


@pytest.mark.parametrize("q", [40.0, 900.0, 1e6])
@pytest.mark.parametrize("rho", [1.0, 0.9, -0.3, -1.0])
def test_large_variances_with_a_bound_that_holds(q: float, rho: float) -> None:
    pairs = _pairs(q, rho, q / 3) if abs(rho) < 1 else _pairs(q, rho, q / 3, 0.0)
    for name in ("erf", "gelu"):
        quadrature, dual = CLOSED[name]
        for slope in (False, True):
            found = quadrature.integrate(pairs, slope=slope)
            exact = dual.slope(pairs) if slope else dual.image(pairs).covariance
            assert abs(found.value - float(exact)) <= found.bound
            scale = 1.0 if name == "erf" or slope else q
            assert found.bound <= 1e-11 * scale


@pytest.mark.parametrize("q", [50.0, 900.0])
def test_tanh_at_large_variances_against_its_quadrant(q: float) -> None:
    """Of an odd function: twice the mean over u, v > 0, less that at -v, by the density of both."""
    pairs = _pairs(q, 0.4, q / 2)
    edges = np.array([0, 1, 2, 4, 8, 16, 32, *range(64, 420, 32)])
    nodes, weights = np.polynomial.legendre.leggauss(40)
    half = np.diff(edges)[:, None] / 2
    u = (edges[:-1, None] + half * (nodes + 1)).ravel()
    weight = (half * weights).ravel() * np.tanh(u)
    q2, c, det = q / 2, float(pairs.covariance), float(pairs.determinant)
    square = (q2 * u[:, None] ** 2 + q * u**2) / (2 * det)
    across = c * u[:, None] * u / det
    density = (np.exp(across - square) - np.exp(-across - square)) / (2 * np.pi * det**0.5)

    found = TANH.integrate(pairs, slope=False)

    assert abs(found.value - 2 * weight @ density @ weight) <= found.bound + 1e-13
    assert found.bound <= 1e-12


def test_bounds_hold_in_deep_networks_of_large_weights() -> None:
    x = np.random.default_rng(4).normal(size=(2, 3))
    x = np.vstack([x, 0.1 * x[1] - 0.9 * x[0]])
    erf_network = CLOSED["erf"][0]
    for get in ("ntk", "nngp"):
        kernel, bound = analytic_with_bound(x[:1], x, 10, erf_network, 30.0, 0.3, "jacot", get)
        exact = analytic(x, None, 10, "erf", 30.0, 0.3, "jacot", get)
        scale = np.sqrt(exact[0, 0] * np.diag(exact))
        assert np.all(np.abs(kernel - exact[:1]) <= bound)
        assert np.all(bound <= 1e-10 * scale)
    assert analytic_with_bound(x[0], x[1], 10, TANH, 30.0, 0.3, "jacot", "nngp")[1] < 1e-8


@pytest.mark.parametrize("pace", [0.3, 2.0, 9.0])
def test_waves_at_large_variances_are_right_or_refused(pace: float) -> None:
    wave = Quadrature(lambda t: np.cos(pace * t + 1), lambda t: t)
    q, gap = 100.0, 0.7 / pace**2
    try:
        found = wave.integrate(_pairs(q, 1.0, q, gap / q), slope=False)
    except NotConverged:
        assert pace > 2
    else:
        exact = np.exp(-0.7) / 2 + np.cos(2) * np.exp(-(pace**2) * (2 * q - gap)) / 2
        assert abs(found.value - exact) <= found.bound


def test_a_vector_of_zeros() -> None:
    kernel, bound = analytic_with_bound([[0.0, 0.0], [1.0, 2.0]], None, 3, TANH, 1.5, 0.0, "jacot")

    assert np.array_equal(kernel[0], [0, 0])
    assert np.all(bound < 1e-10)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Quadrature("tanh"), "phi='tanh' is no function"),
        (lambda: Quadrature(np.tanh, 3), "derivative=3 is no function"),
        (lambda: Quadrature(np.tanh, kinks=0.0), r"kinks=0\.0 must be a sequence"),
        (lambda: Quadrature(np.tanh, kinks=("0",)), "must be a sequence of real numbers"),
        (lambda: Quadrature(np.tanh, kinks=(np.nan,)), r"kinks=\(nan,\) must be finite"),
        (lambda: Quadrature(np.tanh, tolerance=0), "tolerance=0 must be a number between 0 and 1"),
        (lambda: Quadrature(np.tanh, tolerance="x"), "tolerance='x' must be a number between"),
    ],
)
def test_wrong_parameters_are_refused(make: Callable[[], Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        make()


@pytest.mark.parametrize(
    ("phi", "text"),
    [
        (lambda x: np.tanh(x).astype(np.float32), "phi returned float32 .* jax_enable_x64"),
        (np.sum, r"of shape \(\)"),
        (math.tanh, r"phi fails on an array \(.*\); it must work by elements, as numpy.tanh does"),
        (lambda x: np.where(x > 5, np.inf, x), r"is inf; it must be finite within 13 standard"),
        (lambda x: np.exp(99 * x), r"phi\([0-9.]+\) is inf; .* take smaller w_std"),
    ],
)
def test_a_function_that_does_not_work_is_refused(phi: Callable[[Any], Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        Quadrature(phi).integrate(_pairs(1.0, 0.5, 1.0), slope=False)


@pytest.mark.parametrize("phi", [np.tanh, lambda x: x if x > 0 else 0.0, np.sinh])
def test_functions_of_numpy_need_a_derivative(phi: Callable[[Any], Any]) -> None:
    text = (
        r"phi=.* is not differentiated by JAX.* write it with these \(jnp\.tanh for np\.tanh\), or"
    )
    with pytest.raises(UsageError, match=text):
        Quadrature(phi).integrate(_pairs(1.0, 0.5, 1.0), slope=True)
    if phi is np.tanh:
        with pytest.raises(UsageError, match=r"phi=tanh .* Quadrature\(phi, derivative\)"):
            analytic([1.0], None, 2, Quadrature(phi), 1.0, 0.1, "jacot")


def test_the_reason_fits_the_refusal() -> None:
    pairs = _pairs(1.0, 0.5, 1.0)
    with pytest.raises(NotConverged, match=r"rounding alone is .*; allow more by tolerance"):
        Quadrature(np.sin, np.cos, tolerance=1e-16).integrate(pairs, slope=False)
    with pytest.raises(
        NotConverged, match=r"13 standard deviations there may be .* phi grows fast"
    ):
        Quadrature(np.exp, np.exp).integrate(pairs.scaled(36.0), slope=False)
    with pytest.raises(NotConverged, match="leaves the range of double precision"):
        Quadrature(lambda x: 1e200 * x, np.sign).integrate(pairs, slope=False)


def test_bounds_are_for_quadratures() -> None:
    with pytest.raises(UsageError, match="activation='relu' has a closed form"):
        analytic_with_bound([1.0], None, 2, "relu", 1.0, 0.0, "jacot")


@pytest.mark.parametrize("q", [0.81, 1.0, 2.0, 4.0])
def test_oscillations_at_the_pace_of_the_nodes_are_not_taken_for_a_constant(q: float) -> None:
    wave = Quadrature(lambda t: jnp.cos(8 * jnp.pi * t))
    found = wave.integrate(_pairs(q, 1.0, q, gap=0.0), slope=False)
    assert abs(found.value - 0.5) <= max(found.bound, 1e-15)
    assert found.bound < 1e-10
