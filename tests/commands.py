"""Command lines of Markdown pages: found, wherever they stand."""

import re

from tests.pages import blocks

#: what a command line begins with; a bare name in the text is the program, and no command
_COMMAND = re.compile(
    r"(?:lemmata|make|pytest|python3?|pip|pre-commit|git|sphinx-build) .+|\.ci/run"
)
#: a line of the table of commands: the command, then two blanks or more, then what it does
_TABLE = re.compile(r"^(lemmata \w+) +(\S.*?)?  +\w.*$", flags=re.MULTILINE)


def in_blocks(text: str) -> list[str]:
    """The lines of the shell blocks of a page, without their comments."""
    lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
    return [line for line in map(without_comment, lines) if line]


def without_comment(line: str) -> str:
    """A line of a shell block without what follows a `#`."""
    return re.sub(r"(^|\s)#.*$", "", line).strip()


def in_text(text: str) -> list[str]:
    """The commands in the text of a page, and in blocks of no language."""
    outside = re.sub(r"^ *```[^\n]+\n.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    tables = blocks(outside, "")
    rows = [" ".join(filter(None, row)) for table in tables for row in _TABLE.findall(table)]
    prose = re.sub(r"^```\n.*?^```", "", outside, flags=re.MULTILINE | re.DOTALL)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]
    return rows + [span for span in spans if _COMMAND.fullmatch(span)]


def in_snippet(text: str) -> list[str]:
    """The commands that a workflow or a hook runs."""
    return re.findall(r"^ *(?:- )?(?:run|entry): (.+)$", text, flags=re.MULTILINE)
