"""The predicted side of a claim: a formula, evaluated at points of the domain."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lemmata.verify.deferred import Deferred
from lemmata.verify.domain import Point
from lemmata.verify.errors import Malformed
from lemmata.verify.measurement import real

if TYPE_CHECKING:
    from lemmata.theory.derivation import Derivation
    from lemmata.verify.claim import Claim


@dataclass(frozen=True)
class Solved:
    """A number that has no closed form: found from an equation that is derived.

    **Fields:**

    - `equation`: its derivation, or a function without arguments that returns it; in what symbols
      it likes.
    - `number`: a point of the domain in, the number that is found from the equation out.
    """

    equation: Any
    number: Callable[[Point], Any]


@dataclass(frozen=True)
class Prediction:
    """A formula in the domain's names, or (`expression` None) a function of a point.

    **Fields:**

    - `expression`: the SymPy expression, if there is one.
    - `function`: a point in, a number out, where there is no expression.
    - `derivation`: how the expression was derived, if it was, or the equation that the function
      solves.
    """

    expression: Any = None
    function: Callable[[Point], Any] | None = None
    derivation: Derivation | None = None

    def at(self, points: Sequence[Point]) -> np.ndarray:
        """Predicted values, shape `(n,)`, in float64; NaN where the formula is not real."""
        if self.expression is None:
            assert self.function is not None
            values = [real(self.function(point), "the predicted value") for point in points]
            return np.array([value.item() for value in values])
        from lemmata.verify.evaluation import alone, in_digits
        from lemmata.verify.program import Program, evaluate

        # With many digits, for float64 loses them where terms cancel: (1 - cos x)/x^2.
        values = in_digits(self.expression, points)
        for i in np.flatnonzero(np.isnan(values)):
            values[i] = alone(self.expression, points[int(i)])
        if np.any(np.isnan(values)):  # a function that SymPy cannot evaluate, or no real number
            plain = evaluate([Program.of(self.expression)], points)[0]
            values = np.where(np.isnan(values), plain, values)
        return values

    def exactly_at(self, point: Mapping[str, Any]) -> Any:
        """The exact value at a rational point."""
        if self.expression is None:
            assert self.function is not None
            return self.function(Point(point))
        from lemmata.verify.evaluation import by_symbol

        return self.expression.subs(by_symbol(self.expression, point))


def predict(claim: Claim) -> Prediction:
    """Resolve what a claim predicts.

    **Raises:** `Malformed` if it is no formula, or one with symbols outside the domain.
    """
    return _resolved(claim, claim.predicted, f"claim {claim.id!r} predicts")


def planted(claim: Claim) -> dict[str, Prediction]:
    """The wrong formulas that a claim brings, by what is wrong in them.

    **Raises:** `Malformed` as `predict` does.
    """
    return {
        name: _resolved(claim, formula, f"claim {claim.id!r}: the wrong formula {name!r} is")
        for name, formula in claim.wrong.items()
    }


def _resolved(claim: Claim, predicted: Any, head: str) -> Prediction:
    """The prediction that is meant; `head` begins the sentence of an error."""
    import sympy as sp

    from lemmata.theory.derivation import Derivation

    if isinstance(predicted, Solved):
        equation = predicted.equation
        derived = equation if isinstance(equation, Derivation) else equation()
        if not isinstance(derived, Derivation):
            raise Malformed(
                f"{head} what solves {derived!r} ({type(derived).__name__}); give the Derivation "
                "of the equation."
            )
        return Prediction(function=predicted.number, derivation=derived)
    if isinstance(predicted, Deferred) or (
        callable(predicted) and not takes_an_argument(predicted)
    ):
        predicted = predicted()
    if callable(predicted) and not isinstance(predicted, sp.Basic | Derivation):
        return Prediction(function=predicted)
    derivation = predicted if isinstance(predicted, Derivation) else None
    try:
        expression: Any = sp.sympify(derivation.statement if derivation else predicted)
    except sp.SympifyError:
        expression = None
    if not isinstance(expression, sp.Expr) or expression.is_Matrix:
        raise Malformed(
            f"{head} {predicted!r} ({type(predicted).__name__}); give a "
            "Derivation, a SymPy expression, a number, or a function of a point."
        )
    unknown = {str(symbol) for symbol in expression.free_symbols} - set(claim.domain.names)
    if unknown:
        raise Malformed(
            f"{head} {expression}, but {', '.join(sorted(unknown))} is not in "
            f"its domain ({', '.join(claim.domain.names) or 'no parameters'}); add the missing "
            "parameters or rename the symbols."
        )
    return Prediction(expression, derivation=derivation)


def takes_an_argument(function: Callable[..., Any]) -> bool:
    """Whether the function must be given something, such as a point, rather than called bare."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True
    return any(p.default is p.empty and p.kind is not p.VAR_KEYWORD for p in parameters)
