r"""Gradient flow of $X X^T$ towards $\Sigma$ from any start, in closed form, and a lower bound.

$M = X X^T$ follows $M' = \Sigma M + M \Sigma - 2 M^2$, a Riccati equation, whose solution is
$M = P N^{-1} P^T$ with $P = e^{\Sigma t} X_0$, $N = I + X_0^T W X_0$ and $W = \int_0^t 2
e^{2 \Sigma s} ds$. Nothing is assumed of $X_0$. Steps are in letters that do not commute, and hold
for matrices of every size; $\epsilon$ is a small time, and a derivative by it at 0 is one by time.

The lower bound: let Q span the null space of the signal rows of $X_0$, and $\lambda_i$ be the
eigenvalues of $Q^T J_0^T J_0 Q$, $J_0$ the noise rows. Then for all times
$|X X^T - \Sigma|_F^2 \ge \sum_i (\lambda_i / (1 + 2 \lambda_i t))^2$: for the flow, that of Xiong,
Ding and Du, arXiv 2310.01769, with its constant.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.sensing_scalar import UNIQUE, lam, sigma, t

epsilon = sp.Symbol("epsilon", real=True)
Sigma, X, Xt, P, Pt, E = sp.symbols("Sigma X X^T P P^T E", commutative=False)
N, A, B, C, Ct, S = sp.symbols("N A B C C^T S", commutative=False)
Ja, Jat, Jb, Jbt = sp.symbols("J_a J_a^T J_b J_b^T", commutative=False)


def by_time(moved: sp.Expr) -> sp.Expr:
    """The derivative by time of what a small time epsilon moves to `moved`."""
    return sp.Subs(sp.Derivative(moved, epsilon), epsilon, 0)


@lru_cache
def product_flow() -> Derivation:
    r"""Derive $M' = \Sigma M + M \Sigma - 2 M^2$ for $M = X X^T$."""
    after = X + epsilon * (Sigma - X * Xt) * X
    after_t = Xt + epsilon * Xt * (Sigma - X * Xt)
    M = sp.Symbol("M", commutative=False)
    riccati = Sigma * M + M * Sigma - 2 * M**2
    statement = Sigma * X * Xt + X * Xt * Sigma - 2 * X * Xt * X * Xt
    steps = (
        Step(
            "X moves by (Sigma - X X^T) X, and X^T by its transpose",
            by_time(after * after_t),
            statement,
        ),
        Step("in M = X X^T", sp.Subs(riccati, M, X * Xt), statement),
    )
    return Derivation(sp.Symbol("Mdot"), statement, steps)


@lru_cache
def solution() -> Derivation:
    r"""Derive that $M = P N^{-1} P^T$ solves the equation, whatever the start is."""
    M = P * N**-1 * Pt
    speed = 2 * Pt * P
    # N N^-1 = I: the inverse moves by - N^-1 N' N^-1.
    inverse = N**-1 - epsilon * N**-1 * speed * N**-1
    G, X0, X0t = sp.symbols("G X_0 X_0^T", commutative=False)
    statement = Sigma * M + M * Sigma - 2 * M * M
    span = (sp.exp(2 * sigma * t) - 1) / sigma
    steps = (
        *product_flow().steps,
        Step("W of one eigenvalue is 0 at the start", sp.Subs(span, t, 0), 0),
        Step("and moves by 2 exp(2 Sigma t)", sp.Derivative(span, t), 2 * sp.exp(2 * sigma * t)),
        Step(
            "so N moves by 2 P^T P, with P = G X_0 and G = exp(Sigma t)",
            2 * X0t * G * G * X0,
            sp.Subs(speed, (P, Pt), (G * X0, X0t * G)),
        ),
        Step(
            "to first order, the inverse of N is this",
            by_time((N + epsilon * speed) * inverse),
            0,
        ),
        Step(
            "at the start N is 1, and M is X_0 X_0^T",
            sp.Subs(M, (P, N, Pt), (X0, 1, X0t)),
            X0 * X0t,
        ),
        Step(
            "the product rule, P moving by Sigma P",
            by_time((P + epsilon * Sigma * P) * inverse * (Pt + epsilon * Pt * Sigma)),
            statement,
        ),
    )
    return Derivation(sp.Symbol("Mdot"), statement, steps, (UNIQUE,))


@lru_cache
def deviation_flow() -> Derivation:
    r"""Derive $E' = -\Sigma E - E \Sigma - 2 E^2$ for $E = M - \Sigma$: the same, decaying."""
    M = sp.Symbol("M", commutative=False)
    statement = -Sigma * E - E * Sigma - 2 * E * E
    step = Step(
        "M is Sigma + E, and Sigma rests",
        sp.Subs(Sigma * M + M * Sigma - 2 * M * M, M, Sigma + E),
        statement,
    )
    return Derivation(sp.Symbol("Edot"), statement, (*product_flow().steps, step))


@lru_cache
def noise_block() -> Derivation:
    r"""Derive $M_{22} - J_b B^{-1} J_b^T = D S^{-1} D^T$ with $D = J_a - J_b B^{-1} C$.

    Columns are turned so that the signal rows have the first alone, where N is [[A, C^T], [C, B]];
    the noise rows are $J_0 = (J_a, J_b)$, $M_{22} = J_0 N^{-1} J_0^T$, and S = A - C^T B^{-1} C. As
    N is positive definite, so is S, and M_22 is at least $J_b B^{-1} J_b^T$.
    """
    a = S + Ct * B**-1 * C
    inverse = (
        (S**-1, -(S**-1) * Ct * B**-1),
        (-(B**-1) * C * S**-1, B**-1 + B**-1 * C * S**-1 * Ct * B**-1),
    )
    places = (
        ("first", "first", 1),
        ("first", "second", 0),
        ("second", "first", 0),
        ("second", "second", 1),
    )
    rows = {"first": (a, Ct), "second": (C, B)}
    index = {"first": 0, "second": 1}
    checks = tuple(
        Step(
            f"the inverse of N by blocks: {i} row, {j} column of N N^-1",
            _sum_of_products(rows[i], (inverse[0][index[j]], inverse[1][index[j]])),
            one,
        )
        for i, j, one in places
    )
    statement = (Ja - Jb * B**-1 * C) * S**-1 * (Jat - Ct * B**-1 * Jbt)
    M_22 = (
        Ja * inverse[0][0] * Jat
        + Ja * inverse[0][1] * Jbt
        + Jb * inverse[1][0] * Jat
        + Jb * inverse[1][1] * Jbt
    )
    last = Step("M_22 less the bound, a congruence of S^-1", M_22 - Jb * B**-1 * Jbt, statement)
    return Derivation(sp.Symbol("gap"), statement, (*solution().steps, *checks, last), (UNIQUE,))


def _sum_of_products(row: tuple[sp.Expr, sp.Expr], column: tuple[sp.Expr, sp.Expr]) -> sp.Expr:
    """A row times a column, as it stands."""
    products = (sp.Mul(a, b, evaluate=False) for a, b in zip(row, column, strict=True))
    return sp.Add(*products, evaluate=False)


@lru_cache
def lower_bound() -> Derivation:
    r"""Derive the share $(\lambda / (1 + 2 \lambda t))^2$ of one free eigenvalue in the bound."""
    size = sp.Symbol("s_b", positive=True)
    one = lam / (1 + 2 * lam * t)
    statement = (lam / (1 + 2 * lam * t)) ** 2
    steps = (
        *noise_block().steps,
        Step(
            "B = I + 2 t J_b^T J_b, as the signal rows have no share in it: along a singular value "
            "s_b of J_b, with lambda = s_b^2",
            sp.Subs(size**2 / (1 + 2 * t * size**2), size, sp.sqrt(lam)),
            one,
        ),
        Step(
            "eigenvalues keep the order of positive semidefinite matrices, and the squared norm of "
            "the block, which the error is not below, is the sum of their squares",
            sp.Subs(size**2, size, one),
            statement,
        ),
    )
    assumes = (UNIQUE, "the rows of the start that see the signal are of full rank, at most k")
    return Derivation(sp.Symbol("e_i"), statement, steps, assumes)


def bound(eigenvalues: Iterable[Any], time: Any = t) -> sp.Expr:
    r"""The lower bound $\sum_i (\lambda_i / (1 + 2 \lambda_i t))^2$ for these free eigenvalues.

    >>> bound([1, 1])
    2/(2*t + 1)**2
    """
    one = lower_bound().statement
    return sp.Add(*(one.subs({lam: value, t: time}) for value in eigenvalues))


def free_modes(n: Any, k: Any, r: Any) -> sp.Expr:
    """The number q of free eigenvalues from a generic start: min(k, n) - r, none where k = r.

    >>> free_modes(30, 6, 3), free_modes(30, 40, 3)
    (3, 27)
    """
    return sp.Min(k, n) - r
