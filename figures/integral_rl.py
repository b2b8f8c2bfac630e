"""The picture of integral reinforcement learning (arXiv 2402.17375): errors against N, by rules."""

from __future__ import annotations

from matplotlib.figure import Figure

from lemmata.figures import parts
from lemmata.figures.parts import Picture, Results
from lemmata.figures.style import BLUE, GREEN, ORANGE, RED

HERE = "integral-rl"
CLASSICAL = {
    "left/rate": ("left", BLUE, "o"), "trapezoid/rate": ("trapezoid", ORANGE, "D"),
    "simpson/rate": ("Simpson", GREEN, "v"),
}  # fmt: skip
KERNELS = {
    f"bayesian/matern-{b}/typical": (f"Matérn, $b = {b}$", color, marker)
    for b, color, marker in ((1, BLUE, "o"), (2, ORANGE, "D"), (3, GREEN, "v"))
}
#: the orders of worst functions, read as those of a smooth one
READ = {id: id.replace("typical", "as-worst-case") for id in KERNELS}


def errors(results: Results) -> Figure:
    """Errors of what is learned, at the worst problem of each claim, with the claimed powers.

    Each is over its last, for problems differ: it is slopes that are compared.
    """
    figure, axes = parts.sheet([*results.values()], rows=2, height=1.9)
    for one, group in zip(axes[:, 0], (CLASSICAL, KERNELS), strict=True):
        for id, (name, color, marker) in group.items():
            found = results[f"{HERE}/{id}"]
            x, y, bias = (found.array(f"series.{each}") for each in ("x", "y", "bias"))
            power = float(found.column("claimed")[0])
            one.errorbar(x, y / y[-1], yerr=bias / y[-1], fmt=marker, color=color, markersize=3,
                         label=name)  # fmt: skip
            law = (x / x[-1]) ** power
            one.plot(x, law, "-", color=color, linewidth=0.8, label=f"$N^{{{power:g}}}$")
            if id in READ:
                read = float(results[f"{HERE}/{READ[id]}"].column("claimed")[0])
                one.plot(x, (x / x[-1]) ** read, ":", color=RED, linewidth=1,
                         label="refuted: $N^{-b}$")  # fmt: skip
        one.set(xlabel="stretches $N$ of a window", ylabel="$|P_N - P^*|$ over its last")
        parts.logarithmic(one)
        parts.legend(one, 3)
    return figure


PICTURES = (
    Picture(
        f"{HERE}/figures/errors", "Errors of learned values against the number of samples",
        tuple(f"{HERE}/{id}" for id in (*CLASSICAL, *KERNELS, *READ.values())), errors,
    ),
)  # fmt: skip
