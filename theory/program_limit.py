r"""What a tensor program tends to as its widths go to infinity, for any program.

Every vector becomes a random variable Z, the law of one of its coordinates, written in centred
Gaussians of known covariance. Every average over coordinates tends to the expectation of the same
function of the Z. Source: Yang, arXiv 1902.04760, Theorem 6.3.

A product with a matrix A of entries N(0, s/n_2) becomes the sum of two parts.

- A Gaussian, as if A were drawn afresh, independent of those of $A^T$ and of other matrices. But
  A is the same each time: $Z^{Ay}$ and $Z^{Ay'}$ have covariance $s\,E\,y y'$.
- A response: y may depend on the Gaussian $g_j$ of an earlier $A^T h_j$, and A sends this
  dependence back as $\sum_j a_j h_j$ with $a_j = s\,E[\partial y / \partial g_j]$. By Stein's
  lemma a also solves C a = s v with $C_{ij} = E\,g_i g_j$, $v_i = E\,g_i y$, without derivatives.

For a product with $A^T$ read $s\,n_1/n_2$ for s, and A for $A^T$.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import sympy as sp

from lemmata.theory.program_covariance import solve_semidefinite
from lemmata.theory.program_expectation import Covariance, shortened
from lemmata.theory.tensor_programs import (
    Apply,
    Combine,
    Inputs,
    MatMul,
    Mean,
    OfScalars,
    Program,
    Scalar,
    Vector,
)

Response = Literal["either", "derivative", "regression"]


class Expectation(Protocol):
    """Expectations of expressions in centred Gaussians."""

    @property
    def accuracy(self) -> float:
        """A bound of the relative error; 0 where expectations are exact."""
        ...

    def __call__(self, expression: sp.Expr, covariance: Covariance) -> sp.Expr:
        """The expectation, given the covariances of the Gaussians in both orders; 0 if absent."""
        ...


@dataclass(frozen=True)
class Limit:
    """The limit of a program.

    **Fields:**

    - `program`: its lines.
    - `values`: for every value, in order, the random variable of a vector or the limit of a scalar.
    - `covariance`: of the centred Gaussians in which the variables are written.
    - `expectation`: how expectations are taken.
    """

    program: Program
    values: tuple[sp.Expr, ...]
    covariance: Covariance
    expectation: Expectation

    def variable(self, vector: Vector) -> sp.Expr:
        """The law of a coordinate of the vector, in the Gaussians of `covariance`."""
        return self._value(vector, Vector)

    def scalar(self, scalar: Scalar) -> sp.Expr:
        """What an average of the program tends to."""
        return self._value(scalar, Scalar)

    def mean(self, function: Callable[..., Any], *vectors: Vector) -> sp.Expr:
        """What the average over coordinates of a function of vectors tends to."""
        expression = sp.sympify(function(*(self.variable(vector) for vector in vectors)))
        return self.expectation(expression, self.covariance)

    def _value(self, value: Any, kind: type) -> sp.Expr:
        if not isinstance(value, kind) or value.program is not self.program:
            raise ValueError(f"{value!r} is no {kind.__name__.lower()} of the program executed.")
        if value.index >= len(self.values):
            raise ValueError(
                f"the value number {value.index} came after the execution; execute again."
            )
        return self.values[value.index]


def execute(program: Program, expectation: Expectation, response: Response = "either") -> Limit:
    """The limit of every line of the program.

    **Arguments:** the program; how to take expectations; whether the response comes from expected
    derivatives (in the weak sense for ReLU), from the regression on the Gaussians, or (`either`)
    from derivatives where they are functions and otherwise, as for steps, from the regression.

    **Raises:** ValueError where a regression cannot tell whether Gaussians determine one another;
    ArithmeticError where a function of averages is not finite at their limits; what the
    expectation raises.
    """
    if response not in ("either", "derivative", "regression"):
        raise ValueError(
            f"response={response!r} is not one of 'either', 'derivative', 'regression'."
        )
    return _Execution(program, expectation, response).run()


class _Execution:
    def __init__(self, program: Program, expectation: Expectation, response: Response) -> None:
        self.program, self.expectation, self.response = program, expectation, response
        self.values: list[sp.Expr] = []
        self.covariance: dict[tuple[sp.Symbol, sp.Symbol], sp.Expr] = {}
        # The products so far with a matrix or its transpose: the Gaussian, and what was multiplied.
        self.products: dict[tuple[int, bool], list[tuple[sp.Symbol, sp.Expr]]] = {}

    def run(self) -> Limit:
        for line in self.program.lines:
            match line:
                case Inputs():
                    self.values.extend(self.inputs(line))
                case MatMul():
                    self.values.append(self.product(line))
                case Combine():
                    parts = (self.factor(f) * self.values[i] for f, i in line.terms)
                    self.values.append(sp.expand(sp.Add(*parts), deep=False))
                case Mean():
                    self.values.append(self.mean(self.applied(line)))
                case OfScalars():
                    self.values.append(self.of_limits(line))
                case Apply():
                    self.values.append(self.applied(line))
        return Limit(self.program, tuple(self.values), self.covariance, self.expectation)

    def mean(self, expression: sp.Expr) -> sp.Expr:
        return self.expectation(expression, self.covariance)

    def factor(self, factor: sp.Expr | Scalar) -> sp.Expr:
        return self.values[factor.index] if isinstance(factor, Scalar) else factor

    def applied(self, line: Apply) -> sp.Expr:
        values = {a: self.values[i] for a, i in zip(line.arguments, line.vectors, strict=True)}
        return line.expression.xreplace(values)

    def of_limits(self, line: OfScalars) -> sp.Expr:
        value = self.applied(line)
        if value.has(sp.nan, sp.oo, -sp.oo, sp.zoo):
            limits = ", ".join(str(self.values[i]) for i in line.vectors)
            written = line.expression.xreplace({a: sp.Symbol(a.name) for a in line.arguments})
            raise ArithmeticError(
                f"of_scalars: {shortened(written)} is {value} at the limits {limits} of its"
                " averages; a function must be finite, and continuous, where they tend to."
            )
        return value

    def couple(self, one: sp.Symbol, other: sp.Symbol, covariance: sp.Expr) -> None:
        self.covariance[one, other] = self.covariance[other, one] = covariance

    def inputs(self, line: Inputs) -> list[sp.Expr]:
        size = len(line.mean)
        gaussians = [self.gaussian() for _ in range(size)]
        for i in range(size):
            for j in range(i + 1):
                self.couple(gaussians[i], gaussians[j], line.covariance[i, j])
        return [m + z for m, z in zip(line.mean, gaussians, strict=True)]

    def gaussian(self) -> sp.Symbol:
        return sp.Dummy(f"g{len(self.values)}", real=True)

    def product(self, line: MatMul) -> sp.Expr:
        matrix = self.program.matrices[line.matrix]
        ratio = matrix.rows.ratio / matrix.columns.ratio if line.transposed else 1
        spread, y = matrix.variance * ratio, self.values[line.vector]
        back = self.products.get((line.matrix, not line.transposed), [])
        response = sp.Add(
            *(spread * a * h for a, (_, h) in zip(self.slopes(y, back), back, strict=True))
        )
        past = self.products.setdefault((line.matrix, line.transposed), [])
        new = self.gaussian()
        past.append((new, y))
        for gaussian, other in past:
            self.couple(new, gaussian, spread * self.mean(y * other))
        return sp.expand(new + response, deep=False)

    def slope(self, derivative: sp.Expr, y: sp.Expr) -> sp.Expr:
        """The expected derivative of y."""
        try:
            return self.mean(derivative)
        except ArithmeticError as error:
            raise ArithmeticError(
                f"the response of a transposed matrix needs the expected derivative of "
                f"{shortened(y)}: {error} To do without derivatives, use response='regression'."
            ) from error

    def slopes(self, y: sp.Expr, back: list[tuple[sp.Symbol, sp.Expr]]) -> list[sp.Expr]:
        """The expected derivatives of y in the Gaussians of `back`."""
        gaussians = [gaussian for gaussian, _ in back]
        if not y.free_symbols.intersection(gaussians):
            return [sp.Integer(0)] * len(back)
        if self.response != "regression":
            slopes = [sp.diff(y, gaussian) for gaussian in gaussians]
            if not any(one.has(sp.DiracDelta, sp.Derivative) for one in slopes):
                return [self.slope(one, y) for one in slopes]
            if self.response == "derivative":
                raise ValueError(
                    f"the derivative of {shortened(y)} is no function; use response='regression'."
                )
        C = sp.Matrix([[self.covariance.get((g, h), 0) for h in gaussians] for g in gaussians])
        v = sp.Matrix([self.mean(g * y) for g in gaussians])
        return solve_semidefinite(C, v, self.expectation.accuracy)
