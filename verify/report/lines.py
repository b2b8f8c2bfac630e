"""Formulas of derivations in lines that fit a page: browsers break none, and print what is too wide
by making all of the page smaller.

Widths are estimated, in em of the formula, within a fifth of what a browser makes of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from xml.etree import ElementTree

from lemmata.verify.report.widths import width

#: of an A4 page within its margins, in em of printed formulas (49), less what estimates are out by
PAGE = 41.0
#: how much smaller what does not break is printed: the classes of page.css, in hundredths
SIZES = (90, 80, 70, 60, 50, 40, 30)
_RELATIONS = frozenset("=≠<>≤≥≈→≔")
_SIGNS = frozenset("+-−±")

Parts = Sequence[ElementTree.Element]


@lru_cache(maxsize=4096)
def display(formula: str) -> str:
    """The inside of a display as one `<math>`, or as several where it is wider than a page.

    >>> display("<mi>x</mi>")
    '<math display="block"><mi>x</mi></math>'
    """
    row = ElementTree.fromstring(f"<mrow>{formula}</mrow>")
    if width(row) <= PAGE:
        return f'<math display="block">{formula}</math>'
    sides = _cut(_flat(row), _RELATIONS)
    if len(sides) > 1 and sum(map(width, sides[0])) < PAGE / 4:
        sides[:2] = [sides[0] + sides[1]]
    found = [line for side in sides for line in _broken(side)]
    return "".join(_line(line, number) for number, line in enumerate(found))


def _flat(row: ElementTree.Element) -> list[ElementTree.Element]:
    """The members of a row, and of rows within, as they stand in the line."""
    return [one for part in row for one in (_flat(part) if part.tag == "mrow" else [part])]


def _broken(side: Parts) -> Iterable[list[ElementTree.Element]]:
    """As many terms to a line as fit."""
    line: list[ElementTree.Element] = []
    taken = 0.0
    for term in _cut(side, _SIGNS):
        more = sum(map(width, term))
        if line and taken + more > PAGE:
            yield line
            line, taken = [], 0.0
        line += term
        taken += more
    if line:
        yield line


def _cut(parts: Parts, before: frozenset[str]) -> list[list[ElementTree.Element]]:
    """Pieces that each begin with one of these signs, but for the first."""
    depth, piece, number = 0, [0], []
    for place, one in enumerate(parts):
        text = (one.text or "") if one.tag == "mo" else ""
        depth += (text in "([{") - (text in ")]}") if text else 0
        if text in before and not depth and place and not _opens(parts[place - 1]):
            piece.append(place)
        number.append(len(piece))
    return [
        [one for _, one in group]
        for _, group in groupby(zip(number, parts, strict=True), key=lambda both: both[0])
    ]


def _opens(one: ElementTree.Element) -> bool:
    """Whether a sign after this one is that of a number, and no difference."""
    return _is_sign(one) or (one.tag == "mo" and (one.text or "") in "([{,⋅\N{INVISIBLE TIMES}")


def _is_sign(one: ElementTree.Element) -> bool:
    return one.tag == "mo" and (one.text or "") in _SIGNS | _RELATIONS


def _line(parts: Parts, number: int) -> str:
    row = ElementTree.Element("mrow")
    row.extend(parts)
    if number and _is_sign(parts[0]):
        row[0].set("form", "infix")  # a sign at the start of a row has no space about it otherwise
    classes = ["on"] * (number > 0)
    if (of_page := 100 * PAGE / width(row)) < 100:
        classes.append(f"fit-{next((size for size in SIZES if size <= of_page), SIZES[-1])}")
    named = f' class="{" ".join(classes)}"' if classes else ""
    return f'<math display="block"{named}>{ElementTree.tostring(row, encoding="unicode")}</math>'
