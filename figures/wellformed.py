"""Whether a stored result has what its readers rely on: fields, types, columns of equal length.

Pictures, the page and the TeX macros all read results by `stored.result`, and so by this check: a
file that was changed by hand, or that an older version wrote, is told and never half shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lemmata.verify.errors import UsageError
from lemmata.verify.judged import AT
from lemmata.verify.store import form
from lemmata.verify.verdict import Outcome

#: what a value must be, in words, and whether it is
Rule = tuple[str, Callable[[Any], bool]]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _or_null(rule: Rule) -> Rule:
    words, holds = rule
    return f"{words} or null", lambda value: value is None or holds(value)


def _all(words: str, kind: type, holds: Callable[[Any], bool]) -> Rule:
    def each(value: Any) -> bool:
        of = value.values() if isinstance(value, Mapping) else value
        return isinstance(value, kind) and all(holds(one) for one in of)

    return words, each


TEXT: Rule = ("text", _is_text)
NUMBER: Rule = ("a finite number", _is_number)
COUNT: Rule = ("an integer", lambda value: isinstance(value, int) and not isinstance(value, bool))
TRUTH: Rule = ("true or false", lambda value: isinstance(value, bool))
TEXTS: Rule = _all("a list of texts", list, _is_text)
TABLE: Rule = ("a table", lambda value: isinstance(value, dict))
OUTCOMES = tuple(str(one) for one in Outcome)

ENTRY: Mapping[str, Rule] = {
    "id": TEXT, "says": TEXT, "source": TEXT, "uses": TEXTS,
    "outcome": (f"one of {', '.join(OUTCOMES)}", lambda value: value in OUTCOMES),
    "expected": (f"one of {', '.join(OUTCOMES)}", lambda value: value in OUTCOMES),
    "as_expected": TRUTH, "kind": TEXT, "because": TEXT, "worst": _or_null(TABLE),
    "points": _all("a table of integers", dict, COUNT[1]), "evidence": TEXTS,
    "resolution": _or_null(TABLE), "replay": TEXT, "seconds": NUMBER,
}  # fmt: skip
#: what an older version did not write: where it stands, it is this
LATER: Mapping[str, Rule] = {
    **dict.fromkeys(("scope", "reading", "reported", "cause", "derivation"), TEXT),
    **dict.fromkeys(("reason", "settles_with", "traceback"), _or_null(TEXT)),
    "certificate": _or_null(TABLE), "rests_on_refuted": TEXTS,
}  # fmt: skip
WORST: Mapping[str, Rule] = {
    "at": _all("a table of finite numbers", dict, _is_number), "method": TEXT,
    **dict.fromkeys(
        ("claimed", "value", "low", "high", "difference", "half_width", "margin"), _or_null(NUMBER)
    ),
}  # fmt: skip
RESOLUTION: Mapping[str, Rule] = {
    "error": TEXT, "over": _or_null(NUMBER), "under": _or_null(NUMBER), "killed": COUNT,
    "mutants": COUNT, "survivors": TEXTS, "rejected": TEXT, "remark": TEXT,
    "poor": _or_null(TEXT),
}  # fmt: skip
CERTIFICATE: Mapping[str, Rule] = dict.fromkeys(("statement", "status", "outcome"), TEXT)
MANIFEST: Mapping[str, Rule] = {
    "versions": _all("a table of texts", dict, lambda value: value is None or _is_text(value)),
    "seed": COUNT, "profile": TEXT, "error_rate": NUMBER, "commit": _or_null(TEXT),
    "dirty": _or_null(TRUTH), "fixed": _all("a table of texts", dict, _is_text),
}  # fmt: skip
STEPS: Mapping[str, Rule] = {"statement": TEXT}
STEPS_OF_A_DERIVATION: Mapping[str, Rule] = {
    "quantity": TEXT, "assumes": TEXTS, "where": TEXTS,
    "steps": ("a list of tables", lambda value: isinstance(value, list)),
    "solved": ("true or false", lambda value: isinstance(value, bool)),
}  # fmt: skip
STEP: Mapping[str, Rule] = dict.fromkeys(("because", "math", "status", "how"), TEXT)
NUMBERS = ("claimed", "value", "low", "high", "accepted_low", "accepted_high")
AGREEMENTS = ("agrees", "disagrees", "unresolved")
#: what a measured series is kept as: arrays of one length
SERIES = ("series.x", "series.y", "series.stderr", "series.bias")


def check_document(document: Mapping[str, Any], id: str, file: Path) -> None:
    """Raise `UsageError`, naming file and field, unless the verdict on a claim can be shown."""
    record = document["claims"][0]
    _fields(id, file, "result", record, ENTRY)
    if record["id"] != id:
        raise _error(id, file, f"result is that of {record['id']!r}")
    _fields(id, file, "result", record, LATER, optional=True)
    for name, rules in (
        ("worst", WORST), ("resolution", RESOLUTION), ("certificate", CERTIFICATE),
    ):  # fmt: skip
        if record.get(name) is not None:
            _fields(id, file, "result", record[name], rules, f"{name}.")
    _fields(id, file, "result", document["manifest"], MANIFEST, "manifest.")


def check_points(
    points: Mapping[str, np.ndarray], id: str, file: Path, judged: Mapping[str, int]
) -> None:
    """The same for its points: none at all, or all columns, of one length, of numbers or text.

    `judged`: how many points agree, disagree and are unresolved by the result.
    """
    if not points:
        return
    claimed = points.get("claimed")
    length = len(claimed) if claimed is not None and claimed.ndim == 1 else 0
    for name in (*NUMBERS, "method", "agreement", *points):
        if name not in points:
            raise _error(id, file, f"points have no {name!r}")
        column = points[name]
        if column.shape != (length,) or not length:
            raise _error(
                id, file, f"points have {name!r} of shape {column.shape}, not of one row a point"
            )
        wanted = "fiu" if name in NUMBERS or name.startswith(AT) else "U"
        if name in points and column.dtype.kind not in wanted:
            kind = "numbers" if "f" in wanted else "text"
            raise _error(id, file, f"points have {name!r} as {column.dtype}, not as {kind}")
        if name.startswith(AT) and not np.isfinite(column).all():
            raise _error(id, file, f"points have {name!r} where it is not finite")
    if odd := sorted({*map(str, points["agreement"])} - {*AGREEMENTS}):
        raise _error(id, file, f"points have the 'agreement' {odd[0]!r}")
    if length != sum(judged.values()):
        raise _error(
            id, file, f"points have {length} rows, and its result {sum(judged.values())} points"
        )


def check_arrays(arrays: Mapping[str, np.ndarray], id: str, file: Path, kept: Any) -> None:
    """The same for the arrays of its measurement: none at all, or those that were kept.

    `kept` says of each its type and shape; a result of an older version has none to say.
    """
    if not arrays:
        return
    for name, told in (kept if isinstance(kept, Mapping) else {}).items():
        if name not in arrays:
            raise _error(id, file, f"arrays have no {name!r}")
        if (found := form(arrays[name])) != told:
            raise _error(id, file, f"arrays have {name!r} as {found}, not as {told}")
    if any(name in arrays for name in SERIES):
        for name in SERIES:
            if name not in arrays:
                raise _error(id, file, f"arrays have no {name!r}")
            array, wanted = arrays[name], (arrays[SERIES[0]].size,)
            if array.dtype.kind not in "fiu" or array.shape != wanted:
                raise _error(
                    id, file, f"arrays have {name!r} as {form(array)}, not as numbers {wanted}"
                )


def check_steps(steps: Mapping[str, Any], id: str, file: Path) -> None:
    """The same for the steps of its derivation, if there are any."""
    if not steps:
        return
    _fields(id, file, "derivation", steps, STEPS)
    _fields(id, file, "derivation", steps, STEPS_OF_A_DERIVATION, optional=True)
    for number, step in enumerate(steps.get("steps", []), 1):
        _fields(id, file, "derivation", step, STEP, f"step {number}: ")


def _fields(
    id: str, file: Path, of: str, found: Any, rules: Mapping[str, Rule], prefix: str = "",
    *, optional: bool = False,
) -> None:  # fmt: skip
    if not isinstance(found, Mapping):
        raise _error(id, file, f"{of} has {prefix.rstrip('.: ')!r} as {found!r}, not as a table")
    for name, (words, holds) in rules.items():
        if name not in found:
            if optional:
                continue
            raise _error(id, file, f"{of} has no {prefix + name!r}")
        if not holds(found[name]):
            shown = repr(found[name])
            shown = shown if len(shown) < 60 else f"{shown[:56]} …"
            raise _error(id, file, f"{of} has {prefix + name!r} as {shown}, not as {words}")


def _error(id: str, file: Path, what: str) -> UsageError:
    return UsageError(
        f"claim {id!r}: its stored {what} ({file}); run `lemmata verify {id}` with this version of "
        "lemmata."
    )
