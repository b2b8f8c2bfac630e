"""Averages over coordinates, taken to infinite width: what claims on tensor programs measure."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from lemmata.verify.accuracy import Accuracy
from lemmata.verify.deferred import Deferred, deferred
from lemmata.verify.domain import Point
from lemmata.verify.measurement import Measurement

wide_averages = deferred("lemmata.solvers.wide_averages")


def at_infinite_width(
    experiment: Any, p: Point, accuracy: Accuracy, *, which: int, draws: int, width: int = 16
) -> Measurement:
    r"""One average of an experiment at all points, extrapolated to infinite width.

    **Arguments:** `experiment`: a function as in `lemmata.solvers.wide_averages`, or what is
    deferred to one. `which`: the average's place in what it returns. `draws`: at the largest of
    three widths in a first look; twice and four times as many at the smaller ones, where one costs
    less and tells less.

    Averages at `width`, its double and its fourfold are `extrapolated`. Claims that share an
    experiment and a domain share its draws.
    """
    if isinstance(experiment, Deferred):
        experiment = experiment.resolve()
    names = tuple(p)
    given = tuple(tuple(np.ravel(np.asarray(p[name], float)).tolist()) for name in names)
    u, v, w = (
        Measurement.mean(
            _drawn(experiment, names, given, accuracy.common, many * accuracy.draws(draws), n)[
                ..., which
            ]
        )
        for many, n in ((4, width), (2, 2 * width), (1, 4 * width))
    )
    return extrapolated(u, v, w)


def extrapolated(u: Measurement, v: Measurement, w: Measurement, order: float = 1.0) -> Measurement:
    r"""To infinite width, from averages at a width, its double and its fourfold.

    $(k w - v)/(k - 1)$ for k = 2^order is free of the bias of that order in 1/width; how far it is
    from the same of v and u bounds what is left.
    """
    k = 2.0**order
    value = (k * w.value - v.value) / (k - 1)
    known = u.converged & v.converged & w.converged
    return Measurement(
        value,
        np.hypot(k * w.stderr, v.stderr) / (k - 1),
        np.abs(value - (k * v.value - u.value) / (k - 1)),
        w.dof,
        converged=known,
        note=np.where(known, "", "too few draws to know their spread; take more").tolist(),
    )


@lru_cache(maxsize=32)
def _drawn(
    experiment: Any,
    names: tuple[str, ...],
    given: tuple[tuple[float, ...], ...],
    look: tuple[int, int],
    draws: int,
    n: int,
) -> np.ndarray:
    """The averages of every draw at every point, shape `(points, draws, averages)`."""
    points = dict(zip(names, given, strict=True))
    return wide_averages.averages(experiment, (*look, n), n, draws, points)
