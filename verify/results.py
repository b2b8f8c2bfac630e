"""The results document and its schema.

One JSON document a run. Numbers are finite; one that is not is null, and its claim says why.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lemmata.verify.claim import Claim
from lemmata.verify.errors import UsageError
from lemmata.verify.verdict import Resolution, Verdict, Worst

SCHEMA = 1


def record(claim: Claim, verdict: Verdict, replay: str) -> dict[str, Any]:
    """One claim's entry in the results."""
    return clean(
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


def clean(value: Any) -> Any:
    """The same document, of what JSON, XML and a terminal can show.

    Numbers that are not finite become null, and characters that control a terminal or stand for no
    text (an exception's message may hold any) their escapes.
    """
    if isinstance(value, Mapping):
        return {key: clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean(inner) for inner in value]
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
