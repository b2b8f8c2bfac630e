"""Docstrings are Markdown: hand them to the Markdown parser, within what autodoc writes."""

import re

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.utils import new_document
from myst_parser.parsers.sphinx_ import MystParser
from sphinx.application import Sphinx

#: an example as in a session: lines from `>>>` to the next blank one
_SESSION = re.compile(r"^>>> .*?(?=\n\n|\Z)", flags=re.MULTILINE | re.DOTALL)


class Markdown(Directive):
    """A piece of Markdown in a page of reStructuredText."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        text = _SESSION.sub(lambda found: f"```pycon\n{found[0]}\n```", "\n".join(self.content))
        source, _ = self.state_machine.get_source_and_line(self.lineno)
        document = new_document(source or "", self.state.document.settings)
        MystParser().parse(text, document)
        return document.children


def wrap(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Make a docstring the content of the directive."""
    if any(line.strip() for line in lines):
        lines[:] = [".. markdown::", "", *(f"   {line}" for line in lines), ""]


def skip(
    app: Sphinx, what: str, name: str, obj: object, skipped: bool, options: object
) -> bool | None:
    """Leave out the fields of named tuples, of which Python has no more to say than a number."""
    return True if (obj.__doc__ or "").startswith("Alias for field number") else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and the hook."""
    app.add_directive("markdown", Markdown)
    app.connect("autodoc-process-docstring", wrap)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
