"""Pictures of early warning signals (arXiv 1305.6700): what announces a threshold, and what not."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lemmata.figures import parts
from lemmata.figures.parts import Picture, Results
from lemmata.figures.style import BLUE, GREEN, ORANGE, RED

HERE = "early-warning"
#: claims on a variance against the distance to the threshold, and how they are drawn
ANNOUNCED = {
    "fold/variance": ("fold", "o", BLUE),
    "transcritical/variance": ("transcritical", "D", GREEN),
    "pitchfork/variance": ("pitchfork", "x", BLUE),
    "hopf/variance": ("Hopf", "v", ORANGE),
}
SILENT = {
    "front/alarm": ("far from a front, $a \\to 1/2$", "s", RED),
    "missed-direction/alarm": ("noise beside", "^", "#666666"),
}
FRONT = ("front/speed", "front/return-rate/one", "front/return-rate/nothing")
SWINGS = tuple(f"overcompensation/{end}" for end in ("variance-falls", "alarm", "weak-noise"))
#: of the noise in the sweep of `variance-falls`
NOISE = 0.02


def variances(results: Results) -> Figure:
    """The variance as a threshold nears: where it grows, and where it does not."""
    figure, axes = parts.sheet([*results.values()], height=2.4)
    one: Axes = axes[0, 0]
    for id, (label, marker, colour) in (ANNOUNCED | SILENT).items():
        found = results[f"{HERE}/{id}"]
        x, y, stderr = (found.array(f"series.{name}") for name in ("x", "y", "stderr"))
        refuted = found.record["outcome"] == "refuted"
        looks = parts.CROSS if refuted else {}
        one.errorbar(x, y, yerr=3 * stderr, fmt="X" if refuted else marker, color=colour,
                     linestyle="none", label=f"{label}: refuted" if refuted else label,
                     **looks)  # fmt: skip
        if id in ANNOUNCED:
            power = -0.5 if id.startswith("fold") else -1.0
            level = float(parts.worst_of(found)["claimed"])
            one.plot(x, level * x**power, color="black", linewidth=0.8, zorder=1.5,
                     label="claimed" if id.startswith("fold") else "_")  # fmt: skip
    one.set(xlabel="distance to the threshold", ylabel=r"variance$\,/\,\sigma^2$")
    parts.logarithmic(one)
    parts.legend(one, 2)
    return figure


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
