"""One step of a derivation: two expressions, how they compare, and why."""

from dataclasses import dataclass
from typing import Literal

import sympy as sp

Relation = Literal["=", ">", "<"]


@dataclass(frozen=True)
class Step:
    r"""The assertion `left relation right`, with its reason in words.

    The two sides are kept apart, for `sp.Eq` may turn into true or false as it is made. Write
    what is computed unevaluated (`sp.Derivative`, `sp.Subs`, `sp.re(..., evaluate=False)`): the
    step then shows the computation, and replaying it does the work.

    >>> x = sp.Symbol("x")
    >>> step = Step("the rule for powers", sp.Derivative(x**3, x), 3 * x**2)
    >>> step.relation
    '='
    """

    because: str
    left: sp.Expr
    right: sp.Expr
    relation: Relation = "="

    def __post_init__(self) -> None:
        if not isinstance(self.because, str) or not self.because.strip():
            raise ValueError(
                f"a step needs its reason in words, got because={self.because!r}; "
                "say which rule leads from the left side to the right one."
            )
        if self.relation not in ("=", ">", "<"):
            raise ValueError(
                f"step {self.because!r}: relation={self.relation!r} is not one of '=', '>', '<'; "
                "write any other relation as one of these."
            )
        # Plain integers are welcome as sides.
        object.__setattr__(self, "left", exact_expression(self.left, self._place("left")))
        object.__setattr__(self, "right", exact_expression(self.right, self._place("right")))
        if self.left == self.right:
            raise ValueError(
                f"step {self.because!r} says nothing: both sides are {self.left} already; "
                "keep the side that is computed unevaluated (sp.Derivative, sp.Subs, "
                "evaluate=False), or drop the step."
            )

    def _place(self, side: str) -> str:
        return f"step {self.because!r}, {side} side"


def exact_expression(value: object, place: str) -> sp.Expr:
    """`value` as a SymPy expression that is exact and finite, or an error that names `place`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return sp.Integer(value)
    if not isinstance(value, sp.Expr):
        raise TypeError(
            f"{place}: {value!r} is a {type(value).__name__}, not a SymPy expression; "
            "a relation such as sp.Eq(l, r) is given as its two sides."
        )
    expression: sp.Expr = value
    floats = expression.atoms(sp.Float)
    if floats:
        shown = sorted(str(number) for number in floats)[0]
        raise ValueError(
            f"{place}: {shown} is a floating-point number, and a derivation is exact; "
            "write sp.Rational (or divide SymPy integers)."
        )
    if expression.has(sp.nan, sp.zoo):
        raise ValueError(
            f"{place}: {expression} is not a number; "
            "look for a division by zero in what made this expression."
        )
    return expression
