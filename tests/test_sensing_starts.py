"""The closed forms from starts that are graded, nearly dependent, on a saddle or at the truth."""

import mpmath as mp
import numpy as np
import pytest

from lemmata.verify.errors import UsageError
from lemmata.verify.sensing_forms import BalancedFlow, SymmetricFlow, scalar_flow

pytestmark = pytest.mark.heavy

CLOSE = 1e-12
SMALL = (1.0, 0.5, 0.0, 0.0)


def exact_error(values, start, t):
    """The squared error as the formula stands, of a diagonal truth, in digits that suffice."""
    with mp.workdps(400 + int(2 * max(values) * t)):
        X, t = mp.matrix(start.tolist()), mp.mpf(t)
        weights = [mp.expm1(2 * v * t) / v if v else 2 * t for v in map(mp.mpf, values)]
        N = mp.eye(X.cols) + X.T * mp.diag(weights) * X
        P = mp.diag([mp.exp(v * t) for v in map(mp.mpf, values)]) * X
        E = P * mp.inverse(N) * P.T - mp.diag(list(map(mp.mpf, values)))
        return sum(x * x for x in E)


def exact_bound(values, start, t):
    """The lower bound, by the null space of the signal rows, in many digits."""
    with mp.workdps(400):
        X = mp.matrix(start.tolist())
        still = [i for i, v in enumerate(values) if not v]
        signal = mp.matrix([[X[i, j] for j in range(X.cols)] for i, v in enumerate(values) if v])
        noise = mp.matrix([[X[i, j] for j in range(X.cols)] for i in still])
        free = mp.eye(X.cols) - signal.T * mp.inverse(signal * signal.T) * signal
        found = mp.eigsy(free * noise.T * noise * free, eigvals_only=True)
        lam = sorted(found)[-min(X.cols - signal.rows, len(still)) :]
        return sum((v / (1 + 2 * v * mp.mpf(t))) ** 2 for v in lam)


def graded(seed, rows=(1, 1, 1, 1), columns=(1, 1, 1)):
    draws = np.random.default_rng(seed).normal(size=(4, len(columns)))
    return draws * np.array(rows)[:, None] * np.array(columns)


def near_columns(gap):
    X = graded(4, columns=(1, 1))
    X[:, 1] = X[:, 0] + gap * X[:, 1]
    return X


def near_rows(gap):
    X = graded(5)
    X[1] = X[0] + gap * X[1]
    return X


def near_truth(gap):
    return np.diag(np.sqrt(SMALL))[:, :3] + gap * graded(6)


STARTS = {
    "columns to 1e-12": graded(1, columns=(1, 1e-6, 1e-12)),
    "columns to 1e-4": graded(2, columns=(1, 1e-2, 1e-4)),
    "columns to 1e-8": graded(3, columns=(1, 1e-4, 1e-8)),
    "two columns": graded(3, columns=(1, 1e-10)),
    "rows to 1e-15": graded(0, rows=(1e8, 1e-7, 1, 1)),
    "rows that ascend": graded(0, rows=(1e-9, 1, 1e3, 1e-3)),
    "rows by 1e-4": graded(7, rows=(1, 1.7e-4, 1, 1)),
    "columns near each other": near_columns(1e-7),
    "columns nearer": near_columns(4e-9),
    "rows near each other": near_rows(1e-6),
    "near the truth": near_truth(1e-9),
    "at the truth but for one digit": near_truth(1e-15),
    "tiny": graded(8, rows=(1e-60,) * 4),
    "large": graded(8, rows=(1e60,) * 4),
}


@pytest.mark.parametrize("name", STARTS)
def test_hard_starts_have_all_their_digits(name):
    times = (0.0, 1e-3, 1.0, 3.0, 10.0, 30.0, 100.0)
    flow = SymmetricFlow(np.diag(SMALL), STARTS[name])
    expected = [float(exact_error(SMALL, STARTS[name], t)) for t in times]
    np.testing.assert_allclose(flow.errors(times), expected, rtol=CLOSE)


@pytest.mark.parametrize("name", [n for n in STARTS if STARTS[n].shape[1] > 2])
def test_the_bound_is_below_from_hard_starts(name):
    times = (0.0, 1.0, 100.0, 200.0, 1e6)
    flow = SymmetricFlow(np.diag(SMALL), STARTS[name])
    expected = [float(exact_bound(SMALL, STARTS[name], t)) for t in times]
    assert flow.free_eigenvalues.shape == (1,)
    np.testing.assert_allclose(flow.lower_bounds(times), expected, rtol=CLOSE)
    assert np.all(flow.lower_bounds(times) <= flow.errors(times) * (1 + CLOSE))


def test_the_limit_of_the_error_is_the_bound_from_a_graded_start():
    flow = SymmetricFlow(np.diag(SMALL), STARTS["rows to 1e-15"])
    late = [1e3, 1e4]
    np.testing.assert_allclose(flow.errors(late), flow.lower_bounds(late), rtol=CLOSE)


@pytest.mark.parametrize("seed", range(6))
def test_any_grading_has_all_its_digits(seed):
    rng = np.random.default_rng(100 + seed)
    values = (*np.sort(rng.uniform(0.2, 2, 2))[::-1].tolist(), 0.0, 0.0)
    start = rng.normal(size=(4, 3)) * 10.0 ** rng.integers(-9, 3, size=(4, 3))
    times = (0.1, 5.0, 40.0)
    expected = [float(exact_error(values, start, t)) for t in times]
    np.testing.assert_allclose(SymmetricFlow(np.diag(values), start).errors(times), expected, CLOSE)


def test_graded_columns_keep_their_digits_in_other_coordinates():
    Q = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    start, times = STARTS["columns to 1e-12"], [1.0, 10.0, 40.0]
    turned = SymmetricFlow(Q @ np.diag(SMALL) @ Q.T, Q @ start).errors(times)
    # Q @ start rounds each column by itself, which leaves what the column says.
    np.testing.assert_allclose(
        turned, SymmetricFlow(np.diag(SMALL), start).errors(times), rtol=1e-10
    )


def test_what_counts_as_zero_in_the_truth():
    start = graded(9, columns=(1, 1))
    late = 1e13
    zero, small = (
        SymmetricFlow(np.diag([1.0, v, 0.0, 0.0]), start).errors([late])[0]
        for v in (0.5e-12, 2e-12)
    )
    np.testing.assert_allclose(zero, 1 / (4 * late**2), rtol=1e-9)  # q = 1 left of k = 2
    assert small < 1e-6 * zero


def test_a_start_at_the_truth_stays():
    ones = np.ones((3, 3))
    assert not np.any(SymmetricFlow(ones, ones[:, :1]).errors([0, 1, 50]))
    assert not np.any(BalancedFlow(ones, ones[:, :1], ones[:, :1]).deviation(3.0))


def test_one_coordinate_stays_on_its_saddle():
    times = (0.0, 1e-3, 1.0, 10.0, 20.0, 40.0, 200.0)
    for f0, sigma in ((0.5, 1.0), (1e-8, 1.0), (3.0, 0.2), (0.7, 0.0)):
        flow = scalar_flow(f0, -f0, sigma, times)
        with mp.workdps(50):
            p, s = mp.mpf(f0) ** 2, mp.mpf(sigma)
            # g = -f: f' = -(sigma + f^2) f.
            fade = [mp.exp(-2 * s * mp.mpf(t)) for t in times]
            span = [(1 - x) / s if s else 2 * mp.mpf(t) for x, t in zip(fade, times, strict=True)]
            squares = [p * x / (1 + p * w) for x, w in zip(fade, span, strict=True)]
            expected = np.array([[mp.sqrt(q), -mp.sqrt(q), -q - s] for q in squares], dtype=float)
        np.testing.assert_allclose(np.array(flow).T, expected, rtol=CLOSE)


def test_one_coordinate_leaves_its_saddle_as_it_should():
    f0, g0 = 0.5, -0.5 * (1 - 2**-30)
    for t in (1.0, 10.0, 20.0, 30.0):
        flow = scalar_flow(f0, g0, 1.0, [t])
        with mp.workdps(60):
            c = mp.mpf(f0) ** 2 - mp.mpf(g0) ** 2
            h = mp.sqrt(c * c / 4 + 1)
            fade = mp.exp(-2 * h * t)
            C, S = mp.sqrt((1 + c / 2 / h) / 2), mp.sqrt((1 - c / 2 / h) / 2)
            a, b = C * f0 + S * g0, C * g0 - S * f0
            size = fade + (a * a + b * b * fade) * (1 - fade) / (2 * h)
            expected = (mp.mpf(f0) * mp.mpf(g0) - 1) * fade / size
        np.testing.assert_allclose(flow.deviation[0], float(expected), rtol=CLOSE)


def test_matrices_stay_on_their_saddle():
    F, times = np.diag([0.5, 0.3]), (0.0, 1.0, 20.0, 60.0, 1e4)
    found = BalancedFlow(np.eye(2), F, -F).errors(times)
    one = [[scalar_flow(f, -f, 1.0, times).error] for f in (0.5, 0.3)]
    np.testing.assert_allclose(found, np.sum(one, axis=(0, 1)), rtol=CLOSE)
    # Rows that are rounding in any coordinates: orthogonal to the only eigenvector.
    found = SymmetricFlow(np.ones((3, 3)), [[1], [-1], [0]]).errors(times)
    np.testing.assert_allclose(found, [9 + (2 / (1 + 4 * t)) ** 2 for t in times], rtol=CLOSE)


@pytest.mark.parametrize("size", [1e-70, 1e-20, 1e20, 1e70])
def test_factors_of_any_size_in_range_are_answered(size):
    F, t = np.diag([0.5, 0.3]), 1.5
    found = BalancedFlow(np.eye(2), size * F, size * F).errors([t])
    one = [scalar_flow(size * f, size * f, 1.0, [t]).error for f in (0.5, 0.3)]
    np.testing.assert_allclose(found, np.sum(one, axis=0), rtol=CLOSE)


def test_the_scales_of_truth_and_time_go_together():
    start, times = graded(1), np.array([0.0, 0.5, 8.0, 60.0])
    plain = SymmetricFlow(np.diag(SMALL), start).errors(times)
    for power in (-200, 200):
        scaled = SymmetricFlow(2.0**power * np.diag(SMALL), 2.0 ** (power / 2) * start)
        found = scaled.errors(times / 2.0**power) / 2.0**power / 2.0**power
        np.testing.assert_allclose(found, plain, rtol=CLOSE)


GOOD = np.full((2, 2), 0.3) + np.eye(2)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: BalancedFlow(np.eye(2), 1e160 * GOOD, 1e160 * GOOD), "F has 1.3e.160 as its"),
        (lambda: scalar_flow(1e160, 1e160, 0, [1.0]), "f0, g0. has 1e.160"),
        (lambda: scalar_flow(1.0, 1.0, 1e-90, [1.0]), "sigma has 1e-90"),
        (lambda: SymmetricFlow(np.eye(2), 1e160 * GOOD), "start has 1.3e.160"),
        (lambda: SymmetricFlow(np.eye(2), 1e80 * GOOD), "choose units"),
        (lambda: SymmetricFlow(1e-200 * np.eye(2), GOOD), "truth has 1e-200"),
        (lambda: SymmetricFlow(1e-310 * np.eye(2), GOOD), "truth has 1e-310"),
        (lambda: SymmetricFlow(1e200 * np.eye(2), GOOD), "truth has 1e.200"),
        (lambda: SymmetricFlow(np.eye(2), 1e-160 * GOOD), "start has 1.3e-160"),
        (lambda: SymmetricFlow(np.eye(2), GOOD).errors([1e308]), r"none above 1e\+150"),
        (lambda: SymmetricFlow(np.eye(2), GOOD).errors("abc"), "times holds"),
        (lambda: SymmetricFlow(np.eye(2), GOOD).deviation([1.0, 2.0]), "call errors"),
        (lambda: SymmetricFlow(np.eye(2), GOOD + 1j), "start holds complex128"),
        (lambda: SymmetricFlow("abc", GOOD), "truth holds <U3"),
        (lambda: SymmetricFlow([[1.0, 2.0], [3.0]], GOOD), "all of one length"),
        (lambda: SymmetricFlow(np.eye(2)[None], GOOD), r"\(1, 2, 2\); give a matrix: two axes"),
        (lambda: scalar_flow([1.0, 2.0], 1.0, 1.0, [1.0]), "f0=.1.0, 2.0. is more than one"),
        (lambda: scalar_flow(1.0, None, 1.0, [1.0]), "g0 holds object"),
    ],
)
def test_what_cannot_be_answered_is_told(call, told):
    with pytest.raises(UsageError, match=told):
        call()


def test_factors_that_are_not_balanced_to_rounding_are_refused():
    rng = np.random.default_rng(2)
    F = rng.normal(size=(4, 3))
    G = np.linalg.qr(rng.normal(size=(4, 4)))[0] @ F
    flow = BalancedFlow(np.diag(SMALL), F, G)
    assert flow.rounding < 1e-14
    with pytest.raises(UsageError, match=r"more than 1e-13 of the factors' squares"):
        BalancedFlow(np.diag(SMALL), F, G + 5e-10 * rng.normal(size=(4, 3)))


def test_the_rounding_of_the_balance_tells_how_long_the_form_holds():
    delta = 4e-13  # one coordinate of two is off balance by this, and the form neglects it
    f, g = np.ones(2), np.array([np.sqrt(1 - delta), 1.0])
    flow = BalancedFlow(np.zeros((2, 2)), np.diag(f), np.diag(g))
    assert 0.4 * delta < flow.rounding < 0.6 * delta

    def share(t):
        exact = sum(scalar_flow(a, b, 0.0, [t]).error[0] for a, b in zip(f, g, strict=True))
        return abs(flow.errors([t])[0] / exact - 1)

    assert share(1e-12 / flow.rounding) < CLOSE
    late = 1e11
    assert 1e-2 * (flow.rounding * late) ** 2 < share(late) < flow.rounding * late
