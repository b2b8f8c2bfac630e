"""The proof that a claim carries, made, and what it does to the verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lemmata.verify.certificate import Certificate
from lemmata.verify.deferred import Deferred
from lemmata.verify.errors import Malformed
from lemmata.verify.prediction import takes_an_argument
from lemmata.verify.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from lemmata.verify.claim import Claim


def certificate(claim: Claim) -> Certificate | None:
    """What the claim's proof comes to; None for a claim without one.

    **Raises:** `Malformed` where `certified` returns something else; whatever it raises passes.
    """
    prove = claim.certified
    if prove is None:
        return None
    function = prove.resolve() if isinstance(prove, Deferred) else prove
    found = function(claim.domain) if takes_an_argument(function) else function()
    if not isinstance(found, Certificate):
        raise Malformed(
            f"claim {claim.id!r}: certified={getattr(function, '__name__', function)} returned "
            f"{found!r}; return a Certificate, such as prove_sign gives."
        )
    return found


def with_certificate(claim: Claim, verdict: Verdict) -> Verdict:
    """The verdict with the claim's proof, which is evidence where both say the same.

    A proof and a measurement that contradict each other leave the claim inconclusive: the proof may
    state something else than the claim does. An undecided proof is told, and is no evidence.
    """
    proof = certificate(claim)
    if proof is None:
        return verdict
    verdict = replace(verdict, certificate=proof)
    if proof.status == "undecided":
        return verdict
    against = Outcome.REFUTED if proof.proved else Outcome.VERIFIED
    if verdict.outcome is against:
        return replace(
            verdict, outcome=Outcome.INCONCLUSIVE,
            reason=f"it was measured to be {verdict.outcome}, but {proof}",
            settles="find out whether the proof states what the claim says, and which one is wrong",
        )  # fmt: skip
    if not proof.proved and verdict.outcome is Outcome.INCONCLUSIVE:
        return replace(verdict, reason=f"{verdict.reason}; and {proof}")
    return replace(verdict, evidence=("certified", *verdict.evidence))
