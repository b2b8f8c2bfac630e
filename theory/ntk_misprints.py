r"""Formulas as they are printed, beside the right ones, so that claims can be made of both.

Read from the texts of Jacot, Gabriel and Hongler, arXiv 1806.07572, and Yang, arXiv 1902.04760
(v3). Each printed form stands in a function whose name ends in `as_printed`.
"""

from functools import partial

import sympy as sp

from lemmata.theory.derivation import Derivation, Step
from lemmata.theory.ntk import GRAM, Dual, Kernel, Scales
from lemmata.theory.ntk_convolution import conv_backward
from lemmata.theory.ntk_layers import b, w
from lemmata.theory.ntk_structures import Maps, along_the_values, backward, pooled

# Jacot et al., section 5: f_t = f* + Delta_0 + sum over i of exp(-t lambda_i) Delta_i. Here are the
# target, a value before training, the part that never decays, and one that does.
star, initial, delta_0, delta_1 = sp.symbols("f^* f_0 Delta_0 Delta_1", real=True)
lambda_1, t = sp.symbols("lambda_1 t", positive=True)


def decomposed() -> sp.Expr:
    """The value in time, as printed and as it should be: they differ in what Delta decomposes."""
    return star + delta_0 + sp.exp(-t * lambda_1) * delta_1


def start() -> Derivation:
    """Derive that the formula starts at f_0 where Delta decomposes f_0 - f*."""
    return _start_of(initial - star)


def start_as_printed() -> sp.Expr:
    """The initial value where Delta decomposes f* - f_0, as printed: 2 f* - f_0."""
    return _start_of(star - initial).statement


def _start_of(whole: sp.Expr) -> Derivation:
    at_start = sp.Subs(decomposed(), (delta_0, t), (whole - delta_1, 0))
    statement = sp.expand(at_start.doit())
    step = Step(f"at time zero, where Delta_0 and Delta_1 add up to {whole}", at_start, statement)
    return Derivation(sp.Symbol("f(0)"), statement, (step,))


def yang_kernel_as_printed(
    depth: int, dual: Dual, slope: Dual, gram: Kernel = GRAM, scales: Scales = (w, b)
) -> Kernel:
    r"""Theorem D.1 with its recursion $\Pi^{l-1} = V'(\Sigma^l) \Pi^l$, which lacks $w^2$."""
    return backward(depth, dual, slope, gram, scales, per_layer=sp.Integer(1))


def yang_kernel_as_printed_again(
    depth: int, dual: Dual, slope: Dual, gram: Kernel = GRAM, scales: Scales = (w, b)
) -> Kernel:
    r"""The second displayed form of Theorem D.1, which lacks $w^2$ at the read-out too."""
    one = sp.Integer(1)
    return backward(depth, dual, slope, gram, scales, per_layer=one, top=one)


def tied_covariances(steps: int, dual: Dual, start: sp.Expr, scales: Scales = (w, b)) -> sp.Matrix:
    r"""The covariances of h^1, h^2, ... of a recurrent network that has an input at time 1 only.

    $h^1$ is a Gaussian of variance `start`, and $h^{t+1} = W \varphi(h^t) + b$ with one W and one b
    for all times, so $K_{s+1, t+1} = w^2\, \mathbb{E} \varphi(h^s) \varphi(h^t) + b^2$.
    """
    weight, bias = scales
    K = sp.zeros(steps, steps)
    K[0, 0] = start
    for i in range(1, steps):
        for j in range(1, i + 1):
            p, q, c = K[i - 1, i - 1], K[j - 1, j - 1], K[i - 1, j - 1]
            K[i, j] = K[j, i] = weight**2 * dual(p, q, c) + bias**2
    return K


def tied_covariances_as_printed(
    steps: int, dual: Dual, start: sp.Expr, scales: Scales = (w, b)
) -> sp.Matrix:
    """The same by Corollary D.11: nothing between different times, as without tied weights."""
    K = tied_covariances(steps, dual, start, scales)
    return sp.diag(*K.diagonal())


# Of the state evolution, appendix D.8: A is n by N with entries of variance 1/n, delta = n/N, and
# s is the mean of g' over the n entries of A x.
delta, mean_slope = sp.symbols("delta s", positive=True)


def onsager() -> Derivation:
    """Derive what A^T g(A x) has along x: n rows of variance 1/n, so the mean of g' itself."""
    rows, u = sp.symbols("n u", positive=True)
    step = Step(
        "n rows, each adding the variance of an entry times the mean of g'",
        sp.Subs(rows * u * mean_slope, u, 1 / rows),
        mean_slope,
    )
    steps = (*along_the_values().steps, step)
    return Derivation(sp.Symbol("xi"), mean_slope, steps, along_the_values().assumes)


def onsager_as_printed() -> sp.Expr:
    """The sum of g' over n entries, over N and not over n."""
    return delta * mean_slope


conv_kernel_as_printed = partial(conv_backward, interchanged=True)


def pooled_as_printed(
    depth: int, maps: Maps, gram: Kernel = GRAM, scales: Scales = (w, b)
) -> Kernel:
    r"""Appendix D.1, its backward recursion with $V_\varphi$ for the map of $\varphi \varphi'$."""
    return pooled(depth, maps, gram, scales, passing_on=maps.dual)
