"""The exit status of `lemmata verify`, which scripts rely on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    """What each status means; where several hold, the worst wins: 4, 1, 3, 0."""

    AS_EXPECTED = 0
    AGAINST = 1
    USAGE = 2
    INCONCLUSIVE = 3
    CRASH = 4
    NOTHING_SELECTED = 5
    INTERRUPTED = 130


def status(records: Sequence[Mapping[str, Any]], *, allow_inconclusive: bool = False) -> Exit:
    """The status of a run from its records."""
    if any(record["outcome"] == "error" for record in records):
        return Exit.CRASH
    surprises = [record for record in records if record["outcome"] != record["expected"]]
    if any(record["outcome"] != "inconclusive" for record in surprises):
        return Exit.AGAINST
    if surprises and not allow_inconclusive:
        return Exit.INCONCLUSIVE
    return Exit.AS_EXPECTED
