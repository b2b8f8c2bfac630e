r"""Gradient flow of matrix factorisation in closed form: matrices, from starts of any kind.

The forms are not the paper's: it bounds what they give exactly, where the whole truth is known.
They are measured by integration of the flow, which knows none of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Bound,
    Domain,
    Integers,
    Interval,
    Log,
    Measurement,
    Point,
    claim,
    deferred,
)
from lemmata.verify.claims.sensing_closed_forms import EXACT, FLOW, HERE, SIDES, xiong

balanced_forms = deferred("lemmata.verify.sensing_forms").BalancedFlow
flows = deferred("lemmata.verify.sensing_flow_measure")
scalar_flow = deferred("lemmata.verify.sensing_forms").scalar_flow
setting = deferred("lemmata.verify.sensing_setting")
symmetric_forms = deferred("lemmata.verify.sensing_forms").SymmetricFlow

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


def _noise(p: Point) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Signal rows U_0 and noise rows J_0 of the start, and a direction among the noise rows."""
    truth, start = _problem(p)
    vectors, r = np.linalg.eigh(truth)[1][:, ::-1], int(p.r)
    rows = vectors.T @ start
    return rows[:r], rows[r:], vectors[:, r:].T @ _along(p)


def _left(hasten: float, free: bool = True) -> Any:
    """v^T J_0 Q (I + 2 t Q^T J_0^T J_0 Q)^{-1} Q^T J_0^T v; Q all columns where not `free`."""

    def value(p: Point) -> float:
        from scipy.linalg import null_space

        signal, noise, v = _noise(p)
        own = noise @ null_space(signal) if free else noise
        inner = np.eye(own.shape[1]) + 2 * hasten * p.t * own.T @ own
        return float(v @ own @ np.linalg.solve(inner, own.T @ v))

    return value


@claim(
    f"{HERE}/noise-block",
    source=xiong.at("the lower bound for k > r, in the symmetric gradient flow"),
    says=r"J J^T \succeq J_0 Q (I + 2 t Q^T J_0^T J_0 Q)^{-1} Q^T J_0^T, \quad X_0 = (U_0; J_0),"
    r" \quad Q \text{ a basis of the null space of } U_0",
    domain=Domain(
        seed=Integers(0, 10**6), k=Integers(5, N + 2), r=Integers(1, 4), least=Interval(0.2, 1),
        alpha=Log(0.1, 1.5), t=Log(1, 300),
    ),
    points=24,
    predicted=_left(1.0),
    compare=Bound(side="at least", relative=1e-6, because="the integration is good to 1e-8"),
    uses=(f"{HERE}/symmetric-matrix",),
    wrong={"decaying half as fast": _left(0.5), "with all columns": _left(1.0, free=False)},
    scope=FLOW + "; k > r, v^T J J^T v of a random v among the rows that the truth does not see",
)  # fmt: skip
def noise_block(p: Point, accuracy: Accuracy) -> Measurement:
    """v^T J J^T v, integrated."""
    truth, start = _problem(p)
    across = np.linalg.eigh(truth)[1][:, : -int(p.r)]
    v = across @ (across.T @ _along(p))
    return flows.symmetric(truth, start, p.t, lambda X: np.sum((v @ X) ** 2))


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
