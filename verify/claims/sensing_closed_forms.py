r"""Gradient flow of matrix factorisation in closed form: one coordinate, and matrices.

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
    Integers,
    Interval,
    Log,
    Measurement,
    Paper,
    Point,
    Values,
    claim,
    deferred,
)

balanced_forms = deferred("lemmata.verify.sensing_forms").BalancedFlow
flows = deferred("lemmata.verify.sensing_flow_measure")
imbalance = deferred("lemmata.theory.sensing_imbalance")
scalar = deferred("lemmata.theory.sensing_scalar")
scalar_flow = deferred("lemmata.verify.sensing_forms").scalar_flow
setting = deferred("lemmata.verify.sensing_setting")
symmetric_forms = deferred("lemmata.verify.sensing_forms").SymmetricFlow

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


# Matrices.

N = 8


def _along(p: Point) -> np.ndarray:
    """A direction, for M is a matrix."""
    return np.random.default_rng([int(p.seed), 3]).normal(size=N)


def _problem(p: Point) -> tuple[np.ndarray, np.ndarray]:
    seed = int(p.seed)
    truth = setting.truth(seed, (N, N), int(p.r), p.least)
    return truth, setting.start(seed, N, int(p.k), p.alpha)


def _value(scale: float, hasten: float = 1.0) -> Any:
    """v^T M v in closed form, the square in N counted `scale` times."""

    def value(p: Point) -> float:
        truth, start = _problem(p)
        form = symmetric_forms(truth, np.sqrt(scale) * start)
        return float(_along(p) @ form.product(hasten * p.t) @ _along(p)) / scale

    return value


def _one_by_one(p: Point) -> float:
    """What it would be if each coordinate moved alone, as in an aligned start."""
    truth, start = _problem(p)
    sigma, vectors = np.linalg.eigh(truth)
    rows, v = vectors.T @ start, vectors.T @ _along(p)
    s0 = np.sum(rows**2, axis=1)
    alone = [scalar_flow(*np.sqrt([a, a]), max(b, 0.0), [p.t]).product[0] for a, b in
             zip(s0, sigma, strict=True)]  # fmt: skip
    return float(v**2 @ np.array(alone))


@claim(
    f"{HERE}/symmetric-matrix",
    source=xiong.at("the symmetric gradient flow, from any start"),
    says=r"X' = (\Sigma - X X^T) X \Rightarrow X X^T = P (I + X_0^T W X_0)^{-1} P^T, \quad"
    r" P = e^{\Sigma t} X_0, \quad W = \int_0^t 2 e^{2 \Sigma s} ds",
    domain=Domain(
        seed=Integers(0, 10**6), k=Integers(1, N + 2), r=Integers(1, 4), least=Interval(0.2, 1),
        alpha=Log(0.03, 1.5), t=Log(0.1, 300),
    ),
    points=16,
    predicted=_value(1.0),
    compare=EXACT,
    wrong={
        "half of W, as for two factors": _value(0.5),
        "at twice the speed": _value(1.0, 2.0),
        "each coordinate alone": _one_by_one,
    },
    scope=FLOW + "; any k, k < r and k > n among them, v^T X X^T v of a random v",
)  # fmt: skip
def symmetric_matrix(p: Point, accuracy: Accuracy) -> Measurement:
    """v^T X X^T v, integrated."""
    return flows.symmetric(*_problem(p), p.t, lambda X: np.sum((_along(p) @ X) ** 2))


def _balanced(p: Point) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    seed = int(p.seed)
    truth = setting.truth(seed, (N, N - 2), int(p.r), p.least, symmetric=False)
    F, G = setting.balanced(seed, N, N - 2, int(p.k), float(np.sign(p.larger) * p.c), p.alpha)
    return truth, F, G


def _error(hasten: float) -> Any:
    return lambda p: float(balanced_forms(*_balanced(p)).errors([hasten * p.t])[0])


def _turned(p: Point) -> float:
    """With the imbalance on the other side."""
    truth, F, G = _balanced(p)
    k = F.shape[1]
    F, G = setting.balanced(int(p.seed), N, N - 2, k, -float(np.sign(p.larger) * p.c), p.alpha)
    return float(balanced_forms(truth, F, G).errors([p.t])[0])


@claim(
    f"{HERE}/imbalanced-matrix",
    source=xiong.at("the asymmetric flow, after the modified step"),
    says=r"F^T F - G^T G = c I \Rightarrow F G^T = (W W^T)_{12}, \quad W W^T = e^{H t} W_0 (I +"
    r" W_0^T \int_0^t e^{2 H s} ds\, W_0)^{-1} W_0^T e^{H t}, \quad W = (F; G), \quad"
    r" H = (c/2, \Sigma; \Sigma^T, -c/2)",
    domain=Domain(
        seed=Integers(0, 10**6), k=Integers(1, N - 2), r=Integers(1, 4), least=Interval(0.3, 1),
        alpha=Log(0.1, 1), c=Log(0.05, 1), t=Log(0.1, 10), **SIDES,
    ),
    points=16,
    predicted=_error(1.0),
    compare=EXACT,
    wrong={
        "at twice the speed": _error(2.0),
        "at half the speed": _error(0.5),
        "the other factor larger": _turned,
    },
    scope=FLOW + "; truths that are not square, the squared error of F G^T",
)  # fmt: skip
def imbalanced_matrix(p: Point, accuracy: Accuracy) -> Measurement:
    """The squared error, integrated."""
    truth, F, G = _balanced(p)
    return flows.asymmetric(truth, F, G, p.t, lambda F, G: np.sum((F @ G.T - truth) ** 2))


def _whole(p: Any, W: np.ndarray) -> float:
    """v^T W W^T v, with every block of W W^T in it."""
    v = np.random.default_rng([int(p.seed), 3]).normal(size=len(W))
    return float(np.sum((v @ W) ** 2))


def _squares(span: float = 1.0, side: float = 1.0) -> Any:
    """It in closed form as it stands, which does for short times; the integral `span` times."""

    def value(p: Point) -> float:
        truth, F, G = _balanced(p)
        W, c = np.concatenate([F, G]), side * float(np.sign(p.larger) * p.c)
        n1, n2 = truth.shape
        H = np.block([[c / 2 * np.eye(n1), truth], [truth.T, -c / 2 * np.eye(n2)]])
        h, vectors = np.linalg.eigh(H)
        safe = np.where(h == 0, 1.0, h)
        integral = np.where(h == 0, p.t, np.expm1(2 * safe * p.t) / (2 * safe))
        rows = vectors.T @ W
        N = np.eye(rows.shape[1]) + span * rows.T @ (integral[:, None] * rows)
        moved = vectors @ (np.exp(h * p.t)[:, None] * rows)
        return _whole(p, np.linalg.solve(np.linalg.cholesky(N), moved.T).T)

    return value


@claim(
    f"{HERE}/imbalanced-matrix/squares",
    source=xiong.at("the asymmetric flow, after the modified step"),
    says=r"F^T F - G^T G = c I \Rightarrow W W^T = e^{H t} W_0 (I + W_0^T \int_0^t e^{2 H s} ds"
    r"\, W_0)^{-1} W_0^T e^{H t}, \quad \text{with } F F^T \text{ and } G G^T \text{ in it}",
    domain=Domain(
        seed=Integers(0, 10**6), k=Integers(1, N - 2), r=Integers(1, 4), least=Interval(0.3, 1),
        alpha=Log(0.1, 1), c=Log(0.05, 1), t=Log(0.1, 5), **SIDES,
    ),
    points=10,
    predicted=_squares(),
    compare=EXACT,
    wrong={"twice the integral, as for one factor": _squares(2.0), "-c": _squares(1.0, -1.0)},
    uses=(f"{HERE}/imbalanced-matrix",),
    scope=FLOW + "; v^T W W^T v of a random v",
)  # fmt: skip
def imbalanced_squares(p: Point, accuracy: Accuracy) -> Measurement:
    """v^T W W^T v, integrated."""
    truth, F, G = _balanced(p)
    return flows.asymmetric(truth, F, G, p.t, lambda F, G: _whole(p, np.concatenate([F, G])))
