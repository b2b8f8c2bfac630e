"""Pictures of Delayed Repression and Emergent Instability (arXiv 2605.30392): its agents."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lemmata.figures import parts
from lemmata.figures.parts import Picture, Results
from lemmata.figures.stored import Result
from lemmata.figures.style import BLUE, GREEN

HERE = "delayed-repression/agents"
#: what an id ends in, by the words for the reading; how the two are told apart
READINGS = {"": "whole run", "/second-half": "second half"}
LOOKS = {"": {"marker": "o", "color": BLUE}, "/second-half": {"marker": "v", "color": GREEN}}
REGIMES = ("stable", "oscillatory", "runaway")
CONDITIONS = ("fixed", "learn", "both")
#: what the numbers of regimes, of conditions and of agents are, for the foot
WORDS = {
    name: [f"{name} = {word}" for word in of]
    for name, of in (
        ("regime", REGIMES), ("condition", CONDITIONS),
        ("agents", ("fixed", "reactive", "learners")),
    )
}  # fmt: skip


def _both(*tables: str) -> tuple[str, ...]:
    return tuple(f"{HERE}/{table}{ending}" for table in tables for ending in READINGS)


def _panel(
    axes: Axes, results: Results, table: str, by: str, where: dict[str, float] | None = None
) -> None:
    """What a table prints as a line, and what was measured in both readings."""
    for ending, words in READINGS.items():
        one = results[f"{HERE}/{table}{ending}"]
        here = _rows(one, where or {})
        if not here.any():  # decided at one point, which another panel shows
            continue
        x = one.column(f"at.{by}")[here]
        if not ending:
            parts.line(axes, x, one.column("claimed")[here], "printed", marker=".")
        # Side by side, for both have bars.
        beside = x + (0.012 if ending else -0.012) * np.ptp(x)
        measured = [each[here] for each in parts.interval(one)]
        parts.bars(axes, beside, measured, one.column("agreement")[here], words, **LOOKS[ending])
    axes.set_ylim(-0.06, 1.06)
    axes.set_ylabel("share of runs")


def _rows(one: Result, where: dict[str, float]) -> np.ndarray:
    here = np.full(len(one.column("claimed")), True)
    for name, value in where.items():
        here &= one.column(f"at.{name}") == value
    return here


def runaway(results: Results) -> Figure:
    """Shares of runaway runs by delay: learners, and the three architectures."""
    figure, axes = parts.sheet(
        [*results.values()], rows=2, columns=2, height=1.45, words=WORDS, sharey=True
    )
    panels = (
        ("table-3", "Table 3: learners, $k = 20$", {}),
        ("table-5", "Table 5: fixed", {"agents": 0.0}),
        ("table-5", "Table 5: reactive", {"agents": 1.0}),
        ("table-5", "Table 5: learners", {"agents": 2.0}),
    )
    for one, (table, title, where) in zip(axes.flat, panels, strict=True):
        _panel(one, results, table, "delay", where)
        one.set_title(title, loc="left", fontsize=7, pad=2)
        one.set_xlabel("delay $d$")
    for one in axes[:, 1]:
        one.set_ylabel("")
    parts.legend_of_all(figure, axes)
    return figure


def regimes(results: Results) -> Figure:
    """Shares of stable, oscillatory and runaway runs: tables 4, 6 and the fine sweep of 5."""
    tables = (("table-4", "k", "Table 4", "$k$"), ("table-5-fine", "delay", "Table 5", "delay $d$"),
              ("table-6", "condition", "Table 6", "agents"))  # fmt: skip
    figure, axes = parts.sheet(
        [*results.values()], rows=3, columns=3, height=1.25, words=WORDS, sharey=True
    )
    for row, (table, by, title, label) in zip(axes, tables, strict=True):
        for number, one in enumerate(row):
            _panel(one, results, table, by, {"regime": float(number)})
            one.set_title(f"{title}: {REGIMES[number]}", loc="left", fontsize=6.5, pad=2)
            one.set_xlabel(label)
            if number:
                one.set_ylabel("")
    for one in axes[2]:  # conditions have no order
        one.set_xticks([0, 1, 2], CONDITIONS)
        one.set_xlim(-0.5, 2.5)
    parts.legend_of_all(figure, axes)
    return figure


PICTURES = (
    Picture(
        f"{HERE}/figures/runaway", "How often agents run away, in both readings",
        _both("table-3", "table-5"), runaway,
    ),
    Picture(
        f"{HERE}/figures/regimes", "Regimes of agents, in both readings",
        _both("table-4", "table-5-fine", "table-6"), regimes,
    ),
)  # fmt: skip
