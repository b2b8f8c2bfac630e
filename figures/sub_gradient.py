"""Pictures of sub-gradient descent under outliers and noise (arXiv 2202.08788)."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lemmata.figures import parts
from lemmata.figures.parts import Picture, Results
from lemmata.figures.stored import Result
from lemmata.figures.style import BLUE, GREEN, ORANGE, RED
from lemmata.verify.compare.quantiles import clopper_pearson

HERE = "matrix-sensing/sub-gradient"
#: claims on an exponent, and what of; the reading that is refuted below the one that holds
EXPONENTS = {
    "final-error": r"error in $\alpha$, all known",
    "final-error/proportional": r"$\;$read as $\propto \alpha$",
    "measured-error/squared": r"error in $\alpha$, $m$ known",
    "measured-error/proportional": r"$\;$read as $\propto \alpha$",
    "over-parameterised-error": "error in $k$",
    "over-parameterised-error/measured": "error in $k$, $m$ known",
    "linear-convergence": r"error in the step $\eta_t$",
    "noise-size": r"error in noise $\nu$",
    "noise-measurements": "error in $m$, noisy",
    "slope/deviation": "deviation in $m$",
}
READINGS = {"": "at least $2$", "/squared": "$2$", "/dropped": "$1$"}
CURVES = (("measurements", "shares", "$k = 20$", "o", BLUE),
          ("measurements", "compared", "$k = 5$", "D", ORANGE),
          ("measurements/exact-rank", "shares", "$k = r = 2$", "v", GREEN))  # fmt: skip
#: with which a bar on a share of seeds misses it
LEVEL = 0.05


def exponents(results: Results) -> Figure:
    """Every exponent that is claimed, and what was measured of it."""
    figure, axes = parts.sheet([*results.values()], height=2.9)
    one = axes[0, 0]
    for row, id in enumerate(EXPONENTS):
        found = results[f"{HERE}/{id}"]
        claimed = found.column("claimed")[0]
        one.plot([claimed, claimed], [row - 0.35, row + 0.35], color="black", linewidth=1.4,
                 label="claimed" if row == 0 else "_")  # fmt: skip
        low, value, high = parts.interval(found)
        y = row + np.linspace(-0.2, 0.2, len(value)) if len(value) > 1 else np.array([row])
        for name, (colour, marker, filled) in parts.LOOKS.items():
            here = (found.column("agreement") == name) & np.isfinite(value)
            arms = np.stack([np.maximum(value - low, 0), np.maximum(high - value, 0)])
            if here.any():
                one.errorbar(
                    value[here], y[here], xerr=arms[:, here], fmt=marker, color=colour,
                    linestyle="none", elinewidth=0.7, markersize=3,
                    markerfacecolor=colour if filled else "white",
                )  # fmt: skip
    for name, (colour, marker, filled) in parts.LOOKS.items():
        one.plot([], [], marker, color=colour, label="measured" if filled and marker == "o" else
                 name, markerfacecolor=colour if filled else "white")  # fmt: skip
    one.set_yticks(range(len(EXPONENTS)), list(EXPONENTS.values()))
    one.invert_yaxis()
    one.set_xlabel("exponent")
    parts.legend_of_all(figure, axes, 4)
    return figure


def recovery(results: Results) -> Figure:
    """How many measurements recovery takes: by columns, and by the share of outliers."""
    figure, axes = parts.sheet([*results.values()], rows=2, height=1.75)
    above, below = axes[:, 0]
    for id, name, label, marker, color in CURVES:
        found = results[f"{HERE}/{id}"]
        share = found.array(name).ravel()
        seeds = int(found.array("seeds").ravel()[int(name == "compared")])
        ends = np.array([clopper_pearson(round(s * seeds), seeds, LEVEL) for s in share]).T
        above.errorbar(
            found.array("m").ravel(), share, yerr=np.abs(ends - share), fmt=f"-{marker}",
            color=color, linewidth=0.8, elinewidth=0.7, markersize=2.5, alpha=0.7, label=label,
        )  # fmt: skip
    _boundaries(above, results)
    above.set(xlabel="measurements $m$", ylabel="share of seeds recovered")
    parts.logarithmic(above, "x")
    parts.legend(above, 3)
    for (ending, power), line in zip(READINGS.items(), ("-", "--", ":"), strict=True):
        found = results[f"{HERE}/phase/outliers{ending}"]
        p, claimed = found.column("at.p"), found.column("claimed")
        _, first = np.unique(p, return_index=True)
        refuted = found.record["outcome"] == "refuted"
        parts.line(
            below, p[first], claimed[first],
            f"{'refuted' if refuted else 'claimed'}: power {power}",
            linestyle=line, color=RED if refuted else "black",
        )  # fmt: skip
    found = results[f"{HERE}/phase/outliers"]
    p, k = found.column("at.p"), found.column("at.k")
    for columns, marker, shift in zip(np.unique(k), "oD", (-0.003, 0.003), strict=False):
        here = k == columns
        parts.bars(
            below, p[here] + shift, [m[here] for m in parts.interval(found)],
            found.column("agreement")[here], f"measured, $k = {columns:g}$", marker=marker,
            color=BLUE if marker == "o" else ORANGE,
        )  # fmt: skip
    below.set(xlabel="share of outliers $p$", ylabel=r"$\ln\, m(p)/m(0)$")
    parts.legend(below, 2)
    return figure


def _boundaries(axes: Axes, results: Results) -> None:
    """Where a seed comes to recover: claimed of k = 20 by that of k = 5, and measured with bars.

    A claim is on the logarithm of their ratio; where k = r, that it is below that of k = 20.
    """
    free, exact = (results[f"{HERE}/measurements{end}"] for end in ("", "/exact-rank"))
    start = _boundary(free, "compared")
    claimed = start * np.exp(free.column("claimed")[0])
    axes.axvline(claimed, color="black", linewidth=0.9, label="claimed, $k = 20$")
    of = ((free, start, 0.5, BLUE, "$k = 20$"), (exact, _boundary(exact, "compared"), 0.4, GREEN,
          "$k = r = 2$"))  # fmt: skip
    for one, from_, height, color, words in of:
        low, value, high = (from_ * np.exp(each[0]) for each in parts.interval(one))
        name = one.column("agreement")[0]
        shown, marker, filled = parts.LOOKS[name]
        shown = color if name == "agrees" else shown
        axes.errorbar(
            value, height, xerr=[[value - low], [high - value]], fmt="s" if filled else marker,
            color=shown, markerfacecolor=shown if filled else "white", linestyle="none",
            capsize=2, zorder=3, label=f"boundary, {words}",
        )  # fmt: skip


def _boundary(one: Result, curve: str) -> float:
    """The geometric mean of the numbers of measurements from which on seeds recover."""
    m, shares = one.array("m").ravel(), one.array(curve).ravel()
    pace = np.log(m[-1] / m[0]) / (len(m) - 1)
    return float(np.exp(np.log(m[-1]) + pace * (0.5 - shares.sum())))


PICTURES = (
    Picture(
        f"{HERE}/figures/exponents", "Exponents of sub-gradient descent",
        tuple(f"{HERE}/{id}" for id in EXPONENTS), exponents,
    ),
    Picture(
        f"{HERE}/figures/recovery", "How many measurements sub-gradient descent takes",
        (
            f"{HERE}/measurements", f"{HERE}/measurements/exact-rank",
            *(f"{HERE}/phase/outliers{ending}" for ending in READINGS),
        ), recovery,
    ),
)  # fmt: skip
