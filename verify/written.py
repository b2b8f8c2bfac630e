r"""Can a statement be set? What TeX would stop at, or the page of results show as it is typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_COMMAND = re.compile(r"\\(?:[A-Za-z]+|.|$)", re.DOTALL)
_BARE = {
    "#": r"write \#",
    "%": r"write \%",
    "$": r"the whole statement is a formula, so leave it out, and write words as \text{…}",
}
#: control and format characters, halves of others, those of one's own, and what is none at all
_ODD = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))


def faults(latex: str) -> Iterator[str]:
    r"""What would stop TeX wherever this is used as a formula, each with what to do.

    >>> list(faults(r"\frac{a}{b"))
    ['a { that nothing closes; close it, or write \\{']
    >>> list(faults(r"a \# b"))
    []
    """
    yield from odd(latex)
    left = _COMMAND.sub("", latex)
    if "\\" in _COMMAND.findall(latex):
        yield "a lone \\ at its end; take it out"
    for sign, remedy in _BARE.items():
        if sign in left:
            yield f"a bare {sign}; {remedy}"
    if "&" in left and r"\begin" not in latex:
        yield r"a bare & outside of \begin{…}; write \&"
    depth = lowest = 0
    for one in left:
        depth += (one == "{") - (one == "}")
        lowest = min(lowest, depth)
    if lowest < 0:
        yield "a } that nothing opens; open it, or write \\}"
    elif depth > 0:
        yield "a { that nothing closes; close it, or write \\{"
    grown = [one for one in _COMMAND.findall(latex) if one in (r"\left", r"\right")]
    if grown.count(r"\left") != grown.count(r"\right"):
        yield r"a \left without its \right; give both"


def odd(text: str) -> Iterator[str]:
    """Characters that are no letter of any text, by their number and name; white space is none."""
    for one in dict.fromkeys(text):
        if unicodedata.category(one) in _ODD and not one.isspace():
            name = unicodedata.name(one, "which has no name")
            yield f"the character U+{ord(one):04X} ({name}); take it out"


def unset(latex: str) -> Iterator[str]:
    """What the page of results would show as it is typed, each with what to do."""
    from lemmata.verify.report import statements

    for is_words, text in statements.pieces(latex):
        if is_words:
            shown = text
        else:
            try:
                shown = re.sub("<[^>]*>", " ", statements.formula(text))
            except Exception as problem:  # the converter's own, many kinds
                said = f": {problem}" if str(problem) else ""
                yield f"{text!r}, which is no formula ({type(problem).__name__}{said}); mend it"
                continue
        for command in dict.fromkeys(re.findall(r"\\[A-Za-z]+", shown)):
            rule = "stands in words; close their group first" if is_words else "is unknown; mend it"
            yield f"the command {command}, which {rule}"
