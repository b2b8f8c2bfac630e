"""What pictures are made of: prediction, measurement with its bars, worst points, the foot."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from types import MappingProxyType
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.markers import CARETDOWNBASE, CARETUPBASE
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from lemmata.figures.stored import Result, origin
from lemmata.figures.style import BLUE, COLUMN, ORANGE, RED
from lemmata.verify.errors import UsageError

#: agreement: colour, marker, filled
LOOKS = {
    "agrees": (BLUE, "o", True),
    "unresolved": (ORANGE, "s", False),
    "disagrees": (RED, "X", True),
}
#: of the crosses of what disagrees: larger than other markers, at whose size they look square, and
#: with a rim that sets them off from those
CROSS: Any = {"markersize": 5.2, "markeredgecolor": "white", "markeredgewidth": 0.4}
#: of an arrow in place of an arm
UNBOUNDED = "an interval without end"
#: letters in a line under a picture
WIDTH = 96
#: of those lines, in inches
LINE = 0.094

Results = Mapping[str, Result]
#: what the values 0, 1, … of a parameter stand for: `{"regime": ("regime = stable", …)}`
Words = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Picture:
    """A paper's own picture: its name, the claims whose results it draws, and how.

    A name is a path like an id, with `figures` in it: `ntk/figures/width-rates`. `draw` is given
    the results by id, of all of the claims.
    """

    name: str
    title: str
    claims: tuple[str, ...]
    draw: Callable[[Results], Figure]


def sheet(
    results: Sequence[Result], rows: int = 1, columns: int = 1, height: float = 1.7,
    *, words: Words | None = None, **more: Any,
) -> tuple[Figure, Any]:  # fmt: skip
    """A figure of a column's width with rows of axes, `height` inches each, and its foot."""
    lines = foot(results, words=words or {})
    below = LINE * (lines.count("\n") + 1) + 0.08
    total = rows * height + below
    figure = Figure(figsize=(COLUMN, total))
    figure.set_layout_engine("constrained", rect=(0, below / total, 1, 1 - below / total))
    axes = figure.subplots(rows, columns, squeeze=False, **more)
    write_foot(figure, lines)
    return figure, axes


def write_foot(figure: Figure, lines: str) -> None:
    """The foot, from the left at the bottom."""
    # What would be mathematics is text: ids have no dollars, but users' words might.
    figure.supxlabel(
        lines, fontsize=6, color="#444444", x=0.02, y=0.04 / figure.get_figheight(), ha="left",
        linespacing=1.1, parse_math=False,
    )  # fmt: skip


def foot(
    results: Sequence[Result], *, titled: bool = False, words: Words = MappingProxyType({})
) -> str:
    """Each claim's verdict and worst point, and where all results are from, in lines that fit.

    `titled`: the id stands elsewhere in the picture; `words`: of parameters that are but numbers.
    """
    prefix = _common([one.id for one in results])
    names = ["" if titled else f"{one.id.removeprefix(prefix)}: " for one in results]
    lines = [f"{name}{verdict(one, words)}" for name, one in zip(names, results, strict=True)]
    if prefix:
        lines.insert(0, f"of {prefix}")
    return "\n".join(
        fill(line, WIDTH, subsequent_indent="    ") for line in [*lines, origin(results)]
    )


def _common(ids: Sequence[str]) -> str:
    """The leading parts, up to a /, that several ids share."""
    if len(ids) < 2:
        return ""
    parts = [id.split("/")[:-1] for id in ids]
    shared = []
    for level in zip(*parts, strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    return "/".join(shared) + "/" if shared else ""


def verdict(one: Result, words: Words = MappingProxyType({})) -> str:
    """The outcome, and the domain's worst point or the counterexample."""
    record = one.record
    outcome = record["outcome"] + ("" if record["as_expected"] else ", against expectation")
    return f"{outcome}; {worst(record, words)}"


def worst(record: Mapping[str, Any], words: Words = MappingProxyType({})) -> str:
    """The worst point, or the counterexample, in words."""
    found = record["worst"]
    if found is None:
        return "no point was judged"
    name = "counterexample" if record["outcome"] == "refuted" else "worst point"
    at = ", ".join(
        words[key][int(number)] if key in words else f"{key} = {short(number)}"
        for key, number in found["at"].items()
    )
    return f"{name}: {at or 'the only one'}"


def short(number: float) -> str:
    """A number in four digits, a whole one in all of them.

    >>> short(-0.123456), short(571462), short(2e-5), short(2e4)
    ('−0.1235', '571462', '2e−5', '2e4')
    """
    return plain(f"{number:.4g}" if isinstance(number, float) else f"{number}")


def plain(number: str) -> str:
    """A number in letters that the font of the pictures has, of raised ones but the least."""
    return re.sub(r"e\+?(-?)0*(?=\d)", r"e\1", number).replace("-", "\N{MINUS SIGN}")


def line(axes: Axes, x: Any, y: Any, label: str = "claimed", **more: Any) -> None:
    """A prediction, through the stored points in the order of x."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    order = np.argsort(x, kind="stable")
    style: dict[str, Any] = {"color": "black", "zorder": 1.5, "label": label, **more}
    axes.plot(x[order], y[order], **style)


def bars(
    axes: Axes,
    x: Any,
    measured: Sequence[Any],
    agreement: Any,
    label: str = "measured",
    *,
    marker: str | None = None,
    color: str | None = None,
    **more: Any,
) -> None:
    """Measured values with their intervals, `measured` being (low, value, high).

    What disagrees is marked, whatever marker and colour the others have; where an interval has no
    end, an arrow stands for its arm.
    """
    low, value, high = (np.asarray(one, float) for one in measured)
    x = np.asarray(x, float)
    for name, (colour, shape, filled) in LOOKS.items():
        here = (np.asarray(agreement) == name) & np.isfinite(value)
        if not here.any():
            continue
        own = name == "agrees"
        shown = color if color and own else colour
        edge: dict[str, Any] = {"markeredgewidth": 0.7, **more}
        if name == "disagrees":
            edge |= CROSS
        arms = [_arm(low[here], value[here]), _arm(value[here], high[here])]
        axes.errorbar(
            x[here], value[here], yerr=arms,
            fmt=marker if marker and own else shape, color=shown, linestyle="none",
            label=label if own else f"{label}: {name}",
            markerfacecolor=shown if filled else "white", elinewidth=0.7,
            zorder=3 if name == "disagrees" else 2, **edge,
        )  # fmt: skip
        for end, arrow in ((low, CARETDOWNBASE), (high, CARETUPBASE)):
            if (open_ := here & ~np.isfinite(end)).any():
                axes.plot(
                    x[open_], value[open_], marker=arrow, color=shown, markersize=7,
                    linestyle="none", label=UNBOUNDED, zorder=1.8,
                )  # fmt: skip


def _arm(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    length = end - start
    return np.where(np.isfinite(length), np.maximum(length, 0), 0)


def by_method(axes: Axes, x: np.ndarray, measured: Sequence[Any], one: Result) -> None:
    """What each method measured, one above the other."""
    methods = sorted(set(one.column("method")))
    for number, method in enumerate(methods):
        here = one.column("method") == method
        label = "characteristic roots" if len(methods) == 1 else str(method)
        bars(
            axes, x[here], [each[here] for each in measured], one.column("agreement")[here], label,
            marker="oD"[number % 2], color=(BLUE, ORANGE)[number % 2],
            markersize=3.4 if number == 0 else 1.5,
        )  # fmt: skip


def interval(one: Result, shown: Callable[[np.ndarray], Any] = lambda y: y) -> list[np.ndarray]:
    """What was measured, as (low, value, high), in other units if need be."""
    return [np.asarray(shown(one.column(name))) for name in ("low", "value", "high")]


def mark_worst(axes: Axes, x: Any, y: Any, one: Result) -> None:
    """A ring about the worst point of a claim, where it is among those that are shown."""
    at = worst_row(one)
    if at is not None:
        axes.plot(
            np.asarray(x, float)[at], np.asarray(y, float)[at], "o", markersize=8,
            markerfacecolor="none", markeredgecolor="black", markeredgewidth=0.7, zorder=4,
            linestyle="none", clip_on=False, label="worst point",
        )  # fmt: skip


def worst_row(one: Result) -> int | None:
    """The row of the points which is the worst one; None where it was shrunk to another."""
    found = one.record["worst"]
    if found is None or not len(one.column("claimed")):
        return None
    same = one.column("method") == found["method"]
    for name, value in found["at"].items():
        column = one.points.get(f"at.{name}")
        if column is None or value is None:
            return None
        same = same & np.isclose(column, value, rtol=1e-9, atol=1e-12)
    rows = np.flatnonzero(same)
    return int(rows[0]) if len(rows) else None


def joined(one: Result, other: Result) -> np.ndarray:
    """For each point of one claim the row of the other's that has the same parameters."""
    names = [name for name in one.points if name.startswith("at.") and name in other.points]
    ours, theirs = (np.stack([r.column(name) for name in names], axis=1) for r in (one, other))
    same = np.all(np.isclose(ours[:, None], theirs[None], rtol=1e-9), axis=-1)
    return np.where(np.max(same, axis=1), np.argmax(same, axis=1), -1)


def worst_of(one: Result) -> Mapping[str, Any]:
    """What is stored of the worst point; `UsageError` where no point was judged."""
    if one.record["worst"] is None:
        raise UsageError(
            f"claim {one.id!r}: no point of it was judged; run `lemmata verify {one.id}`."
        )
    return one.record["worst"]


def worst_agreement(one: Result, x: np.ndarray) -> np.ndarray:
    """For each point of a series that gives one number, how that of the worst point agrees."""
    return np.full(len(x), worst_of(one)["agreement"])


def name_panels(axes: Any) -> None:
    """(a), (b), … in the corners of several panels."""
    for letter, one in zip("abcdefghijklmnopqrstuvwxyz", np.ravel(axes), strict=False):
        one.set_title(f"({letter})", loc="left", fontsize=7, pad=2)


def legend(axes: Axes, columns: int = 2, **more: Any) -> None:
    """The legend above the axes, where it hides no point; each look once."""
    looks = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
    axes.legend(
        [*looks.values()], [*looks], loc="lower left", bbox_to_anchor=(0, 1), ncols=columns,
        frameon=False, borderaxespad=0.2, columnspacing=1.2, handlelength=1.6, handletextpad=0.5,
        **more,
    )  # fmt: skip


def legend_of_all(figure: Figure, axes: Any, columns: int = 2) -> None:
    """One legend for all panels, above the first, with every look that occurs in them."""
    looks: dict[str, Any] = {}
    for one in np.ravel(axes):
        for handle, label in zip(*one.get_legend_handles_labels(), strict=True):
            looks.setdefault(label, handle)
    figure.legend(
        [*looks.values()], [*looks], loc="outside upper left", ncols=columns, frameon=False,
        columnspacing=1.2, handlelength=1.6, handletextpad=0.5,
    )  # fmt: skip


def logarithmic(axes: Axes, which: str = "xy", *, plain: bool = False) -> None:
    """Logarithmic axes, once their limits are known, with ticks that can be read.

    Over few decades 1, 2 and 5 of each in digits, otherwise powers of ten; `plain` ones are digits
    too, which are set much quicker than mathematics.
    """
    for name in which:
        axis = axes.xaxis if name == "x" else axes.yaxis
        (axes.set_xscale if name == "x" else axes.set_yscale)("log")
        low, high = sorted(axis.get_view_interval())
        decades = float(np.log10(high / low)) if low > 0 else 9.0
        if decades < 2:
            few, some, many = (1.0, 2.0, 5.0), (1.0, 2.0, 3.0, 5.0), (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
            steps = few if decades > 1 else some if decades > 0.45 else many
            axis.set_major_locator(LogLocator(subs=steps))
            axis.set_major_formatter(FuncFormatter(digits))
            axis.set_minor_locator(NullLocator())
        else:
            axis.set_major_locator(LogLocator(numticks=5))
            if plain:
                axis.set_major_formatter(FuncFormatter(digits))
            axis.set_minor_formatter(NullFormatter())
            if decades > 3:  # so many take longer to draw than all the rest
                axis.set_minor_locator(NullLocator())


def digits(value: float, position: object = None) -> str:
    """A number as a label.

    >>> digits(0.05), digits(1e-12), digits(2e6)
    ('0.05', '1e−12', '2e6')
    """
    return plain(f"{value:g}")
