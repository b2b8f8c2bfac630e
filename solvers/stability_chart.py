"""How many unstable roots a linear delay equation has over a grid of two parameters, and where the
number changes.

The numbers are counts by the argument principle, cell by cell. Between neighbours that differ, the
crossing of the imaginary axis is found and its curve followed through the whole chart.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lemmata.solvers.argument_principle import count_right_of
from lemmata.solvers.hopf_curve import HopfCurve, hopf_curve
from lemmata.solvers.hopf_points import hopf_points
from lemmata.solvers.linear_delay import LinearDelay

Point = tuple[float, float]

_OFF_CHORD = 0.05  # of a step: a curve that turns by 0.2 radians leaves its chord by half of that
_CELLS = 400  # looked at between two neighbours of the grid


class StabilityChart(NamedTuple):
    """`unstable` (len(ys), len(xs)) counts roots in the right half plane, -1 where undecided.

    `curves` are those on which a root lies on the imaginary axis, as far as they separate points of
    the grid. `unexplained` are pairs of neighbouring points (x, y), (x, y) with different counts
    between which no curve was found.
    """

    xs: NDArray[np.float64]
    ys: NDArray[np.float64]
    unstable: NDArray[np.int64]
    curves: tuple[HopfCurve, ...]
    unexplained: tuple[tuple[Point, Point], ...]


def stability_chart(
    system_of: Callable[[float, float], LinearDelay],
    xs: ArrayLike,
    ys: ArrayLike,
    *,
    step: float = 0.02,
) -> StabilityChart:
    """Chart `system_of(x, y)` over the grid of `xs` and `ys`, which must increase.

    `step` is that of the curves, see `hopf_curve`. Raises ValueError on a grid with fewer than two
    values a side, or not increasing.
    """
    x, y = (np.asarray(values, dtype=float) for values in (xs, ys))
    for name, values in (("xs", x), ("ys", y)):
        if values.ndim != 1 or len(values) < 2 or not (np.diff(values) > 0).all():
            raise ValueError(f"`{name}={values!r}` must be at least two increasing numbers.")
    counts = [[count_right_of(system_of(p, q)).number for p in x.tolist()] for q in y.tolist()]
    unstable = np.array([[-1 if n is None else n for n in row] for row in counts])
    box = (float(x[0]), float(x[-1])), (float(y[0]), float(y[-1]))
    sides = np.array([x[-1] - x[0], y[-1] - y[0]])
    curves: list[HopfCurve] = []
    unexplained = []
    for one, other, change in _changes(x, y, unstable):
        if _explained(np.array([one, other]) / sides, change, curves, sides):
            continue
        way = np.array(other) - one

        def between(t: float, one: Point = one, way: NDArray[np.float64] = way) -> LinearDelay:
            return system_of(float(one[0] + t * way[0]), float(one[1] + t * way[1]))

        found = hopf_points(between, 0.0, 1.0, cells=_CELLS)
        for point in found.points:
            at = np.array(one) + point.parameter * way
            if not any(_holds(curve, at, point.omega, sides, step) for curve in curves):
                start = (float(at[0]), float(at[1]), point.omega)
                curves.append(hopf_curve(system_of, start, box, step=step))
        if sum(point.direction for point in found.points) != change:
            unexplained.append((one, other))
    return StabilityChart(x, y, unstable, tuple(curves), tuple(unexplained))


def _changes(
    x: NDArray[np.float64], y: NDArray[np.float64], unstable: NDArray[np.int64]
) -> Iterator[tuple[Point, Point, int]]:
    """Next decided neighbours along rows and columns with different counts, and the change."""
    rows = [[((p, q), int(n)) for p, n in zip(x.tolist(), row, strict=True)]
            for q, row in zip(y.tolist(), unstable, strict=True)]  # fmt: skip
    for line in (*rows, *map(list, zip(*rows, strict=True))):
        decided = [(at, n) for at, n in line if n >= 0]
        for (one, before), (other, after) in pairwise(decided):
            if before != after:
                yield one, other, after - before


def _explained(
    ends: NDArray[np.float64], change: int, curves: list[HopfCurve], sides: NDArray[np.float64]
) -> bool:
    """Whether the known curves between the `ends` (2, 2) can make `change`: 1 or 2 roots each."""
    real = pairs = 0
    for curve in curves:
        crossings = _crossings(ends, np.stack([curve.x, curve.y], axis=1) / sides)
        real, pairs = (real, pairs + crossings) if curve.omega.any() else (real + crossings, pairs)
    return (change - real) % 2 == 0 and abs(change) <= real + 2 * pairs and real + pairs > 0


def _crossings(ends: NDArray[np.float64], line: NDArray[np.float64]) -> int:
    """How often the polygon `line` (k, 2) crosses the segment between the `ends`."""
    a, b = ends

    def side(p: NDArray[np.float64], q: NDArray[np.float64], r: NDArray[np.float64]) -> Any:
        along, to = q - p, r - p
        return along[..., 0] * to[..., 1] >= along[..., 1] * to[..., 0]

    p, q = line[:-1], line[1:]
    apart = (side(a, b, p) != side(a, b, q)) & (side(p, q, a) != side(p, q, b))
    return int(apart.sum())


def _holds(
    curve: HopfCurve,
    at: NDArray[np.float64],
    omega: float,
    sides: NDArray[np.float64],
    step: float,
) -> bool:
    """Whether a known crossing lies on a known curve, as far as its chords tell."""
    line = np.stack([curve.x, curve.y], axis=1) / sides
    p, way = line[:-1], np.diff(line, axis=0)
    length = np.maximum((way**2).sum(axis=1), 1e-300)
    t = np.clip(((at / sides - p) * way).sum(axis=1) / length, 0.0, 1.0)
    away = np.linalg.norm(at / sides - p - t[:, None] * way, axis=1)
    both = np.stack([curve.omega[:-1], curve.omega[1:]])
    low, high = both.min(axis=0), both.max(axis=0)
    slack = (high - low) + 1e-6 * (1 + abs(omega))
    beside = (omega >= low - slack) & (omega <= high + slack)
    return bool((beside & (away <= _OFF_CHORD * step)).any())
