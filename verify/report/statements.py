r"""A statement in LaTeX as HTML: its formulas as MathML, its words as words.

No browser breaks a line within `<math>`, and a screen reader reads words better outside it. So a
statement is cut at the words and at the wide spaces on its outermost level.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from xml.etree import ElementTree

from latex2mathml.converter import convert

_GAP = "\N{EM SPACE}"
_WIDE = re.compile(r"\\(?:qquad|quad)(?![A-Za-z])|\\[ ;]")
_WORDS = re.compile(r"\\(?:text|textit|mbox)\s*\{")
_ESCAPED = re.compile(r"\\([%&#_${}])")
#: in one line, sums and products still have their limits above and below
_DISPLAY = re.compile(r"\\(?:textstyle|displaystyle)(?![A-Za-z])")
#: after these a line may break, where nothing is open
_BREAKS = re.compile(r"[,;:](?=\s|\\|$)")
_ARROWS = re.compile(r"\\(Rightarrow|iff)(?![A-Za-z])")

#: what latex2mathml has of ASCII, or as a letter, where mathematics has a sign of its own
_SIGNS = {"~": "∼", "*": "∗", "-": "−", "⟂": "⊥", "^": "ˆ"}
#: relations that browsers set without space about them
_SPACED = {"∼", "⊥", "≅"}
_UNSPACED = {"/", "|"}
_CLOSING = {")", "]", "}", "⟩", "′"}
_LETTERS = {"∞", "∅"}
_PLACES = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3,
           "munderover": 3}  # fmt: skip
_MINUS = {"−", "+", "±", "∓"}
_FUNCTION = re.compile(
    "(?:arc)?(?:cos|sin|tan|cot)|(?:ar)?(?:cosh|sinh|tanh|coth)|exp|ln|log|sign|eig|tr|det|rank|diag|"
    "Re|Im|Var|Cov|Pr|max|min|sup|inf"
)


def html(latex: str) -> str:
    r"""The statement as phrasing content: words, and formulas in `<math>` elements.

    >>> html(r"x > 0 \text{ for all } k")
    '<math><mi>x</mi><mo>&gt;</mo><mn>0</mn></math> for all <math><mi>k</mi></math>'
    """
    parts = [
        escape(text, quote=False) if is_words else f"<math>{formula(text)}</math>"
        for is_words, text in pieces(latex)
    ]
    return re.sub("[ \n]+", " ", "".join(parts)).strip(f" {_GAP}")


def pieces(latex: str) -> Iterator[tuple[bool, str]]:
    """The statement cut up: whether a piece is words, and the piece."""
    start, place = 0, 0
    while place < len(latex):
        if words := _WORDS.match(latex, place):
            end = _closing(latex, words.end())
            yield from _formulas(latex[start:place])
            text = latex[words.end() : end - 1].replace("~", " ").replace("\\ ", " ")
            yield True, _ESCAPED.sub(r"\1", text)
            start = place = end
        elif wide := _WIDE.match(latex, place):
            yield from _formulas(latex[start:place])
            yield True, " " if len(wide[0]) < 3 else _GAP
            start = place = wide.end()
        elif broken := _BREAKS.match(latex, place):
            yield from _formulas(latex[start : broken.end()])
            yield True, " "
            start = place = broken.end()
        elif arrow := _ARROWS.match(latex, place):
            yield from _formulas(latex[start:place])
            yield True, " ⇒ " if arrow[1] == "Rightarrow" else " ⟺ "
            start = place = arrow.end()
        else:
            place = _after(latex, place)
    yield from _formulas(latex[start:])


def _formulas(latex: str) -> Iterator[tuple[bool, str]]:
    if latex.strip():
        if latex.strip() in ",;:.":
            yield True, latex.strip()
        else:
            yield False, latex.strip()


def _after(latex: str, place: int) -> int:
    """The place after the next letter, command, group, or pair of delimiters that grow."""
    if latex.startswith("\\left", place) and not latex[place + 5 : place + 6].isalpha():
        return _right(latex, place + 5)
    if latex[place] == "\\":
        name = re.compile(r"\\(?:[A-Za-z]+|.)").match(latex, place)
        return name.end() if name else len(latex)
    if latex[place] in "{(":
        return _closing(latex, place + 1)
    return place + 1


def _right(latex: str, place: int) -> int:
    depth = 1
    for found in re.compile(r"\\(left|right)(?![A-Za-z])").finditer(latex, place):
        depth += 1 if found[1] == "left" else -1
        if not depth:
            return min(_after(latex, found.end()), len(latex))
    return len(latex)


def _closing(latex: str, place: int) -> int:
    """The place after the bracket that closes one opened before `place`; the end if none does."""
    opening, closing = ("(", ")") if latex[place - 1] == "(" else ("{", "}")
    depth = 1
    while place < len(latex):
        if latex[place] == "\\":
            place += 1
        elif latex[place] == opening:
            depth += 1
        elif latex[place] == closing:
            depth -= 1
            if not depth:
                return place + 1
        place += 1
    return place


def formula(latex: str) -> str:
    """The inside of a `<math>` element, in display style but for its height."""
    return _inner(ElementTree.fromstring(convert(_DISPLAY.sub("", latex)))[0])


def _inner(row: ElementTree.Element) -> str:
    return "".join(_members(list(row)))


def _members(members: list[ElementTree.Element]) -> Iterator[str]:
    """The members of a row; letters of one upright word together, functions set apart."""
    i, before = 0, "mo"
    while i < len(members):
        one = members[i]
        word = ""
        while i < len(members) and _is_upright(members[i]):
            word += members[i].text or ""
            i += 1
        if word:
            yield _named(word, before, members[i] if i < len(members) else None)
            before = "mi"
            continue
        i += 1
        if _tag(one) in ("mi", "mo") and _FUNCTION.fullmatch(one.text or ""):
            yield _named(one.text or "", before, members[i] if i < len(members) else None)
        else:
            unary = before == "mo" and _SIGNS.get(one.text or "", one.text) in _MINUS
            yield _element(one, ' form="prefix"' if unary and _tag(one) == "mo" else "")
        before = "mi" if (one.text or "") in _CLOSING else _tag(one)


def _is_upright(one: ElementTree.Element) -> bool:
    return (
        _tag(one) == "mi"
        and one.get("mathvariant") == "normal"
        and len(one.text or "") == 1
        and (one.text or "").isascii()
    )


def _named(word: str, before: str, after: ElementTree.Element | None) -> str:
    """A word in a formula; a function with a thin space between it and its neighbours."""
    thin = '<mspace width=".17em"/>'
    if len(word) == 1:
        return f'<mi mathvariant="normal">{escape(word)}</mi>'
    if not _FUNCTION.fullmatch(word):
        return f"<mi>{escape(word)}</mi>"
    opens = after is not None and (after.text or "") in ("(", "[", "{", ")", ",")
    left = thin if before not in ("mo", "mspace") else ""
    right = "" if after is None or opens or _tag(after) == "mspace" else thin
    return f"{left}<mi>{escape(word)}</mi>{right}"


def _tag(one: ElementTree.Element) -> str:
    return one.tag.rpartition("}")[2]


def _element(one: ElementTree.Element, more: str = "") -> str:
    tag = _tag(one)
    if len(one):
        inside = _inner(one) if tag in ("mrow", "mstyle", "msqrt") else _children(one)
        if tag == "mrow" and len(one) == 1:
            return inside
        return f"<{tag}{_attributes(one)}>{inside}</{tag}>"
    text = one.text or ""
    if tag == "mspace":
        return f'<mspace width="{one.get("width", "0")}"/>'
    text = _SIGNS.get(text, text) if tag in ("mi", "mo") else text
    if text in _LETTERS:
        return f"<mi>{text}</mi>"
    if text in _SPACED and one.get("stretchy") is None:  # an accent does not stretch
        return f'<mo lspace=".28em" rspace=".28em">{text}</mo>'
    if tag == "mi" and text in ("′", "″"):
        tag = "mo"
    if tag == "mo" and text in _UNSPACED:
        more += ' lspace="0" rspace="0"'
    return f"<{tag}{_attributes(one)}{more}>{escape(text, quote=False)}</{tag}>"


def _children(one: ElementTree.Element) -> str:
    """Children whose places have meanings, each one element.

    **Raises:** `ValueError` where one is missing, as in a fraction without a denominator.
    """
    if len(one) != _PLACES.get(_tag(one), len(one)):
        raise ValueError(f"{_tag(one)} has {len(one)} parts")
    return "".join(
        _element(child) if _is_one(child) else f"<mrow>{_element(child)}</mrow>" for child in one
    )


def _is_one(child: ElementTree.Element) -> bool:
    """Whether what is written for an element is a single element again."""
    if _tag(child) == "mrow" and len(child) == 1:
        return _is_one(child[0])
    return True


def _attributes(one: ElementTree.Element) -> str:
    kept = ("mathvariant", "stretchy", "minsize", "maxsize", "accent", "fence", "linethickness",
            "displaystyle", "scriptlevel", "columnalign", "form")  # fmt: skip
    return "".join(f' {name}="{value}"' for name in kept if (value := one.get(name)) is not None)
