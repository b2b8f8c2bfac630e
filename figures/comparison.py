"""What a picture of any claim compares, and along what; here and on the page of a report.

Without matplotlib, whose import takes longer than a page's pictures do.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lemmata.figures.stored import Result
from lemmata.verify.judged import AT

#: from which ratio of the largest to the smallest on an axis is logarithmic
DECADE_AND_A_HALF = 30.0
#: beyond which there is no room for an axis among the floating-point numbers, nor below its inverse
LARGEST = 1e300


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


def drawable(result: Result) -> Result:
    """With what is beyond `LARGEST` as infinite, which is shown at the edge, and specks as 0."""
    return replace(
        result,
        points={
            name: _within(column) if column.dtype.kind == "f" else column
            for name, column in result.points.items()
        },
    )


def at_the_edge(result: Result) -> str:
    """Of the points that have no place of their own in its picture what they are, in words."""
    named = [name for name in result.points if name.startswith(AT)]
    columns = (result.column(name) for name in ("claimed", "value", *named))
    beyond = any((np.isinf(_within(one)) & np.isfinite(one)).any() for one in columns)
    return f"not finite{' or beyond 1e300' if beyond else ''}, at the edge"


def _within(values: np.ndarray) -> np.ndarray:
    sizes = np.abs(values)
    bounded = np.where(sizes > LARGEST, np.copysign(np.inf, values), values)
    return np.where(sizes < 1 / LARGEST, 0.0, bounded)


def is_wide(values: np.ndarray) -> bool:
    """Whether positive numbers span more than a linear axis shows."""
    finite = values[np.isfinite(values)]
    return len(finite) > 0 and finite.min() > 0 and finite.max() > DECADE_AND_A_HALF * finite.min()


def deviations(result: Result) -> np.ndarray | None:
    """Low end, value and high end of what was measured, each as its distance from what is claimed.

    In margins; None where only one side is claimed. Shape (3, n).
    """
    claimed, value = result.column("claimed"), result.column("value")
    low, high = result.column("accepted_low"), result.column("accepted_high")
    if not (np.isfinite(low) & np.isfinite(high)).any():
        return None
    ends = np.stack([result.column(name) for name in ("low", "value", "high")])
    with np.errstate(invalid="ignore", over="ignore"):  # of what is infinite
        margin = np.where(value >= claimed, high - claimed, claimed - low)
        return _within((ends - claimed) / np.where(margin > 0, margin, np.nan))
