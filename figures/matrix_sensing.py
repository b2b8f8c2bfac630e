"""Pictures of descent on the factors of a matrix (arXiv 2310.01769): rates, and what sets them."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lemmata.figures import parts
from lemmata.figures.parts import Picture, Results
from lemmata.figures.stored import Result
from lemmata.figures.style import BLUE, GREEN, ORANGE

HERE = "matrix-sensing"
#: of an error, from which on rounding is seen
NOISE = 0.1

#: what is a power of time, and what decays; the words above each panel
RATES = {
    "symmetric/rate": "symmetric\n$k > r$",
    "symmetric/rate/unsquared": "symmetric, $k > r$\nerror itself, no square",
    "symmetric/rate/unsquared/as-squared": "the same, read as if\nit were the square",
    "symmetric/exact-rank/rate": "symmetric\n$k = r$",
    "asymmetric/rate": "asymmetric\n$k > r$",
    "asymmetric/exact-rank/rate": "asymmetric\n$k = r$",
    "asymmetric/modified/rate": "asymmetric, $k > r$\none modified step",
    "asymmetric/balanced/rate": "asymmetric, $k > r$\nbalanced factors",
    "asymmetric/example/rate": "asymmetric\n$f_0 = \\alpha,\\; g_0 = \\alpha/3$",
    "asymmetric/rate/imbalance": "asymmetric, $k > r$\n$c$ from the start",
    "finite/symmetric/rate": "symmetric, $k > r$\n$m$ measurements",
    "finite/exact-rank/rate": "symmetric, $k = r$\n$m$ measurements",
    "finite/asymmetric/rate": "asymmetric, $k > r$\n$m$ measurements",
    "finite/asymmetric/exact-rank/rate": "asymmetric, $k = r$\n$m$ measurements",
}
#: claims about a rate that compare numbers and keep no run: powers in it, and one of a flow
NUMBERS = {
    "finite/symmetric/rate/many": "$m$, $k > r$",
    "finite/exact-rank/rate/many": "$m$, $k = r$",
    "asymmetric/rate/alpha": r"$\alpha$, $k > r$",
    "closed-forms/asymmetric-signal/rate": "signal, flow",
}


def rates(results: Results) -> Figure:
    """The error along the worst run of every claim on a rate, and the rate that is claimed."""
    figure, axes = parts.sheet([*results.values()], rows=5, columns=3, height=1.25)
    *runs, last = axes.flat
    for one, (id, title) in zip(runs, RATES.items(), strict=True):
        _run(one, results[f"{HERE}/{id}"])
        one.set_title(title, loc="left", fontsize=6, pad=2)
    _numbers(last, results)
    for one in axes.flat:
        one.tick_params(labelsize=6, pad=1.5)
    for one in axes[:, 0]:
        one.set_ylabel("squared error")
    parts.legend_of_all(figure, axes)
    return figure


def _numbers(axes: Axes, results: Results) -> None:
    """What was measured over what is claimed, a row for each claim that has no run to show."""
    axes.axvline(1, color="black", linewidth=0.9)
    for row, (id, words) in enumerate(NUMBERS.items()):
        one = results[f"{HERE}/{id}"]
        claimed = one.column("claimed")
        low, value, high = np.sort([each / claimed for each in parts.interval(one)], axis=0)
        for name, (color, marker, filled) in parts.LOOKS.items():
            here = (one.column("agreement") == name) & np.isfinite(value)
            if here.any():
                ends = np.stack([value - low, high - value])[:, here]
                arms = np.where(np.isfinite(ends), ends, 0)
                axes.errorbar(
                    value[here], np.full(here.sum(), row), xerr=arms, fmt=marker, color=color,
                    linestyle="none", elinewidth=0.7, markersize=2.4,
                    markerfacecolor=color if filled else "white",
                )  # fmt: skip
        axes.annotate(
            words, (0.03, row), xycoords=("axes fraction", "data"), fontsize=6, va="center"
        )
    low, high = axes.get_xlim()
    axes.set(xlim=(low - 1.1 * (high - low), high), ylim=(len(NUMBERS) - 0.5, -0.5), yticks=[])
    axes.set_title("powers in rates,\nand the rate of a flow", loc="left",
                   fontsize=6, pad=2)  # fmt: skip
    axes.set_xlabel("measured / claimed", fontsize=6, labelpad=1)


def _run(axes: Axes, one: Result) -> None:
    """A series, and the claimed law through its end; over time or its logarithm, as the law is."""
    x, y, bias = (one.array(f"series.{name}") for name in ("x", "y", "bias"))
    claimed = float(parts.worst_of(one)["claimed"])
    power = claimed < 0
    clear = np.flatnonzero((y > 0) & (bias < NOISE * y))
    x, y = x[clear], y[clear]
    if not power:  # a run that has ended says nothing more
        fallen = np.flatnonzero(y < 1e-20 * y.max())
        end = int(fallen[0]) + 1 if len(fallen) else len(x)
        x, y = x[:end], y[:end]
    (agreement,) = set(parts.worst_agreement(one, x))
    color, marker, filled = parts.LOOKS[agreement]
    label = "measured, worst run" + ("" if agreement == "agrees" else f": {agreement}")
    size: dict[str, Any] = {"markersize": 1.4 if agreement == "agrees" else 3.2}
    size["markevery"] = 1 if agreement == "agrees" else max(1, len(x) // 20)  # crosses are large
    axes.plot(x, y, marker, color=color, markerfacecolor=color if filled else "white", label=label,
              **(size | parts.CROSS if agreement == "disagrees" else size))  # fmt: skip
    law = y[-1] * ((x / x[-1]) ** claimed if power else np.exp(-claimed * (x - x[-1])))
    shown = law <= y.max()
    axes.plot(x[shown], law[shown], "-", color="black", linewidth=0.9, label="claimed rate")
    axes.set_ylim(y.min() / 3, y.max() * (y.max() / y.min()) ** 0.6)  # numbers go on top
    parts.logarithmic(axes, "xy" if power else "y")
    if not power:
        axes.locator_params(axis="x", nbins=3)
        axes.ticklabel_format(axis="x", style="plain")
        axes.set_xlim(left=0)
    found = float(parts.worst_of(one)["value"])
    axes.text(
        0.97, 0.96, f"{parts.short(found)}\nclaimed {parts.short(claimed)}", ha="right", va="top",
        transform=axes.transAxes, fontsize=6, linespacing=1.0,
    )  # fmt: skip
    axes.set_xlabel("steps $T$, logarithmic" if power else "steps $T$", fontsize=6, labelpad=1)


def alpha_law(results: Results) -> Figure:
    """How the rate depends on the scale of the start, and that after one step it does not."""
    rate, example, power, modified = (
        results[f"{HERE}/asymmetric/{name}"]
        for name in ("rate", "example/rate", "rate/alpha", "modified/rate")
    )
    figure, axes = parts.sheet([*results.values()], rows=3, height=1.55)
    first, second, third = axes[:, 0]
    alpha = rate.column("at.alpha")
    eta, seed = rate.column("at.eta"), rate.column("at.seed")
    for number, chosen in enumerate(np.unique(seed)):
        for step in np.unique(eta):
            here = (seed == chosen) & (eta == step)
            parts.line(
                first, alpha[here], (rate.column("claimed") / eta)[here],
                "claimed" if number == 0 and step == eta.min() else "_", linewidth=0.6,
            )  # fmt: skip
    parts.bars(first, alpha, parts.interval(rate, lambda y: y / eta), rate.column("agreement"),
               "four draws, two steps")  # fmt: skip
    parts.line(first, example.column("at.a"), example.column("claimed"), r"$16\alpha^2/9$",
               linestyle="--", linewidth=0.9)  # fmt: skip
    parts.bars(first, example.column("at.a"), parts.interval(example), example.column("agreement"),
               "the example", marker="D", color=ORANGE, markersize=2.2)  # fmt: skip
    parts.mark_worst(first, alpha, rate.column("value") / eta, rate)
    first.set(xlabel=r"scale of the start $\alpha$", ylabel=r"rate $/\,\eta$")
    parts.logarithmic(first)
    parts.legend(first)
    x = power.column("at.seed")
    second.fill_between(
        [x.min() - 0.5, x.max() + 0.5], power.column("accepted_low")[0],
        power.column("accepted_high")[0], color=GREEN, alpha=0.15, linewidth=0, label="accepted",
    )  # fmt: skip
    second.axhline(power.column("claimed")[0], color="black", label=r"claimed: rate $\sim\alpha^2$")
    parts.bars(second, x, parts.interval(power), power.column("agreement"))
    second.set(xlabel="draw of the start", ylabel=r"power of $\alpha$", xticks=np.unique(x))
    second.margins(x=0)
    parts.legend(second, 3)
    scale, square = modified.column("at.alpha"), modified.column("at.beta2")
    for chosen, marker, color in zip(np.unique(square), "oD", (BLUE, ORANGE), strict=False):
        here = square == chosen
        parts.line(third, scale[here], modified.column("claimed")[here],
                   "claimed" if marker == "o" else "_")  # fmt: skip
        parts.bars(
            third, scale[here], [m[here] for m in parts.interval(modified)],
            modified.column("agreement")[here], rf"$\beta^2 = {chosen:g}$", marker=marker,
            color=color,
        )  # fmt: skip
    third.set(xlabel=r"scale of the start $\alpha$, one modified step", ylabel="rate")
    third.set_ylim(bottom=0)
    parts.logarithmic(third, "x")
    parts.legend(third, 3)
    return figure


def crossover(results: Results) -> Figure:
    """From 1/T to exponential decay: the product of two factors, and how its slope turns."""
    noise, example, slope = results.values()
    figure, axes = parts.sheet([*results.values()], rows=2, height=1.8)
    above, below = axes[:, 0]
    c, p_0, t = (noise.column(f"at.{name}") for name in ("c", "p_0", "t"))
    square = example.column("at.a") ** 2
    # Of the example, whose factors are alpha and alpha/3, c and p_0 are these.
    cs = [c, 8 * square / 9]
    theta = [c * t + np.arcsinh(c / (2 * p_0)), cs[1] * example.column("at.t") + np.arcsinh(4 / 3)]
    claimed = [2 * one.column("claimed") / c for one, c in zip((noise, example), cs, strict=True)]
    parts.line(above, np.concatenate(theta), np.concatenate(claimed), r"claimed: $1/\sinh\theta$")
    looks = ((noise, "random starts", "o", BLUE), (example, "the example", "D", ORANGE))
    for (one, label, marker, color), x, c in zip(looks, theta, cs, strict=True):
        scaled = [2 * each / c for each in parts.interval(one)]
        parts.bars(above, x, scaled, one.column("agreement"), label, marker=marker, color=color)
        parts.mark_worst(above, x, scaled[1], one)
    above.set(xlabel=r"$\theta = c\,t + \mathrm{arsinh}(c/2p_0)$", ylabel="$2 f g / c$")
    parts.logarithmic(above)
    parts.legend(above, 3)
    x = slope.column("at.lambda") * slope.column("at.t")
    parts.line(below, x, slope.column("claimed"), r"claimed: $-4\lambda t/(1 + 2\lambda t)$")
    parts.bars(below, x, parts.interval(slope), slope.column("agreement"), "integrated")
    parts.mark_worst(below, x, slope.column("value"), slope)
    below.set(xlabel=r"$\lambda t$, symmetric problem", ylabel=r"local slope of $e$")
    parts.logarithmic(below, "x")
    parts.legend(below)
    return figure


PICTURES = (
    Picture(
        f"{HERE}/figures/rates", "All rates of descent on one page",
        tuple(f"{HERE}/{id}" for id in (*RATES, *NUMBERS)), rates,
    ),
    Picture(
        f"{HERE}/figures/alpha-law", "The rate and the scale of the start",
        tuple(
            f"{HERE}/asymmetric/{name}"
            for name in ("rate", "example/rate", "rate/alpha", "modified/rate")
        ), alpha_law,
    ),
    Picture(
        f"{HERE}/figures/crossover", "From a power of time to exponential decay",
        (f"{HERE}/closed-forms/asymmetric-noise", f"{HERE}/asymmetric/example",
         f"{HERE}/closed-forms/symmetric-noise/slope"), crossover,
    ),
)  # fmt: skip
