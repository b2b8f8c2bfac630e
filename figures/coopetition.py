"""Pictures of strategic coopetition (arXiv 2510.18802)."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lemmata.figures import parts
from lemmata.figures.parts import Picture, Results

HERE = "coopetition"
FORMS = ("power", "logarithmic")
#: what is compared with the printed number, from above: end of the id, words
ROWS = (
    ("as-stated", "$D$ as stated"),
    ("transposed", "$D$ transposed"),
    ("complementarity-alone", "$D = 0$"),
    ("interdependence-alone", r"$\gamma = 0$"),
)


def _case(form: str, row: str) -> str:
    return f"{HERE}/samsung-sony/{form}/{row}"


def readings(results: Results) -> Figure:
    """The printed increase, and what comes out with D as stated, transposed, and without parts."""
    figure, axes = parts.sheet([*results.values()], columns=2, height=1.6, sharey=True)
    for one, form in zip(axes.flat, FORMS, strict=True):
        _readings(one, results, form)
    axes[0, 0].set_yticks(range(len(ROWS)), [words for _, words in ROWS])
    axes[0, 0].invert_yaxis()
    parts.legend_of_all(figure, axes, 3)
    return figure


def _readings(axes: Axes, results: Results, form: str) -> None:
    printed = results[_case(form, "as-stated")]
    low, high = (float(printed.column(f"accepted_{end}")[0]) for end in ("low", "high"))
    axes.axvspan(low, high, color="#bbbbbb", linewidth=0, label="printed, rounded")
    for y, (row, _) in enumerate(ROWS):
        one = results[_case(form, row)]
        refuted = one.record["outcome"] == "refuted"
        value = float(one.column("value")[0])
        color, marker, _ = parts.LOOKS["disagrees" if refuted else "agrees"]
        axes.plot(value, y, marker, color=color, linestyle="none", markersize=4.5,
                  label="measured, refuted" if refuted else "measured")  # fmt: skip
        left = value > high / 3
        axes.annotate(f"{abs(value):.1f}", (value, y), xytext=(-5 if left else 5, 0),
                      textcoords="offset points", ha="right" if left else "left", va="center",
                      fontsize=7)  # fmt: skip
    axes.set_xlim(-0.06 * high, 1.12 * high)
    axes.set_ylim(-0.6, len(ROWS) - 0.4)
    axes.set(xlabel="increase of mean action, %", title=form)


PICTURES = (
    Picture(
        f"{HERE}/figures/readings", "What is printed of Samsung and Sony, and what comes out",
        tuple(_case(form, row) for form in FORMS for row, _ in ROWS), readings,
    ),
)  # fmt: skip
