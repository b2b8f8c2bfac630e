"""A figure drawn once for all formats: what its artists draw is noted, and played to each.

Most of the time of a drawing goes into what the formats share: where its ticks and texts are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

import numpy as np
from matplotlib.backend_bases import FigureCanvasBase, GraphicsContextBase, RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D, Bbox, TransformedPath

from lemmata.figures.formulas import share

#: of a call of a renderer's methods: its name, the state of the pen, and all that it is given
Note = tuple[str, GraphicsContextBase | None, list[Any], dict[str, Any]]
#: where among those are the matrices that end in pixels
PLACED = {
    "draw_path": (1,), "draw_markers": (1, 3), "draw_path_collection": (0, 4),
}  # fmt: skip


class Recorder(RendererBase):
    """Notes what is drawn, in pixels; texts are as wide as their pixels are."""

    def __init__(self, dpi: float, width: float, height: float) -> None:
        super().__init__()
        self.dpi, self.width, self.height = dpi, width, height
        self.notes: list[Note] = []

    def open_group(self, s: str, gid: Any = None) -> None:
        self.notes.append(("open_group", None, [s, gid], {}))

    def close_group(self, s: str) -> None:
        self.notes.append(("close_group", None, [s], {}))

    def draw_path(self, gc: Any, *given: Any, **more: Any) -> None:
        self._note("draw_path", gc, given, more)

    def draw_markers(self, gc: Any, *given: Any, **more: Any) -> None:
        self._note("draw_markers", gc, given, more)

    def draw_path_collection(self, gc: Any, *given: Any, **more: Any) -> None:
        self._note("draw_path_collection", gc, given, more)

    def draw_text(self, gc: Any, *given: Any, **more: Any) -> None:
        self._note("draw_text", gc, given, more)

    def _note(self, name: str, gc: Any, given: tuple[Any, ...], more: dict[str, Any]) -> None:
        kept = GraphicsContextBase()  # artists change theirs afterwards, and transforms too
        kept.copy_properties(gc)
        told = list(given)
        for place in PLACED.get(name, ()):
            told[place] = Affine2D(np.array(told[place].get_matrix()))
        self.notes.append((name, kept, told, more))

    def flipy(self) -> bool:
        return False

    def get_canvas_width_height(self) -> tuple[float, float]:
        return self.width, self.height

    def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> Any:
        return _extent(self.dpi, s, prop.copy(), ismath)

    def points_to_pixels(self, points: Any) -> Any:
        return points * self.dpi / 72


@lru_cache(maxsize=8192)
def _extent(dpi: float, text: str, prop: Any, ismath: Any) -> Any:
    """How wide, high and deep a text is in pixels: pictures have most of theirs in common."""
    return _pixels(dpi).get_text_width_height_descent(text, prop, ismath)


@lru_cache
def _pixels(dpi: float) -> RendererAgg:
    """Asked how wide texts are; it draws nothing."""
    renderer = RendererAgg(1, 1, dpi)
    share(renderer)
    return renderer


class Layout(FigureCanvasBase):
    """Of a figure whose axes are to be placed by the widths that texts have when it is recorded."""

    def get_renderer(self) -> Recorder:
        """What the engine of the layout asks."""
        return Recorder(self.figure.dpi, *self.figure.get_size_inches() * self.figure.dpi)


class Recorded(Figure):
    """A figure whose drawing is what was noted of another's, at any resolution."""

    def __init__(self, figure: Figure) -> None:
        super().__init__(figsize=tuple(figure.get_size_inches()), dpi=figure.dpi)
        recorder = Recorder(figure.dpi, *figure.get_size_inches() * figure.dpi)
        figure.draw(recorder)
        self.noted, self.resolution = recorder.notes, figure.dpi

    def draw(self, renderer: Any) -> None:
        scale = self.dpi / self.resolution
        scaled = _scaled(self.noted, scale) if scale != 1 else self.noted
        height = renderer.get_canvas_width_height()[1]
        share(renderer)
        for name, kept, given, more in scaled:
            if kept is None:
                getattr(renderer, name)(*given, **more)
                continue
            pen = renderer.new_gc()
            pen.copy_properties(kept)
            if name == "draw_text":
                x, y, *rest = given
                y = height - scale * y if renderer.flipy() else scale * y
                renderer.draw_text(pen, scale * x, y, *rest, **more)
            else:
                getattr(renderer, name)(pen, *given, **more)
            pen.restore()


def _scaled(notes: list[Note], scale: float) -> list[Note]:
    """Notes in pixels of another size; what is in points, as lines and letters are, stays."""
    by = np.diag([scale, scale, 1.0])
    clips = _Clips(scale)
    found: list[Note] = []
    for name, kept, given, more in notes:
        told = list(given)
        for place in PLACED.get(name, ()):
            told[place] = Affine2D(by @ told[place].get_matrix())
        found.append((name, clips.scaled(kept), told, more))
    return found


class _Clips:
    """Scales what a pen must not draw beyond: a PDF takes the same object for the same clip."""

    def __init__(self, scale: float) -> None:
        self.by = scale
        self.known: dict[tuple[float, ...], Any] = {}

    def scaled(self, kept: GraphicsContextBase | None) -> GraphicsContextBase | None:
        if kept is None:
            return None
        pen = GraphicsContextBase()
        pen.copy_properties(kept)
        box = kept.get_clip_rectangle()
        path, affine = cast("tuple[Any, Any]", kept.get_clip_path())
        if box is not None:
            bounds = tuple(self.by * number for number in box.bounds)
            pen.set_clip_rectangle(self._once(bounds, lambda: Bbox.from_bounds(*bounds)))
        if path is not None:
            to = affine + Affine2D().scale(self.by)
            key = (id(path), *to.to_values())
            pen.set_clip_path(self._once(key, lambda: TransformedPath(path, to)))
        return pen

    def _once(self, key: tuple[float, ...], make: Callable[[], Any]) -> Any:
        if key not in self.known:
            self.known[key] = make()
        return self.known[key]
