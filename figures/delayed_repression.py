"""Pictures of Delayed Repression and Emergent Instability (arXiv 2605.30392): the equation."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lemmata.figures import parts
from lemmata.figures.parts import Picture, Results
from lemmata.figures.stored import Result
from lemmata.figures.style import BLUE, GREEN, ORANGE

HERE = "delayed-repression"
_DIAGRAM, _ONSET, _REST = (
    f"{HERE}/experiment-1/{name}" for name in ("diagram", "onset", "equilibrium")
)


def bifurcation(results: Results) -> Figure:
    """The range of x on the cycle, and half of it, against the delay."""
    diagram, onset = results[_DIAGRAM], results[_ONSET]
    rest = float(results[_REST].column("claimed")[0])
    critical = float(onset.column("claimed")[0])
    delay, high, low = (diagram.array(name).ravel() for name in ("delay", "high", "low"))
    figure, axes = parts.sheet([*results.values()], rows=2, words=_delays(diagram), sharex=True)
    above, below = axes[:, 0]
    at = np.rint(diagram.column("at.i")).astype(int) - 1
    arms = (diagram.column("high") - diagram.column("low")) / 2  # those of half the range
    for end, look, label in ((high, "^", r"$\max x$"), (low, "v", r"$\min x$")):
        above.errorbar(delay[at], end[at], yerr=arms, fmt=look, color=BLUE, markersize=2.2,
                       elinewidth=0.7, zorder=2, label=f"simulated {label}")  # fmt: skip
    above.plot([0, critical], [rest, rest], "-", color="black", label="$x^*$ as printed")
    above.plot([critical, delay[-1]], [rest, rest], ":", color="black", label="the same, unstable")
    above.set_ylabel("$x$")
    # The claim is on the swing less what counts as settled, 0.01.
    settled = 0.01
    parts.bars(
        below, delay[at], parts.interval(diagram, lambda y: y + settled),
        diagram.column("agreement"), "simulated",
    )  # fmt: skip
    below.axhline(settled, color=GREEN, linestyle="--", linewidth=0.8, label="settled below")
    below.set_ylabel(r"$(\max x - \min x)/2$")
    below.set_xlabel(r"delay $\Delta$")
    for one in (above, below):
        one.axvline(critical, color="black", linewidth=0.7, linestyle="-.")
        one.annotate(
            r"$\Delta_c$", (critical, 1), xycoords=("data", "axes fraction"), xytext=(3, -9),
            textcoords="offset points",
        )  # fmt: skip
        one.margins(x=0.02)
    parts.legend(above)
    parts.legend(below)
    return figure


def _delays(diagram: Result) -> parts.Words:
    """For the foot: which delay the numbers of the diagram's points stand for."""
    delay = diagram.array("delay").ravel()
    return {"i": ["", *(f"delay = {one:.4g}" for one in delay)]}


def trajectories(results: Results) -> Figure:
    """x against time at delays on both sides of the onset."""
    diagram = results[_DIAGRAM]
    t, rest, onset = (diagram.array(name).ravel() for name in ("t", "rest", "onset"))
    paths = diagram.array("path").reshape(-1, len(t))
    delays = diagram.array("path delay").ravel()
    figure, axes = parts.sheet(
        [*results.values()], rows=len(delays), height=0.82, words=_delays(diagram), sharex=True,
        sharey=True,
    )  # fmt: skip
    for one, delay, path in zip(axes[:, 0], delays, paths, strict=True):
        one.axhline(rest[0], color="black", linewidth=0.6, linestyle=":", label="$x^*$, at rest")
        one.plot(t, path, color=BLUE, linewidth=0.8, label="simulated")
        one.set_title(
            rf"$\Delta = {delay:.3f} = {delay / onset[0]:.2f}\,\Delta_c$", loc="left", fontsize=7,
            pad=2,
        )  # fmt: skip
        one.set_ylabel("$x$")
    axes[-1, 0].set_xlabel("time $t$")
    axes[-1, 0].margins(x=0)
    parts.legend_of_all(figure, axes)
    return figure


def amplitude_law(results: Results) -> Figure:
    r"""Amplitudes of simulated cycles, and the law 2 sqrt((delay - onset)/mu_2)."""
    (one,) = results.values()
    distances = one.array("distance").reshape(-1, one.array("distance").shape[-1])
    amplitudes, errors = (
        one.array(name).reshape(distances.shape) for name in ("amplitude", "amplitude error")
    )
    onsets = one.array("onset").ravel()
    claimed = one.column("claimed")
    figure, axes = parts.sheet([one], rows=2, height=1.8)
    above, below = axes[:, 0]
    whole = len(claimed) == len(distances)
    row = parts.worst_row(one) if whole else 0
    slope = parts.worst_of(one)["claimed"]
    row = 0 if row is None else row
    x = np.array([distances[row].min() / 2, distances[row].max() * 2])
    above.plot(x, np.sqrt(slope * x), "-", color="black",
               label=r"claimed: $2\sqrt{(\Delta-\Delta_c)/\mu_2}$")  # fmt: skip
    low, high = (np.sqrt(np.maximum(one.column(end)[row], 0) * x) for end in ("low", "high"))
    above.fill_between(x, low, high, color=ORANGE, alpha=0.5, linewidth=1,
                       label="measured at the onset")  # fmt: skip
    above.errorbar(distances[row], amplitudes[row], yerr=errors[row], fmt="o", color=BLUE,
                   label="simulated cycles")  # fmt: skip
    above.set(xlabel=r"$\Delta-\Delta_c$, at the worst point", ylabel="amplitude $A$")
    parts.logarithmic(above)
    parts.legend(above)
    below.axhline(1, color="black", label="claimed")
    if whole:
        for i in range(len(claimed)):
            unit = claimed[i] * distances[i]
            below.errorbar(
                distances[i] / onsets[i], amplitudes[i] ** 2 / unit,
                yerr=2 * amplitudes[i] * errors[i] / unit,
                fmt="-o", color=BLUE, linewidth=0.4, markersize=1.5, alpha=0.6,
                label="simulated, all points" if i == 0 else None,
            )  # fmt: skip
    parts.bars(
        below, np.zeros(len(claimed)), parts.interval(one, lambda y: y / claimed),
        one.column("agreement"), "carried to the onset", marker="D", color=ORANGE,
    )  # fmt: skip
    below.set(xlabel=r"$(\Delta-\Delta_c)/\Delta_c$",
              ylabel=r"$\mu_2 A^2 / 4(\Delta-\Delta_c)$")  # fmt: skip
    parts.legend(below)
    return figure


def stability_chart(results: Results) -> Figure:
    """The critical delay against the rate of decay without delay, at all points of the domain."""
    delay, rate = (results[f"{HERE}/{name}"] for name in ("critical-delay", "stable-without-delay"))
    rows = parts.joined(delay, rate)
    there = rows >= 0
    b = np.where(there, rate.column("value")[rows], np.nan)
    b_claimed = np.where(there, rate.column("claimed")[rows], np.nan)
    claimed = delay.column("claimed")
    figure, axes = parts.sheet([delay, rate], height=2.5)
    one = axes[0, 0]
    order = np.argsort(b_claimed)
    x, y = b_claimed[order], claimed[order]
    kept = np.isfinite(x)
    one.fill_between(x[kept], y[kept], np.nanmin(claimed) / 3, color=BLUE, alpha=0.12, linewidth=0)
    one.plot(x[kept], y[kept], "-", color="black", label=r"claimed: $b\,\Delta_c = \pi/2$")
    measured = parts.interval(delay)
    parts.by_method(one, b, measured, delay)
    parts.mark_worst(one, b, delay.column("value"), delay)
    one.set(xlabel=r"rate of decay without delay, $b$", ylabel=r"critical delay $\Delta_c$")
    one.set_ylim(np.nanmin(claimed) / 3, np.nanmax(claimed) * 3)
    parts.logarithmic(one)
    one.text(0.12, 0.14, "$x^*$ stable", transform=one.transAxes)
    one.text(0.62, 0.62, "$x^*$ unstable", transform=one.transAxes)
    parts.legend(one)
    return figure


def discrete_margin(results: Results) -> Figure:
    """The margin of the map in steps: by the lag, in the second experiment, and in the limit."""
    margin, printed, limit = results.values()
    steps = printed.array("eta").ravel()
    words = {"i": [f"step = {one:g}" for one in steps]}
    figure, axes = parts.sheet([*results.values()], rows=3, height=1.5, words=words)
    first, second, third = axes[:, 0]
    b = np.resize(margin.array("steepness").ravel(), len(margin.column("claimed")))
    d, measured = margin.column("at.d"), parts.interval(margin, lambda y: y * b)
    parts.line(first, d, margin.column("claimed") * b, r"claimed: $2d \sin\frac{\pi}{2(2d+1)}$")
    parts.by_method(first, d, measured, margin)
    parts.mark_worst(first, d, measured[1], margin)
    first.set(xlabel="lag $d$", ylabel=r"$b\, d\, \eta_c$")
    parts.logarithmic(first, "x")
    parts.legend(first)
    eta = steps[np.rint(printed.column("at.i")).astype(int)]
    parts.line(second, eta, printed.column("claimed") * eta)
    parts.bars(
        second, eta, parts.interval(printed, lambda y: y * eta), printed.column("agreement"),
        "iterated, 2,000 steps",
    )  # fmt: skip
    second.set(xlabel=r"step $\eta$, second experiment", ylabel=r"margin $d^* \eta$")
    parts.logarithmic(second, "x")
    parts.legend(second)
    _series(third, limit, float(parts.worst_of(limit)["claimed"]))
    third.set(xlabel=r"step $\eta_c$, at the worst point", ylabel=r"$\Delta_c - d\,\eta_c$")
    parts.logarithmic(third)
    return figure


def _series(axes: Any, one: Result, constant: float) -> None:
    x, y = one.array("series.x"), one.array("series.y")
    axes.plot(x, constant * x, "-", color="black", label=r"claimed: $\eta_c/2$")
    axes.errorbar(x, y, yerr=one.array("series.bias"), fmt="o", color=BLUE, label="eigenvalues",
                  elinewidth=0.7)  # fmt: skip
    parts.legend(axes)


def sharpness(results: Results) -> Figure:
    """By how much the amplitude at 1.1 k is above that at k, in both readings of the panel."""
    figure, axes = parts.sheet([*results.values()], height=2.1)
    one = axes[0, 0]
    one.axhline(0, color="black", label="claimed: above")
    looks = {"sharpness-monotone": ("o", "at 1.5 times its own onset"),
             "sharpness-monotone-at-fixed-delay": ("D", "at one delay")}  # fmt: skip
    for name, (marker, label) in looks.items():
        found = results[f"{HERE}/{name}"]
        parts.bars(
            one, found.column("at.k"), parts.interval(found), found.column("agreement"), label,
            marker=marker,
        )  # fmt: skip
    one.set(xlabel="sharpness $k$", ylabel="$A(1.1 k) - A(k)$")
    parts.logarithmic(one, "x")
    parts.legend(one)
    return figure


PICTURES = (
    Picture(
        f"{HERE}/figures/bifurcation-diagram", "Bifurcation diagram of the delayed replicator",
        (_DIAGRAM, _ONSET, _REST), bifurcation,
    ),
    Picture(
        f"{HERE}/figures/trajectories", "Trajectories around the critical delay", (_DIAGRAM,),
        trajectories,
    ),
    Picture(
        f"{HERE}/figures/amplitude-law", "Amplitude of the cycle above the critical delay",
        (f"{HERE}/cycle-amplitude",), amplitude_law,
    ),
    Picture(
        f"{HERE}/figures/stability-chart", "Stability chart of the delayed replicator",
        (f"{HERE}/critical-delay", f"{HERE}/stable-without-delay"), stability_chart,
    ),
    Picture(
        f"{HERE}/figures/discrete-margin", "Margin of stability in steps of time",
        (f"{HERE}/discrete-margin", f"{HERE}/experiment-2", f"{HERE}/discrete-margin-limit"),
        discrete_margin,
    ),
    Picture(
        f"{HERE}/figures/sharpness", "What a sharper response does to the cycle",
        (f"{HERE}/sharpness-monotone", f"{HERE}/sharpness-monotone-at-fixed-delay"), sharpness,
    ),
)  # fmt: skip
