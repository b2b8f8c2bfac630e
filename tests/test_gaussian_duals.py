"""The dual maps of theory: every derivation replays, and agrees with plain integration."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sympy as sp
from numpy.typing import NDArray
from scipy.special import erf
from scipy.stats import norm

from lemmata.theory import gaussian_duals, gaussian_series
from lemmata.theory.derivation import Derivation
from lemmata.theory.gaussian_pair import c, q1, q2

Array = NDArray[np.float64]

a = sp.symbols("a_0:4", real=True)
SLOPE = sp.Rational(1, 5)
CUBIC = (sp.Integer(1), sp.Integer(-2), sp.Rational(1, 2), sp.Rational(1, 3))

DERIVATIONS = {
    "step": gaussian_duals.step(),
    "relu": gaussian_duals.relu(),
    "relu'": gaussian_duals.relu_slope(),
    "leaky": gaussian_duals.leaky_relu(),
    "leaky'": gaussian_duals.leaky_relu_slope(),
    "erf": gaussian_duals.erf(),
    "erf'": gaussian_duals.erf_slope(),
    "gelu": gaussian_duals.gelu(),
    "gelu'": gaussian_duals.gelu_slope(),
    "sin": gaussian_series.sine(),
    "sin'": gaussian_series.sine_slope(),
    "exp": gaussian_series.exponential(),
    "poly": gaussian_series.polynomial(a),
    "poly'": gaussian_series.polynomial_slope(a),
    "identity": gaussian_series.polynomial((0, 1)),
}


FUNCTIONS: dict[str, tuple[Derivation, Callable[[Array], Any]]] = {
    "step": (gaussian_duals.step(), lambda x: 1.0 * (x > 0)),
    "relu": (gaussian_duals.relu(), lambda x: np.maximum(x, 0)),
    "relu'": (gaussian_duals.relu_slope(), lambda x: 1.0 * (x > 0)),
    "leaky": (gaussian_duals.leaky_relu(SLOPE), lambda x: np.where(x > 0, x, x / 5)),
    "leaky'": (gaussian_duals.leaky_relu_slope(SLOPE), lambda x: np.where(x > 0, 1, 0.2)),
    "erf": (gaussian_duals.erf(), erf),
    "erf'": (gaussian_duals.erf_slope(), lambda x: 2 * np.exp(-x * x) / np.sqrt(np.pi)),
    "gelu": (gaussian_duals.gelu(), lambda x: x * norm.cdf(x)),
    "gelu'": (gaussian_duals.gelu_slope(), lambda x: norm.cdf(x) + x * norm.pdf(x)),
    "sin": (gaussian_series.sine(), np.sin),
    "sin'": (gaussian_series.sine_slope(), np.cos),
    "exp": (gaussian_series.exponential(), np.exp),
    "poly": (gaussian_series.polynomial(CUBIC), lambda x: 1 - 2 * x + x**2 / 2 + x**3 / 3),
    "poly'": (gaussian_series.polynomial_slope(CUBIC), lambda x: -2 + x + x**2),
}


@pytest.mark.parametrize("name", DERIVATIONS)
def test_every_step_replays(name: str) -> None:
    derivation = DERIVATIONS[name]

    assert derivation.holds(), derivation.replay()


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("point", [(1.3, 0.4, 0.7), (0.6, -0.8, 2.1)])
def test_the_closed_form_is_the_mean(name: str, point: tuple[float, float, float]) -> None:
    derivation, phi = FUNCTIONS[name]

    predicted = sp.lambdify((q1, c, q2), derivation.statement, "math")(*point)

    # Nine deviations out exp(9 sqrt(q)) is left with 1e-11 of its mean.
    assert predicted == pytest.approx(_plane_integral(phi, *point), rel=1e-9)


def _plane_integral(phi: Callable[[Array], Any], one: float, both: float, two: float) -> float:
    """Over v inside and over u outside, cut at 0 and 9 deviations out; nothing else is known."""
    nodes, weights = np.polynomial.legendre.leggauss(80)
    slope, rest = both / np.sqrt(one), np.sqrt(two - both**2 / one)
    total = 0.0
    for low, high in ((-9, 0), (0, 9)):
        z = (low + high) / 2 + (high - low) / 2 * nodes
        outer = (high - low) / 2 * weights * norm.pdf(z) * phi(np.sqrt(one) * z)
        cut = np.clip(-slope * z / rest, -9, 9)[:, None]
        for start, stop in ((-9, cut), (cut, 9)):
            y = (start + stop) / 2 + (stop - start) / 2 * nodes
            inner = (stop - start) / 2 * weights * norm.pdf(y) * phi(slope * z[:, None] + rest * y)
            total += np.sum(outer[:, None] * inner)
    return float(total)


@pytest.mark.parametrize(
    ("derivation", "wrong"),
    [
        (gaussian_duals.relu(), lambda value: 2 * value),
        (gaussian_duals.erf(), lambda value: value.subs(c, c / 2)),
        (gaussian_duals.gelu(), lambda value: value.subs(q1, q1 + 1)),
        (gaussian_series.sine(), lambda value: value.subs(q2, 2 * q2)),
    ],
)
def test_a_wrong_closed_form_does_not_replay(derivation, wrong) -> None:
    last = derivation.steps[-1]
    statement = wrong(derivation.statement)
    broken = replace(
        derivation,
        statement=statement,
        steps=(*derivation.steps[:-1], replace(last, right=statement)),
    )

    assert broken.falsehoods()


def test_the_second_moment_of_powers_is_isserlis() -> None:
    # E u^4 v^2 = 3 q1^2 q2 + 12 q1 c^2, counted by hand
    assert sp.expand(gaussian_series.isserlis(4, 2) - 3 * q1**2 * q2 - 12 * q1 * c**2) == 0
    assert gaussian_series.isserlis(2, 1) == 0


def test_a_zero_polynomial_is_refused() -> None:
    with pytest.raises(ValueError, match="the polynomial is zero"):
        gaussian_series.polynomial_slope((3,))
