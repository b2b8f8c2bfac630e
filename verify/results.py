"""The results document: its schema, and the store under `build/lemmata/`.

One JSON document a run. Numbers are finite; one that is not is null, and its claim says why. The
store keeps the last run whole (`results.json`) and the last verdict on every claim (`claims/`),
with the arrays that measurements attached (`arrays/`).
"""

from __future__ import annotations

import json
import math
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lemmata.verify.claim import Claim
from lemmata.verify.errors import UsageError
from lemmata.verify.files import check_writable, write_atomically
from lemmata.verify.verdict import Resolution, Verdict, Worst

SCHEMA = 1
STORE = Path("build") / "lemmata"


def record(claim: Claim, verdict: Verdict, replay: str) -> dict[str, Any]:
    """One claim's entry in the results."""
    return _clean(
        {
            "id": claim.id,
            "source": str(claim.source),
            "says": claim.says,
            "uses": list(claim.uses),
            "scope": claim.scope,
            "reading": claim.reading,
            "reported": claim.reported,
            "expected": claim.expected,
            "cause": claim.cause,
            "outcome": str(verdict.outcome),
            "as_expected": verdict.as_expected,
            "kind": verdict.kind,
            "because": claim.compare.because,
            "worst": _worst(verdict.worst),
            "points": dict(verdict.points),
            "reason": verdict.reason,
            "settles_with": verdict.settles,
            "evidence": list(verdict.evidence),
            "derivation": verdict.derivation,
            "certificate": verdict.certificate.record() if verdict.certificate else None,
            "resolution": _resolution(verdict.resolution),
            "rests_on_refuted": list(verdict.rests_on),
            "traceback": verdict.traceback,
            "seconds": round(verdict.seconds, 3),
            "replay": replay,
        }
    )


def _worst(worst: Worst | None) -> dict[str, Any] | None:
    if worst is None:
        return None
    judgement, estimate = worst.judgement, worst.judgement.estimate
    return {
        "at": {name: _number(value) for name, value in worst.at.items()},
        "method": worst.method,
        "agreement": str(judgement.agreement),
        "claimed": judgement.predicted,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "bias": estimate.bias,
        "difference": judgement.difference,
        "half_width": estimate.half_width,
        "margin": judgement.margin,
    }


def _resolution(found: Resolution | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "error": found.error,
        "over": found.over,
        "under": found.under,
        "killed": found.killed,
        "mutants": found.mutants,
        "survivors": list(found.survivors),
        "equivalent": list(found.equivalent),
        "rejected": found.rejected,
        "remark": found.remark,
        "poor": found.poor,
    }


def _number(value: Any) -> int | float:
    return int(value) if not isinstance(value, float) and value == int(value) else float(value)


def _clean(value: Any) -> Any:
    """The same document, of what JSON, XML and a terminal can show.

    Numbers that are not finite become null, and characters that control a terminal or stand for no
    text (an exception's message may hold any) their escapes.
    """
    if isinstance(value, Mapping):
        return {key: _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    if isinstance(value, str):
        return _UNSHOWN.sub(lambda found: repr(found.group())[1:-1], value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def document(manifest: Mapping[str, Any], claims: list[Any], *, complete: bool) -> dict[str, Any]:
    """A whole results document."""
    return {
        "schema": SCHEMA,
        "manifest": dict(manifest),
        "complete": complete,
        "claims": claims,
    }


def dumps(results: Mapping[str, Any]) -> str:
    """The document as JSON text, keys sorted, no NaN."""
    return json.dumps(results, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"


def load(path: Path) -> dict[str, Any]:
    """Read a results document, or say what is wrong with it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file; `lemmata verify` writes results.") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"{path}: cannot be read ({problem}).") from None
    except json.JSONDecodeError as problem:
        raise UsageError(
            f"{path}: not a results file, or cut off (line {problem.lineno}: {problem.msg}); run "
            "`lemmata verify` again."
        ) from None
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA or not _has_the_form(found):
        raise UsageError(
            f"{path}: schema {schema!r}, but this version reads schema {SCHEMA}, with a manifest "
            "and a list of claims; run `lemmata verify` again."
        )
    return found


def _has_the_form(found: Mapping[str, Any]) -> bool:
    """Whether a document has what every reader of it relies on."""
    claims = found.get("claims")
    return (
        isinstance(found.get("manifest"), dict)
        and isinstance(claims, list)
        and all(
            isinstance(one, dict) and {"id", "outcome", "as_expected"} <= {*one} for one in claims
        )
    )


@dataclass(frozen=True)
class Store:
    """The folder of stored results; absolute, for a measurement may change the current folder."""

    folder: Path = field(default_factory=STORE.absolute)

    def prepare(self) -> None:
        """Create the folders, or raise `UsageError` before anything is decided."""
        for folder in (self.folder, self.folder / "claims", self.folder / "arrays"):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as problem:
                raise UsageError(
                    f"results cannot be stored in {folder} ({problem.strerror}); run where "
                    "build/ can be written."
                ) from None
            check_writable(folder / "results.json", "results in")

    def save_run(self, results: Mapping[str, Any]) -> None:
        """Keep the run as the last one."""
        self._write(self.folder / "results.json", results)

    def save_claim(self, manifest: Mapping[str, Any], one: Mapping[str, Any]) -> None:
        """Keep the verdict on one claim."""
        self._write(self._claim(one["id"]), document(manifest, [dict(one)], complete=True))

    def save_arrays(self, id: str, arrays: Mapping[str, Any]) -> None:
        """Keep the arrays that a measurement attached; those of an earlier verdict go."""
        path = self.folder / "arrays" / f"{_flat(id)}.npz"
        if arrays:
            write_atomically(path, lambda file: _write_npz(file, arrays), mode="wb")
        else:
            path.unlink(missing_ok=True)

    def last(self, id: str) -> dict[str, Any] | None:
        """The last verdict on a claim, as a document of one; None if there is none."""
        path = self._claim(id)
        found = load(path) if path.exists() else None
        return found if found and found["claims"] else None

    def last_run(self) -> dict[str, Any]:
        """The last run, or `UsageError` if there is none."""
        return load(self.folder / "results.json")

    def _claim(self, id: str) -> Path:
        return self.folder / "claims" / f"{_flat(id)}.json"

    @staticmethod
    def _write(path: Path, results: Mapping[str, Any]) -> None:
        text = dumps(results)
        write_atomically(path, lambda file: file.write(text))


def _write_npz(file: Any, arrays: Mapping[str, Any]) -> None:
    """As `numpy.savez` does, but for any names: its own take arguments of the same call."""
    import numpy as np

    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)


def _flat(id: str) -> str:
    return id.replace("/", ".")
