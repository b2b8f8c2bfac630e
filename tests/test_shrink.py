"""Shrinking: a counterexample in round numbers is a counterexample still."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lemmata.verify.domain import Condition, Domain, Point
from lemmata.verify.interval import Integers, Interval, Log
from lemmata.verify.shrink import MEASUREMENTS, ladder, shrink

DOMAIN = Domain(x=Interval(0.3, 100), y=Log(0.013, 77.0), k=Integers(1, 9))


def always(p):
    return True


def test_what_disagrees_everywhere_shrinks_to_the_roundest_numbers():
    worst = DOMAIN.point(x=87.31927, y=0.0177712, k=7)
    assert shrink(DOMAIN, worst, always, fixed={}) == Point({"x": 1.0, "y": 1.0, "k": 1})


def test_what_disagrees_nowhere_else_stays():
    worst = DOMAIN.point(x=87.31927, y=0.0177712, k=7)
    assert shrink(DOMAIN, worst, lambda p: p == worst, fixed={}) == worst


def test_no_more_digits_are_kept_than_are_needed():
    worst = Domain(x=Interval(2, 9)).point(x=3.8327719)
    found = shrink(Domain(x=Interval(2, 9)), worst, lambda p: 3.75 < p.x < 3.9, fixed={})
    assert found.x == 3.8


def test_parameters_shrink_together_where_one_alone_would_not():
    domain = Domain(
        x=Interval(0, 100), y=Interval(0, 100), where=(Condition("x > y", lambda p: p.x > p.y),)
    )
    found = shrink(domain, domain.point(x=97.3113, y=81.7719), always, fixed={})
    assert found == Point({"x": 10.0, "y": 1.0})


seeds = st.integers(0, 1000)


# The search is one of Hypothesis' own.
@settings(max_examples=25, suppress_health_check=[HealthCheck.nested_given])
@given(seeds, st.floats(0, 4), st.integers(0, 9))
def test_the_simplest_point_lies_inside_disagrees_and_keeps_what_is_fixed(seed, edge, k):
    domain = Domain(
        x=Interval(-5, 5), y=Log(0.01, 50), k=Integers(0, 9),
        where=(Condition("x + y > 0", lambda p: p.x + p.y > 0),),
        defining={"sum": lambda p: p.x + p.y},
    )  # fmt: skip
    looks = []

    def disagrees(p):
        looks.append(p)
        return p.sum > edge

    fixed = {"k": k}
    worst = max(domain.sample(16, seed=seed, fixed=fixed), key=lambda p: p.sum)
    found = shrink(domain, worst, disagrees, fixed=fixed)
    assert found.sum > edge
    assert found.k == k
    assert domain.broken(found) is None
    assert all(domain.broken(p) is None for p in looks)
    assert len(looks) <= MEASUREMENTS


def test_a_shrink_of_many_parameters_stays_within_its_measurements():
    domain = Domain(**{f"x{i}": Interval(0, 100) for i in range(20)})
    looks = []

    def disagrees(p):
        looks.append(p)
        return sum(p.values()) > 500

    worst = domain.point(**{name: 77.7123 + i for i, name in enumerate(domain.axes)})
    found = shrink(domain, worst, disagrees, fixed={})
    assert len(looks) <= MEASUREMENTS
    assert 500 < sum(found.values()) < sum(worst.values())


def test_nothing_is_measured_where_nothing_is_free():
    domain = Domain(x=Interval(0, 1))

    def never(p):
        raise AssertionError("measured")

    assert shrink(domain, domain.point(x=0.123), never, fixed={"x": 0.123}).x == 0.123
    assert shrink(Domain(), Point({}), never, fixed={}) == Point({})


def test_a_crash_while_shrinking_comes_out_as_it_is():
    def crashes(p):
        if p.x == 1:
            raise ZeroDivisionError("at one")
        return True

    domain = Domain(x=Interval(0.3, 100))
    with pytest.raises(ZeroDivisionError, match=r"^at one$"):
        shrink(domain, domain.point(x=87.31), crashes, fixed={})


def test_the_same_search_finds_the_same_point():
    worst = DOMAIN.point(x=87.31927, y=0.0177712, k=7)
    found = {
        tuple(shrink(DOMAIN, worst, lambda p: p.x * p.k > 30, fixed={}).values()) for _ in range(3)
    }
    assert len(found) == 1


axes = st.sampled_from([Interval(-3, 70), Log(1e-3, 1e3), Integers(-4, 40)])


@given(axes, st.floats(0, 1))
def test_a_ladder_stays_in_its_interval_and_ends_at_the_value(axis, share):
    value = axis.at(share)
    rungs = ladder(axis, value)
    assert rungs[-1] == value
    assert len(set(rungs)) == len(rungs)
    assert all(axis.holds(rung) and math.isfinite(rung) for rung in rungs)
    if isinstance(axis, Integers):
        assert all(type(rung) is int for rung in rungs)
