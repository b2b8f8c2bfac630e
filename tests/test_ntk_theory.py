"""Tangent kernels: derivations that replay, exact means at finite width, printed numbers, slips."""

import dataclasses
import itertools
from functools import cache

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from lemmata.theory import ntk, ntk_convolution, ntk_finite_width, ntk_layers
from lemmata.theory import ntk_misprints as misprints
from lemmata.theory import ntk_structures as structures
from lemmata.theory.ntk import Kernel, relu, relu_slope
from lemmata.theory.ntk_conventions import CONVENTIONS, JACOT, NEURAL_TANGENTS, YANG
from lemmata.theory.ntk_convolution import Positions
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


@pytest.mark.parametrize("name", ["kernel_mean", "kernel_variance", "excess_kurtosis"])
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


# Other structures.


def test_a_residual_block_has_its_kernel_exactly():
    """x + (v/sqrt n) V phi(h) + a A with h = w W x / sqrt n + b B, phi the square, n = 2."""
    v, a = structures.v, structures.a
    W = sp.Matrix(2, 2, sp.symbols("W_:4", real=True))
    U = sp.Matrix(2, 2, sp.symbols("U_:4", real=True))
    B, A, r = (sp.Matrix(sp.symbols(f"{letter}_:2", real=True)) for letter in "BAR")
    drawn = [*W, *U, *B, *A, *r]

    def output(x):
        h = w * W * sp.Matrix(x) / sp.sqrt(2) + b * B
        stream = sp.Matrix(x) + v * U * h.applyfunc(lambda z: z**2) / sp.sqrt(2) + a * A
        return w * (r.T * stream)[0] / sp.sqrt(2)

    one, other = (sp.Integer(1), sp.Integer(2)), (sp.Integer(-1), sp.Integer(1))
    f, g = output(one), output(other)
    sizes = [*[w] * 4, *[v] * 4, *[b] * 2, *[a] * 2, *[w] * 2]
    kernel = sum(sp.diff(f, p) * sp.diff(g, p) / s**2 for p, s in zip(drawn, sizes, strict=True))
    _phi, dual, slope = EXACT[1][1:]
    gram = Kernel(dot(one, one), dot(other, other), dot(one, other))
    stream = structures.residual(1, dual, slope, YANG, gram)
    read = structures.linear(stream, YANG, last=True)
    assert sp.expand(gaussian_mean(f * g, drawn) - read.covariance.xy) == 0
    assert sp.expand(gaussian_mean(kernel, drawn) - read.tangent.xy) == 0


def test_the_covariance_of_a_residual_network_is_that_of_the_paper():
    v, a = structures.v, structures.a
    gram = ntk.GRAM
    stream = structures.residual(2, V, SLOPE).covariance
    inner = [w**2 * one + b**2 for one in gram]
    first = [
        one + v**2 * value + a**2
        for one, value in zip(gram, structures.at(V, Kernel(*inner)), strict=True)
    ]
    second = structures.at(V, Kernel(*(w**2 * one + b**2 for one in first))).xy
    difference = stream.xy - (first[2] + v**2 * second + a**2)
    assert sp.simplify(difference) == 0
    with pytest.raises(ValueError, match="blocks=0"):
        structures.residual(0, V, SLOPE)


@pytest.mark.parametrize(
    "derivation",
    [
        structures.skip,
        structures.pooled_layer,
        structures.along_the_values,
        misprints.start,
        misprints.onsager,
    ],
)
def test_what_the_structures_rest_on_replays(derivation):
    assert proved(derivation()) == []


THREE = ((1, 1, 1), (sp.Rational(6, 5), -sp.Rational(2, 5), sp.Rational(9, 10)))
IN_THREE = Kernel(dot(THREE[0], THREE[0]), dot(THREE[1], THREE[1]), dot(*THREE))
LARGE = (sp.sqrt(2), sp.sqrt(HALF))


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_backward_form_is_the_kernel(depth):
    assert (
        sp.expand(
            structures.backward(depth, V, SLOPE).xy - ntk.tangent_kernel(depth, V, SLOPE, YANG).xy
        )
        == 0
    )


def test_the_printed_backward_forms():
    at = (3, RELU, RELU_SLOPE, IN_THREE, LARGE)
    assert structures.backward(*at).xx == pytest.approx(8.5)
    assert misprints.yang_kernel_as_printed(*at).xx == pytest.approx(5.875)
    assert misprints.yang_kernel_as_printed_again(*at).xx == pytest.approx(3.8125)
    ones = (*at[:4], (sp.Integer(1), sp.Integer(1)))
    right = structures.backward(*ones).xy
    assert misprints.yang_kernel_as_printed(*ones).xy == pytest.approx(right)
    assert misprints.yang_kernel_as_printed_again(*ones).xy == pytest.approx(right)


def test_the_printed_decomposition_starts_elsewhere():
    assert misprints.start().statement == misprints.initial
    assert misprints.start_as_printed() == 2 * misprints.star - misprints.initial


def test_the_covariances_of_a_tied_network():
    K = misprints.tied_covariances(4, RELU, sp.Integer(2), (sp.sqrt(2), sp.Integer(0)))
    assert float(K[1, 2]) == pytest.approx(2 / np.pi)
    assert float(K[2, 3]) == pytest.approx(0.98746, abs=5e-6)
    assert list(K.diagonal()) == pytest.approx([2] * 4)
    printed = misprints.tied_covariances_as_printed(4, RELU, sp.Integer(2), LARGE)
    assert printed.is_diagonal()


def test_the_printed_onsager_term_is_too_small():
    right, printed = misprints.onsager().statement, misprints.onsager_as_printed()
    assert sp.cancel(printed / right) == misprints.delta


# A mean over units as the read-out. A shifted sine has its maps in closed form, by e^{iz}.

THETA = np.pi / 6


def wave(frequency, shift, scale=1.0):
    """The dual map of scale sin(frequency z + shift)."""
    turned, m = np.cos(2 * shift), frequency**2

    def map(q, p, c):
        half = m * (float(q) + float(p)) / 2
        plus, minus = np.exp(-half + m * float(c)), np.exp(-half - m * float(c))
        return sp.Float(scale**2 * (plus - turned * minus) / 2)

    return map


SINE = structures.Maps(
    wave(1, THETA),
    wave(1, THETA + np.pi / 2),
    wave(2, 2 * THETA, 0.5),
    lambda q: sp.Float(-np.sin(THETA) * np.exp(-float(q) / 2)),
    lambda q: sp.Float(np.cos(2 * THETA) * np.exp(-2 * float(q))),
)
POOLED_RELU = structures.Maps(
    RELU, RELU_SLOPE, RELU, lambda q: 1 / sp.sqrt(2 * sp.pi * q), lambda q: HALF
)


def pooled_sample(phi, slope, n, depth, scales, draw):
    """n times the tangent kernels of a network with its mean over units as the output."""
    weight, bias = scales
    inputs = np.array(THREE, dtype=float)
    sizes = [3, *[n] * depth]
    weights = [weight * draw.normal(size=(m, k)) for k, m in itertools.pairwise(sizes)]
    values, pre = [inputs.T], []
    for W in weights:
        pre.append(W @ values[-1] / np.sqrt(W.shape[1]) + bias * draw.normal(size=(len(W), 1)))
        values.append(phi(pre[-1]))
    total, gradient = np.zeros((2, 2)), np.ones((n, 2)) / n
    for W, h, x in zip(weights[::-1], pre[::-1], values[-2::-1], strict=True):
        at_h = gradient * slope(h)
        total += (at_h.T @ at_h) * (x.T @ x / W.shape[1] + 1)
        gradient = W.T @ at_h / np.sqrt(W.shape[1])
    return n * total


def test_a_pooled_read_out():
    scales = (sp.sqrt(3), sp.Rational(1, 5))
    right = structures.pooled(3, SINE, IN_THREE, scales)
    printed = misprints.pooled_as_printed(3, SINE, IN_THREE, scales)
    draw = np.random.default_rng(1)
    found = np.array(
        [
            pooled_sample(
                lambda z: np.sin(z + THETA), lambda z: np.cos(z + THETA), 400, 3,
                [float(one) for one in scales], draw,
            )
            for _ in range(100)
        ]
    )  # fmt: skip
    mean, error = found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(len(found))
    for (i, j), one, other in zip(((0, 0), (1, 1), (0, 1)), right, printed, strict=True):
        assert abs(mean[i, j] - float(one)) < 4 * error[i, j], (mean, error, right)
        assert abs(mean[i, j] - float(other)) > (4 if i != j else 8) * error[i, j]


def test_the_pooled_kernel_of_relu():
    theta = structures.pooled(3, POOLED_RELU, IN_THREE, (sp.sqrt(2), sp.Integer(0)))
    assert float(theta.xx) == pytest.approx(3 + 6 / np.pi)
    assert float(theta.xy) == pytest.approx(2.44271, abs=1e-5)
    # Independent copies of the transposed weights have no part along the values.
    copies = POOLED_RELU._replace(curvature=lambda q: sp.Integer(0))
    theta = structures.pooled(3, copies, IN_THREE, (sp.sqrt(2), sp.Integer(0)))
    assert theta.xx == pytest.approx(3)


# Convolutions on a ring.

FILTER = {-1: HALF, 0: sp.Rational(1, 3), 1: sp.Rational(1, 6)}


@cache
def ring():
    x, y = (
        sp.Matrix(4, 2, entries)
        for entries in ((1, 2, 0, 1, -1, 1, 1, 0), (1, 1, 1, -1, 0, 1, 2, 0))
    )
    return np.array([x, y], dtype=float), Positions(x * x.T / 2, y * y.T / 2, x * y.T / 2)


def conv_sample(n, depth, scales, draw):
    """The tangent kernel between two inputs, by the definition, for the parameters themselves."""
    weight, bias = scales
    inputs, _ = ring()
    shifts, spread = list(FILTER), [float(sp.sqrt(v)) for v in FILTER.values()]
    channels = [2, *[n] * depth]
    layers = [
        (
            [weight * s * draw.normal(size=(m, k)) for s in spread],
            bias * draw.normal(size=m),
        )
        for k, m in itertools.pairwise(channels)
    ]
    read_out = weight * draw.normal(size=(4, n))
    values, pre = [inputs], []
    for weights, shift in layers:
        x = values[-1]
        h = sum(np.roll(x, -s, axis=1) @ W.T for s, W in zip(shifts, weights, strict=True))
        pre.append(h / np.sqrt(x.shape[-1]) + shift)
        values.append(np.maximum(pre[-1], 0))
    total = np.sum(values[-1][0] * values[-1][1]) / (4 * n)
    gradient = np.stack([read_out] * 2) / np.sqrt(4 * n)
    for (weights, _), h, x in zip(layers[::-1], pre[::-1], values[-2::-1], strict=True):
        at_h, k = gradient * (h > 0), x.shape[-1]
        total += at_h[0].sum(axis=0) @ at_h[1].sum(axis=0)
        gradient = np.zeros_like(x)
        for s, W in zip(shifts, weights, strict=True):
            by_weight = [at_h[i].T @ np.roll(x[i], -s, axis=0) / np.sqrt(k) for i in (0, 1)]
            total += np.sum(by_weight[0] * by_weight[1])
            gradient += np.roll(at_h @ W, s, axis=1) / np.sqrt(k)
    return total


def test_a_convolution():
    _, gram = ring()
    scales = (sp.Integer(1), TENTH)
    at = (2, RELU, RELU_SLOPE, FILTER, gram)
    up = ntk_convolution.conv_kernel(*at, scales=scales)
    down = ntk_convolution.conv_backward(*at, scales=scales)
    printed = misprints.conv_kernel_as_printed(*at, scales=scales)
    assert float(up) == pytest.approx(float(down), rel=1e-14)
    draw = np.random.default_rng(2)
    found = np.array([conv_sample(200, 2, [float(s) for s in scales], draw) for _ in range(400)])
    error = found.std(ddof=1) / np.sqrt(len(found))
    assert abs(found.mean() - float(up)) < 4 * error
    assert abs(found.mean() - float(printed)) > 6 * error


def test_a_convolution_of_one_position_is_dense():
    one = sp.Matrix([[1]])
    gram = Positions(2 * one, 3 * one, one)
    dense = ntk.tangent_kernel(2, V, SLOPE, YANG, Kernel(*(m[0] for m in gram))).xy
    found = ntk_convolution.conv_kernel(2, V, SLOPE, {0: sp.Integer(1)}, gram)
    assert sp.expand(found - dense) == 0
    with pytest.raises(ValueError, match="a convolution has one shift at least"):
        ntk_convolution.conv_kernel(1, V, SLOPE, {}, gram)
