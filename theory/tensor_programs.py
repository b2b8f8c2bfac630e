r"""Tensor programs: computations with wide random matrices, written as they are on paper.

A program is a list of lines: Gaussian input vectors and matrices, products with a matrix or its
transpose, linear combinations, coordinatewise functions, averages over coordinates, and functions
of averages. Source: Yang, arXiv 1902.04760, sections 3 and 6. `program_limit` computes what the
averages tend to as all widths grow together at fixed ratios.

An entry of a matrix of n_1 rows and n_2 columns is N(0, variance / n_2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from lemmata.theory.program_covariance import covariance_matrix


@dataclass(frozen=True)
class Width:
    """A common dimension: `ratio` times the base width that goes to infinity."""

    name: str
    ratio: sp.Expr


@dataclass(frozen=True)
class Inputs:
    """Jointly Gaussian vectors: each coordinate is one draw, independent of the others."""

    width: Width
    mean: tuple[sp.Expr, ...]
    covariance: sp.ImmutableMatrix


@dataclass(frozen=True)
class MatMul:
    """The matrix number `matrix`, or its transpose, times the value number `vector`."""

    matrix: int
    transposed: bool
    vector: int


@dataclass(frozen=True)
class Combine:
    """A sum of coefficient times vector; a coefficient is a number or the number of a scalar."""

    terms: tuple[tuple[sp.Expr | Scalar, int], ...]


@dataclass(frozen=True)
class Apply:
    """A function, coordinate by coordinate, of the values numbered `vectors`."""

    arguments: tuple[sp.Symbol, ...]
    expression: sp.Expr
    vectors: tuple[int, ...]


@dataclass(frozen=True)
class Mean(Apply):
    """The average over the coordinates of such a function: a scalar."""


@dataclass(frozen=True)
class OfScalars(Apply):
    """Such a function of the scalars numbered `vectors`: a scalar."""


Line = Inputs | MatMul | Combine | Apply | Mean | OfScalars


@dataclass(frozen=True)
class Vector:
    """A vector of a program: the value number `index`. Adds, and multiplies with scalars."""

    program: Program
    index: int
    width: Width
    name: str

    def __add__(self, other: Vector) -> Vector:
        return self.program.combine((1, self), (1, other))

    def __sub__(self, other: Vector) -> Vector:
        return self.program.combine((1, self), (-1, other))

    def __mul__(self, factor: Any) -> Vector:
        return self.program.combine((factor, self))

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> Vector:
        return self.program.combine((1 / sp.sympify(divisor), self))

    def __neg__(self) -> Vector:
        return self.program.combine((-1, self))


@dataclass(frozen=True)
class Scalar:
    """An average of a program, or a function of averages: the value number `index`."""

    program: Program
    index: int

    def __mul__(self, vector: Vector) -> Vector:
        return self.program.combine((self, vector))


@dataclass(frozen=True)
class Matrix:
    """A matrix of a program, or (`transposed`) its transpose."""

    program: Program
    index: int
    name: str
    rows: Width
    columns: Width
    variance: sp.Expr
    transposed: bool = False

    @property
    def T(self) -> Matrix:
        """The transpose: the same random numbers, not fresh ones."""
        return Matrix(
            self.program,
            self.index,
            self.name,
            self.columns,
            self.rows,
            self.variance,
            not self.transposed,
        )

    def __matmul__(self, vector: Vector) -> Vector:
        return self.program.matmul(self, vector)


class Program:
    """The lines of a tensor program, in order; each method appends some and returns their value.

    >>> p = Program()
    >>> n = p.width("n")
    >>> W = p.matrix("W", n, n, variance=2)
    >>> x = p.vector("x", n)
    >>> h = W @ x
    >>> g = W.T @ p.apply(sp.tanh, h)
    >>> overlap = p.mean(lambda a, b: a * b, x, g)
    >>> len(p.lines)
    5
    """

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.matrices: list[Matrix] = []
        self.widths: list[Width] = []
        self._values: list[Vector | Scalar] = []

    def width(self, name: str, ratio: Any = 1) -> Width:
        """A class of vectors of one dimension, `ratio` times the base width."""
        exact = sp.sympify(ratio)
        if exact.is_positive is not True:
            raise ValueError(f"width {name}: ratio={ratio} is not positive; give n / base width.")
        if any(one.name == name for one in self.widths):
            raise ValueError(f"width {name!r} exists already; choose another name.")
        self.widths.append(Width(name, exact))
        return self.widths[-1]

    def matrix(self, name: str, rows: Width, columns: Width, variance: Any = 1) -> Matrix:
        """A matrix with entries N(0, variance / number of columns)."""
        for width in (rows, columns):
            self._own_width(width, f"matrix {name}")
        exact = _variance(variance, f"matrix {name}")
        self.matrices.append(Matrix(self, len(self.matrices), name, rows, columns, exact))
        return self.matrices[-1]

    def vector(self, name: str, width: Width, mean: Any = 0, variance: Any = 1) -> Vector:
        """A vector with independent coordinates N(mean, variance)."""
        exact = _variance(variance, f"vector {name}")
        (one,) = self.vectors((name,), width, ((exact,),), (mean,))
        return one

    def vectors(
        self,
        names: Sequence[str],
        width: Width,
        covariance: Sequence[Sequence[Any]],
        mean: Sequence[Any] | None = None,
    ) -> tuple[Vector, ...]:
        """Vectors that are correlated coordinate by coordinate.

        **Raises:** ValueError where the covariance is not positive semidefinite.
        """
        self._own_width(width, f"vectors {', '.join(names)}")
        matrix = covariance_matrix(covariance, f"vectors {', '.join(names)}")
        centre = tuple(_finite(one) for one in (mean or (0,) * len(names)))
        if matrix.shape != (len(names), len(names)) or len(centre) != len(names):
            raise ValueError(
                f"vectors {', '.join(names)}: covariance of shape {matrix.shape} and "
                f"{len(centre)} means for {len(names)} vectors; give one row, column and mean each."
            )
        return self._append(Inputs(width, centre, matrix), width, *names)

    def matmul(self, matrix: Matrix, vector: Vector) -> Vector:
        """The product; written `W @ x` or `W.T @ x`."""
        name = matrix.name + (".T" if matrix.transposed else "")
        if matrix.program is not self:
            raise ValueError(f"matrix {matrix.name} belongs to another program; declare it here.")
        self._own(vector, f"{name} @ ...")
        if vector.width != matrix.columns:
            raise ValueError(
                f"{name} @ {vector.name}: the matrix has {matrix.columns.name} columns and the "
                f"vector has dimension {vector.width.name}; use the transpose, or another vector."
            )
        line = MatMul(matrix.index, matrix.transposed, vector.index)
        return self._append(line, matrix.rows, f"{name} @ {vector.name}")[0]

    def combine(self, *terms: tuple[Any, Vector]) -> Vector:
        """The sum of coefficient times vector; a coefficient is a number, symbol or `Scalar`."""
        if not terms:
            raise ValueError("combine() of no vectors has no dimension; give one term at least.")
        for factor, vector in terms:
            self._own(vector, "linear combination")
            self._same_width(vector, terms[0][1], "linear combination")
            if isinstance(factor, Scalar):
                self._own(factor, "linear combination")
        exact = tuple((f if isinstance(f, Scalar) else _finite(f), v.index) for f, v in terms)
        name = " + ".join(vector.name for _, vector in terms)
        return self._append(Combine(exact), terms[0][1].width, f"({name})")[0]

    def apply(self, function: Callable[..., Any], *vectors: Vector) -> Vector:
        """The function of SymPy expressions, coordinate by coordinate."""
        line = Apply(*self._traced(function, vectors, "apply"))
        names = ", ".join(vector.name for vector in vectors)
        return self._append(line, vectors[0].width, f"f({names})")[0]

    def mean(self, function: Callable[..., Any], *vectors: Vector) -> Scalar:
        """The average of the function over the coordinates; may be a coefficient later."""
        return self._scalar(Mean(*self._traced(function, vectors, "mean")))

    def of_scalars(self, function: Callable[..., Any], *scalars: Scalar) -> Scalar:
        """The function of averages, continuous where they tend to: tends to that of the limits."""
        if not scalars:
            raise ValueError("of_scalars of no scalars is a number; give one scalar at least.")
        for scalar in scalars:
            if not isinstance(scalar, Scalar):
                raise TypeError(
                    f"of_scalars: {scalar!r} is no average of a program; make one by p.mean(...)."
                )
            self._own(scalar, "of_scalars")
        return self._scalar(OfScalars(*_expression(function, scalars, "of_scalars")))

    def _scalar(self, line: Line) -> Scalar:
        self.lines.append(line)
        found = Scalar(self, len(self._values))
        self._values.append(found)
        return found

    def _traced(
        self, function: Callable[..., Any], vectors: tuple[Vector, ...], what: str
    ) -> tuple[tuple[sp.Symbol, ...], sp.Expr, tuple[int, ...]]:
        if not vectors:
            raise ValueError(f"{what} of no vectors has no coordinates; give one vector at least.")
        for vector in vectors:
            self._own(vector, what)
            self._same_width(vector, vectors[0], what)
        return _expression(function, vectors, what)

    def _append(self, line: Line, width: Width, *names: str) -> tuple[Vector, ...]:
        start = len(self._values)
        found = tuple(Vector(self, start + i, width, name) for i, name in enumerate(names))
        self.lines.append(line)
        self._values.extend(found)
        return found

    def _own(self, value: Any, what: str) -> None:
        if not isinstance(value, Vector | Scalar):
            raise TypeError(f"{what}: {value!r} is no vector of a program.")
        if value.program is not self:
            raise ValueError(
                f"{what}: the value number {value.index} is a line of another program; "
                "build all lines with one Program."
            )

    def _own_width(self, width: Width, what: str) -> None:
        if width not in self.widths:
            raise ValueError(
                f"{what}: the width {getattr(width, 'name', width)!r} is not one of this "
                "program; make it by p.width(name)."
            )

    def _same_width(self, one: Vector, other: Vector, what: str) -> None:
        if one.width != other.width:
            raise ValueError(
                f"{what}: {one.name} has dimension {one.width.name} and {other.name} has "
                f"{other.width.name}; only vectors of one dimension can be combined."
            )


def _expression(
    function: Callable[..., Any], values: Sequence[Vector | Scalar], what: str
) -> tuple[tuple[sp.Symbol, ...], sp.Expr, tuple[int, ...]]:
    """A function of values as an expression of symbols, one for each value, and their numbers."""
    arguments = tuple(sp.Dummy(f"z{i}", real=True) for i in range(len(values)))
    expression = sp.sympify(function(*arguments))
    if not isinstance(expression, sp.Expr):
        raise TypeError(
            f"{what}: the function returns {expression!r}, which is no SymPy expression; "
            "write it with SymPy functions (sp.tanh, sp.Max, ...)."
        )
    return arguments, _finite(expression), tuple(value.index for value in values)


def _finite(value: Any) -> sp.Expr:
    exact = sp.sympify(value)
    if not isinstance(exact, sp.Expr) or exact.has(sp.nan, sp.oo, -sp.oo, sp.zoo):
        raise ValueError(f"{value!r} is not a finite number or expression; look at how it came.")
    return exact


def _variance(value: Any, what: str) -> sp.Expr:
    exact = _finite(value)
    if exact.is_nonnegative is not True:
        raise ValueError(
            f"{what}: variance={value} is not at least 0; "
            "give a variance (not a deviation), and declare its symbols as positive."
        )
    return exact
