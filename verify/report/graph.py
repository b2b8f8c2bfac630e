"""What rests on what: levels, all that is below and above, and the refuted grounds of a claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import networkx as nx


def graph(records: Sequence[Mapping[str, Any]]) -> nx.DiGraph:
    """An arrow from every claim to those that rest on it; also for claims that are not stored."""
    found = nx.DiGraph()
    for record in records:
        found.add_node(record["id"])
    for record in records:
        found.add_edges_from((other, record["id"]) for other in record["uses"])
    return found


def levels(found: nx.DiGraph) -> dict[str, int]:
    """How many steps a claim is above those that rest on nothing; alike where claims rest on each
    other in a circle.
    """
    circles = nx.condensation(found)
    return {
        id: level
        for level, circle in enumerate(nx.topological_generations(circles))
        for one in circle
        for id in circles.nodes[one]["members"]
    }


def order(found: nx.DiGraph) -> list[str]:
    """The claims so that each comes after those it rests on, and soon after one of them."""
    done: dict[str, None] = {}
    for id in sorted(found, reverse=True):
        if id not in done:
            last = nx.dfs_postorder_nodes(found, id, sort_neighbors=partial(sorted, reverse=True))
            done |= dict.fromkeys(one for one in last if one not in done)
    return list(reversed(done))


def refuted_grounds(found: nx.DiGraph, outcomes: Mapping[str, str]) -> dict[str, list[str]]:
    """Of every claim the refuted ones that it rests on, however remotely.

    Also those whose refutation is expected: what was built on a statement has lost its ground,
    whoever knew. The verdict stands all the same, for a measurement uses no other claim.
    """
    refuted = {id for id, outcome in outcomes.items() if outcome == "refuted"}
    return {id: sorted(refuted & nx.ancestors(found, id)) for id in found}


def outline(found: nx.DiGraph) -> list[tuple[int, str, bool]]:
    """The graph as an indented list: depth, claim, and whether it stood there before.

    Claims on which nothing rests, and which rest on nothing, are left out.
    """
    return list(_outline(found))


def _outline(found: nx.DiGraph) -> Iterator[tuple[int, str, bool]]:
    told: set[str] = set()
    roots = [id for id in sorted(found) if not found.in_degree(id) and found.out_degree(id)]
    circles = [id for id in sorted(found) if found.in_degree(id)]
    for root in [*roots, *circles]:
        if root in told:
            continue
        waiting = [(0, root)]
        while waiting:
            depth, id = waiting.pop()
            yield depth, id, id in told
            if id not in told:
                told.add(id)
                above = sorted(found.successors(id), reverse=True)
                waiting += [(depth + 1, other) for other in above]
