"""Expressions as short MathML: what SymPy prints, without what a browser does not need.

A page holds some thousand formulas. SymPy writes three times what is needed to show one.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import zip_longest
from xml.etree import ElementTree

import sympy as sp
from sympy.core.relational import Relational

from lemmata.theory.printing import line, relation_mathml

#: parts (nodes of the tree) of an expression that is still printed: more fill a screen
LONGEST = 150

_RELATIONS = {"<=": "≤", ">=": "≥", "!=": "≠", "==": "="}
_MINUS = "\N{MINUS SIGN}"
#: constants and the differential, which SymPy prints double-struck, as books have them
_LETTERS = {"ⅇ": "e", "ⅈ": "i", "ⅆ": "d"}
_TIMES = "\N{INVISIBLE TIMES}"
_THIN = "<mtext>\N{THIN SPACE}</mtext>"


def formula(expression: sp.Expr, longest: int = LONGEST) -> str:
    """The inside of a `<math>` element: the expression, or how long it is where it is too long.

    >>> formula(sp.Symbol("Delta_c") / 2)
    '<mfrac><msub><mi>Δ</mi><mi>c</mi></msub><mn>2</mn></mfrac>'
    """
    return _inside(expression, "=", expression, longest)[0]


def relation(left: sp.Expr, sign: str, right: sp.Expr, longest: int = LONGEST) -> str:
    """The inside of a `<math>` element: both sides, each cut to a word where it is too long."""
    one, mark, other = _inside(left, sign, right, longest)
    return one + mark + other


def condition(one: Relational, longest: int = LONGEST) -> str:
    """The inside of a `<math>` element: a condition on parameters."""
    op = str(one.rel_op)
    return relation(one.lhs, _RELATIONS.get(op, op), one.rhs, longest)


def _inside(left: sp.Expr, sign: str, right: sp.Expr, longest: int) -> list[str]:
    return [_side(left, longest), _text("mo", sign), _side(right, longest)]


@lru_cache(maxsize=1024)  # derivations of one family begin alike, and steps where the last ended
def _side(side: sp.Expr, longest: int) -> str:
    size = sum(1 for _, _ in zip(sp.preorder_traversal(side), range(20 * longest), strict=False))
    if size > longest:
        many = f"{size}" if size < 20 * longest else f"more than {size}"
        return _words(f"[an expression of {many} parts]")
    try:
        printed = ElementTree.fromstring(relation_mathml(side, "=", sp.S.Zero))
    except Exception:  # a printer that fails must not cost a verdict
        return _words(line(side))
    return _compact(printed[0][0])


def _compact(element: ElementTree.Element) -> str:
    """The same element without name spaces, and without rows of a single member."""
    tag = element.tag.partition("}")[2] or element.tag
    if tag == "mrow" and len(element) == 1:
        return _compact(element[0])
    if len(element):
        parts = _row(list(element)) if tag == "mrow" else [_compact(one) for one in element]
        return f"<{tag}>{''.join(parts)}</{tag}>"
    text = element.text or ""
    if text in _LETTERS:
        return _text("mi", _LETTERS[text])
    return _text(tag, text.replace("-", _MINUS) if tag in ("mo", "mn") else text)


def _row(members: list[ElementTree.Element]) -> Iterator[str]:
    """The members of a row; what would run into its neighbour (`a tanh`, `2 3`) is set apart."""
    for one, after in zip_longest(members, members[1:]):
        first = _first(after)
        if one.text == "ⅆ" and one is not members[0]:
            yield _THIN
        if one.text == _TIMES and len(first) > 1 and first.isalpha():
            yield _THIN
        elif one.text == _TIMES and first[:1].isdigit():
            yield _text("mo", "⋅")
        else:
            yield _compact(one)


def _first(element: ElementTree.Element | None) -> str:
    """The text that an element begins with."""
    while element is not None and len(element):
        element = element[0]
    return "" if element is None else element.text or ""


def _words(text: str) -> str:
    return _text("mtext", text)


def _text(tag: str, text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<{tag}>{escaped}</{tag}>"
