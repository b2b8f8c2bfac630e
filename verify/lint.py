"""Are claims well-formed? What the constructors cannot see of one claim alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lemmata.verify.claim import Claim, described, nearest
from lemmata.verify.errors import UsageError
from lemmata.verify.loading import Located, catalogue
from lemmata.verify.prediction import planted, predict
from lemmata.verify.written import faults, unset

#: how many points of its domain a claim must be able to offer
SOME = 8


def complaints(found: Sequence[Located]) -> list[str]:
    """Complaints about these claims, a line each; nothing for claims that are well-formed."""
    known = {one.claim.id: one.claim for one in (*catalogue(), *found)}
    return [
        f"{one.claim.id}: {complaint}"
        for one in found
        for complaint in _complaints(one.claim, known)
    ]


def _complaints(claim: Claim, known: dict[str, Claim]) -> Iterator[str]:
    for other in claim.uses:
        if other not in known:
            yield f"rests on {other!r}, which is no claim; {nearest(other, known)}."
    if claim.id in _below(claim, known):
        yield "rests on itself in a circle; cut one of the uses=…."
    if not (claim.source.paper.arxiv or claim.source.paper.doi):
        yield "its paper has neither an arXiv id nor a DOI; give one, so that it can be found."
    for fault in list(faults(claim.says)) or unset(claim.says):
        yield f"its statement {claim.says!r} has {fault}."
    for method in claim.methods:
        if not described(method.measure):
            yield f"measured {method.name!r} has no docstring; say in a sentence what is measured."
    try:
        predict(claim)
        planted(claim)
    except UsageError as problem:
        yield str(problem)
    except Exception as problem:
        yield f"its prediction cannot be made: {type(problem).__name__}: {problem}"
    try:
        claim.domain.sample(SOME, seed=0)
    except UsageError as problem:
        yield str(problem)
    except Exception as problem:
        yield f"its domain cannot be sampled: {type(problem).__name__}: {problem}"


def _below(claim: Claim, known: dict[str, Claim]) -> set[str]:
    """Everything that a claim rests on, however remotely."""
    found: set[str] = set()
    waiting = list(claim.uses)
    while waiting:
        other = waiting.pop()
        if other not in found:
            found.add(other)
            waiting += known[other].uses if other in known else ()
    return found
