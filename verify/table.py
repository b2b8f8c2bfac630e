"""Verdicts for a terminal: a table, and every claim that is not as it should be in full."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

_STYLE = {"verified": "green", "refuted": "red", "inconclusive": "yellow", "error": "bold red"}


def console(*, stderr: bool = False) -> Console:
    """Colour only on a terminal and without NO_COLOR; long lines are left to the terminal."""
    return Console(stderr=stderr, highlight=False, soft_wrap=True, emoji=False, markup=False)


def rows(records: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    """The table, two lines a claim: its verdict with the numbers, and below it the worst point.

    Beside that point stands what was measured there, where that is a rate, and a wrong formula that
    the same measurements refute.
    """
    cells = [_HEADER, *(_cells(record) for record in records)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(_HEADER))]
    yield _line(_HEADER, widths, ["bold"] * len(_HEADER))
    for record, row in zip(records, cells[1:], strict=True):
        yield _line(row, widths, ["", _STYLE[record["outcome"]], "", "", "", ""])
        if record["worst"]:
            where = f"    worst at {point(record['worst']['at'])}{_slope(record)}"
            yield Text(f"{where}{_rejected(record)}", style="dim")


def _slope(record: Mapping[str, Any]) -> str:
    """An exponent or a constant that was read off a series, with its interval."""
    worst = record["worst"]
    if record["kind"] not in ("rate", "limit") or worst["value"] is None:
        return ""
    return f": measured {number(worst['value'], 4)} ± {number(worst['half_width'], 2)}"


def _rejected(record: Mapping[str, Any]) -> str:
    """A wrong formula that the same measurements refute."""
    found = record["resolution"]
    name = found.get("rejected") if found else None  # results of an earlier version have none
    return f"; these data refute: {textwrap.shorten(name, 90, placeholder=' …')}" if name else ""


_HEADER = ("claim", "verdict", "difference ± half-width", "margin", "resolution", "time")


def _cells(record: Mapping[str, Any]) -> tuple[str, ...]:
    worst = record["worst"]
    return (
        record["id"],
        _verdict(record),
        f"{number(worst['difference'], 2)} ± {number(worst['half_width'], 2)}" if worst else "",
        number(worst["margin"], 2) if worst else "",
        resolution(record["resolution"]),
        f"{record['seconds']:.1f} s",
    )


def _line(cells: Sequence[str], widths: Sequence[int], styles: Sequence[str]) -> Text:
    line = Text()
    for cell, width, style in zip(cells, widths, styles, strict=True):
        line.append(f"{cell:{width}}  ", style=style)
    line.rstrip()
    return line


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


def resolution(found: Mapping[str, Any] | None) -> str:
    """The smallest error that would have been noticed, and the share of wrong formulas refuted."""
    if found is None:
        return ""
    parts: list[str] = []
    errors = [error for error in (found["over"], found["under"]) if error is not None]
    if errors:
        largest = max(errors)
        parts.append(_percent(largest) if found["error"] == "relative" else f"±{largest:.2g}")
    if found["mutants"]:
        parts.append(f"{found['killed']}/{found['mutants']} mutants")
    if found["poor"]:
        parts.append("poor")
    return ", ".join(parts) or found["remark"]


def _percent(share: float) -> str:
    return f"{share:.2%}" if share >= 1e-4 else f"{share:.1g} relative"


def details(record: Mapping[str, Any]) -> Iterator[str]:
    """Everything about one claim that is not as it should be, line by line."""
    yield f"{record['id']}: {_verdict(record)}"
    yield f"  source      {record['source']}"
    if record["reading"]:
        yield from _wrapped("  reading     ", record["reading"])
    if record["worst"]:
        worst = record["worst"]
        at = ", ".join(f"{k}={v!r}" for k, v in worst["at"].items())
        yield f"  at          {at or '(no parameters)'}"
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
    proof = record.get("certificate")
    if proof and proof["status"] == "undecided":
        yield f"{record['id']}: not certified: {proof['statement']}: {proof['outcome']}"
    if record["rests_on_refuted"]:
        yield f"{record['id']}: rests on refuted claims: {', '.join(record['rests_on_refuted'])}"


def certificate(record: Mapping[str, Any]) -> Iterator[str]:
    """What the proof states and what it came to; nothing for a claim without one."""
    found = record.get("certificate")  # results of an earlier version have none
    if found:
        yield from _wrapped("certificate ", f"{found['statement']}: {found['outcome']}")


def _wrapped(head: str, text: str) -> list[str]:
    return textwrap.wrap(head + text, 110, subsequent_indent=" " * len(head))


def summary(records: Sequence[Mapping[str, Any]], selected: int) -> str:
    """The closing line."""
    counts = Counter(record["outcome"] for record in records)
    parts = [f"{counts[name]} {name}" for name in _STYLE if counts[name]]
    left = selected - len(records)
    surprises = sum(not record["as_expected"] for record in records)
    tail = f"; {left} not decided" if left else ""
    if surprises:
        tail += f"; {surprises} against expectation"
    elif records:
        tail += "; all as expected" if not left else "; as expected so far"
    before = sum("decided" in record for record in records)
    if before:
        tail += f"; {before} as decided before"
    return f"{selected} claim{'s' * (selected != 1)}: {', '.join(parts) or 'none decided'}{tail}"
