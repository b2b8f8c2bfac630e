"""Claims: what is missing or malformed is said when the claim is made."""

import dataclasses
import functools
import math

import pytest
from tests.helpers import SOURCE, WHY, claimed

# As a list of this module, `MADE` would have all its claims decided here.
from lemmata.verify import claim as declared
from lemmata.verify.claim import Claim, Method, Paper, claim, described, nearest, widest
from lemmata.verify.compare.bound import Bound
from lemmata.verify.compare.equal import Equal
from lemmata.verify.compare.frequency import Frequency, Reported
from lemmata.verify.compare.sign import Sign
from lemmata.verify.deferred import deferred
from lemmata.verify.domain import Domain
from lemmata.verify.errors import UsageError
from lemmata.verify.measurement import Measurement


def one(p, accuracy):
    """One, always."""
    return Measurement(1.0)


def two(p, accuracy):
    return Measurement(2.0)


@pytest.mark.parametrize(
    "id",
    ["", "alone", "Upper/case", "a/b c", "a//b", "/a/b", "a/b/", "a_b/c", "a/-b", "a/b\n", "à/b"],
)
def test_an_id_that_is_no_path_is_refused(id):
    with pytest.raises(UsageError, match=r"is no path; write paper/name in lower case"):
        claimed(one, 1, id=id)


@pytest.mark.parametrize("id", ["a/b", "delayed-repression/critical-delay", "2024-x/y/z-1"])
def test_an_id_that_is_a_path_is_taken(id):
    assert claimed(one, 1, id=id).id == id


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"source": "Smith 2020"}, r"'test/claim' has no source.*Paper\(title, year\).at"),
        ({"source": SOURCE.paper.at("  ")}, "has no source"),
        ({"says": " "}, "says nothing; give its statement in says="),
        ({"domain": {"x": (0, 1)}}, r"give a Domain\(…\)"),
        ({"compare": 1e-3}, r"compare=0.001; give a rule such as Equal"),
        ({"expected": "false"}, "expected='false'; it is one of"),
        ({"expected": "refuted"}, "is expected to be refuted and gives no cause"),
        ({"points": 0}, "points=0; give a whole number of at least 1"),
        ({"uses": ("test/other", "test/claim")}, "rests on itself; take it out of uses="),
    ],
)
def test_what_a_claim_lacks_is_said(fields, message):
    with pytest.raises(UsageError, match=message):
        claimed(one, 1, **fields)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Equal(relative=0.1, because=""), "Equal has no reason for its margin; say in bec"),
        (lambda: Sign(because=" "), "Sign has no reason for its margin"),
        (lambda: Equal(because=WHY), "Equal has a margin of 0, which no measurement can meet"),
        (lambda: Equal(relative=-0.1, because=WHY), "a margin is a finite number >= 0"),
        (lambda: Equal(absolute=float("inf"), because=WHY), "a margin is a finite number >= 0"),
        (lambda: Equal(absolute=float("nan"), because=WHY), "a margin is a finite number >= 0"),
        (lambda: Frequency(absolute="1", because=WHY), "a margin is a finite number >= 0"),
        (lambda: Bound(side="above", absolute=1, because=WHY), "a side is 'at most' or 'at least'"),
        (lambda: Sign(clear=0.5, because=WHY), "must stay at least 1 half-width from zero"),
        (
            lambda: Reported(trials=0, because=WHY),
            "a report has one trial at least, and a level between 0 and 1",
        ),
        (lambda: Reported(trials=9, level=1, because=WHY), "a level between 0 and 1"),
        (lambda: Reported(trials=9, absolute=0.1, because=WHY), "Reported takes no margin"),
        (lambda: Paper(" ", 2020), "a Paper has no title"),
    ],
)
def test_what_a_rule_or_a_paper_lacks_is_said(make, message):
    with pytest.raises(UsageError, match=message):
        make()


def test_a_source_reads_like_a_citation():
    paper = Paper("On lemmas", 2024, arxiv="2401.00001")
    assert str(paper.at("Theorem 2")) == "On lemmas, arXiv 2401.00001, 2024, Theorem 2"
    assert (
        str(Paper("On lemmas", 2024, doi="10.1/x").at("p. 3"))
        == "On lemmas, doi 10.1/x, 2024, p. 3"
    )
    assert str(Paper("On lemmas", 2024).at("p. 3")) == "On lemmas, 2024, p. 3"


def test_the_decorator_names_the_method_by_its_function():
    made = claimed(one, 1)
    assert made.methods == (Method("one", one),)
    assert claimed(one, 1, method="by hand").methods[0].name == "by hand"


def test_a_second_method_widens_the_claim():
    narrow = claimed(one, 1)
    wide = narrow.also("otherwise", batched=True)(two)
    assert isinstance(wide, Claim)
    assert wide.methods == (Method("one", one), Method("otherwise", two, batched=True))
    assert narrow.methods == (Method("one", one),)
    assert dataclasses.replace(wide, methods=narrow.methods, id="test/renamed").id == "test/renamed"


def test_two_methods_of_one_name_are_refused():
    with pytest.raises(UsageError, match="two methods called 'one'; their draws are told apart by"):
        claimed(one, 1).also("one")(two)


def test_every_claim_that_is_made_is_known_also_where_its_name_is_reused():
    before = len(declared.MADE)
    for _ in range(2):
        claimed(one, 1, id="test/same")
    wide = claimed(one, 1, id="test/wide").also("otherwise")(two)
    made = declared.MADE[before:]
    assert [each.id for each in made] == ["test/same", "test/same", "test/wide", "test/wide"]
    assert widest(made) == [made[0], made[1], wide]


def test_a_misspelt_field_is_refused():
    with pytest.raises(TypeError, match="scop"):
        claim(
            "test/claim", source=SOURCE, says="x", domain=Domain(), predicted=1,
            compare=Equal(relative=1, because=WHY), scop="x",
        )(one)  # fmt: skip


def test_the_nearest_names_are_offered():
    known = ["delayed-repression/critical-delay", "relu/second-moment"]
    assert nearest("relu/second-momment", known) == "nearest: relu/second-moment"
    assert nearest("zzz", ["b", "a"]) == "there are: a, b"
    assert nearest("zzz", []) == "there are none"


def test_a_partial_measurement_is_described_by_its_function():
    def measure(p, accuracy, *, of):
        """Of one thing, or of another."""

    partial = functools.partial(functools.partial(measure, of=1), of=2)
    assert described(partial) == described(measure) == "Of one thing, or of another."
    partial.__doc__ = "Of two."
    assert described(partial) == "Of two."
    assert described(functools.partial(two)) == ""


def test_a_deferred_measurement_is_described_by_what_it_stands_for():
    sqrt = deferred("math").sqrt
    assert described(sqrt) == described(functools.partial(sqrt)) == math.sqrt.__doc__
