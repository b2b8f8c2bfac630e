"""Which stored verdicts still stand, because nothing that they rest on has changed.

A verdict follows from the code, the versions beneath it, the seed, the profile and the error rate.
Where all of these are what they were, deciding again gives the same verdict, and takes as long as
it did. Claims in files of one's own are not among these: what else they read is not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lemmata.verify.errors import UsageError
from lemmata.verify.loading import Located
from lemmata.verify.manifest import differences
from lemmata.verify.settings import Settings
from lemmata.verify.sources import changed, sources
from lemmata.verify.store import Store

#: what of a manifest a verdict does not follow from, or follows from by what is compared otherwise
BESIDE = ("commit", "dirty", "files", "started", "error_rate")


@dataclass(frozen=True)
class Standing:
    """The records that stand, by claim id, and of each other claim why it must be decided."""

    records: Mapping[str, dict[str, Any]]
    reasons: Mapping[str, str]

    def __str__(self) -> str:
        """How many stand, and the reasons why others do not, each with their number.

        >>> print(Standing({"a": {}, "b": {}}, {"c": "none is stored", "d": "none is stored"}))
        unchanged since decided: 2; to decide: none is stored (2)
        """
        counts = Counter(self.reasons.values()).most_common()
        why = "; ".join(f"{reason} ({count})" for reason, count in counts) or "nothing"
        return f"unchanged since decided: {len(self.records)}; to decide: {why}"


def ground(one: Located, settings: Settings) -> dict[str, Any]:
    """What is stored beside a verdict, to tell later whether it stands; {} for one's own claims.

    The `share` is the probability of error that the claim was given.
    """
    if one.own:
        return {}
    return {"share": settings.error_rate / settings.family, "sources": sources(one.file)}


def standing(
    located: Sequence[Located], settings: Settings, manifest: Mapping[str, Any], store: Store
) -> Standing:
    """The verdicts on these claims that a run with this manifest need not decide again."""
    records: dict[str, dict[str, Any]] = {}
    reasons: dict[str, str] = {}
    for one in located:
        id = one.claim.id
        if one.own:
            reasons[id] = "claims of your own are always decided"
            continue
        try:
            last = store.last(id)
            reason = _moved(last, ground(one, settings), manifest) if last else "none is stored"
            if not reason:
                for read in (store.points, store.arrays, store.derivation):
                    read(id)
        except UsageError:
            last, reason = None, "what is stored cannot be read"
        if last and not reason:
            records[id] = last["claims"][0] | {"decided": last["manifest"]["started"]}
        else:
            reasons[id] = reason
    return Standing(records, reasons)


def _moved(last: Mapping[str, Any], now: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """Why a stored verdict does not stand; "" if it does."""
    then = last.get("ground")
    if not isinstance(then, dict) or not (
        isinstance(then.get("share"), float) and isinstance(then.get("sources"), dict)
    ):
        return "what the verdict rests on is not stored"
    if not last["claims"][0]["as_expected"]:
        return "not as expected when last decided"
    for line in differences(_relevant(last["manifest"]), _relevant(manifest)):
        return line
    if then["share"] > now["share"] * (1 + 1e-12):
        return f"decided with an error rate of {then['share']:.3g}, and {now['share']:.3g} is due"
    files = changed(then["sources"], now["sources"])
    if files:
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        return f"{files[0]}{more} changed"
    return ""


def _relevant(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in manifest.items() if name not in BESIDE}
