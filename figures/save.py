"""Write a picture as PDF, SVG and PNG: the same bytes in every run, with what it was drawn from."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from lemmata.verify.files import write_atomically


def metadata(title: str, drawn_from: str) -> dict[str, dict[str, Any]]:
    """What stands inside the file, by format; no time, and no version but those of the results."""
    return {
        "pdf": {
            "Title": title, "Subject": drawn_from, "Creator": "lemmata", "Producer": "matplotlib",
            "CreationDate": None,
        },
        "svg": {"Title": title, "Description": drawn_from, "Creator": "lemmata", "Date": None},
        "png": {"Title": title, "Description": drawn_from, "Software": "lemmata"},
    }  # fmt: skip


def save(figure: Figure, folder: Path, name: str, title: str, drawn_from: str) -> list[Path]:
    """The files `name.pdf`, `.svg` and `.png` in a folder, each whole or not at all."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out, once for all three
    written = []
    for kind, fields in metadata(title, drawn_from).items():
        path = folder / f"{name}.{kind}"
        write = partial(figure.savefig, format=kind, metadata=fields)
        write_atomically(path, write, mode="wb")
        written.append(path)
    return written
