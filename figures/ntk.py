"""Pictures of Neural Tangent Kernel: Convergence and Generalization (arXiv 1806.07572)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from lemmata.figures import parts
from lemmata.figures.parts import Picture, Results
from lemmata.figures.style import BLUE, GREEN, ORANGE

HERE = "ntk"
#: claims on an order in the width, and of what
ORDERS = {
    "kernel-variance/rate": r"variance of $\Theta_n$",
    "kernel-drift/rate": r"drift of $\Theta_n$, tanh",
    "outputs-decouple/rate": "pull of another output",
    "collective-motion/pre-activations": "motion of pre-activations",
    "collective-motion/weights": "motion of weights",
    "linear-dynamics/limit-kernel": "distance from linear ODE",
}
CIRCLE, LAYERS = (f"{HERE}/kernel-on-circle/{name}" for name in ("depth-4", "layers"))
ON_DATA, ELSEWHERE, ALONG, SLIP = (
    f"{HERE}/{name}" for name in ("linear-dynamics/on-data", "linear-dynamics/elsewhere",
                                  "spectral-ordering", "sign-slip")
)  # fmt: skip
MEAN, VARIANCE, LOWER, UPPER = (
    f"{HERE}/gaussian-in-training/{name}"
    for name in ("mean", "variance", "lower-decile", "upper-decile")
)
COVERAGE = f"{HERE}/bands/coverage"


def width_rates(results: Results) -> Figure:
    """What falls with the width, and the order at which it is claimed to."""
    figure, axes = parts.sheet([*results.values()], rows=3, columns=2, height=1.3)
    for one, (id, title) in zip(axes.flat, ORDERS.items(), strict=True):
        found = results[f"{HERE}/{id}"]
        x, y, stderr = (found.array(f"series.{name}") for name in ("x", "y", "stderr"))
        claimed, value = (parts.worst_of(found)[name] for name in ("claimed", "value"))
        law = y[-1] * (x / x[-1]) ** claimed
        one.plot(x, law, "-", color="black", label="claimed order, through the last width")
        parts.bars(one, x, (y - 2 * stderr, y, y + 2 * stderr), parts.worst_agreement(found, x),
                   r"over networks, $\pm 2$ standard errors")  # fmt: skip
        one.set_title(title, loc="left", fontsize=7.5)
        one.set_xlabel("width $n$")
        one.text(0.95, 0.93, f"power {value:.3f}\nclaimed {claimed:g}", transform=one.transAxes,
                 fontsize=6.5, ha="right", va="top", linespacing=1.0)  # fmt: skip
        parts.logarithmic(one)
    parts.legend_of_all(figure, axes, 1)
    return figure


def on_circle(results: Results) -> Figure:
    """The tangent kernel along the circle, and what each layer adds to it."""
    circle, layers = results[CIRCLE], results[LAYERS]
    figure, axes = parts.sheet([circle, layers], rows=2, height=1.8)
    above, below = axes[:, 0]
    angle = circle.column("at.gamma")
    parts.line(above, np.abs(angle), circle.column("claimed"), r"claimed: $\Theta^{(4)}$")
    for side, marker, color, label in (
        (angle < 0, "D", ORANGE, r"mean of networks, $\gamma < 0$"),
        (angle >= 0, "o", BLUE, r"$\gamma \geq 0$"),
    ):
        parts.bars(
            above, np.abs(angle[side]), [m[side] for m in parts.interval(circle)],
            circle.column("agreement")[side], label, marker=marker, color=color,
        )  # fmt: skip
    parts.mark_worst(above, np.abs(angle), circle.column("value"), circle)
    above.set(xlabel=r"angle $|\gamma|$", ylabel=r"$\Theta_n(x_0, x_\gamma)$")
    parts.legend(above, 3)
    layer, eighths = layers.column("at.layer"), layers.column("at.eighths")
    looks = (("o", BLUE, "0"), ("D", ORANGE, r"\pi/4"), ("v", GREEN, r"\pi/2"))
    for which, (marker, color, angle_name) in zip(np.unique(eighths), looks, strict=False):
        here = eighths == which
        parts.line(below, layer[here], layers.column("claimed")[here],
                   "claimed" if which == eighths.min() else "_", linewidth=0.8)  # fmt: skip
        parts.bars(
            below, layer[here], [m[here] for m in parts.interval(layers)],
            layers.column("agreement")[here], rf"$\gamma = {angle_name}$", marker=marker,
            color=color,
        )  # fmt: skip
    parts.mark_worst(below, layer, layers.column("value"), layers)
    below.set(xlabel="layer", ylabel="what it adds", xticks=np.unique(layer))
    parts.legend(below, 4)
    return figure


def linear_ode(results: Results) -> Figure:
    """Networks in training against the linear equation that their own kernels give."""
    figure, axes = parts.sheet([*results.values()], rows=2, height=1.8)
    above, below = axes[:, 0]
    looks = {ON_DATA: ("o", BLUE, "on the data"), ELSEWHERE: ("D", ORANGE, "elsewhere"),
             ALONG: ("v", GREEN, "along an eigenvector"),
             SLIP: ("s", BLUE, "as printed")}  # fmt: skip
    every = np.concatenate([one.column("claimed") for one in results.values()])
    ends = np.array([every.min(), every.max()])
    above.plot(ends, ends, "-", color="black", linewidth=0.8, label="measured as claimed")
    for id, (marker, color, label) in looks.items():
        one = results[id]
        claimed = one.column("claimed")
        parts.bars(above, claimed, parts.interval(one), one.column("agreement"), label,
                   marker=marker, color=color)  # fmt: skip
        if id != SLIP:
            apart = parts.interval(one, lambda y, claimed=claimed: y - claimed)
            parts.bars(below, one.column("at.t"), apart, one.column("agreement"), label,
                       marker=marker, color=color)  # fmt: skip
    margin = results[ON_DATA].column("accepted_high")[0] - results[ON_DATA].column("claimed")[0]
    below.axhline(0, color="black", linewidth=0.8)
    for side in (-margin, margin):
        below.axhline(side, color=GREEN, linewidth=0.8, linestyle="--",
                      label="accepted" if side > 0 else "_")  # fmt: skip
    above.set(xlabel="claimed by the linear equation", ylabel="network")
    below.set(xlabel="time $t$", ylabel="network less claimed")
    parts.logarithmic(below, "x")
    parts.legend(above, 2)
    parts.legend(below, 2)
    return figure


def bands(results: Results) -> Figure:
    """Mean and deciles of networks in training, and how many end in the band of the limit."""
    lower, upper, mean, variance, coverage = (
        results[id] for id in (LOWER, UPPER, MEAN, VARIANCE, COVERAGE)
    )
    figure, axes = parts.sheet([*results.values()], rows=2, columns=2, height=1.75)
    first, second, third, fourth = axes.flat
    below, above = (one.column("at.t") for one in (lower, upper))
    times = np.unique(np.concatenate([below, above]))
    rows = parts.joined(lower, upper)
    both = rows >= 0
    base = lower.column("claimed")[both]
    first.bar(
        _place(times, below[both]), upper.column("claimed")[rows[both]] - base, 0.8, base,
        color=BLUE, alpha=0.2, label="claimed band",
    )  # fmt: skip
    for one, marker, color, label in (
        (lower, "^", BLUE, "lower decile"), (upper, "v", ORANGE, "upper decile"),
    ):  # fmt: skip
        parts.bars(first, _place(times, one.column("at.t")), parts.interval(one),
                   one.column("agreement"), label, marker=marker, color=color)  # fmt: skip
    first.set(ylabel="output $f_t(x)$", xlabel="$t$")
    first.set_xticks(_place(times, times), [f"{t:.2g}" for t in times])
    for axes_of, one, label in ((second, mean, "mean"), (third, variance, "variance")):
        x = one.column("claimed")
        parts.line(axes_of, x, x, "claimed")
        parts.bars(axes_of, x, parts.interval(one), one.column("agreement"), "measured",
                   marker="s", color=GREEN)  # fmt: skip
        parts.mark_worst(axes_of, x, one.column("value"), one)
        axes_of.set(xlabel=f"{label} claimed", ylabel=f"{label} of networks")
    distance = coverage.column("at.eighths")
    parts.line(fourth, distance, coverage.column("claimed"), "claimed")
    fourth.fill_between(
        [distance.min() - 0.5, distance.max() + 0.5], coverage.column("accepted_low")[0],
        coverage.column("accepted_high")[0], color=GREEN, alpha=0.15, linewidth=0, label="accepted",
    )  # fmt: skip
    parts.bars(fourth, distance, parts.interval(coverage), coverage.column("agreement"), "measured",
               marker="s", color=GREEN)  # fmt: skip
    fourth.set(xlabel=r"from the data, in $\pi/8$", ylabel="share in the band",
               xticks=np.unique(distance))  # fmt: skip
    fourth.margins(x=0)
    parts.legend_of_all(figure, axes, 3)
    return figure


def _place(times: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Where a time stands on an axis on which the times follow each other at equal distances."""
    return np.searchsorted(times, t) + 1.0


PICTURES = (
    Picture(
        f"{HERE}/figures/width-rates", "What falls with the width of a network, and how fast",
        tuple(f"{HERE}/{id}" for id in ORDERS), width_rates,
    ),
    Picture(f"{HERE}/figures/kernel-on-circle", "The tangent kernel on the circle",
            (CIRCLE, LAYERS), on_circle),
    Picture(f"{HERE}/figures/linear-ode", "Training against the linear equation",
            (ON_DATA, ELSEWHERE, ALONG, SLIP), linear_ode),
    Picture(f"{HERE}/figures/bands", "The band of a Gaussian process, and networks",
            (LOWER, UPPER, MEAN, VARIANCE, COVERAGE), bands),
)  # fmt: skip
