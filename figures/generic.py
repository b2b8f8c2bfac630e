"""A picture for any claim: what is claimed as a line, what was measured with its intervals.

Above, the two against the parameter that varies, or, where several do, what was measured against
what is claimed. Below, how far apart they are, in margins of the claim: it agrees where the whole
interval lies between the dashed lines.
"""

from __future__ import annotations

from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lemmata.figures.stored import Result, origin
from lemmata.figures.style import BLUE, COLUMN, GREEN, ORANGE, RED
from lemmata.verify.judged import AT

#: agreement: colour, marker, filled
LOOKS = {
    "agrees": (BLUE, "o", True),
    "unresolved": (ORANGE, "s", False),
    "disagrees": (RED, "X", True),
}
#: from which ratio of the largest to the smallest on an axis is logarithmic
DECADE_AND_A_HALF = 30.0
#: letters in a line under a picture
WIDTH = 88


def draw(result: Result) -> Figure:
    """The picture of one claim. **Raises:** `UsageError` if no points are stored."""
    x, label = abscissa(result)
    claimed, value = result.column("claimed"), result.column("value")
    bounds = result.column("accepted_low") + result.column("accepted_high")
    two_sided = bool(np.isfinite(bounds).any())
    figure = Figure(figsize=(COLUMN, 3.0 if two_sided else 2.3))
    axes = figure.subplots(1 + two_sided, sharex=True, squeeze=False)[:, 0]
    axes[0].set_title(result.id, loc="left")
    _scales(axes[0], x, np.concatenate([claimed, value]))
    _claimed(axes[0], result, x)
    _measured(axes[0], result, x, lambda y: y)
    axes[0].set_ylabel("measured")
    axes[0].legend(loc="best")
    if two_sided:
        _deviations(axes[1], result, x)
    axes[-1].set_xlabel(label)
    figure.supxlabel(_caption(result), fontsize=5.5, color="#444444")
    return figure


def abscissa(result: Result) -> tuple[np.ndarray, str]:
    """The values and the name of the horizontal axis."""
    varied = [name for name in result.points if name.startswith(AT) and _varies(result, name)]
    if len(varied) == 1:
        return result.column(varied[0]), varied[0].removeprefix(AT)
    if _varies(result, "claimed"):
        return result.column("claimed"), "claimed"
    if varied:
        return result.column(varied[0]), varied[0].removeprefix(AT)
    return np.arange(1.0, len(result.column("claimed")) + 1), "point"


def _varies(result: Result, name: str) -> bool:
    finite = result.column(name)[np.isfinite(result.column(name))]
    return len(finite) > 1 and np.ptp(finite) > 1e-9 * np.max(np.abs(finite))


def _scales(axes: Axes, x: np.ndarray, y: np.ndarray) -> None:
    if is_wide(x):
        axes.set_xscale("log")
    if is_wide(y):
        axes.set_yscale("log")


def is_wide(values: np.ndarray) -> bool:
    """Whether positive numbers span more than a linear axis shows."""
    finite = values[np.isfinite(values)]
    return len(finite) > 0 and finite.min() > 0 and finite.max() > DECADE_AND_A_HALF * finite.min()


def _claimed(axes: Axes, result: Result, x: np.ndarray) -> None:
    claimed = result.column("claimed")
    order = np.argsort(x, kind="stable")
    of_x = len(np.unique(x)) == len(np.unique(np.stack([x, claimed]), axis=1).T)
    style: dict[str, Any] = {"color": "black", "zorder": 1.5, "label": "claimed"}
    if of_x:
        axes.plot(x[order], claimed[order], "-", **style)
    else:  # other parameters vary too: no curve over this one
        axes.plot(x, claimed, "_", markersize=6, **style)


def _measured(axes: Axes, result: Result, x: np.ndarray, shown: Any) -> None:
    low, value, high = (shown(result.column(name)) for name in ("low", "value", "high"))
    agreement = result.column("agreement")
    for name, (colour, marker, filled) in LOOKS.items():
        here = (agreement == name) & np.isfinite(value)
        if not here.any():
            continue
        arms = [_arm(value - low, here), _arm(high - value, here)]
        axes.errorbar(
            x[here], value[here], yerr=arms, fmt=marker, color=colour, label=f"measured: {name}",
            markerfacecolor=colour if filled else "white", elinewidth=0.7, markeredgewidth=0.7,
            zorder=3 if name == "disagrees" else 2,
        )  # fmt: skip


def _arm(length: np.ndarray, here: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(length[here]), np.maximum(length[here], 0), 0)


def _deviations(axes: Axes, result: Result, x: np.ndarray) -> None:
    claimed, value = result.column("claimed"), result.column("value")
    above = result.column("accepted_high") - claimed
    below = claimed - result.column("accepted_low")
    margin = np.where(value >= claimed, above, below)
    margin = np.where(margin > 0, margin, np.nan)
    axes.axhline(0, color="black", linewidth=0.8)
    for side in (-1, 1):
        axes.axhline(side, color=GREEN, linewidth=0.8, linestyle="--")
    _measured(axes, result, x, lambda y: (y - claimed) / margin)
    reach = np.nanmax(np.abs(np.concatenate([(value - claimed) / margin, [1.0]])))
    if reach > DECADE_AND_A_HALF:
        axes.set_yscale("symlog", linthresh=1)
    axes.set_ylabel("apart, in margins")


def _caption(result: Result) -> str:
    """Verdict, worst point and where the results are from, in lines that fit the column."""
    record = result.record
    verdict = record["outcome"] + ("" if record["as_expected"] else ", against expectation")
    lines = [f"{verdict}; {_worst(record)}", origin([result])]
    return "\n".join(fill(line, WIDTH) for line in lines)


def _worst(record: Any) -> str:
    worst = record["worst"]
    if worst is None:
        return "no point was judged"
    name = "counterexample" if record["outcome"] == "refuted" else "worst point"
    at = ", ".join(f"{key} = {number:.4g}" for key, number in worst["at"].items())
    return f"{name}: {at or 'the only one'}"
