r"""Remarks of the papers that follow from the recursions in a line or two, derived.

Jacot, Gabriel and Hongler, arXiv 1806.07572: Proposition 2 asks that the nonlinearity be no
polynomial; section 5 has the limit of long training as that of regression with a ridge. Yang,
arXiv 1902.04760: Remark D.2 on the kernel of Jacot et al.; signal propagation at He's variances.
"""

import sympy as sp

from lemmata.theory.gaussian_pair import c, q1, q2
from lemmata.theory.gaussian_series import polynomial, polynomial_slope
from lemmata.theory.ntk import GRAM, Kernel, Scales, covariances, relu, relu_slope, tangent_kernel
from lemmata.theory.ntk_conventions import JACOT, YANG
from lemmata.theory.ntk_layers import w
from lemmata.theory.ntk_signal import gradient_covariance
from lemmata.theory.ntk_training import converged

ZERO, ONE, HALF = sp.Integer(0), sp.Integer(1), sp.Rational(1, 2)
SQUARE = (ZERO, ZERO, HALF)


def rank_of_square(scales: Scales) -> int:
    r"""The rank of the limiting kernel of $z^2/2$, one hidden layer, on the circle $|x|^2 = n_0$.

    At the angle t between two inputs it is a polynomial of cos t: each multiple of t in it is an
    eigenspace, of a cosine and a sine.
    """
    dual, slope = (
        sp.Lambda((q1, q2, c), one(SQUARE).statement) for one in (polynomial, polynomial_slope)
    )
    cosine = sp.Symbol("x")
    kernel = tangent_kernel(2, dual, slope, JACOT, Kernel(ONE, ONE, cosine), scales).xy
    rest, rank = sp.Poly(sp.expand(kernel), cosine), 0
    while not rest.is_zero:
        k = rest.degree()
        wave = sp.Poly(sp.chebyshevt(k, cosine), cosine)
        rest -= rest.LC() / wave.LC() * wave
        rank += 2 if k else 1
    return rank


def order_in_ridge() -> sp.Expr:
    r"""The s in $\kappa (K + r)^{-1} y - \kappa K^{-1} y \sim r^s$, at two points and one more."""
    ridge, product = sp.symbols("r p", positive=True)
    # K is (1 + p, 1; 1, 1), any one that is positive definite but for a scale
    K, y = sp.Matrix([[1 + product, 1], [1, 1]]), sp.Matrix(sp.symbols("y_1 y_2"))
    kappa = sp.Matrix([sp.symbols("k_1 k_2")])
    limit = converged(K, kappa).mean(y)
    error = sp.factor((kappa * (K + ridge * sp.eye(2)).inv() * y - limit)[0])
    return sp.limit(sp.cancel(ridge * sp.diff(error, ridge) / error), ridge, 0)


def posterior_mean() -> sp.Expr:
    r"""$\kappa K^{-1} y$, the mean of what long training ends on, at two points and one more."""
    k = sp.symbols("k_11 k_12 k_22 k_1 k_2", real=True)
    y = sp.Matrix(sp.symbols("y_1 y_2", real=True))
    K, kappa = sp.Matrix([[k[0], k[1]], [k[1], k[2]]]), sp.Matrix([[k[3], k[4]]])
    return sp.factor(converged(K, kappa).mean(y)[0])


def jacot_kernel(hidden: int) -> sp.Expr:
    """The kernel of Jacot et al. at w = b = 1, ReLU."""
    return tangent_kernel(hidden + 1, relu, relu_slope, JACOT, GRAM, (ONE, ONE)).xy


def jacot_kernel_as_remarked(hidden: int) -> sp.Expr:
    """The same by Yang's Remark D.2: Theorem D.1 at w = b = 1, whose read-out has no bias."""
    return tangent_kernel(hidden, relu, relu_slope, YANG, GRAM, (ONE, ONE)).xy


def conserved(depth: int) -> tuple[sp.Expr, sp.Expr]:
    r"""$\Sigma^{L+1} / \Sigma^1$ and $\Pi^1 / \Pi^L$ of ReLU without biases, at one input."""
    sigma = covariances(depth, relu, YANG, scales=(w, ZERO))
    k = GRAM.xx
    pi = gradient_covariance(depth, 1, relu, relu_slope).statement
    b = sp.Symbol("b", positive=True)
    pi = pi.subs({b: 0, GRAM.yy: k, GRAM.xy: k})
    return sp.simplify(sigma[-1].xx / sigma[0].xx), sp.simplify(pi / w**2)
