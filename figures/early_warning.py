"""Pictures of early warning signals (arXiv 1305.6700): what announces a threshold, and what not."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lemmata.figures import parts
from lemmata.figures.parts import Picture, Results
from lemmata.figures.stored import Result
from lemmata.figures.style import BLUE, GREEN, ORANGE, RED

HERE = "early-warning"
#: claims on a variance against the distance to the threshold, and how they are drawn
ANNOUNCED = {
    "fold/variance": ("fold", "o", BLUE),
    "transcritical/variance": ("transcritical", "D", GREEN),
    "pitchfork/variance": ("pitchfork", "o", "black"),
    "hopf/variance": ("Hopf", "v", ORANGE),
}
SILENT = {
    "front/alarm": ("states of a front", RED),
    "missed-direction/alarm": ("noise beside", "#666666"),
}
RING: Any = {"markerfacecolor": "none", "markeredgewidth": 0.7, "markersize": 5.5}
FRONT = ("front/speed", "front/return-rate/one", "front/return-rate/nothing")
SWINGS = tuple(f"overcompensation/{end}" for end in ("variance-falls", "alarm", "weak-noise"))
#: of the noise in the sweep of `variance-falls`
NOISE = 0.02


def variances(results: Results) -> Figure:
    """The variance as a threshold nears: where it grows, and where it does not."""
    figure, axes = parts.sheet([*results.values()], height=2.4)
    one: Axes = axes[0, 0]
    for id, (label, marker, colour) in ANNOUNCED.items():
        found = results[f"{HERE}/{id}"]
        x, y, stderr = _series(found)[0]
        # A pitchfork has the variance of a transcritical point: a ring about its mark.
        ring: Any = RING if id.startswith("pitchfork") else {}
        one.errorbar(x, y, yerr=3 * stderr, fmt=marker, color=colour, linestyle="none",
                     label=label, **ring)  # fmt: skip
        power = -0.5 if id.startswith("fold") else -1.0
        level = float(parts.worst_of(found)["claimed"])
        one.plot(x, level * x**power, color="black", linewidth=0.8, zorder=1.5,
                 label="claimed" if id.startswith("fold") else "_")  # fmt: skip
    for id, (label, colour) in SILENT.items():
        found = results[f"{HERE}/{id}"]
        refuted = found.record["outcome"] == "refuted"
        looks = parts.CROSS if refuted else {}
        for x, y, stderr in _series(found):
            one.errorbar(x, y, yerr=3 * stderr, fmt="X" if refuted else "s", color=colour,
                         linestyle="none", label=f"{label}: refuted" if refuted else label,
                         **looks)  # fmt: skip
    one.set(xlabel="distance to the threshold", ylabel=r"variance$\,/\,\sigma^2$")
    parts.logarithmic(one)
    parts.legend(one, 2)
    return figure


def _series(found: Result) -> list[tuple[np.ndarray, ...]]:
    """Distances, variances and their errors: of each of the two states of a front."""
    if found.id.endswith("front/alarm"):
        names = [("distance", f"variance.{u}", f"stderr.{u}") for u in (1, 0)]
    else:
        names = [("series.x", "series.y", "series.stderr")]
    return [tuple(found.array(name) for name in each) for each in names]


def unannounced(results: Results) -> Figure:
    """Fronts that turn round at full rates, and a population whose swings fade before its end."""
    figure, axes = parts.sheet([*results.values()], rows=2, height=1.85)
    above, below = axes[:, 0]
    speed, one, nothing = (results[f"{HERE}/{id}"] for id in FRONT)
    unit = np.sqrt(speed.column("at.D"))
    shown = [bound / unit for bound in parts.interval(speed)]
    parts.bars(above, speed.column("at.a"), shown, speed.column("agreement"), r"speed$/\sqrt{D}$")
    parts.line(above, speed.column("at.a"), speed.column("claimed") / unit)
    for each, label, marker in ((one, "rate at $u = 1$", "D"), (nothing, "rate at $u = 0$", "v")):
        colour = ORANGE if marker == "D" else GREEN
        parts.bars(above, each.column("at.a"), parts.interval(each), each.column("agreement"),
                   label, marker=marker, color=colour)  # fmt: skip
        parts.line(above, each.column("at.a"), each.column("claimed"), "_")
    above.axhline(0, color="#888888", linewidth=0.6)
    above.axvline(0.5, color=RED, linewidth=0.8, linestyle="--")
    above.set(xlabel="$a$", ylabel="speed, return rates")
    parts.legend(above, 2)
    falls, _, weak = (results[f"{HERE}/{id}"] for id in SWINGS)
    below.plot(falls.array("sweep.b"), falls.array("sweep.variance"), "o", color=BLUE,
               label="2 % noise")  # fmt: skip
    parts.bars(below, weak.column("at.b"), [NOISE**2 * each for each in parts.interval(weak)],
               weak.column("agreement"), "weak noise, scaled", marker="D",
               color=ORANGE)  # fmt: skip
    parts.line(below, weak.column("at.b"), NOISE**2 * weak.column("claimed"))
    r, K = weak.column("at.r")[0], weak.column("at.K")[0]
    below.axvline(r * (K + 1) ** 2 / (4 * K), color=RED, linewidth=0.8, linestyle="--",
                  label="$b_c$")  # fmt: skip
    below.set(xlabel="$b$", ylabel="variance of $N$")
    parts.logarithmic(below, "y")
    parts.legend(below, 2)
    return figure


PICTURES = (
    Picture(
        f"{HERE}/figures/variances", "What announces a threshold",
        tuple(f"{HERE}/{id}" for id in (*ANNOUNCED, *SILENT)), variances,
    ),
    Picture(
        f"{HERE}/figures/unannounced", "Thresholds without a warning",
        tuple(f"{HERE}/{id}" for id in (*FRONT, *SWINGS)), unannounced,
    ),
)  # fmt: skip
