r"""Rectifier networks of any depth at a finite width: exact moments at one input.

A unit that is on at h is off at -h, and turning the signs of its weights around is undone by those
behind it. So at one input a network has the law of a linear one in which each unit passes on with
probability 1/2, independently of all weights. Backwards from a layer then knows nothing of what
comes forwards to it, and all moments are those of Gaussian variables. Forwards, $q_l$ is the
variance of a unit of layer l given the layers before it, $q_{l+1} = w^2 S_l + b^2$ with $S_l$ the
mean of squares that pass; backwards, $D_l$ is the squared length of the gradient of the output
with respect to layer l; and $\Theta_n(x, x) = \sum_l q_l D_l$. Source of the setting: Jacot,
Gabriel and Hongler, arXiv 1806.07572; gates instead of rectifiers, Hanin and Nica,
arXiv 1909.05989.
"""

from collections.abc import Callable
from typing import NamedTuple

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.ntk_finite_width import n, q
from lemmata.theory.ntk_layers import b, w
from lemmata.theory.ntk_moments import mean_steps

_ASSUMES = (
    "weights and biases are independent and of N(0, 1)",
    "all hidden layers have n units, each a rectifier",
)
_m, _s = sp.symbols("m s", positive=True)
_A, _B, _C = sp.symbols("A B C", nonnegative=True)
_e, _zeta = sp.symbols("e xi", real=True)
_rho, _sigma, _Q, _M_4 = sp.symbols("rho sigma Q M_4", positive=True)

#: of the n gates of a layer, and of pairs of them, how many are open in the mean
_OPEN = n / 2
_PAIRS = n * (n + 1) / 4
#: the mean of S^2 over q^2, and so that of (D_l / D_{l+1})^2 over w^4
_SQUARE = sp.Rational(1, 4) + sp.Rational(5, 4) / n


class _Moments(NamedTuple):
    """Means of q_l, and of its square, from the first layer to the last, and steps to them."""

    steps: tuple[Step, ...]
    first: tuple[sp.Expr, ...]
    second: tuple[sp.Expr, ...]


def _gates() -> Step:
    return Step(
        "pairs of gates that are open: n of one gate, at 1/2, and n (n - 1) of two, at 1/4",
        n * sp.Rational(1, 2) + n * (n - 1) * sp.Rational(1, 4),
        _PAIRS,
    )


def _forward(depth: int) -> _Moments:
    """Forwards, layer by layer."""
    if not isinstance(depth, int) or depth < 2:
        raise ValueError(f"depth={depth!r}: give a whole number of at least 2, layers of weights.")
    quartic, four = mean_steps(_zeta**4, (_zeta,), "a unit before its gate, over its variance")
    mean_square = Step(
        "the mean of S^2 over q^2: n units of one fourth moment, n (n - 1) pairs",
        sp.Subs(_M_4 / (2 * n) + (n - 1) / (4 * n), _M_4, four),
        _SQUARE,
    )
    means, squares = w**2 * _m / 2 + b**2, w**4 * _SQUARE * _s + w**2 * b**2 * _m + b**4
    steps = [*quartic, mean_square]
    first, second = [q], [q**2]
    for layer in range(2, depth + 1):
        below, below_2 = first[-1], second[-1]
        first.append(means.subs(_m, below))
        second.append(squares.subs({_m: below, _s: below_2}))
        steps += [
            Step(f"the mean of q_{layer} = w^2 S + b^2", sp.Subs(means, _m, below), first[-1]),
            Step(
                f"the mean of its square at layer {layer}",
                sp.Subs(squares, (_m, _s), (below, below_2)),
                second[-1],
            ),
        ]
    return _Moments(tuple(steps), tuple(first), tuple(second))


def kernel_mean(depth: int) -> Derivation:
    r"""Derive $\mathbb{E} \Theta_n(x, x) = \sum_l (w^2/2)^{L-l}\, \mathbb{E} q_l$, at every n.

    The width is in none of it: the mean is the limit.

    >>> kernel_mean(2).statement
    b**2 + q*w**2
    """
    forward = _forward(depth)
    terms = [mean * (w**2 / 2) ** (depth - l) for l, mean in enumerate(forward.first, 1)]
    total = sp.expand(sp.Add(*terms))
    last = Step(
        "D_l is independent of q_l, and has half of w^2 for each layer behind it",
        sp.Add(*terms, evaluate=False),
        total,
    )
    of_means = tuple(one for one in forward.steps if one.because.startswith("the mean of q_"))
    return Derivation(sp.Symbol("E"), total, (*of_means, last), _ASSUMES)


def kernel_variance(depth: int) -> Derivation:
    r"""Derive n times the variance of $\Theta_n(x, x)$, a polynomial in 1/n.

    Of two layers k < l the mean of $q_k D_k q_l D_l$ is wanted. Given $p = $ what passes the gates
    of layer j, $s = |p|^2/n$ and $D_l = 1$, the mean of $q_l d_j d_j^T$ over all that is behind is
    $(A + B s)\, I + C p p^T$ where gates are open, by linear rules from layer to layer.

    >>> kernel_variance(2).statement
    3*q**2*w**4
    """
    forward = _forward(depth)
    joint, product = mean_steps(
        _e**2 * (_rho * _e + _sigma * _zeta) ** 2,
        (_e, _zeta),
        "a weight e and the unit that it leads to, z = rho e + sigma xi",
    )
    two = Step(
        "with Q = rho^2 + sigma^2 the variance of the unit",
        sp.Subs(product, _sigma, sp.sqrt(_Q - _rho**2)),
        _Q + 2 * _rho**2,
    )
    steps = [*forward.steps, *joint, two, _gates()]
    # rho = w p_k / sqrt(n), so that rho^2 joins the term of p p^T, and Q = w^2 s + b^2.
    rules = tuple(
        w**2 / n * one
        for one in (
            _OPEN * _A + b**2 * (_PAIRS / n * _B + _OPEN * _C),
            w**2 * (_PAIRS / n * _B + _OPEN * _C),
            w**2 / n * (_B + (n + n * (n - 1) / 4) * _C),
        )
    )
    state: tuple[sp.Expr, ...] = (w**2 * b**2 / n, w**4 / n, sp.Integer(0))
    across: list[tuple[sp.Expr, ...]] = []  # by how many layers lie from k to l, less one
    for apart in range(1, depth):
        across.append(state)
        if apart == depth - 1:
            break
        # D is that over w^2/n times open gates, which the rules have in front.
        passed = tuple(one.subs(dict(zip((_A, _B, _C), state, strict=True))) for one in rules)
        steps += [
            Step(
                f"the weights averaged out: {name} of layers {apart + 1} apart",
                sp.Subs(rule, (_A, _B, _C), state),
                new,
            )
            for name, rule, new in zip("ABC", rules, passed, strict=True)
        ]
        state = passed
    behind = [(w**4 * _SQUARE) ** (depth - l) for l in range(1, depth + 1)]
    terms = [square * back for square, back in zip(forward.second, behind, strict=True)]
    for l in range(2, depth + 1):
        for k in range(1, l):
            a, one, whole = across[l - k - 1]
            mean, square = forward.first[k - 1], forward.second[k - 1]
            inner = _OPEN * a * mean + (_PAIRS / n * one + _OPEN * whole) * square
            terms.append(2 * behind[l - 1] * inner)
    mean = kernel_mean(depth).statement
    statement = sp.expand(n * (sp.Add(*terms) - mean**2))
    steps.append(
        Step(
            "n times: the mean of the squared sum over layers, that is of squares and twice each "
            "pair, less the square of the mean",
            n * (sp.Add(*terms) - mean**2),
            statement,
        )
    )
    return Derivation(sp.Symbol("nVar"), statement, tuple(steps), _ASSUMES)


def excess_kurtosis(depth: int) -> Derivation:
    r"""Derive n times the excess kurtosis of the output: $3 n \operatorname{Var} q_L / (E q_L)^2$.

    Given the layers before it the output is Gaussian, of variance $q_L$.
    """
    return _of_last(depth, "E f^4 = 3 E q_L^2, over that of E f^2 = E q_L squared, less 3, times n",
                    lambda mean, square: n * (3 * square / mean**2 - 3))  # fmt: skip


def squares_correlation(depth: int) -> Derivation:
    r"""Derive n times the correlation of the squares of two outputs at one input.

    Given the layers before them they are independent and of one variance $q_L$, so their covariance
    is its variance.
    """
    return _of_last(
        depth,
        "the covariance of squares is Var q_L, their variance 3 E q_L^2 - (E q_L)^2; times n",
        lambda mean, square: n * (square - mean**2) / (3 * square - mean**2),
    )


def _of_last(depth: int, because: str, of: Callable[[sp.Expr, sp.Expr], sp.Expr]) -> Derivation:
    forward = _forward(depth)
    shape = of(_m, _s)
    ends = (forward.first[-1], forward.second[-1])
    statement = shape.subs(dict(zip((_m, _s), ends, strict=True)), simultaneous=True)
    last = Step(because, sp.Subs(shape, (_m, _s), ends), statement)
    return Derivation(sp.Symbol("nX"), statement, (*forward.steps, last), _ASSUMES)
