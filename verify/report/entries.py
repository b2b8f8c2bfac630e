"""What the page says of each claim, read out of its stored result."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from lemmata.figures.inline import VERBS, picture, written
from lemmata.figures.stored import Result
from lemmata.figures.wellformed import check_steps
from lemmata.verify import table
from lemmata.verify.errors import UsageError
from lemmata.verify.report import statements
from lemmata.verify.report.repeated import Begun

#: sign and what it means, the gravest first; a verdict is never told by colour alone
VERDICTS = {
    "error": ("!", "the check crashed, which is no verdict"),
    "refuted": ("✗", "a point disagrees, and still does when it is measured anew"),
    "inconclusive": ("?", "neither, with what would settle it"),
    "verified": ("✓", "every point of the sample agrees"),
}
_SOURCE = re.compile(
    r"(?P<title>.+?), (?:(?P<kind>arXiv|doi) (?P<number>\S+), )?(?P<year>\d{4}), (?P<place>.+)"
)
_LINKS = {"arXiv": "https://arxiv.org/abs/", "doi": "https://doi.org/"}
#: how the steps of a derivation stand
STATUS = {"proved": "✓", "checked": "✓", "gap": "?", "false": "✗"}


@dataclass(frozen=True)
class Source:
    """The paper, the place in it, and where it is to be found."""

    title: str
    place: str = ""
    year: str = ""
    label: str = ""
    link: str = ""

    @classmethod
    def of(cls, text: str) -> Source:
        """Read back what `verify.claim.Source` writes; as it stands if that is not how it reads."""
        found = _SOURCE.fullmatch(text)
        if not found:
            return cls(text)
        kind, number = found["kind"], found["number"]
        link = _LINKS[kind] + number if kind else ""
        label = f"{kind} {number}" if kind else ""
        return cls(found["title"], found["place"], found["year"], label, link)


@dataclass(frozen=True)
class Entry:
    """One claim on the page.

    **Fields:** `result` and the stored `steps` of its derivation; ids of the claims that it `uses`,
    that are `used_by`, that are other `readings` of it, and the `refuted` ones that it rests on
    however remotely; the number of its `run` on the page, and what that was `drawn_from`; which of
    its first steps another claim shows, if any are `begun` there.
    """

    result: Result
    steps: Mapping[str, Any]
    used_by: Sequence[str]
    readings: Sequence[str]
    refuted: Sequence[str]
    run: int
    drawn_from: str
    begun: Begun | None = None

    def __getattr__(self, name: str) -> Any:
        """A field of the stored result; "" for one that an older version did not write."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self.result.record.get(name, "")

    @cached_property
    def source(self) -> Source:
        """The paper and the place in it."""
        return Source.of(self.result.record["source"])

    @property
    def sign(self) -> str:
        """Of the verdict."""
        return VERDICTS[self.outcome][0]

    @property
    def verdict(self) -> str:
        """In words, with what was expected where that is not "verified"."""
        if self.as_expected:
            return self.outcome + (", as expected" if self.expected != "verified" else "")
        return f"{self.outcome}, expected {self.expected}"

    @property
    def says_html(self) -> str:
        """The statement, its formulas as MathML."""
        return statement(self.says)

    @property
    def numbers(self) -> tuple[str, str]:
        """Difference ± half-width, and the margin."""
        worst = self.worst
        if not worst:
            return "", ""
        both = f"{_number(worst['difference'], 2)} ± {_number(worst['half_width'], 2)}"
        return both, _number(worst["margin"], 2)

    @property
    def at(self) -> str:
        """The worst point."""
        return ", ".join(f"{k} = {_number(v, 6)}" for k, v in self.worst["at"].items())

    @property
    def measured(self) -> str:
        """What was measured there: with its interval where that is not the same on both sides."""
        value, low, high = (self.worst.get(name) for name in ("value", "low", "high"))
        if None not in (value, low, high):
            above, below = high - value, value - low
            if abs(above - below) > 0.1 * max(above, below):
                return f"{_number(value, 8)} (from {_number(low, 4)} to {_number(high, 4)})"
        return f"{_number(self.worst['value'], 8)} ± {_number(self.worst['half_width'], 2)}"

    @property
    def claimed(self) -> str:
        """What is claimed there."""
        return _number(self.worst["claimed"], 8)

    @property
    def margin(self) -> str:
        """What the rule allows there."""
        return _number(self.worst["margin"], 3)

    @property
    def caught(self) -> str:
        """The resolution in a line."""
        return written(table.resolution(self.resolution or None))

    @property
    def remark(self) -> str:
        """What else is to be said of the resolution."""
        remark = written(self.resolution["remark"])
        return "" if remark == self.caught else remark

    @property
    def warnings(self) -> list[str]:
        """What a reader of a good verdict should still know, and of which the article says more."""
        found = []
        if self.resolution and self.resolution["poor"]:
            found.append(f"Poor resolution: {self.resolution['poor']}.")
        if self.derivation and "derived" not in self.evidence:
            found.append(f"Not derived: {self.derivation}.")
        if self.certificate and self.certificate["status"] == "undecided":
            found.append("Not certified: the proof was left undecided.")
        return found

    @property
    def marks(self) -> str:
        """Words that the filter goes by."""
        words = {
            "against": not self.as_expected,
            "poor": bool(self.resolution and self.resolution["poor"]),
            "gap": bool(self.derivation and "derived" not in self.evidence),
            "ground": bool(self.refuted),
        }
        return " ".join(word for word, holds in words.items() if holds)

    @property
    def kinds(self) -> str:
        """The kinds of evidence, a word each."""
        return " ".join(one.split(" ")[0] for one in self.evidence)

    @property
    def keys(self) -> dict[str, float | str]:
        """What the columns of numbers are sorted by."""
        worst, found = self.worst or {}, self.resolution or {}
        apart, margin = worst.get("difference"), worst.get("margin")
        errors = [e for e in (found.get("over"), found.get("under")) if e is not None]
        return {
            "verdict": 4 * self.as_expected + list(VERDICTS).index(self.outcome),
            "apart": "" if apart is None or not margin else f"{abs(apart) / abs(margin):.6g}",
            "margin": "" if margin is None else f"{margin:.6g}",
            "caught": f"{max(errors):.6g}" if errors else "",
        }

    @property
    def agreement(self) -> str:
        """How many points agree, disagree and are unresolved."""
        told = sorted(self.points.items())
        return ", ".join(f"{count} {VERBS.get(name, name)}" for name, count in told)

    @cached_property
    def figure(self) -> str:
        """The picture; "" where no points are stored."""
        return picture(self.result) if self.result.points else ""

    @property
    def is_derived(self) -> bool:
        """Whether there was a derivation when the claim was decided."""
        return bool(self.derivation)


@lru_cache(maxsize=1024)
def statement(latex: str) -> str:
    """A statement as HTML; one that is no LaTeX as it was written, and marked so."""
    try:
        return statements.html(latex)
    except Exception:  # the converter's own, many kinds; a page of results must not fail by one
        return f"<code>{escape(latex)}</code>"


def _number(value: float | None, digits: int) -> str:
    return written(table.number(value, digits))


def checked_steps(id: str, steps: Mapping[str, Any], file: Path) -> Mapping[str, Any]:
    """The steps with all their fields, or `UsageError` where one is missing, or is no MathML."""
    check_steps(steps, id, file)
    try:
        formulas = [steps[name] for name in ("statement", "quantity") if name in steps]
        formulas += [*steps.get("where", []), *(one["math"] for one in steps.get("steps", []))]
        for element in ElementTree.fromstring(f"<m>{''.join(formulas)}</m>").iter():
            if not _MATHML.fullmatch(element.tag) or element.keys():
                raise ValueError(f"<{element.tag}> is no part of a formula")
    except (KeyError, TypeError, ValueError, ElementTree.ParseError) as problem:
        raise UsageError(
            f"claim {id!r}: its stored derivation cannot be read ({problem}); run `lemmata verify "
            f"{id}` again."
        ) from None
    absent = {"quantity": "", "assumes": [], "where": [], "steps": [], "solved": False}
    return {**absent, **steps} if steps else {}


_MATHML = re.compile(
    "m|mi|mn|mo|ms|mtext|mrow|mfrac|msqrt|mroot|msub|msup|msubsup|munder|mover|munderover|mfenced|"
    "mtable|mtr|mtd|mspace|mstyle|menclose|mpadded"
)


def readings(ids: Iterable[str]) -> dict[str, list[str]]:
    """Of each claim all readings, itself among them: ids that extend the shortest of theirs."""
    known = set(ids)
    families: dict[str, list[str]] = {}
    for id in sorted(known):
        parts = id.split("/")
        paths = ("/".join(parts[:end]) for end in range(1, len(parts) + 1))
        families.setdefault(next(path for path in paths if path in known), []).append(id)
    return {id: family for family in families.values() for id in family}
