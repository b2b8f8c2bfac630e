"""Training with a constant kernel: the closed form against the equation, its limits and slips."""

import dataclasses

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from lemmata.theory import ntk, ntk_training
from lemmata.theory import ntk_training_steps as steps
from lemmata.theory.ntk import Kernel, relu, relu_slope
from lemmata.theory.ntk_training import Training, converged, propagator, time_in, trained

pytestmark = pytest.mark.heavy

NAMES = ("on_data", "elsewhere", "long_training", "variance", "component")
TENTH = sp.Rational(1, 10)


def on_circle(angles, map):
    """The matrix of a kernel over pairs of points on the circle, ReLU, three layers."""
    dual, slope = (lambda *at, m=m: sp.sympify(m(*at)).evalf(30) for m in (relu, relu_slope))

    def entry(one, other):
        half = sp.Rational(1, 2)
        gram = Kernel(half, half, (half * sp.cos(one - other)).evalf(30))
        return map(dual, slope, gram)

    return np.array([[float(entry(x, y)) for y in angles] for x in angles])


def theta(dual, slope, gram):
    return ntk.tangent_kernel(3, dual, slope, gram=gram, scales=(1, TENTH)).xy


def sigma(dual, slope, gram):
    return ntk.covariance(3, dual, gram=gram, scales=(1, TENTH)).xy


ANGLES = (0.0, 0.7, 1.9, 3.0, 1.2)  # the last one is not in the data
THETA, SIGMA = on_circle(ANGLES, theta), on_circle(ANGLES, sigma)
TARGETS = np.array([0.3, -0.2, 0.5, 0.1])
BEFORE = np.array([0.1, 0.4, -0.3, 0.2, 0.05])


def split(matrix):
    return sp.Matrix(matrix[:4, :4]), sp.Matrix(matrix[4:, :4]), sp.Matrix(matrix[4:, 4:])


def at_time(time, kernel=THETA):
    """The problem with the propagator by SciPy, an implementation of its own."""
    among, cross, _ = split(kernel)
    grown = scipy.linalg.expm(-time * kernel[:4, :4] / 4)
    return Training(among, cross, sp.Matrix(grown))


def integrated(time, kernel=THETA, points=4):
    """All five values by integrating the equation."""

    def rate(_, f):
        return -kernel[:, :4] @ (f[:4] - TARGETS) / points

    solved = scipy.integrate.solve_ivp(rate, (0, time), BEFORE, rtol=1e-11, atol=1e-12)
    assert solved.success
    return solved.y[:, -1]


@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_proved_or_checked(name):
    derivation = getattr(steps, name)()
    assert [str(r) for r in derivation.replay() if r.status not in ("proved", "checked")] == []
    assert derivation.assumes


SLIPS = {
    "the 1/N lost": lambda s: s.subs(steps.t, 2 * steps.t),
    "half the time": lambda s: s.subs(steps.t, steps.t / 2),
    "a sign in the targets": lambda s: s.subs(steps.y_1, -steps.y_1),
    "the kernel's entry": lambda s: s.subs(steps.k_12, -steps.k_12),
}


@pytest.mark.parametrize("slip", SLIPS)
@pytest.mark.parametrize("name", ["on_data", "elsewhere"])
def test_a_slip_in_the_solution_is_false(name, slip):
    derivation = getattr(steps, name)()
    wrong = SLIPS[slip](derivation.statement)
    *others, last = derivation.steps
    side = "left" if last.left == derivation.statement else "right"
    slipped = (*others, dataclasses.replace(last, **{side: wrong}))
    (found,) = dataclasses.replace(derivation, statement=wrong, steps=slipped).falsehoods()
    assert found.witness


@settings(max_examples=15)
@given(a=st.integers(1, 9), d=st.integers(1, 9), c=st.integers(-8, 8), t=st.integers(0, 12))
def test_the_propagator_of_two_points(a, d, c, t):
    kernel = sp.Matrix([[a, c], [c, d]])
    if c * c > a * d:
        with pytest.raises(ValueError, match="eigenvalues of a kernel are not negative"):
            propagator(kernel, sp.Rational(t, 4))
        return
    found = np.array(propagator(kernel, sp.Rational(t, 4)).evalf(25).tolist(), dtype=float)
    expected = scipy.linalg.expm(-t / 4 * np.array([[a, c], [c, d]], dtype=float) / 2)
    assert found == pytest.approx(expected, rel=1e-10)


def test_the_propagator_of_three_points():
    kernel = sp.Matrix([[2, 1, 0], [1, 2, 0], [0, 0, 3]])
    found = propagator(kernel, sp.Integer(1)).evalf()
    assert np.array(found.tolist(), dtype=float) == pytest.approx(
        scipy.linalg.expm(-np.array(kernel.tolist(), dtype=float) / 3)
    )


def test_a_kernel_that_is_not_symmetric_is_refused():
    with pytest.raises(ValueError, match="is no symmetric matrix; give the kernel among"):
        propagator(sp.Matrix([[1, 2], [3, 4]]), sp.Integer(1))
    with pytest.raises(ValueError, match="is no symmetric matrix"):
        propagator(sp.Matrix([[1, 2]]), sp.Integer(1))
    with pytest.raises(ValueError, match="is not positive definite, and training does not end"):
        converged(sp.ones(2, 2), sp.ones(1, 2))


@pytest.mark.parametrize("time", [0.0, 3.0, 40.0])
def test_the_values_are_those_of_the_equation(time):
    problem = at_time(time)
    before, targets = sp.Matrix(BEFORE[:4]), sp.Matrix(TARGETS)
    found = [*problem.on_data(before, targets)]
    found += [*problem.elsewhere(sp.Matrix(BEFORE[4:]), before, targets)]
    found = np.array(found, dtype=float)
    assert found == pytest.approx(integrated(time), abs=1e-9)
    if time:
        # The 1/N lost, and a factor two in time.
        for wrong in (integrated(time, points=1), integrated(time / 2)):
            assert np.linalg.norm(found - wrong) > 0.05


def test_an_exponential_of_each_entry_is_told_apart():
    wrong = Training(*split(THETA)[:2], sp.Matrix(np.exp(-3.0 * THETA[:4, :4] / 4)))
    before, targets = sp.Matrix(BEFORE[:4]), sp.Matrix(TARGETS)
    found = np.array(wrong.on_data(before, targets), dtype=float).ravel()
    assert np.linalg.norm(found - integrated(3.0)[:4]) > 0.5


def test_long_training_is_regression_without_a_ridge():
    among, cross, _ = split(THETA)
    before, targets = sp.Matrix(BEFORE[:4]), sp.Matrix(TARGETS)
    problem = converged(among, cross)
    assert problem.on_data(before, targets) == targets
    (value,) = problem.elsewhere(sp.Matrix([0]), sp.zeros(4, 1), targets)
    errors = [
        float(value)
        - float(THETA[4, :4] @ np.linalg.solve(THETA[:4, :4] + ridge * np.eye(4), TARGETS))
        for ridge in (1e-4, 1e-5, 1e-6)
    ]
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(10, rel=0.01)
    (mean,) = problem.mean(targets)
    assert float(mean) == pytest.approx(float(value))


@pytest.mark.parametrize("time", [0.0, 10.0, 200.0])
def test_the_band_is_that_of_sampled_initial_values(time):
    """The initial values from the prior Sigma; each trained by the closed equation in NumPy."""
    draws = 100_000
    draw = np.random.default_rng(3).multivariate_normal(np.zeros(5), SIGMA, size=draws)
    left = scipy.linalg.expm(-time * THETA[:4, :4] / 4)
    taken = THETA[4, :4] @ np.linalg.solve(THETA[:4, :4], np.eye(4) - left)
    final = draw[:, 4] - (draw[:, :4] - TARGETS) @ taken
    problem = at_time(time)
    (mean,) = problem.mean(sp.Matrix(TARGETS))
    (variance,) = problem.covariance(*split(SIGMA))
    assert abs(final.mean() - float(mean)) < 4 * final.std() / np.sqrt(draws)
    spread = float(variance) * np.sqrt(2 / draws)
    assert abs(final.var() - float(variance)) < 4 * spread
    # The tangent kernel is not the prior: the band of its Gaussian process is another.
    (other,) = problem.covariance(*split(THETA))
    assert abs(float(other) - final.var()) > 50 * spread


def test_before_training_the_variance_is_the_prior():
    (variance,) = at_time(0.0).covariance(*split(SIGMA))
    assert float(variance) == pytest.approx(SIGMA[4, 4])
    data = Training(split(THETA)[0], split(THETA)[0], sp.zeros(4, 4))
    prior = split(SIGMA)[0]
    left = np.array(data.covariance(prior, prior, prior), dtype=float)
    assert np.abs(left).max() < 1e-12  # nothing is left on the data in the end


def test_components_decay_at_their_eigenvalues_largest_first():
    values, vectors = np.linalg.eigh(THETA[:4, :4])
    start = vectors.T @ (BEFORE[:4] - TARGETS)
    now = vectors.T @ (integrated(5.0)[:4] - TARGETS)
    rates = -np.log(now / start) / 5.0
    assert rates == pytest.approx(values / 4, rel=1e-6)
    statement = steps.component().statement
    (first,) = [one for one in statement.free_symbols if one.name == "lambda_1"]
    assert sp.simplify(sp.diff(statement, steps.t) / statement + first / 2) == 0


def test_the_units_of_time():
    N, k = ntk_training.points, ntk_training.outputs
    assert time_in("sum", "jacot") == 1 / N
    assert time_in("jacot", "sum") == N
    assert time_in("neural-tangents", "jacot") == k
    assert time_in("jacot", "neural-tangents").subs(k, 1) == 1
    assert time_in("jacot", "mean") == 2 / k
    with pytest.raises(ValueError, match="cost='mse' is not known; use one of jacot"):
        time_in("mse", "jacot")


def test_two_points_in_symbols_have_the_numbers_of_the_equation():
    at = {steps.k_11: 2, steps.k_12: -1, steps.k_22: 3, steps.k_1: 1, steps.k_2: sp.Rational(1, 2)}
    at |= {steps.f_1: 1, steps.f_2: 0, steps.f: -1, steps.y_1: 0, steps.y_2: 2, steps.t: 3}
    found = [float(getattr(steps, name)().statement.subs(at)) for name in ("on_data", "elsewhere")]
    kernel = np.array([[2, -1], [-1, 3], [1, 0.5]])

    def rate(_, f):
        return -kernel @ (f[:2] - np.array([0, 2])) / 2

    solved = scipy.integrate.solve_ivp(rate, (0, 3), [1.0, 0.0, -1.0], rtol=1e-11, atol=1e-12)
    assert found == pytest.approx([solved.y[0, -1], solved.y[2, -1]], abs=1e-8)
    forever = float(steps.long_training().statement.subs(at))
    expected = -1 - kernel[2] @ np.linalg.solve(kernel[:2], np.array([1, -2]))
    assert forever == pytest.approx(expected)
    assert float(trained(sp.Matrix([[2]]), sp.Matrix([[1]]), sp.Integer(3)).propagator[0]) == (
        pytest.approx(np.exp(-6))
    )
