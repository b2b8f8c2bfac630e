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

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement

import sympy as sp

from lemmata.theory.complex_parts import real_imag
from lemmata.theory.delay_system import DelaySystem
from lemmata.theory.step import Step

omega = sp.Symbol("omega_0", positive=True)
_z, _w = sp.symbols("z_0 zbar_0")


@dataclass(frozen=True)
class NormalForm:
    """Real and imaginary part of c1, and the steps that lead to the real one."""

    real: sp.Expr
    imaginary: sp.Expr
    steps: tuple[Step, ...]


@lru_cache
def normal_form(
    system: DelaySystem, frequency: sp.Expr, parameter: sp.Symbol, onset: sp.Expr
) -> NormalForm:
    """Project a system on its critical modes where `parameter` = `onset`, with this frequency.

    **Arguments:** all in the parameters of the system, which are taken to be real.

    **Raises:** SymPy's NonInvertibleMatrixError where a second mode is critical, too.
    """
    at = {parameter: onset, omega: frequency}
    q, p, along = _critical_modes(system)
    bar_q = [_conjugate(one) for one in q]
    n = len(q)
    h20 = sp.symbols(f"h20_:{n}")
    h11 = sp.symbols(f"h11_:{n}")
    first = [(q, _z, 1), (bar_q, _w, -1)]
    second = [([one / 2 for one in h20], _z**2, 2), (list(h11), _z * _w, 0)]

    # With named derivatives instead of the rates themselves the result stays small.
    short, meaning = _expanded(system)
    steps, values = [], {}
    for name, k, unknown, by in (("z^2", 2, h20, (_z, _z)), ("z zbar", 0, h11, (_z, _w))):
        matrix = characteristic_matrix(system, k)
        orders = sp.Matrix([one.doit() for one in _orders(short, first, by)]).subs(meaning)
        solved = matrix.LUsolve(orders)
        values |= dict(zip(unknown, solved, strict=True))
        for left, right in zip(_orders(system, first, by), matrix * solved, strict=True):
            # A product that vanishes on both sides says nothing.
            if left.doit() != 0:
                because = f"order {name}: the rates' second derivative along the modes is Delta h"
                steps.append(Step(because, left.subs(at), right.subs(at)))
    unsolved, solved = (
        sum(a * b for a, b in zip(p, _orders(one, first + second, (_z, _z, _w)), strict=True))
        for one in (system, short)
    )
    parts = real_imag((solved.doit() / (2 * along)).subs(values))
    real, imaginary = (one.subs(meaning).subs(at) for one in parts)
    because = "order z^2 zbar, projected on the mode, can be solved with this c1 only"
    left = sp.re((unsolved / (2 * along)).subs(values).subs(at), evaluate=False)
    return NormalForm(real, imaginary, (*steps, Step(because, left, real)))


def _expanded(system: DelaySystem) -> tuple[DelaySystem, dict[sp.Symbol, sp.Expr]]:
    """The rates to third order with named coefficients, about zero, and what the names mean.

    A delay that depends on the state is left as it is, with its rates.
    """
    variables = [*system.state, *(one for group in system.delayed for one in group)]
    if any(lag.free_symbols & set(system.state) for lag in system.delays):
        return system, {}
    meaning: dict[sp.Symbol, sp.Expr] = {}
    rates = []
    for i, rate in enumerate(system.rate):
        polynomial = sp.Integer(0)
        for order in (1, 2, 3):
            for chosen in combinations_with_replacement(range(len(variables)), order):
                value = sp.simplify(system.at_rest(sp.diff(rate, *(variables[j] for j in chosen))))
                if value == 0:
                    continue
                name = sp.Symbol(f"D_{i}_" + "".join(map(str, chosen)), real=True)
                meaning[name] = value
                ways = sp.prod(sp.factorial(chosen.count(j)) for j in set(chosen))
                polynomial += name * sp.prod(variables[j] for j in chosen) / ways
        rates.append(polynomial)
    zero = (sp.Integer(0),) * len(rates)
    return DelaySystem(system.state, system.delayed, system.delays, tuple(rates), zero), meaning


def characteristic_matrix(system: DelaySystem, k: int | sp.Expr) -> sp.Matrix:
    r"""$\lambda - A_0 - \sum_i A_i e^{-\lambda \tau_i}$ at $\lambda = k i \omega$, (n, n)."""
    lam = k * sp.I * omega
    found = lam * sp.eye(len(system.state)) - _slopes(system, system.state)
    for group, lag in zip(system.delayed, system.delays, strict=True):
        found -= _slopes(system, group) * sp.exp(-lam * system.at_rest(lag))
    return found


def _slopes(system: DelaySystem, by: tuple[sp.Symbol, ...]) -> sp.Matrix:
    jacobian = sp.Matrix(system.rate).jacobian(by)
    return jacobian.applyfunc(lambda one: sp.simplify(system.at_rest(one)))


def _critical_modes(system: DelaySystem) -> tuple[list[sp.Expr], list[sp.Expr], sp.Expr]:
    """Right and left null vectors (first components 1) at i omega, and p Delta'(i omega) q."""
    n = len(system.state)
    matrix = characteristic_matrix(system, 1)
    lam = sp.I * omega
    slope = sp.eye(n)
    for group, lag in zip(system.delayed, system.delays, strict=True):
        rest = system.at_rest(lag)
        slope += rest * _slopes(system, group) * sp.exp(-lam * rest)
    if n == 1:
        q = p = [sp.Integer(1)]
    else:  # drop one equation: at i omega they depend on each other
        q = [sp.Integer(1), *matrix[:-1, 1:].LUsolve(-matrix[:-1, 0])]
        p = [sp.Integer(1), *matrix[1:, :-1].T.LUsolve(-matrix[0, :-1].T)]
    along = sum(p[i] * slope[i, j] * q[j] for i in range(n) for j in range(n))
    return q, p, along


def _orders(
    system: DelaySystem, modes: list[tuple[list[sp.Expr], sp.Expr, int]], by: tuple[sp.Symbol, ...]
) -> list[sp.Expr]:
    """The rates' derivatives at z = 0 along a sum of exponentials, to be computed; n of them."""

    def path(lag: sp.Expr) -> list[sp.Expr]:
        moved = list(system.equilibrium)
        for vector, factor, k in modes:
            fade = sp.exp(-k * sp.I * omega * lag)
            moved = [m + v * factor * fade for m, v in zip(moved, vector, strict=True)]
        return moved

    now = dict(zip(system.state, path(sp.Integer(0)), strict=True))
    values = dict(now)
    for group, lag in zip(system.delayed, system.delays, strict=True):
        values |= dict(zip(group, path(lag.subs(now)), strict=True))
    moved = [rate.subs(values, simultaneous=True) for rate in system.rate]
    # Only what is differentiated by is put to zero afterwards: SymPy takes two derivatives by
    # different symbols at one common point for the same thing.
    rest = tuple(dict.fromkeys(by))
    gone = {symbol: 0 for symbol in (_z, _w) if symbol not in rest}
    return [sp.Subs(sp.Derivative(m.subs(gone), *by), rest, (0,) * len(rest)) for m in moved]


def _conjugate(expression: sp.Expr) -> sp.Expr:
    """The conjugate of an expression in real symbols."""
    return sp.sympify(expression).xreplace({sp.I: -sp.I})
