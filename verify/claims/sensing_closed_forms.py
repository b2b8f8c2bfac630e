r"""Gradient flow of matrix factorisation in closed form: one coordinate.

The forms are not the paper's: it bounds what they give exactly, where the whole truth is known.
They are measured by integration of the flow, which knows none of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Domain,
    Equal,
    Interval,
    Log,
    Measurement,
    Paper,
    Point,
    Values,
    claim,
    deferred,
)

flows = deferred("lemmata.verify.sensing_flow_measure")
imbalance = deferred("lemmata.theory.sensing_imbalance")
scalar = deferred("lemmata.theory.sensing_scalar")

xiong = Paper(
    "How Over-Parameterization Slows Down Gradient Descent in Matrix Sensing:"
    " The Curses of Symmetry and Initialization",
    year=2023,
    arxiv="2310.01769",
)
HERE = "matrix-sensing/closed-forms"
EXACT = Equal(relative=1e-6, because="the integration is good to 1e-8, and forms are exact")
FLOW = "gradient flow, the whole truth known; a form that the paper bounds and does not print"

#: Python keeps the word for itself
LAMBDA: dict[str, Any] = {"lambda": Log(1e-3, 3)}

# One coordinate of the symmetric problem.


@claim(
    f"{HERE}/symmetric-noise",
    source=xiong.at("the symmetric lower bound, its noise"),
    says=r"x' = -x^3 \Rightarrow x(t) = x_0 / \sqrt{1 + 2 x_0^2 t}",
    domain=Domain(x_0=Log(0.05, 3), t=Log(0.1, 1e4)),
    points=16,
    predicted=scalar.noise,
    compare=EXACT,
    scope=FLOW,
    batched=True,
)
def symmetric_noise(p: Point, accuracy: Accuracy) -> Measurement:
    """The coordinate, integrated."""
    return flows.coordinate(p.x_0, 0.0, p.t, lambda y: y[0])


@claim(
    f"{HERE}/symmetric-noise/slope",
    source=xiong.at("the symmetric lower bound, its noise"),
    says=r"d \ln e / d \ln t = -4 \lambda t / (1 + 2 \lambda t), \quad \lambda = x_0^2",
    domain=Domain(t=Log(0.1, 1e4), **LAMBDA),
    points=16,
    predicted=scalar.noise_slope,
    compare=EXACT,
    wrong={
        "-2 from the start": -2,
        "of the unsquared error": lambda p: -2 * p["lambda"] * p.t / (1 + 2 * p["lambda"] * p.t),
    },
    uses=(f"{HERE}/symmetric-noise",),
    scope=FLOW,
    batched=True,
)
def symmetric_noise_slope(p: Point, accuracy: Accuracy) -> Measurement:
    """t e'/e with e = x^4, of the coordinate integrated and its equation of motion."""
    return flows.coordinate(np.sqrt(p["lambda"]), 0.0, p.t, lambda y: -4 * p.t * y[0] ** 2)


@claim(
    f"{HERE}/symmetric-signal",
    source=xiong.at("the symmetric problem with k = r"),
    says=r"x' = (\sigma - x^2) x \Rightarrow x^2(t) = \sigma s_0 e^{2 \sigma t}"
    r" / (\sigma + s_0 (e^{2 \sigma t} - 1))",
    domain=Domain(sigma=Interval(0.2, 2), s_0=Log(1e-4, 4), t=Log(0.1, 20)),
    points=16,
    predicted=scalar.signal,
    compare=EXACT,
    scope=FLOW,
    batched=True,
)
def symmetric_signal(p: Point, accuracy: Accuracy) -> Measurement:
    """The square of the coordinate, integrated."""
    return flows.coordinate(np.sqrt(p.s_0), p.sigma, p.t, lambda y: y[0] ** 2)


@claim(
    f"{HERE}/symmetric-signal/amplitude",
    source=xiong.at("the symmetric problem with k = r"),
    says=r"(\sigma - x^2) e^{2 \sigma t} \to \sigma (\sigma - s_0) / s_0",
    domain=Domain(sigma=Interval(0.8, 2), s_0=Log(1e-3, 0.5)),
    points=16,
    predicted=scalar.signal_amplitude,
    compare=EXACT,
    uses=(f"{HERE}/symmetric-signal",),
    scope=FLOW + "; at sigma t = 15",
    batched=True,
)
def symmetric_signal_amplitude(p: Point, accuracy: Accuracy) -> Measurement:
    """The deviation, carried along in the integration, times e^(2 sigma t)."""
    return flows.coordinate(np.sqrt(p.s_0), p.sigma, 15 / p.sigma, lambda y: -y[1] * np.exp(30))


# One coordinate of the asymmetric problem.


def _roots(p: Any) -> tuple[Any, Any]:
    """f_0 and g_0 of the product p_0 and the imbalance c, or -c."""
    f = np.sqrt((p.c + np.sqrt(p.c**2 + 4 * p.p_0**2)) / 2)
    larger = np.asarray(p.larger) > 0
    return np.where(larger, f, p.p_0 / f), np.where(larger, p.p_0 / f, f)


SIDES: dict[str, Any] = {"larger": Values(1, -1)}


@claim(
    f"{HERE}/asymmetric-noise",
    source=xiong.at("the asymmetric rate with k > r, its noise"),
    says=r"f' = -f g^2, g' = -g f^2 \Rightarrow f g = \tfrac{c}{2} /"
    r" \sinh(c t + \operatorname{arsinh} \tfrac{c}{2 p_0}), \quad c = |f_0^2 - g_0^2|",
    domain=Domain(c=Log(0.01, 1), p_0=Log(0.01, 1), t=Log(0.1, 30), **SIDES),
    points=16,
    predicted=imbalance.noise,
    compare=EXACT,
    scope=FLOW + "; either factor the larger one",
    batched=True,
)
def asymmetric_noise(p: Point, accuracy: Accuracy) -> Measurement:
    """The product, integrated."""
    return flows.pair(*_roots(p), 0.0, p.t, lambda y: y[2])


@claim(
    f"{HERE}/asymmetric-noise/amplitude",
    source=xiong.at("the asymmetric rate with k > r, its noise"),
    says=r"f g\, e^{c t} \to 2 c p_0 / (c + \sqrt{c^2 + 4 p_0^2})",
    domain=Domain(c=Log(0.01, 1), p_0=Log(0.01, 1), **SIDES),
    points=16,
    predicted=imbalance.noise_amplitude,
    compare=EXACT,
    uses=(f"{HERE}/asymmetric-noise",),
    scope=FLOW + "; at c t = 18",
    batched=True,
)
def asymmetric_noise_amplitude(p: Point, accuracy: Accuracy) -> Measurement:
    """The product times e^(c t), integrated."""
    return flows.pair(*_roots(p), 0.0, 18 / p.c, lambda y: y[2] * np.exp(18))


@claim(
    f"{HERE}/asymmetric-noise/factors",
    source=xiong.at("the asymmetric rate with k > r, its noise"),
    says=r"f^2, g^2 = \tfrac{c}{2} (\coth \theta \pm 1), \quad"
    r" \theta = c t + \operatorname{arsinh} \tfrac{c}{2 p_0}",
    domain=Domain(c=Log(0.01, 1), p_0=Log(0.01, 1), t=Log(0.1, 30), s=Values(1, -1), **SIDES),
    points=8,
    predicted=imbalance.noise_factors,
    compare=EXACT,
    wrong={
        "the product": lambda p: p.c / 2 / np.sinh(p.c * p.t + np.arcsinh(p.c / 2 / p.p_0)),
        "both end on nothing": lambda p: p.p_0 / (1 + 2 * p.p_0 * p.t),
    },
    uses=(f"{HERE}/asymmetric-noise",),
    scope=FLOW + "; s = 1 is the larger factor, either of the two",
    batched=True,
)
def noise_factors(p: Point, accuracy: Accuracy) -> Measurement:
    """The square of the larger or of the smaller factor, integrated.

    The smaller one as the product, which is carried along, over the other: it fades itself, and the
    integration keeps the relative accuracy of the product alone.
    """

    def value(y: np.ndarray) -> np.ndarray:
        larger = np.where(np.asarray(p.larger) > 0, y[0], y[1])
        return np.where(np.asarray(p.s) > 0, larger, y[2] / larger) ** 2

    return flows.pair(*_roots(p), 0.0, p.t, value)


@claim(
    f"{HERE}/asymmetric-noise/balanced",
    source=xiong.at("the asymmetric rate with k > r, its noise"),
    says=r"f_0 = g_0 \Rightarrow f g = p_0 / (1 + 2 p_0 t)",
    domain=Domain(p_0=Log(0.01, 1), t=Log(0.1, 1e4)),
    points=16,
    predicted=imbalance.balanced_noise,
    compare=EXACT,
    scope=FLOW,
    batched=True,
)
def balanced_noise(p: Point, accuracy: Accuracy) -> Measurement:
    """The product, integrated."""
    return flows.pair(np.sqrt(p.p_0), np.sqrt(p.p_0), 0.0, p.t, lambda y: y[2])


@claim(
    f"{HERE}/asymmetric-signal",
    source=xiong.at("the asymmetric rate, its signal"),
    says=r"f' = (\sigma - f g) g,\ g' = (\sigma - f g) f: \quad f g - \sigma = (p_0 - \sigma) / D",
    domain=Domain(
        c=Log(0.01, 1), p_0=Log(0.01, 0.3), sigma=Interval(0.5, 2), t=Log(0.1, 8), **SIDES
    ),
    points=16,
    predicted=imbalance.signal,
    compare=EXACT,
    scope=FLOW + "; D as derived, of exponentials of w t, w = sqrt(c^2 + 4 sigma^2)",
    batched=True,
)
def asymmetric_signal(p: Point, accuracy: Accuracy) -> Measurement:
    """The deviation, integrated."""
    return flows.pair(*_roots(p), p.sigma, p.t, lambda y: y[2])


@claim(
    f"{HERE}/asymmetric-signal/rate",
    source=xiong.at("the asymmetric rate, its signal"),
    says=r"(p_0 - \sigma)\, e^{-w t} / (f g - \sigma) \to \text{a positive number}, \quad"
    r" w = \sqrt{c^2 + 4 \sigma^2}",
    domain=Domain(c=Log(0.01, 1), p_0=Log(0.01, 0.3), sigma=Interval(0.5, 2), **SIDES),
    points=16,
    predicted=imbalance.signal_rate,
    compare=EXACT,
    uses=(f"{HERE}/asymmetric-signal",),
    scope=FLOW + "; at w t = 20, the number as derived",
    batched=True,
)
def asymmetric_signal_rate(p: Point, accuracy: Accuracy) -> Measurement:
    """The deviation's start over the deviation, integrated, times e^(-w t)."""
    f, g = _roots(p)
    w = np.sqrt(p.c**2 + 4 * p.sigma**2)
    d = p.p_0 - p.sigma
    return flows.pair(f, g, p.sigma, 20 / w, lambda y: d * np.exp(-20) / y[2])
