"""Proofs for a claim: what `certified=` may be built from.

Ball arithmetic covers every round-off (`lemmata.verify.balls`). An attempt ends in a `Certificate`
that is proved, disproved with a witness, or undecided with what stayed open.

>>> import sympy as sp
>>> x = sp.Symbol("x")
>>> print(prove_sign(sp.exp(x) - x, {"x": (-2, 2)}))
-x + exp(x) > 0 for x in [-2, 2]: proved with 5 boxes at 128 bits
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from lemmata.verify.branch_and_bound import prove_sign
from lemmata.verify.certificate import Certificate, together
from lemmata.verify.certified_hopf import HopfCertificate, certify_hopf
from lemmata.verify.errors import UsageError
from lemmata.verify.interval_newton import Enclosure, Unproved, enclose_root
from lemmata.verify.root_count import RootCount, count_right_half_plane

__all__ = [
    "Certificate",
    "Enclosure",
    "HopfCertificate",
    "RootCount",
    "Unproved",
    "certify_hopf",
    "compactified",
    "count_right_half_plane",
    "enclose_root",
    "prove_sign",
    "together",
]


def compactified(expression: Any, variable: Any, share: Any) -> Any:
    r"""A polynomial in a variable from 0 to infinity, carried over to a share from 0 to 1.

    $p(k)$ becomes $(1 - s)^n p(s / (1 - s))$, n its degree: of the same sign for $0 \le s < 1$, and
    at s = 1 the leading coefficient. The other symbols may occur in any way.

    **Raises:** `UsageError` for what is no polynomial in the variable, or already has the share.
    """
    k, s = (sp.Symbol(v) if isinstance(v, str) else v for v in (variable, share))
    expression = sp.sympify(expression)
    if s in expression.free_symbols:
        raise UsageError(f"{s} occurs in {expression} already; name the share otherwise.")
    if not expression.is_polynomial(k):
        raise UsageError(
            f"{expression} is no polynomial in {k}; multiply it by its (positive) denominators, or "
            "substitute otherwise, so that the range is bounded."
        )
    coefficients = sp.Poly(expression, k).all_coeffs()[::-1]
    n = len(coefficients) - 1
    return sp.Add(*(c * s**j * (1 - s) ** (n - j) for j, c in enumerate(coefficients)))
