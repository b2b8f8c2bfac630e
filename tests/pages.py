"""Code blocks of Markdown pages: found, run in order, and compared with what the page says."""

import contextlib
import io
import re


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def run_blocks(text: str) -> None:
    """Run the Python blocks of a page one after another, in one namespace.

    A line `print(...)  # text` must print that text.

    **Raises:** AssertionError where it prints another; whatever a block raises.
    """
    names: dict[str, object] = {}
    for block in blocks(text, "python"):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(block, "<page>", "exec"), names)
        told = re.findall(r"^print\(.*\)  # (.*)$", block, flags=re.MULTILINE)
        assert out.getvalue().splitlines() == told, block
