"""Formulas as MathML, written at build time: a page needs no script to show them."""

import re
from xml.etree import ElementTree

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

#: ASCII, where mathematics has a sign of its own
_SIGNS = {"-": "\N{MINUS SIGN}", "*": "\N{ASTERISK OPERATOR}", "~": "\N{TILDE OPERATOR}"}
#: what a line of text has no room for, and limits look right without
_STYLES = re.compile(r"\\(?:textstyle|displaystyle)(?![A-Za-z])")
#: what would grow to the height of its row, or be set like a relation
_FENCES = {"/", "|", "\N{DOUBLE VERTICAL LINE}", "\N{PARALLEL TO}"}
_BRACKETS = {"\N{MATHEMATICAL LEFT ANGLE BRACKET}": "prefix",
             "\N{MATHEMATICAL RIGHT ANGLE BRACKET}": "postfix"}  # fmt: skip
#: relations that browsers set without space about them
_SPACED = {"~", "\N{TILDE OPERATOR}", "\N{LONG LEFT RIGHT DOUBLE ARROW}", "\N{UP TACK}"}
_ARROWS = {"\N{DOWNWARDS ARROW}", "\N{UPWARDS ARROW}"}
#: how many parts an element must have
_PARTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3,
          "munderover": 3}  # fmt: skip
_PRIMES = {"\N{PRIME}", "\N{DOUBLE PRIME}"}
_ROWS = ("math", "mrow", "mstyle", "msqrt")
_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"


def mathml(latex: str, display: str = "inline") -> str:
    """A formula as a `<math>` element.

    **Raises:** `ValueError` for what is no LaTeX.
    """
    try:
        root = ElementTree.fromstring(convert(_STYLES.sub("", latex), display=display))
    except Exception as problem:
        raise ValueError(f"{latex!r} is no formula: {problem}") from problem
    for element in root.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
        if len(element) != _PARTS.get(element.tag, len(element)):
            raise ValueError(f"{latex!r} is no formula: {element.tag} has {len(element)} parts")
    for element in list(root.iter()):
        if element.tag in _ROWS:
            element[:] = _spaced(_joined(list(element)))
    for element in root.iter():
        if element.tag in ("mo", "mi"):
            _set_sign(element)
        elif element.tag == "msup" and (element[1].text or "") in _PRIMES:
            _lower(element)
    root.attrib = {"display": display}
    return ElementTree.tostring(root, encoding="unicode")


def _lower(element: ElementTree.Element) -> None:
    """Put a prime beside what it belongs to: in fonts it is raised already."""
    element.tag = "mrow"
    prime = ElementTree.SubElement(element, "mo", lspace="0", rspace="0")
    prime.text = element[1].text
    element.remove(element[1])


def _set_sign(element: ElementTree.Element) -> None:
    text = element.text or ""
    element.text = _SIGNS.get(text, text)
    grows = element.get("stretchy") == "true" or element.get("minsize")
    if text in _FENCES and not grows:
        element.tag = "mo"
        element.attrib |= {"lspace": "0", "rspace": "0", "stretchy": "false"}
    elif text in _BRACKETS and not grows:
        element.tag = "mo"
        element.attrib |= {"form": _BRACKETS[text], "stretchy": "false"}
    elif text in _SPACED and element.get("stretchy") is None:  # an accent does not stretch
        element.tag = "mo"
        element.attrib |= {"lspace": ".28em", "rspace": ".28em"}
    elif text in _ARROWS:
        element.set("stretchy", "false")


def _joined(row: list[ElementTree.Element]) -> list[ElementTree.Element]:
    r"""Upright letters side by side as one word: `\mathrm{tr}` is a name, not t times r."""
    found: list[ElementTree.Element] = []
    for one in row:
        if found and _is_upright(one) and _is_upright(found[-1]):
            found[-1].text = (found[-1].text or "") + (one.text or "")
        else:
            found.append(one)
    return found


def _is_upright(one: ElementTree.Element) -> bool:
    return one.tag == "mi" and one.get("mathvariant") == "normal" and (one.text or "").isalpha()


def _spaced(row: list[ElementTree.Element]) -> list[ElementTree.Element]:
    """A row in which names of functions stand apart from their neighbours by a thin space."""
    found: list[ElementTree.Element] = []
    for place, one in enumerate(row):
        if not _is_name(one):
            found.append(one)
            continue
        if one.tag == "mo":
            one.tag, one.attrib = "mi", {}
        if found and found[-1].tag not in ("mo", "mspace"):
            found.append(_thin())
        found.append(one)
        after = row[place + 1] if place + 1 < len(row) else None
        if after is not None and after.tag not in ("mo", "mspace"):
            found.append(_thin())
    return found


def _is_name(one: ElementTree.Element) -> bool:
    text = one.text or ""
    return one.tag in ("mo", "mi") and len(text) > 1 and text.isalpha() and text.isascii()


def _thin() -> ElementTree.Element:
    return ElementTree.Element("mspace", width=".17em")


# As nodes of a page ------------------------------------------------------------------------------

_WORDS = re.compile(r"\\(?:text|mbox)\s*\{([^{}]*)\}")
_WIDE = re.compile(r"\\q?quad(?![A-Za-z])")


def statement(latex: str) -> list[nodes.Node]:
    """A claim's statement as nodes: formulas, and between them words, where a line may break."""
    found: list[nodes.Node] = []
    for is_words, text in pieces(latex):
        node = nodes.Text(text) if is_words else nodes.math(text, text)
        found.append(node)
    return found


def pieces(latex: str) -> list[tuple[bool, str]]:
    """The statement cut at words, wide spaces and commas of its outermost level."""
    found: list[tuple[bool, str]] = []
    start = place = depth = 0
    while place < len(latex):
        words = _WORDS.match(latex, place) if depth == 0 else None
        wide = _WIDE.match(latex, place) if depth == 0 else None
        if words or wide:
            end = (words or wide).end()
            _add(found, latex[start:place])
            found.append((True, words[1].replace("~", " ") if words else "\N{EM SPACE}"))
            start = place = end
            continue
        if latex.startswith(("\\left", "\\right"), place) and not latex[place + 5].islower():
            depth += 1
        elif latex.startswith("\\right", place) and not latex.startswith("\\rightarrow", place):
            depth -= 1
        if latex[place] == "\\":
            place += len(re.match(r"\\(?:[A-Za-z]+|.)", latex[place:], re.DOTALL)[0])
            continue
        depth += {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}.get(latex[place], 0)
        place += 1
        if depth == 0 and latex[place - 1] in ",;:" and latex[place : place + 1] in (" ", "\\"):
            _add(found, latex[start : place - 1])
            found.append((True, latex[place - 1] + " "))
            start = place
    _add(found, latex[start:])
    return found


def _add(found: list[tuple[bool, str]], latex: str) -> None:
    if latex.strip(" \\"):
        found.append((False, latex.strip()))


# The renderer ------------------------------------------------------------------------------------


def _inline(writer, node: nodes.Node) -> None:
    _write(writer, node, "inline")


def _block(writer, node: nodes.Node) -> None:
    writer.body.append('<div class="math-block">')
    try:
        _write(writer, node, "block")
    finally:
        writer.body.append("</div>\n")


def _write(writer, node: nodes.Node, display: str) -> None:
    try:
        writer.body.append(mathml(node.astext(), display))
    except ValueError as problem:
        logger.warning("%s", problem, location=node)
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
