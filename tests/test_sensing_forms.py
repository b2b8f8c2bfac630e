"""The closed forms of the flow in numbers, against 50 digits, the equations, and descent."""

import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tests import sensing_oracle as oracle

from lemmata.solvers.sensing import gradient_descent
from lemmata.solvers.sensing_operators import population
from lemmata.verify.errors import UsageError
from lemmata.verify.sensing_forms import BalancedFlow, SymmetricFlow, scalar_flow

pytestmark = pytest.mark.heavy

CLOSE = 1e-12
TIMES = (0, 1e-6, 1e-3, 0.5, 2, 5, 20, 40, 100, 300)


def digits_for(growth):
    """50 more than the exponentials take."""
    return 50 + int(growth)


def weight(value, t):
    return mp.expm1(2 * mp.mpf(value) * t) / mp.mpf(value) if value else 2 * mp.mpf(t)


def exact_deviation(values, X, t):
    """M - Sigma as the formula stands, for a diagonal Sigma, in many digits."""
    with mp.workdps(digits_for(values.max() * t)):
        X = mp.matrix(X.tolist())
        N = mp.eye(X.cols) + X.T * mp.diag([weight(v, t) for v in values]) * X
        P = mp.diag([mp.exp(mp.mpf(v) * t) for v in values]) * X
        return P * mp.inverse(N) * P.T - mp.diag([mp.mpf(v) for v in values])


def squared(E):
    return float(sum(x * x for x in E))


def problem(n, k, values, alpha, seed=0):
    diagonal = np.pad(np.array(values), (0, n - len(values)))
    return diagonal, alpha * np.random.default_rng(seed).standard_normal((n, k)) / np.sqrt(n)


CASES = [
    (6, 3, (1.0, 0.5), 0.5),  # too many columns
    (6, 2, (1.0, 0.5), 0.5),  # just as many
    (6, 1, (1.0, 0.5), 0.5),  # too few
    (5, 7, (1.0, 0.5), 0.5),  # more than rows
    (6, 3, (1.0, 0.5), 1e-4),  # small
    (6, 6, (1.0, 1.0, 0.5), 1e-2),  # equal eigenvalues
    (4, 2, (1.0, 0.9, 0.8, 0.3), 0.3),  # no null space
    (3, 2, (), 0.7),  # nothing but null space
    (5, 3, (80.0, 1e-3), 2.0),  # far apart
]


@pytest.mark.parametrize("case", CASES)
def test_the_symmetric_error_has_all_its_digits(case):
    values, X = problem(*case)
    times = [t / max(values.max(), 1.0) for t in TIMES]
    found = SymmetricFlow(np.diag(values), X).errors(times)
    expected = [squared(exact_deviation(values, X, t)) for t in times]
    np.testing.assert_allclose(found, expected, rtol=CLOSE)


@pytest.mark.parametrize("case", CASES)
def test_the_symmetric_product_has_all_its_digits(case):
    values, X = problem(*case)
    for t in np.array([0.3, 7.0, 30.0]) / max(values.max(), 1.0):
        found = SymmetricFlow(np.diag(values), X).product(t)
        M = exact_deviation(values, X, t) + mp.diag(values.tolist())
        expected = np.array(M.tolist(), dtype=float)
        np.testing.assert_allclose(found, expected, rtol=0, atol=CLOSE * np.abs(expected).max())


def test_late_times_neither_overflow_nor_lose_the_power_law():
    values, X = problem(8, 5, (1.0, 0.5), 0.5)
    flow = SymmetricFlow(np.diag(values), X)
    times = np.array([1e3, 1e4, 1e5, 1e6])
    ratio = flow.errors(times) / flow.lower_bounds(times)
    np.testing.assert_allclose(ratio, 1, rtol=CLOSE)
    assert abs(flow.errors([1e6])[0] * 1e12 * 4 - 3) < 1e-4  # q/4, q = k - r
    values, X = problem(8, 2, (1.0, 0.5), 0.5)
    assert SymmetricFlow(np.diag(values), X).errors([1e6])[0] == 0


@pytest.mark.parametrize("k", [3, 5, 10])
def test_the_lower_bound_is_below_at_all_times_and_meets_the_error(k):
    values, X = problem(7, k, (1.0, 0.6), 0.3, seed=k)
    flow = SymmetricFlow(np.diag(values), X)
    times = np.concatenate([[0], np.geomspace(1e-3, 1e5, 60)])
    gap = flow.errors(times) / flow.lower_bounds(times)
    assert flow.free_eigenvalues.shape == (min(k - 2, 5),)
    assert np.all(gap >= 1 - CLOSE)
    assert gap[0] > 2
    assert gap[-1] < 1 + CLOSE


def test_any_coordinates_will_do():
    values, X = problem(7, 4, (1.3, 0.6), 0.4)
    Q = np.linalg.qr(np.random.default_rng(1).standard_normal((7, 7)))[0]
    plain, turned = (
        SymmetricFlow(np.diag(values), X),
        SymmetricFlow(Q @ np.diag(values) @ Q.T, Q @ X),
    )
    times = [0, 0.1, 3, 20, 1e4]
    np.testing.assert_allclose(turned.errors(times), plain.errors(times), rtol=1e-11)
    np.testing.assert_allclose(turned.lower_bounds(times), plain.lower_bounds(times), rtol=1e-11)
    np.testing.assert_allclose(Q.T @ turned.deviation(3.0) @ Q, plain.deviation(3.0), atol=1e-14)


def test_dependent_rows_of_the_start_are_seen():
    values, X = problem(6, 4, (1.0, 0.5), 0.5)
    X[1] = 0  # this direction is never found
    times = [0.1, 5, 40, 200]
    expected = [squared(exact_deviation(values, X, t)) for t in times]
    flow = SymmetricFlow(np.diag(values), X)
    np.testing.assert_allclose(flow.errors(times), expected, rtol=CLOSE)
    assert flow.free_eigenvalues.shape == (3,)


def test_the_symmetric_form_solves_the_equation():
    values, X = problem(4, 3, (1.0, 0.4), 0.6)
    slope = lambda t, x: (
        (np.diag(values) - x.reshape(4, 3) @ x.reshape(4, 3).T) @ x.reshape(4, 3)
    ).ravel()
    path = solve_ivp(slope, (0, 12), X.ravel(), "DOP853", [1, 4, 12], rtol=1e-12, atol=1e-14)
    for t, x in zip(path.t, path.y.T, strict=True):
        X = x.reshape(4, 3)
        found = SymmetricFlow(np.diag(values), problem(4, 3, (1.0, 0.4), 0.6)[1]).product(t)
        np.testing.assert_allclose(found, X @ X.T, atol=1e-11)


def balanced(c, n1, n2, k, sigma, alpha=0.6, seed=0):
    """A start with F^T F - G^T G = c I for a diagonal truth."""
    rng = np.random.default_rng(seed)
    truth = np.zeros((n1, n2))
    truth[range(len(sigma)), range(len(sigma))] = sigma
    sides = [n1, n2] if c >= 0 else [n2, n1]
    G = alpha * rng.standard_normal((sides[1], k)) / np.sqrt(n2)
    lam, V = np.linalg.eigh(G.T @ G)
    F = (
        np.linalg.qr(rng.standard_normal((sides[0], k)))[0]
        @ (V * np.sqrt(np.maximum(lam, 0) + abs(c)))
        @ V.T
    )
    return (truth, F, G) if c >= 0 else (truth, G, F)


def exact_balanced(truth, F, G, c, t):
    """F G^T - Sigma as the formula stands, for a diagonal truth and c that is not 0."""
    n1, n2 = truth.shape
    with mp.workdps(digits_for(2 * (truth.max() + abs(c)) * t)):
        H = mp.zeros(n1 + n2)
        for i in range(n1):
            H[i, i] = mp.mpf(c) / 2
        for j in range(n2):
            H[n1 + j, n1 + j] = -mp.mpf(c) / 2
        for i in range(min(n1, n2)):
            H[i, n1 + i] = H[n1 + i, i] = mp.mpf(truth[i, i])
        W = mp.matrix(np.concatenate([F, G]).tolist())
        # H^2 is diagonal, so that functions of H are short.
        square = [(H * H)[i, i] for i in range(n1 + n2)]
        of = lambda f: mp.diag([f(mp.sqrt(s)) for s in square])
        exp = of(lambda h: mp.cosh(h * t)) + H * of(lambda h: mp.sinh(h * t) / h)
        span = of(lambda h: mp.sinh(2 * h * t) / (2 * h)) + H * of(
            lambda h: (mp.cosh(2 * h * t) - 1) / (2 * h * h)
        )
        P = exp * W
        whole = P * mp.inverse(mp.eye(W.cols) + W.T * span * W) * P.T
        return whole[:n1, n1:] - mp.matrix(truth.tolist())


@pytest.mark.parametrize("c", [0.3, -0.3, 0.01, 2.0])
@pytest.mark.parametrize("shape", [(5, 5, 3), (6, 4, 3), (4, 6, 2), (4, 5, 4)])
def test_the_balanced_error_has_all_its_digits(c, shape):
    truth, F, G = balanced(c, *shape, (1.0, 0.5))
    flow = BalancedFlow(truth, F, G)
    assert abs(flow.imbalance - c) < 1e-14
    times = (0, 1e-3, 0.5, 2, 5, 20, 60)
    expected = [squared(exact_balanced(truth, F, G, flow.imbalance, t)) for t in times]
    np.testing.assert_allclose(flow.errors(times), expected, rtol=CLOSE)


def test_the_balanced_form_with_no_imbalance_is_the_symmetric_one():
    values, X = problem(6, 4, (1.0, 0.5), 0.4)
    flow, twin = BalancedFlow(np.diag(values), X, X), SymmetricFlow(np.diag(values), X)
    times = (0, 0.1, 3, 20, 1e4, 1e6)
    np.testing.assert_allclose(flow.errors(times), twin.errors(times), rtol=CLOSE)


def test_the_balanced_form_solves_the_equation():
    truth, F, G = balanced(0.4, 4, 3, 2, (1.0, 0.6))

    def slope(t, y):
        F, G = y[:8].reshape(4, 2), y[8:].reshape(3, 2)
        R = F @ G.T - truth
        return np.concatenate([(-R @ G).ravel(), (-R.T @ F).ravel()])

    start = np.concatenate([F.ravel(), G.ravel()])
    path = solve_ivp(slope, (0, 9), start, "DOP853", [1, 9], rtol=1e-12, atol=1e-14)
    for t, y in zip(path.t, path.y.T, strict=True):
        expected = y[:8].reshape(4, 2) @ y[8:].reshape(3, 2).T
        np.testing.assert_allclose(BalancedFlow(truth, F, G).product(t), expected, atol=1e-11)


def test_a_product_far_below_the_truth_keeps_its_digits():
    flow = BalancedFlow(np.eye(2), 3e-9 * np.eye(2), 1e-9 * np.eye(2))
    np.testing.assert_allclose(flow.product(0.0), 3e-18 * np.eye(2), rtol=1e-12)
    h = np.sqrt(1 + (8e-18 / 2) ** 2)  # as long as the product is small, sinh and cosh of h t
    p, square = 3e-18, 1e-17
    grown = p * np.cosh(2 * h) + square / 2 * np.sinh(2 * h)
    np.testing.assert_allclose(np.diag(flow.product(1.0)), grown, rtol=1e-12)


@pytest.mark.parametrize("g0", [0.3, 0.1, 0.3 * (1 - 1e-9), 0.9, -0.2])
@pytest.mark.parametrize("sigma", [0.0, 1e-6, 0.5, 3.0])
def test_one_coordinate_has_all_its_digits(g0, sigma):
    f0, times = 0.3, (0, 1e-6, 0.1, 3, 20, 40, 100)
    flow = scalar_flow(f0, g0, sigma, times)
    for i, t in enumerate(times):
        with mp.workdps(digits_for(8 * t + 100)):
            c, s, start = mp.mpf(f0) ** 2 - mp.mpf(g0) ** 2, mp.mpf(sigma), mp.mpf(f0) * mp.mpf(g0)
            c = c or mp.mpf(10) ** -30  # the limit, to 60 digits
            size, w = abs(c), mp.sqrt(c**2 + 4 * s**2)
            plus, minus = (2 * s + w) / size, (2 * s - w) / size
            z = mp.exp(mp.asinh(2 * start / size))
            K = (z - plus) / (z - minus) * mp.exp(-w * t)
            z = (plus - minus * K) / (1 - K)
            p, square = size / 4 * (z - 1 / z), size / 4 * (z + 1 / z)
            expected = [mp.sqrt(square + c / 2), mp.sqrt(square - c / 2), p - s]
        found = [abs(flow.f[i]), abs(flow.g[i]), flow.deviation[i]]
        # A coordinate that passes zero, or falls far below, is as good as its larger one.
        np.testing.assert_allclose(found[:2], np.array(expected[:2], float), rtol=CLOSE, atol=1e-13)
        np.testing.assert_allclose(found[2], float(expected[2]), rtol=CLOSE)


def test_one_coordinate_at_late_times():
    late = scalar_flow(0.2, 0.2, 0.0, [1e6])
    np.testing.assert_allclose(late.product, 0.04 / (1 + 0.08e6), rtol=CLOSE)
    for f0, g0, sigma in ((0.2, 0.1, 0.0), (0.1, 0.2, 0.7), (0.1, 0.1, 2.0)):
        late = scalar_flow(f0, g0, sigma, [1e6])
        assert abs(late.product - sigma) < 1e-15
        np.testing.assert_allclose(late.f**2 - late.g**2, f0**2 - g0**2, atol=1e-14)


@pytest.mark.parametrize(
    ("f0", "g0", "sigma"), [(1.0, 1e-9, 0.0), (1e10, 1e-10, 0.0), (100.0, 1e-6, 0.5)]
)
def test_the_lesser_factor_of_one_coordinate_keeps_its_digits(f0, g0, sigma):
    flow = scalar_flow(f0, g0, sigma, [0.0])
    np.testing.assert_allclose(flow.g, g0, rtol=1e-11)
    np.testing.assert_allclose(flow.product, f0 * g0, rtol=1e-11)
    # and at the other's place
    np.testing.assert_allclose(scalar_flow(g0, f0, sigma, [0.0]).f, g0, rtol=1e-11)
    if sigma == 0:
        later = scalar_flow(f0, g0, sigma, [1e-3 / f0**2, 1.0 / f0**2])
        np.testing.assert_allclose(later.product, later.deviation, rtol=1e-14)


def test_descent_approaches_the_flow_at_first_order():
    values, X = problem(6, 3, (1.0, 0.6), 0.5)
    truth, t = np.diag(values), 8.0
    flow = SymmetricFlow(truth, X).errors([t])[0]
    rates = 0.1 / 2.0 ** np.arange(4)
    gaps = []
    for rate in rates:
        steps = (round(t / rate),)
        gaps.append(gradient_descent(population(truth), X, rate=rate, steps=steps).error[0] - flow)
    orders = np.diff(np.log(np.abs(gaps))) / np.log(0.5)
    assert np.all(np.abs(orders - 1) < 0.1), orders
    assert abs(orders[-1] - 1) < abs(orders[0] - 1)


def test_the_imbalance_of_descent_drifts_as_derived():
    rng = np.random.default_rng(3)
    truth = oracle.psd(rng, 5, (1.0, 0.4))
    F, G = rng.standard_normal((5, 3)) / 3, rng.standard_normal((5, 3)) / 5
    found = gradient_descent(
        population(truth), (F, G), rate=0.2, steps=range(30), measure=lambda F, G: (F, G)
    )
    F, G = found.measured
    gap = np.swapaxes(F, 1, 2) @ F - np.swapaxes(G, 1, 2) @ G
    for t in range(29):
        R = F[t] @ G[t].T - truth
        drift = 0.2**2 * (G[t].T @ R.T @ R @ G[t] - F[t].T @ R @ R.T @ F[t])
        np.testing.assert_allclose(gap[t + 1] - gap[t], drift, atol=1e-14)
    assert np.abs(gap[-1] - gap[0]).max() > 1e-3


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: SymmetricFlow(np.eye(3, k=1), np.eye(3)), "not symmetric"),
        (lambda: SymmetricFlow(-np.eye(3), np.eye(3)), "eigenvalue -1"),
        (lambda: SymmetricFlow(np.eye(3), np.eye(2)), r"\(2, 2\)"),
        (lambda: SymmetricFlow(np.eye(3), np.zeros((3, 2))), "is zero"),
        (lambda: SymmetricFlow(np.eye(3), np.full((3, 2), np.nan)), "not finite"),
        (lambda: SymmetricFlow(np.ones(3), np.ones(3)), "matrix"),
        (lambda: SymmetricFlow(np.eye(2), np.eye(2)).errors([-1.0]), "at least 0"),
        (lambda: BalancedFlow(np.eye(3), np.eye(3), np.diag([1.0, 0.5, 0.5])), "multiple of the"),
        (lambda: BalancedFlow(np.eye(3), np.eye(3), np.eye(2)), "make no matrix"),
        (lambda: scalar_flow(0.1, 0.1, -1.0, [1.0]), "sigma=-1.0"),
        (lambda: scalar_flow(np.inf, 0.1, 1.0, [1.0]), "not finite"),
    ],
)
def test_wrong_use_is_told(call, told):
    with pytest.raises(UsageError, match=told):
        call()
