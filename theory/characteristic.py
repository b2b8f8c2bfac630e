r"""The linearised delay system and its characteristic function.

$$u'(t) = A_0 u(t) + \sum_i A_i u(t - \tau_i), \qquad
\chi(\lambda) = \det\Big(\lambda - A_0 - \sum_i A_i e^{-\lambda \tau_i}\Big)$$

A delay that depends on the state counts with its value at rest: the linearisation sees no more of
it. Source: Hale and Verduyn Lunel, Introduction to Functional Differential Equations (1993);
Hartung, Krisztin, Walther and Wu (2006) for delays that depend on the state.
"""

from functools import lru_cache
from typing import NamedTuple

import sympy as sp

from lemmata.theory.delay_system import DelaySystem

# Names that no equation is likely to use for its own parameters: they would clash.
root = sp.Symbol("lambda_0")
omega = sp.Symbol("omega_0", positive=True)


def fades(system: DelaySystem) -> tuple[sp.Symbol, ...]:
    r"""Symbols that stand for $e^{-\lambda \tau_i}$, one for each delay."""
    return tuple(sp.Symbol(f"Y_{i}") for i in range(len(system.delays)))


def exponentials(system: DelaySystem, at: sp.Expr = root) -> dict[sp.Symbol, sp.Expr]:
    r"""What these symbols mean: $e^{-\lambda \tau_i}$ with the delays at rest."""
    lags = (system.at_rest(lag) for lag in system.delays)
    return {y: sp.exp(-at * lag) for y, lag in zip(fades(system), lags, strict=True)}


@lru_cache
def linearisation(system: DelaySystem) -> tuple[sp.ImmutableMatrix, ...]:
    r"""$A_0, A_1, \dots$ at the equilibrium, (n, n) each, simplified."""
    rates = sp.Matrix(system.rate)
    found = []
    for group in (system.state, *system.delayed):
        slopes = rates.jacobian(group).applyfunc(lambda one: tidy(system, one))
        found.append(sp.ImmutableMatrix(slopes))
    return tuple(found)


class Lagged(NamedTuple):
    """The linear terms of one delay: its value at rest, their matrix, and which delays they are."""

    lag: sp.Expr
    matrix: sp.ImmutableMatrix
    among: tuple[int, ...]


@lru_cache
def by_delay(system: DelaySystem) -> tuple[Lagged, ...]:
    """The linearisation's terms, those of equal delays added; first the present ones, of delay 0.

    Delays that do not enter it are left out, and a delay that is zero at rest is the present.
    """
    here, *lagged = linearisation(system)
    found = [Lagged(sp.Integer(0), here, ())]
    for i, (lag, matrix) in enumerate(zip(system.delays, lagged, strict=True)):
        if matrix.is_zero_matrix:
            continue
        rest = system.at_rest(lag)
        same = next((j for j, one in enumerate(found) if sp.simplify(one.lag - rest) == 0), None)
        if same is None:
            found.append(Lagged(rest, matrix, (i,)))
        else:
            lag_before, before, among = found[same]
            total = sp.ImmutableMatrix((before + matrix).applyfunc(sp.simplify))
            found[same] = Lagged(lag_before, total, (*among, i))
    present, *later = found
    return present, *(one for one in later if not one.matrix.is_zero_matrix)


def characteristic_matrix(
    system: DelaySystem, at: sp.Expr, decays: tuple[sp.Expr, ...]
) -> sp.Matrix:
    r"""$\lambda - A_0 - \sum_i A_i e_i$, where `decays` gives the $e_i = e^{-\lambda \tau_i}$."""
    here, *lagged = linearisation(system)
    found = at * sp.eye(len(system.state)) - here
    for matrix, decay in zip(lagged, decays, strict=True):
        found -= matrix * decay
    return found


@lru_cache
def characteristic_function(system: DelaySystem) -> sp.Expr:
    r"""$\chi$, a polynomial in `root` and the symbols of `fades`."""
    matrix = characteristic_matrix(system, root, fades(system))
    determinant = matrix.det(method="berkowitz")
    return sp.collect(sp.expand(determinant), (*fades(system), root), sp.factor)


def tidy(system: DelaySystem, expression: sp.Expr) -> sp.Expr:
    """An expression at rest, simplified under the system's conditions.

    A condition a < b between a symbol and an expression is used as b = a + (a positive number):
    SymPy's own assumptions are about single symbols, and powers need to know their base's sign.
    """
    expression = sp.simplify(system.at_rest(expression))
    there: dict[sp.Expr, sp.Expr] = {}
    back: dict[sp.Expr, sp.Expr] = {}
    for i, condition in enumerate(system.where):
        if not isinstance(condition, (sp.Gt, sp.Ge, sp.Lt, sp.Le)):
            continue
        larger, smaller = condition.gts, condition.lts
        if isinstance(larger, sp.Symbol) and not {larger} & {*there, *smaller.free_symbols}:
            excess = sp.Symbol(f"excess_{i}", positive=True)
            there[larger], back[excess] = smaller + excess, larger - smaller
    if not there or all(power.exp.is_Number for power in expression.atoms(sp.Pow)):
        return min(expression, factored(expression), key=sp.count_ops)
    return factored(sp.simplify(expression.subs(there)).subs(back))


def factored(expression: sp.Expr) -> sp.Expr:
    """The factors of an expression, its logarithms left whole."""
    whole = {one: sp.Dummy() for one in expression.atoms(sp.log)}
    back = {dummy: one for one, dummy in whole.items()}
    return sp.factor(expression.subs(whole)).xreplace(back)


def slope(system: DelaySystem, i: int, symbol: sp.Symbol) -> sp.Expr:
    """The derivative at rest of a rate by one state, past or present, still to be computed.

    The other states are put to rest first: SymPy takes two derivatives by different symbols at
    one common point for the same thing.
    """
    rest = system.resting()
    here = rest.pop(symbol)
    return sp.Subs(sp.Derivative(system.rate[i].subs(rest), symbol), symbol, here)
