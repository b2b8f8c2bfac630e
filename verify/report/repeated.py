"""Steps that several derivations begin with: written out once, or the page would be too large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

#: how many steps are worth a link in their place
FEW = 3
#: what is shown of a step
FIELDS = ("because", "status", "how", "math")


class Begun(NamedTuple):
    """The first `steps` of a derivation are those that the claim `id` shows."""

    id: str
    steps: int


def repeated(derivations: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Begun]:
    """Of each claim's steps, in the order of the page, how many another one has shown before.

    A claim that is named shows all of its steps. Claims that repeat fewer than `FEW` are left out.
    """
    shown: dict[tuple[tuple[Any, ...], ...], str] = {}
    found: dict[str, Begun] = {}
    for id, steps in derivations.items():
        keys = [tuple(step.get(name) for name in FIELDS) for step in steps]
        starts = [tuple(keys[:end]) for end in range(len(keys), FEW - 1, -1)]
        longest = next((start for start in starts if start in shown), None)
        if longest is None:
            for start in starts:
                shown[start] = id
        else:
            found[id] = Begun(shown[longest], len(longest))
    return found
