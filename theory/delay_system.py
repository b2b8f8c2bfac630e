"""What a system of delay equations is: states, delayed states, delays, rates, a steady state."""

from __future__ import annotations

import ast
import math
import re
from dataclasses import dataclass
from numbers import Real
from random import Random
from typing import TypeVar

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from lemmata.theory.sampling import admissible_points

#: names that derivations give to symbols of their own
TAKEN = re.compile(
    r"(lambda|omega|z|zbar|Z|mu|tau|t|theta|W|g|G|C)_0|F_[12]|(Y|excess|h20|h11)_[0-9_]+"
)

_Exact = TypeVar("_Exact", bound=sp.Basic)


@dataclass(frozen=True)
class DelaySystem:
    r"""$x'(t) = F(x(t), x(t - \tau_1), \dots)$ near a steady state.

    **Arguments:**

    - `state`: the symbols of x, n of them.
    - `delayed`: for each delay the n symbols of x at that earlier time.
    - `delays`: expressions in the parameters, and (delays that depend on the state) in `state`.
    - `rate`: the n components of F, in `state`, `delayed` and the parameters.
    - `equilibrium`: the n components of a steady state, in the parameters.
    - `where`: conditions under which that steady state is meant.

    Floating-point numbers count as the decimals that they are written as: 0.1 is 1/10.

    **Raises:** TypeError on what is no tuple of SymPy expressions, ValueError where the counts
    differ, a symbol is used twice, the equilibrium contains a state, or the rates do not vanish
    there at a random admissible point.

    >>> x, y, tau = sp.symbols("x y tau", positive=True)
    >>> hutchinson = DelaySystem((x,), ((y,),), (tau,), (x * (1 - y),), (sp.Integer(1),))
    >>> hutchinson.parameters
    (tau,)
    """

    state: tuple[sp.Symbol, ...]
    delayed: tuple[tuple[sp.Symbol, ...], ...]
    delays: tuple[sp.Expr, ...]
    rate: tuple[sp.Expr, ...]
    equilibrium: tuple[sp.Expr, ...]
    where: tuple[Relational, ...] = ()

    def __post_init__(self) -> None:
        for name in ("state", "delayed", "delays", "rate", "equilibrium", "where"):
            if not isinstance(getattr(self, name), tuple):
                raise TypeError(
                    f"{name}={getattr(self, name)!r} is not a tuple; a system is a value, write "
                    "(item,) for a single item."
                )
        for name in ("delays", "rate", "equilibrium"):
            for value in getattr(self, name):
                if not isinstance(value, sp.Expr):
                    raise TypeError(f"{name}: {value!r} is no SymPy expression; sympify it.")
        for name in ("delays", "rate", "equilibrium", "where"):
            object.__setattr__(self, name, tuple(map(_exact, getattr(self, name))))
        n = len(self.state)
        symbols = [*self.state, *(one for group in self.delayed for one in group)]
        if not n or len(self.rate) != n or len(self.equilibrium) != n:
            raise ValueError(
                f"{n} states, {len(self.rate)} rates and {len(self.equilibrium)} components of "
                "the equilibrium; give as many of each, and at least one."
            )
        if any(len(group) != n for group in self.delayed) or len(self.delayed) != len(self.delays):
            raise ValueError(
                f"{len(self.delays)} delays, and delayed states {self.delayed}; give for each "
                f"delay a tuple of {n} symbols."
            )
        taken = sorted(s.name for s in (*symbols, *self.parameters) if TAKEN.fullmatch(s.name))
        if taken:
            raise ValueError(f"the name {taken[0]} is taken by derivations; rename the symbol.")
        if len({str(symbol) for symbol in symbols}) < len(symbols):
            raise ValueError(f"the names of {symbols} are not all different; rename one.")
        unknown = sorted(
            str(s)
            for expression in (*self.equilibrium, *self.delays)
            for s in expression.free_symbols & {one for group in self.delayed for one in group}
        )
        if unknown:
            raise ValueError(f"{unknown[0]} stands in a delay or the equilibrium; solve for it.")
        within = sorted(
            str(s) for one in self.equilibrium for s in one.free_symbols & {*self.state}
        )
        if within:
            raise ValueError(
                f"the state {within[0]} stands in the equilibrium {self.equilibrium}; give its "
                "value there, in the parameters."
            )
        self._check_rest()

    def _check_rest(self) -> None:
        """Refuse a steady state at which a rate plainly does not vanish."""
        for i, rate in enumerate(self.rate):
            left = self.at_rest(rate)
            if left == 0:
                continue
            for point in admissible_points(self.parameters, self.where, 3, Random(0)):
                terms = [abs(complex(one.subs(point).evalf(30))) for one in sp.Add.make_args(left)]
                value = complex(left.subs(point).evalf(30))
                if abs(value) > 1e-9 * max(1.0, *terms):
                    shown = ", ".join(f"{s} = {v}" for s, v in point.items())
                    raise ValueError(
                        f"rate {i + 1}, {rate}, does not vanish at the equilibrium "
                        f"{self.equilibrium}: it is {value.real:.6g} at {shown}; correct the "
                        "equilibrium, or add the condition under which it is one to `where`."
                    )

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """Every symbol that is no state, sorted by name."""
        every = set().union(*(one.free_symbols for one in (*self.rate, *self.delays)))
        every |= set().union(*(one.free_symbols for one in self.equilibrium))
        states = {*self.state, *(one for group in self.delayed for one in group)}
        return tuple(sorted(every - states, key=str))

    def at_rest(self, expression: sp.Expr) -> sp.Expr:
        """An expression with all states, past and present, at the equilibrium."""
        return expression.subs(self.resting(), simultaneous=True)

    def resting(self) -> dict[sp.Symbol, sp.Expr]:
        """The value of every state, past and present, at the equilibrium."""
        groups = (self.state, *self.delayed)
        return {s: v for group in groups for s, v in zip(group, self.equilibrium, strict=True)}


def scalar(
    rate: sp.Expr | str,
    *,
    state: str = "x",
    delayed: str = "x_tau",
    delay: str = "tau",
    equilibrium: sp.Expr | str | Real | None = None,
    where: tuple[Relational, ...] = (),
) -> DelaySystem:
    """One equation x'(t) = rate with one constant delay, as a `DelaySystem`.

    **Arguments:** the rate, as text or in SymPy symbols, and what its symbols are called; in text
    the states are real, and every other name stands for a positive number, but those of Python's
    mathematics (`exp`, `pi`). The equilibrium, if it is not given, is the one positive solution
    that SymPy finds, or zero where that is one and no other is positive.

    **Raises:** ValueError on a text that is no expression, on names that do not occur or are not
    three, and where SymPy finds no or several equilibria; then give `equilibrium`.
    """
    names = {"state": state, "delayed": delayed, "delay": delay}
    for role, name in names.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(f"{role}={name!r} is no name; give one such as 'x_tau'.")
        same = [one for one, other in names.items() if other == name and one != role]
        if same:
            raise ValueError(f"{role}={name!r} and {same[0]}={name!r} are one name; give two.")
    states = {name: sp.Symbol(name, real=True) for name in (state, delayed)}
    expression = parsed(rate, "rate", states)
    known = {str(symbol): symbol for symbol in expression.free_symbols}
    for role, name in (("state", state), ("delayed", delayed)):
        if role == "delayed" and name not in known:
            raise ValueError(
                f"delayed={name!r} does not occur in the rate {expression}; the symbols in it are "
                f"{', '.join(sorted(known))}."
            )
    x, y = (known.get(name, symbol) for name, symbol in states.items())
    tau = known.get(delay, sp.Symbol(delay, positive=True))
    if equilibrium is None:
        rest = _solved(expression.subs(y, x), x)
    else:
        rest = parsed(equilibrium, "equilibrium", known)
    return DelaySystem((x,), ((y,),), (tau,), (expression,), (rest,), tuple(where))


def parsed(
    text: sp.Expr | str | Real, role: str, known: dict[str, sp.Symbol] | None = None
) -> sp.Expr:
    """An expression from text, whose unknown names are positive symbols, or from a number.

    **Raises:** ValueError on a text that is no expression, and on a number that is not finite.
    """
    if isinstance(text, sp.Expr):
        return _exact(text)
    if isinstance(text, Real) and not isinstance(text, bool):
        if not math.isfinite(text):
            raise ValueError(f"{role}={text!r} is not finite; give a number or an expression.")
        return sp.Rational(str(text))
    if not isinstance(text, str):
        raise ValueError(f"{role}={text!r} is neither text nor a SymPy expression.")
    try:
        tree = list(ast.walk(ast.parse(text, mode="eval")))
        called = {
            c.func.id for c in tree if isinstance(c, ast.Call) and isinstance(c.func, ast.Name)
        }
        names = {one.id for one in tree if isinstance(one, ast.Name)} - called - {"pi"}
        symbols = {name: sp.Symbol(name, positive=True) for name in names} | (known or {})
        guess = sp.sympify(text, locals=symbols, rational=True)
    except (sp.SympifyError, SyntaxError, TypeError, AttributeError) as problem:
        raise ValueError(f"{role}={text!r} is no expression ({problem}).") from None
    if not isinstance(guess, sp.Expr) or isinstance(guess, AppliedUndef):
        raise ValueError(f"{role}={text!r} is {type(guess).__name__}, no expression.")
    unknown = guess.atoms(AppliedUndef)
    if unknown:
        raise ValueError(f"{role}={text!r} calls {unknown.pop().func}, which SymPy does not know.")
    return guess


def _exact(expression: _Exact) -> _Exact:
    """With the decimals that floating-point numbers are written as."""
    floats = expression.atoms(sp.Float)
    return expression.xreplace({one: sp.nsimplify(one, rational=True) for one in floats})


def _solved(at_rest: sp.Expr, x: sp.Symbol) -> sp.Expr:
    positive = sp.Dummy(x.name, positive=True)
    try:
        found = sp.solve(at_rest.subs(x, positive), positive)
    except NotImplementedError:
        found = []
    if not found and at_rest.subs(x, 0) == 0:
        return sp.Integer(0)
    if len(found) != 1:
        what = f"several equilibria: {found}" if found else f"no equilibrium of {at_rest} = 0"
        raise ValueError(
            f"SymPy finds {what}; give the one that is meant as equilibrium=…. Where it has no "
            "formula, make it a parameter, and express another parameter through it."
        )
    return found[0]
