"""Tangent kernels: derivations that replay, exact means at finite width, printed numbers, slips."""

import dataclasses

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pages import run_blocks

from lemmata.theory import ntk, ntk_finite_width, ntk_layers
from lemmata.theory import ntk_misprints as misprints
from lemmata.theory import ntk_structures as structures
from lemmata.theory.ntk import Kernel, relu, relu_slope
from lemmata.theory.ntk_conventions import CONVENTIONS, JACOT, NEURAL_TANGENTS, YANG
from lemmata.theory.ntk_layers import b, below, product, slopes, w
from lemmata.theory.ntk_moments import gaussian_mean

pytestmark = pytest.mark.heavy

V, SLOPE = sp.Function("V"), sp.Function("V'")
HALF, TENTH = sp.Rational(1, 2), sp.Rational(1, 10)


def numeric(map):
    """A dual map worked out to 30 digits at once, so that nothing nests."""
    return lambda q, p, c: sp.sympify(map(q, p, c)).evalf(30)


RELU, RELU_SLOPE = numeric(relu), numeric(relu_slope)


def circle(angle, squared=HALF):
    """Two inputs of unit norm in two dimensions at an angle; Jacot et al., section 6."""
    return Kernel(squared, squared, (squared * sp.cos(angle)).evalf(30))


def proved(derivation):
    return [str(one) for one in derivation.replay() if one.status not in ("proved", "checked")]


# One layer, from the definition.


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("convention", CONVENTIONS.values(), ids=CONVENTIONS)
@pytest.mark.parametrize("last", [False, True])
def test_a_layer_is_derived_at_every_width(convention, last, width):
    bias = convention.readout_bias or not last
    covariance = ntk_layers.layer_covariance(bias, width)
    kernel = ntk_layers.layer_kernel(convention, last, width)
    assert proved(covariance) == proved(kernel) == []
    assert covariance.statement == w**2 * product + (b**2 if bias else 0)
    scale, shift = (w**2, b**2) if convention.unit_parameters else (1, 1)
    own = scale * product + (shift if bias else 0)
    assert sp.expand(kernel.statement - own - w**2 * slopes * below) == 0
    assert any("law of large numbers" in words for words in kernel.assumes)


@pytest.mark.parametrize("slip", [2, sp.Rational(101, 100), -1, w, slopes])
def test_a_slip_in_a_layer_is_false(slip):
    derivation = ntk_layers.layer_kernel()
    *steps, last = derivation.steps
    wrong = derivation.statement.subs(below, slip * below)
    replaced = (*steps, dataclasses.replace(last, right=wrong))
    (found,) = dataclasses.replace(derivation, statement=wrong, steps=replaced).falsehoods()
    assert found.step.right == wrong


@pytest.mark.parametrize("convention", CONVENTIONS.values(), ids=CONVENTIONS)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_recursions_replay_for_any_nonlinearity(convention, depth):
    derivation = ntk.tangent_kernel_derivation(depth, V, SLOPE, convention)
    assert proved(derivation) == []
    assert derivation.statement == ntk.tangent_kernel(depth, V, SLOPE, convention).xy
    derivation = ntk.covariance_derivation(depth, V, convention)
    assert proved(derivation) == []
    assert derivation.statement == ntk.covariance(depth, V, convention).xy


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_the_closed_forms_of_relu_replay(depth):
    assert proved(ntk.tangent_kernel_derivation(depth, relu, relu_slope)) == []
    closed = ntk.tangent_kernel(depth, relu, relu_slope).xy
    assert closed.free_symbols == {w, b, *ntk.GRAM}
    assert not closed.atoms(sp.Function) - closed.atoms(sp.acos)


def test_the_derivation_reads_as_text_and_as_formulas():
    derivation = ntk.tangent_kernel_derivation(2, relu, relu_slope)
    assert "the chain rule" in derivation.to_text()
    assert r"\begin{align*}" in derivation.to_latex()
    assert len(derivation.to_mathml()) == len(derivation.steps)


def test_a_network_without_layers_is_refused():
    with pytest.raises(ValueError, match=r"depth=0: a network has at least one layer.*'yang'"):
        ntk.covariance(0, V, YANG)
    with pytest.raises(ValueError, match="width=0: a layer has one unit at least"):
        ntk_layers.layer_kernel(width=0)


# The dual maps of ReLU, against the integral over a pair of Gaussians.


@settings(max_examples=10)
@given(
    q=st.floats(0.1, 4), p=st.floats(0.1, 4), correlation=st.floats(-0.95, 0.95).map(lambda x: x)
)
def test_the_maps_of_relu_are_means_over_gaussians(q, p, correlation):
    c = correlation * np.sqrt(q * p)
    # In polar coordinates both are positive between two angles, and the radius integrates out:
    # E r^2 = 2 for the map, 1 for that of the slope.
    other = mpmath.acos(correlation)

    def both(angle):
        return mpmath.sqrt(q * p) * mpmath.cos(angle) * mpmath.cos(angle - other)

    low, high = other - mpmath.pi / 2, mpmath.pi / 2
    expected = 2 * mpmath.quad(both, [low, high]) / (2 * mpmath.pi)
    assert float(relu(q, p, c)) == pytest.approx(float(expected), rel=1e-12)
    assert float(relu_slope(q, p, c)) == pytest.approx(float((high - low) / (2 * mpmath.pi)))


# Numbers of the limit.


@pytest.mark.parametrize(
    ("depth", "angle", "sigma", "theta"),
    [
        (2, sp.Integer(0), 0.265, 0.52),
        (2, sp.pi / 4, 0.20373, 0.340534),
        (2, sp.pi, 0.010595, -0.011317),
        (4, sp.Integer(0), 0.08125, 0.2825),
        (4, sp.pi / 8, None, 0.22708),
        (4, sp.pi / 4, 0.069867, 0.169971),
        (4, sp.pi / 2, None, 0.09270),
        (4, 3 * sp.pi / 4, None, 0.06604),
        (4, sp.pi, 0.048097, 0.064354),
    ],
)
def test_the_kernels_on_the_circle(depth, angle, sigma, theta):
    given_ = {"gram": circle(angle), "scales": (1, TENTH)}
    assert ntk.tangent_kernel(depth, RELU, RELU_SLOPE, **given_).xy == pytest.approx(
        theta, abs=6e-6
    )
    if sigma is not None:
        assert ntk.covariance(depth, RELU, **given_).xy == pytest.approx(sigma, abs=6e-7)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_the_closed_expression_has_the_values_of_the_recursion(depth):
    gram = Kernel(sp.Integer(2), sp.Rational(1, 3), -HALF)
    at = {**dict(zip(ntk.GRAM, gram, strict=True)), w: sp.Rational(3, 2), b: sp.Rational(7, 10)}
    closed = sp.lambdify(
        list(at), ntk.tangent_kernel(depth, relu, relu_slope).xy, "mpmath", cse=True
    )
    stepwise = ntk.tangent_kernel(depth, RELU, RELU_SLOPE, gram=gram, scales=(at[w], at[b]))
    assert closed(*(mpmath.mpf(v.p) / v.q for v in at.values())) == pytest.approx(
        float(stepwise.xy)
    )


@pytest.mark.parametrize(
    ("angle", "shares"),
    [
        (sp.Integer(0), [0.06375, 0.06625, 0.07125, 0.08125]),
        (sp.pi / 4, [0.02143, 0.03191, 0.04677, 0.06987]),
    ],
)
def test_the_kernel_is_split_by_layer(angle, shares):
    given_ = {"gram": circle(angle), "scales": (1, TENTH)}
    split = [one.xy for one in ntk.layer_shares(4, RELU, RELU_SLOPE, **given_)]
    assert [float(one) for one in split] == pytest.approx(shares, abs=6e-6)
    assert sum(split) == pytest.approx(ntk.tangent_kernel(4, RELU, RELU_SLOPE, **given_).xy)
    # Remark 4: with unit parameters, the covariance of a layer times the slopes from it on.
    sigma = [one.xy for one in ntk.covariances(4, RELU, **given_)]
    kernels = ntk.covariances(4, RELU, **given_)
    dots = [structures.at(RELU_SLOPE, kernel).xy for kernel in kernels[:-1]]
    expected = [one * sp.prod(dots[layer:]) for layer, one in enumerate(sigma)]
    assert [float(one) for one in split] == pytest.approx([float(one) for one in expected])
    # The slope of the wrong layer keeps some of the total and shows in the split.
    shifted = [one * sp.prod(dots[layer + 1 :]) for layer, one in enumerate(sigma)]
    assert max(abs(x / y - 1) for x, y in zip(shifted[:3], split[:3], strict=True)) > 0.5


def test_the_slope_of_the_wrong_layer_is_told_apart():
    given_ = {"gram": circle(sp.pi / 4), "scales": (1, TENTH)}
    sigma = ntk.covariances(4, RELU, **given_)
    theta = sigma[0].xy
    for layer in (1, 2, 3):
        wrong = RELU_SLOPE(*(sigma[layer][i] for i in (0, 1, 2)))  # of the layer itself
        theta = theta * wrong + sigma[layer].xy
    right = ntk.tangent_kernel(4, RELU, RELU_SLOPE, **given_).xy
    assert 0.01 < theta / right - 1 < 0.1


@pytest.mark.parametrize(
    ("dual", "slope", "scales", "expected"),
    [
        (relu, relu_slope, (1, sp.Integer(0)), 0.25),  # no bias anywhere
        (lambda *at: 2 * relu(*at), lambda *at: 2 * relu_slope(*at), (1, TENTH), 2.1),
        (relu, lambda *at: 2 * relu_slope(*at), (1, TENTH), 0.999),
        (relu, lambda *at: sp.Integer(0), (1, TENTH), 0.08125),  # the last layer alone
    ],
)
def test_slips_in_the_limit_are_told_apart(dual, slope, scales, expected):
    wrong = ntk.tangent_kernel(
        4, numeric(dual), numeric(slope), gram=circle(sp.Integer(0)), scales=scales
    ).xx
    assert float(wrong) == pytest.approx(expected, rel=0.03)
    assert abs(float(wrong) / 0.2825 - 1) > 0.1


def test_no_bias_in_the_covariance_of_the_kernel():
    given_ = {"gram": circle(sp.Integer(0))}
    assert ntk.covariance(4, RELU, scales=(1, sp.Integer(0)), **given_).xx == pytest.approx(0.0625)
    theta = HALF + TENTH**2
    for layer in (2, 3, 4):  # beta^2 in the kernel, and not in the covariance
        theta = theta / 2 + HALF**layer + TENTH**2
    assert float(theta) == pytest.approx(0.26875)


# Conventions.


def test_the_conventions_turn_into_one_another():
    gram, beta = Kernel(sp.Integer(2), sp.Rational(1, 3), -HALF), sp.Integer(1)
    jacot = ntk.tangent_kernel(4, RELU, RELU_SLOPE, JACOT, gram, (1, beta))
    other = ntk.tangent_kernel(4, RELU, RELU_SLOPE, NEURAL_TANGENTS, gram, (1, beta))
    yang = ntk.tangent_kernel(3, RELU, RELU_SLOPE, YANG, gram, (1, beta))
    assert jacot == other
    for one, two in zip(jacot, yang, strict=True):
        assert float(one - two) == pytest.approx(1)  # the bias of the read-out
    # With w and b of other sizes the shares of parameters themselves are not w^2 or b^2 times.
    jacot = ntk.tangent_kernel(4, RELU, RELU_SLOPE, JACOT, gram, (2, HALF)).xx
    yang = ntk.tangent_kernel(3, RELU, RELU_SLOPE, YANG, gram, (2, HALF)).xx
    assert abs(float(jacot / yang) - 4) > 0.1


# Exactly, at a finite width.

X, Y = sp.symbols("x_1 x_2", real=True), sp.symbols("y_1 y_2", real=True)


def dot(one, other):
    return sp.Add(*(x * y for x, y in zip(one, other, strict=True))) / len(one)


INPUTS = Kernel(dot(X, X), dot(Y, Y), dot(X, Y))
# Networks whose mean is exact, by their widths: linear ones, and one hidden layer of squares.
EXACT = [
    ((2, 3), lambda z: z, lambda q, p, c: c, lambda q, p, c: sp.Integer(1)),
    ((1,), lambda z: z**2, lambda q, p, c: q * p + 2 * c**2, lambda q, p, c: 4 * c),
    ((3,), lambda z: z**2, lambda q, p, c: q * p + 2 * c**2, lambda q, p, c: 4 * c),
]


@pytest.mark.parametrize("convention", [JACOT, YANG], ids=["jacot", "yang"])
@pytest.mark.parametrize(("widths", "phi", "dual", "slope"), EXACT)
def test_the_mean_kernel_is_the_limit_at_every_width(convention, widths, phi, dual, slope):
    outputs, kernel, drawn = ntk_finite_width.written_out((X, Y), widths, phi, convention)
    depth = len(widths) + (not convention.hidden_layers)
    theta = ntk.tangent_kernel(depth, dual, slope, convention, INPUTS).xy
    sigma = ntk.covariance(depth, dual, convention, INPUTS).xy
    assert sp.expand(gaussian_mean(kernel, drawn) - theta) == 0
    assert sp.expand(gaussian_mean(outputs[0] * outputs[1], drawn) - sigma) == 0


def test_the_mean_is_not_the_limit_with_two_layers_of_squares():
    phi, dual, slope = EXACT[1][1:]
    _, kernel, drawn = ntk_finite_width.written_out(((sp.Integer(1),),), (1, 1), phi, YANG)
    at = {w: 1, b: 1}
    mean = gaussian_mean(kernel.subs(at), drawn)
    one = sp.Integer(1)
    limit = ntk.tangent_kernel(2, dual, slope, YANG, Kernel(one, one, one), (1, 1)).xx
    assert mean > 2 * limit


@pytest.mark.parametrize(
    "name",
    ["kernel_mean", "kernel_variance", "excess_kurtosis", "block_off_diagonal", "block_diagonal"],
)
def test_the_moments_of_one_hidden_layer_replay(name):
    assert proved(getattr(ntk_finite_width, name)()) == []


def test_the_moments_of_one_hidden_layer():
    at = {w: 1, b: TENTH, ntk_finite_width.q: sp.Rational(51, 100)}
    mean, variance, kurtosis = (
        getattr(ntk_finite_width, name)().statement.subs(at)
        for name in ("kernel_mean", "kernel_variance", "excess_kurtosis")
    )
    assert mean == ntk.tangent_kernel(2, relu, relu_slope, gram=circle(sp.Integer(0))).xx.subs(at)
    assert variance == 3 * sp.Rational(51, 100) ** 2
    # 15/4 (51/100)^2 / (53/200)^2: the 13.889 of the paper's setting.
    assert kurtosis == sp.Rational(39015, 2809)


def test_the_moments_against_small_networks():
    n, count = 4, 200_000
    draw = np.random.default_rng(0)
    h = draw.normal(size=(count, n)) * np.sqrt(0.51)
    v, c = draw.normal(size=(count, n)), draw.normal(size=count)
    on = h > 0
    kernel = ((h**2 + 0.51 * v**2) * on).mean(axis=1) + 0.01
    f = (v * h * on).sum(axis=1) / np.sqrt(n) + 0.1 * c
    spread = n * (kernel - kernel.mean()) ** 2
    assert abs(spread.mean() - 0.7803) < 4 * spread.std() / np.sqrt(count)
    # The excess is linear in the fourth power, whose mean has a standard error of its own.
    excess = n * (f**4 / 0.265**2 - 3)
    error = excess.std() / np.sqrt(count)
    assert abs(excess.mean() - 39015 / 2809) < 4 * error
    assert error < 1


def test_only_polynomials_have_a_mean_by_moments():
    z = sp.Symbol("z")
    with pytest.raises(ValueError, match=r"exp\(z\) is no polynomial in z"):
        gaussian_mean(sp.exp(z), [z])


def test_the_page_runs(checkout):
    run_blocks((checkout / "docs" / "tangent_kernels.md").read_text(encoding="utf-8"))


def test_the_printed_decomposition_starts_elsewhere():
    assert misprints.start().statement == misprints.initial
    assert misprints.start_as_printed() == 2 * misprints.star - misprints.initial


def test_the_printed_onsager_term_is_too_small():
    right, printed = misprints.onsager().statement, misprints.onsager_as_printed()
    assert sp.cancel(printed / right) == misprints.delta
