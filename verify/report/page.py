"""The page from the store: everything that it shows, put into its template."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from lemmata.figures.embedded import Embedded, embedded
from lemmata.figures.stored import Result, check_not_lost, origin, result
from lemmata.verify.files import check_writable, in_folder, write_atomically
from lemmata.verify.loading import catalogue
from lemmata.verify.manifest import differences
from lemmata.verify.report import graph as graphs
from lemmata.verify.report.entries import STATUS, VERDICTS, Entry, checked_steps, readings
from lemmata.verify.report.lines import display
from lemmata.verify.report.repeated import repeated
from lemmata.verify.store import Store


@dataclass(frozen=True)
class Run:
    """Results of one manifest (but for the time), how many, and how it differs from the first."""

    manifest: Mapping[str, Any]
    origin: str
    claims: int
    started: str
    differs: Sequence[str]


@dataclass(frozen=True)
class Paper:
    """A paper with what became of its claims, and its name in links."""

    title: str
    name: str
    counts: Counter[str]
    against: int

    @property
    def claims(self) -> int:
        """How many there are."""
        return sum(self.counts.values())


def write(ids: Sequence[str], store: Store, path: Path) -> int:
    """Write the page on these claims; its size in bytes.

    **Raises:** `UsageError` before anything is written where a claim has no stored verdict, one
    that cannot be read, or one whose points are lost.
    """
    with in_folder(path.parent, "-o"):
        check_writable(path, "-o")
        data = render(ids, store).encode("utf-8")
        write_atomically(path, lambda file: file.write(data), mode="wb")
    return len(data)


def render(ids: Sequence[str], store: Store) -> str:
    """The page as text: the same for the same store."""
    results = [result(store, id) for id in _in_order(ids)]
    for one in results:
        check_not_lost(one, store)
    runs, run_of = _runs(results)
    found = graphs.graph([one.record for one in results])
    outcomes = {one.id: one.record["outcome"] for one in results}
    grounds = graphs.refuted_grounds(found, outcomes)
    families = readings(outcomes)
    steps = {
        one.id: checked_steps(one.id, store.derivation(one.id), store.file("derivations", one.id))
        for one in results
    }
    begun = repeated({id: one.get("steps", ()) for id, one in steps.items()})
    entries = [
        Entry(
            one,
            steps[one.id],
            used_by=sorted(found.successors(one.id)),
            readings=families[one.id],
            refuted=grounds[one.id],
            run=run_of[one.id],
            drawn_from=runs[run_of[one.id] - 1].origin,
            begun=begun.get(one.id),
        )
        for one in results
    ]
    return _fill(entries, runs, found, embedded({one.id: one for one in results}))


def _in_order(ids: Sequence[str]) -> list[str]:
    """In the order of the catalogue, which is that of the papers; one's own claims after those."""
    place = {one.claim.id: number for number, one in enumerate(catalogue())}
    return sorted(set(ids), key=lambda id: (place.get(id, len(place)), id))


def _fill(
    entries: Sequence[Entry], runs: Sequence[Run], found: Any, pictures: Sequence[Embedded]
) -> str:
    environment = Environment(
        loader=PackageLoader("lemmata.verify.report", "templates"), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["display"] = display
    style = environment.get_template("page.css").render()
    scripts = (environment.get_template(name).render() for name in ("graph.js", "page.js"))
    script = "\n".join(scripts)
    papers = _papers(entries)
    shown_in: dict[str, list[Embedded]] = {}
    for one in pictures:
        for id in one.claims if one.url else ():
            shown_in.setdefault(id, []).append(one)
    text = environment.get_template("page.html").render(
        entries=entries,
        by_id={one.id: one for one in entries},
        counts=Counter(one.outcome for one in entries),
        against=[one for one in entries if not one.as_expected],
        papers=papers,
        pictures=pictures,
        shown_in=shown_in,
        paper_of={paper.title: paper.name for paper in papers},
        runs=runs,
        verdicts=VERDICTS,
        status=STATUS,
        kinds=sorted({kind for one in entries for kind in one.kinds.split()}),
        outline=graphs.outline(found),
        style=style, style_hash=_hash(style),
        script=script, script_hash=_hash(script),
        nodes=_nodes(entries, found),
    )  # fmt: skip
    return text


def _hash(text: str) -> str:
    """What a browser compares an inline style or script with before it uses it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()


def _nodes(entries: Sequence[Entry], found: Any) -> str:
    """The graph for the script: of every claim with a neighbour its level, verdict and ground."""
    told = {one.id: one for one in entries}
    levels = graphs.levels(found)
    nodes = {
        id: {
            "level": levels[id],
            "outcome": told[id].outcome if id in told else "",
            "words": told[id].verdict if id in told else "not on this page",
            "sign": told[id].sign if id in told else "·",
            "ground": len(told[id].refuted) if id in told else 0,
            "uses": sorted(found.predecessors(id)),
        }
        for id in graphs.order(found)
        if found.degree(id)
    }
    # Within a script, only "<" could end it.
    return json.dumps(nodes, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _papers(entries: Iterable[Entry]) -> list[Paper]:
    by_title: dict[str, list[Entry]] = {}
    for one in entries:
        by_title.setdefault(one.source.title, []).append(one)
    names = _names(by_title)
    return [
        Paper(
            title, names[title], Counter(one.outcome for one in of),
            sum(not one.as_expected for one in of),
        )
        for title, of in by_title.items()
    ]  # fmt: skip


def _names(titles: Iterable[str]) -> dict[str, str]:
    """Names of papers for links, which stay when other papers come or go.

    >>> _names(["On A.B: a test", "On a/b, a test"])
    {'On A.B: a test': 'on-a-b-a-test', 'On a/b, a test': 'on-a-b-a-test-2'}
    """
    names: dict[str, str] = {}
    for title in sorted(titles):
        name = "-".join(re.findall(r"\w+", title.lower())) or "paper"
        same = sum(re.fullmatch(rf"{name}(-\d+)?", one) is not None for one in names.values())
        names[title] = f"{name}-{same + 1}" if same else name
    return names


def _runs(results: Sequence[Result]) -> tuple[list[Run], dict[str, int]]:
    """The runs that the results are of, the one with most claims first, and the number of each."""
    groups: dict[str, list[Result]] = {}
    for one in results:
        same = {name: value for name, value in one.manifest.items() if name != "started"}
        groups.setdefault(json.dumps(same, sort_keys=True), []).append(one)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    first = ordered[0][1][0].manifest
    runs = [_run(of, first) for _, of in ordered]
    return runs, {one.id: number for number, (_, of) in enumerate(ordered, 1) for one in of}


def _run(of: Sequence[Result], first: Mapping[str, Any]) -> Run:
    times = sorted({str(one.manifest.get("started") or "") for one in of})
    started = times[0] if len(times) == 1 else f"{times[0]} to {times[-1]}"
    manifest = of[0].manifest
    return Run(manifest, origin(of), len(of), started, differences(first, manifest))
