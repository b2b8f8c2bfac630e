"""Many roots for several delays and kernels: against exact ones, counted, told when incomplete."""

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.lambert import lambert_roots

from lemmata.solvers import spectrum as spectrum_module
from lemmata.solvers.collocation import collocated_roots
from lemmata.solvers.linear_delay import Gamma, LinearDelay, Window
from lemmata.solvers.spectrum import spectrum

pytestmark = pytest.mark.heavy

coefficients = st.floats(-3, 3)
delays = st.floats(0.05, 3)


def distances(roots, exact):
    return np.abs(np.asarray(roots)[:, None] - np.asarray(exact)).min(axis=1, initial=np.inf)


@given(a=st.floats(-2, 2), b=st.floats(0.2, 5), delay=delays, sign=st.sampled_from([-1, 1]))
def test_many_rightmost_roots_are_lamberts_branches(a, b, delay, sign):
    exact = lambert_roots(a, sign * b, delay, range(-20, 21))
    # Beside its branch point -1/e SciPy's W is off by the root of its tolerance.
    assume(abs(sign * b * delay * np.exp(1 - a * delay) + 1) > 1e-3)
    found = spectrum(LinearDelay([a, sign * b], [0.0, delay]), count=9)

    assert found.complete, found.reason
    assert found.counted == found.multiplicities.sum() >= 9
    w = (found.roots - a) * delay
    slack = 1e-14 * (1 + np.abs(w)) / np.abs(1 + w) / delay
    assert (distances(found.roots, exact) <= found.errors + slack).all()
    assert (exact.real > found.right_of).sum() == found.counted
    assert (np.diff(found.roots.real) <= 0).all()


def test_errors_are_round_off_for_simple_roots():
    found = spectrum(LinearDelay([0.0, -2.0], [0.0, 1.0]), count=30)

    assert found.complete
    assert found.errors.max() < 1e-12
    assert np.abs(found.roots + 2 * np.exp(-found.roots)).max() < 1e-12


@pytest.mark.parametrize("a", [-1.0, 0.3, 1.0])
def test_a_double_root_is_one_disc_with_two_roots(a):
    found = spectrum(LinearDelay([a, -np.exp(a - 1)], [0.0, 1.0]), count=2)

    assert found.complete
    assert found.multiplicities.tolist() == [2]
    assert abs(found.roots[0] - (a - 1)) <= found.errors[0] < 1e-5
    # Two roots in one disc are no better known than the root of round-off.
    assert found.errors[0] > 1e-9


def test_two_roots_a_little_apart_are_told_apart():
    gap = 1e-8
    found = spectrum(LinearDelay([0.0, -np.exp(-1) * (1 + gap)], [0.0, 1.0]), count=2)

    assert found.multiplicities.tolist() == [1, 1]
    assert np.allclose(found.roots.imag, [np.sqrt(2 * gap), -np.sqrt(2 * gap)], rtol=1e-3)
    assert found.errors.max() < 1e-6


@given(a=coefficients, delay=delays, digits=st.floats(-14, -1), sign=st.sampled_from([-1, 1]))
def test_roots_beside_a_double_one_are_within_their_errors(a, delay, digits, sign):
    b = -np.exp(a * delay - 1) / delay * (1 + sign * 10**digits)
    found = spectrum(LinearDelay([a, b], [0.0, delay]), count=2)
    with mpmath.workdps(40):
        x, y, z = (mpmath.mpf(float(value)) for value in (a, b, delay))
        w = [mpmath.lambertw(y * z * mpmath.exp(-x * z), k) for k in (0, -1)]
        exact = np.array([complex(x + one / z) for one in w])

    assert found.complete, found.reason
    assert (np.abs(exact[:, None] - found.roots) <= found.errors).any(axis=1).all()


def test_equal_scalars_side_by_side_are_double_roots():
    pair = LinearDelay(np.stack([np.zeros((2, 2)), -2 * np.eye(2)]), [0.0, 1.0])
    found = spectrum(pair, count=4)

    assert found.complete
    assert found.multiplicities.tolist() == [2, 2]
    assert (distances(found.roots, lambert_roots(0.0, -2.0, 1.0)) <= found.errors).all()


@pytest.mark.parametrize(("s", "t"), [(1.0, 2.0), (0.3, 1.1), (1.0, 1.0)])
def test_two_delays_cross_the_axis_where_they_should(s, t):
    # i w = -a (exp(-i w s) + exp(-i w t)): w = pi / (s + t), a = w / (2 cos(w (t - s) / 2)).
    w = np.pi / (s + t)
    a = w / (2 * np.cos(w * (t - s) / 2))
    found = spectrum(LinearDelay([-a, -a], [s, t]), count=2)

    assert found.complete
    assert (np.abs(found.roots - [1j * w, -1j * w]) <= found.errors).all()
    assert found.errors.max() < 1e-12


@given(mix=st.integers(0, 2**32 - 1))
def test_commuting_matrices_have_the_roots_of_their_scalars(mix):
    rng = np.random.default_rng(mix)
    a, b, c = rng.uniform(-2, 2, (3, 3))
    basis = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    lags = [0.0, 0.4, 1.0]
    found = spectrum(LinearDelay([(basis * v) @ basis.T for v in (a, b, c)], lags), right_of=-1)
    scalars = [spectrum(LinearDelay(each, lags), right_of=-1) for each in zip(a, b, c, strict=True)]
    exact = np.concatenate([one.roots for one in scalars])

    assert found.complete, found.reason
    assert found.multiplicities.sum() == sum(one.multiplicities.sum() for one in scalars)
    errors = found.errors + max(one.errors.max(initial=0) for one in scalars)
    assert (distances(found.roots, exact) <= errors).all()


def test_a_uniform_window_crosses_the_axis_where_it_should():
    T = 1.7
    mean = Window(lambda s: -(np.pi**2) / 2 / T**2, 0, T)
    found = spectrum(LinearDelay([0.0], [0.0], (mean,)), count=2)

    assert found.complete
    assert (np.abs(found.roots - [1j * np.pi / T, -1j * np.pi / T]) <= found.errors).all()
    assert found.errors.max() < 1e-11


def test_gamma_kernels_have_the_roots_of_a_polynomial_right_of_their_edge():
    strength, order, rate = 3.0, 4, 5.0
    exact = (np.poly1d([1, 0]) * np.poly1d([1 / rate, 1]) ** order + strength).roots
    exact = exact[exact.real > -rate]
    found = spectrum(LinearDelay([0.0], [0.0], (Gamma(-strength, order, rate),)), right_of=-4.9)

    assert found.complete
    assert len(found.roots) == len(exact) == 2
    assert (distances(found.roots, exact) <= found.errors + 1e-13).all()


def test_the_chain_of_a_gamma_kernel_leaves_no_roots_of_its_own():
    # Only the second unknown feeds the chain: the matrix has rank one.
    system = LinearDelay([[[-1.0, 0.0], [0.0, -2.0]]], [0.0], (Gamma([[0, 0.5], [0, 0]], 3, 4.0),))
    found = spectrum(system, right_of=-3.5)

    assert found.complete
    assert np.allclose(found.roots, [-1, -2])


def test_the_collocation_converges_faster_than_any_power_with_windows_and_chains():
    system = LinearDelay(
        [0.2, -1.0, 0.4],
        [0.0, 1.0, 0.37],
        (Window(lambda s: -np.exp(-s), 0.2, 1.3), Gamma(-0.5, 2, 3.0)),
    )
    exact = spectrum(system, count=1).roots[0]
    nodes = np.array([4, 6, 8, 10, 12, 14])
    gaps = [np.abs(collocated_roots(system, n) - exact).min() for n in nodes]
    slopes = np.diff(np.log(gaps)) / np.diff(np.log(nodes))

    # The reference does not come from the collocation: it solves the characteristic equation.
    assert np.abs(system.characteristic(exact)[0]).max() < 1e-13
    assert gaps[-1] < 1e-11
    assert slopes[3] < slopes[1] < 0
    assert slopes[3] < -10


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_root_that_is_removed_is_missed_by_the_count(monkeypatch, lost):
    whole = spectrum_module.collocated_roots

    def gapped(system, nodes):
        roots = whole(system, nodes)
        upper = np.flatnonzero(roots.imag >= 0)
        return np.delete(roots, upper[lost])

    monkeypatch.setattr(spectrum_module, "collocated_roots", gapped)
    system = LinearDelay([0.0, -2.0], [0.0, 1.0])
    found = spectrum(system, count=6, most=48)

    assert not found.complete
    assert found.counted == found.multiplicities.sum() + 2
    assert "the argument principle counts 8; use more `nodes`" in found.reason


def test_too_few_nodes_are_doubled_and_at_the_limit_owned_up_to():
    system = LinearDelay([0.0, -2.0], [0.0, 1.0])
    enough, few = (spectrum(system, count=20, nodes=4, most=most) for most in (1000, 8))

    assert enough.complete
    assert enough.nodes > 8
    assert not few.complete
    assert few.nodes == 8
    assert few.reason


@pytest.mark.parametrize("b", [0.0, 1e-200])
def test_what_has_no_more_roots_in_reach_says_so(b):
    found = spectrum(LinearDelay([-1.0, b], [0.0, 50.0]), count=3, most=48)

    assert not found.complete
    assert found.roots.tolist() == [-1.0]
    assert found.reason == "only 1 of 3 roots were found; use more `nodes`, or raise `most`"


@pytest.mark.parametrize(
    ("coefficients", "reason"),
    [
        ([-1.0, 0.0], "only 1 of 2 roots were found"),
        ([-1.0, 1e-200], "only 1 of 2 roots were found"),
        ([-1e6, -5e5], "stretches are needed"),
    ],
)
def test_doubling_ends_where_it_helps_no_more(coefficients, reason):
    found = spectrum(LinearDelay(coefficients, [0.0, 1.0]), count=2)

    assert not found.complete
    assert found.nodes == 96
    assert reason in found.reason
    assert found.reason.endswith("(24 nodes say the same as 96)")


@pytest.mark.parametrize("digits", [1, 5, 9])
def test_doubling_goes_on_to_roots_that_are_far_left(digits):
    b = 10.0**-digits
    found = spectrum(LinearDelay([-1.0, b], [0.0, 1.0]), count=4, nodes=4)

    assert found.complete, found.reason
    assert (distances(found.roots, lambert_roots(-1.0, b, 1.0)) <= found.errors + 1e-12).all()


@pytest.mark.parametrize("digits", [13, 17, 21])
def test_roots_that_round_off_hides_are_told_to_be_missing(digits):
    found = spectrum(LinearDelay([-1.0, 10.0**-digits], [0.0, 1.0]), count=4, nodes=4)

    assert not found.complete
    assert "only 1 of 4 roots were found" in found.reason


def test_a_long_delay_has_many_unstable_roots():
    # x' = -x - 2 x(t - delay): i w with w^2 = 3, a pair for each lag (2 pi / 3 + 2 pi k) / w.
    delay = 100.0
    crossed = int((delay * np.sqrt(3) - 2 * np.pi / 3) / (2 * np.pi)) + 1
    found = spectrum(LinearDelay([-1.0, -2.0], [0.0, delay]), right_of=0.0)

    assert found.complete
    assert found.counted == 2 * crossed == 56
    assert found.errors.max() < 1e-13


def test_a_line_through_a_root_is_undecided():
    found = spectrum(LinearDelay([0.0, -np.pi / 2], [0.0, 1.0]), right_of=0.0, most=48)

    assert not found.complete
    assert found.counted is None
    assert "a root lies on the curve" in found.reason


def test_without_memory_the_roots_are_eigenvalues():
    matrix = np.random.default_rng(7).normal(size=(4, 4))
    found = spectrum(LinearDelay(matrix[None], [0.0]), count=4)

    assert found.complete
    assert (distances(found.roots, np.linalg.eigvals(matrix)) <= found.errors + 1e-14).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "Give one of `count=None` and `right_of=None`"),
        ({"count": 2, "right_of": 0.0}, "Give one of"),
        ({"count": 0}, "`count=0` must be at least 1"),
        ({"right_of": np.nan}, "`right_of=nan` must be finite"),
        ({"count": 1, "nodes": 1}, "`nodes=1` must be at least 2"),
        ({"count": 1, "nodes": 24, "most": 20}, "at most `most=20`"),
    ],
)
def test_wrong_requests_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        spectrum(LinearDelay([0.0, -1.0], [0.0, 1.0]), **wrong)
