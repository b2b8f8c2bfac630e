"""Pictures of games with late payoffs, and of the classics beside them: thresholds."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from lemmata.figures import parts
from lemmata.figures.parts import Picture, Results
from lemmata.figures.stored import Result
from lemmata.figures.style import BLUE, ORANGE

HERE = "delayed-replicator"
BOTH, OPPOSITE = (f"{HERE}/{name}/critical-delay" for name in ("both-payoffs", "opposite-payoffs"))
UNIFORM, GAMMA, RPS = (
    f"{HERE}/{name}" for name in ("uniform-memory", "gamma-memory", "rock-paper-scissors")
)
CLASSICS = {
    "delayed-logistic/critical-delay": ("delayed logistic", "at.r", "$r$"),
    "mackey-glass/critical-delay": ("Mackey-Glass", "at.gamma", r"$\gamma$"),
    "nicholson-blowflies/critical-delay": ("Nicholson", "at.delta", r"$\delta$"),
    "neuron-pair/critical-value": ("pair of neurons", "claimed", "claimed"),
    "delayed-van-der-pol/critical-value": ("van der Pol", "claimed", "claimed"),
    "two-delays/critical-value": ("two delays", "claimed", "claimed"),
}


def thresholds(results: Results) -> Figure:
    """The delay from which on each game oscillates, in units of its rate where that is one."""
    figure, axes = parts.sheet([*results.values()], rows=3, columns=2, height=1.5)
    panels = [*axes.flat]
    for one, id, title, label in (
        (panels[0], BOTH, "both payoffs", r"$\delta\, T_c$"),
        (panels[1], UNIFORM, "uniform memory", r"$\delta\, D_c$"),
    ):
        found = results[id]
        delta = _delta(found)
        x = found.column("at.x_star")
        parts.line(one, x, found.column("claimed") * delta)
        parts.by_method(one, x, parts.interval(found, lambda y, delta=delta: y * delta), found)
        one.set(xlabel="$x^*$", ylabel=label)
        one.set_title(title, loc="left")
        middle = found.column("claimed")[0] * delta[0]
        one.set_ylim(0.9 * middle, 1.1 * middle)
    gamma = results[GAMMA]
    delta, order = _delta(gamma), gamma.column("at.k")
    parts.line(panels[2], order, gamma.column("claimed") * delta)
    parts.by_method(panels[2], order, parts.interval(gamma, lambda y: y * delta), gamma)
    panels[2].set(xlabel="order $k$", ylabel=r"$\delta\, m_c$", xticks=np.unique(order))
    panels[2].set_title("gamma memory", loc="left")
    rps = results[RPS]
    a, b = rps.column("at.a"), rps.column("at.b")
    scale = np.sqrt(a**2 + a * b + b**2)
    parts.line(panels[3], a / b, rps.column("claimed") * scale)
    parts.by_method(panels[3], a / b, parts.interval(rps, lambda y: y * scale), rps)
    panels[3].set(xlabel="$a/b$", ylabel=r"$T_c \sqrt{a^2 + ab + b^2}$")
    parts.logarithmic(panels[3], "x")
    panels[3].set_title("rock-paper-scissors", loc="left")
    opposite = results[OPPOSITE]
    claimed = opposite.column("claimed")
    parts.line(panels[4], claimed, claimed)
    parts.by_method(panels[4], claimed, parts.interval(opposite), opposite)
    panels[4].set(xlabel="$T_c$ claimed", ylabel="$T_c$ measured")
    panels[4].set_title("opposite payoffs", loc="left")
    panels[5].axis("off")
    parts.legend_of_all(figure, axes)
    return figure


def _delta(one: Result) -> np.ndarray:
    """kappa x* (1 - x*), the rate of decay without delay."""
    x = one.column("at.x_star")
    return one.column("at.kappa") * x * (1 - x)


def hayes(results: Results) -> Figure:
    """The stability boundary of x' = a x + b x(t - 1), and what is found inside and outside."""
    region, curve, in_time, line = results.values()
    figure, axes = parts.sheet([*results.values()], height=3.0)
    one = axes[0, 0]
    w = curve.column("at.w")
    a = w / np.tan(w)
    order = np.argsort(a)
    one.plot(a[order], curve.column("claimed")[order], "-", color="black", label="claimed boundary")
    parts.line(one, line.column("at.a"), line.column("claimed"), "_")
    here = region.column("method") == sorted(set(region.column("method")))[-1]
    found = region.column("value")[here]
    x, y = region.column("at.a")[here], region.column("at.b")[here]
    wrong = region.column("agreement")[here] == "disagrees"
    for chosen, marker, color, label in (
        (found < 0, "o", BLUE, "all roots decay"),
        (found > 0, "^", ORANGE, "a root grows"),
        (wrong, "X", parts.LOOKS["disagrees"][0], "disagrees"),
    ):
        if chosen.any():
            one.plot(x[chosen], y[chosen], marker, color=color, markersize=2.6, label=label,
                     markerfacecolor=color if marker == "o" else "white")  # fmt: skip
    slow = in_time.column("at.w")
    for found, at, marker, label in (
        (curve, a, "D", "roots cross"),
        (in_time, slow / np.tan(slow), "s", "solutions grow"),
        (line, line.column("at.a"), "D", "_"),
    ):
        parts.bars(one, at, parts.interval(found), found.column("agreement"), label, marker=marker,
                   color="#555555", markersize=1.8)  # fmt: skip
    parts.mark_worst(one, line.column("at.a"), line.column("value"), line)
    one.set(xlabel="$a$", ylabel="$b$", xlim=(-8.3, 4.3), ylim=(-12.5, 12.5))
    parts.legend_of_all(figure, axes, 3)
    return figure


def classics(results: Results) -> Figure:
    """Critical delays and values of classical delay equations: measured over claimed."""
    figure, axes = parts.sheet([*results.values()], rows=3, columns=2, height=1.35)
    for one, (id, (title, column, label)) in zip(axes.flat, CLASSICS.items(), strict=True):
        found = results[f"hopf/{id}"]
        x = found.column(column)
        claimed = found.column("claimed")
        if column == "claimed":
            parts.line(one, x, claimed)
        else:
            one.plot(x, claimed, "_", color="black", markersize=6, label="claimed")
        parts.by_method(one, x, parts.interval(found), found)
        parts.mark_worst(one, x, found.column("value"), found)
        one.set_xlabel(label)
        one.set_title(title, loc="left")
        parts.logarithmic(one, "xy")
    for row, label in zip(axes, ("critical delay", "critical", "critical"), strict=True):
        row[0].set_ylabel(label)
    axes[1, 0].set_ylabel("critical delay")
    axes[1, 1].set_ylabel("critical value")
    axes[2, 0].set_ylabel("critical value")
    parts.legend_of_all(figure, axes)
    return figure


PICTURES = (
    Picture(
        f"{HERE}/figures/thresholds", "Critical delays of games with late payoffs",
        (BOTH, UNIFORM, GAMMA, RPS, OPPOSITE), thresholds,
    ),
    Picture(
        "hopf/figures/hayes", "The stability boundary of Hayes' equation",
        tuple(f"hopf/hayes/{name}" for name in ("region", "curve", "curve-in-time", "line")),
        hayes,
    ),
    Picture(
        "hopf/figures/classics", "Critical delays of classical equations",
        tuple(f"hopf/{id}" for id in CLASSICS), classics,
    ),
)  # fmt: skip
