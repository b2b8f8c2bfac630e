"""Gradients and tangent kernels of wide networks: arXiv 1902.04760, sections 5 and D.

Beside each formula that appendix D prints wrongly stands the right one. What is measured are
gradients of networks of finite width, at three widths; predictions are derived in `lemmata.theory`.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

from lemmata.verify.api import (
    Condition,
    Domain,
    Equal,
    Interval,
    Point,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.ntk_initialisation import two_inputs
from lemmata.verify.claims.tensor_programs import HERE, in_numbers, measured, yang

misprints = deferred("lemmata.theory.ntk_misprints")
ntk = deferred("lemmata.theory.ntk")
signal = deferred("lemmata.theory.ntk_signal")
structures = deferred("lemmata.theory.ntk_structures")
waves = deferred("lemmata.theory.ntk_waves")
numeric = deferred("lemmata.verify.program_expectations").NumericExpectation
experiments = deferred("lemmata.solvers.wide_gradients")


# A dense network with a random read-out.

DENSE = "ReLU networks of two hidden layers of widths n and 2n, no bias at the read-out"
THETA = (
    r"\Theta = \textstyle\sum_l \Pi^l V_{\varphi'}(\Sigma^l) (\Sigma^l - b^2 + w^2)/w^2"
    r" + \Sigma^{L+1}/w^2"
)
#: small weights, where a factor that is lost shows most
small_weights = Domain(
    k_xx=Values(1.0), k_yy=Values(1.0), k_xy=Values(0.9), w=Values(0.4, 0.5), b=Values(0.1)
)
dense = partial(measured, experiment=experiments.dense_relu, draws=3000)


def _dense(form: Any) -> Any:
    return lambda: form(2, ntk.relu.resolve(), ntk.relu_slope.resolve()).xy


def _doubled(*given: Any) -> Any:  # 2 n columns over n rows
    return structures.backward(*given, per_layer=2 * ntk.w.resolve() ** 2)


tangent_kernel = claim(
    f"{HERE}/tangent-kernel",
    source=yang.at("Theorem D.1"),
    says=rf"{THETA}, \quad \Pi^{{l-1}} = w^2 V_{{\varphi'}}(\Sigma^l) \Pi^l, \quad \Pi^L = w^2",
    domain=two_inputs,
    points=4,
    predicted=_dense(structures.backward),
    compare=Equal(relative=0.05, because="w² lost in one layer is 20 % off at w = 1.5"),
    wrong={
        "its recursion as printed": in_numbers(_dense(misprints.yang_kernel_as_printed)),
        "its second display as printed": in_numbers(_dense(misprints.yang_kernel_as_printed_again)),
    },
    scope=DENSE,
    batched=True,
    reading="with the factor w² of every layer; gradients by w W and b β themselves",
)(dense)

tangent_kernel_narrowing = claim(
    f"{HERE}/tangent-kernel/other-ratio",
    source=yang.at("Theorem D.1, all widths together, at any ratios"),
    says=rf"{THETA} \text{{, whatever the ratios of the widths}}",
    domain=two_inputs,
    points=4,
    predicted=_dense(structures.backward),
    compare=Equal(
        relative=0.05,
        because="a ratio that does not cancel leaves a factor of 2 in a layer, 12 % and more",
    ),
    wrong={
        "its recursion as printed": in_numbers(_dense(misprints.yang_kernel_as_printed)),
        "a ratio left in": in_numbers(_dense(_doubled)),
    },
    scope=DENSE.replace("n and 2n", "2n and n"),
    batched=True,
)(partial(measured, experiment=experiments.narrowing_relu, draws=3000))

kernels_as_printed = [
    claim(
        f"{HERE}/tangent-kernel/{name}",
        source=yang.at(f"Theorem D.1, {place}"),
        says=rf"{THETA}, \quad \Pi^{{l-1}} = V_{{\varphi'}}(\Sigma^l) \Pi^l, \quad \Pi^L = {top}",
        domain=small_weights,
        points=2,
        predicted=in_numbers(_dense(form)),
        compare=Equal(relative=0.05, because="as for the right form"),
        scope=DENSE,
        batched=True,
        reading="as printed",
        expected="refuted",
        cause=f"it lacks the factor w² {lost}; it is right where w = 1",
    )(partial(dense, draws=draws))
    for name, place, top, form, lost, draws in (
        (
            "as-printed", "its recursion", "w^2",
            misprints.yang_kernel_as_printed, "of each hidden layer", 384,
        ),
        (
            "as-printed-again", "its second displayed form", "1",
            misprints.yang_kernel_as_printed_again, "of each hidden layer and of the read-out", 64,
        ),
    )
]  # fmt: skip


def _covariance() -> Any:
    return signal.gradient_covariance(2, 1, ntk.relu.resolve(), ntk.relu_slope.resolve())


gradient_covariance = claim(
    f"{HERE}/gradient-covariance",
    source=yang.at("section 2, signal propagation; Theorem 5.1"),
    says=r"\frac{\partial f}{\partial x^{l-1}} \cdot \frac{\partial f'}{\partial x^{l-1}}"
    r" \to \Pi^{l-1} = w^2 V_{\varphi'}(\Sigma^l) \Pi^l, \quad \Pi^L = w^2",
    domain=two_inputs,
    points=4,
    predicted=_covariance,
    compare=Equal(relative=0.05, because="w for w² is 30 % off at the ends of w"),
    wrong={"w for w²": lambda: _covariance().statement / ntk.w.resolve()},
    scope=DENSE,
    batched=True,
)(partial(dense, which=1))

gradient_independence = claim(
    f"{HERE}/gradient-independence",
    source=yang.at("Theorem 5.1, of a read-out of mean zero"),
    says=r"\langle x^l, \partial f / \partial x^l \rangle"
    r" / |x^l| |\partial f / \partial x^l| \to 0 \text{, in mean square}",
    domain=two_inputs,
    points=4,
    predicted=lambda: 0,
    compare=Equal(absolute=0.03, because="with a pooled read-out it is 0.24 at w = 1"),
    wrong={"a pooled read-out": 0.24},
    scope=DENSE,
    batched=True,
)(partial(dense, which=2))

# A mean over units as the read-out, which is not independent of the values.

POOLED = (
    r"n \Theta \text{ of } f = \tfrac1n 1^T x^L \text{ by }"
    r" V_{\varphi'}(\Sigma^l) \odot w^2 \Pi^{l+1} + a^l a^{l\prime} V_{%s}(\Sigma^l)"
)
UNITS = "three hidden layers of n units each"
large_weights = Domain(
    k_xx=Interval(0.5, 2.0),
    k_yy=Interval(0.5, 2.0),
    k_xy=Interval(0.3, 2.0),
    w=Interval(1.3, 1.7),
    b=Interval(0.1, 0.5),
    where=(Condition("k_xy² < 0.95 k_xx k_yy", lambda p: p.k_xy**2 < 0.95 * p.k_xx * p.k_yy),),
)
shifted = Domain(
    k_xx=Interval(0.5, 1.0),
    k_yy=Interval(0.5, 1.0),
    k_xy=Interval(0.2, 1.0),
    w=Interval(1.2, 1.5),
    b=Interval(0.1, 0.3),
    theta=Interval(1.0, 1.4),
    where=large_weights.where,
)
shifted_far = Domain(
    k_xx=Values(0.8),
    k_yy=Values(0.8),
    k_xy=Values(0.5),
    w=Interval(1.5, 1.6),
    b=Values(0.1),
    theta=Values(1.3),
)


def _relu_maps() -> Any:
    """What a pooled read-out asks of ReLU, for which φ φ' is φ."""
    import sympy as sp

    relu, slope = ntk.relu.resolve(), ntk.relu_slope.resolve()
    half = sp.Rational(1, 2)
    return structures.Maps(relu, slope, relu, lambda q: 1 / sp.sqrt(2 * sp.pi * q), lambda q: half)


def _copies(depth: int) -> Any:
    maps = _relu_maps()._replace(curvature=lambda q: 0 * q)
    return structures.pooled(depth, maps).xy


pooled_relu = claim(
    f"{HERE}/mean-pooled-kernel/relu",
    source=yang.at("Corollary D.3"),
    says=POOLED % r"\varphi \varphi'",
    domain=large_weights,
    points=3,
    predicted=lambda: structures.pooled(3, _relu_maps()).xy,
    compare=Equal(relative=0.07, because="independent copies of W^T are 25 % off"),
    wrong={"independent copies of W^T": lambda: _copies(3)},
    scope=f"ReLU, {UNITS}; here φ φ' is φ, so that the printed recursion is right too",
    batched=True,
)(partial(measured, experiment=experiments.pooled_relu, draws=5000))

pooled_sine = claim(
    f"{HERE}/mean-pooled-kernel/shifted-sine",
    source=yang.at("Corollary D.3, where φ φ' is not φ"),
    says=POOLED % r"\varphi \varphi'" + r", \quad \varphi(z) = \sin(z + \theta)",
    domain=shifted,
    points=3,
    predicted=lambda: structures.pooled(3, waves.maps()).xy,
    compare=Equal(relative=0.07, because="the printed recursion is 30 % off at w = 1.5"),
    wrong={
        "as printed": in_numbers(lambda: misprints.pooled_as_printed(3, waves.maps()).xy),
    },
    scope=UNITS,
    batched=True,
)(partial(measured, experiment=experiments.pooled_sine, draws=2304))

GELU = (
    "GELU, four hidden layers of n units each; σ_w² = 2, σ_b² = 0.1, between (1, 1, 1) and"
    " (1.2, -0.4, 0.9)"
)
gelu_inputs = Domain(
    k_xx=Values(1.0), k_yy=Values(2.41 / 3), k_xy=Values(1.7 / 3),
    w=Values(2**0.5), b=Values(0.1**0.5),
)  # fmt: skip


def _gelu_maps() -> Any:
    import sympy as sp

    u, v = sp.symbols("u v", real=True)
    mean = numeric(1e-7)
    shapes = [u * (1 + sp.erf(u / sp.sqrt(2))) / 2]
    shapes += [sp.diff(shapes[0], u), shapes[0] * sp.diff(shapes[0], u)]

    def dual(shape: Any) -> Any:
        def of(q: Any, p: Any, c: Any) -> Any:
            pairs = {(u, u): q, (v, v): p, (u, v): c, (v, u): c}
            return mean(shape * shape.subs(u, v), pairs)

        return of

    def drift(shape: Any) -> Any:
        return lambda q: mean(sp.diff(shape, u), {(u, u): q})

    return structures.Maps(*map(dual, shapes), *map(drift, shapes[1:]))


@lru_cache
def _gelu_kernel(*at: float, copies: bool = False) -> float:
    import sympy as sp

    k_xx, k_yy, k_xy, w, b = map(sp.Float, at)
    maps = _gelu_maps()
    if copies:
        maps = maps._replace(curvature=lambda q: sp.Integer(0))
    return float(structures.pooled(4, maps, ntk.Kernel(k_xx, k_yy, k_xy), (w, b)).xy)


def gelu_kernel(p: Point, *, copies: bool = False) -> float:
    """The recursion in numbers; `copies`: with transposed weights drawn afresh."""
    return _gelu_kernel(p.k_xx, p.k_yy, p.k_xy, p.w, p.b, copies=copies)


pooled_gelu = claim(
    f"{HERE}/mean-pooled-kernel/gelu",
    source=yang.at("Corollary D.3"),
    says=POOLED % r"\varphi \varphi'",
    domain=gelu_inputs,
    predicted=gelu_kernel,
    compare=Equal(
        relative=0.15, because="independent copies of W^T are 56 % off; for finer ones it is dear"
    ),
    wrong={"independent copies of W^T": partial(gelu_kernel, copies=True)},
    scope=GELU,
    batched=True,
)(partial(measured, experiment=experiments.pooled_gelu, draws=3328, width=8))


pooled_one_by_one = claim(
    f"{HERE}/mean-pooled-kernel/one-by-one",
    source=yang.at("Corollary D.3, its footnote: widths one after another, and all together"),
    says=r"n_2 \Theta \text{ tends to what independent copies of } W^T \text{ give where }"
    r" n_1 / n_2 \to \infty",
    domain=large_weights,
    points=3,
    predicted=lambda: _copies(2),
    compare=Equal(
        relative=0.06, because="with equal widths it is 15 % more; n_1 = 16 n_2 leaves 1 % of them"
    ),
    wrong={"the limit of equal widths": lambda: structures.pooled(2, _relu_maps()).xy},
    scope="ReLU, two hidden layers of n_1 = 16 n_2 and n_2 units",
    batched=True,
)(partial(measured, experiment=experiments.pooled_narrowing, draws=6144, width=8))

pooled_as_printed = claim(
    f"{HERE}/mean-pooled-kernel/as-printed",
    source=yang.at("appendix D.1, the backward recursion for a mean-pooled read-out"),
    says=POOLED % r"\varphi" + r", \quad \varphi(z) = \sin(z + \theta)",
    domain=shifted_far,
    points=2,
    predicted=in_numbers(lambda: misprints.pooled_as_printed(3, waves.maps()).xy),
    compare=Equal(relative=0.07, because="as for the right form"),
    scope=UNITS,
    batched=True,
    reading="as printed",
    expected="refuted",
    cause="the average is that of φ φ'; with ReLU, for which φ φ' is φ, nothing shows",
)(partial(measured, experiment=experiments.pooled_sine, draws=400))
