"""Hand a tensor program over to the simulation, as plain lines of numbers and JAX functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from lemmata.solvers.program_simulation import Averages, Line, simulate
from lemmata.theory.tensor_programs import (
    Apply,
    Combine,
    Inputs,
    MatMul,
    Mean,
    OfScalars,
    Program,
    Scalar,
)

_KINDS = {Apply: "apply", Mean: "mean", OfScalars: "of_scalars"}


def plain_lines(program: Program) -> tuple[Line, ...]:
    """The lines as `lemmata.solvers.program_simulation` reads them.

    **Raises:** ValueError where a number still holds a symbol.
    """
    lines: list[Line] = []
    for line in program.lines:
        match line:
            case Inputs():
                covariance = [[number(c) for c in row] for row in line.covariance.tolist()]
                lines.append(("inputs", line.width.name, [*map(number, line.mean)], covariance))
            case MatMul():
                lines.append(("matmul", line.matrix, line.transposed, line.vector))
            case Combine():
                terms = (
                    (("scalar", f.index) if isinstance(f, Scalar) else number(f), vector)
                    for f, vector in line.terms
                )
                lines.append(("combine", tuple(terms)))
            case Apply():
                lines.append((_KINDS[type(line)], jax_function(line), line.vectors))
    return tuple(lines)


def simulated(program: Program, base: int, seeds: int, seed: int = 0) -> Averages:
    """The program's averages at base width `base`, measured; see `simulate`.

    **Raises:** ValueError where a width's ratio times the base is no whole number.
    """
    sizes = {}
    for width in program.widths:
        size = sp.nsimplify(width.ratio) * base
        if not size.is_Integer:
            raise ValueError(
                f"width {width.name} is {width.ratio} times {base}, which is no whole number; "
                "choose another base."
            )
        sizes[width.name] = int(size)
    matrices = [(m.rows.name, m.columns.name, number(m.variance)) for m in program.matrices]
    return simulate(plain_lines(program), matrices, sizes, seeds, seed)


def jax_function(line: Apply) -> Callable[..., Any]:
    """The function of a line, for JAX arrays."""
    import jax.numpy as jnp
    from jax.scipy.special import erf

    if extra := line.expression.free_symbols - set(line.arguments):
        raise ValueError(
            f"the function {line.expression} holds the symbols {sorted(map(str, extra))}; "
            "put numbers for them before it is simulated."
        )
    # A step is one half at zero, as SymPy has it.
    own = {"erf": erf, "Heaviside": lambda x, half=0.5: jnp.heaviside(x, half)}
    return sp.lambdify(line.arguments, line.expression, modules=[own, "jax"])


def number(value: sp.Expr) -> float:
    """A SymPy number as a float."""
    if value.free_symbols:
        raise ValueError(
            f"{value} holds the symbols {sorted(map(str, value.free_symbols))}; "
            "put numbers for them before it is simulated."
        )
    return float(value)
