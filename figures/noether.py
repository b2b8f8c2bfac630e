"""Pictures of Noether's learning dynamics (arXiv 2105.02716): a norm that grows, and its rest."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from lemmata.figures import parts
from lemmata.figures.parts import Picture, Results
from lemmata.figures.style import BLUE, GREEN, ORANGE, RED

HERE = "noether"
MOTION = "scale/conserved"
AT_REST = ("equilibrium/fourth-power", "equilibrium/square")


def norms(results: Results) -> Figure:
    """The norm along motions with and without a mass, and where descent with decay leaves it."""
    figure, axes = parts.sheet([*results.values()], rows=2, height=1.75)
    above, below = axes[:, 0]
    moved = results[f"{HERE}/{MOTION}"]
    # One loss, start and friction, with the mass of the worst point and without one.
    for name, label, colour in (
        ("square.without_mass", "$m = 0$", GREEN), ("square", "$m > 0$, from rest", BLUE),
    ):  # fmt: skip
        above.plot(moved.array("time"), moved.array(name), color=colour, label=label)
    above.axhline(1, color="black", linewidth=0.8, linestyle=":", label="conserved", zorder=1.5)
    above.set(xlabel="time, of two losses: each claim's worst", ylabel=r"$|q(t)|^2\,/\,|q(0)|^2$")
    parts.legend(above, 2)
    fourth, square = (results[f"{HERE}/{id}"] for id in AT_REST)
    for number, method in enumerate(sorted(set(fourth.column("method")))):
        here = fourth.column("method") == method
        shown = [each[here] for each in parts.interval(fourth)]
        parts.bars(
            below, fourth.column("claimed")[here], shown, fourth.column("agreement")[here],
            rf"$E|q|^4$, {method}", marker="oD"[number], color=(BLUE, ORANGE)[number],
            markersize=5 - 2 * number,
        )  # fmt: skip
    below.plot(square.column("claimed"), square.column("value"), "X", color=RED,
               label="$E|q|^2$: disagrees", **parts.CROSS)  # fmt: skip
    line = np.sort(fourth.column("claimed"))
    parts.line(below, line, line)
    below.set(xlabel=r"$\eta/(2\lambda)$", ylabel=r"over $E|\hat g|^2$")
    parts.logarithmic(below)
    parts.legend(below, 2)
    return figure


PICTURES = (
    Picture(
        f"{HERE}/figures/norms", "Norms that grow, and where they come to rest",
        tuple(f"{HERE}/{id}" for id in (MOTION, *AT_REST)), norms,
    ),
)  # fmt: skip
