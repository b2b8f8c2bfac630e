"""The sign of a derived formula, certified all over a claim's domain."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from lemmata.verify.balls import PRECISION
from lemmata.verify.branch_and_bound import prove_sign
from lemmata.verify.certificate import Certificate
from lemmata.verify.domain import Domain
from lemmata.verify.interval import Log

#: boxes after which a proof is given up: some seconds for a formula of a thousand operations
MAX_BOXES = 2000
#: by how much logarithms of the ends are moved outwards, for floats are not exact
OUTWARDS = 1e-12


@dataclass(frozen=True)
class KeepsSign:
    """A proof for `certified=`: a derived quantity has the sign that it has in the middle.

    `derive`: a function without arguments that returns the derivation; `name`: how the quantity is
    written. Parameters on a logarithmic scale are cut on that scale.
    """

    derive: Callable[[], Any]
    name: str

    def __call__(self, domain: Domain) -> Certificate:
        """Try to prove it; undecided where it has no sign in the middle of the domain."""
        box: dict[str, tuple[float, float]] = {}
        values: dict[Any, Any] = {}
        statement = self.derive().statement
        by_name = {str(symbol): symbol for symbol in statement.free_symbols}
        for name, axis in domain.axes.items():
            if name not in by_name:
                continue
            low, high = float(axis.lo), float(axis.hi)
            if isinstance(axis, Log):
                share = sp.Symbol(f"log_{name}", real=True)
                values[by_name[name]] = sp.exp(share)
                box[str(share)] = math.log(low) - OUTWARDS, math.log(high) + OUTWARDS
            else:
                box[name] = low, high
        expression = statement.xreplace(values)
        middle = {s: sp.Float(sum(box[str(s)]) / 2, 30) for s in expression.free_symbols}
        value = sp.N(expression.subs(middle))
        where = ", ".join(f"{name} in [{a.lo}, {a.hi}]" for name, a in domain.axes.items())
        if not value.is_real or value == 0:
            reason = f"it is {value} in the middle of the domain, where it has no sign"
            says = f"{self.name} has one sign for {where}"
            return Certificate(says, "undecided", 0, PRECISION, reason=reason)
        sign = 1 if value > 0 else -1
        return prove_sign(
            expression, box, sign=sign, max_boxes=MAX_BOXES,
            statement=f"{self.name} {'>' if sign > 0 else '<'} 0 for {where}",
        )  # fmt: skip
