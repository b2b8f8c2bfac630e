"""Ticks at a fraction of matplotlib's time, which makes three lines and two texts for each.

Where they stand and what they say is what its locators and formatters find.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import TICKDOWN, TICKLEFT
from matplotlib.transforms import ScaledTranslation, Transform

#: points: a tick's length and width, how far its label is from it, and the letters of that
LENGTH, WIDTH, PAD, SIZE = 3.5, 0.8, 3.5, 7.5
#: points: from below the axes to their label; half the height of a label and what is beside it
BELOW, BESIDE = 17.0, 6.0
#: of the font, how wide letters are that are no digits
WIDE = {".": 0.25, ",": 0.25, "\N{MINUS SIGN}": 0.69}


def simple_ticks(panels: Sequence[Axes], left: float) -> None:
    """Ticks and labels in place of matplotlib's, once the limits are known.

    Of panels one above the other the lowest alone has its horizontal axis labelled. They begin
    `left` inches from the left, or farther where the numbers need more.
    """
    heights = [_places(one.yaxis) for one in panels]
    words = [_words(one.yaxis, y) for one, y in zip(panels, heights, strict=True)]
    widest = max((_width(one) for some in words for one in some), default=0.0)
    margin = max(72 * left, LENGTH + PAD + widest + 3.5 * BESIDE)
    for one, y, said in zip(panels, heights, words, strict=True):
        box = one.get_position()
        start = margin / 72 / _figure(one).get_figwidth()
        one.set_position((start, box.y0, box.x1 - start, box.height))
        _vertical(one, y, said, margin - BESIDE)
        x = _places(one.xaxis)
        _lines(one, TICKDOWN, x, np.zeros(len(x)), one.get_xaxis_transform())
    _horizontal(panels[-1])


def _vertical(axes: Axes, places: np.ndarray, words: Sequence[str], label: float) -> None:
    _lines(axes, TICKLEFT, np.zeros(len(places)), places, axes.get_yaxis_transform())
    how: dict[str, Any] = {"ha": "right", "va": "center_baseline", "fontsize": SIZE}
    beside = axes.get_yaxis_transform() + _moved(axes, -LENGTH - PAD, 0)
    for place, word in zip(places, words, strict=True):
        axes.text(0, place, word, transform=beside, **how)
    above = axes.yaxis.get_major_formatter().get_offset()
    if above:  # not where the legend is
        axes.text(0, 1, above, transform=axes.transAxes, ha="right", va="bottom", fontsize=SIZE)
    middle = axes.transAxes + _moved(axes, -label, 0)
    axes.text(
        0, 0.5, axes.get_ylabel(), transform=middle, rotation=90, ha="center", va="center"
    )  # fmt: skip


def _horizontal(axes: Axes) -> None:
    places = _places(axes.xaxis)
    how: dict[str, Any] = {"va": "top", "fontsize": SIZE}
    under = axes.get_xaxis_transform() + _moved(axes, 0, -LENGTH - PAD)
    for place, word in zip(places, _words(axes.xaxis, places), strict=True):
        axes.text(place, 0, word, transform=under, ha="center", **how)
    lower = axes.transAxes + _moved(axes, 0, -BELOW)
    beyond = axes.xaxis.get_major_formatter().get_offset()
    if beyond:
        axes.text(1, 0, beyond, transform=lower, ha="right", **how)
    axes.text(0.5, 0, axes.get_xlabel(), transform=lower, ha="center", va="top")


def _width(word: str) -> float:
    """How wide a number is, in points and about: quicker than to set it."""
    return SIZE * sum(WIDE.get(letter, 0.5) for letter in word)


def _figure(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


def _moved(axes: Axes, right: float, up: float) -> Transform:
    """By so many points."""
    return ScaledTranslation(right / 72, up / 72, _figure(axes).dpi_scale_trans)


def _lines(axes: Axes, marker: Any, x: np.ndarray, y: np.ndarray, where: Transform) -> None:
    axes.add_artist(
        Line2D(
            x, y, color="black", marker=marker, markersize=LENGTH, markeredgewidth=WIDTH,
            linestyle="none", transform=where, clip_on=False, zorder=2.01,
        )
    )  # fmt: skip


def _words(axis: Axis, places: np.ndarray) -> list[str]:
    return axis.get_major_formatter().format_ticks(places.tolist())


def _places(axis: Axis) -> np.ndarray:
    """Where ticks are, of those between the limits; matplotlib's own are not drawn."""
    axis.set_visible(False)
    places = np.asarray(axis.get_majorticklocs(), float)
    to_axes = axis.get_transform().transform
    low, high = np.sort(to_axes(np.asarray(axis.get_view_interval(), float)))
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = to_axes(places)
    slack = 1e-9 * (high - low)
    return places[(drawn >= low - slack) & (drawn <= high + slack)]
