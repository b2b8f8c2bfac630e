"""Formulas as MathML, written at build time: a page needs no script to show them."""

from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from lemmata.verify.report.statements import formula, pieces

logger = logging.getLogger(__name__)

_PRIMES = {"\N{PRIME}", "\N{DOUBLE PRIME}"}


def mathml(latex: str, display: str = "inline") -> str:
    """A formula as a `<math>` element.

    **Raises:** `ValueError` for what is no LaTeX.
    """
    try:
        root = ElementTree.fromstring(f'<math display="{display}">{formula(latex)}</math>')
    except Exception as problem:
        raise ValueError(f"{latex!r} is no formula: {problem}") from problem
    for element in root.iter("msup"):
        if (element[1].text or "") in _PRIMES:
            _lower(element)
    return ElementTree.tostring(root, encoding="unicode")


def _lower(element: ElementTree.Element) -> None:
    """Put a prime beside what it belongs to: fonts have raised it already."""
    element.tag = "mrow"
    prime = ElementTree.SubElement(element, "mo", lspace="0", rspace="0")
    prime.text = element[1].text
    element.remove(element[1])


def statement(latex: str) -> list[nodes.Node]:
    """A claim's statement as nodes: formulas, and between them words, where a line may break."""
    return [nodes.Text(text) if words else nodes.math(text, text) for words, text in pieces(latex)]


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
