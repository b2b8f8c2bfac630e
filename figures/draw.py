"""Draw the stored results of the claims that are selected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from lemmata.figures import generic
from lemmata.figures.save import save
from lemmata.figures.stored import Result, provenance, result
from lemmata.figures.style import style
from lemmata.verify.errors import UsageError
from lemmata.verify.files import check_writable
from lemmata.verify.store import Store


def prepare(folder: Path) -> None:
    """Create the folder, or raise `UsageError` before anything is drawn."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(
            f"-o {folder}: cannot be created ({problem.strerror}); name a folder that can be."
        ) from None
    check_writable(folder / "claim.pdf", "-o")


def draw(ids: Sequence[str], store: Store, folder: Path) -> Iterator[Path]:
    """Write a picture of every claim that has points; the files as they are written.

    A claim whose check crashed has none, and is left out.

    **Raises:** `UsageError` before anything is drawn where a claim has no stored verdict, or one
    that cannot be read.
    """
    found = [result(store, id) for id in ids]
    prepare(folder)
    with style():
        for one in found:
            if one.points:
                yield from _draw(one, folder)


def _draw(one: Result, folder: Path) -> list[Path]:
    name = one.id.replace("/", ".")
    return save(generic.draw(one), folder, name, one.id, provenance([one]))
