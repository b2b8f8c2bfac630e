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
#: names of functions, which stand apart from what they are applied to
_FUNCTION = re.compile(r"[a-zA-Z]{2,}")
_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"


def mathml(latex: str, display: str = "inline") -> str:
    """A formula as a `<math>` element.

    **Raises:** `ValueError` for what is no LaTeX.
    """
    try:
        text = convert(_STYLES.sub("", latex), display=display)
        root = ElementTree.fromstring(text)
    except Exception as problem:
        raise ValueError(f"{latex!r} is no formula: {problem}") from problem
    for element in root.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
        children = list(element)
        for child in reversed(range(len(children))):
            _join_letters(element, child)
    for element in root.iter():
        text = element.text or ""
        if element.tag in ("mo", "mi"):
            element.text = _SIGNS.get(text, text)
        if element.tag == "mo" and text in "/|":
            element.attrib |= {"lspace": "0", "rspace": "0"}
    root.attrib = {"display": display}
    return ElementTree.tostring(root, encoding="unicode")


def _join_letters(parent: ElementTree.Element, at: int) -> None:
    r"""Upright letters side by side are one word: `\mathrm{tr}` is a name, not t times r."""
    children = list(parent)
    if at + 1 >= len(children):
        return
    one, other = children[at], children[at + 1]
    if _is_upright(one) and _is_upright(other):
        one.text = (one.text or "") + (other.text or "")
        parent.remove(other)


def _is_upright(one: ElementTree.Element) -> bool:
    tag = one.tag.removeprefix(_NAMESPACE)
    return tag == "mi" and one.get("mathvariant") == "normal" and (one.text or "").isalpha()


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
