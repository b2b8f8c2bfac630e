"""What a proof comes to: what it states, whether it holds, with how many boxes, what is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from lemmata.verify.errors import UsageError

#: closed intervals with exact ends, by the name of the variable
Box = Mapping[str, tuple[Fraction, Fraction]]

#: how many undecided boxes a certificate names; it counts them all
NAMED = 5


@dataclass(frozen=True)
class Certificate:
    """The result of an attempt to prove a statement in ball arithmetic.

    **Fields:**

    - `statement`: what was to be proved.
    - `status`: "proved"; "disproved", at the point `witness`; or "undecided", which says nothing.
    - `boxes`: how many boxes (or pieces of a contour) were looked at.
    - `precision`: of the ball arithmetic, in bits.
    - `undecided`, `undecided_count`: the first boxes that stayed open, and how many did.
    - `witness`: an exact point where the statement fails, or None.
    - `reason`: why it is undecided, where there is more to say.
    """

    statement: str
    status: Literal["proved", "disproved", "undecided"]
    boxes: int
    precision: int
    undecided: tuple[Box, ...] = ()
    undecided_count: int = 0
    witness: Mapping[str, Fraction] | None = None
    reason: str = ""

    @property
    def proved(self) -> bool:
        """Whether the statement was proved."""
        return self.status == "proved"

    def __str__(self) -> str:
        return f"{self.statement}: {self.outcome}"

    @property
    def outcome(self) -> str:
        """The status in a line, with the number of boxes and what is open or fails."""
        parts = [f"{self.status} with {_counted(self.boxes, 'box')} at {self.precision} bits"]
        if self.witness is not None:
            parts.append("it fails at " + ", ".join(f"{k} = {v}" for k, v in self.witness.items()))
        if self.undecided_count:
            named = "; ".join(_box(box) for box in self.undecided)
            more = ", …" if self.undecided_count > len(self.undecided) else ""
            parts.append(f"{_counted(self.undecided_count, 'box')} undecided: {named}{more}")
        if self.reason:
            parts.append(self.reason)
        return "; ".join(parts)

    def record(self) -> dict[str, Any]:
        """The certificate for the results document; fractions as text, so that they stay exact."""
        witness = self.witness
        return {
            "statement": self.statement,
            "status": self.status,
            "boxes": self.boxes,
            "precision": self.precision,
            "undecided": [
                {name: [str(lo), str(hi)] for name, (lo, hi) in box.items()}
                for box in self.undecided
            ],
            "undecided_count": self.undecided_count,
            "witness": None if witness is None else {k: str(v) for k, v in witness.items()},
            "outcome": self.outcome,
        }


def together(*certificates: Certificate, statement: str = "") -> Certificate:
    """One certificate for all of these: proved where each is, disproved where one is.

    **Raises:** `UsageError` for none.
    """
    if not certificates:
        raise UsageError("together() got no certificate; give at least one.")
    status: Literal["proved", "disproved", "undecided"] = "proved"
    if any(one.status == "disproved" for one in certificates):
        status = "disproved"
    elif not all(one.proved for one in certificates):
        status = "undecided"
    return Certificate(
        statement or "; ".join(one.statement for one in certificates),
        status,
        sum(one.boxes for one in certificates),
        min(one.precision for one in certificates),
        tuple(box for one in certificates for box in one.undecided)[:NAMED],
        sum(one.undecided_count for one in certificates),
        next((one.witness for one in certificates if one.witness is not None), None),
        "; ".join(
            f"{one.statement}: {one.reason or one.status}"
            for one in certificates
            if one.status == status != "proved"
        ),
    )


def _counted(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}es"


def _box(box: Box) -> str:
    return ", ".join(f"{name} in [{_short(lo)}, {_short(hi)}]" for name, (lo, hi) in box.items())


def _short(value: Fraction) -> str:
    return str(value) if len(str(value)) <= 12 else f"{float(value):.9g}"
