"""Kernels of wide networks: both orders of inputs, very unequal norms, exactly parallel ones."""

from typing import Any

import numpy as np
import pytest
from tests.kernel_oracle import LEAKY, kernel

from lemmata.verify.kernel_duals import LeakyRelu
from lemmata.verify.kernel_pairs import of_inputs
from lemmata.verify.kernels import analytic

ACTIVATIONS: dict[str, Any] = {
    "relu": "relu",
    "leaky": LeakyRelu(float(LEAKY)),
    "absolute": LeakyRelu(-1.0),
    "erf": "erf",
    "sin": "sin",
    "gelu": "gelu",
}
CLOSE = 1e-12
UNEQUAL = [
    ([1.0], [1e6]),
    ([1.0, 0.5], [-3e-7, 1e-6]),
    ([1.0, 0.5], [-2e-6, -1e-6]),
    ([1.0, 0.5], [-3e-4, 1e-3]),
    ([1.0, 0.5], [1e6, 5e5 + 1]),
    ([1.0, 0.5], [0.3, 0.9]),
    ([0.1, -0.2], [-0.3, 0.6]),
]


@pytest.mark.parametrize(("w", "b"), [(1.0, 0.0), (5.0, 0.0), (30.0, 0.0), (2**0.5, 0.1)])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_very_unequal_norms_in_both_orders(name: str, w: float, b: float) -> None:
    for x, y in UNEQUAL:
        s, t, s_scale, t_scale = kernel(x, y, 10, name, w, b)
        for one, other in ((x, y), (y, x)):
            sigma = analytic(one, other, 10, ACTIVATIONS[name], w, b, "jacot", "nngp")[0, 0]
            theta = analytic(one, other, 10, ACTIVATIONS[name], w, b, "jacot")[0, 0]
            assert abs(sigma - s) <= CLOSE * s_scale, (one, other)
            assert abs(theta - t) <= CLOSE * t_scale, (one, other)


@pytest.mark.parametrize("name", [*ACTIVATIONS, "step"])
@pytest.mark.parametrize("b", [0.0, 0.3])
def test_kernels_are_symmetric_bit_for_bit(name: str, b: float) -> None:
    x = np.random.default_rng(0).normal(size=(12, 3))
    x = np.vstack([x, 3 * x[0], -x[1], x[2] + 1e-9 * x[3], 1e6 * x[4] + x[5], x[6] * 1e-5])
    get = "nngp" if name == "step" else "ntk"
    args = (4, ACTIVATIONS.get(name, name), 1.4, b, "jacot", get)

    assert np.array_equal(analytic(x[:7], x, *args), analytic(x, x[:7], *args).T)


@pytest.mark.parametrize("depth", [2, 4, 7, 10])
def test_the_step_function_knows_exactly_parallel_inputs(depth: int) -> None:
    def both(x: list[float], y: list[float]) -> list[float]:
        args = (depth, "step", 1.0, 0.0, "jacot", "nngp")
        return [analytic(*pair, *args)[0, 0] for pair in ((x, y), (y, x))]

    for factor in (3, 7, 2.0**-40, 1e5 + 1):
        x = [1.0, 2.0, 3.0]
        assert both(x, [factor * a for a in x]) == [0.5, 0.5]
    assert both([0.7], [0.3]) == [0.5, 0.5]
    # Opposite: after one layer they are independent signs of one variable, of covariance 0.
    once = analytic([1.0, 2, 3], [-7.0, -14, -21], 2, "step", 1.0, 0.0, "jacot", "nngp")
    assert once == 0.0
    # One rounding away from parallel is not parallel: the angle of 1e-16 grows as its root.
    away = both([1.0, 2.0, 3.0], [3.0, 6.0, np.nextafter(9.0, 10.0)])
    s, *_ = kernel([1.0, 2.0, 3.0], [3.0, 6.0, np.nextafter(9.0, 10.0)], depth, "step", 1.0, 0.0)
    assert away[0] == away[1]
    assert (away[0] != 0.5) == (depth > 2)
    assert abs(away[0] - s) <= CLOSE


def test_parallel_to_the_last_digit_is_told_from_nearly_so() -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(-(2**20), 2**20, size=(50, 4)).astype(float)
    y = x * rng.integers(1, 2**30, size=(50, 1))
    off = y.copy()
    off[:, 2] = np.nextafter(off[:, 2], np.inf)

    for a, b in ((x, y), (y, x), (x, -y)):
        pairs = of_inputs(a, b)
        assert np.all(np.diag(np.minimum(pairs.below, pairs.above)) == 0)
    assert np.all(np.diag(of_inputs(x, off).below) > 0)
