"""What a Hopf point is, and what cannot be had in closed form."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import sympy as sp
from sympy.core.relational import Relational

from lemmata.theory.characteristic import root, slope
from lemmata.theory.delay_system import DelaySystem
from lemmata.theory.evaluation import NotFinite, Undecided, Unevaluable, compare_at
from lemmata.theory.hurwitz import hurwitz, positive
from lemmata.theory.sampling import Point, admissible_points, possible
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

    **Raises:** NoClosedForm where it is not, or no point is admissible.
    """
    symbols = {*expression.free_symbols, *extra}.union(*(one.free_symbols for one in where))
    points = admissible_points(symbols, where, 12, Random(0))
    if not points:
        shown = ", ".join(map(str, where))
        raise NoClosedForm(
            "no random point meets the conditions for a steady state that is stable without delay, "
            f"and for a pair of roots on the axis: {shown}; correct the signs of the parameters, "
            "or the system's `where`."
        )
    values = [complex(expression.subs(point).evalf(20)) for point in points]
    signs = {(v.real > 0) - (v.real < 0) if abs(v.imag) < 1e-12 * abs(v) else 0 for v in values}
    if signs not in ({1}, {-1}):
        raise NoClosedForm(
            f"{what}, {expression}, has no one sign for all parameters; narrow them by a condition "
            "in `where`."
        )
    return signs.pop()


def vanishes(expression: sp.Expr, where: tuple[Relational, ...]) -> bool:
    """Whether it is zero at random admissible points, to twenty digits."""
    if not expression.free_symbols:
        points: tuple[Point, ...] = ({},)
    else:
        symbols = {*expression.free_symbols}.union(*(one.free_symbols for one in where))
        points = admissible_points(symbols, where, 3, Random(0))
    try:
        found = [compare_at(expression, sp.Integer(0), point, 20).outcome for point in points]
    except (Unevaluable, NotFinite, Undecided):
        return False
    return found != [] and set(found) == {"equal"}


def solved_for(parameter: sp.Symbol, equation: sp.Expr, what: str) -> sp.Expr:
    """The one value of the parameter at which `equation` vanishes.

    **Raises:** NoClosedForm where SymPy finds none, or several.
    """
    try:
        found = sp.solve(equation, parameter)
    except NotImplementedError:
        found = []
    if len(found) != 1:
        none = "no positive one is found" if parameter.is_positive else "none is found"
        raise NoClosedForm(
            f"{what} is not solved for {parameter} by one closed form ({found or none}); "
            "choose another parameter, such as a delay."
        )
    return found[0]


def stable_without_delay(system: DelaySystem, polynomial: sp.Expr) -> tuple[Relational, ...]:
    """The conditions of Routh and Hurwitz on the characteristic polynomial in `root`.

    A branch of roots that crosses first makes a steady state unstable only if it was stable.

    **Raises:** NoClosedForm where they are false, whatever the parameters.
    """
    found = [positive(one, system.where) for one in hurwitz(polynomial, root)]
    kept = tuple(dict.fromkeys(one for one in found if one is not sp.true))
    if sp.false in kept or not _possible((*system.where, *kept), system.where):
        shown = sp.expand(polynomial)
        raise NoClosedForm(
            f"without delay the steady state is unstable already: {shown} has a root {root} that "
            "is not to the left of the imaginary axis, by the criterion of Routh and Hurwitz. So "
            "it cannot turn unstable as the delay grows, and no stable cycle need be born where a "
            "pair crosses; find its crossings numerically (lemmata.solvers)."
        )
    return kept


def within_reach(
    system: DelaySystem, parameter: sp.Symbol, value: sp.Expr, span: sp.Expr
) -> tuple[Relational, ...]:
    """The parameter may take the value, and no delay is negative there.

    `span` is the sum of delays that the value makes positive, zero if there is none.

    **Raises:** NoClosedForm where that is false.
    """
    wanted = []
    share = sp.cancel(span / parameter)
    if not share.is_positive or parameter in share.free_symbols:
        if parameter.is_positive:
            wanted.append((positive(value, system.where), f"{parameter} is declared positive"))
        elif parameter.is_negative:
            wanted.append((positive(-value, system.where), f"{parameter} is declared negative"))
    lags = (system.at_rest(one) for one in system.delays)
    unsure = (lag for lag in lags if lag != span and not lag.is_nonnegative)
    wanted += [(sp.Ge(lag.subs(parameter, value), 0), f"{lag} is a delay") for lag in unsure]
    for condition, why in wanted:
        if condition is sp.false:
            raise NoClosedForm(
                f"a pair of roots would be on the axis at {parameter} = {value} only, but {why}."
            )
    return tuple(one for one, _ in wanted if one is not sp.true)


def checked(point: Onset) -> Onset:
    """The onset, with the system's own conditions at the crossing.

    **Raises:** NoClosedForm where all conditions together are met nowhere.
    """
    system, mu = point.system, point.parameter
    moved = [one.subs(mu, point.value) for one in system.where if mu in one.free_symbols]
    others = [one for one in system.where if mu not in one.free_symbols]
    conditions = tuple(one for one in (*moved, *point.conditions) if one is not sp.true)
    # Those on symbols of the derivation alone can always be met.
    own = [one for one in (*others, *conditions) if one.free_symbols <= {*system.parameters}]
    if sp.false in own or not _possible(own, system.where):
        shown = ", ".join(map(str, own))
        raise NoClosedForm(
            f"no pair of roots makes the steady state unstable at {mu} = {point.value}: the "
            f"conditions for it, {shown}, are met at no random point; correct the signs of the "
            "parameters, or the system's `where`."
        )
    return replace(point, conditions=conditions)


def _possible(conditions: Sequence[Relational], where: tuple[Relational, ...]) -> bool:
    """Whether they can be met, as far as `where` alone can be."""
    return possible(conditions) or not possible(where)
