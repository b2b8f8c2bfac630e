r"""One layer of a wide network, derived: what it makes of the covariance and of the tangent kernel.

A unit is $f = (w/\sqrt n) \sum_i z_i a_i + b z_0$ with $z$ of $N(0, 1)$ and $a_i = \varphi(h_i)$,
at a second input $c_i = \varphi(k_i)$. Its tangent kernel is, by definition, the sum over all
parameters of $\partial f\, \partial f'$. Everything is worked out at an explicit width; only two
averages over the units are left open, and the law of large numbers gives them their limits.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.ntk_conventions import JACOT, Convention
from lemmata.theory.ntk_moments import mean_steps

w, b = sp.symbols("w b", positive=True)

# Averages over the units below of phi(h) phi(k) and of phi'(h) phi'(k), and the kernel below.
product, slopes, below = sp.symbols("A D Theta", real=True)

LARGE_NUMBERS = (
    "law of large numbers: as the layer below widens, the averages over its units of phi phi' and "
    "of the slopes tend to their means under N(0, Sigma), which are the dual maps at Sigma"
)
DIAGONAL = (
    "law of large numbers: the tangent kernel of the layer below tends to Theta times the "
    "identity, one row and one column a unit"
)
FRESH = "the weights of a layer are independent of everything below it"


@lru_cache
def layer_covariance(bias: bool = True, width: int = 2) -> Derivation:
    r"""Derive $\mathbb{E} f f' = w^2 A + b^2$ over the weights of a layer.

    **Arguments:** `bias`: whether the layer has one. `width`: how many units below are written out.

    >>> layer_covariance().statement
    A*w**2 + b**2
    """
    _check_width(width)
    z, z_0 = _symbols("z", width), sp.Symbol("z_0", real=True)
    a, c = _symbols("a", width), _symbols("c", width)
    shift = b * z_0 if bias else 0
    f, g = (w * _dot(z, units) / sp.sqrt(width) + shift for units in (a, c))
    over = (*z, z_0) if bias else z
    steps, mean = mean_steps(f * g, over, "the weights and the bias")
    named, statement = _named(mean, ((a, c, product),))
    last = Step("A is the average over the units: (a_1 c_1 + ... + a_n c_n)/n", named, statement)
    return Derivation(sp.Symbol("Sigma"), statement, (*steps, last), (LARGE_NUMBERS, FRESH))


@lru_cache
def layer_kernel(convention: Convention = JACOT, last: bool = False, width: int = 2) -> Derivation:
    r"""Derive the tangent kernel of a layer from that of the layer below.

    It is $w^2 D\, \Theta + w^2 A + b^2$ for unit parameters, and $w^2 D\, \Theta + A + 1$ where the
    gradient is taken with respect to the weights and biases themselves.

    **Arguments:** `last`: whether this is the read-out, which may have no bias. `width`: how many
    units below are written out.

    >>> layer_kernel().statement
    A*w**2 + D*Theta*w**2 + b**2
    """
    _check_width(width)
    # A weight is `scale` times its parameter p, and p is `spread` times z of N(0, 1).
    scale, spread, shift = (w, 1, b) if convention.unit_parameters else (1, w, 1)
    biased = convention.readout_bias or not last
    p, p_0 = _symbols("p", width), sp.Symbol("p_0", real=True)
    a, c = _symbols("a", width), _symbols("c", width)

    def unit(values: Sequence[sp.Expr]) -> sp.Expr:
        value = scale * _dot(p, values) / sp.sqrt(width)
        return value + shift * p_0 if biased else value

    def squared(one: sp.Symbol) -> sp.Expr:
        return sp.Derivative(unit(a), one) * sp.Derivative(unit(c), one)

    own = scale**2 * _dot(a, c) / width
    steps = [Step("by definition: the weights of this layer", sp.Add(*map(squared, p)), own)]
    if biased:
        bias = sp.Integer(1) * shift**2
        steps.append(Step("by definition: its bias", squared(p_0), bias))
        own += bias
    through, passed = _from_below(unit, p, scale, spread)
    d, e = _symbols("d", width), _symbols("e", width)
    named, statement = _named(own + passed, ((a, c, product), (d, e, slopes)))
    together = Step(
        "together, A the average of a_i c_i over the units and D that of d_i e_i", named, statement
    )
    assumes = (LARGE_NUMBERS, DIAGONAL, FRESH)
    return Derivation(sp.Symbol("Theta^+"), statement, (*steps, *through, together), assumes)


def _from_below(
    unit: Callable[[Sequence[sp.Expr]], sp.Expr],
    p: tuple[sp.Symbol, ...],
    scale: sp.Expr,
    spread: sp.Expr,
) -> tuple[tuple[Step, ...], sp.Expr]:
    """Steps for the parameters of all layers below, and their share of the kernel."""
    width, t, phi = len(p), sp.Symbol("t", real=True), sp.Function("phi")
    inner = [sp.Function(f"h_{i}")(t) for i in range(1, width + 1)]
    chain = _dot(p, [phi(one).diff(one) * one.diff(t) for one in inner])
    steps = [
        Step(
            "a parameter t of a layer below acts through every unit: the chain rule",
            sp.Derivative(unit([phi(one) for one in inner]), t),
            scale * chain / sp.sqrt(width),
        )
    ]
    # d_i and e_i are the slopes phi' at the two inputs; two parameters below stand for all.
    d, e, z = (_symbols(letter, width) for letter in "dez")
    J, K = (_table(letter, width, 2) for letter in "JK")
    G = _table("G", width, width)
    out, other = (
        [scale * x * slope / sp.sqrt(width) for x, slope in zip(p, kind, strict=True)]
        for kind in (d, e)
    )
    by_parameter = sum(_dot(out, J.col(s)) * _dot(other, K.col(s)) for s in range(2))
    in_pairs = (sp.Matrix([out]) * G * sp.Matrix(other))[0]
    steps.append(
        Step(
            "summed over the parameters t below: a pair of units i, j carries the kernel below "
            "between them, G_ij = sum over t of J_it K_jt",
            by_parameter,
            sp.Subs(in_pairs, tuple(G), tuple(J * K.T)),
        )
    )
    diagonal = (tuple(G), tuple(below * sp.eye(width)))
    left_over = sp.expand(in_pairs.subs(dict(zip(*diagonal, strict=True))))
    steps.append(Step("G is Theta times the identity", sp.Subs(in_pairs, *diagonal), left_over))
    drawn = left_over.subs({x: spread * y for x, y in zip(p, z, strict=True)})
    means, passed = mean_steps(drawn, z, "the weights of this layer")
    return (*steps, *means), passed


def _named(
    expression: sp.Expr,
    averages: Sequence[tuple[tuple[sp.Symbol, ...], tuple[sp.Symbol, ...], sp.Symbol]],
) -> tuple[sp.Expr, sp.Expr]:
    """The expression with averages over the units named: as a substitution, and worked out."""
    first, value = [], []
    for left, right, name in averages:
        # Solved for the first unit at the second input, which so gives way to the name.
        rest = _dot(left[1:], right[1:])
        first.append(right[0])
        value.append((len(left) * name - rest) / left[0])
    replaced = expression.subs(dict(zip(first, value, strict=True)))
    return sp.Subs(expression, tuple(first), tuple(value)), sp.expand(replaced)


def _dot(left: Sequence[sp.Expr], right: Sequence[sp.Expr]) -> sp.Expr:
    return sp.Add(*(x * y for x, y in zip(left, right, strict=True)))


def _symbols(letter: str, count: int) -> tuple[sp.Symbol, ...]:
    return tuple(sp.Symbol(f"{letter}_{i}", real=True) for i in range(1, count + 1))


def _table(letter: str, rows: int, columns: int) -> sp.Matrix:
    return sp.Matrix(rows, columns, lambda i, j: sp.Symbol(f"{letter}_{i + 1}{j + 1}", real=True))


def _check_width(width: int) -> None:
    if width < 1:
        raise ValueError(f"width={width}: a layer has one unit at least; use width=2, say.")
