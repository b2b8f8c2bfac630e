"""The picture of model collapse (arXiv 2404.01413): what replacing and accumulating data do."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lemmata.figures import parts
from lemmata.figures.parts import Picture, Results
from lemmata.figures.stored import Result
from lemmata.figures.style import BLUE, GREEN, ORANGE

HERE = "model-collapse"
IDS = ("replace", "accumulate", "accumulate/fresh", "accumulate/fresh/as-reused")
#: rows and weights, and how they are shown
SETTINGS = ((30, 4, "o"), (30, 10, "D"), (16, 4, "v"), (12, 4, "X"))


def _unit(one: Result) -> np.ndarray:
    """The error of one fit at each point, so that all settings begin at 1."""
    T, d, sigma = (one.column(f"at.{name}") for name in ("T", "d", "sigma"))
    return sigma**2 * d / (T - d - 1)


def _draw(axes: Axes, one: Result, label: str, color: str, *, dashes: bool) -> None:
    """One way, a marker for each setting; with `dashes`, a dash where its claim is."""
    unit, n = _unit(one), one.column("at.n")
    for T, d, marker in SETTINGS:
        here = (one.column("at.T") == T) & (one.column("at.d") == d)
        if not here.any():
            continue
        name = f"{label}, $T = {T}$, $d = {d}$"
        measured = [one.column(each)[here] / unit[here] for each in ("low", "value", "high")]
        parts.bars(
            axes, n[here], measured, one.column("agreement")[here], name, marker=marker,
            color=color, markersize=3,
        )  # fmt: skip
        if dashes:
            claimed = (one.column("claimed") / unit)[here]
            parts.line(axes, n[here], claimed, "derived, fresh rows", color="black", linestyle="",
                       marker="_", markersize=9)  # fmt: skip


def errors(results: Results) -> Figure:
    """Errors by generations, in units of the error of one fit."""
    figure, axes = parts.sheet([*results.values()], rows=2, height=1.9)
    above, below = axes[:, 0]
    replaced, same, fresh, as_same = (results[f"{HERE}/{id}"] for id in IDS)
    for one, name in ((replaced, "data replaced: $n$"), (same, r"accumulated: $\sum 1/i^2$")):
        n = one.column("at.n")
        style = "-" if one is replaced else "--"
        parts.line(above, n, one.column("claimed") / _unit(one), name, linestyle=style)
        measured = [each / _unit(one) for each in parts.interval(one)]
        parts.bars(
            above, n, measured, one.column("agreement"),
            "replaced, measured" if one is replaced else "accumulated, measured", marker="o",
            color=BLUE if one is replaced else ORANGE, markersize=3,
        )  # fmt: skip
    n = np.unique(same.column("at.n"))
    below.axhline(np.pi**2 / 6, color="black", linewidth=0.7, linestyle=":", label=r"$\pi^2/6$")
    parts.line(
        below, same.column("at.n"), same.column("claimed") / _unit(same), r"$\sum 1/i^2$",
        linestyle="--",
    )  # fmt: skip
    _draw(below, fresh, "fresh", GREEN, dashes=True)
    _draw(below, as_same, "fresh", ORANGE, dashes=False)
    above.set_xlabel("generation $n$")
    below.set_xlabel("generation $n$; $T$ rows of data, $d$ weights each")
    for one, label in ((above, "$E_n / E_1$"), (below, "$E_n / E_1$, accumulated")):
        one.set_ylabel(label)
        one.set_xticks(n[:: max(1, len(n) // 10)])
    parts.legend(above, 2)
    parts.legend(below, 2)
    return figure


PICTURES = (
    Picture(
        f"{HERE}/figures/errors", "Errors of models fitted to labels of earlier models",
        tuple(f"{HERE}/{id}" for id in IDS), errors,
    ),
)  # fmt: skip
