"""Verdicts for a terminal: a table, and every claim that is not as it should be in full."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_STYLE = {"verified": "green", "refuted": "red", "inconclusive": "yellow", "error": "bold red"}


def console(*, stderr: bool = False) -> Console:
    """Colour only on a terminal and without NO_COLOR; wide enough for a table in a log."""
    found = Console(stderr=stderr, highlight=False, soft_wrap=False, emoji=False, markup=False)
    if not found.is_terminal:
        return Console(
            stderr=stderr, highlight=False, emoji=False, markup=False, width=150, color_system=None
        )
    return found


def table(records: Sequence[Mapping[str, Any]]) -> Table:
    """A row a claim: verdict, worst point, difference ± half-width, margin, resolution, time."""
    found = Table(box=None, pad_edge=False, header_style="bold")
    found.add_column("claim", overflow="fold", min_width=_widest(records))
    found.add_column("verdict", no_wrap=True)
    found.add_column("worst point", overflow="fold", min_width=18)
    found.add_column("difference ± half-width", min_width=12)
    found.add_column("margin", no_wrap=True)
    found.add_column("resolution", overflow="fold", min_width=14)
    found.add_column("time", justify="right", no_wrap=True)
    for record in records:
        worst = record["worst"]
        found.add_row(
            record["id"],
            Text(_verdict(record), style=_STYLE[record["outcome"]]),
            point(worst["at"]) if worst else "",
            _difference(worst) if worst else "",
            number(worst["margin"], 2) if worst else "",
            resolution(record["resolution"]),
            f"{record['seconds']:.1f} s",
        )
    return found


def _widest(records: Sequence[Mapping[str, Any]]) -> int:
    """Room for the ids, so that they can be copied whole; folded only where one is very long."""
    return min(max((len(record["id"]) for record in records), default=0), 44)


def _verdict(record: Mapping[str, Any]) -> str:
    if record["as_expected"] and record["expected"] != "verified":
        return f"{record['outcome']} (as expected)"
    if not record["as_expected"] and record["expected"] != "verified":
        return f"{record['outcome']} (expected {record['expected']})"
    return record["outcome"]


def point(at: Mapping[str, Any]) -> str:
    """A point in few digits."""
    return " ".join(f"{name}={value:.4g}" for name, value in at.items()) or "(no parameters)"


def number(value: float | None, digits: int = 3) -> str:
    """A number in few digits; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}g}"


def _difference(worst: Mapping[str, Any]) -> str:
    return f"{number(worst['difference'], 2)} ± {number(worst['half_width'], 2)}"


def resolution(found: Mapping[str, Any] | None) -> str:
    """The smallest error that would have been noticed, and the share of wrong formulas refuted."""
    if found is None:
        return ""
    parts: list[str] = []
    errors = [error for error in (found["over"], found["under"]) if error is not None]
    if errors:
        largest = max(errors)
        parts.append(f"{largest:.2%}" if found["error"] == "relative" else f"±{largest:.2g}")
    if found["mutants"]:
        parts.append(f"{found['killed']}/{found['mutants']} mutants")
    if found["poor"]:
        parts.append("poor")
    return ", ".join(parts) or found["remark"]


def details(record: Mapping[str, Any]) -> Iterator[str]:
    """Everything about one claim that is not as it should be, line by line."""
    yield f"{record['id']}: {_verdict(record)}"
    yield f"  source      {record['source']}"
    if record["worst"]:
        worst = record["worst"]
        yield f"  at          {', '.join(f'{k}={v!r}' for k, v in worst['at'].items())}"
        yield (
            f"  measured    {number(worst['value'], 10)} ± {number(worst['half_width'], 2)}"
            f" ({worst['method']})"
        )
        yield f"  claimed     {number(worst['claimed'], 10)}"
        yield f"  margin      {number(worst['margin'], 3)} ({record['because']})"
    if record["reason"]:
        yield from _wrapped("  reason      ", record["reason"])
    if record["cause"]:
        yield from _wrapped("  cause       ", record["cause"])
    if record["settles_with"]:
        yield from _wrapped("  settles it  ", record["settles_with"])
    if record["traceback"]:
        yield from ("    " + line for line in record["traceback"].rstrip().splitlines())
    yield f"  repeat      {record['replay']}"


def warnings(record: Mapping[str, Any]) -> Iterator[str]:
    """What a reader of a good verdict should still know: a poor check, a gap, a refuted ground."""
    found = record["resolution"]
    if found and found["poor"]:
        yield f"{record['id']}: poor resolution: {found['poor']}"
        for survivor in found["survivors"][:5]:
            yield f"    not told apart: {survivor}"
    if record["derivation"] and "derived" not in record["evidence"]:
        yield f"{record['id']}: not derived: {record['derivation']}"
    if record["rests_on_refuted"]:
        yield f"{record['id']}: rests on refuted claims: {', '.join(record['rests_on_refuted'])}"


def _wrapped(head: str, text: str) -> list[str]:
    return textwrap.wrap(head + text, 110, subsequent_indent=" " * len(head))


def summary(records: Sequence[Mapping[str, Any]], selected: int) -> str:
    """The closing line."""
    counts = Counter(record["outcome"] for record in records)
    parts = [f"{counts[name]} {name}" for name in _STYLE if counts[name]]
    left = selected - len(records)
    surprises = sum(not record["as_expected"] for record in records)
    tail = f"; {left} not decided" if left else ""
    tail += f"; {surprises} against expectation" if surprises else "; all as expected"
    return f"{selected} claim{'s' * (selected != 1)}: {', '.join(parts) or 'none decided'}{tail}"
