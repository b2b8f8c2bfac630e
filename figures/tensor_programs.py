"""Pictures of Scaling Limits of Wide Neural Networks with Weight Sharing (arXiv 1902.04760)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from lemmata.figures import parts
from lemmata.figures.parts import Picture, Results
from lemmata.figures.style import BLUE, GREEN, ORANGE, RED

HERE = "tensor-programs"
SPECTRUM = tuple(
    f"{HERE}/marchenko-pastur/{name}" for name in ("density", "min-edge", "max-edge", "atom")
)
#: what holds, and the formula as it is printed
PRINTED = {
    "convolutional-kernel": ("as-printed",),
    "kernel-of-jacot": ("as-printed",),
    "mean-pooled-kernel/shifted-sine": ("mean-pooled-kernel/as-printed",),
    "tangent-kernel": ("as-printed", "as-printed-again"),
    "message-passing/tau-2": ("as-printed",),
    "tied-recurrent/covariance": ("as-printed",),
}


def _pairs() -> list[tuple[str, tuple[str, ...]]]:
    return [
        (f"{HERE}/{right}", tuple(
            f"{HERE}/{one}" if "/" in one else f"{HERE}/{right}/{one}" for one in wrong
        ))
        for right, wrong in PRINTED.items()
    ]  # fmt: skip


def spectrum(results: Results) -> Figure:
    """Eigenvalues of Y Y^T / n: how many are below x, the edges of the bulk, and those at zero."""
    below, least, largest, atom = results.values()
    figure, axes = parts.sheet([*results.values()], rows=2, height=1.8)
    first, second = axes[:, 0]
    alphas = np.unique(below.column("at.alpha"))
    looks = (("o", BLUE), ("D", ORANGE), ("v", GREEN), ("s", "#555555"))
    for alpha, (marker, color) in zip(alphas, looks, strict=False):
        here = below.column("at.alpha") == alpha
        x = below.column("at.x")[here]
        first.plot(x, below.column("claimed")[here], "_", color="black", markersize=9,
                   label="claimed" if marker == "o" else "_")  # fmt: skip
        parts.bars(
            first, x, [m[here] for m in parts.interval(below)], below.column("agreement")[here],
            rf"$\alpha = {alpha:g}$", marker=marker, color=color,
        )  # fmt: skip
    parts.mark_worst(first, below.column("at.x"), below.column("value"), below)
    first.set(xlabel="$x$", ylabel="share of eigenvalues $< x$")
    parts.legend(first, 3)
    for one, label, marker, color in (
        (least, "least", "^", BLUE), (largest, "largest", "v", ORANGE),
        (atom, "share at zero", "o", GREEN),
    ):  # fmt: skip
        x = one.column("at.alpha")
        second.plot(x, one.column("claimed"), "_", color="black", markersize=9,
                    label="claimed" if one is least else "_")  # fmt: skip
        parts.bars(second, x, parts.interval(one), one.column("agreement"), label, marker=marker,
                   color=color)  # fmt: skip
    second.set(xlabel=r"ratio $\alpha$ of rows to columns", ylabel="eigenvalue, or share")
    parts.logarithmic(second, "y")
    parts.legend(second, 4)
    return figure


def as_printed(results: Results) -> Figure:
    """What was measured less what is claimed, over what was measured: derived, and as printed."""
    figure, axes = parts.sheet([*results.values()], height=2.7)
    one = axes[0, 0]
    one.axvline(0, color="black", label="measured as claimed")
    for row, (right, wrong) in enumerate(_pairs()):
        for shift, id in enumerate((right, *wrong)):
            found = results[id]
            claimed, value = found.column("claimed"), found.column("value")
            scale = np.abs(value)
            low, middle, high = ((m - claimed) / scale for m in parts.interval(found))
            y = np.full(len(value), row + 0.22 * shift)
            for name, (colour, marker, filled) in parts.LOOKS.items():
                here = found.column("agreement") == name
                if here.any():
                    arms = np.stack([middle - low, high - middle])[:, here]
                    one.errorbar(
                        middle[here], y[here], xerr=np.maximum(arms, 0), fmt=marker, color=colour,
                        linestyle="none", elinewidth=0.7,
                        markerfacecolor=colour if filled else "white",
                        **(parts.CROSS if marker == "X" else {}),
                    )  # fmt: skip
    for marker, colour, label in (("o", BLUE, "as derived"), ("X", RED, "as printed")):
        size = parts.CROSS if marker == "X" else {}
        one.plot([], [], marker, color=colour, label=label, **size)
    one.set_yticks(range(len(PRINTED)), [id.replace("/", ":\n") for id in PRINTED])
    one.invert_yaxis()
    one.set_xlabel("(measured $-$ claimed) / measured")
    parts.legend_of_all(figure, axes, 3)
    return figure


PICTURES = (
    Picture(f"{HERE}/figures/spectrum", "The law of Marchenko and Pastur", SPECTRUM, spectrum),
    Picture(
        f"{HERE}/figures/as-printed", "Formulas as derived and as printed",
        tuple(id for right, wrong in _pairs() for id in (right, *wrong)), as_printed,
    ),
)  # fmt: skip
