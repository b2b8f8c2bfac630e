"""The parts of the page of results: statements in LaTeX, sources, readings, the graph, numbers."""

import re
from types import SimpleNamespace

import pytest

from lemmata.figures.inline import number
from lemmata.verify.loading import catalogue
from lemmata.verify.report import graph as graphs
from lemmata.verify.report import statements
from lemmata.verify.report.entries import Entry, Source, readings
from lemmata.verify.report.repeated import repeated


def test_every_statement_of_the_catalogue_becomes_formulas_and_words() -> None:
    wrong = []
    for one in catalogue():
        text = re.sub(r"<[^>]+>", "", statements.html(one.claim.says))
        if re.search(r"\\|\$|_|\^|~|&(?!(?:lt|gt|amp);)", text):
            wrong.append(f"{one.claim.id}: {text}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("latex", "html"),
    [
        (r"\text{no learner's run}", "no learner's run"),
        (r"x \text{ if } y", "<math><mi>x</mi></math> if <math><mi>y</mi></math>"),
        (r"P(\mathrm{runaway})", "<mi>runaway</mi>"),
        (r"\operatorname{tr} A", '<mi>tr</mi><mspace width=".17em"/><mi>A</mi>'),
        (r"\hat g", '<mover accent="true"><mi>g</mi><mo>ˆ</mo></mover>'),
        (r"x \sim y", '<mo lspace=".28em" rspace=".28em">∼</mo>'),
        (r"x = -1", '<mo form="prefix">−</mo>'),
        (r"a \Rightarrow b", "</math> ⇒ <math>"),
        (r"a, \quad b", "<math><mi>a</mi><mo>,</mo></math> \N{EM SPACE}<math><mi>b</mi></math>"),
        (r"\frac{\text{a word}}{2}", "<mtext>a\xa0word</mtext>"),
        (r"\left(a, b\right)", "<mo>,</mo>"),
    ],
)
def test_words_read_as_words_and_signs_have_their_space(latex: str, html: str) -> None:
    assert html in statements.html(latex)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A title, 2020, eq. 1", Source("A title", "eq. 1", "2020")),
        (
            "Of 1984, and more, arXiv 2001.00001, 2020, Theorem 2, eq. 7",
            Source("Of 1984, and more", "Theorem 2, eq. 7", "2020", "arXiv 2001.00001",
                   "https://arxiv.org/abs/2001.00001"),
        ),
        ("some other text", Source("some other text")),
    ],
)  # fmt: skip
def test_a_source_is_read_back(text: str, expected: Source) -> None:
    assert Source.of(text) == expected


def test_readings_are_those_that_extend_one_id() -> None:
    found = readings(["a/b", "a/b/c", "a/bc", "d/e/f"])
    assert found == {"a/b": ["a/b", "a/b/c"], "a/b/c": ["a/b", "a/b/c"], "a/bc": ["a/bc"],
                     "d/e/f": ["d/e/f"]}  # fmt: skip


def test_claims_that_rest_on_each_other_in_a_circle_have_levels_and_an_outline() -> None:
    records = [{"id": "a", "uses": ["b"]}, {"id": "b", "uses": ["a"]}, {"id": "c", "uses": ["b"]}]
    found = graphs.graph(records)
    assert graphs.levels(found) == {"a": 0, "b": 0, "c": 1}
    assert {id for _, id, _ in graphs.outline(found)} == {"a", "b", "c"}
    assert graphs.refuted_grounds(found, {"a": "refuted", "b": "verified", "c": "verified"}) == {
        "a": [], "b": ["a"], "c": ["a"]
    }  # fmt: skip


def test_what_a_claim_rests_on_comes_before_it() -> None:
    uses = {"a": ["z", "q"], "z": [], "q": ["m"], "m": [], "b": ["a", "m"], "c": []}
    ordered = graphs.order(graphs.graph([{"id": id, "uses": of} for id, of in uses.items()]))
    assert sorted(ordered) == sorted(uses)
    assert all(ordered.index(one) < ordered.index(id) for id, of in uses.items() for one in of)


def test_the_outline_tells_a_branch_once() -> None:
    uses = {"d": ["b", "c"], "b": ["a"], "c": ["a"], "a": [], "e": []}
    records = [{"id": id, "uses": others} for id, others in uses.items()]
    assert graphs.outline(graphs.graph(records)) == [
        (0, "a", False), (1, "b", False), (2, "d", False), (1, "c", False), (2, "d", True)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (1e5, "10⁵"), (-2.5e-7, "−2.5·10⁻⁷"), (1234.5, "1234")]
)
def test_numbers_on_axes_are_short(value: float, text: str) -> None:
    assert number(value) == text


def steps(*names: str) -> list[dict[str, str]]:
    return [
        {"because": one, "status": "proved", "how": "SymPy", "math": "<mi>x</mi>"} for one in names
    ]


def test_steps_that_several_derivations_begin_with_are_shown_once() -> None:
    found = repeated(
        {
            "a/first": steps("p", "q", "r", "s"),
            "a/all-of-it": steps("p", "q", "r", "s"),
            "a/on-from-there": steps("p", "q", "r", "t", "u"),
            "a/again": steps("p", "q", "r", "t", "u"),
            "a/two-are-too-few": steps("p", "q", "v"),
            "a/none": [],
        }
    )
    assert found == {
        "a/all-of-it": ("a/first", 4),
        "a/on-from-there": ("a/first", 3),
        "a/again": ("a/first", 3),
    }


def test_a_step_confirmed_otherwise_is_another_one() -> None:
    other = steps("p", "q", "r")
    other[0]["status"] = "checked"
    assert repeated({"a/first": steps("p", "q", "r"), "a/second": other}) == {}


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (0.9, 1.1, "1 ± 0.1"),
        (0.6, 1.02, "1 (from 0.6 to 1.02)"),
        (None, None, "1 ± 0.1"),
    ],
)
def test_an_interval_that_is_longer_on_one_side_is_told_by_its_ends(low, high, told):
    worst = {"value": 1.0, "low": low, "high": high, "half_width": 0.1}
    measured = Entry.__dict__["measured"].fget
    assert measured(SimpleNamespace(worst=worst)) == told
