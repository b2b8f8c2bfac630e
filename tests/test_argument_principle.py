"""Counts of characteristic roots: against Lambert's function, polynomials, and planted roots."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import lambertw

from lemmata.solvers.argument_principle import count_right_of, count_within, follow
from lemmata.solvers.linear_delay import Gamma, LinearDelay, Window

pytestmark = pytest.mark.heavy


def hayes(a, b, delay=1.0):
    return LinearDelay([a, b], [0.0, delay])


def lambert(a, b, delay=1.0, branches=40):
    """All roots of z = a + b exp(-z delay) with |Im z| delay below about 2 pi branches."""
    w = [lambertw(b * delay * np.exp(-a * delay), k) for k in range(-branches, branches + 1)]
    return a + np.array(w) / delay


@given(a=st.floats(-4, 4), b=st.floats(-30, 30), delay=st.floats(0.1, 3), c=st.floats(-0.8, 1))
def test_the_count_is_that_of_lamberts_branches(a, b, delay, c):
    # Beside its branch point -1/e SciPy's W is off by the root of its tolerance.
    assume(abs(b) > 1e-6 and abs(b * delay * np.exp(1 - a * delay) + 1) > 1e-3)
    # Every root right of c is within |a| + |b| exp(-c delay), which so many branches reach.
    reach = (abs(a) + abs(b) * np.exp(-c * delay)) * delay
    roots = lambert(a, b, delay, branches=int(reach / (2 * np.pi)) + 3)
    assume(np.abs(roots.real - c).min() > 1e-6)
    found = count_right_of(hayes(a, b, delay), c)

    assert found.number == (roots.real > c).sum(), found.reason


@given(
    poles=st.lists(st.floats(-2, 2), min_size=1, max_size=4),
    delays=st.floats(0.1, 2),
    mix=st.integers(0, 2**32 - 1),
)
def test_matrices_that_commute_have_the_roots_of_their_scalars(poles, delays, mix):
    basis = np.linalg.qr(np.random.default_rng(mix).normal(size=(len(poles),) * 2))[0]
    b = -np.arange(1.0, len(poles) + 1)
    a0, a1 = ((basis * v) @ basis.T for v in (np.array(poles), b))
    scalars = np.concatenate([lambert(p, q, delays) for p, q in zip(poles, b, strict=True)])
    assume(np.abs(scalars.real).min() > 1e-6)

    found = count_right_of(LinearDelay(np.stack([a0, a1]), [0.0, delays]))
    assert found.number == (scalars.real > 0).sum()


@pytest.mark.parametrize("c", [0.5, 0.0, -0.5, -1.5, -3.0])
def test_gamma_kernels_count_the_roots_of_a_polynomial(c):
    strength, order, rate = 3.0, 4, 5.0
    roots = (np.poly1d([1, 0]) * np.poly1d([1 / rate, 1]) ** order + strength).roots
    found = count_right_of(LinearDelay([0.0], [0.0], (Gamma(-strength, order, rate),)), c)

    assert found.number == (roots.real > c).sum()


@pytest.mark.parametrize(("factor", "number"), [(0.9, 0), (0.999999, 0), (1.000001, 2), (1.1, 2)])
def test_a_uniform_window_loses_stability_at_half_of_pi_squared(factor, number):
    T = 1.7
    strength = factor * np.pi**2 / 2 / T
    mean = Window(lambda s: -strength / T, 0, T)

    assert count_right_of(LinearDelay([0.0], [0.0], (mean,))).number == number


@pytest.mark.parametrize(("gap", "number"), [(-1e-9, 0), (1e-9, 2)])
def test_a_root_near_the_line_is_on_its_side(gap, number):
    assert count_right_of(hayes(0.0, -np.pi / 2 - gap)).number == number


def test_a_root_on_the_line_is_undecided_and_said_so():
    found = count_right_of(hayes(0.0, -np.pi / 2))

    assert found.number is None
    assert found.reason.startswith(
        "a root lies on the curve, as far as rounding can tell, at 0+1.5"
    )
    assert count_right_of(LinearDelay([0.0], [0.0])).number is None


def test_too_few_stretches_are_undecided_and_said_so():
    found = count_right_of(hayes(0.0, -2.0), -4.0, stretches=20)

    assert found.number is None
    assert found.reason.startswith("more than 20 stretches are needed, first at ")


def test_far_left_the_bound_overflows_without_a_warning():
    found = count_right_of(hayes(0.0, -2.0, 1.0), -2000.0)

    assert found == (None, "the bound of the roots right of -2000.0 overflows")


def test_no_root_is_right_of_the_bound():
    assert count_right_of(hayes(1.0, 1.0), 2.5).number == 0


def test_without_a_delay_eigenvalues_are_counted():
    matrix = np.random.default_rng(5).normal(size=(5, 5))
    system = LinearDelay(matrix[None], [0.0])
    real = np.linalg.eigvals(matrix).real

    for c in (-2.0, -0.5, 0.0, 0.7):
        assert count_right_of(system, c).number == (real > c).sum()


def test_a_double_root_counts_twice():
    a = 0.3
    system = hayes(a, -np.exp(a - 1))

    assert count_within(system, a - 1, 1e-3).number == 2
    assert count_right_of(system, a - 1.1).number == 2
    assert count_right_of(system, a - 0.9).number == 0


@given(where=st.floats(-1, 1), off=st.floats(0.2, 3))
def test_a_disc_counts_what_is_within(where, off):
    root = lambert(where, -3.0)[40]
    radius = 0.1

    assert count_within(hayes(where, -3.0), root, radius).number == 1
    assert count_within(hayes(where, -3.0), root + off * radius, radius).number in (
        int(off < 1),
        None,
    )


def test_the_bound_along_a_curve_holds_between_the_midpoints():
    system = hayes(0.4, -2.0)
    line = follow(system, lambda y: 1j * y, 1.0, (0.0, 8.0), stretches=1000)
    y = np.linspace(0, 8, 2001)
    sigma = np.abs(system.characteristic(1j * y)[0][:, 0, 0])

    assert not line.reason
    # A point lies in the stretch of one of its two nearest midpoints.
    nearest = np.abs(y[:, None] - line.at.imag).argsort(axis=1)[:, :2]
    assert (sigma >= line.clear[nearest].min(axis=1)).all()
    assert (sigma < 20 * line.clear[nearest].max(axis=1)).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: count_right_of(s, np.inf), "`right_of=inf` must be finite"),
        (lambda s: count_right_of(s, -3.0), r"`right_of=-3\.0` must be finite and above -2\.0"),
        (lambda s: count_within(s, 0j, 3.0), r"radius=3\.0 about 0j must be .* right of -2\.0"),
        (lambda s: count_within(s, 0j, 0.0), r"radius=0\.0"),
    ],
)
def test_wrong_regions_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(LinearDelay([0.0], [0.0], (Gamma(-1.0, 2, 2.0),)))
