"""Pictures of the collapse of generative paths (arXiv 2512.10339)."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lemmata.figures import parts
from lemmata.figures.parts import Picture, Result, Results
from lemmata.figures.style import BLUE, GREEN, ORANGE, RED

HERE = "path-collapse"
PHASE, WEIGHT, TIME = (f"{HERE}/{end}" for end in ("phase", "onset-in-weight", "onset-in-time"))
ONE, LEAST = f"{HERE}/onset-in-time/one", f"{HERE}/least-weight"
SUPPORTS = f"{HERE}/boundary"
GAUSSIAN, BOUNDARY = (
    f"{HERE}/{of}/by-schedules-alone" for of in ("gaussian/criterion", "boundary")
)


def diagram(results: Results) -> Figure:
    """Where the integral settles and where it grows, in weight and time, and the onsets."""
    figure, axes = parts.sheet([*results.values()], height=2.4)
    one = axes[0, 0]
    phase = results[PHASE]
    w, t, value = (phase.column(name) for name in ("at.w", "at.t", "value"))
    for grows, colour, marker, words in (
        (False, BLUE, "o", "settles"), (True, ORANGE, "s", "grows: collapsed"),
    ):  # fmt: skip
        here = (value > 0) == grows
        one.plot(w[here], t[here], marker, color=colour, markersize=2.2, linestyle="none",
                 label=words)  # fmt: skip
    wrong = phase.column("agreement") == "disagrees"
    one.plot(w[wrong], t[wrong], "X", color=RED, linestyle="none",
             label="disagrees" if wrong.any() else "_", **parts.CROSS)  # fmt: skip
    onset, late = results[WEIGHT], results[TIME]
    curve = np.concatenate([onset.column("claimed"), late.column("at.w")])
    times = np.concatenate([onset.column("at.t"), late.column("claimed")])
    inside = curve < 25
    order = np.argsort(times[inside])
    one.plot(curve[inside][order], times[inside][order], "-", color="black",
             label="onset, claimed")  # fmt: skip
    one.plot(onset.column("value"), onset.column("at.t"), "D", color=GREEN, markersize=3,
             markerfacecolor="white", linestyle="none", label="onset, bisected in $w$")  # fmt: skip
    one.plot(late.column("at.w"), late.column("value"), "v", color=GREEN, markersize=3,
             markerfacecolor="white", linestyle="none", label="bisected in $t$")  # fmt: skip
    least = float(results[LEAST].column("value")[0])
    one.axvline(least, linestyle=":", color="black", linewidth=0.8,
                label=r"$w^* = 4/(\pi^2 - 4)$, bisected")  # fmt: skip
    one.plot(1, float(results[ONE].column("value")[0]), "*", color=RED, markersize=6,
             linestyle="none", label="$w = 1$, bisected in $t$")  # fmt: skip
    one.set(xlim=(0.19, 21), ylim=(0, 1), xlabel="weight $w$", ylabel="time $t$")
    parts.logarithmic(one, "x", plain=True)
    one.set_xticks([0.2, 0.5, 1, 2, 5, 10, 20], ["0.2", "0.5", "1", "2", "5", "10", "20"])
    parts.legend_of_all(figure, axes, 2)
    return figure


def limits(results: Results) -> Figure:
    """Where schedules alone do not tell: Gaussian data, and C = 0."""
    figure, axes = parts.sheet([*results.values()], columns=2, height=1.8)
    left, right = axes[0]
    found = results[GAUSSIAN]
    _agreeing(left, found.column("claimed"), found.column("value"), found.column("agreement"))
    left.set_xscale("symlog", linthresh=1)
    left.set_yscale("symlog", linthresh=0.1)
    left.axhline(0, color="black", linewidth=0.6)
    left.axvline(0, color="black", linewidth=0.6)
    left.set_xticks([-100, -1, 1, 100], ["−100", "−1", "1", "100"])
    left.set_yticks([-10, -0.1, 0.1, 10], ["−10", "−0.1", "0.1", "10"])
    left.minorticks_off()
    left.set(xlabel="$-C$, of widths alone", ylabel="far shells, measured", title="Gaussian data")
    found = results[BOUNDARY]
    _agreeing(right, found.column("at.R_1"), found.column("at.R_2"), found.column("agreement"))
    _where_supports_decide(right, results[SUPPORTS])
    right.set(xlabel="$R_1$", ylabel="$R_2$", title="$C = 0$")
    parts.legend_of_all(figure, axes, 2)
    return figure


def _where_supports_decide(axes: Axes, found: Result) -> None:
    """The line on which the slope b, which is linear in both radii, is claimed to be 0."""
    radii = np.stack([found.column("at.R_1"), found.column("at.R_2")], axis=1)
    (one, other), *_ = np.linalg.lstsq(radii, found.column("claimed"), rcond=None)
    slope = -one / other
    ends = np.array([radii.min(), radii[:, 1].max() / slope])
    axes.plot(ends, slope * ends, "-", color="black", linewidth=0.8, label="$b = 0$: finite above")


def _agreeing(axes: Axes, x: np.ndarray, y: np.ndarray, agreement: np.ndarray) -> None:
    words = {"agrees": "as the criterion says", "disagrees": "not so", "unresolved": "unresolved"}
    for name, (colour, marker, filled) in parts.LOOKS.items():
        here = agreement == name
        if here.any():
            axes.plot(x[here], y[here], marker, color=colour, linestyle="none", label=words[name],
                      markersize=2.6, markerfacecolor=colour if filled else "white")  # fmt: skip


PICTURES = (
    Picture(
        f"{HERE}/figures/phase-diagram", "Where a path collapses, in weight and time",
        (PHASE, WEIGHT, TIME, ONE, LEAST), diagram,
    ),
    Picture(
        f"{HERE}/figures/limits", "Where schedules alone do not tell of a collapse",
        (GAUSSIAN, BOUNDARY, SUPPORTS), limits,
    ),
)  # fmt: skip
