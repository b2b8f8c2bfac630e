"""What a verdict rests on is kept beside it: every point, and the arrays of its measurement."""

import math
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from tests.helpers import claimed, exactly

from lemmata.theory.derivation import Derivation
from lemmata.theory.step import Step
from lemmata.verify.claim import Claim
from lemmata.verify.decide import decide
from lemmata.verify.domain import Domain
from lemmata.verify.errors import UsageError
from lemmata.verify.interval import Integers, Interval
from lemmata.verify.results import record
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.store import Store
from lemmata.verify.verdict import Verdict

SETTINGS = Settings(Profile("test", 7, 1.0))
plane = Domain(x=Interval(1, 2), value=Integers(1, 3))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store")
    made.prepare()
    return made


def keep(store: Store, one: Claim) -> Verdict:
    """Decide a claim and store its verdict."""
    verdict = decide(one, SETTINGS)
    store.save_claim({}, record(one, verdict, "lemmata verify"), verdict)
    return verdict


def test_every_point_is_kept_with_what_was_claimed_measured_and_accepted(store: Store) -> None:
    one = claimed(exactly(lambda p: 2 * p.x * p.value), lambda p: 2 * p.x * p.value, plane)
    verdict = keep(store, one)
    points = store.points(one.id)
    x, n = points["at.x"], points["at.value"]  # a parameter may be called like a column
    assert {len(column) for column in points.values()} == {sum(verdict.points.values())}
    np.testing.assert_array_equal(points["claimed"], 2 * x * n)
    np.testing.assert_array_equal(points["value"], 2 * x * n)
    assert np.all(points["low"] <= points["value"])
    assert np.all(points["accepted_low"] < points["claimed"])
    assert set(points["agreement"]) == {"agrees"}
    assert len(set(points["method"])) == 1


def test_a_point_that_disagrees_and_one_without_a_number_say_so(store: Store) -> None:
    one = claimed(
        exactly(lambda p: math.nan if p.value == 3 else p.x), lambda p: p.x * p.value, plane
    )
    keep(store, one)
    points = store.points(one.id)
    by_value = {value: set(points["agreement"][points["at.value"] == value]) for value in (1, 2, 3)}
    assert by_value == {1: {"agrees"}, 2: {"disagrees"}, 3: {"unresolved"}}
    assert np.isnan(points["value"][points["at.value"] == 3]).all()


def test_a_crash_leaves_no_points_of_an_earlier_verdict(store: Store) -> None:
    good = claimed(exactly(lambda p: p.x), lambda p: p.x, plane)
    keep(store, good)
    assert store.points(good.id)
    bad = claimed(exactly(lambda p: 1 / 0), lambda p: p.x, plane)
    keep(store, bad)
    assert store.points(good.id) == {}


def test_a_store_that_is_cut_off_has_no_old_verdict_over_new_points(store: Store, monkeypatch):
    one = claimed(exactly(lambda p: p.x), lambda p: p.x, plane)
    keep(store, one)
    assert store.last(one.id) is not None

    def cut(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Store, "_write", cut)
    with pytest.raises(KeyboardInterrupt):
        keep(store, one)
    assert store.points(one.id)
    assert store.last(one.id) is None


def test_a_file_that_is_cut_off_says_so(store: Store) -> None:
    one = claimed(exactly(lambda p: p.x), lambda p: p.x, plane)
    keep(store, one)
    (file,) = (store.folder / "points").iterdir()
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(UsageError, match=r"cut off .*run `lemmata verify` again"):
        store.points(one.id)


def squared(*steps: Step) -> Derivation:
    a, z = sp.Symbol("a"), sp.Symbol("x", positive=True)
    return Derivation(a, z**2, (*steps, Step("by parts", sp.Integral(2 * z, (z, 0, z)), z**2)))


def test_a_derivation_is_kept_with_what_became_of_its_steps(store: Store) -> None:
    z = sp.Symbol("x", positive=True)
    derived = squared(Step("a slip", z + z, 3 * z))
    one = claimed(exactly(lambda p: p.x**2), derived, Domain(x=Interval(1, 2)))
    assert keep(store, one).outcome == "inconclusive"
    kept = store.derivation(one.id)
    assert [(step["because"], step["status"]) for step in kept["steps"]] == [
        ("a slip", "false"),
        ("by parts", "checked"),
    ]
    assert "the left side is" in kept["steps"][0]["how"]
    assert kept["statement"] == "<msup><mi>x</mi><mn>2</mn></msup>"


def test_of_a_formula_that_is_not_derived_the_formula_is_kept(store: Store) -> None:
    one = claimed(exactly(lambda p: p.x), sp.Symbol("x"), Domain(x=Interval(1, 2)))
    keep(store, one)
    assert store.derivation(one.id) == {"schema": 1, "statement": "<mi>x</mi>"}


def test_a_crash_leaves_no_derivation_of_an_earlier_verdict(store: Store) -> None:
    line = Domain(x=Interval(1, 2))
    good = claimed(exactly(lambda p: p.x**2), squared(), line)
    keep(store, good)
    assert store.derivation(good.id)
    keep(store, claimed(exactly(lambda p: 1 / 0), squared(), line))
    assert store.derivation(good.id) == {}


def test_a_derivation_that_is_cut_off_says_so(store: Store) -> None:
    one = claimed(exactly(lambda p: p.x**2), squared(), Domain(x=Interval(1, 2)))
    keep(store, one)
    (file,) = (store.folder / "derivations").iterdir()
    file.write_text(file.read_text()[:50])
    with pytest.raises(UsageError, match=r"cut off .*run `lemmata verify` again"):
        store.derivation(one.id)
