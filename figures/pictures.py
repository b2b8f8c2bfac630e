"""The papers' own pictures, one module a paper, and which of them a selection covers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache
from importlib import import_module

from lemmata.figures.parts import Picture
from lemmata.verify.errors import UsageError
from lemmata.verify.loading import names_a_file

#: modules of this folder, in the order in which their pictures are drawn
PAPERS = (
    "delayed_repression", "delayed_repression_agents", "delayed_replicator", "ntk",
    "tensor_programs", "matrix_sensing", "sub_gradient", "coopetition", "path_collapse",
    "model_collapse", "early_warning", "noether", "integral_rl",
)  # fmt: skip


@lru_cache
def pictures() -> dict[str, Picture]:
    """All of them by their names."""
    found: dict[str, Picture] = {}
    for paper in PAPERS:
        for one in import_module(f"lemmata.figures.{paper}").PICTURES:
            if one.name in found:
                raise ValueError(f"two pictures are called {one.name!r}; rename one.")
            found[one.name] = one
    return found


def named(names: Iterable[str]) -> tuple[list[Picture], list[str]]:
    """The pictures that are asked for by name or by a prefix with `figures` in it, and the rest.

    A name that is a file's is among the rest, in whatever folder the file is.
    """
    chosen: dict[str, Picture] = {}
    rest = []
    for name in names:
        if names_a_file(name) or "figures" not in name.split("/"):
            rest.append(name)
            continue
        here = [one for one in pictures().values() if f"{one.name}/".startswith(f"{name}/")]
        if not here:
            known = ", ".join(pictures())
            raise UsageError(f"no picture is called {name!r}; there are: {known}.")
        chosen |= {one.name: one for one in here}
    return list(chosen.values()), rest


def covered(ids: Collection[str]) -> tuple[list[Picture], list[tuple[Picture, list[str]]]]:
    """The pictures all of whose claims are among the ids; and those of which some are, with the
    ids that are missing.
    """
    there = set(ids)
    whole, partly = [], []
    for one in pictures().values():
        missing = [id for id in one.claims if id not in there]
        if not missing:
            whole.append(one)
        elif len(missing) < len(one.claims):
            partly.append((one, missing))
    return whole, partly
