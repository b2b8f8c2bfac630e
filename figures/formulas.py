"""Formulas set once, for all sizes and formats.

Of the time that a paper's own picture takes, a sixth would go into reading its formulas, anew for
every format. What a formula looks like depends on its size by a factor alone.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import matplotlib as mpl
from matplotlib.mathtext import MathTextParser, VectorParse

#: points and dots per inch of what is kept: those at which an SVG has its letters
SIZE, DPI = 100.0, 72.0


class Formulas:
    """In place of a renderer's own `MathTextParser("path")`."""

    def parse(
        self, s: str, dpi: float = DPI, prop: Any = None, *, antialiased: bool | None = None
    ) -> VectorParse:
        """The glyphs and lines of a formula in pixels, and how wide, high and deep it is."""
        size = prop.get_size_in_points()
        alike = prop.copy()
        alike.set_size(SIZE)
        larger = size / SIZE
        by = larger * dpi / DPI
        width, height, depth, glyphs, rects = _set(s, alike)
        return VectorParse(
            by * width, by * height, by * depth,
            [(font, larger * own, *which, by * x, by * y) for font, own, *which, x, y in glyphs],
            [tuple(by * number for number in rect) for rect in rects],
        )  # fmt: skip


@lru_cache(maxsize=1024)
def _set(text: str, prop: Any) -> Any:
    return MathTextParser("path").parse(text, DPI, prop)


def share(renderer: Any) -> None:
    """Have a renderer take its formulas from those that were set before."""
    renderer._text2path.mathtext_parser = Formulas()
    if mpl.__version_info__ >= (3, 11):  # in pixels before
        renderer.mathtext_parser = Formulas()


def forget() -> None:
    """Drop what was set: it holds fonts, of which one is about to have no file."""
    _set.cache_clear()
