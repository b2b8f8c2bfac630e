"""The language of tensor programs and its exact limits, against known laws and other formulas."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import dblquad
from tests.pages import run_blocks

from lemmata.theory.program_covariance import solve_semidefinite
from lemmata.theory.program_expectation import ExactExpectation
from lemmata.theory.program_limit import execute
from lemmata.theory.tensor_programs import Program
from lemmata.verify.program_expectations import NumericExpectation

EXACT = ExactExpectation()
RESPONSES = ("derivative", "regression")


def relu(z):
    return sp.Max(z, 0)


def product(a, b):
    return a * b


def one_layer():
    p = Program()
    n = p.width("n")
    return p, p.matrix("W", n, n), p.vector("x", n)


@pytest.mark.parametrize("response", RESPONSES)
def test_the_gradient_of_a_mean_pooled_square_depends_on_the_input(response):
    p, W, x = one_layer()
    gradient = W.T @ p.apply(lambda z: z, W @ x)  # of sum(z^2 / 2)
    limit = execute(p, EXACT, response)
    assert limit.mean(product, x, gradient) == 1  # an independent copy of W would say 0
    assert limit.mean(lambda z: z**2, gradient) == 2  # and here 1


def test_the_gradient_of_a_mean_pooled_relu():
    p, W, x = one_layer()
    gradient = W.T @ p.apply(sp.Heaviside, W @ x)
    limit = execute(p, EXACT)  # a step has no derivative, so that this is the regression
    assert limit.mean(product, x, gradient) == 1 / sp.sqrt(2 * sp.pi)
    expected = sp.Rational(1, 2) + 1 / (2 * sp.pi)
    assert sp.simplify(limit.mean(lambda z: z**2, gradient) - expected) == 0
    with pytest.raises(ValueError, match="is no function; use response='regression'"):
        execute(p, EXACT, "derivative")


@pytest.mark.parametrize("response", RESPONSES)
def test_the_semicircle(response):
    p, X, v = one_layer()
    powers = [v]
    for _ in range(6):
        powers.append((X @ powers[-1] + X.T @ powers[-1]) / sp.sqrt(2))
    limit = execute(p, EXACT, response)
    moments = [limit.mean(product, v, power) for power in powers]
    assert moments == [1, 0, 1, 0, 2, 0, 5]


def test_marchenko_pastur_in_the_ratio():
    alpha = sp.Symbol("alpha", positive=True)
    p = Program()
    n, m = p.width("n"), p.width("m", alpha)
    Y = p.matrix("Y", m, n)
    v = p.vector("v", m)
    powers = [v]
    for _ in range(4):
        powers.append(Y @ (Y.T @ powers[-1]))
    limit = execute(p, EXACT)
    moments = [limit.mean(product, v, power) for power in powers]
    for s in range(2, 5):  # Yang's recursion, section 7
        tail = sum(moments[r] * moments[s - 1 - r] for r in range(1, s - 1))
        expected = alpha * tail + (1 + alpha) * moments[s - 1]
        assert sp.expand(moments[s] - expected) == 0
    numbers = [moment.subs(alpha, sp.Rational(1, 2)) for moment in moments[1:]]
    assert numbers == [1, sp.Rational(3, 2), sp.Rational(11, 4), sp.Rational(45, 8)]


def test_a_tied_residual_network_against_its_recursion_and_the_untied_one():
    p, W, x = one_layer()
    h = [x]
    for _ in range(3):
        h.append(W @ p.apply(relu, h[-1]) + h[-1])
    limit = execute(p, EXACT)
    found = [limit.mean(lambda z: z**2, one) for one in h]

    # K(l, m) = C(l, m - 1) + K(l, m - 1), C(l, m) = C(l - 1, m) + V(K of l - 1 and m), with the
    # kernel V of ReLU by its angle: another way than the quadrants that the limit is made of.
    def kernel(q, r, c):
        angle = mpmath.acos(c / mpmath.sqrt(q * r))
        return (
            mpmath.sqrt(q * r)
            * (mpmath.sin(angle) + (mpmath.pi - angle) * mpmath.cos(angle))
            / (2 * mpmath.pi)
        )

    with mpmath.workdps(30):
        K, C = {(0, 0): mpmath.mpf(1)}, {}
        for t in range(1, 4):
            K[0, t] = K[0, t - 1]  # C(0, m) = 0: the input knows nothing of W
            for l in range(1, t + 1):
                m = t - 1
                K[l, m] = K[min(l, m), max(l, m)]
                C[l, m] = C.get((l - 1, m), 0) + kernel(
                    K[l - 1, l - 1], K[m, m], K[min(l - 1, m), max(l - 1, m)]
                )
                K[l, t] = C[l, m] + K[l, m]
        for t, value in enumerate(found):
            assert abs(mpmath.mpf(str(sp.N(value, 30))) - K[t, t]) < 1e-20
    assert abs(sp.N(found[3] - sp.Rational(3, 2) ** 3)) > 1


def test_tied_recurrent_layers_are_correlated():
    p = Program()
    n = p.width("n")
    W = p.matrix("W", n, n, variance=2)
    h = [p.vector("x", n, variance=2)]
    for _ in range(3):
        h.append(W @ p.apply(relu, h[-1]))
    limit = execute(p, EXACT)
    assert limit.mean(product, h[1], h[2]) == 2 / sp.pi  # Yang's Corollary D.11 says 0
    assert limit.mean(product, h[1], h[1]) == 2
    odd = Program()
    n = odd.width("n")
    W, x = odd.matrix("W", n, n), odd.vector("x", n)
    h1 = W @ odd.apply(lambda z: z**3, x)
    h2 = W @ odd.apply(lambda z: z**3, h1)
    assert execute(odd, EXACT).mean(product, h1, h2) == 0


def test_untied_layers_keep_the_variance_forward_and_back():
    p = Program()
    n, m = p.width("n"), p.width("m", 3)
    W1, W2 = p.matrix("W1", m, n, variance=2), p.matrix("W2", n, m, variance=2)
    x, v = p.vector("x", n), p.vector("v", n)
    h1 = W1 @ x
    h2 = W2 @ p.apply(relu, h1)
    back2 = p.apply(lambda g, h: g * sp.Heaviside(h), v, h2)
    back1 = p.apply(lambda g, h: g * sp.Heaviside(h), W2.T @ back2, h1)
    gradient = W1.T @ back1
    limit = execute(p, EXACT)
    assert limit.mean(lambda z: z**2, h2) == 2
    # In all, the gradient of a read-out that is drawn independently is as long as the read-out.
    assert limit.mean(lambda z: z**2, gradient) == 1
    assert limit.mean(product, x, gradient) == 0


def test_the_same_vector_twice_adds_nothing_new():
    p, W, x = one_layer()
    y = x + x
    a, b = W @ x, W @ y
    g = W.T @ p.apply(sp.Heaviside, b)
    limit = execute(p, EXACT)
    assert limit.mean(lambda u, v: (v - 2 * u) ** 2, a, b) == 0
    assert limit.mean(lambda u, v: relu(u) * relu(v), a, b) == 1
    assert limit.mean(lambda u, v: relu(u) * relu(-v), a, b) == 0
    # C has rank 1 here; the response is that to W x alone.
    q, V, z = one_layer()
    h = V.T @ q.apply(sp.Heaviside, V @ z)
    assert limit.mean(product, x, g) == execute(q, EXACT).mean(product, z, h)


def test_inputs_without_full_rank():
    p = Program()
    n = p.width("n")
    x, y = p.vectors(("x", "y"), n, [[1, 2], [2, 4]], mean=[0, 1])
    W = p.matrix("W", n, n)
    limit = execute(p, EXACT)
    assert limit.mean(lambda u, v: (v - 1 - 2 * u) ** 2, x, y) == 0
    hx, hy = W @ x, W @ y
    assert execute(p, EXACT).mean(product, hx, hy) == 2
    assert execute(p, EXACT).mean(product, hy, hy) == 5  # second moment, not variance


def test_an_average_is_a_coefficient():
    p, W, x = one_layer()
    size = p.mean(lambda z: z**2, W @ x)
    limit = execute(p, EXACT)
    y = size * x
    assert limit.scalar(size) == 1
    with pytest.raises(ValueError, match="came after the execution; execute again"):
        limit.variable(y)
    assert execute(p, EXACT).mean(lambda z: z**2, y) == 1


@given(
    a=st.fractions(-3, 3, max_denominator=4),
    b=st.fractions(-3, 3, max_denominator=4),
    power=st.integers(0, 3),
)
def test_the_adjoint_is_the_adjoint(a, b, power):
    p, W, x = one_layer()
    h = a * (W @ x) + b * (W @ (W @ x))
    y = p.apply(lambda z: z**power, h)
    limit = execute(p, EXACT)
    forward = W @ x
    back = W.T @ y
    limit = execute(p, EXACT)
    assert limit.mean(product, forward, y) == limit.mean(product, x, back)


@pytest.mark.parametrize(
    ("i", "j", "c", "v"), [(0, 0, -0.5, 1), (1, 0, 0.75, 2), (2, 3, -0.25, 1), (3, 1, 0.5, 0.75)]
)
def test_moments_on_a_quadrant_against_quadrature(i, j, c, v):
    x, y = sp.symbols("x y", real=True)
    c_, v_ = sp.nsimplify(c), sp.nsimplify(v)
    covariance = {(x, x): sp.Integer(1), (y, y): v_, (x, y): c_, (y, x): c_}
    f = relu(x) ** i * relu(y) ** j * sp.Heaviside(x) * sp.Heaviside(y)
    inverse = np.linalg.inv([[1, c], [c, v]])
    scale = np.sqrt(np.linalg.det(inverse)) / (2 * np.pi)

    def density(b, a):
        return a**i * b**j * scale * np.exp(-np.array([a, b]) @ inverse @ np.array([a, b]) / 2)

    reference, _ = dblquad(density, 0, 12, 0, 15, epsabs=1e-9)
    assert abs(float(sp.N(EXACT(f, covariance))) - reference) < 1e-8


def test_what_has_no_closed_form_is_refused():
    x, y, z = sp.symbols("x y z", real=True)
    covariance = {(one, one): sp.Integer(1) for one in (x, y, z)}
    with pytest.raises(NotImplementedError, match="3 different forms are cut off at zero"):
        EXACT(relu(x) * relu(y) * relu(z), covariance)
    with pytest.raises(NotImplementedError, match=r"tanh.*use a numerical expectation"):
        EXACT(sp.tanh(x), covariance)
    with pytest.raises(NotImplementedError, match="no linear form of Gaussians without offset"):
        EXACT(relu(x + 1), covariance)


def test_a_system_without_full_rank_is_solved_or_refused():
    C, v = sp.Matrix([[1, 2], [2, 4]]), sp.Matrix([3, 6])
    assert C * sp.Matrix(solve_semidefinite(C, v, 0.0)) == v
    near = sp.Matrix([[1.0, 1.0], [1.0, 1.0 + 1e-10]])
    with pytest.raises(ValueError, match="too little to tell from zero at accuracy 1e-11"):
        solve_semidefinite(near, sp.Matrix([1.0, 1.0]), 1e-11)


def test_errors_of_the_language():
    p = Program()
    n, m = p.width("n"), p.width("m", 2)
    W, x, u = p.matrix("W", m, n), p.vector("x", n), p.vector("u", m)
    with pytest.raises(ValueError, match=r"W @ u: .* n columns and .* dimension m; use the trans"):
        _ = W @ u
    with pytest.raises(ValueError, match="u has dimension m and x has n; only vectors of one"):
        _ = x + u
    with pytest.raises(ValueError, match="variance=-1 is not at least 0"):
        p.matrix("V", n, n, variance=-1)
    with pytest.raises(ValueError, match=r"variance=s is not at least 0.*declare its symbols"):
        p.vector("y", n, variance=sp.Symbol("s"))
    with pytest.raises(ValueError, match=r"vectors a, b: .* not positive semidefinite"):
        p.vectors(("a", "b"), n, [[1, 2], [2, 1]])
    with pytest.raises(ValueError, match="not positive semidefinite"):
        p.vectors(("a", "b"), n, [[0, 1], [1, 1]])
    with pytest.raises(ValueError, match="is not symmetric"):
        p.vectors(("a", "b"), n, [[1, 0], [1, 1]])
    with pytest.raises(ValueError, match="1 means for 2 vectors"):
        p.vectors(("a", "b"), n, [[1, 0], [0, 1]], mean=[1])
    with pytest.raises(ValueError, match="is a line of another program"):
        p.apply(sp.tanh, one_layer()[2])
    with pytest.raises(ValueError, match="width 'n' is not one of this program"):
        Program().vector("x", n)
    with pytest.raises(ValueError, match="width 'n' exists already"):
        p.width("n")
    with pytest.raises(ValueError, match="ratio=0 is not positive"):
        p.width("k", 0)
    with pytest.raises(TypeError, match="5 is no vector of a program"):
        p.combine((1, 5))
    with pytest.raises(ValueError, match="not a finite number"):
        _ = float("nan") * x
    with pytest.raises(ValueError, match="nan is not a finite number"):
        p.vector("y", n, mean=float("nan"))
    with pytest.raises(ValueError, match="response='both' is not one of"):
        execute(p, EXACT, "both")


TRACED = (
    r"\. Functions are traced with SymPy's symbols: write sp.tanh for .*, sp.Max\(z, 0\) for max"
)
SCALARS = (
    r"the average number 2.*: an average only multiplies vectors; write .* p.of_scalars\(lambda a"
)
COORDINATES = r"vectors add, and multiply with .* by p.apply, such as p.apply\(lambda a, b: a \* b"


@pytest.mark.parametrize(
    ("write", "error", "text"),
    [
        (lambda p, x, h, c: p.apply(np.tanh, h), TypeError, f"'tanh' fails on 1 .*{TRACED}"),
        (lambda p, x, h, c: p.apply(jnp.tanh, h), TypeError, f"'tanh' fails on 1 .*{TRACED}"),
        (lambda p, x, h, c: p.mean(lambda z: max(z, 0), h), TypeError, f"mean: .*{TRACED}"),
        (lambda p, x, h, c: p.apply(5, h), TypeError, "5 is no function; give one of SymPy expr"),
        (lambda p, x, h, c: 2 * c, TypeError, SCALARS),
        (lambda p, x, h, c: c * c, TypeError, SCALARS),
        (lambda p, x, h, c: c + c, TypeError, SCALARS),
        (lambda p, x, h, c: 1 - c, TypeError, SCALARS),
        (lambda p, x, h, c: -c, TypeError, SCALARS),
        (lambda p, x, h, c: c**2, TypeError, SCALARS),
        (
            lambda p, x, h, c: x / c,
            TypeError,
            r"vector 'x' divided .* p.of_scalars\(lambda a: 1 / a",
        ),
        (lambda p, x, h, c: x * h, TypeError, f"vector 'x' and vector 'W @ x': {COORDINATES}"),
        (lambda p, x, h, c: x / h, TypeError, COORDINATES),
        (lambda p, x, h, c: 1 + x, TypeError, f"vector 'x' and 1: {COORDINATES}"),
        (lambda p, x, h, c: x + c, TypeError, "average number 2 is no vector of .* by p.apply"),
        (
            lambda p, x, h, c: p.vectors(("a", "b"), x.width, [[1, 0], [0]]),
            ValueError,
            r"vectors a, b: covariance \[\[1, 0\], \[0\]\] is no matrix of numbers; give one row",
        ),
        (
            lambda p, x, h, c: p.vectors(("a",), x.width, [[float("nan")]]),
            ValueError,
            r"vectors a: covariance \[\[nan\]\] is not finite; give finite numbers",
        ),
        (lambda p, x, h, c: p.width("m", None), ValueError, "None is not a finite number"),
    ],
)
def test_errors_of_arithmetic(write: Callable[..., Any], error: type[Exception], text: str):
    p = Program()
    n = p.width("n")
    x = p.vector("x", n)
    h = p.matrix("W", n, n) @ x
    c = p.mean(lambda z: z**2, x)
    before = len(p.lines)
    with pytest.raises(error, match=text):
        write(p, x, h, c)
    assert len(p.lines) == before


def test_means_and_covariances_may_be_arrays():
    p = Program()
    x, _ = p.vectors(("x", "y"), p.width("n"), np.eye(2), np.array([0.5, 0.0]))
    assert execute(p, EXACT).mean(lambda z: z**2, x) == 1.25


@pytest.mark.parametrize("function", [lambda z: sp.tanh(1 / z), sp.cbrt])
@pytest.mark.filterwarnings("ignore:.*encountered in power:RuntimeWarning")
def test_a_derivative_without_expectation_is_named(function: Callable[..., Any]):
    p = Program()
    n = p.width("n")
    W = p.matrix("W", n, n)
    _ = W.T @ p.apply(function, W @ p.vector("x", n))
    text = r"expected derivative of .*: .* is not finite .* use response='regression'"
    with pytest.raises(ArithmeticError, match=text):
        execute(p, NumericExpectation())


@pytest.mark.heavy
def test_the_page_runs(checkout):
    run_blocks((checkout / "docs" / "tensor_programs.md").read_text(encoding="utf-8"))
