"""What the lines of a tensor program are given: numbers, functions and covariances, checked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import sympy as sp


def finite(value: Any) -> sp.Expr:
    """The number or expression; ValueError where it is none, or is not finite."""
    exact: Any = None
    with suppress(sp.SympifyError, TypeError, AttributeError):
        exact = sp.sympify(value)
    if not isinstance(exact, sp.Expr) or exact.has(sp.nan, sp.oo, -sp.oo, sp.zoo):
        raise ValueError(f"{value!r} is not a finite number or expression; look at how it came.")
    return exact


def variance_of(value: Any, what: str) -> sp.Expr:
    """A variance; ValueError unless it is finite and at least 0."""
    exact = finite(value)
    if exact.is_nonnegative is not True:
        raise ValueError(
            f"{what}: variance={value} is not at least 0; "
            "give a variance (not a deviation), and declare its symbols as positive."
        )
    return exact


def matrix_of(entries: Any, what: str) -> sp.Matrix:
    """A covariance as a matrix; ValueError where its rows differ in length or it is not finite."""
    rows = entries.tolist() if isinstance(entries, sp.MatrixBase) else entries
    try:
        matrix = sp.Matrix([[sp.sympify(entry) for entry in row] for row in rows])
    except (sp.SympifyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{what}: covariance {entries!r} is no matrix of numbers; give one row for each "
            "vector, all of one length, such as [[1, 0], [0, 1]]."
        ) from error
    if matrix.has(sp.nan, sp.oo, -sp.oo, sp.zoo):
        raise ValueError(
            f"{what}: covariance {matrix.tolist()} is not finite; give finite numbers or symbols."
        )
    return matrix


def traced(
    function: Callable[..., Any], count: int, what: str
) -> tuple[tuple[sp.Symbol, ...], sp.Expr]:
    """The function as an expression of that many symbols, and these.

    **Raises:** TypeError where it is no function of SymPy expressions; ValueError where it is not
    finite.
    """
    if not callable(function):
        raise TypeError(
            f"{what}: {function!r} is no function; give one of SymPy expressions, such as sp.tanh."
        )
    arguments = tuple(sp.Dummy(f"z{i}", real=True) for i in range(count))
    try:
        expression = sp.sympify(function(*arguments))
    except (TypeError, AttributeError, ValueError) as error:
        why = str(error).partition("\n")[0]
        raise TypeError(
            f"{what}: the function {getattr(function, '__name__', function)!r} fails on "
            f"{count} SymPy symbol{'s' * (count != 1)} ({why}). Functions are traced with SymPy's "
            "symbols: write sp.tanh for NumPy's or JAX's tanh, sp.Max(z, 0) for max(z, 0), and "
            "sp.Piecewise for a choice."
        ) from error
    if not isinstance(expression, sp.Expr):
        raise TypeError(
            f"{what}: the function returns {expression!r}, which is no SymPy expression; "
            "write it with SymPy functions (sp.tanh, sp.Max, ...)."
        )
    return arguments, finite(expression)
