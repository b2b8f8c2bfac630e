"""Kernels of wide networks: digits between nearly equal variances, and kinds of numbers given."""

from fractions import Fraction
from typing import Any

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from tests.kernel_oracle import MAPS

from lemmata.verify.errors import UsageError
from lemmata.verify.kernel_duals import BY_NAME
from lemmata.verify.kernel_pairs import Pairs
from lemmata.verify.kernels import analytic

# What `analytic` promises; a map takes a few hundredths of it.
CLOSE = 1e-12
GOOD: dict[str, Any] = {
    "x1": np.eye(2), "x2": None, "depth": 2, "activation": "relu",
    "w_std": 1.0, "b_std": 0.1, "convention": "jacot",
}  # fmt: skip


@pytest.mark.parametrize("q", [1e-2, 1.0, 30.0, 1e4, 1e9])
@pytest.mark.parametrize("apart", [1e-12, 1e-5, 0.05, 0.15, 0.25, 3.0])
@pytest.mark.parametrize("name", ["gelu", "sin", "erf", "relu"])
def test_a_map_keeps_what_nearly_equal_variances_differ_by(
    name: str, q: float, apart: float
) -> None:
    # What the next layers make of it may be much more than it is beside the variances.
    if name == "sin" and q > 100:
        return  # both variances are 1/2 to more digits than a double has
    with mpmath.workdps(90):
        q2, factor = mpmath.mpf(q), 1 + mpmath.mpf(apart)
        q1, mean = q2 * factor, q2 * mpmath.sqrt(factor)
        own = [mpmath.re(MAPS[name][0](q, q, q)) for q in (q1, q2)]
        expected = own[0] - own[1], mpmath.sqrt(own[0] * own[1]) - MAPS[name][0](q1, mean, q2)
        fields = (q1, q2, mean, 0, 2 * mean, q1 - q2)

    image = BY_NAME[name].image(Pairs(*(np.asarray(float(one)) for one in fields)))

    assert abs(image.difference - expected[0]) <= CLOSE * abs(expected[0])
    assert abs(image.below - mpmath.re(expected[1])) <= CLOSE * q * apart**2


@pytest.mark.parametrize("one_and_a_half", [np.float32(1.5), np.array(1.5), Fraction(3, 2)])
def test_a_deviation_may_be_an_array_of_one_number(one_and_a_half: Any) -> None:
    found = analytic(**{**GOOD, "w_std": one_and_a_half, "b_std": np.array(0)})
    assert np.array_equal(found, analytic(**{**GOOD, "w_std": 1.5, "b_std": 0.0}))


def test_numbers_of_jax_are_taken_and_tracers_refused() -> None:
    found = analytic(**{**GOOD, "x1": jnp.eye(2), "w_std": jnp.asarray(1.5)})
    assert np.array_equal(found, analytic(**{**GOOD, "w_std": 1.5}))
    with pytest.raises(UsageError, match=r"x1 is no array of known numbers \(a .*Tracer\)"):
        jax.jit(lambda x: analytic(**{**GOOD, "x1": x}))(np.eye(2))
    with pytest.raises(UsageError, match=r"w_std=.* must be a finite number"):
        jax.jit(lambda w: analytic(**{**GOOD, "w_std": w}))(1.5)


@pytest.mark.parametrize("size", [1e40, 10**51.5, 1e76, 1e140])
@pytest.mark.parametrize("get", ["nngp", "ntk"])
def test_an_error_function_of_large_inputs_is_a_sign(size: float, get: str) -> None:
    """Its limit: 2/pi of the angle's complement, layer after layer, where nothing overflows."""
    x, y = np.array([[size, 0.0]]), np.array([[0.7 * size, size]])
    given = {**GOOD, "activation": "erf", "b_std": 0.0, "depth": 3, "get": get}
    found = analytic(**{**given, "x1": x, "x2": y})
    at = analytic(**{**given, "x1": x / size * 1e30, "x2": y / size * 1e30})
    np.testing.assert_allclose(found, at, rtol=1e-12)
