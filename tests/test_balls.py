"""Balls hold the value: at 50 digits, over whole intervals, and never where there is none."""

from fractions import Fraction
from itertools import pairwise

import pytest
import sympy as sp
from flint import acb, arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from lemmata.verify.balls import compile_balls, ends, exact, span, working
from lemmata.verify.errors import UsageError

pytestmark = pytest.mark.heavy

x, y = sp.symbols("x y")
DIGITS = 50

#: defined, real and smooth for all real arguments, so that every point in the box has a value
EVERYWHERE = (
    sp.sin, sp.cos, sp.exp, sp.tanh, sp.atan, sp.asinh, sp.erf, sp.Abs,
    lambda u: sp.log(1 + u**2),
    lambda u: sp.sqrt(u**2 + 1),
    lambda u: (u**2 + sp.Rational(1, 3)) ** sp.Rational(-2, 3),
    lambda u: sp.asin(u / sp.sqrt(1 + u**2)),
    lambda u: sp.acos(u / (2 + u**2)),
    lambda u: sp.tan(u / sp.sqrt(1 + u**2)),
    lambda u: 1 / (1 + u**2),
    lambda u: sp.re(sp.exp(sp.I * u) / (2 + sp.I * u), evaluate=False),
    lambda u: sp.im(sp.sqrt(1 + sp.I * u), evaluate=False),
    lambda u: sp.Abs(sp.log(2 + sp.I * u), evaluate=False),
    lambda u: u**3,
    lambda u: u**4,
)  # fmt: skip

leaves = st.sampled_from([x, y, sp.pi, sp.E, sp.Rational(-2, 7), sp.Float("0.1"), sp.Integer(2)])
formulas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda ab: ab[0] + ab[1]),
        st.tuples(inner, inner).map(lambda ab: ab[0] * ab[1]),
        st.tuples(st.sampled_from(EVERYWHERE), inner).map(lambda fa: fa[0](fa[1])),
    ),
    max_leaves=4,
)
shares = st.fractions(0, 1, max_denominator=64)
intervals = st.tuples(
    st.fractions(-2, 2, max_denominator=9), st.fractions(0, 2, max_denominator=9)
).map(lambda lw: (lw[0], lw[0] + lw[1]))


def value(expression, **at):
    """By SymPy and mpmath, to fifty digits."""
    exactly = {sp.Symbol(k): sp.Rational(v.numerator, v.denominator) for k, v in at.items()}
    floats = {f: sp.Rational(f) for f in sp.sympify(expression).atoms(sp.Float)}
    found = sp.sympify(expression).xreplace(floats).subs(exactly).evalf(DIGITS)
    return found.as_real_imag()[0]


def holds(ball, number):
    """Whether the ball holds a number known to fifty digits, but for its last ones."""
    low, high = (sp.Rational(end.numerator, end.denominator) for end in ends(ball))
    slack = sp.Rational(1, 10 ** (DIGITS - 8)) * (1 + abs(number))
    return low - slack <= number <= high + slack


@given(formulas, intervals, intervals, shares, shares)
def test_a_ball_holds_the_value_at_every_point_of_the_box(formula, xs, ys, s, t):
    function = compile_balls([formula], ["x", "y"])
    at = {"x": xs[0] + s * (xs[1] - xs[0]), "y": ys[0] + t * (ys[1] - ys[0])}
    with working(200):
        wide, thin = (
            acb(function(*balls)[0]).real
            for balls in (
                [span(fmpq(a.numerator, a.denominator), fmpq(b.numerator, b.denominator))
                 for a, b in (xs, ys)],
                [arb(fmpq(v.numerator, v.denominator)) for v in at.values()],
            )
        )  # fmt: skip
        assert thin.is_finite()
        number = value(formula, **at)
        assert holds(thin, number)
        assert not wide.is_finite() or holds(wide, number)


@pytest.mark.parametrize(
    "expression", [sp.exp(x) - x * sp.pi, sp.sqrt(x + 3) / 7, sp.re(sp.exp(sp.I * x))], ids=str
)
def test_more_bits_give_smaller_balls_inside_the_larger_ones(expression):
    found = []
    for bits in (24, 53, 128, 400):
        with working(bits):
            found.append(ends(compile_balls([expression], ["x"])(arb(1) / 3)[0]))
    widths = [hi - lo for lo, hi in found]
    assert all(later < before / 2**20 for before, later in pairwise(widths))
    assert all(a[0] <= b[1] and b[0] <= a[1] for a in found for b in found)


def test_a_narrower_interval_gives_a_narrower_ball():
    function = compile_balls([sp.sin(x) * x - x**2], ["x"])
    radii = [function(arb(1, arb(2) ** -k))[0].rad() for k in range(8)]
    assert all(later < before for before, later in pairwise(radii))


@pytest.mark.parametrize(
    ("expression", "low", "high"),
    [
        (x**2, 0, 1), (x**4, 0, 1), (x**3, -1, 1), (sp.Abs(x), 0, 1), (sp.exp(x), 0.3678, 2.7183),
        (sp.tanh(3 * x), -0.9951, 0.9951), (sp.sign(x), -1, 1), ((2 + x) ** -2, 0.1111, 1),
    ],
    ids=str,
)  # fmt: skip
def test_the_range_of_one_operation_is_tight(expression, low, high):
    found = ends(compile_balls([expression], ["x"])(arb(0, 1))[0])
    assert [float(end) for end in found] == pytest.approx([low, high], abs=1e-4)


def test_one_variable_twice_is_told_as_two_which_widens_but_never_misses():
    low, high = ends(compile_balls([x * (1 - x)], ["x"])(span(fmpq(0), fmpq(1)))[0])
    assert low <= 0
    assert Fraction(1, 4) <= high <= 1 + Fraction(1, 10**6)


@pytest.mark.parametrize("outer", [*EVERYWHERE, sp.sign])
@pytest.mark.parametrize("inner", [1 / x, sp.log(x), sp.sqrt(x), sp.acos(2 * x), sp.tan(2 * x)])
def test_a_box_with_points_that_have_no_value_gives_no_finite_ball(inner, outer):
    u = sp.Dummy()
    expression = sp.sympify(outer(u)).subs(u, inner)
    if expression.has(inner):  # else SymPy has simplified it away: exp(log(x)) is x
        assert not compile_balls([expression], ["x"])(arb(0, 1))[0].is_finite()


@pytest.mark.parametrize("expression", [sp.log(-1 + sp.I * x), sp.sqrt(-2 + sp.I * x)], ids=str)
def test_a_complex_ball_on_the_branch_cut_gives_none(expression):
    function = compile_balls([expression], ["x"])
    assert not function(arb(0, 0.5))[0].is_finite()
    assert function(arb(1, 0.5))[0].is_finite()


def test_the_root_of_a_negative_constant_is_the_principal_one():
    (found,) = compile_balls([sp.Rational(-1, 2) ** sp.Rational(1, 3)], [])()
    number = complex(sp.N(sp.Rational(-1, 2) ** sp.Rational(1, 3), 17))
    assert complex(found.mid()) == pytest.approx(number, rel=1e-14)


def test_a_float_is_the_binary_number_that_it_is():
    (found,) = compile_balls([sp.Float(0.1)], [])()
    assert found.contains(arb(fmpq(*(0.1).as_integer_ratio())))
    assert exact(0.1, "x") == fmpq(*(0.1).as_integer_ratio())
    assert exact("0.1", "x") == exact(Fraction(1, 10), "x") == exact(sp.Rational(1, 10), "x")


@pytest.mark.parametrize("value_", [float("nan"), float("inf"), "abc", None, [1], sp.pi, x])
def test_what_is_no_exact_number_is_refused(value_):
    with pytest.raises(UsageError, match=r"x is .*; give an exact number"):
        exact(value_, "x")


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        (sp.gamma(x), r"gamma in gamma\(x\) is unknown to ball arithmetic here; known are sums"),
        (sp.floor(x), "floor"), (sp.Piecewise((x, x > 0), (0, True)), "Piecewise"),
        (sp.besselj(0, x), "besselj"), (sp.Integral(sp.exp(x**2), (x, 0, 1)), "Integral"),
        (x + sp.Symbol("z"), "the symbol z has no range; there are: x"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_not_known_is_named(expression, named):
    with pytest.raises(UsageError, match=named):
        compile_balls([expression], ["x"])


@pytest.mark.parametrize("function", [sp.asin, sp.acos, sp.atan, sp.asinh, sp.sign])
def test_functions_that_are_not_enclosed_off_the_real_line_say_so(function):
    with pytest.raises(UsageError, match="of a complex number"):
        compile_balls([function(x)], ["x"])(acb(1, 1))


def test_the_precision_is_set_for_a_while_only():
    before = ctx.prec
    with working(300):
        assert ctx.prec == 300
    assert ctx.prec == before
    with pytest.raises(UsageError, match="precision=1; give a number of bits"):
        working(1)


def test_common_parts_are_computed_once():
    part = sp.exp(x * y)
    alone = compile_balls([part], ["x", "y"])
    both = compile_balls([part, part + sp.sin(part)], ["x", "y"])
    assert len(both.steps) == len(alone.steps) + 2
