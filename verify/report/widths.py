"""How wide a formula is set, estimated from its MathML."""

from __future__ import annotations

from xml.etree import ElementTree

#: signs that are not seen: of application, product, a list, a place to break
_UNSEEN = frozenset("\N{FUNCTION APPLICATION}\N{INVISIBLE TIMES}\N{INVISIBLE SEPARATOR}\u200b")
_NARROW = frozenset("()[]{}|,")
#: in em, in the widest of the fonts that are common (DejaVu): what letters take, what a sign with
#: its space takes, and a root beyond what is under it
LETTER, BROAD, SIGN, ROOT = 0.58, 0.82, 1.42, 1.0
_BROAD = frozenset("mwω")
#: a script to its base, and to the smallest that there is
SMALLER, SMALLEST = 0.71, 0.5

_ON_A_BASE = frozenset({"msub", "msup", "msubsup", "munder", "mover", "munderover", "mroot"})


def width(one: ElementTree.Element, level: int = 0, is_display: bool = True) -> float:
    """In em of the formula; `level` counts how far it stands in scripts."""
    size = max(SMALLER**level, SMALLEST)
    if one.tag == "mo":
        return size * _sign(one.text or "", level)
    if not len(one):
        return size * _letters(one.text or "")
    parts = list(one)
    if one.tag == "mfrac":
        inner = level if is_display else level + 1
        return max(width(part, inner, False) for part in parts) + 0.2
    if one.tag in _ON_A_BASE:  # asked only here: for a row it would be asked again with the others
        base = width(parts[0], level, is_display)
        if one.tag == "mroot":
            return base + (ROOT + 0.25) * size
        scripts = [width(part, level + 1, False) for part in parts[1:]]
        if one.tag in ("munder", "mover", "munderover"):
            return max([base, *scripts])
        return base + max(scripts, default=0) + 0.08
    if one.tag == "mtable":
        rows = [[width(cell, level, False) for cell in row] for row in parts]
        return max(sum(row) + 0.8 * len(row) for row in rows)
    row = sum(width(part, level, is_display) for part in parts)
    if one.tag == "mfenced":  # brackets, and a comma between
        return row + LETTER * (len(parts) + 1)
    return row + (ROOT * size if one.tag == "msqrt" else 0)


def _sign(text: str, level: int) -> float:
    if text in _UNSEEN:
        return 0.0
    if text in _NARROW:
        return 0.5
    # Within scripts a sign has little space about it.
    return (0.8 if level else SIGN) * max(1.0, 0.6 * len(text))


def _letters(text: str) -> float:
    if text.isspace():
        return 0.3
    space = 0.3 if len(text) > 1 and text.isalpha() else 0.0
    return space + sum(BROAD if one.isupper() or one in _BROAD else LETTER for one in text)
