"""Numerical expectations against closed forms and one-dimensional integrals, and their errors."""

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad
from scipy.stats import norm

from lemmata.theory.program_expectation import ExactExpectation
from lemmata.theory.program_limit import execute
from lemmata.theory.tensor_programs import Program
from lemmata.verify.program_expectations import NumericExpectation, estimated_limits
from lemmata.verify.program_lines import simulated

pytestmark = pytest.mark.heavy

x, y, z = sp.symbols("x y z", real=True)
COVARIANCE = {(x, x): 1, (y, y): 2, (z, z): 3, (x, y): 1, (y, z): -1, (x, z): sp.Rational(1, 2)}
COVARIANCE = {key: sp.sympify(value) for key, value in COVARIANCE.items()}
COVARIANCE |= {(b, a): value for (a, b), value in COVARIANCE.items()}


def relu(value):
    return sp.Max(value, 0)


@pytest.mark.parametrize(
    "expression",
    [
        relu(x) * relu(y),
        relu(x) * relu(y + z) * z,
        sp.Heaviside(x) * sp.Heaviside(y),
        x**2 * relu(y),
        relu(x) ** 2 * sp.Heaviside(z - x),
        (relu(x) - relu(-x) + x) ** 2,
        x * y * z**2,
    ],
    ids=str,
)
def test_against_closed_forms(expression):
    found = NumericExpectation().estimate(expression, COVARIANCE)
    exact = float(ExactExpectation()(expression, COVARIANCE))
    assert abs(found.value - exact) <= found.error + 1e-13
    assert found.error < 1e-9


@pytest.mark.parametrize("scale", [0.5, 1.5, 4.0])
def test_smooth_functions_with_close_poles(scale):
    found = NumericExpectation().estimate(sp.tanh(sp.nsimplify(scale) * x) ** 2, COVARIANCE)
    with mpmath.workdps(30):
        points = [-12, -3, -1, 0, 1, 3, 12]
        exact = mpmath.quad(lambda t: mpmath.tanh(scale * t) ** 2 * mpmath.npdf(t), points)
    assert abs(found.value - exact) <= found.error + 1e-13


def test_a_kink_inside_a_kink():
    # Max(0, z + Max(0, x) / 2), given x: a Gaussian of variance 11/4 and mean x / 2 + max(0, x) / 2
    def given_x(t):
        mean, spread = t / 2 + max(t, 0) / 2, 2.75**0.5
        return (mean * norm.cdf(mean / spread) + spread * norm.pdf(mean / spread)) * norm.pdf(t)

    exact = quad(given_x, -12, 0, epsabs=1e-13)[0] + quad(given_x, 0, 12, epsabs=1e-13)[0]
    found = NumericExpectation().estimate(relu(z + relu(x) / 2), COVARIANCE)
    assert abs(found.value - exact) <= found.error + 1e-12


def test_three_kinks_in_three_dimensions():
    # E[x+ y+ z+ ] for independent units is the cube of 1 / sqrt(2 pi); turned, it is no product.
    unit = {(s, s): sp.Integer(1) for s in (x, y, z)}
    turned = [(x + y + z), (x - y), (x + y - 2 * z)]
    sizes = 3**0.5 * 2**0.5 * 6**0.5
    found = NumericExpectation().estimate(sp.Mul(*map(relu, turned)), unit)
    assert abs(found.value - sizes / (2 * mpmath.pi) ** 1.5) <= found.error + 1e-12


def test_an_expectation_belongs_to_its_covariance():
    mean = NumericExpectation()
    assert float(mean(relu(x), {(x, x): sp.Integer(1)})) == pytest.approx((2 * mpmath.pi) ** -0.5)
    assert float(mean(relu(x), {(x, x): sp.Integer(4)})) == pytest.approx((mpmath.pi / 2) ** -0.5)


def test_what_cannot_be_had_is_refused():
    with pytest.raises(ArithmeticError, match="is not settled to 1e-10 with 10000 points"):
        NumericExpectation(points=10_000).estimate(relu(y + sp.tanh(x)), COVARIANCE)
    with pytest.raises(ValueError, match="depends on 2 independent Gaussians, more than dim"):
        NumericExpectation(dimensions=1).estimate(sp.tanh(x + sp.tanh(y)), COVARIANCE)
    with pytest.raises(ValueError, match=r"holds \['s'\], whose covariance is not given"):
        NumericExpectation().estimate(sp.Symbol("s") * x, COVARIANCE)


def test_the_error_of_a_program_covers_what_is_exactly_known():
    p = Program()
    n = p.width("n")
    W, h = p.matrix("W", n, n), p.vector("h", n)
    for _ in range(3):
        h = W @ p.apply(relu, h) + h
    size = p.mean(lambda t: t**2, h)
    exact = float(sp.N(execute(p, ExactExpectation()).scalar(size)))
    for accuracy in (1e-5, 1e-10):
        (found,) = estimated_limits(p, [size], accuracy)
        assert abs(found.value - exact) <= found.error < 1e3 * accuracy * exact


def test_derivatives_and_regression_give_the_same_response():
    p = Program()
    n = p.width("n")
    W, v = p.matrix("W", n, n), p.vector("v", n)
    h = W @ v
    g = W.T @ p.apply(lambda a, b: sp.tanh(a + relu(b)), h, W @ p.apply(sp.tanh, h))
    overlap = p.mean(lambda a, b: a * b, v, g)
    first, second = (
        float(execute(p, NumericExpectation(), response).scalar(overlap))
        for response in ("derivative", "regression")
    )
    assert first == pytest.approx(second, rel=1e-8)
    assert first > 0.1


def message_passing(steps, onsager):
    """Approximate message passing (Yang, appendix D.8): f = tanh(h + x), g = relu(b + w)."""
    p = Program()
    N, n = p.width("N"), p.width("n", sp.Rational(1, 2))
    A = p.matrix("A", n, N, variance=2)  # entries N(0, 1/n)
    q, x0 = p.vector("q", N), p.vector("x", N)
    w = p.vector("w", n, variance=sp.Rational(1, 4))
    sizes, memory = [], None
    for step in range(steps):
        b = A @ q
        if onsager and memory is not None:
            slope, m = memory
            b = b - slope * m
        m = p.apply(lambda b, w: relu(b + w), b, w)
        sizes += [p.mean(lambda b: b**2, b), p.mean(lambda m: m**2, m)]
        if step + 1 < steps:
            h = A.T @ m
            if onsager:
                h = h - p.mean(lambda b, w: sp.Heaviside(b + w), b, w) * q
            q = p.apply(lambda h, x: sp.tanh(h + x), h, x0)
            slope = p.mean(lambda h, x: 2 * (1 - sp.tanh(h + x) ** 2), h, x0)
            memory = slope, m
    return p, sizes


def test_message_passing_follows_its_state_evolution():
    p, sizes = message_passing(3, onsager=True)
    found = [one.value for one in estimated_limits(p, sizes)]
    sigma2 = 2.0
    for step in range(3):
        tau2 = (sigma2 + 0.25) / 2  # E relu(N(0, sigma^2 + 1/4))^2
        assert found[2 * step : 2 * step + 2] == pytest.approx([sigma2, tau2], rel=1e-8)
        spread = (tau2 + 1) ** 0.5
        with mpmath.workdps(20):
            average = mpmath.quad(
                lambda t, s=spread: mpmath.tanh(s * t) ** 2 * mpmath.npdf(t), [-10, -2, 0, 2, 10]
            )
        sigma2 = 2 * float(average)


@pytest.mark.parametrize("onsager", [True, False])
def test_message_passing_is_simulated(onsager):
    p, sizes = message_passing(2, onsager)
    limits = [one.value for one in estimated_limits(p, sizes, 1e-9)]
    other = [one.value for one in estimated_limits(*message_passing(2, not onsager), 1e-9)]
    run = simulated(p, 600, 40)
    at = [0, 1, run.draws.shape[1] - 2, run.draws.shape[1] - 1]
    value, error = run.value[at], run.standard_error[at]
    assert (abs(value - limits) < 4 * error + 2 * value / 600).all()
    assert (abs(value - other)[2:] > 6 * error[2:]).all()


def test_a_tied_autoencoder_against_simulation_and_untied_weights():
    values, runs = [], []
    for tied in (True, False):
        p = Program()
        n, m = p.width("n"), p.width("m", 2)
        W, x = p.matrix("W", m, n), p.vector("x", n)
        back = W.T if tied else p.matrix("V", n, m, variance=2)
        out = back @ p.apply(sp.tanh, W @ x)
        scalars = [p.mean(lambda a, b: a * b, x, out), p.mean(lambda a: a**2, out)]
        values.append([one.value for one in estimated_limits(p, scalars)])
        runs.append(simulated(p, 400, 30))
    run = runs[0]
    slope = 2 * (1 - values[1][1] / 2)  # alpha E tanh' = alpha (1 - E tanh^2)
    assert values[0] == pytest.approx([slope, values[1][1] + slope**2])
    assert (abs(run.value - values[0]) < 4 * run.standard_error + 2 * run.value / 400).all()
    assert (abs(run.value - values[1]) > 6 * run.standard_error).all()


@pytest.mark.parametrize("function", [lambda z: sp.Piecewise((z, z > 0), (0, True)), sp.floor])
def test_pieces_whose_ends_are_not_found_are_refused_with_another_way_to_write_them(function):
    program = Program()
    average = program.mean(function, program.vector("x", program.width("n")))
    with pytest.raises(NotImplementedError, match=r"write it with Max, Min, Abs, sign or Heavi"):
        estimated_limits(program, [average])


@pytest.mark.parametrize(
    ("function", "exact"),
    [
        (sp.exp, np.exp(0.5)),
        (lambda z: sp.exp(2 * z), np.exp(2.0)),
        (lambda z: sp.exp(z**2 / 4), np.sqrt(2)),
    ],
)
def test_the_error_knows_what_lies_beyond_the_reach(function, exact):
    z = sp.Symbol("z", real=True)
    found = NumericExpectation().estimate(function(z), {(z, z): sp.Integer(1)})
    assert abs(found.value - exact) <= found.error < 1e-8


@pytest.mark.parametrize(
    "function",
    [lambda z: sp.exp(z**2), lambda z: sp.exp(z**2 / 2), lambda z: sp.Max(z, 0) * sp.exp(z**2)],
)
def test_what_does_not_fade_is_refused(function):
    z = sp.Symbol("z", real=True)
    with pytest.raises(
        ArithmeticError, match="does not fade within 9 standard deviations, and its"
    ):
        NumericExpectation().estimate(function(z), {(z, z): sp.Integer(1)})


def test_a_curved_kink_is_within_the_error():
    kink = mpmath.atanh(mpmath.mpf(1) / 3)
    exact = mpmath.quad(
        lambda t: abs(mpmath.tanh(t) - mpmath.mpf(1) / 3) * mpmath.npdf(t), [-20, -3, kink, 3, 20]
    )
    found = NumericExpectation().estimate(
        sp.Abs(sp.tanh(z) - sp.Rational(1, 3)), {(z, z): sp.Integer(1)}
    )
    assert abs(found.value - exact) <= found.error < 1e-9
    with pytest.raises(ArithmeticError, match="is not settled to 1e-10 with 8000000 points in 1"):
        NumericExpectation().estimate(sp.acot(z), {(z, z): sp.Integer(1)})
