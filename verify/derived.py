"""A derivation as it is stored with a verdict: printed steps, and how each was confirmed.

To build and replay all derivations of the catalogue takes minutes, and a page of results is made in
seconds; so what it shows of them is written when a claim is decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lemmata.verify.prediction import Prediction

SCHEMA = 1


def steps(prediction: Prediction, replayed: Sequence[Any] = ()) -> dict[str, Any]:
    """What is predicted, as MathML, with the steps that lead to it; {} for a function of a point.

    Of a number that is found from an equation (`solved`), the steps are those of the equation.

    **Arguments:** `replayed`: what became of the steps, in their order; none without a derivation.
    """
    derivation, expression = prediction.derivation, prediction.expression
    if derivation is None and expression is None:
        return {}
    from lemmata.theory.mathml import condition, formula, relation

    shown = expression if derivation is None else derivation.statement
    found: dict[str, Any] = {"schema": SCHEMA, "statement": formula(shown)}
    if derivation is None:
        return found
    return found | {
        "solved": expression is None,
        "quantity": formula(derivation.quantity),
        "assumes": list(derivation.assumes),
        "where": [condition(one) for one in derivation.where],
        "steps": [
            {
                "because": one.step.because,
                "math": relation(one.step.left, one.step.relation, one.step.right),
                "status": one.status,
                "how": one.how,
            }
            for one in replayed
        ],
    }
