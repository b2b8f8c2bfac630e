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
from typing import Any, NoReturn

import sympy as sp

from lemmata.theory.program_covariance import covariance_matrix
from lemmata.theory.program_inputs import finite, traced, variance_of


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


def _named(value: Any) -> str:
    """A value as text of an error, without the program that it belongs to."""
    if isinstance(value, Vector):
        return f"vector {value.name!r}"
    return f"the average number {value.index}" if isinstance(value, Scalar) else repr(value)


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
        if isinstance(factor, Vector):
            self._refuse(factor)
        return self.program.combine((factor, self))

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> Vector:
        if isinstance(divisor, Scalar):
            raise TypeError(
                f"{_named(self)} divided by {_named(divisor)}: averages only multiply; "
                "make the factor by p.of_scalars(lambda a: 1 / a, c), and multiply by it."
            )
        if isinstance(divisor, Vector):
            self._refuse(divisor)
        return self.program.combine((1 / finite(divisor), self))

    def __neg__(self) -> Vector:
        return self.program.combine((-1, self))

    def _refuse(self, other: Any) -> NoReturn:
        raise TypeError(
            f"{_named(self)} and {_named(other)}: vectors add, and multiply with numbers and "
            "averages; write any other function of coordinates by p.apply, such as "
            "p.apply(lambda a, b: a * b, x, y) or p.apply(lambda a: a + 1, x)."
        )

    # What other things there are to the left of + and - is no vector.
    __radd__ = __rsub__ = __rtruediv__ = __pow__ = _refuse


@dataclass(frozen=True)
class Scalar:
    """An average of a program, or a function of averages: the value number `index`."""

    program: Program
    index: int

    def __mul__(self, vector: Vector) -> Vector:
        if not isinstance(vector, Vector):
            self._refuse(vector)
        return self.program.combine((self, vector))

    def _refuse(self, other: Any = None) -> NoReturn:
        raise TypeError(
            f"{_named(self)}{'' if other is None else f' and {_named(other)}'}: an average only "
            "multiplies vectors; write functions of averages by p.of_scalars, such as "
            "p.of_scalars(lambda a, b: a * b, c, d) or p.of_scalars(lambda a: 2 * a, c)."
        )

    __add__ = __sub__ = __truediv__ = __pow__ = __neg__ = _refuse
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = _refuse


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
        exact = finite(ratio)
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
        exact = variance_of(variance, f"matrix {name}")
        self.matrices.append(Matrix(self, len(self.matrices), name, rows, columns, exact))
        return self.matrices[-1]

    def vector(self, name: str, width: Width, mean: Any = 0, variance: Any = 1) -> Vector:
        """A vector with independent coordinates N(mean, variance)."""
        exact = variance_of(variance, f"vector {name}")
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
        centre = tuple(finite(one) for one in ((0,) * len(names) if mean is None else mean))
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
                self._own(factor, "linear combination", Scalar)
        exact = tuple((f if isinstance(f, Scalar) else finite(f), v.index) for f, v in terms)
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
                    f"of_scalars: {_named(scalar)} is no average of a program; make one by "
                    "p.mean(...)."
                )
            self._own(scalar, "of_scalars", Scalar)
        arguments, expression = traced(function, len(scalars), "of_scalars")
        numbers = tuple(scalar.index for scalar in scalars)
        return self._scalar(OfScalars(arguments, expression, numbers))

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
        arguments, expression = traced(function, len(vectors), what)
        return arguments, expression, tuple(vector.index for vector in vectors)

    def _append(self, line: Line, width: Width, *names: str) -> tuple[Vector, ...]:
        start = len(self._values)
        found = tuple(Vector(self, start + i, width, name) for i, name in enumerate(names))
        self.lines.append(line)
        self._values.extend(found)
        return found

    def _own(self, value: Any, what: str, kind: type[Vector | Scalar] = Vector) -> None:
        if not isinstance(value, kind):
            raise TypeError(
                f"{what}: {_named(value)} is no {kind.__name__.lower()} of a program; "
                "a constant is added by p.apply(lambda z: z + 1, x), and averages multiply vectors."
            )
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
