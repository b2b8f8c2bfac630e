"""Kernels of wide networks: many digits, published numbers, conventions, and what is refused."""

from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kernel_oracle import CUBIC, LEAKY, MAPS, kernel

from lemmata.verify.errors import UsageError
from lemmata.verify.kernel_duals import BY_NAME, LeakyRelu, Polynomial
from lemmata.verify.kernel_pairs import Pairs, constant, of_inputs
from lemmata.verify.kernels import LayerTerms, analytic, convert, layer_terms

ACTIVATIONS: dict[str, Any] = {
    "relu": "relu",
    "leaky": LeakyRelu(float(LEAKY)),
    "absolute": LeakyRelu(-1.0),
    "erf": "erf",
    "gelu": "gelu",
    "sin": "sin",
    "exp": "exp",
    "cubic": Polynomial(tuple(float(a) for a in CUBIC)),
}
# Their kernels grow with depth like towers of exponentials and of powers.
STEEP = ("exp", "cubic")
# Scales at which nearly equal inputs are driven far apart in ten layers.
CHAOTIC = {
    "relu": ((30.0, 0.3),),
    "erf": ((3.0, 0.3), (5.0, 0.1), (10.0, 0.5), (30.0, 0.0)),
    "sin": ((3.0, 0.3), (5.0, 0.1), (10.0, 0.0), (30.0, 0.3)),
    "gelu": ((3.0, 0.3), (5.0, 0.0), (10.0, 0.1), (30.0, 0.3)),
}
# What `analytic` promises; ten layers of rounding take a few hundredths of it.
CLOSE = 1e-12


def _adversaries(base: np.ndarray) -> np.ndarray:
    """Inputs that nearly agree with `base`, nearly oppose it, and differ from it in norm alone."""
    rng = np.random.default_rng(1)
    rows = [base, -base, 3 * base, -base / 4, base * (1 + 1e-9), rng.normal(size=len(base))]
    for size in (1e-1, 1e-4, 1e-8, 1e-11, 1e-15):
        rows += [k * base + size * rng.normal(size=len(base)) for k in (1, -1, 2, -3)]
    rows += [size * rng.normal(size=len(base)) for size in (1e-3, 1e4, 30)]
    return np.array(rows)


@pytest.mark.parametrize(
    ("name", "w", "b", "depth"),
    [
        (name, w, b, depth)
        for name in ACTIVATIONS
        for w, b in ((1.0, 0.1), (2**0.5, 0.0), (1.5, 1.0), (2.0, 0.1))
        for depth in (1, 2, 3, 10)
        if name not in STEEP or (depth <= 3 and w == 1)
    ]
    + [(name, w, b, 10) for name, scales in CHAOTIC.items() for w, b in scales],
)
def test_to_many_digits(name: str, w: float, b: float, depth: int) -> None:
    base = np.random.default_rng(0).normal(size=4) * (0.3 if name == "exp" else 1)
    others = _adversaries(base)[: -2 if name == "exp" else None]
    if name == "exp" and depth > 2:
        others = others[np.linalg.norm(others, axis=1) < 1.5]

    theta = analytic(base, others, depth, ACTIVATIONS[name], w, b, "neural-tangents")
    sigma = analytic(base, others, depth, ACTIVATIONS[name], w, b, "neural-tangents", "nngp")

    for j, other in enumerate(others):
        s, t, s_scale, t_scale = kernel(base, other, depth, name, w, b)
        assert abs(sigma[0, j] - s) <= CLOSE * s_scale, (j, s)
        assert abs(theta[0, j] - t) <= CLOSE * t_scale, (j, t)


@pytest.mark.parametrize("exponent", [0, -4, -8, -12, -16])
def test_relu_kernels_of_opposed_inputs_keep_their_relative_accuracy(exponent: int) -> None:
    # They fall like the angle and like its cube.
    base = np.array([1.0, 0.5, -2.0])
    other = -3 * base + (exponent > -16) * 10.0**exponent * np.array([0.3, 0.4, 0.1])

    theta = analytic(base, other, 2, "relu", 1.0, 0.0, "jacot")
    sigma = analytic(base, other, 2, "relu", 1.0, 0.0, "jacot", "nngp")
    s, t, *_ = kernel(base, other, 2, "relu", 1.0, 0.0)

    # At the last exponent the two are opposite exactly, and the kernels zero.
    assert abs(sigma[0, 0] - s) <= CLOSE * s
    assert abs(theta[0, 0] - t) <= CLOSE * abs(t)


@pytest.mark.parametrize("gap", [1e-4, 1e-8, 1e-12, 1e-16])
@pytest.mark.parametrize("name", [*ACTIVATIONS, "step"])
@pytest.mark.parametrize("side", [1, -1])
def test_one_map_at_correlations_near_one(name: str, gap: float, side: int) -> None:
    with mpmath.workdps(60):
        q1, q2, gap = mpmath.mpf(1.5), mpmath.mpf(0.75), mpmath.mpf(gap)
        mean = mpmath.sqrt(q1 * q2)
        small, large = mean * gap, mean * (2 - gap)
        c = side * mean * (1 - gap)
        expected = [mpmath.re(one(q1, c, q2)) for one in MAPS[name]]
        own = [mpmath.re(MAPS[name][0](q, q, q)) for q in (q1, q2)]
        scale = mpmath.sqrt(own[0] * own[1])
        below = scale - expected[0]
    ordered = (small, large) if side > 0 else (large, small)
    pairs = Pairs(*(np.asarray(float(a)) for a in (q1, q2, c, *ordered)))
    dual = BY_NAME["step"] if name == "step" else _dual(name)

    image = dual.image(pairs)

    assert abs(image.covariance - expected[0]) <= CLOSE * scale
    assert abs(image.below - below) <= CLOSE * scale
    if name != "step":
        assert abs(dual.slope(pairs) - expected[1]) <= CLOSE * abs(expected[1])


def _dual(name: str) -> Any:
    activation = ACTIVATIONS[name]
    return BY_NAME[activation] if isinstance(activation, str) else activation


@given(
    st.lists(st.floats(-4, 4), min_size=6, max_size=6),
    st.sampled_from(sorted(set(ACTIVATIONS) - {"exp", "cubic"})),
    st.integers(1, 4),
)
def test_gram_matrices_are_symmetric_and_nonnegative(
    entries: list[float], name: str, depth: int
) -> None:
    x = np.array(entries).reshape(3, 2) + 1e-3

    for get in ("ntk", "nngp"):
        gram = analytic(x, None, depth, ACTIVATIONS[name], 1.2, 0.3, "jacot", get)
        assert np.array_equal(gram, gram.T)
        assert np.linalg.eigvalsh(gram)[0] >= -1e-13 * np.trace(gram)


def test_opposites_and_equals_are_exact() -> None:
    x = np.random.default_rng(3).normal(size=(40, 7))

    pairs = of_inputs(x, x)
    opposed = of_inputs(x, -x)

    assert np.array_equal(np.diag(pairs.difference), np.zeros(40))
    assert np.array_equal(np.diag(opposed.difference), np.zeros(40))
    # relative to the mean, the angle is a root of this
    assert np.max(np.diag(pairs.below / pairs.mean)) < 1e-40
    assert np.max(np.diag(opposed.above / opposed.mean)) < 1e-40
    np.testing.assert_allclose(pairs.below + pairs.above, 2 * pairs.mean, rtol=1e-14)


def test_a_shared_bias_adds_to_the_gaps() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(2, 5, 3))

    with_bias = of_inputs(x, y).scaled(2.0).plus(constant(0.7))
    as_an_input = of_inputs(
        np.hstack([x, np.full((5, 1), (0.7 * 1.5) ** 0.5)]),
        np.hstack([y, np.full((5, 1), (0.7 * 1.5) ** 0.5)]),
    ).scaled(2.0 * 4 / 3)

    for field in ("first", "second", "covariance", "below", "above", "difference"):
        np.testing.assert_allclose(
            getattr(with_bias, field), getattr(as_an_input, field), rtol=1e-11, atol=1e-13
        )


def test_published_numbers_of_jacot() -> None:
    """ReLU, beta = 0.1, on the unit circle at angles 0, pi/4 and pi."""
    angles = np.array([0, np.pi / 4, np.pi])
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def curve(depth: int, get: Any) -> np.ndarray:
        return analytic([1.0, 0.0], circle, depth, "relu", 1.0, 0.1, "jacot", get)[0]

    np.testing.assert_allclose(curve(2, "ntk"), [0.52, 0.340534, -0.011317], atol=5e-7)
    np.testing.assert_allclose(curve(4, "ntk"), [0.2825, 0.169971, 0.064354], atol=5e-7)
    np.testing.assert_allclose(curve(2, "nngp"), [0.265, 0.20373, 0.010595], atol=5e-6)
    np.testing.assert_allclose(curve(4, "nngp"), [0.08125, 0.069867, 0.048097], atol=5e-7)
    terms = layer_terms([1.0, 0.0], circle, 4, "relu", 1.0, 0.1, "jacot")
    shares = (terms.weights + terms.biases)[:, 0]
    np.testing.assert_allclose(shares[:, 0], [0.06375, 0.06625, 0.07125, 0.08125], atol=1e-12)
    np.testing.assert_allclose(shares[:, 1], [0.02143, 0.03191, 0.04677, 0.06987], atol=5e-6)


def test_published_numbers_of_yang() -> None:
    value = analytic([1.0, 1.0, 1.0], None, 3, "relu", 2**0.5, 0.5**0.5, "yang")

    # 7/4 from the read-out, and from each hidden layer (V + 1) times 1
    assert value[0, 0] == pytest.approx(8.5, abs=1e-13)


def test_a_wide_network_has_the_kernel_of_each_convention() -> None:
    """The Gram matrix of the gradients of one hidden layer, written out, over random networks."""
    rng, width, networks = np.random.default_rng(5), 1000, 60
    w, b = 1.3, 0.6
    x, y = rng.normal(size=(2, 3))
    unit, own = np.empty(networks), np.empty(networks)
    for i in range(networks):
        W, beta, v = (rng.normal(size=shape) for shape in ((width, 3), width, width))
        h = [w * W @ z / 3**0.5 + b * beta for z in (x, y)]
        features = np.mean(np.maximum(h[0], 0) * np.maximum(h[1], 0))
        back = w**2 * np.mean(v**2 * (h[0] > 0) * (h[1] > 0))
        unit[i] = w**2 * features + b**2 + back * (w**2 * (x @ y) / 3 + b**2)
        own[i] = features + back * ((x @ y) / 3 + 1)
    limits = {
        "jacot": analytic(x, y, 2, "relu", w, b, "jacot")[0, 0],
        "yang": analytic(x, y, 1, "relu", w, b, "yang")[0, 0],
    }

    for values, mine, other in ((unit, "jacot", "yang"), (own, "yang", "jacot")):
        error = np.std(values, ddof=1) / networks**0.5
        assert abs(np.mean(values) - limits[mine]) < 4 * error
        assert abs(np.mean(values) - limits[other]) > 10 * error


@pytest.mark.parametrize("target", ["yang", "jacot", "neural-tangents"])
@pytest.mark.parametrize("source", ["yang", "jacot", "neural-tangents"])
def test_layer_terms_convert(source: str, target: str) -> None:
    x = np.random.default_rng(6).normal(size=(3, 2))
    depth = {"yang": 2, "jacot": 3, "neural-tangents": 3}

    given_terms = layer_terms(x, None, depth[source], "erf", 1.4, 0.3, source)
    expected = layer_terms(x, None, depth[target], "erf", 1.4, 0.3, target)
    converted = convert(given_terms, source, target, 1.4, 0.3)

    assert isinstance(converted, LayerTerms)
    np.testing.assert_allclose(converted.weights, expected.weights, rtol=1e-13)
    np.testing.assert_allclose(converted.biases, expected.biases, rtol=1e-13)
    np.testing.assert_allclose(
        expected.total, analytic(x, None, depth[target], "erf", 1.4, 0.3, target), rtol=1e-15
    )
    covariance = analytic(x, None, depth[source], "erf", 1.4, 0.3, source, "nngp")
    np.testing.assert_allclose(
        convert(covariance, source, target, 1.4, 0.3, "nngp"),
        analytic(x, None, depth[target], "erf", 1.4, 0.3, target, "nngp"),
        rtol=1e-13,
    )


@pytest.mark.parametrize("deviation", [1.0, 0.7])
def test_sums_convert_where_weights_and_biases_scale_alike(deviation: float) -> None:
    x = np.random.default_rng(7).normal(size=(3, 2))
    ours = analytic(x, None, 3, "relu", deviation, deviation, "jacot")
    yangs = analytic(x, None, 2, "relu", deviation, deviation, "yang")

    args = deviation, deviation
    np.testing.assert_allclose(convert(ours, "jacot", "yang", *args), yangs, rtol=1e-13)
    np.testing.assert_allclose(convert(yangs, "yang", "jacot", *args), ours, rtol=1e-13)
    assert np.array_equal(convert(ours, "jacot", "neural-tangents", 1.2, 0.1), ours)


def test_what_does_not_convert_says_why() -> None:
    x = np.eye(2)
    total = analytic(x, None, 2, "relu", 1.2, 0.1, "jacot")
    terms = layer_terms(x, None, 2, "relu", 1.2, 0.0, "jacot")

    with pytest.raises(UsageError, match=r"w_std=1\.2 and b_std=0\.1 differ.*give the LayerTerms"):
        convert(total, "jacot", "yang", 1.2, 0.1)
    with pytest.raises(UsageError, match=r"b_std=0: 'jacot' gives biases no share"):
        convert(terms, "jacot", "yang", 1.2, 0.0)
    with pytest.raises(UsageError, match=r"w_std=0: the weights' share is lost"):
        convert(terms, "jacot", "yang", 0.0, 0.0)
    with pytest.raises(UsageError, match="layer terms are of the tangent kernel"):
        convert(terms, "jacot", "yang", 1.2, 0.1, "nngp")
    # and the other way, zeros are no loss
    back = layer_terms(x, None, 1, "relu", 1.2, 0.0, "yang")
    converted = convert(back, "yang", "jacot", 1.2, 0.0)
    np.testing.assert_allclose(converted.total, terms.total, rtol=1e-14)


def test_shapes() -> None:
    x, y = np.ones((2, 3)), np.ones((4, 3), dtype=np.float32)

    assert analytic(x, y, 2, "relu", 1, 0, "jacot").shape == (2, 4)
    assert analytic(x[0], None, 2, "relu", 1, 0, "jacot").shape == (1, 1)
    assert analytic([1, 2, 3], y, np.int64(2), "linear", 1, 0, "yang").dtype == np.float64


@pytest.mark.parametrize("name", ["relu", "leaky", "erf", "gelu", "sin", "exp"])
def test_zero_inputs_follow_the_recursion(name: str) -> None:
    x = np.array([[0.0, 0.0], [0.6, -0.4]])

    for b in (0.0, 0.5):
        theta = analytic(x, None, 3, ACTIVATIONS[name], 1.1, b, "jacot")
        near = analytic(x + 1e-9 * np.eye(2), None, 3, ACTIVATIONS[name], 1.1, b, "jacot")
        np.testing.assert_allclose(theta, near, atol=1e-7)
        assert (theta[0, 1] == 0) == (b == 0 and name != "exp")


def test_the_step_function() -> None:
    x = np.array([[1.0, 2.0], [1.0, 2.0], [-1.0, -2.0], [2.0, -1.0]])
    sigma = analytic(x, None, 2, "step", 1.0, 0.0, "yang", "nngp")
    deeper = kernel(x[0], x[3], 4, "step", 1.0, 0.1)[0]

    assert sigma[0, 1] == pytest.approx(0.5, abs=1e-16)
    assert analytic(x[0], x[2], 1, "step", 1.0, 0.0, "yang", "nngp")[0, 0] == 0
    found = analytic(x[0], x[3], 4, "step", 1.0, 0.1, "jacot", "nngp")
    assert found[0, 0] == pytest.approx(float(deeper), rel=CLOSE)
    with pytest.raises(UsageError, match=r"no tangent kernel.*ask for get='nngp'"):
        analytic(x, None, 2, "step", 1.0, 0.1, "jacot")
    with pytest.raises(UsageError, match=r"jumps at 0.*take b_std > 0"):
        analytic(np.zeros((1, 2)), None, 2, "step", 1.0, 0.0, "jacot", "nngp")


GOOD: dict[str, Any] = {
    "x1": np.eye(2), "x2": None, "depth": 2, "activation": "relu",
    "w_std": 1.0, "b_std": 0.1, "convention": "jacot",
}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"x2": np.ones((2, 3))}, r"different dimension: x1 has shape \(2, 2\) and x2 \(2, 3\)"),
        ({"x1": np.ones((0, 2))}, r"x1 has shape \(0, 2\); give N >= 1"),
        ({"x1": []}, r"x1 has shape \(0,\)"),
        ({"x1": 3.0}, r"x1 has shape \(\)"),
        ({"x1": np.ones((1, 2, 2))}, r"x1 has shape \(1, 2, 2\)"),
        ({"x1": [[1.0], [1.0, 2.0]]}, "x1 is no array"),
        ({"x1": [[1.0, np.nan]]}, r"x1\[0, 1\] is nan; inputs must be finite"),
        ({"x2": [[np.inf, 0.0]]}, r"x2\[0, 0\] is inf"),
        ({"x1": [[1j, 0]]}, "x1 has entries of type complex128"),
        ({"x1": [["a", "b"]]}, "x1 has entries of type <U1"),
        ({"x1": [[None, 1]]}, "x1 has entries of type object"),
        ({"x1": [[True, False]]}, "x1 has entries of type bool"),
        ({"depth": 0}, "depth=0 must be a whole number, 1 or more; 'jacot' counts layers of"),
        ({"depth": -1, "convention": "yang"}, "depth=-1 .* 'yang' counts hidden layers"),
        ({"depth": 2.5}, r"depth=2\.5 must be"),
        ({"depth": True}, "depth=True must be"),
        ({"depth": "2"}, "depth='2' must be"),
        ({"activation": "swish"}, "activation='swish' is unknown; use one of relu, erf"),
        ({"activation": np.tanh}, r"has no dual map in closed form; .* Quadrature\(phi\)"),
        ({"activation": LeakyRelu}, r"activation=LeakyRelu is a class; .*: LeakyRelu\(\.\.\.\)"),
        ({"w_std": -1.0}, r"w_std=-1\.0 is a standard deviation"),
        ({"w_std": np.nan}, "w_std=nan"),
        ({"b_std": np.inf}, "b_std=inf"),
        ({"b_std": "1"}, "b_std='1'"),
        ({"b_std": 1j}, "b_std=1j"),
        (
            {"w_std": np.array([1.5])},
            r"w_std=array\(\[1\.5\]\) is a standard deviation and must be",
        ),
        ({"w_std": np.array(True)}, r"w_std=array\(True\)"),
        ({"w_std": None}, "w_std=None is a standard deviation and must be a finite number"),
        ({"convention": "he"}, "convention='he' is unknown; use one of jacot"),
        ({"convention": ["jacot"]}, r"convention=\['jacot'\] is unknown; use one of jacot"),
        ({"get": ["ntk"]}, r"get=\['ntk'\] is no kernel; use 'ntk' or 'nngp'"),
        ({"get": "kernel"}, "get='kernel' is no kernel"),
    ],
)
def test_wrong_input_is_refused(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        analytic(**{**GOOD, **wrong})


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: LeakyRelu(np.nan), "slope_below=nan"),
        (lambda: Polynomial(()), r"coefficients=\(\)"),
        (lambda: Polynomial((1.0, np.inf)), "must be finite"),
        (lambda: Polynomial((1j,)), "sequence of real numbers"),
    ],
)
def test_wrong_parameters_are_refused(make: Any, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        make()


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(FloatingPointError, match="leaves the range of double precision"):
        analytic([1.0, 2.0], None, 5, "exp", 2.0, 1.0, "jacot")
    # Where a slope overflows and where a sum does, no warning comes before the error.
    for get in ("ntk", "nngp"):
        with pytest.raises(FloatingPointError, match=r"Exponential\(\) .* w_std=9\.0 .* smaller"):
            analytic([[20.0, 2.0], [-3.0, 0.0]], None, 2, "exp", 9.0, 1.0, "yang", get)
    with pytest.raises(FloatingPointError, match=r"input 1 has entries up to 1e\+200"):
        analytic([[1.0, 0.0], [1e200, 0.0]], None, 2, "relu", 1.0, 0.0, "jacot")
    with pytest.raises(FloatingPointError, match="input 0 has entries up to 1e-170"):
        analytic([1e-170, 0.0], None, 2, "relu", 1.0, 0.0, "jacot")


@pytest.mark.parametrize("slope", [0.0, 0.3, -1.0])
def test_a_kink_at_a_zero_input_is_refused_where_biases_count(slope: float) -> None:
    x = np.array([[1.0, 2.0], [0.0, 0.0]])
    given = (x, None, 1, LeakyRelu(slope), 1.0, 0.0)
    with pytest.raises(UsageError, match=r"x1\[1\] is zero, and b_std=0: .* no derivative"):
        analytic(*given, "yang")
    assert analytic(*given, "yang", get="nngp")[1, 1] == 0
    assert analytic(x, None, 2, LeakyRelu(slope), 1.0, 0.0, "jacot")[1, 1] == 0
    assert np.all(np.linalg.eigvalsh(analytic(x, None, 1, "linear", 1.0, 0.0, "yang")) > 0)
