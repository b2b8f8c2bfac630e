r"""Kernels at a finite width, exactly: small networks written out, and one hidden layer at any n.

With one hidden layer the kernel of an input with itself is $b^2$ plus the mean over the n units of
independent copies of $X = w^2 [\varphi(h)^2 + q\, v^2 \varphi'(h)^2]$, with v of N(0, 1) and h of
N(0, q), $q = w^2 |x|^2 / n_0 + b^2$. So its mean is the limit at every n, and n times its variance
that of X. Parameters are unit parameters. Source of the setting: Jacot, Gabriel and Hongler,
arXiv 1806.07572.
"""

import itertools
from collections.abc import Callable, Sequence

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.ntk_conventions import JACOT, Convention
from lemmata.theory.ntk_layers import b, w
from lemmata.theory.ntk_moments import mean_steps

q, n = sp.symbols("q n", positive=True)
_u, _v, _z = sp.symbols("u v z", real=True)
_K, _first, _second = sp.symbols("K M_1 M_2", positive=True)
_UNITS = ("weights and biases are independent and of N(0, 1)", "the network has one hidden layer")

_slope = (1 + _z / sp.Abs(_z)) / 2
_HALF = Step(
    "a unit is on either at z or at -z, so an even function of z has half of its mean where it is",
    _slope + sp.Subs(_slope, _z, -_z),
    sp.Integer(1),
)


def written_out(
    inputs: Sequence[Sequence[sp.Expr]],
    widths: Sequence[int],
    activation: Callable[[sp.Expr], sp.Expr],
    convention: Convention = JACOT,
) -> tuple[tuple[sp.Expr, ...], sp.Expr, tuple[sp.Symbol, ...]]:
    """A network of these hidden widths in all its parameters, with two inputs.

    **Returns:** its outputs at the inputs; its tangent kernel between the first and the last of
    them, by differentiating with respect to every parameter; the parameters, in units of N(0, 1).
    """
    dimensions = (len(inputs[0]), *widths, 1)
    values = [list(one) for one in inputs]
    drawn: list[sp.Symbol] = []
    scaled: list[sp.Expr] = []
    for layer, (size, units) in enumerate(itertools.pairwise(dimensions), 1):
        last = layer == len(dimensions) - 1
        biased = convention.readout_bias or not last
        passed: list[list[sp.Expr]] = [[] for _ in values]
        for unit in range(units):
            names = [sp.Symbol(f"W{layer}_{unit}_{i}", real=True) for i in range(size)]
            shift = [sp.Symbol(f"B{layer}_{unit}", real=True)] if biased else []
            drawn += [*names, *shift]
            scaled += [*[w] * size, *[b] * len(shift)]
            for one, into in zip(values, passed, strict=True):
                h = w * sp.Add(*(x * y for x, y in zip(names, one, strict=True))) / sp.sqrt(size)
                h += b * shift[0] if biased else 0
                into.append(h if last else activation(h))
        values = passed
    outputs = tuple(one[0] for one in values)
    # d f / d (w W) is (1/w) d f / d W.
    units_of = [1 if convention.unit_parameters else one for one in scaled]
    kernel = sp.Add(
        *(
            sp.diff(outputs[0], one) * sp.diff(outputs[-1], one) / unit**2
            for one, unit in zip(drawn, units_of, strict=True)
        )
    )
    return outputs, kernel, tuple(drawn)


def kernel_mean() -> Derivation:
    r"""Derive $\mathbb{E} \Theta_n(x, x) = w^2 q + b^2$ for ReLU and one hidden layer, at every n.

    >>> kernel_mean().statement
    b**2 + q*w**2
    """
    steps, mean = mean_steps(_share(), (_z, _v), "v and z, where the unit is on")
    statement = sp.expand(mean / 2 + b**2)
    last = Step(
        "a mean over n units of one mean each, half of the time on, and the bias",
        sp.Subs(_first / 2 + b**2, _first, mean),
        statement,
    )
    return Derivation(sp.Symbol("E"), statement, (*steps, _HALF, last), _UNITS)


def kernel_variance() -> Derivation:
    r"""Derive $n \operatorname{Var} \Theta_n(x, x) = 3 w^4 q^2$ for ReLU and one hidden layer.

    >>> kernel_variance().statement
    3*q**2*w**4
    """
    first, mean = mean_steps(_share(), (_z, _v), "v and z, where the unit is on")
    second, square = mean_steps(_share() ** 2, (_z, _v), "v and z, of the square")
    statement = sp.expand(square / 2 - (mean / 2) ** 2)
    last = Step(
        "n times the variance of a mean over n independent units is that of one, half of the time "
        "on",
        sp.Subs(_second / 2 - (_first / 2) ** 2, (_first, _second), (mean, square)),
        statement,
    )
    return Derivation(sp.Symbol("nVar"), statement, (*_unique(first, second), _HALF, last), _UNITS)


def block_off_diagonal() -> Derivation:
    r"""Derive $n\, \mathbb{E} \Theta_{12}(x, x)^2 = w^4 q^2 / 2$ between two outputs, for ReLU.

    They share the hidden layer alone: a unit that is on adds $w^2 q v_1 v_2$ to n times the kernel.

    >>> block_off_diagonal().statement
    q**2*w**4/2
    """
    return _of_two_outputs(_v * _u, "the kernel between two outputs has no mean")


def block_diagonal() -> Derivation:
    r"""Derive $n\, \mathbb{E} (\Theta_{11} - \Theta_{22})^2 = 2 w^4 q^2$ at an input, for ReLU.

    >>> block_diagonal().statement
    2*q**2*w**4
    """
    return _of_two_outputs(_v**2 - _u**2, "what the outputs share is gone")


def _of_two_outputs(share: sp.Expr, because: str) -> Derivation:
    """n times the mean square of what a unit adds as w^2 q times `share` of the read-outs u, v."""
    unit, square = mean_steps(
        (w**2 * q * share) ** 2, (_u, _v), "the two read-outs, where the unit is on"
    )
    statement = sp.expand(square / 2)
    last = Step(
        f"{because}, and n times the mean square of a mean over n independent units, of mean 0 "
        "each, is that of one, half of the time on",
        sp.Subs(_second / 2, _second, square),
        statement,
    )
    return Derivation(sp.Symbol("nE"), statement, (*unit, _HALF, last), _UNITS)


def excess_kurtosis() -> Derivation:
    r"""Derive n times the excess kurtosis of the output, for ReLU and one hidden layer.

    It is $\frac{15}{4} w^4 q^2 / (w^2 q / 2 + b^2)^2$, at every n.
    """
    # Given the hidden layer the output is Gaussian, of variance K = w^2 S + b^2 where S is the
    # mean of phi(h)^2 over the units.
    given, fourth = mean_steps(_K**2 * _z**4, (_z,), "the read-out, given the hidden layer")
    unit, square = mean_steps(q * _z**2, (_z,), "z, where the unit is on")
    again, quartic = mean_steps((q * _z**2) ** 2, (_z,), "z, of the square")
    variance = quartic / 2 - (square / 2) ** 2
    at_unit = Step(
        "the variance of phi(h)^2 at a unit",
        sp.Subs(_second / 2 - (_first / 2) ** 2, (_first, _second), (square, quartic)),
        variance,
    )
    mean = w**2 * square / 2 + b**2
    statement = excess_kurtosis_of(square / 2, quartic / 2)
    last = Step(
        "E f^4 is three times the mean of K^2, which is its mean squared plus w^4/n times that "
        "variance; over the square of E f^2, less 3, times n",
        n * (sp.Subs(fourth, _K, sp.sqrt(mean**2 + w**4 * variance / n)) / mean**2 - 3),
        statement,
    )
    steps = (*_unique(given, unit, again), _HALF, at_unit, last)
    return Derivation(sp.Symbol("nkurt"), statement, steps, _UNITS)


def excess_kurtosis_of(second: sp.Expr, fourth: sp.Expr) -> sp.Expr:
    r"""n times the excess kurtosis, for $\mathbb{E} \varphi^2$ and $\mathbb{E} \varphi^4$ of any
    nonlinearity.
    """
    return 3 * w**4 * (fourth - second**2) / (w**2 * second + b**2) ** 2


def _share() -> sp.Expr:
    """What a unit that is on adds to n times the kernel: phi^2 = q z^2, and slope 1."""
    return w**2 * (q * _z**2 + q * _v**2)


def _unique(*groups: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(dict.fromkeys(step for group in groups for step in group))
