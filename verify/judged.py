"""Every point that a verdict rests on, as columns: what pictures are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lemmata.verify.compare.base import Judgement

#: stands before the name of a parameter, which may be called like a column
AT = "at."


def columns(
    parameters: Sequence[Mapping[str, Any]], judged: Iterable[tuple[str, Sequence[Judgement]]]
) -> dict[str, tuple[Any, ...]]:
    """The judgements of every method, a row each: columns of equal length.

    `at.NAME` for each parameter, `method`, `claimed`, what was measured (`value` in `low` to
    `high`), what the rule accepts (`accepted_low` to `accepted_high`), and the `agreement`. What is
    no finite number is NaN or infinite.

    **Arguments:** `parameters`: of each point; `judged`: a method's name and its judgements there.
    """
    rows = [
        (at, method, judgement)
        for method, judgements in judged
        for at, judgement in zip(parameters, judgements, strict=True)
    ]

    def numbers(read: Callable[[Judgement], Any]) -> tuple[float, ...]:
        return tuple(float(read(judgement)) for _, _, judgement in rows)

    return {
        **{f"{AT}{name}": tuple(float(at[name]) for at, _, _ in rows) for name in parameters[0]},
        "claimed": numbers(lambda one: one.predicted),
        "value": numbers(lambda one: one.estimate.value),
        "low": numbers(lambda one: one.estimate.low),
        "high": numbers(lambda one: one.estimate.high),
        "accepted_low": numbers(lambda one: one.accepted[0]),
        "accepted_high": numbers(lambda one: one.accepted[1]),
        "method": tuple(method for _, method, _ in rows),
        "agreement": tuple(str(judgement.agreement) for _, _, judgement in rows),
    }
