"""Convolutional networks on a ring: arXiv 1902.04760, Corollaries 2.1 and D.17.

Tangent kernels, and covariances between positions, of which the same networks are drawn. What is
measured are gradients and values of networks of finite width; predictions are derived in
`lemmata.theory`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from lemmata.verify.api import Domain, Equal, Interval, Point, Values, claim, deferred
from lemmata.verify.claims.tensor_programs import HERE, measured, yang

convolution = deferred("lemmata.theory.ntk_convolution")
misprints = deferred("lemmata.theory.ntk_misprints")
ntk = deferred("lemmata.theory.ntk")
rings = deferred("lemmata.solvers.wide_rings")

FIRST = ((1, 2), (0, 1), (-1, 1), (1, 0))
SECOND = ((1, 1), (1, -1), (0, 1), (2, 0))
RING = (
    r"\Theta = \textstyle\sum_l \langle \Pi^l \odot %s, I \star %s \rangle"
    r" + \langle 1 1^T, \Pi^l \odot V_{\varphi'}(\Sigma^l) \rangle + \tfrac1s \operatorname{tr}"
    r" V_\varphi(\Sigma^L)"
)
INPUTS = "two inputs, √q X and √q (r X + (1 - r) Y)"
CONVOLUTIONS = f"two convolutions of kernel 3 on a ring of 4 positions, ReLU; {INPUTS}"
# One object, so that what was drawn for it is found again.
on_the_ring = partial(rings.ring_relu, first=FIRST, second=SECOND)
ring = partial(measured, experiment=on_the_ring, draws=9728, width=8)


def gram(q: Any, r: Any) -> Any:
    """The inputs' scalar products at pairs of positions."""
    import sympy as sp

    x = sp.Matrix(FIRST)
    y = r * x + (1 - r) * sp.Matrix(SECOND)
    return convolution.Positions(*(q * m / 2 for m in (x * x.T, y * y.T, x * y.T)))


def uniform() -> Any:
    """The filter: the mean over neighbours."""
    import sympy as sp

    return {shift: sp.Rational(1, 3) for shift in (-1, 0, 1)}


def in_digits(map: Any) -> Any:
    """A dual map whose values are taken in forty digits at once, before they grow long."""
    import mpmath
    import sympy as sp

    variances = sp.symbols("q p", positive=True)
    covariance = sp.Symbol("c", real=True)
    function = sp.lambdify((*variances, covariance), map(*variances, covariance), "mpmath")

    def of(q: Any, p: Any, c: Any) -> Any:
        with mpmath.workdps(40):
            # Where two positions agree, a correlation is 1 to rounding, and arccos not quite real.
            return sp.Float(mpmath.re(function(*(mpmath.mpf(str(one)) for one in (q, p, c)))), 40)

    return of


@lru_cache
def relu_in_digits() -> tuple[Any, Any]:
    """The maps of ReLU and of its slope."""
    return in_digits(ntk.relu.resolve()), in_digits(ntk.relu_slope.resolve())


def _ring(form: Any) -> Callable[[Point], float]:
    """A formula's values, in forty digits: written out with symbols it is of great length."""

    @lru_cache(maxsize=64)
    def at(*parameters: float) -> float:
        import sympy as sp

        q, r, w, b = (sp.Float(one, 40) for one in parameters)
        return float(form(2, *relu_in_digits(), uniform(), gram(q, r), scales=(w, b)))

    return lambda p: at(*(float(p[name]) for name in ("q", "r", "w", "b")))


on_rings = Domain(
    q=Interval(0.3, 2.0), r=Interval(0.0, 0.8), w=Interval(1.0, 2.0), b=Interval(0.1, 1.0)
)
convolutional = claim(
    f"{HERE}/convolutional-kernel",
    source=yang.at("Corollary D.17"),
    says=RING % (r"V_{\varphi'}(\Sigma^l)", r"V_\varphi(\Sigma^{l-1})"),
    domain=on_rings,
    points=3,
    predicted=_ring(convolution.conv_backward),
    compare=Equal(relative=0.07, because="the printed form is 30 % off at w = 2"),
    wrong={"as printed": _ring(misprints.conv_kernel_as_printed)},
    scope=CONVOLUTIONS,
    batched=True,
)(ring)

convolutional_as_printed = claim(
    f"{HERE}/convolutional-kernel/as-printed",
    source=yang.at("Corollary D.17"),
    says=RING % (r"V_\varphi(\Sigma^l)", r"V_{\varphi'}(\Sigma^{l-1})"),
    domain=Domain(q=Values(1.0), r=Values(0.5), w=Values(2.5, 3.0), b=Values(0.1)),
    points=2,
    predicted=_ring(misprints.conv_kernel_as_printed),
    compare=Equal(relative=0.07, because="as for the right form"),
    scope=CONVOLUTIONS,
    batched=True,
    reading="as printed",
    expected="refuted",
    cause="the maps of φ and φ' are interchanged in the weights' term",
)(partial(ring, draws=128))

# Convolutions on a ring, between positions.


@lru_cache(maxsize=64)
def _averages(q: float, r: float, w: float, b: float, layers: int, biased: bool) -> Any:
    """V of the covariances between the positions of two inputs."""
    import sympy as sp

    given = _numbers(q, r)
    scales = sp.Float(w, 40), sp.Float(b if biased else 0, 40)
    relu, _ = relu_in_digits()
    sigma = convolution.conv_covariances(layers, relu, uniform(), given, scales)
    return convolution.at_positions(relu, sigma[-1]).xy


def _numbers(q: float, r: float) -> Any:
    import sympy as sp

    return gram(sp.Float(q, 40), sp.Float(r, 40))


def at_positions(p: Point, *, other: int, layers: int = 2, biased: bool = True) -> float:
    """At position 0 of one input and another of the second."""
    return float(_averages(p.q, p.r, p.w, p.b, layers, biased)[0, other])


between_positions = [
    claim(
        f"{HERE}/convolutional-network/covariance-0-{other}",
        source=yang.at("section 2, convolutional networks; Corollary 2.1"),
        says=rf"\tfrac1n \langle x^2_0, x^{{2\prime}}_{other} \rangle \to"
        rf" V_\varphi(\Sigma^2)_{{0,{other}}},\ \Sigma^{{l+1}}_{{p,p'}} = w^2 \textstyle"
        r"\sum_\gamma v_\gamma V_\varphi(\Sigma^l)_{p+\gamma,p'+\gamma} + b^2",
        domain=on_rings,
        points=3,
        predicted=partial(at_positions, other=other),
        compare=Equal(relative=0.07, because="a layer or the biases left out take 20 % off"),
        wrong={
            "a layer less": partial(at_positions, other=other, layers=1),
            "without biases": partial(at_positions, other=other, biased=False),
        },
        scope=CONVOLUTIONS,
        batched=True,
    )(partial(measured, experiment=on_the_ring, which=1 + other, draws=9728, width=8))
    for other in (0, 1, 2)
]
