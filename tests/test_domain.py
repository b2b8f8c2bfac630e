"""Domains: what is sampled lies inside, and what is wrong is said."""

import copy
import dataclasses
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.verify.domain import Condition, Domain, Point, stack
from lemmata.verify.errors import UsageError
from lemmata.verify.interval import Integers, Interval, Log, Values

finite = st.floats(-1e6, 1e6)
positive = st.floats(1e-6, 1e6)
intervals = st.tuples(finite, finite).map(lambda ends: Interval(*sorted(ends)))
logs = st.tuples(positive, positive).map(lambda ends: Log(*sorted(ends)))
integers = st.tuples(*[st.integers(-1000, 1000)] * 2).map(lambda ends: Integers(*sorted(ends)))
axes = st.dictionaries(st.sampled_from("abcdefgh"), intervals | logs | integers, max_size=8)
seeds = st.integers(0, 2**32)

disc = Domain(
    x=Interval(-1, 1),
    y=Interval(-1, 1),
    where=(Condition("x² + y² <= 1", lambda p: p.x**2 + p.y**2 <= 1),),
)


@given(axes, st.integers(1, 70), seeds)
def test_a_sample_lies_inside_and_no_point_comes_twice(axes, n, seed):
    domain = Domain(**axes)
    points = domain.sample(n, seed=seed)
    assert all(domain.broken(point) is None for point in points)
    assert len({tuple(point.values()) for point in points}) == len(points)
    assert len(points) == min(n, math.prod(axis.count for axis in axes.values()))
    for name, axis in axes.items():
        kind = int if isinstance(axis, Integers) else float
        assert all(type(point[name]) is kind for point in points)


@given(st.integers(4, 200), seeds)
def test_a_sample_satisfies_the_side_conditions(n, seed):
    points = disc.sample(n, seed=seed)
    assert len(points) == n
    assert all(p.x**2 + p.y**2 <= 1 for p in points)


@given(st.sampled_from([1, 2, 5, 30]), seeds)
def test_the_same_seed_gives_the_same_sample(d, seed):
    domain = Domain(**{f"x{i}": Interval(0, 1) for i in range(d)})
    assert domain.sample(20, seed=seed) == domain.sample(20, seed=seed)
    assert domain.sample(20, seed=seed) != domain.sample(20, seed=seed + 1)


@pytest.mark.parametrize("d", [1, 2, 3, 12])
def test_every_parameter_meets_both_ends_of_its_interval(d):
    domain = Domain(**{f"x{i}": Log(0.1 + i, 7.3 + i) for i in range(d)})
    points = domain.sample(48, seed=0)
    for name, axis in domain.axes.items():
        assert {axis.lo, axis.hi} <= {point[name] for point in points}
    corners = [p for p in points if all(p[k] in (a.lo, a.hi) for k, a in domain.axes.items())]
    assert len(corners) <= 12


def test_a_small_sample_has_no_corners_only():
    assert len(Domain(x=Interval(0, 1)).sample(1, seed=3)) == 1
    assert 0 < Domain(x=Interval(0, 1)).sample(1, seed=3)[0].x < 1


def test_a_logarithmic_interval_is_sampled_evenly_in_the_logarithm():
    points = Domain(x=Log(1e-4, 1e4)).sample(1000, seed=0)
    inner = [math.log10(p.x) for p in points if p.x not in (1e-4, 1e4)]
    counts, _ = np.histogram(inner, bins=8, range=(-4, 4))
    assert counts.min() > 0.9 * len(inner) / 8


def test_an_interval_is_sampled_evenly():
    points = Domain(x=Interval(-4, 4)).sample(1000, seed=0)
    counts, _ = np.histogram([p.x for p in points], bins=8, range=(-4, 4))
    assert counts.min() > 0.9 * len(points) / 8


@given(intervals | logs, st.floats(0, 1))
def test_round_off_does_not_leave_an_interval(axis, share):
    assert axis.holds(axis.at(share))
    assert (axis.at(0), axis.at(1)) == (axis.lo, axis.hi)


@pytest.mark.parametrize("axis", [Interval(-1.5e308, 1.5e308), Log(1e-300, 1e300)])
def test_a_huge_interval_does_not_overflow(axis):
    values = [axis.at(share) for share in (0, 0.25, 0.5, 0.75, 1)]
    assert np.all(np.diff(values) > 0)
    assert abs(values[2] - (0 if type(axis) is Interval else 1)) < 1e-6


@given(st.integers(-50, 50), st.integers(0, 20))
def test_few_integers_are_all_sampled(lo, more):
    points = Domain(k=Integers(lo, lo + more)).sample(48, seed=0)
    assert [p.k for p in points] == list(range(lo, lo + more + 1))


def test_few_integers_that_satisfy_a_condition_are_each_sampled_once():
    even = Condition("k is even", lambda p: p.k % 2 == 0)
    points = Domain(k=Integers(1, 90), where=(even,)).sample(48, seed=0)
    assert sorted(p.k for p in points) == list(range(2, 91, 2))


def test_a_domain_without_parameters_has_one_point():
    assert Domain().sample(48, seed=0) == [Point({})]


def test_a_domain_with_all_parameters_fixed_has_one_point():
    domain = Domain(x=Interval(0, 1), k=Integers(1, 9))
    assert domain.sample(48, seed=0, fixed={"x": 0.25, "k": 3.0}) == [Point({"x": 0.25, "k": 3})]


@given(seeds)
def test_a_fixed_value_stays_and_an_integer_is_an_integer(seed):
    domain = Domain(x=Interval(0, 1), k=Integers(1, 9))
    for point in domain.sample(16, seed=seed, fixed={"k": 3.0}):
        assert point.k == 3
        assert type(point.k) is int


@given(st.data())
def test_the_strategy_draws_points_inside(data):
    domain = Domain(
        x=Interval(-1, 1), y=Log(1e-3, 1e3), k=Integers(0, 5),
        where=(Condition("y > x", lambda p: p.y > p.x),),
    )  # fmt: skip
    point = data.draw(domain.strategy())
    assert domain.broken(point) is None
    assert type(point.k) is int
    assert data.draw(domain.strategy(fixed={"y": 2})).y == 2


def test_the_box_leaves_side_conditions_aside():
    assert disc.box() == {"x": (-1, 1), "y": (-1, 1)}


def test_defined_quantities_follow_in_order_and_are_seen_by_conditions():
    domain = Domain(
        x=Interval(0, 1),
        defining={"double": lambda p: 2 * p.x, "fourfold": lambda p: 2 * p.double},
        where=(Condition("fourfold < 2", lambda p: p.fourfold < 2),),
    )
    assert domain.names == ("x", "double", "fourfold")
    points = domain.sample(20, seed=0)
    assert all(p.fourfold == 4 * p.x and p.x < 0.5 for p in points)
    assert domain.parameters(points[0]) == {"x": points[0].x}


def test_a_batch_has_an_array_for_each_name():
    batch = stack(disc.sample(8, seed=0))
    assert batch.x.shape == batch["y"].shape == (8,)


def test_a_point_survives_copying_and_pickling():
    point = Point({"x": 1.5, "k": 2})
    assert copy.deepcopy(point) == point == pickle.loads(pickle.dumps(point))
    assert repr(point) == "Point(x=1.5, k=2)"


def test_an_unknown_name_at_a_point_is_named_with_the_known_ones():
    with pytest.raises(AttributeError, match="no parameter 'z'; the domain has: x, k"):
        _ = Point({"x": 1, "k": 2}).z


def test_what_a_point_breaks_is_said():
    assert disc.broken(Point({"x": 2, "y": 0})) == "x=2 is not in Interval(lo=-1, hi=1)"
    assert disc.broken(Point({"x": 1, "y": 1})) == "the side condition 'x² + y² <= 1' does not hold"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Interval(2, 1), r"Interval\(lo=2, hi=1\): lo > hi"),
        (lambda: Interval(0, math.inf), "hi must be finite"),
        (lambda: Interval(math.nan, 1), "lo must be finite"),
        (lambda: Interval("0", 1), "lo must be a number, got str"),
        (lambda: Interval(True, 1), "lo must be a number, got bool"),
        (lambda: Log(0, 1), "a logarithmic interval needs lo > 0; use Interval"),
        (lambda: Integers(0.5, 1), "the ends of an integer range must be integers"),
        (lambda: Domain(x=(0, 1)), r"parameter 'x' is \(0, 1\); give an Interval\(lo, hi\), Log"),
        (lambda: Domain(where=(len,)), r"give Condition\(says, holds\)"),
        (
            lambda: Domain(x=Interval(0, 1), defining={"x": len}),
            "'x' is both a parameter and defined by one; rename it",
        ),
        (lambda: disc.sample(4, seed=0, fixed={"z": 0}), "--at z=0: no such parameter.* x, y"),
        (lambda: disc.sample(4, seed=0, fixed={"x": 2}), "--at x=2 is outside the domain"),
        (lambda: disc.sample(4, seed=0, fixed={"x": math.nan}), "--at x=nan is outside"),
        (lambda: Domain().sample(4, seed=0, fixed={"x": 2}), "no such parameter; there are: none"),
    ],
)
def test_wrong_use_is_explained(make, message):
    with pytest.raises(UsageError, match=message):
        make()


@pytest.mark.parametrize("axis", [Interval(0, 1), Integers(0, 10**9), Integers(0, 3)])
def test_a_condition_that_nothing_satisfies_is_named(axis):
    domain = Domain(x=axis, where=(Condition("x > 2x + 1", lambda p: p.x > 2 * p.x + 1),))
    with pytest.raises(UsageError, match=r"only 0 of the 4 points wanted.*x > 2x \+ 1.*[Ww]iden"):
        domain.sample(4, seed=0)


def test_a_fixed_value_that_breaks_a_condition_is_named():
    domain = Domain(x=Interval(0, 1), where=(Condition("x < 1/2", lambda p: p.x < 0.5),))
    with pytest.raises(UsageError, match=r"with \{'x': 0.75\}.*x < 1/2"):
        domain.sample(4, seed=0, fixed={"x": 0.75})


# --- a list of values ----------------------------------------------------------------------------


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=9, unique=True), st.floats(0, 1))
def test_values_are_sampled_each_once_and_nothing_else_is(values, share):
    axis = Values(*values)

    assert [point.d for point in Domain(d=axis).sample(48, seed=0)] == values
    assert axis.at(share) in values
    assert all(axis.holds(value) for value in values)
    assert not axis.holds(max(values) + 1)


@given(st.data())
def test_the_strategy_draws_values_of_the_list(data):
    point = data.draw(Domain(d=Values(0, 2, 20)).strategy())
    assert point.d in (0, 2, 20)


def test_a_fixed_value_must_be_on_the_list():
    domain = Domain(d=Values(0, 2, 20))

    assert domain.check({"d": 2.0}) == {"d": 2}
    with pytest.raises(UsageError, match=r"--at d=3 is outside the domain: d is in Values\(0, 2"):
        domain.check({"d": 3})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((), "has no values; give at least one"),
        ((1, 2, 1), r"Values\(1, 2, 1\): a value comes twice; give each once"),
        (("a",), r"Values\('a',\): 'a' is no number"),
        ((1, math.nan), r"Values\(1, nan\): nan is not finite"),
        ((True,), r"Values\(True,\): True is no number"),
    ],
)
def test_a_bad_list_of_values_is_explained(values, message):
    with pytest.raises(UsageError, match=message):
        Values(*values)


def test_numbers_of_numpy_may_be_listed_and_others_are_not_cast():
    assert Values(*np.array([1, 2])) == Values(1, 2)
    with pytest.raises(UsageError, match=r"3 is none of Values\(1, 2\)"):
        Values(1, 2).cast(3)


def test_a_list_of_values_stays_as_it_is():
    axis = Values(0, 2, 20)
    with pytest.raises(dataclasses.FrozenInstanceError):
        axis.values = (9,)  # pyright: ignore
    assert axis.holds(2)


def test_values_survive_copying_and_pickling():
    axis = Values(0, 2, 20)
    assert copy.deepcopy(axis) == pickle.loads(pickle.dumps(axis)) == axis != Values(0, 2)
