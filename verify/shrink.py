"""Make a counterexample simple: Hypothesis shrinks from the worst point to round numbers."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from typing import Any

from lemmata.verify.domain import Domain, Point
from lemmata.verify.interval import Integers, Interval

#: how many points a shrink may measure
MEASUREMENTS = 60


def shrink(
    domain: Domain, worst: Point, disagrees: Callable[[Point], bool], *, fixed: Mapping[str, Any]
) -> Point:
    """The simplest point found at which the claim still disagrees; `worst` itself at worst.

    Each parameter tries a ladder of values from the roundest in its interval to the worst point's
    own, and Hypothesis looks for the lowest rungs. A first search, which measures nothing, leaves
    the worst point in Hypothesis' example database, so that the second starts there: it draws the
    top rungs as the least of what it may draw, and the second may draw them, too.
    """
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis import strategies as st
    from hypothesis.database import InMemoryExampleDatabase
    from hypothesis.errors import NoSuchExample

    ladders = {
        name: [worst[name]] if name in fixed else ladder(axis, worst[name])
        for name, axis in domain.axes.items()
    }
    tops = {name: len(rungs) - 1 for name, rungs in ladders.items()}
    top_or_beyond = {name: st.integers(top, top + 1) for name, top in tops.items() if top}
    any_rung = {name: st.integers(0, top) for name, top in tops.items() if top}
    alone = {name: st.just(0) for name, top in tops.items() if not top}
    if not any_rung:
        return worst
    common = settings(
        max_examples=20_000, deadline=None, database=InMemoryExampleDatabase(),
        phases=(Phase.reuse, Phase.generate, Phase.shrink),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )  # fmt: skip
    known: dict[tuple[tuple[str, int], ...], bool] = {tuple(sorted(tops.items())): True}
    crashes: list[BaseException] = []

    def still(at: dict[str, int]) -> bool:
        key = tuple(sorted(at.items()))
        if key not in known and len(known) <= MEASUREMENTS:
            point = _point(domain, ladders, at)
            try:
                known[key] = domain.broken(point) is None and disagrees(point)
            except KeyboardInterrupt:
                raise
            except BaseException as crash:  # Hypothesis would take it for what is to be shrunk
                known[key] = False
                crashes.append(crash)
        return known.get(key, False)

    source = random.Random(0)
    key = b"counterexample"
    try:
        first, second = (
            st.fixed_dictionaries(rungs | alone) for rungs in (top_or_beyond, any_rung)
        )
        find(first, lambda at: at == tops, settings=common, random=source, database_key=key)
        lowest = find(second, still, settings=common, random=source, database_key=key)
    except NoSuchExample:  # Hypothesis did not start from the worst point
        return worst
    if crashes:
        raise crashes[0]
    return _point(domain, ladders, lowest)


def ladder(axis: Interval, value: Any) -> list[Any]:
    """Values from the roundest in the interval to `value`, each once.

    >>> ladder(Interval(0.3, 100), 17.4321)
    [1.0, 10.0, 20.0, 17.0, 17.4, 17.43, 17.4321]
    """
    candidates = [*_round_numbers(axis), *(_rounded(value, digits) for digits in (1, 2, 3, 4))]
    if isinstance(axis, Integers):
        candidates = [int(candidate) for candidate in candidates]
    found: list[Any] = []
    for candidate in candidates:
        if axis.holds(candidate) and candidate not in (*found, value):
            found.append(candidate)
    return [*found, value]


def _round_numbers(axis: Interval) -> list[float]:
    """1, 1/2, 0 and powers of ten inside the interval: what a reader would try first."""
    return [number for number in (1.0, 10.0, 0.5, 0.1, 100.0, 0.0) if axis.holds(number)][:2]


def _rounded(value: float, digits: int) -> float:
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def _point(domain: Domain, ladders: Mapping[str, list[Any]], at: Mapping[str, int]) -> Point:
    return domain.point(**{name: rungs[at[name]] for name, rungs in ladders.items()})
