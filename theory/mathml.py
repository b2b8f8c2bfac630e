"""Expressions as short MathML: what SymPy prints, without what a browser does not need.

A page holds some thousand formulas. SymPy writes three times what is needed to show one.
"""

from xml.etree import ElementTree

import sympy as sp
from sympy.core.relational import Relational

from lemmata.theory.printing import line, relation_mathml

#: parts (nodes of the tree) of an expression that is still printed: more fill a screen
LONGEST = 150

_RELATIONS = {"<=": "≤", ">=": "≥", "!=": "≠", "==": "="}
_SIGNS = {"-": "\N{MINUS SIGN}", "\N{DOUBLE-STRUCK ITALIC SMALL E}": "e"}


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
    if not len(element):
        return _text(tag, _SIGNS.get(element.text or "", element.text or ""))
    return f"<{tag}>{''.join(map(_compact, element))}</{tag}>"


def _words(text: str) -> str:
    return _text("mtext", text)


def _text(tag: str, text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<{tag}>{escaped}</{tag}>"
