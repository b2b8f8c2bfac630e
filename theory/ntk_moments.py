r"""Means over independent standard Gaussian variables, exactly.

The mean over weights of a kernel at a finite width is the mean of a polynomial in them, and needs
nothing but the moments $\mathbb{E} z^m$: zero for odd m and $(m - 1)!!$ for even m.
"""

from collections.abc import Sequence

import sympy as sp

from lemmata.theory.derivation import Step

_z = sp.Symbol("zeta", positive=True)
_m = sp.Symbol("m", positive=True, integer=True)
# The density of N(0, 1), but for its constant.
_bell = sp.exp(-(_z**2) / 2)


def gaussian_mean(expression: sp.Expr, variables: Sequence[sp.Symbol]) -> sp.Expr:
    """The mean of a polynomial in independent N(0, 1) `variables`, exactly.

    **Raises:** ValueError where `expression` is no polynomial in them.

    >>> z, a = sp.symbols("z a")
    >>> gaussian_mean((z + a) ** 4, [z])
    a**4 + 6*a**2 + 3
    """
    in_moments, moments = _in_moments(expression, variables)
    return sp.expand(in_moments.subs(moments))


def mean_steps(
    expression: sp.Expr, variables: Sequence[sp.Symbol], what: str
) -> tuple[tuple[Step, ...], sp.Expr]:
    """Steps to the mean of a polynomial over `variables`, which are `what` in words; the mean."""
    in_moments, moments = _in_moments(expression, variables)
    mean = sp.expand(in_moments.subs(moments))
    steps = [
        Step(
            "Stein: a total derivative has no integral, so over N(0, 1) the mean of zeta^m is "
            "m - 1 times that of zeta^(m-2), and that of zeta is 0",
            sp.Derivative(_z ** (_m - 1) * _bell, _z),
            (_m - 1) * _z ** (_m - 2) * _bell - _z**_m * _bell,
        )
    ]
    expanded = sp.expand(expression)
    if expanded != expression:
        steps.append(Step(f"multiplied out, for the mean over {what}", expression, expanded))
    because = f"the mean is linear, and independent powers multiply: the mean over {what}"
    steps.append(Step(because, sp.Subs(in_moments, tuple(moments), tuple(moments.values())), mean))
    return tuple(steps), mean


def _in_moments(
    expression: sp.Expr, variables: Sequence[sp.Symbol]
) -> tuple[sp.Expr, dict[sp.Symbol, sp.Integer]]:
    """The mean in terms of moments m_1, m_2, ... up to the highest power, and their values."""
    try:
        polynomial = sp.Poly(expression, *variables)
    except sp.PolynomialError as error:
        raise ValueError(
            f"{expression} is no polynomial in {', '.join(map(str, variables))}, and its Gaussian "
            "mean is no sum of moments; integrate it against the density instead."
        ) from error
    highest = max(max(powers) for powers in polynomial.monoms())
    m = {power: sp.Symbol(f"m_{power}", real=True) for power in range(1, highest + 1)}
    total = sp.Add(
        *(
            factor * sp.Mul(*(m[power] for power in powers if power))
            for powers, factor in polynomial.terms()
        )
    )
    values = {
        m[power]: sp.factorial2(power - 1) if power % 2 == 0 else sp.Integer(0) for power in m
    }
    return total, values
