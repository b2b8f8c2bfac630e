r"""Covariance and tangent kernel of wide fully connected networks, layer by layer.

$\Sigma^1 = w^2 k + b^2$ with $k = x \cdot x' / n_0$, and each further layer is what `ntk_layers`
derives, its averages over units replaced by the dual maps of the nonlinearity,
$V(q, q', c) = \mathbb{E}\, \varphi(u) \varphi(u')$ with $u, u'$ centred Gaussian of variances q, q'
and covariance c, and $V'$, the same of $\varphi'$. Sources: Jacot, Gabriel and Hongler,
arXiv 1806.07572, Proposition 1 and Theorem 1; Yang, arXiv 1902.04760, appendix D.1.
"""

from collections.abc import Callable
from typing import NamedTuple

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.ntk_conventions import JACOT, Convention
from lemmata.theory.ntk_layers import b, below, layer_covariance, layer_kernel, product, slopes, w

Scales = tuple[sp.Expr, sp.Expr]

# V(q, q', c): the mean over a pair of Gaussians of these variances and this covariance.
Dual = Callable[[sp.Expr, sp.Expr, sp.Expr], sp.Expr]


class Kernel(NamedTuple):
    """A kernel at two inputs: the first with itself, the second with itself, and the two."""

    xx: sp.Expr
    yy: sp.Expr
    xy: sp.Expr


# Scalar products of the inputs over their dimension.
GRAM = Kernel(
    sp.Symbol("k_xx", positive=True),
    sp.Symbol("k_yy", positive=True),
    sp.Symbol("k_xy", real=True),
)
WITHIN = (sp.Lt(GRAM.xy**2, GRAM.xx * GRAM.yy),)


def relu(q: sp.Expr, p: sp.Expr, c: sp.Expr) -> sp.Expr:
    r"""$\sqrt{q q'} (\sin t + (\pi - t) \cos t) / 2 \pi$, $\cos t = c / \sqrt{q q'}$.

    The arc-cosine kernel of degree one; Cho and Saul, NeurIPS 2009, over 2.
    """
    t = sp.acos(c / sp.sqrt(q * p))
    return sp.sqrt(q * p) * (sp.sin(t) + (sp.pi - t) * sp.cos(t)) / (2 * sp.pi)


def relu_slope(q: sp.Expr, p: sp.Expr, c: sp.Expr) -> sp.Expr:
    r"""$(\pi - t) / 2 \pi$, the dual map of the step; arc-cosine of degree zero, over 2."""
    return (sp.pi - sp.acos(c / sp.sqrt(q * p))) / (2 * sp.pi)


def scaled(rule: sp.Expr, scales: Scales) -> sp.Expr:
    """A layer's rule with these scales of the weights and of the biases for w and b."""
    return rule.subs(dict(zip((w, b), scales, strict=True)), simultaneous=True)


def at(map: Dual, kernel: Kernel) -> Kernel:
    """The values of a dual map at the three pairs of two inputs."""
    xx, yy, xy = kernel
    return Kernel(map(xx, xx, xx), map(yy, yy, yy), map(xx, yy, xy))


def _check_map(name: str, map: Dual) -> None:
    if not callable(map):
        raise ValueError(
            f"{name}={map!r} is no dual map; give a function of (q, q', c), such as `relu` or "
            "`relu_slope` of this module, or `sympy.Function('V')`."
        )


def covariances(
    depth: int,
    dual: Dual,
    convention: Convention = JACOT,
    gram: Kernel = GRAM,
    scales: Scales = (w, b),
) -> tuple[Kernel, ...]:
    """The covariances of the pre-activations of all layers, the output's last.

    **Arguments:** `depth`: as `convention` counts it. `dual`: the map V. `gram`: scalar products of
    the inputs, over their dimension. `scales`: of the weights and of the biases.
    """
    layers = _layers(depth, convention)
    _check_map("dual", dual)
    found: list[Kernel] = []
    for layer in range(1, layers + 1):
        averages = at(dual, found[-1]) if found else gram
        bias = convention.readout_bias or layer < layers
        rule = scaled(layer_covariance(bias).statement, scales)
        found.append(Kernel(*(rule.subs(product, one) for one in averages)))
    return tuple(found)


def covariance(
    depth: int,
    dual: Dual,
    convention: Convention = JACOT,
    gram: Kernel = GRAM,
    scales: Scales = (w, b),
) -> Kernel:
    """The covariance of the output over initialisations: that of the limiting Gaussian process.

    >>> V = sp.Function("V")
    >>> covariance(2, V).xy
    b**2 + w**2*V(b**2 + k_xx*w**2, b**2 + k_yy*w**2, b**2 + k_xy*w**2)
    """
    return covariances(depth, dual, convention, gram, scales)[-1]


def layer_shares(
    depth: int,
    dual: Dual,
    slope: Dual,
    convention: Convention = JACOT,
    gram: Kernel = GRAM,
    scales: Scales = (w, b),
) -> tuple[Kernel, ...]:
    """What each layer's parameters contribute to the limiting tangent kernel, first layer first.

    With unit parameters this is the covariance of the layer times w^2 V' of all layers from it on
    (Jacot et al., Remark 4).
    """
    layers = _layers(depth, convention)
    _check_map("slope", slope)
    sigma = covariances(depth, dual, convention, gram, scales)
    shares: list[Kernel] = []
    for layer in range(1, layers + 1):
        rule = scaled(layer_kernel(convention, layer == layers).statement, scales)
        averages, steps = _averages(layer, sigma, dual, slope, gram)
        passed = [sp.diff(rule, below).subs(slopes, one) for one in steps]
        shares = [_times(share, Kernel(*passed)) for share in shares]
        own = rule.subs(below, 0)
        shares.append(Kernel(*(own.subs(product, one) for one in averages)))
    return tuple(shares)


def tangent_kernel(
    depth: int,
    dual: Dual,
    slope: Dual,
    convention: Convention = JACOT,
    gram: Kernel = GRAM,
    scales: Scales = (w, b),
) -> Kernel:
    """The limiting tangent kernel at initialisation, one output with itself.

    **Arguments:** `depth`: as `convention` counts it. `dual`, `slope`: the maps V and V'. `gram`:
    scalar products of the inputs, over their dimension. `scales`: of weights and of biases.

    >>> V, slope = sp.Function("V"), sp.Function("V'")
    >>> tangent_kernel(1, V, slope).xy
    b**2 + k_xy*w**2
    """
    layers = _layers(depth, convention)
    _check_map("slope", slope)
    sigma = covariances(depth, dual, convention, gram, scales)
    theta = Kernel(*[sp.Integer(0)] * 3)
    for layer in range(1, layers + 1):
        rule = scaled(layer_kernel(convention, layer == layers).statement, scales)
        averages, steps = _averages(layer, sigma, dual, slope, gram)
        theta = Kernel(
            *(
                rule.subs({below: under, product: one, slopes: step})
                for under, one, step in zip(theta, averages, steps, strict=True)
            )
        )
    return theta


def covariance_derivation(depth: int, dual: Dual, convention: Convention = JACOT) -> Derivation:
    """Derive the covariance of the output at two inputs, from the definition."""
    layers = _layers(depth, convention)
    sigma = covariances(depth, dual, convention)
    steps, assumes = _rules([layer_covariance(bias) for bias in _biases(layers, convention)])
    for layer, kernel in enumerate(sigma, 1):
        average = at(dual, sigma[layer - 2]).xy if layer > 1 else GRAM.xy
        rule = layer_covariance(convention.readout_bias or layer < layers).statement
        steps.append(
            Step(f"the covariance of layer {layer}", sp.Subs(rule, product, average), kernel.xy)
        )
    return Derivation(sp.Symbol("Sigma_L"), sigma[-1].xy, tuple(steps), assumes, WITHIN)


def tangent_kernel_derivation(
    depth: int, dual: Dual, slope: Dual, convention: Convention = JACOT
) -> Derivation:
    """Derive the limiting tangent kernel at two inputs, from the definition."""
    layers = _layers(depth, convention)
    _check_map("slope", slope)
    sigma = covariances(depth, dual, convention)
    kinds = _biases(layers, convention)
    steps, assumes = _rules(
        [layer_covariance(bias) for bias in kinds]
        + [layer_kernel(convention, not bias) for bias in kinds]
    )
    theta: sp.Expr = sp.Integer(0)
    for layer in range(1, layers + 1):
        rule = layer_kernel(convention, layer == layers).statement
        averages, slope_averages = _averages(layer, sigma, dual, slope, GRAM)
        names, values = (below, product, slopes), (theta, averages.xy, slope_averages.xy)
        theta = rule.subs(dict(zip(names, values, strict=True)))
        steps.append(
            Step(f"the tangent kernel of layer {layer}", sp.Subs(rule, names, values), theta)
        )
    return Derivation(sp.Symbol("Theta_L"), theta, tuple(steps), assumes, WITHIN)


def _averages(
    layer: int, sigma: tuple[Kernel, ...], dual: Dual, slope: Dual, gram: Kernel
) -> tuple[Kernel, Kernel]:
    """What the averages over the units below a layer tend to: of products, and of slopes."""
    if layer == 1:  # the inputs are given, and nothing below them has parameters
        return gram, Kernel(*[sp.Integer(0)] * 3)
    return at(dual, sigma[layer - 2]), at(slope, sigma[layer - 2])


def _rules(derivations: list[Derivation]) -> tuple[list[Step], tuple[str, ...]]:
    """The steps and the assumptions of several derivations, none twice."""
    steps = dict.fromkeys(step for one in derivations for step in one.steps)
    assumes = dict.fromkeys(words for one in derivations for words in one.assumes)
    return list(steps), tuple(assumes)


def _biases(layers: int, convention: Convention) -> list[bool]:
    """Which kinds of layer a network has: with a bias, and without one."""
    kinds = [True] if layers > 1 or convention.readout_bias else []
    return kinds if convention.readout_bias else [*kinds, False]


def _times(one: Kernel, other: Kernel) -> Kernel:
    return Kernel(*(x * y for x, y in zip(one, other, strict=True)))


def _layers(depth: int, convention: Convention) -> int:
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
        raise ValueError(
            f"depth={depth!r}: a network has at least one layer, counted as the convention "
            f"{convention.name!r} counts; use a whole number from 1 on."
        )
    return convention.weight_layers(depth)
