"""Roots enclosed, zeros counted, Hopf points certified: against cases that are known exactly."""

import math
from fractions import Fraction
from itertools import pairwise

import pytest
import sympy as sp
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from lemmata.theory import hopf
from lemmata.theory.delay_system import scalar
from lemmata.verify.balls import compile_balls, ends, span
from lemmata.verify.certified_hopf import certify_hopf
from lemmata.verify.errors import UsageError
from lemmata.verify.interval_newton import Unproved, _System, enclose_root
from lemmata.verify.root_count import count_right_half_plane

x, y = sp.symbols("x y")
root, omega, tau, a, b = sp.symbols("lambda omega tau a b")
hayes = root + sp.exp(-root * tau)  # x'(t) = -x(t - tau)
axis = hayes.subs(root, sp.I * omega)
near = {"omega": 1.2, "tau": 1.4}


def contains(enclosure, name, number, digits=60):
    side = enclosure[name]
    lo, hi = (sp.Rational(end.numerator, end.denominator) for end in side)
    return bool(lo <= sp.N(number, digits) <= hi)


# --- roots ---------------------------------------------------------------------------------------


def test_the_hopf_point_of_the_linear_delay_equation_is_enclosed():
    found = enclose_root([sp.re(axis), sp.im(axis)], [omega, tau], near)
    assert contains(found, "tau", sp.pi / 2)
    assert contains(found, "omega", 1)
    assert found.radius < 1e-36
    for name, (lo, hi) in found.box.items():
        assert found.apart[name][0] <= lo <= hi <= found.apart[name][1]
    assert found.values == pytest.approx({"omega": 1.0, "tau": math.pi / 2}, abs=1e-15)


@pytest.mark.parametrize(
    ("equations", "start", "exactly"),
    [
        ([x**2 - 2], {"x": 1}, {"x": sp.sqrt(2)}),
        ([sp.exp(x) - 3], {"x": "0.5"}, {"x": sp.log(3)}),
        ([x**2 + y**2 - 4, x * y - 1], {"x": 2, "y": 0.5},
         {"x": (sp.sqrt(6) + sp.sqrt(2)) / 2, "y": (sp.sqrt(6) - sp.sqrt(2)) / 2}),
        ([sp.Abs(x) - 3], {"x": -1}, {"x": -3}),
        ([x - sp.Rational(1, 3)], {"x": 0}, {"x": sp.Rational(1, 3)}),
        ([10**20 * x - 10**30], {"x": 1}, {"x": 10**10}),
    ],
)  # fmt: skip
def test_roots_that_are_known_are_enclosed(equations, start, exactly):
    found = enclose_root(equations, list(start), start)
    assert all(contains(found, name, value) for name, value in exactly.items())
    assert found.radius < 1e-25


def test_more_precision_gives_smaller_boxes_about_the_same_root():
    sizes = []
    for bits in (40, 80, 160, 640):
        found = enclose_root([x**3 - 2], [x], {"x": 1}, precision=bits)
        assert contains(found, "x", sp.cbrt(2), digits=250)
        sizes.append(found.radius)
    assert all(later < before**1.5 for before, later in pairwise(sizes))


@pytest.mark.parametrize(
    ("equation", "start"),
    [
        (x**2, 1), ((x - 1) ** 2 * (x + 3), 2), (x**2 + 1, "0.5"), (sp.exp(x), 0),
        (sp.log(x), -1), (x**2 - 2, 0), (1 + 0 * x, 1), (sp.cos(x) - 1, "0.3"),
    ],
    ids=str,
)  # fmt: skip
def test_double_roots_and_no_roots_are_not_proved(equation, start):
    with pytest.raises(Unproved, match=r"did not settle|is singular|maps into itself"):
        enclose_root([equation], [x], {"x": start})


def test_roots_closer_than_the_precision_need_more_of_it():
    equation = (x - 1) * (x - 1 - sp.Rational(1, 10**12))
    with pytest.raises(Unproved):
        enclose_root([sp.expand(equation)], [x], {"x": "0.9"}, precision=40)
    found = enclose_root([sp.expand(equation)], [x], {"x": "0.9"}, precision=200)
    assert contains(found, "x", 1)
    assert not contains(found.apart, "x", 1 + sp.Rational(1, 10**12))


def test_one_step_from_a_wide_box_about_another_point_keeps_the_root():
    equation, slope = (compile_balls([e], ["x"]) for e in (x**2 - 2, 2 * x))
    system = _System(equation, slope, ("x",))
    image, gone = (
        system._krawczyk([span(fmpq(lo, 10), fmpq(lo + 2, 10))])[0]  # pyright: ignore[reportOptionalSubscript]
        for lo in (13, 15)
    )
    assert contains({"x": ends(image)}, "x", sp.sqrt(2))
    assert image.rad() < 0.01
    assert gone < 1.5  # out of the box: no root in it


def test_wrong_systems_are_refused():
    with pytest.raises(UsageError, match="1 equations for 2 unknowns"):
        enclose_root([x], [x, y], {"x": 1, "y": 1})
    with pytest.raises(UsageError, match="no start for y; give a number near the root"):
        enclose_root([x, y], [x, y], {"x": 1})
    with pytest.raises(UsageError, match="the symbol y has no range"):
        enclose_root([x - y], [x], {"x": 1})
    with pytest.raises(UsageError, match="an equation is complex; give its real"):
        enclose_root([x - sp.I], [x], {"x": 1})
    with pytest.raises(UsageError, match="the start of x is nan"):
        enclose_root([x], [x], {"x": math.nan})


# --- counts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delay", "count"),
    [("0", 0), ("1", 0), ("1.57", 0), ("1.5708", 2), ("7.85", 2), ("7.86", 4), ("14.1", 4),
     ("14.2", 6)],
)  # fmt: skip
def test_a_pair_is_born_at_every_full_turn_beyond_pi_half(delay, count):
    found = count_right_half_plane(hayes, root, at={"tau": delay})
    assert (found.count, found.reason) == (count, "")
    assert found.certificate(count).status == "proved"
    assert found.certificate(count + 1).status == "disproved"


def test_at_the_onset_the_pair_is_on_the_line_and_the_count_undecided():
    onset = enclose_root([sp.re(axis), sp.im(axis)], [omega, tau], near)["tau"]
    found = count_right_half_plane(hayes, root, at={"tau": onset})
    assert found.count is None
    assert found.certificate(0).status == "undecided"
    assert "a zero may lie on the contour between" in found.reason
    for line, count in (("-0.1", 2), ("0.1", 0)):
        assert count_right_half_plane(hayes, root, at={"tau": onset}, right_of=line).count == count


def test_a_count_holds_for_a_whole_range_of_parameters():
    assert count_right_half_plane(hayes, root, at={"tau": ("1.2", "1.5")}).count == 0
    assert count_right_half_plane(hayes, root, at={"tau": ("1.65", "1.8")}).count == 2
    assert count_right_half_plane(hayes, root, at={"tau": (0, "1.55")}).count == 0
    assert count_right_half_plane(hayes, root, at={"tau": ("1.6", "7.8")}).count == 2
    assert count_right_half_plane(hayes, root, at={"tau": ("1.5", "1.6")}).count is None
    # Stable for any delay where the undelayed term outweighs the other: a > |b|.
    chi = root + a + b * sp.exp(-root * tau)
    ranges = {"a": (2, 3), "b": ("-1.5", "1.5"), "tau": (0, 5)}
    assert count_right_half_plane(chi, root, at=ranges).count == 0


zeros = st.lists(
    st.tuples(st.integers(-3, 3), st.integers(0, 2)).filter(lambda z: z[0] != 0),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=30)
@given(zeros)
def test_zeros_of_polynomials_are_counted_with_multiplicity(placed):
    factors = [(root - re) ** 2 + im**2 if im else root - re for re, im in placed]
    expected = sum((2 if im else 1) for re, im in placed if re > 0)
    for polynomial in (sp.Mul(*factors), sp.expand(sp.Mul(*factors))):
        assert count_right_half_plane(polynomial, root).count == expected


def test_neutral_and_several_delays_and_other_entire_functions():
    # As a multiple of exp(-lambda)/2 goes from 0 to 1, no root meets the axis: one, as at 0.
    neutral = root * (1 + sp.exp(-root) / 2) - 1
    assert count_right_half_plane(neutral, root).count == 1
    # sinh vanishes at i pi n; within a radius of 8 for n = 0, ±1, ±2.
    assert count_right_half_plane(sp.sinh(root), root, right_of=-1, radius=8).count == 5
    linear = root + a + b * sp.exp(-root * tau) + b * sp.exp(-2 * root * tau)
    at = {"a": 1, "b": Fraction(1, 3), "tau": 5}
    assert count_right_half_plane(linear, root, at=at).count == 0  # a > |b| + |b|: stable for all


def test_every_root_right_of_a_far_line_is_found():
    # The roots of lambda = -exp(-lambda) are the values W_k(-1) of Lambert's function.
    import numpy as np
    from scipy.special import lambertw

    lines = (-1, -2, -3)
    found = [count_right_half_plane(hayes, root, at={"tau": 1}, right_of=r).count for r in lines]
    values = lambertw(-1, np.arange(-60, 60))
    assert found == [int(np.sum(values.real > line)) for line in lines]


def test_a_line_beyond_all_zeros_leaves_none_and_costs_nothing():
    found = count_right_half_plane(hayes, root, at={"tau": 9}, right_of=3)
    assert (found.count, found.pieces) == (0, 0)


def test_the_budget_of_pieces_is_kept():
    found = count_right_half_plane(hayes, root, at={"tau": 20}, max_pieces=10)
    assert (found.count, found.pieces) == (None, 10)
    assert found.reason.startswith("after 10 pieces")


@pytest.mark.parametrize(
    ("chi", "more", "message"),
    [
        (root + 1 / root, {}, "1/lambda is not seen to be entire in lambda.*Multiply the equation"),
        (root + sp.log(root), {}, r"log\(lambda\) is not seen to be entire"),
        (root + sp.exp(root), {}, "chi has the delay -1, which is not seen to be at least 0"),
        (root + 2 * root * sp.exp(-root), {}, "no bound on the zeros: the leading term"),
        (root + sp.exp(-(root**2)), {}, r"no bound on the zeros can be derived from the term exp"),
        (hayes, {}, "the symbol tau has no range"),
        (hayes, {"at": {"tau": (2, 1)}}, r"the range of tau is \(2, 1\); give the smaller"),
        (root, {"radius": -1}, "radius=-1; give a positive number"),
        (root, {"right_of": sp.pi}, "right_of is pi; give an exact number"),
    ],
    ids=str,
)
def test_what_cannot_be_counted_is_told(chi, more, message):
    with pytest.raises(UsageError, match=message):
        count_right_half_plane(chi, root, **more)


# --- Hopf points ---------------------------------------------------------------------------------


def test_the_onset_of_the_delayed_logistic_equation_is_certified():
    system = scalar("r*x*(1 - x_tau)", equilibrium="1")
    r = next(iter(system.parameters))
    found = certify_hopf(
        root + r * sp.exp(-root * tau), root, omega, tau, at={"r": 2},
        start={"omega": 1.9, "tau": 0.8},
        re_c1=hopf.lyapunov_coefficient(system).statement,
    )  # fmt: skip
    assert found.certificate.status == "proved"
    assert contains(found.enclosure, "tau", sp.pi / 4)
    assert contains(found.enclosure, "omega", 2)
    assert (found.right, found.axis.status) == (0, "proved")
    assert (found.transversal.status, found.critical.status) == ("proved", "proved")
    # At r = 2: omega^2 / (1 + pi^2/4), and (4 - 6 pi) r / (5 (4 + pi^2)) of the textbooks.
    assert contains(vars(found), "speed", 4 / (1 + sp.pi**2 / 4))
    assert contains(vars(found), "lyapunov", 2 * (4 - 6 * sp.pi) / (5 * (4 + sp.pi**2)))
    for words in ("Re lambda' > 0", "no other root on the imaginary axis", "Re c_1 < 0"):
        assert words in found.certificate.statement


def test_a_wrong_sign_of_the_speed_or_of_the_coefficient_is_disproved():
    chi = root + 2 * sp.exp(-root * tau)
    start = {"omega": 1.9, "tau": 0.8}
    slow = certify_hopf(chi, root, omega, tau, start=start, speed=-1)
    assert slow.transversal.status == slow.certificate.status == "disproved"
    wrong = certify_hopf(chi, root, omega, tau, start=start, re_c1=-omega * tau, criticality=+1)
    assert wrong.critical.status == wrong.certificate.status == "disproved"
    zero = certify_hopf(chi, root, omega, tau, start=start, re_c1=omega * tau - sp.pi / 2)
    assert zero.critical.status == zero.certificate.status == "undecided"
    # Of the wrong sign in the middle of the enclosure, and of the right one at its ends.
    assert slow.enclosure is not None
    lo, hi = (sp.Rational(e.numerator, e.denominator) for e in slow.enclosure["tau"])
    mixed = (hi - lo) / 8 - sp.Abs(tau - (lo + hi) / 2)
    found = certify_hopf(chi, root, omega, tau, start=start, re_c1=mixed)
    assert found.critical.status == "undecided"
    assert "it may vanish there" in found.certificate.reason


def test_a_later_crossing_is_no_onset_but_a_crossing():
    chi = root + 2 * sp.exp(-root * tau)
    start = {"omega": 1.9, "tau": 3.9}
    found = certify_hopf(chi, root, omega, tau, start=start)
    assert (found.certificate.status, found.right) == ("disproved", 2)
    assert contains(found.enclosure, "tau", 5 * sp.pi / 4)
    crossing = certify_hopf(chi, root, omega, tau, start=start, onset=False)
    assert crossing.certificate.status == "proved"


def test_a_start_that_leads_nowhere_is_undecided_and_says_why():
    stable = root + 2 + sp.exp(-root * tau)  # no root ever reaches the axis
    found = certify_hopf(stable, root, omega, tau, start={"omega": 1, "tau": 2})
    assert (found.enclosure, found.certificate.status) == (None, "undecided")
    assert "Newton's method" in found.certificate.reason or "maps into" in found.certificate.reason


def test_two_pairs_at_once_are_not_called_alone():
    # (lambda + exp(-lambda tau)) (lambda + 5 exp(-lambda tau)) at tau = pi/2: 5 tau = pi/2 + 2 pi.
    chi = sp.expand((root + sp.exp(-root * tau)) * (root + 5 * sp.exp(-root * tau)))
    found = certify_hopf(chi, root, omega, tau, start={"omega": 1.01, "tau": 1.57}, onset=False)
    assert found.transversal.status == "proved"
    assert found.axis.status == found.certificate.status == "undecided"


def test_a_system_with_two_delays_and_another_parameter():
    # lambda + a (exp(-lambda) + exp(-2 lambda)) = 0: cos w + cos 2w = 0 at w = pi/3, a = 1/sqrt(3)
    # times pi/3, from a (sin w + sin 2w) = w.
    chi = root + a * (sp.exp(-root) + sp.exp(-2 * root))
    found = certify_hopf(chi, root, omega, a, start={"omega": 1, "a": "0.6"})
    assert found.certificate.status == "proved"
    assert contains(found.enclosure, "a", sp.pi / (3 * sp.sqrt(3)))
    assert contains(found.enclosure, "omega", sp.pi / 3)


def test_missing_values_and_starts_are_named():
    with pytest.raises(UsageError, match="the symbol b has no range"):
        certify_hopf(root + b * sp.exp(-root * tau), root, omega, tau, start=near)
    with pytest.raises(UsageError, match="no start for tau"):
        certify_hopf(hayes, root, omega, tau, start={"omega": 1})
    with pytest.raises(UsageError, match="a frequency is positive; start elsewhere"):
        certify_hopf(hayes, root, omega, tau, start={"omega": -1.1, "tau": 1.5})
    with pytest.raises(UsageError, match="is not real for real lambda"):
        certify_hopf(hayes + sp.I, root, omega, tau, start=near)
