"""How far from 0 the zeros of a quasi-polynomial can lie, to the right of a line.

A quasi-polynomial is a sum of c lambda^k exp(-d lambda), d >= 0: the characteristic function of an
equation with constant delays, neutral ones included.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp
from flint import acb, arb, fmpq

from lemmata.verify.balls import compile_balls, span
from lemmata.verify.errors import UsageError


def root_radius(
    chi: Any, symbol: Any, names: tuple[str, ...], ranges: Sequence[tuple[fmpq, fmpq]], line: fmpq
) -> fmpq:
    """A bound on zeros right of the line: where lambda^n outweighs all other terms.

    For |lambda| >= 1 and Re lambda >= line, with exp(-d lambda) at most exp(-d line) in modulus,
    |chi| >= |lambda|^(n-1) ((|leading| - neutral) |lambda| - lower).
    """
    parameters = [span(*side) for side in ranges]
    # A ball about a range that starts at 0 reaches below it; its sign is told by the range itself.
    signs = {
        s: sp.Dummy(nonnegative=True)
        for s in chi.free_symbols
        if str(s) in names and ranges[names.index(str(s))][0] >= 0
    }
    terms = [_term(term, symbol) for term in sp.Add.make_args(_expanded(chi))]
    degree = max(power for _, power, _ in terms)
    undelayed = sp.Add(*(c for c, power, lag in terms if power == degree and lag == 0))
    leading, neutral, lower = abs(_at(undelayed, names, parameters)), arb(0), arb(0)
    for factor, power, lag in terms:
        if power == degree and lag == 0:
            continue
        delay = _at(lag, names, parameters)
        if not (delay.imag == 0 and (delay.real >= 0 or lag.xreplace(signs).is_nonnegative)):
            raise UsageError(
                f"chi has the delay {lag}, which is not seen to be at least 0; give radius=…."
            )
        size = abs(_at(factor, names, parameters)) * (-delay.real * arb(line)).exp()
        if power == degree:
            neutral += size
        else:
            lower += size
    margin = leading - neutral
    if not margin > 0:
        raise UsageError(
            f"no bound on the zeros: the leading term {undelayed}*{symbol}**{degree} does not "
            f"outweigh the others of that degree right of {line}; give radius=…."
        )
    bound = (lower / margin).max(arb(1)).upper()
    if not bound.is_finite():
        raise UsageError(f"no bound on the zeros of {chi}: a coefficient is not finite.")
    return fmpq(bound.ceil().unique_fmpz())


def _expanded(chi: Any) -> Any:
    """The sum of its terms; sinh and the like as the exponentials that they are."""
    return sp.expand(chi.rewrite((sp.sin, sp.cos, sp.sinh, sp.cosh), sp.exp), power_exp=False)


def _term(term: Any, symbol: Any) -> tuple[Any, int, Any]:
    """Coefficient, power k and delay d of c lambda^k exp(-d lambda)."""
    factor, power, lag = sp.Integer(1), 0, sp.Integer(0)
    for part in sp.Mul.make_args(sp.powsimp(term, combine="exp")):
        base, exponent = part.as_base_exp()
        if symbol not in part.free_symbols:
            factor *= part
        elif base == symbol:
            power += int(exponent)
        else:
            plain = isinstance(part, sp.exp) and part.args[0].is_polynomial(symbol)
            inside = sp.Poly(part.args[0], symbol) if plain else None
            if inside is None or inside.degree() != 1:
                raise UsageError(
                    f"no bound on the zeros can be derived from the term {term}, which is not "
                    f"c*{symbol}**k*exp(-d*{symbol}); give radius=…."
                )
            lag -= inside.coeff_monomial(symbol)
            factor *= sp.exp(inside.coeff_monomial(1))
    return factor, power, sp.expand(lag)


def _at(expression: Any, names: tuple[str, ...], parameters: list[Any]) -> Any:
    return acb(compile_balls([expression], names)(*parameters)[0])
