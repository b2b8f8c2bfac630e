"""What is drawn: the last verdict on a claim, its points and its arrays, as they are stored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lemmata.figures.wellformed import check_arrays, check_document, check_points
from lemmata.verify.errors import UsageError
from lemmata.verify.manifest import versions
from lemmata.verify.store import Store


@dataclass(frozen=True)
class Result:
    """A claim's entry in the results, the manifest of its run, its points and arrays."""

    record: Mapping[str, Any]
    manifest: Mapping[str, Any]
    points: Mapping[str, np.ndarray]
    arrays: Mapping[str, np.ndarray]

    @property
    def id(self) -> str:
        """The claim's id."""
        return self.record["id"]

    def column(self, name: str) -> np.ndarray:
        """A column of the points; `UsageError` where the verdict has none."""
        return self._of(self.points, name, "points")

    def array(self, name: str) -> np.ndarray:
        """An array that the measurement attached; `UsageError` where there is none."""
        return self._of(self.arrays, name, "arrays")

    def _of(self, data: Mapping[str, np.ndarray], name: str, kind: str) -> np.ndarray:
        if name in data:
            return data[name]
        there = ", ".join(sorted(data)) or "none at all"
        raise UsageError(
            f"claim {self.id!r}: its stored {kind} have no {name!r}, but {there}; run "
            f"`lemmata verify {self.id}` with this version of lemmata."
        )


def result(store: Store, id: str) -> Result:
    """The last verdict on a claim; `UsageError` if there is none, or one that cannot be shown."""
    last = store.last(id)
    if last is None:
        raise UsageError(
            f"claim {id!r}: no verdict is stored in {store.folder}; run `lemmata verify {id}`."
        )
    check_document(last, id, store.file("claims", id))
    points, arrays = store.points(id), store.arrays(id)
    kept = last.get("kept", {})
    check_points(points, id, store.file("points", id), last["claims"][0]["points"])
    check_arrays(arrays, id, store.file("arrays", id), kept)
    return Result(last["claims"][0], last["manifest"], points, arrays)


def check_not_lost(one: Result, store: Store) -> None:
    """Raise `UsageError` where points were judged, of which none are stored."""
    if not one.points and one.record["worst"] is not None:
        raise UsageError(
            f"{store.file('points', one.id)}: is not there, though the verdict on {one.id} rests "
            f"on its points; run `lemmata verify {one.id}` again."
        )


def provenance(results: Sequence[Result]) -> str:
    """What a picture was drawn from, as JSON that goes into its file: no times, no paths."""
    return json.dumps(
        {
            "claims": {one.id: one.record["outcome"] for one in results},
            "runs": _runs(results),
        },
        sort_keys=True,
    )


def _runs(results: Sequence[Result]) -> list[dict[str, Any]]:
    """The manifests of the results, each once, without what differs between two equal runs."""
    kept = ("commit", "dirty", "versions", "seed", "profile", "fixed", "error_rate")
    runs = [{name: one.manifest.get(name) for name in kept} for one in results]
    return [run for i, run in enumerate(runs) if run not in runs[:i]]


def origin(results: Sequence[Result]) -> str:
    """One line for the picture: version and seed; and that results are of different runs, if so.

    Of different runs also what else they differ by: other packages' versions, the error rate.
    """
    runs = _runs(results)
    packages = sorted({name for run in runs for name in run["versions"]} - {"lemmata"})
    differ = [one for one in packages if len({run["versions"].get(one) for run in runs}) > 1]
    rates = len({run["error_rate"] for run in runs}) > 1
    of = sorted({_of_one(run, differ, rates=rates) for run in runs})
    words = "; ".join(of)
    installed = versions()["lemmata"]
    old = sorted({str(run["versions"].get("lemmata")) for run in runs} - {str(installed)})
    if old:
        words += f" (drawn by lemmata {installed})"
    return ("results of different runs: " if len(of) > 1 else "") + words


def _of_one(run: Mapping[str, Any], packages: Sequence[str], *, rates: bool) -> str:
    words = [f"lemmata {run['versions'].get('lemmata')}"]
    words += [f"{name} {run['versions'].get(name) or 'missing'}" for name in packages]
    words += [f"seed {run['seed']}", run["profile"]]
    if rates:
        words.append(f"error rate {run['error_rate']:g}")
    if run["commit"]:
        words.append(f"{run['commit'][:7]}{', changed' if run['dirty'] else ''}")
    words += [f"{name} = {value}" for name, value in sorted((run["fixed"] or {}).items())]
    return ", ".join(words)
