r"""Expectations of polynomials, ReLUs and steps of Gaussians, in closed form.

A term may hold any polynomial in the Gaussians, times powers of `Max(0, u)` and `Heaviside(u)` of
at most two different linear forms u without offset. What it does not cover it refuses.

Sources: Isserlis' theorem; the kernels of Cho and Saul (2009) for a pair of forms, here by Stein's
lemma from the probability of a quadrant.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from lemmata.theory.program_covariance import ROUNDING, is_zero

Covariance = Mapping[tuple[sp.Symbol, sp.Symbol], sp.Expr]


class ExactExpectation:
    """Expectations as exact SymPy expressions.

    >>> x, y = sp.symbols("x y", real=True)
    >>> mean = ExactExpectation()
    >>> covariance = {(x, x): 1, (y, y): 2, (x, y): 1, (y, x): 1}
    >>> mean(x**3 * y, covariance)
    3
    >>> mean(sp.Max(0, x) * sp.Max(0, y), covariance)
    1/(2*pi) + 3/8
    """

    accuracy = 0.0

    def __call__(self, expression: sp.Expr, covariance: Covariance) -> sp.Expr:
        """The expectation over centred Gaussians of this covariance (both orders; 0 if absent).

        **Raises:** NotImplementedError for a term that has no closed form here.
        """
        terms = sp.Add.make_args(sp.expand(expression, deep=False))
        # Products of sums may come out of a product, so that it takes more than one round.
        while (again := sp.expand(sp.Add(*terms), deep=False)) != sp.Add(*terms):
            terms = sp.Add.make_args(again)
        return sp.Add(*(self._term(term, covariance) for term in sp.Add.make_args(again)))

    def _term(self, term: sp.Expr, covariance: Covariance) -> sp.Expr:
        gaussians = gaussians_of(term, covariance)
        constant, factors = term.as_independent(*gaussians, as_Add=False)
        polynomial, ramps, steps = sp.Integer(1), {}, {}
        for factor in sp.Mul.make_args(factors):
            base, power = factor.as_base_exp()
            form = _ramp(base)
            if form is not None and power.is_Integer and power > 0:
                ramps[form] = ramps.get(form, 0) + power
            elif isinstance(base, sp.Heaviside) and power.is_Integer and power > 0:
                steps[base.args[0]] = 1
            else:
                polynomial *= factor
        if not polynomial.is_polynomial(*gaussians):
            raise _refusal(term, "it is neither a polynomial, nor a ReLU, nor a step")
        if not gaussians:
            return term
        K = sp.Matrix([[covariance.get((g, h), 0) for h in gaussians] for g in gaussians])
        forms = {form: ramps.get(form, sp.Integer(0)) for form in [*ramps, *steps]}
        half_spaces = _half_spaces(forms, gaussians, K, term)
        if half_spaces is None:
            return sp.Integer(0)
        a, powers, scale = half_spaces
        return constant * scale * _on_positive(polynomial, a, powers, gaussians, K)


def _ramp(base: sp.Expr) -> sp.Expr | None:
    """The form u of Max(0, u)."""
    if isinstance(base, sp.Max) and len(base.args) == 2 and sp.Integer(0) in base.args:
        return next(argument for argument in base.args if argument != 0)
    return None


def shortened(expression: sp.Expr) -> str:
    """The expression as text of one line, for an error."""
    text = str(expression)
    return text if len(text) <= 120 else f"{text[:117]}..."


def gaussians_of(expression: sp.Expr, covariance: Covariance) -> list[sp.Symbol]:
    """The Gaussians that occur, in a fixed order."""
    found = (symbol for symbol in expression.free_symbols if (symbol, symbol) in covariance)
    return sorted(found, key=sp.default_sort_key)


def _refusal(term: sp.Expr, why: str) -> NotImplementedError:
    return NotImplementedError(
        f"no closed form for the expectation of {shortened(term)}: {why}; "
        "use a numerical expectation."
    )


def _coefficients(form: sp.Expr, gaussians: list[sp.Symbol], term: sp.Expr) -> list[sp.Expr]:
    row = [sp.diff(form, one) for one in gaussians]
    offset = sp.expand(form - sum(map(sp.Mul, row, gaussians)))
    if offset != 0 or any(c.has(*gaussians) for c in row):
        raise _refusal(term, f"{shortened(form)} is no linear form of Gaussians without offset")
    return row


def _half_spaces(
    forms: Mapping[sp.Expr, sp.Expr], gaussians: list[sp.Symbol], K: sp.Matrix, term: sp.Expr
) -> tuple[sp.Matrix, tuple[int, ...], sp.Expr] | None:
    """The different forms, their powers and what scales them; None if not positive together.

    Forms may be multiples of each other without looking like it, where K has no full rank.
    """
    rows: list[list[sp.Expr]] = []
    powers: list[int] = []
    scale = sp.Integer(1)
    for form, power in forms.items():
        row = _coefficients(form, gaussians, term)
        for k, other in enumerate(rows):
            pair = sp.Matrix([row, other])
            C = pair * K * pair.T
            if is_zero(C.det(), C[0, 0] * C[1, 1], ROUNDING):
                ratio = C[0, 1] / C[1, 1]
                if ratio.is_negative:
                    return None
                if ratio.is_positive is not True:
                    raise _refusal(term, f"{shortened(ratio)} may be zero, and there is a cut")
                scale, powers[k] = scale * ratio**power, powers[k] + int(power)
                break
        else:
            rows.append(row)
            powers.append(int(power))
    if len(rows) > 2:
        raise _refusal(term, f"{len(rows)} different forms are cut off at zero")
    return (
        sp.Matrix(len(rows), len(gaussians), [c for row in rows for c in row]),
        tuple(powers),
        scale,
    )


def _on_positive(
    polynomial: sp.Expr,
    a: sp.Matrix,
    powers: tuple[int, ...],
    gaussians: list[sp.Symbol],
    K: sp.Matrix,
) -> sp.Expr:
    """E[polynomial times powers of the forms a; all forms positive]."""
    C = a * K * a.T
    if polynomial == 1:
        return _quadrant(powers, C)
    # Each Gaussian is its regression on the forms u and a rest that is independent of them.
    B = K * a.T * C.inv() if a.rows else sp.zeros(len(gaussians), 0)
    R = K - B * C * B.T
    u = sp.symbols(f"u:{a.rows}", real=True, cls=sp.Dummy)
    rest = [sp.Dummy(str(one), real=True) for one in gaussians]
    written = B * sp.Matrix(a.rows, 1, u) + sp.Matrix(rest)
    replaced = polynomial.xreplace(dict(zip(gaussians, written, strict=True)))
    total = sp.Integer(0)
    for exponents, coefficient in sp.Poly(replaced, *rest, *u).terms():
        moment = coefficient * isserlis(exponents[: len(rest)], R)
        if moment != 0:
            more = exponents[len(rest) :]
            total += moment * _quadrant(tuple(map(sum, zip(powers, more, strict=True))), C)
    return total


def isserlis(powers: tuple[int, ...], covariance: sp.Matrix) -> sp.Expr:
    """The moment of centred Gaussians with these powers."""
    if sum(powers) == 0:
        return sp.Integer(1)
    if sum(powers) % 2:
        return sp.Integer(0)
    first = next(i for i, power in enumerate(powers) if power)
    left = _less(powers, first)
    return sp.Add(
        *(
            covariance[first, j] * power * isserlis(_less(left, j), covariance)
            for j, power in enumerate(left)
            if power and covariance[first, j] != 0
        )
    )


def _less(powers: tuple[int, ...], index: int) -> tuple[int, ...]:
    return tuple(power - (i == index) for i, power in enumerate(powers))


def _quadrant(powers: tuple[int, ...], C: sp.Matrix) -> sp.Expr:
    r"""$E[u^i v^j; u, v > 0]$, by Stein's lemma for one u at a time."""
    if len(powers) == 0:
        return sp.Integer(1)
    if len(powers) == 1:
        return _half(powers[0], C[0, 0])
    i, j = powers
    if i == 0 and j == 0:
        return sp.Rational(1, 4) + sp.asin(C[0, 1] / sp.sqrt(C[0, 0] * C[1, 1])) / (2 * sp.pi)
    if i == 0:
        return _quadrant((j, i), C[::-1, ::-1])
    rest = sp.Matrix(C)
    own = (i - 1) * _quadrant((i - 2, j), rest) if i > 1 else _edge(j, C[1, 1], C[0, 1], C[0, 0])
    cross = j * _quadrant((i - 1, j - 1), rest) if j else _edge(i - 1, C[0, 0], C[0, 1], C[1, 1])
    return C[0, 0] * own + C[0, 1] * cross


def _half(power: int, variance: sp.Expr) -> sp.Expr:
    """E[u^power; u > 0]."""
    k = sp.Integer(power)
    gamma = sp.gamma((k + 1) / 2) * 2 ** (k / 2) / (2 * sp.sqrt(sp.pi))
    return sp.sqrt(variance) ** k * gamma


def _edge(power: int, variance: sp.Expr, covariance: sp.Expr, other: sp.Expr) -> sp.Expr:
    """The density of v at zero times E[u^power; u > 0 | v = 0]; `other` is the variance of v."""
    return _half(power, variance - covariance**2 / other) / sp.sqrt(2 * sp.pi * other)
