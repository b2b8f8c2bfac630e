"""Tangent kernels of other structures: exact means, simulated networks, and what is printed."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import scipy.stats
import sympy as sp

from lemmata.theory import ntk, ntk_convolution
from lemmata.theory import ntk_misprints as misprints
from lemmata.theory import ntk_structures as structures
from lemmata.theory.ntk import Kernel, relu, relu_slope
from lemmata.theory.ntk_conventions import JACOT, YANG
from lemmata.theory.ntk_convolution import Positions
from lemmata.theory.ntk_layers import b, w
from lemmata.theory.ntk_moments import gaussian_mean

pytestmark = pytest.mark.heavy

V, SLOPE = sp.Function("V"), sp.Function("V'")
HALF, TENTH = sp.Rational(1, 2), sp.Rational(1, 10)


def numeric(map):
    """A dual map worked out to 30 digits at once, so that nothing nests."""
    return lambda q, p, c: sp.sympify(map(q, p, c)).evalf(30)


RELU, RELU_SLOPE = numeric(relu), numeric(relu_slope)


def proved(derivation):
    return [str(one) for one in derivation.replay() if one.status not in ("proved", "checked")]


def dot(one, other):
    return sp.Add(*(x * y for x, y in zip(one, other, strict=True))) / len(one)


def of_square(q, p, c):
    """The dual map of z^2, and below that of its derivative 2 z."""
    return q * p + 2 * c**2


def of_double(q, p, c):
    return 4 * c


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
    gram = Kernel(dot(one, one), dot(other, other), dot(one, other))
    stream = structures.residual(1, of_square, of_double, YANG, gram)
    read = structures.linear(stream, YANG, last=True)
    assert sp.expand(gaussian_mean(f * g, drawn) - read.covariance.xy) == 0
    assert sp.expand(gaussian_mean(kernel, drawn) - read.tangent.xy) == 0


def test_two_linear_blocks_have_their_kernel_exactly():
    v, a = structures.v, structures.a
    one, other = sp.symbols("x y", real=True)
    drawn = sp.symbols("W_1 B_1 V_1 A_1 W_2 B_2 V_2 A_2", real=True)

    def output(x):
        for W, B, U, A in (drawn[:4], drawn[4:]):
            x = x + v * U * (w * W * x + b * B) + a * A
        return x

    f, g = output(one), output(other)
    sizes = (w, b, v, a) * 2
    gram = Kernel(one**2, other**2, one * other)
    for convention, units in ((JACOT, (1,) * 8), (YANG, sizes)):
        kernel = sum(
            sp.diff(f, p) * sp.diff(g, p) / s**2 for p, s in zip(drawn, units, strict=True)
        )
        stream = structures.residual(
            2, lambda q, p, c: c, lambda q, p, c: sp.Integer(1), convention, gram
        )
        assert sp.expand(gaussian_mean(kernel, drawn) - stream.tangent.xy) == 0
        assert sp.expand(gaussian_mean(f * g, drawn) - stream.covariance.xy) == 0


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
        ntk_convolution.shifted,
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


def test_the_covariances_of_a_tied_network():
    K = misprints.tied_covariances(4, RELU, sp.Integer(2), (sp.sqrt(2), sp.Integer(0)))
    assert float(K[1, 2]) == pytest.approx(2 / np.pi)
    assert float(K[2, 3]) == pytest.approx(0.98746, abs=5e-6)
    assert list(K.diagonal()) == pytest.approx([2] * 4)
    printed = misprints.tied_covariances_as_printed(4, RELU, sp.Integer(2), LARGE)
    assert printed.is_diagonal()


def test_a_tied_network_in_samples():
    n, draw = 500, np.random.default_rng(4)
    found = []
    for _ in range(60):
        W, h = draw.normal(size=(n, n)) * np.sqrt(2 / n), draw.normal(size=n) * np.sqrt(2)
        times = [h]
        for _ in range(3):
            times.append(W @ np.maximum(times[-1], 0))
        found.append([times[1] @ times[2] / n, times[2] @ times[3] / n])
    mean, error = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
    K = misprints.tied_covariances(4, RELU, sp.Integer(2), (sp.sqrt(2), sp.Integer(0)))
    assert (np.abs(mean - [float(K[1, 2]), float(K[2, 3])]) < 4 * error).all()
    assert (np.abs(mean) > 6 * error).all()  # printed: zero


def test_the_onsager_term_in_samples():
    """A^T g(A x) along x, g a hyperbolic tangent, A of n = N/2 rows and variance 1/n."""
    n, N, draw = 300, 600, np.random.default_rng(5)
    x = np.ones(N)
    found = []
    for _ in range(60):
        A = draw.normal(size=(n, N)) / np.sqrt(n)
        found.append(x @ A.T @ np.tanh(A @ x) / N)
    mean, error = np.mean(found), np.std(found, ddof=1) / np.sqrt(len(found))
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    slope = weights @ np.cosh(np.sqrt(N / n) * nodes) ** -2 / np.sqrt(2 * np.pi)
    at = {misprints.mean_slope: slope, misprints.delta: n / N}
    assert abs(mean - float(misprints.onsager().statement.subs(at))) < 4 * error
    assert abs(mean - float(misprints.onsager_as_printed().subs(at))) > 6 * error


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
    weights = [weight * draw.normal(size=(m, k)) for k, m in pairwise(sizes)]
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


def gelu_maps():
    """The maps of GELU by Gauss-Hermite quadrature, of 80 nodes a variable."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    weights = weights / np.sqrt(2 * np.pi)
    normal = scipy.stats.norm

    def phi(x):
        return x * normal.cdf(x)

    def slope(x):
        return normal.cdf(x) + x * normal.pdf(x)

    def curvature(x):
        return (2 - x**2) * normal.pdf(x)

    def dual(f):
        def map(q, p, c):
            q, p, c = float(q), float(p), float(c)
            r = c / np.sqrt(q * p)
            u, other = nodes[:, None], r * nodes[:, None] + np.sqrt(max(0, 1 - r * r)) * nodes
            both = f(np.sqrt(q) * u) * f(np.sqrt(p) * other)
            return sp.Float(float(weights @ both @ weights))

        return map

    def mean(f):
        return lambda q: sp.Float(float(weights @ f(np.sqrt(float(q)) * nodes)))

    return structures.Maps(
        dual(phi),
        dual(slope),
        dual(lambda x: phi(x) * slope(x)),
        mean(curvature),
        mean(lambda x: slope(x) ** 2 + phi(x) * curvature(x)),
    )


def test_the_pooled_kernel_of_gelu():
    """Against a simulation at width 500 elsewhere: 8.551(49)."""
    maps, at = gelu_maps(), (IN_THREE, (sp.sqrt(2).evalf(), sp.sqrt(TENTH).evalf()))
    assert float(structures.pooled(4, maps, *at).xx) == pytest.approx(8.479, abs=5e-4)
    assert float(misprints.pooled_as_printed(4, maps, *at).xx) == pytest.approx(8.254, abs=5e-4)
    copies = maps._replace(curvature=lambda q: sp.Integer(0))
    assert float(structures.pooled(4, copies, *at).xx) == pytest.approx(3.71, abs=5e-3)


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
        for k, m in pairwise(channels)
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


@pytest.mark.parametrize(("convention", "depth"), [(YANG, 2), (JACOT, 3)], ids=["yang", "jacot"])
def test_a_convolution_of_one_position_is_dense(convention, depth):
    one = sp.Matrix([[1]])
    gram = Positions(2 * one, 3 * one, one)
    dense = ntk.tangent_kernel(depth, V, SLOPE, convention, Kernel(*(m[0] for m in gram))).xy
    found = ntk_convolution.conv_kernel(2, V, SLOPE, {0: sp.Integer(1)}, gram, convention)
    assert sp.expand(found - dense) == 0


def test_a_convolution_without_a_filter_or_layers_is_refused():
    gram = Positions(*[sp.eye(2)] * 3)
    with pytest.raises(ValueError, match="depth=0: a network has one convolutional layer"):
        ntk_convolution.conv_kernel(0, V, SLOPE, {0: sp.Integer(1)}, gram)
    with pytest.raises(ValueError, match="a convolution has one shift at least"):
        ntk_convolution.conv_kernel(1, V, SLOPE, {}, gram)
