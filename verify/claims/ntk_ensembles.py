"""Many wide networks in training: arXiv 1806.07572, section 5, and the bands of section 6.2.

Means, variances and quantiles over networks are predicted from the limits of the tangent kernel and
of the covariance; what is measured is the gradient flow of all parameters of each.
"""

from __future__ import annotations

from functools import lru_cache, partial
from statistics import NormalDist
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Domain,
    Equal,
    Interval,
    Log,
    Measurement,
    Point,
    claim,
    deferred,
)
from lemmata.verify.claims.ntk_initialisation import jacot
from lemmata.verify.claims.ntk_training import STEP

measure = deferred("lemmata.verify.training_measure")
theory = deferred("lemmata.theory.ntk_training")
steps = deferred("lemmata.theory.ntk_training_steps")
wide = deferred("lemmata.theory.ntk")

HERE = "ntk"
#: units of the hidden layer
MANY = 128
#: how rarely a quantile may be outside: far less than the error rate of a run leaves to a claim
SURELY = 1e-8
B, ANGLE_2, TARGETS = 0.3, 1.2, (2.0, 1.5)
# Kernels differ from network to network, which adds to the variance as the square of the targets.
SMALL = (0.5, 0.4)


@lru_cache
def _limits() -> tuple[Any, Any]:
    """Covariance and tangent kernel of two inputs, as functions of their scalar products."""
    import sympy as sp

    names = (*wide.GRAM.resolve(), *(getattr(wide, one).resolve() for one in "wb"))
    found = (wide.covariance(2, wide.relu), wide.tangent_kernel(2, wide.relu, wide.relu_slope))
    return tuple(sp.lambdify(names, (one.xx, one.yy, one.xy)) for one in found)  # type: ignore


@lru_cache(maxsize=4096)
def _limit(angle: float) -> tuple[np.ndarray, np.ndarray]:
    """The limiting covariance and tangent kernel among the three inputs, each (3, 3)."""
    x = measure.inputs(ANGLE_2, angle)
    gram, w = x @ x.T / x.shape[1], measure.W.resolve()
    found = []
    for limit in _limits():
        matrix = np.empty((3, 3))
        for i, j in ((0, 1), (0, 2), (1, 2)):
            xx, yy, xy = limit(gram[i, i], gram[j, j], gram[i, j], w, B)
            matrix[i, i], matrix[j, j], matrix[i, j], matrix[j, i] = xx, yy, xy, xy
        found.append(matrix)
    return found[0], found[1]


@lru_cache(maxsize=4096)
def _influence(angle: float, t: float) -> tuple[float, float]:
    """What each datum has added at the other point by time t."""
    import sympy as sp

    theta = _limit(angle)[1]
    found = theory.trained(sp.Matrix(theta[:2, :2]), sp.Matrix(theta[2:, :2]), sp.Float(t))
    return float(found.influence[0]), float(found.influence[1])


def _limiting(kernel: int, i: int, j: int) -> Any:
    return lambda p: float(_limit(float(p.angle))[kernel][i, j])


many = Domain(
    angle=Interval(-0.5, 2.0),
    t=Log(0.5, 4.0),
    defining={
        "y_1": lambda p: TARGETS[0],
        "y_2": lambda p: TARGETS[1],
        "k_11": _limiting(1, 0, 0), "k_12": _limiting(1, 0, 1), "k_22": _limiting(1, 1, 1),
        "k_1": _limiting(1, 2, 0), "k_2": _limiting(1, 2, 1), "k": _limiting(1, 2, 2),
        "s_11": _limiting(0, 0, 0), "s_12": _limiting(0, 0, 1), "s_22": _limiting(0, 1, 1),
        "s_1": _limiting(0, 2, 0), "s_2": _limiting(0, 2, 1), "s": _limiting(0, 2, 2),
        "omega_1": lambda p: _influence(float(p.angle), float(p.t))[0],
        "omega_2": lambda p: _influence(float(p.angle), float(p.t))[1],
    },
)  # fmt: skip
ENSEMBLE = f"ReLU networks of one hidden layer of {MANY} units, two training points"


@lru_cache(maxsize=16)
def _ensemble(
    places: tuple[tuple[float, float], ...],
    targets: tuple[float, float],
    common: tuple[int, int],
    networks: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Outputs of many networks at (angle, t) after training, (points, networks); their errors."""
    angles, t = (np.array(one) for one in zip(*places, strict=True))
    rows = [measure.inputs(ANGLE_2, angle) for angle in angles]
    order = np.argsort(t)
    found = measure.ensemble(
        np.random.default_rng(common), networks, MANY, B, (rows[0][:2], np.array(targets)),
        np.stack([row[2] for row in rows]), tuple(t[order].tolist()), STEP,
    )  # fmt: skip
    at = np.arange(len(t))
    when = np.argsort(order)
    return found.values[:, when, at].T, found.errors[:, when, at].T


def _outputs(
    p: Point, accuracy: Accuracy, targets: tuple[float, float], networks: int
) -> tuple[np.ndarray, np.ndarray]:
    places = tuple(zip(np.ravel(p.angle).tolist(), np.ravel(p.t).tolist(), strict=True))
    return _ensemble(places, targets, accuracy.common, accuracy.draws(networks))


def _mean() -> Any:
    import sympy as sp

    problem = theory.trained(steps.KERNEL.resolve(), steps.CROSS.resolve(), steps.t.resolve())
    return sp.Matrix(problem.mean(steps.TARGETS.resolve()))[0]


@claim(
    f"{HERE}/gaussian-in-training/mean",
    source=jacot.at("section 5"),
    says=r"\mathbb{E} f_t(x) = \kappa K^{-1} (I - e^{-t K / N}) y, \quad K = \Theta_\infty",
    domain=many,
    points=6,
    predicted=_mean,
    compare=Equal(relative=0.05, because="the draws show 3 %; 1/N left out, 20 % and more"),
    uses=(f"{HERE}/kernel/depth-2", f"{HERE}/linear-dynamics/elsewhere"),
    scope=ENSEMBLE,
    batched=True,
)
def gaussian_mean(p: Point, accuracy: Accuracy) -> Measurement:
    """The mean over networks of the output at time t of the flow."""
    values, errors = _outputs(p, accuracy, TARGETS, 38_000)
    found = Measurement.mean(values)
    return Measurement(
        found.value, found.stderr, errors.mean(axis=1), found.dof, converged=found.converged
    )


def _posterior() -> Any:
    """The variance if the networks started from the process whose covariance is Theta."""
    import sympy as sp

    found = steps.variance().statement
    # Those of the mean, whose assumptions are others.
    known = {one.name: one for one in _mean().free_symbols}
    prior = [one for one in found.free_symbols if one.name[0] == "s"]
    names = [f"k{one.name[1:]}" for one in prior]
    return found.subs(
        {one: known.get(name, sp.Symbol(name)) for one, name in zip(prior, names, strict=True)}
    )


@claim(
    f"{HERE}/gaussian-in-training/variance",
    source=jacot.at("section 5"),
    says=r"\operatorname{Var} f_t(x) = \Sigma_{**} + \omega \Sigma \omega^T - 2 \omega \Sigma_*,"
    r"\quad \omega = \kappa \Theta^{-1} (I - e^{-t \Theta / N})",
    domain=many,
    points=6,
    predicted=steps.variance,
    compare=Equal(relative=0.065, because="the draws show 4 %; Theta for Sigma, 100 % and more"),
    wrong={"Theta for Sigma": _posterior},
    uses=(f"{HERE}/covariance/depth-2", f"{HERE}/gaussian-in-training/mean"),
    scope=ENSEMBLE,
    batched=True,
)
def gaussian_variance(p: Point, accuracy: Accuracy) -> Measurement:
    """The sample variance over networks of the output at time t of the flow."""
    values, errors = _outputs(p, accuracy, SMALL, 48_000)
    count = values.shape[1]
    apart = values - values.mean(axis=1, keepdims=True)
    found = Measurement.mean(apart**2 * count / max(count - 1, 1))
    bias = 2 * (np.abs(apart) * errors).mean(axis=1)
    return Measurement(found.value, found.stderr, bias, found.dof, converged=found.converged)


def _decile(z: float, *, posterior: bool = False) -> Any:
    """So many standard deviations from the mean, at the targets of the small ensemble."""
    import sympy as sp

    small = dict(zip(steps.TARGETS.resolve(), map(sp.Float, SMALL), strict=True))
    variance = _posterior() if posterior else steps.variance().statement
    return _mean().subs(small) + sp.Float(z) * sp.sqrt(variance)


def _quantile(p: Point, accuracy: Accuracy, *, level: float) -> Measurement:
    """The quantile over networks, between two order statistics that surely enclose it."""
    from scipy.stats import binom

    values, errors = _outputs(p, accuracy, SMALL, 48_000)
    count = values.shape[1]
    low, high = (int(binom.ppf(one, count, level)) for one in (SURELY, 1 - SURELY))
    inside = low > 0 and high < count
    note = "" if inside else f"{count} networks do not enclose the quantile; take more"
    ordered = np.sort(values, axis=1)
    lo, hi = (ordered[:, low - 1], ordered[:, high]) if inside else (ordered[:, 0], ordered[:, -1])
    error = errors.max(axis=1)
    return Measurement.bracket(lo - error, hi + error, converged=inside, note=note)


deciles = [
    claim(
        f"{HERE}/gaussian-in-training/{name}-decile",
        source=jacot.at("section 6.2, the bands of the second figure"),
        says=rf"P(f_t(x) \le \mathbb{{E}} f_t(x) {sign} 1.2816"
        rf" \sqrt{{\operatorname{{Var}} f_t(x)}}) = {level}",
        domain=many,
        points=6,
        predicted=partial(_decile, NormalDist().inv_cdf(level)),
        compare=Equal(absolute=0.05, because="a tenth of the widths of most bands"),
        wrong={
            "Theta for Sigma": partial(_decile, NormalDist().inv_cdf(level), posterior=True),
        },
        uses=(f"{HERE}/gaussian-in-training/mean", f"{HERE}/gaussian-in-training/variance"),
        scope=ENSEMBLE,
        batched=True,
    )(partial(_quantile, level=level))
    for name, sign, level in (("lower", "-", 0.1), ("upper", "+", 0.9))
]
