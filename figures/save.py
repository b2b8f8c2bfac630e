"""Write a picture as PDF, SVG and PNG: the same bytes in every run, with what it was drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lemmata.figures.record import Layout, Recorded
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
    lay_out(figure)
    recorded = Recorded(figure)
    resolution = recorded.dpi
    # `Figure.savefig` would draw each twice, the first time only to see how large it becomes.
    printers = {
        "pdf": FigureCanvasPdf(recorded).print_pdf,
        "svg": FigureCanvasSVG(recorded).print_svg,
        "png": partial(_print_png, recorded),
    }
    written = []
    for kind, fields in metadata(title, drawn_from).items():
        path = folder / f"{name}.{kind}"
        recorded.dpi = resolution  # vectors are drawn with another one
        write_atomically(path, partial(printers[kind], metadata=fields), mode="wb")
        written.append(path)
    return written


def lay_out(figure: Figure) -> None:
    """Place the axes once and for all, in round numbers.

    The solver of constrained layouts goes by where its variables lie in memory, so that its last
    digits, and with them names in an SVG and the odd pixel, would differ from run to run.
    """
    engine = figure.get_layout_engine()
    if engine is None:
        return
    Layout(figure)
    engine.execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = (round(number, 6) for number in axes.get_position().bounds)
        axes.set_position((left, bottom, width, height))


def _print_png(figure: Figure, file: IO[bytes], *, metadata: Mapping[str, str]) -> None:
    """Without transparency, of which a picture on white has none, and lightly compressed: in half
    the time of matplotlib's own way, and no larger.
    """
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    written = PngInfo()
    for name, text in metadata.items():
        written.add_itxt(name, text)
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    image.save(file, "png", compress_level=1, dpi=(figure.dpi, figure.dpi), pnginfo=written)
