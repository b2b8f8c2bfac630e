"""A picture for any claim: what is claimed as a line, what was measured with its intervals.

Above, the two against the parameter that varies, or, where several do, what was measured against
what is claimed. Below, how far apart they are, in margins of the claim: it agrees where the whole
interval lies between the dashed lines.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from lemmata.figures import parts
from lemmata.figures.comparison import (
    DECADE_AND_A_HALF,
    abscissa,
    at_the_edge,
    deviations,
    drawable,
    is_wide,
)  # fmt: skip
from lemmata.figures.stored import Result
from lemmata.figures.style import COLUMN, GREEN
from lemmata.figures.ticks import simple_ticks

#: inches: the panels, and what is beside, above and below them
HEIGHT, LEFT, RIGHT, TOP, BOTTOM = (1.25, 1.0), 0.66, 0.06, 0.42, 0.42


def draw(result: Result) -> Figure:
    """The picture of one claim. **Raises:** `UsageError` if no points are stored."""
    margins, lost = deviations(result), at_the_edge(result)
    result = drawable(result)
    x, label = abscissa(result)
    claimed, value = result.column("claimed"), result.column("value")
    figure, axes = _panels(result, 1 if margins is None else 2)
    _claimed(axes[0], result, x)
    parts.bars(axes[0], x, parts.interval(result), result.column("agreement"))
    _at_the_edge(axes[0], x, value, result.column("agreement"), lost)
    axes[0].set_ylabel("measured")
    if margins is not None:
        _apart(axes[1], result, x, margins)
    axes[-1].set_xlabel(label)
    _scales(axes, x, np.concatenate([claimed, value]))
    if len(np.unique(x)) == 1:
        axes[-1].set_xticks(x[:1], ["the only one"] if label == "point" else [parts.digits(x[0])])
    simple_ticks(axes, LEFT)
    parts.legend(axes[0], 4)
    return figure


def _at_the_edge(
    axes: Axes, x: np.ndarray, value: np.ndarray, agreement: np.ndarray, label: str
) -> None:
    """Mark points that are not finite: infinity on its side, what is no number below or left."""
    end_x, end_y = (np.where(one == np.inf, 1.0, 0.0) for one in (x, value))
    there, number = np.isfinite(x), np.isfinite(value)
    for name, (colour, marker, filled) in parts.LOOKS.items():
        for lost, transform, across, up in (
            (there & ~number, axes.get_xaxis_transform(), x, end_y),
            (~there & number, axes.get_yaxis_transform(), end_x, value),
            (~there & ~number, axes.transAxes, end_x, end_y),
        ):
            here = lost & (agreement == name)
            if here.any():
                size: dict[str, Any] = {"markersize": 4.5}
                looks = parts.CROSS if name == "disagrees" else size
                axes.plot(
                    across[here], up[here], marker, color=colour, transform=transform, zorder=4,
                    clip_on=False, label=label, linestyle="none", **looks,
                    markerfacecolor=colour if filled else "white",
                )  # fmt: skip
                label = "_"


def _panels(result: Result, rows: int) -> tuple[Figure, list[Axes]]:
    """Axes where they fit all that stands beside them: quicker than to search for the place."""
    foot = parts.foot([result], titled=True)
    below = BOTTOM + parts.LINE * (foot.count("\n") + 1)
    total = TOP + sum(HEIGHT[:rows]) + 0.1 * (rows - 1) + below
    figure = Figure(figsize=(COLUMN, total))
    axes: list[Axes] = []
    top = total - TOP
    for height in HEIGHT[:rows]:
        place = (LEFT / COLUMN, (top - height) / total, 1 - (LEFT + RIGHT) / COLUMN, height / total)
        axes.append(figure.add_axes(place, sharex=axes[0] if axes else None))
        top -= height + 0.1
    figure.text(0.02, 1 - 0.04 / total, result.id, va="top", fontsize=8.5)
    parts.write_foot(figure, foot)
    return figure, axes


def _scales(axes: list[Axes], x: np.ndarray, y: np.ndarray) -> None:
    if is_wide(x):
        parts.logarithmic(axes[0], "x", plain=True)
    else:
        axes[0].locator_params(axis="x", nbins=6)
    if is_wide(y):
        parts.logarithmic(axes[0], "y", plain=True)
    else:
        axes[0].locator_params(axis="y", nbins=5)


def _claimed(axes: Axes, result: Result, x: np.ndarray) -> None:
    claimed = result.column("claimed")
    different = len(np.unique(x))
    of_x = different == len(np.unique(np.stack([x, claimed]), axis=1).T)
    if of_x and different > 1:
        parts.line(axes, x, claimed)
    else:  # a single one, or other parameters vary too: no curve over this one
        axes.plot(x, claimed, "_", markersize=6, color="black", zorder=1.5, label="claimed")


def _apart(axes: Axes, result: Result, x: np.ndarray, margins: np.ndarray) -> None:
    axes.axhline(0, color="black", linewidth=0.8)
    for side in (-1, 1):
        axes.axhline(side, color=GREEN, linewidth=0.8, linestyle="--")
    parts.bars(axes, x, list(margins), result.column("agreement"))
    reach = np.max(np.abs([*margins[1][np.isfinite(margins[1])], 1.0]))
    if reach > DECADE_AND_A_HALF:
        axes.set_yscale("symlog", linthresh=1)
        axes.yaxis.set_major_formatter(FuncFormatter(parts.digits))
    else:
        axes.locator_params(axis="y", nbins=4)
    axes.set_ylabel("apart, in margins")
