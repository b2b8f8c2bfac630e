"""The claim that `lemmata new` writes."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from lemmata.verify.errors import UsageError
from lemmata.verify.files import check_writable, write_atomically


def write_starter(file: Path) -> None:
    """Write the example claim to a new file.

    **Raises:** `UsageError` if the file is there already, is no .py, or cannot be written.
    """
    if file.suffix != ".py":
        raise UsageError(f"{file}: a claim file is a Python file; give it a name ending in .py.")
    if file.exists():
        raise UsageError(f"{file}: is there already; name a new file, nothing is overwritten.")
    check_writable(file, "new")
    text = (files("lemmata.verify") / "templates" / "claim.py.txt").read_text(encoding="utf-8")
    write_atomically(file, lambda out: out.write(text))
