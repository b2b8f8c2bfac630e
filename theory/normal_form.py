r"""The first Lyapunov coefficient of a delay system, by projection on its critical modes.

$$x(t + s) = x^* + z q e^{i \omega s} + \bar z \bar q e^{-i \omega s}
+ \tfrac12 h_{20} z^2 e^{2 i \omega s} + h_{11} |z|^2 + \tfrac12 \bar h_{20} \bar z^2 e^{-2 i
\omega s} + \dots, \qquad z' = i \omega z + c_1 z^2 \bar z$$

put into the equation: orders $z^2$ and $z \bar z$ give $h_{20}$ and $h_{11}$, and order $z^2 \bar
z$ can be solved only with the right $c_1$. Delays that depend on the state need no more than this,
for every function here is an exponential and can be looked up anywhere. q has unit first
component. Source: Kuznetsov, Elements of Applied Bifurcation Theory (2004), section 3.5;
Diekmann et al., Delay Equations (1995), chapter X.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement

import sympy as sp

from lemmata.theory.characteristic import (
    characteristic_matrix,
    exponentials,
    fades,
    linearisation,
    omega,
    tidy,
)
from lemmata.theory.complex_parts import real_imag, replaced
from lemmata.theory.critical_modes import Values, null_vectors, short_values, solve
from lemmata.theory.delay_system import DelaySystem
from lemmata.theory.onset import NoClosedForm, Onset
from lemmata.theory.step import Step

_z, _w = sp.symbols("z_0 zbar_0")
_unit = sp.Dummy("i")
# What is not smooth everywhere.
_EDGED = (sp.Abs, sp.sign, sp.Max, sp.Min, sp.floor, sp.ceiling, sp.Heaviside, sp.Piecewise)
# A mode: its vector, the power of z that it goes with, and its multiple of omega.
_Mode = tuple[Sequence[sp.Expr], sp.Expr, int]


@dataclass(frozen=True)
class NormalForm:
    """Real and imaginary part of c1, and the steps that lead to it.

    `unworked` is c1 with the rates' derivatives still to be computed.
    """

    real: sp.Expr
    imaginary: sp.Expr
    unworked: sp.Expr
    steps: tuple[Step, ...]

    def projected(self, part: type[sp.re] | type[sp.im]) -> Step:
        """The step that concludes with the real or the imaginary part of c1."""
        because = "order z^2 zbar, projected on the mode, can be solved with this c1 only"
        found = self.real if part is sp.re else self.imaginary
        return Step(because, part(self.unworked, evaluate=False), found)


def _check_smooth(system: DelaySystem) -> None:
    """Refuse cases and absolute values whose edge is at the steady state, or may be there."""
    states = {*system.state, *(one for group in system.delayed for one in group)}
    for rate in system.rate:
        for node in rate.atoms(*_EDGED):
            inside = system.at_rest(node.args[0]) if isinstance(node, (sp.Abs, sp.sign)) else None
            if node.free_symbols & states and (inside is None or inside.is_nonzero is not True):
                raise NoClosedForm(
                    f"{node} may have no derivatives at the steady state, and the coefficient is "
                    "made of the third."
                )


@lru_cache
def normal_form(onset: Onset) -> NormalForm:
    """Project a system on its critical modes at a Hopf point.

    **Raises:** NoClosedForm where another root is critical, too, where the first state takes no
    part in the mode, and where a rate has no third derivative at the steady state.
    """
    system = onset.system
    _check_smooth(system)
    # With names for derivatives instead of the rates themselves the result stays small.
    short, meaning = _expanded(system)
    values = dict(zip(fades(system), onset.turns, strict=True))
    at = {omega: onset.frequency}, {onset.parameter: onset.value}

    def in_parameters(expression: sp.Expr) -> sp.Expr:
        named = expression.xreplace(values)
        return there(named.xreplace(meaning))

    def there(expression: sp.Expr) -> sp.Expr:
        return expression.subs(at[0]).subs(at[1])

    names = {name: there(value) for name, value in (*values.items(), *meaning.items())}
    known = names | {omega: there(omega)} | at[1]
    numbers = short_values(onset, known)
    q, p, along = _critical_modes(short, numbers)
    first: list[_Mode] = [(q, _z, 1), (_conjugate(q, short), _w, -1)]
    n = len(q)
    h20, h11 = sp.symbols(f"h20_:{n}"), sp.symbols(f"h11_:{n}")
    second: list[_Mode] = [([one / 2 for one in h20], _z**2, 2), (h11, _z * _w, 0)]
    steps: list[Step] = []
    solved: dict[sp.Symbol, sp.Expr] = {}
    for name, k, unknown, by in (("z^2", 2, h20, (_z, _z)), ("z zbar", 0, h11, (_z, _w))):
        decays = tuple(y**k for y in fades(short))
        matrix = characteristic_matrix(short, k * sp.I * omega, decays)
        orders = [one.doit() for one in _orders(short, first, by, turned=True)]
        found = solve(matrix, sp.Matrix(orders), numbers)
        solved |= dict(zip(unknown, (_short(one) for one in found), strict=True))
        long = [_plain(mode, onset, meaning) for mode in first]
        for i, left in enumerate(_orders(system, long, by, turned=False)):
            if orders[i] != 0:  # what vanishes on both sides says nothing
                right = sum(matrix[i, j] * found[j] for j in range(n))
                because = f"order {name}: the rates' second derivative along the modes is Delta h"
                steps.append(Step(because, there(left), in_parameters(right)))
    modes, cubic = first + second, (_z, _z, _w)
    short_orders = [one.doit() for one in _orders(short, modes, cubic, turned=True)]
    # Collected, so that the coefficients of second order, which are long, stand there once.
    numerator = sum(a * b for a, b in zip(p, short_orders, strict=True))
    ratio = sp.collect(sp.expand(numerator), (*h20, *h11)) / (2 * along)
    # In the short names, for SymPy would take long to find the parts of what they stand for.
    parts = real_imag(ratio.xreplace(solved).xreplace(values))
    # At once if omega is a number: SymPy would sort out products of roots with the symbol for it.
    for rule in (meaning, *at) if onset.frequency.free_symbols else (known,):
        parts = tuple(replaced(one, rule) for one in parts)
    real, imaginary = parts
    long = [_plain(mode, onset, meaning) for mode in modes]
    orders = _orders(system, long, cubic, turned=False)
    terms = [in_parameters(a) * there(b) for a, b in zip(p, orders, strict=True) if b != 0]
    left = sp.Add(*terms)
    # The second order by its symbols, whose values are known from the steps above.
    unworked = left / in_parameters(2 * along)
    second_order = {h: in_parameters(e) for h, e in solved.items() if h in left.free_symbols}
    if second_order:
        unworked = sp.Subs(unworked, tuple(second_order), tuple(second_order.values()))
    return NormalForm(real, imaginary, unworked, tuple(steps))


def _plain(mode: _Mode, onset: Onset, meaning: dict[sp.Symbol, sp.Expr]) -> _Mode:
    """A mode in the parameters, written independently of how the turns are known."""
    vector, power, k = mode
    there = exponentials(onset.system, sp.I * omega)
    return [one.xreplace(there).xreplace(meaning) for one in vector], power, k


def _short(expression: sp.Expr) -> sp.Expr:
    """The shorter of an expression and its factors, tried where that is quick."""
    if sp.count_ops(expression) > 30:
        return expression
    # Over the Gaussian rationals SymPy would take minutes: i is one more symbol here.
    named = expression.xreplace({sp.I: _unit})
    return min(expression, sp.factor(named).xreplace({_unit: sp.I}), key=sp.count_ops)


def _expanded(system: DelaySystem) -> tuple[DelaySystem, dict[sp.Symbol, sp.Expr]]:
    """Rates to third order and delays to second, with names as coefficients, about zero.

    The delays at rest stay as they are. Also returned is what the names mean.
    """
    variables = [*system.state, *(one for group in system.delayed for one in group)]
    meaning: dict[sp.Symbol, sp.Expr] = {}

    def polynomial(expression: sp.Expr, name: str, top: int, among: int) -> sp.Expr:
        total = sp.Integer(0)
        for order in range(1, top + 1):
            for chosen in combinations_with_replacement(range(among), order):
                by = [variables[j] for j in chosen]
                value = tidy(system, sp.diff(expression, *by))
                if value == 0:
                    continue
                # A dummy, for a parameter of the equation may have this very name.
                symbol = sp.Dummy(f"{name}_" + "_".join(map(str, chosen)), real=True)
                meaning[symbol] = value
                ways = sp.prod(sp.factorial(chosen.count(j)) for j in set(chosen))
                total += symbol * sp.prod(by) / ways
        return total

    n = len(system.state)
    rates = [polynomial(one, f"D{i}", 3, len(variables)) for i, one in enumerate(system.rate)]
    lags = [
        system.at_rest(lag) + polynomial(lag, f"L{i}", 2, n) for i, lag in enumerate(system.delays)
    ]
    zero = (sp.Integer(0),) * n
    return DelaySystem(system.state, system.delayed, tuple(lags), tuple(rates), zero), meaning


def _critical_modes(
    system: DelaySystem, values: Sequence[Values]
) -> tuple[list[sp.Expr], list[sp.Expr], sp.Expr]:
    """Right and left null vectors (of the right the first component 1), and p Delta' q."""
    n = len(system.state)
    turns = fades(system)
    matrix = characteristic_matrix(system, sp.I * omega, turns)
    steep = sp.eye(n)
    for lag, turn, lagged in zip(system.delays, turns, linearisation(system)[1:], strict=True):
        steep += system.at_rest(lag) * turn * lagged
    q, p = null_vectors(matrix, system.state, values)
    along = sum(p[i] * steep[i, j] * q[j] for i in range(n) for j in range(n))
    return [_short(one) for one in q], [_short(one) for one in p], _short(along)


def _orders(
    system: DelaySystem, modes: Sequence[_Mode], by: tuple[sp.Symbol, ...], *, turned: bool
) -> list[sp.Expr]:
    """The rates' derivatives at z = 0 along a sum of exponentials, to be computed; n of them.

    `turned`: with the symbols of `fades` for the exponentials at the delays at rest.
    """

    def path(lag: sp.Expr, turn: sp.Expr | None) -> list[sp.Expr]:
        moved = list(system.equilibrium)
        for vector, factor, k in modes:
            fade = sp.exp(-k * sp.I * omega * lag)
            if turn is not None:
                fade = turn**k * sp.exp(-k * sp.I * omega * (lag - system.at_rest(lag)).subs(now))
            moved = [m + v * factor * fade for m, v in zip(moved, vector, strict=True)]
        return moved

    now: dict[sp.Symbol, sp.Expr] = {}
    now = dict(zip(system.state, path(sp.Integer(0), None), strict=True))
    values = dict(now)
    for group, lag, turn in zip(system.delayed, system.delays, fades(system), strict=True):
        there = path(lag, turn) if turned else path(lag.subs(now), None)
        values |= dict(zip(group, there, strict=True))
    moved = [rate.subs(values, simultaneous=True) for rate in system.rate]
    # Only what is differentiated by is put to zero afterwards: SymPy takes two derivatives by
    # different symbols at one common point for the same thing.
    rest = tuple(dict.fromkeys(by))
    gone = {symbol: 0 for symbol in (_z, _w) if symbol not in rest}
    return [sp.Subs(sp.Derivative(m.subs(gone), *by), rest, (0,) * len(rest)) for m in moved]


def _conjugate(vector: Sequence[sp.Expr], system: DelaySystem) -> list[sp.Expr]:
    """The conjugates of expressions in real symbols and symbols of modulus one."""
    there = {sp.I: -sp.I} | {y: 1 / y for y in fades(system)}
    return [sp.sympify(one).xreplace(there) for one in vector]
