"""What changed between two results documents."""

from __future__ import annotations

from pathlib import Path

from lemmata.verify.manifest import differences
from lemmata.verify.results import load

#: how good a verdict is, beside whether it was expected; a crash is worse than not knowing
_RANK = {"expected": 3, "inconclusive": 2, "against": 1, "error": 0, "missing": 0}


def changes(old: Path, new: Path) -> tuple[list[str], bool]:
    """The changed verdicts, a line each, and whether any got worse.

    A claim that is gone counts as worse; one that is new does not.
    """
    one, other = load(old), load(new)
    before = {record["id"]: record for record in one["claims"]}
    after = {record["id"]: record for record in other["claims"]}
    lines: list[str] = []
    worse = False
    for id in sorted({*before, *after}):
        was = before[id]["outcome"] if id in before else "(not there)"
        now = after[id]["outcome"] if id in after else "(not there)"
        step = _rank(after.get(id)) - _rank(before.get(id))
        if was != now or step:
            worse = worse or (step < 0)
            word = "worse" if step < 0 else "better" if step > 0 else "changed"
            lines.append(f"{word:8} {id}: {was} → {now}")
    lines += [f"manifest {line}" for line in differences(one["manifest"], other["manifest"])]
    verdicts = sum(not line.startswith("manifest") for line in lines)
    lines.append(f"{verdicts or 'no'} verdict{'s' * (verdicts != 1)} changed")
    return lines, worse


def _rank(record: dict[str, object] | None) -> int:
    if record is None:
        return _RANK["missing"]
    if record["as_expected"]:
        return _RANK["expected"]
    outcome = str(record["outcome"])
    return _RANK[outcome] if outcome in _RANK else _RANK["against"]
