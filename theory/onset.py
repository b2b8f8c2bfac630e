"""What a Hopf point is, and what cannot be had in closed form."""

from dataclasses import dataclass

import sympy as sp
from sympy.core.relational import Relational

from lemmata.theory.characteristic import slope
from lemmata.theory.delay_system import DelaySystem
from lemmata.theory.sampling import admissible_points
from lemmata.theory.step import Step


class NoClosedForm(ValueError):
    """The Hopf point has no closed form among those known here."""


@dataclass(frozen=True)
class Onset:
    r"""Where a pair $\pm i \omega$ of roots crosses the imaginary axis.

    **Fields:**

    - `system`, and `parameter`: the one that is turned.
    - `value`: where it stands at the crossing; `frequency`: omega there. Both in the others.
    - `turns`: $e^{-i \\omega \\tau_i}$ there, one for each delay.
    - `steps`: that this is so; `locates` and `turning` conclude with the value and the frequency.
    - `conditions`: for which parameters.
    - `velocity`: real and imaginary part of the root's derivative, where they have a short form.
    """

    system: DelaySystem
    parameter: sp.Symbol
    value: sp.Expr
    frequency: sp.Expr
    turns: tuple[sp.Expr, ...]
    steps: tuple[Step, ...]
    locates: Step
    turning: Step
    conditions: tuple[Relational, ...] = ()
    velocity: tuple[sp.Expr, sp.Expr] | None = None


def rest_steps(system: DelaySystem) -> tuple[Step, ...]:
    """The rates vanish at the equilibrium."""
    resting = system.resting()
    return tuple(
        Step(
            "the rate vanishes at the steady state",
            sp.Subs(rate, tuple(resting), tuple(resting.values())),
            sp.Integer(0),
        )
        for rate in system.rate
    )


def slope_steps(system: DelaySystem, matrices: tuple[sp.Matrix, ...]) -> tuple[Step, ...]:
    """The entries of the linearisation's matrices, those that are not zero for want of a symbol."""
    steps = []
    for group, matrix in zip((system.state, *system.delayed), matrices, strict=True):
        for i, rate in enumerate(system.rate):
            for j, symbol in enumerate(group):
                if symbol in rate.free_symbols:
                    because = f"linearised: the derivative of rate {i + 1} by {symbol}"
                    steps.append(Step(because, slope(system, i, symbol), matrix[i, j]))
    return tuple(steps)


def sign(
    expression: sp.Expr, where: tuple[Relational, ...], what: str, extra: tuple[sp.Symbol, ...] = ()
) -> int:
    """Its sign at random admissible points; it must be one and the same.

    **Raises:** NoClosedForm where it is not.
    """
    import random

    symbols = {*expression.free_symbols, *extra}.union(*(one.free_symbols for one in where))
    points = admissible_points(symbols, where, 12, random.Random(0))
    values = [complex(expression.subs(point).evalf(20)) for point in points]
    signs = {(v.real > 0) - (v.real < 0) if abs(v.imag) < 1e-12 * abs(v) else 0 for v in values}
    if signs not in ({1}, {-1}):
        raise NoClosedForm(
            f"{what}, {expression}, has no one sign for all parameters; narrow them by a condition "
            "in `where`."
        )
    return signs.pop()


def solved_for(parameter: sp.Symbol, equation: sp.Expr, what: str) -> sp.Expr:
    """The one value of the parameter at which `equation` vanishes.

    **Raises:** NoClosedForm where SymPy finds none, or several.
    """
    try:
        found = sp.solve(equation, parameter)
    except NotImplementedError:
        found = []
    if len(found) != 1:
        raise NoClosedForm(
            f"{what} is not solved for {parameter} by one closed form ({found or 'none found'}); "
            "choose another parameter, such as a delay."
        )
    return found[0]
