r"""Dual maps of the sine, of the exponential and of polynomials, derived.

They follow from the mean of $e^{\alpha u + \beta v}$, the moment generating function of the pair in
`gaussian_pair`: for the sine at imaginary arguments, and for powers by its derivatives at zero,
which is Isserlis' theorem (Biometrika 12 (1918) 134).
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.gaussian_pair import c, concluded, density, q1, q2, s, u, v, z

_alpha, _beta = sp.symbols("alpha beta", real=True)


@lru_cache
def exponential() -> Derivation:
    r"""Derive $V = V_{\phi'} = e^{(q_1 + q_2)/2 + c}$."""
    statement = sp.exp((q1 + q2) / 2 + c)
    at_one = sp.Subs(_generating(), (_alpha, _beta), (1, 1))
    steps = (*_to_generating(), Step("at alpha = beta = 1", at_one, statement))
    return concluded("V_exp", statement, steps)


@lru_cache
def sine() -> Derivation:
    r"""Derive $V = e^{-(q_1 + q_2)/2} \sinh c$."""
    return _trigonometric("V_sin", sp.sin, -1, sp.sinh)


@lru_cache
def sine_slope() -> Derivation:
    r"""Derive $V_{\phi'} = e^{-(q_1 + q_2)/2} \cosh c$, the mean of $\cos u \cos v$."""
    return _trigonometric("V_cos", sp.cos, 1, sp.cosh)


def polynomial(coefficients: Sequence[sp.Expr]) -> Derivation:
    r"""Derive $V = \sum_{jk} a_j a_k E u^j v^k$ for $\phi(x) = \sum_k a_k x^k$.

    **Arguments:** `coefficients`: a_0, a_1, … as exact expressions, symbols among them.
    """
    return _polynomial("V_poly", tuple(sp.sympify(a) for a in coefficients))


def polynomial_slope(coefficients: Sequence[sp.Expr]) -> Derivation:
    """The dual map of the derivative, a polynomial itself."""
    exact = [sp.sympify(a) for a in coefficients]
    return _polynomial("V_poly'", tuple(k * a for k, a in enumerate(exact))[1:] or (sp.Integer(0),))


@lru_cache
def _polynomial(name: str, coefficients: tuple[sp.Expr, ...]) -> Derivation:
    powers = [k for k, a in enumerate(coefficients) if a != 0]
    if not powers:
        raise ValueError(f"{name}: the polynomial is zero, and so is its dual map.")
    # sum_n n! B_n(q1) B_n(q2) c^n, B_n the coefficients in Wick powers
    statement = sp.Add(
        *(
            sp.factorial(n) * _wick(coefficients, n, q1) * _wick(coefficients, n, q2) * c**n
            for n in range(len(coefficients))
        )
    )
    pairs = [(j, k) for j in powers for k in powers]
    steps = (
        *_to_generating(),
        *(
            Step(
                f"E u^{j} v^{k}, by how many pairs join u to v",
                _at_zero(_moment(j, k)),
                isserlis(j, k),
            )
            for j, k in pairs
            if 0 < j <= k
        ),
        Step(
            "summed, and ordered by that number",
            # Summed inside: SymPy takes two `Subs` for equal that differ in which variable is 0.
            _at_zero(
                sp.Add(*(coefficients[j] * coefficients[k] * _moment(j, k) for j, k in pairs))
            ),
            statement,
        ),
    )
    return concluded(name, statement, steps)


def _moment(j: int, k: int) -> sp.Expr:
    return sp.Derivative(_generating(), (_alpha, j), (_beta, k))


def _at_zero(expression: sp.Expr) -> sp.Expr:
    return sp.Subs(expression, (_alpha, _beta), (0, 0))


def isserlis(j: int, k: int) -> sp.Expr:
    r"""$E u^j v^k$: a term for each number n of pairs that join a u to a v."""
    return sp.Add(
        *(
            sp.factorial(n)
            * (sp.binomial(j, n) * _pairings(j - n) * q1 ** sp.Rational(j - n, 2))
            * (sp.binomial(k, n) * _pairings(k - n) * q2 ** sp.Rational(k - n, 2))
            * c**n
            for n in range(min(j, k) + 1)
            if (j - n) % 2 == 0 and (k - n) % 2 == 0
        )
    )


def _wick(coefficients: Sequence[sp.Expr], n: int, q: sp.Expr) -> sp.Expr:
    return sp.Add(
        *(
            a * sp.binomial(k, n) * _pairings(k - n) * q ** sp.Rational(k - n, 2)
            for k, a in enumerate(coefficients)
            if k >= n and (k - n) % 2 == 0
        )
    )


def _pairings(count: int) -> sp.Expr:
    """How many ways there are to pair off so many."""
    return sp.factorial2(count - 1) if count else sp.Integer(1)


def _trigonometric(
    name: str,
    function: Callable[[sp.Expr], sp.Expr],
    sign: int,
    hyperbolic: Callable[[sp.Expr], sp.Expr],
) -> Derivation:
    sum_and_difference = (sp.cos(u - v) + sign * sp.cos(u + v)) / 2
    imaginary = [sp.Subs(_generating(), (_alpha, _beta), (sp.I, side * sp.I)) for side in (-1, 1)]
    statement = sp.exp(-(q1 + q2) / 2) * hyperbolic(c)
    steps = (
        Step("the product as sums", function(u) * function(v), sum_and_difference),
        *_to_generating(),
        Step(
            "the cosine is the real part of the exponential at imaginary arguments",
            (imaginary[0] + sign * imaginary[1]) / 2,
            statement,
        ),
    )
    return concluded(
        name,
        statement,
        steps,
        "the moment generating function is entire, so that imaginary arguments may be taken",
    )


def _generating() -> sp.Expr:
    return sp.exp((q1 * _alpha**2 + 2 * c * _alpha * _beta + q2 * _beta**2) / 2)


def _to_generating() -> tuple[Step, ...]:
    variance = q1 * _alpha**2 + 2 * c * _alpha * _beta + q2 * _beta**2
    return (
        Step(
            "completing the square: the mean of exp(z) is exp(s/2)",
            sp.exp(z) * density(z, s),
            sp.exp(s / 2) * density(z, s, s),
        ),
        Step(
            "alpha u + beta v is Gaussian, and s its variance",
            sp.Subs(sp.exp(s / 2), s, variance),
            _generating(),
        ),
    )
