"""Statements that cannot be set: named by `lemmata lint`, before a page or a paper shows them."""

from pathlib import Path

import pytest
from tests.helpers import claimed, exactly

from lemmata.verify.domain import Domain
from lemmata.verify.interval import Interval
from lemmata.verify.lint import complaints
from lemmata.verify.loading import Located
from lemmata.verify.report import statements

LINE = Domain(x=Interval(1, 2))


def complained(says: str) -> list[str]:
    one = claimed(exactly(lambda p: p.x), lambda p: p.x, LINE, id="test/written", says=says)
    return [text for text in complaints([Located(one, Path("own.py"))]) if "statement" in text]


@pytest.mark.parametrize(
    ("says", "fault"),
    [
        (r"\unknown x", r"the command \unknown, which is unknown; mend it."),
        (r"x \text{ if \pi}", r"the command \pi, which stands in words; close their group first."),
        ("$x^2$ is", "a bare $; the whole statement is a formula, so leave it out"),
        (r"\text{for $x$}", "a bare $; the whole statement is a formula, so leave it out"),
        (r"\frac{a}{b", r"a { that nothing closes; close it, or write \{."),
        ("a } b", r"a } that nothing opens; open it, or write \}."),
        ("x = 5 %", r"a bare %; write \%."),
        ("x # y", r"a bare #; write \#."),
        ("a & b", r"a bare & outside of \begin{…}; write \&."),
        ("x_", "'x_', which is no formula (MissingSuperScriptOrSubscriptError); mend it."),
        (r"\left( x", r"a \left without its \right; give both."),
        ("x \\", "a lone \\ at its end; take it out."),
        ("\N{LEFT-TO-RIGHT MARK}x", "the character U+200E (LEFT-TO-RIGHT MARK); take it out."),
    ],
)  # fmt: skip
def test_a_statement_that_cannot_be_set_is_named(says: str, fault: str) -> None:
    (complaint,) = complained(says)
    assert complaint.startswith(f"test/written: its statement {says!r} has {fault}")


@pytest.mark.parametrize(
    "says",
    [
        r"\mathbb{E}|x|^2 \to \tfrac{1}{2} \text{ for all } x > 0",
        r"5\,\% \text{ of \#1, \$5}, \quad \{x : x \ge 0\}",
        r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
        r"\left. \frac{a}{b} \right|_{x = 0}",
        "a = b\n\n\\text{and so on}",
    ],
)
def test_a_statement_in_latex_is_no_complaint(says: str) -> None:
    assert complained(says) == []


def test_escaped_signs_of_words_are_shown_as_themselves() -> None:
    assert statements.html(r"\text{50\% \& \#1, a\_b}") == "50% &amp; #1, a_b"
