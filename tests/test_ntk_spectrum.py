"""Training on many points by eigenvectors: against SciPy, the equation, and the closed forms."""

import time as clock

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import sympy as sp

from lemmata.theory.ntk_training import Training, converged, propagator, trained
from lemmata.verify.kernels import analytic

t = sp.Symbol("t", positive=True)
CLOSE = 1e-10
INDEFINITE = sp.Matrix([[1, 2, 0], [2, 1, 0], [0, 0, 1]])  # eigenvalues 3, 1 and -1
REPEATED = (0, 1, 2, 0, 1)


def kernels(points, others=2, get="ntk"):
    """The kernel among random points and others, as an array."""
    x = np.random.default_rng(points).normal(size=(points + others, 3))
    return analytic(x, None, 3, "relu", 1.4, 0.1, "jacot", get=get)


def parts(kernel, points):
    return sp.Matrix(kernel[:points, :points]), sp.Matrix(kernel[points:, :points])


def numbers(matrix):
    return np.array(sp.Matrix(matrix).evalf(20).tolist(), dtype=float)


def integrated(kernel, before, targets, time):
    """The values at all points by integrating the equation; the data come first."""
    N = len(targets)

    def rate(_, f):
        return -kernel[:, :N] @ (f[:N] - targets) / N

    solved = scipy.integrate.solve_ivp(
        rate, (0, time), before, method="DOP853", rtol=1e-13, atol=1e-13
    )
    assert solved.success
    return solved.y[:, -1]


def values(problem, before, targets):
    N = len(targets)
    initial, wanted = sp.Matrix(before[:N]), sp.Matrix(targets)
    found = [*problem.on_data(initial, wanted)]
    return numbers([*found, *problem.elsewhere(sp.Matrix(before[N:]), initial, wanted)]).ravel()


@pytest.mark.parametrize("points", [3, 5, 8])
@pytest.mark.parametrize("time", [0.0, 2.0, 30.0])
def test_many_points_are_trained_as_the_equation_says(points, time):
    kernel = kernels(points)
    problem = trained(*parts(kernel, points), sp.Float(time))
    expected = scipy.linalg.expm(-time * kernel[:points, :points] / points)
    assert np.abs(numbers(problem.propagator) - expected).max() < CLOSE
    before = np.random.default_rng(1).normal(size=points + 2)
    targets = np.random.default_rng(2).normal(size=points)
    found = values(problem, before, targets)
    assert np.abs(found - integrated(kernel, before, targets, time)).max() < CLOSE
    if time:
        assert np.abs(found - integrated(kernel, before, targets, time / 2)).max() > 0.01


@pytest.mark.parametrize("points", [3, 8])
def test_mean_and_covariance_at_all_times(points):
    kernel, prior = kernels(points), kernels(points, get="nngp")
    targets, (among, cross) = np.arange(points) / points, parts(kernel, points)
    at = {time: trained(among, cross, sp.Float(time)) for time in (1.0, 9.0)} | {
        sp.oo: converged(among, cross)
    }
    for time, problem in at.items():
        left = np.zeros((points, points))
        if time != sp.oo:
            left = scipy.linalg.expm(-time * kernel[:points, :points] / points)
        taken = np.linalg.solve(kernel[:points, :points], np.eye(points) - left)
        omega = kernel[points:, :points] @ taken
        assert numbers(problem.mean(sp.Matrix(targets))).ravel() == pytest.approx(omega @ targets)
        mixed = np.hstack([-omega, np.eye(2)])
        given = (sp.Matrix(prior[:points, :points]), sp.Matrix(prior[points:, :points]))
        found = numbers(problem.covariance(*given, sp.Matrix(prior[points:, points:])))
        assert np.abs(found - mixed @ prior @ mixed.T).max() < CLOSE


def test_a_time_that_is_a_symbol():
    kernel, points = kernels(5), 5
    symbolic = trained(*parts(kernel, points), t)
    assert symbolic.propagator.free_symbols == {t}
    number = trained(*parts(kernel, points), sp.Float(3))
    for name in ("propagator", "influence"):
        found = numbers(getattr(symbolic, name).subs(t, 3))
        assert np.abs(found - numbers(getattr(number, name))).max() < 1e-14


def test_two_points_as_in_symbols():
    kernel = kernels(2)
    entries = sp.symbols("k_11 k_12 k_22 k_1 k_2")
    K = sp.Matrix([entries[:2], entries[1:3]])
    symbolic = trained(K, sp.Matrix([entries[3:]]), t)
    at = dict(zip(entries, kernel[[0, 0, 1, 2, 2], [0, 1, 1, 0, 1]], strict=True)) | {t: 2}
    at = {name: sp.Rational(float(value)) for name, value in at.items()}
    number = trained(*parts(kernel[:3], 2), sp.Float(2))
    for name in ("propagator", "influence"):
        expected = getattr(symbolic, name).subs(at).evalf(30)
        assert (getattr(number, name) - expected).norm() < 1e-25


def test_exact_entries_of_five_points():
    kernel = sp.Matrix(5, 5, lambda i, j: 6 if i == j else sp.Integer(i + j) / 3)
    expected = scipy.linalg.expm(-numbers(kernel) * 7 / 5)
    assert np.abs(numbers(propagator(kernel, sp.Integer(7))) - expected).max() < CLOSE
    limit = converged(kernel, sp.ones(1, 5)).influence
    assert limit * kernel == sp.ones(1, 5)  # exact
    pairs = sp.pi * sp.eye(3) + sp.sqrt(2) * sp.ones(3, 3)
    rest = converged(pairs, sp.ones(1, 3)).influence * pairs - sp.ones(1, 3)
    assert rest.evalf().norm() < 1e-25


def test_twenty_points_take_seconds():
    kernel, start = kernels(20), clock.perf_counter()
    influence = trained(*parts(kernel, 20), sp.Float(2)).influence
    assert clock.perf_counter() - start < 20  # half a second on a free machine
    left = np.eye(20) - scipy.linalg.expm(-2 * kernel[:20, :20] / 20)
    expected = kernel[20:, :20] @ np.linalg.solve(kernel[:20, :20], left)
    assert np.abs(numbers(influence) - expected).max() < CLOSE


@pytest.mark.parametrize("time", [2.0, 200.0])
def test_points_that_repeat(time):
    order = [*REPEATED, 3, 4]
    kernel = kernels(3)[np.ix_(order, order)]
    before = np.array([0.3, -0.2, 0.5, 0.3, -0.2, 0.1, 0.4])
    targets = np.array([1.0, 0.5, -1.0, 0.2, 0.5])  # the first and the fourth contradict
    expected = integrated(kernel, before, targets, time)
    for problem in (
        trained(*parts(kernel, 5), sp.Float(time)),
        trained(*parts(kernel, 5), t),
    ):
        found = [*problem.on_data(sp.Matrix(before[:5]), sp.Matrix(targets))]
        found += [*problem.elsewhere(sp.Matrix(before[5:]), *map(sp.Matrix, (before[:5], targets)))]
        found = numbers([sp.sympify(one).subs(t, time) for one in found]).ravel()
        assert np.abs(found - expected).max() < CLOSE
    with pytest.raises(ValueError, match="not above 1e-12 of the largest counts as 0; leave out"):
        converged(*parts(kernel, 5))


@pytest.mark.parametrize(
    "kernel",
    [sp.ones(2, 2), sp.Matrix([[4, 2], [2, 1]]), sp.zeros(2, 2), sp.zeros(1, 1), sp.ones(3, 3)],
)
def test_an_exact_singular_kernel(kernel):
    N = kernel.rows
    found = trained(kernel, sp.eye(N), sp.Integer(3)).influence
    passed = scipy.integrate.quad_vec(lambda s: scipy.linalg.expm(-s * numbers(kernel) / N), 0, 3)
    expected = passed[0] / N
    assert np.abs(numbers(found) - expected).max() < CLOSE
    with pytest.raises(ValueError, match="is not positive definite, and training does not end"):
        converged(kernel, sp.eye(N))


def test_two_points_that_repeat_in_symbols():
    k = sp.Symbol("k", positive=True)
    found = trained(k * sp.ones(2, 2), sp.Matrix([[1, 1]]), t).influence
    assert sp.simplify(found[0] - (1 - sp.exp(-k * t)) / (2 * k)) == 0
    assert found[0] == found[1]


def test_training_made_by_hand_with_a_singular_kernel():
    problem = Training(sp.ones(2, 2), sp.ones(1, 2), sp.eye(2))
    with pytest.raises(ValueError, match="kernel has no inverse; leave out points that repeat"):
        _ = problem.influence


def test_rounding_below_zero_is_zero():
    among = sp.diag(1.0, 1.0, -1e-14)
    found = trained(among, sp.eye(3), sp.Float(5))
    assert float(found.propagator[2, 2]) == 1.0
    assert float(found.influence[2, 2]) == pytest.approx(5 / 3)
    with pytest.raises(ValueError, match=r"the eigenvalue -1\.0e-11 beside 1\.0, and eigenvalues"):
        trained(sp.diag(1.0, 1.0, -1e-11), sp.eye(3), sp.Float(5))
    with pytest.raises(ValueError, match=r"not negative \(rounding, 1e-30 of the largest"):
        trained(sp.diag(1, 1, -sp.Rational(1, 10**14)), sp.eye(3), sp.Integer(5))


REFUSED = {
    "indefinite": (INDEFINITE, r"eigenvalue -1.0 beside 3.0, and .* are not negative .*check its"),
    "of two": (sp.Matrix([[1, 2], [2, 1]]), "eigenvalue -1.0 beside 3.0"),
    "not symmetric": (
        sp.Matrix([[2, 1, 0], [0, 2, 0], [0, 0, 2]]),
        r"is no symmetric matrix; give the kernel among the training points: "
        r"kernel\[0, 1\]=1 is not kernel\[1, 0\]=0",
    ),
    "symbols": (sp.Matrix([[2, t], [1, 2]]), r"kernel\[0, 1\]=t is not kernel\[1, 0\]=1"),
    "nan": (sp.Matrix([[1, 0], [0, float("nan")]]), r"kernel\[1, 1\]=nan is no finite real number"),
    "infinite": (sp.diag(1, 2, sp.oo), r"kernel\[2, 2\]=oo is no finite real number"),
    "complex": (sp.Matrix([[1, sp.I], [sp.I, 1]]), r"kernel\[0, 1\]=I is no finite real number"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("problem", [lambda *at: trained(*at, sp.Float(1)), converged])
def test_what_is_no_kernel_is_refused(name, problem):
    kernel, says = REFUSED[name]
    with pytest.raises(ValueError, match=says):
        problem(kernel, sp.ones(1, kernel.rows))


def test_what_is_no_matrix_is_refused():
    with pytest.raises(ValueError, match="kernel=5 is no matrix; give rows of equal length"):
        trained(5, [[1]], t)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match=r"kernel=\[\[1, 0\], \[1\]\] is no matrix"):
        propagator([[1, 0], [1]], t)  # pyright: ignore[reportArgumentType]


def test_a_cross_kernel_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match=r"cross\[0, 1\]=nan is no finite real number; check it"):
        trained(sp.eye(2), sp.Matrix([[1, sp.nan]]), t)


@pytest.mark.parametrize(
    ("time", "says"),
    [
        (-1, r"time=-1 is negative; give a time of at least 0\."),
        (-sp.Symbol("s", positive=True), "time=-s is negative"),
        (sp.oo, "time=oo is not finite; use `converged`"),
        (float("nan"), "time=nan is no real number or symbol; give a time of at least 0"),
        (sp.I, "time=I is no real number"),
        (None, "time=None is no real number"),
    ],
)
def test_times_that_are_refused(time, says):
    with pytest.raises(ValueError, match=says):
        trained(sp.eye(3), sp.eye(3), time)


def test_symbols_without_a_closed_form(monkeypatch):
    def exp(_):
        raise NotImplementedError

    monkeypatch.setattr(sp.Matrix, "exp", exp)
    with pytest.raises(ValueError, match="this kernel of symbols among 3 points; put in numbers"):
        propagator(sp.Symbol("k") * sp.eye(3), t)
