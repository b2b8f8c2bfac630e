"""The papers' own pictures as images of a few kilobytes, for a page that has to hold them all.

Without their feet: what they tell stands beside them there.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from lemmata.figures.fonts import REDUCED, WHOLE, reduced_font
from lemmata.figures.parts import LINE, Picture
from lemmata.figures.pictures import covered, pictures
from lemmata.figures.save import lay_out
from lemmata.figures.stored import Result, origin
from lemmata.figures.style import BLUE, GREEN, ORANGE, RED, style
from lemmata.figures.workers import Workers, enough
from lemmata.verify.errors import UsageError

#: pixels to an inch: letters stay legible
DPI = 140
#: of pictures: their colours, and in how many steps each turns white at the edges of what is drawn;
#: black in fifteen, among which are all the greys
SHADES = {"black": 15, BLUE: 6, ORANGE: 6, GREEN: 6, RED: 6}


@dataclass(frozen=True)
class Embedded:
    """A picture, its claims, what their results are of, and its image as a URL with the size in
    pixels; or why it has none.
    """

    name: str
    title: str
    claims: Sequence[str]
    drawn_from: str
    url: str = ""
    size: tuple[int, int] = (0, 0)
    problem: str = ""


def embedded(results: Mapping[str, Result]) -> list[Embedded]:
    """The pictures all of whose claims have points among these results."""
    drawable = {id: one for id, one in results.items() if one.points}
    tasks = [(one.name, [drawable[id] for id in one.claims]) for one in covered(drawable)[0]]
    if not tasks:
        return []
    with reduced_font() as font, Workers(enough(None, len(tasks)), font) as workers:
        return list(workers.run(_embed, tasks))


def _embed(task: tuple[str, Sequence[Result]]) -> Embedded:
    name, results = task
    picture = pictures()[name]
    told = (name, picture.title, picture.claims, origin(results))
    try:
        with suited(picture), style(REDUCED, WHOLE):
            image = _image(picture.draw({one.id: one for one in results}))
    except UsageError as found:
        return Embedded(*told, problem=str(found))
    data = BytesIO()
    image.save(data, "webp", lossless=True, method=4)
    url = f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()}"
    return Embedded(*told, url, image.size)


@contextmanager
def suited(picture: Picture) -> Iterator[None]:
    """What keeps a paper's own picture from being drawn is a `UsageError`, but for the system's.

    Such a picture relies on more than any result has: on parameters that vary, on a sample as
    large as the catalogue's. A result that lacks it, by `--at` or by another version, must not
    take the other pictures with it.
    """
    try:
        yield
    except (OSError, UsageError):
        raise
    except Exception as found:
        raise UsageError(
            f"what is stored does not suit it ({type(found).__name__}: {found}); run `lemmata "
            f"verify {' '.join(picture.claims)}` without --at and with this version of lemmata."
        ) from found


def _image(figure: Figure) -> Image.Image:
    width, height = figure.get_size_inches()
    foot = figure.get_supxlabel()
    below = LINE * (foot.count("\n") + 1) + 0.08
    figure.supxlabel("")
    figure.set_size_inches(width, height - below)
    if figure.get_layout_engine() is not None:
        figure.set_layout_engine("constrained", rect=(0, 0, 1, 1))
    figure.dpi = DPI
    lay_out(figure)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    return pixels.quantize(palette=_palette(), dither=Image.Dither.NONE).convert("RGB")


@lru_cache
def _palette() -> Image.Image:
    found = Image.new("P", (1, 1))
    shades = [
        np.linspace(255 * np.array(to_rgb(colour)), 255, steps, endpoint=False)
        for colour, steps in SHADES.items()
    ]
    numbers = np.rint(np.concatenate(shades)).astype(int)
    found.putpalette([255, 255, 255, *numbers.ravel().tolist()])
    return found
