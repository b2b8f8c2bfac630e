"""Wide networks in training: arXiv 1806.07572, Theorem 2 and section 5.

A parameter `seed` draws a network, which brings its own tangent kernel along: k_11, k_12, k_22
among two training points, k_1, k_2 of another point with them, and the outputs f_1, f_2, f before
training. The formulas predict from these; what is measured is the gradient flow of all parameters.
Means and variances over networks are predicted from the limits of the kernel and the covariance.
"""

from __future__ import annotations

from functools import lru_cache
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
    Point,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.ntk_initialisation import jacot

measure = deferred("lemmata.verify.training_measure")
misprints = deferred("lemmata.theory.ntk_misprints")
theory = deferred("lemmata.theory.ntk_training")
steps = deferred("lemmata.theory.ntk_training_steps")
wide = deferred("lemmata.theory.ntk")

HERE = "ntk"
#: of the single networks, whose kernel then moves by less than a thousandth
WIDTH = 4096
#: of those that are taken many at a time
MANY = 128
#: when the slowest component has long gone, and half of it to see that it has
LATE = (30.0, 60.0)
STEP = 0.7  # Theta/N has eigenvalues below 2


@claim(
    f"{HERE}/kernel-gradient-identity",
    source=jacot.at("section 4, before Theorem 1"),
    says=r"\partial_t C = -\| d \|_\Theta^2 = -N^{-2} \textstyle\sum_{ij} d_i^T \Theta_{ij} d_j,"
    r"\quad d = f - y",
    domain=Domain(
        n=Integers(1, 40), N=Values(1, 2, 5), b=Interval(0.0, 2.0), seed=Integers(0, 10**6)
    ),
    points=24,
    predicted=lambda: theory.rate("jacot") ** 2,
    compare=Equal(relative=1e-10, because="the identity is exact; sums are rounded"),
    scope="tanh networks of two hidden layers and two outputs, at every width",
)
def kernel_gradient_identity(p: Point, accuracy: Accuracy) -> Measurement:
    """The slope of the cost over the sum of the kernel with the errors, by differentiation."""
    rng = np.random.default_rng(int(p.seed))
    found = measure.slope_over_kernel(rng, int(p.n), int(p.N), p.b, inside=40)
    return Measurement(found, bias=1e-13 * abs(found))


# One network against its own kernel.


def _own(p: Any) -> Any:
    return measure.own(int(p.seed), WIDTH, float(p.b), float(p.angle_2), float(p.angle))


def _entry(i: int, j: int) -> Any:
    return lambda p: float(_own(p).kernel[i, j])


def _value(i: int) -> Any:
    return lambda p: float(_own(p).values[i])


def _mode(p: Any) -> tuple[np.ndarray, np.ndarray]:
    """The eigenvalues of the kernel among the training points, and its eigenvectors in columns."""
    return np.linalg.eigh(_own(p).kernel[:2, :2])


def _angle(p: Any) -> float:
    first, second = _mode(p)[1][:, int(p.mode)]
    return float(np.arctan2(second, first))


axes: dict[str, Any] = {
    "seed": Integers(0, 10**6),
    "b": Interval(0.1, 1.0),
    "angle_2": Interval(1.0, 2.4),
    "angle": Interval(-1.0, 3.0),
    "t": Log(0.5, 8.0),
    "y_1": Interval(-1.0, 1.0),
    "y_2": Interval(-1.0, 1.0),
}
brought: dict[str, Any] = {
    "k_11": _entry(0, 0), "k_12": _entry(0, 1), "k_22": _entry(1, 1),
    "k_1": _entry(2, 0), "k_2": _entry(2, 1),
    "f_1": _value(0), "f_2": _value(1), "f": _value(2),
}  # fmt: skip
a_network = Domain(**axes, defining=brought)
ONE = f"single tanh networks of one hidden layer of {WIDTH} units, two training points"
kept = Equal(absolute=0.01, because=f"at width {WIDTH} the kernel moves by about a thousandth")


def _flown(p: Point, accuracy: Accuracy) -> Any:
    """The outputs of the network of a point at times t and LATE."""
    return measure.trained(
        int(p.seed), WIDTH, float(p.b), (float(p.angle_2), float(p.angle)),
        (float(p.y_1), float(p.y_2)), (float(p.t), *LATE), STEP / accuracy.effort**0.5,
    )  # fmt: skip


def _at(p: Point, accuracy: Accuracy, which: int) -> Measurement:
    found = _flown(p, accuracy)
    return Measurement(float(found.values[0, which]), bias=float(found.errors[0, which]))


@claim(
    f"{HERE}/linear-dynamics/on-data",
    source=jacot.at("section 5"),
    says=r"f_t = y + e^{-t K / N} (f_0 - y), \quad K \text{ the network's own kernel}",
    domain=a_network,
    points=12,
    predicted=steps.on_data,
    compare=kept,
    uses=(f"{HERE}/kernel-gradient-identity", f"{HERE}/kernel/depth-2"),
    scope=ONE,
)
def on_data(p: Point, accuracy: Accuracy) -> Measurement:
    """The output at the first training point at time t of the flow."""
    return _at(p, accuracy, 0)


@claim(
    f"{HERE}/linear-dynamics/elsewhere",
    source=jacot.at("section 5"),
    says=r"f_t(x) = f_0(x) - \kappa K^{-1} (I - e^{-t K / N}) (f_0 - y)",
    domain=a_network,
    points=12,
    predicted=steps.elsewhere,
    compare=kept,
    uses=(f"{HERE}/linear-dynamics/on-data",),
    scope=ONE,
)
def elsewhere(p: Point, accuracy: Accuracy) -> Measurement:
    """The output at a point that is not trained on at time t of the flow."""
    return _at(p, accuracy, 2)


@claim(
    f"{HERE}/limit-of-training",
    source=jacot.at("section 5, t to infinity"),
    says=r"f_\infty(x) = \kappa K^{-1} y + f_0(x) - \kappa K^{-1} f_0",
    domain=a_network,
    points=12,
    predicted=steps.long_training,
    compare=kept,
    uses=(f"{HERE}/linear-dynamics/elsewhere",),
    scope=ONE,
)
def limit_of_training(p: Point, accuracy: Accuracy) -> Measurement:
    """The output at a point that is not trained on, where it has come to rest."""
    found = _flown(p, accuracy)
    half, whole = found.values[1, 2], found.values[2, 2]
    return Measurement(float(whole), bias=float(found.errors[2, 2] + abs(whole - half)))


@claim(
    f"{HERE}/spectral-ordering",
    source=jacot.at("section 5"),
    says=r"\langle v, f_t - y \rangle = e^{-\lambda t / N} \langle v, f_0 - y \rangle,"
    r"\quad K v = \lambda v, \text{ for the larger and the smaller } \lambda",
    domain=Domain(
        **axes,
        mode=Values(0, 1),
        defining={
            **brought,
            "lambda_1": lambda p: float(_mode(p)[0][int(p.mode)]),
            "alpha": _angle,
        },
    ),
    points=12,
    predicted=steps.component,
    compare=kept,
    uses=(f"{HERE}/linear-dynamics/on-data",),
    scope=ONE,
)
def spectral_ordering(p: Point, accuracy: Accuracy) -> Measurement:
    """The error on the data along an eigenvector of the network's own kernel at time t."""
    found = _flown(p, accuracy)
    along = np.array([np.cos(p.alpha), np.sin(p.alpha)])
    error = found.values[0, :2] - np.array([p.y_1, p.y_2])
    return Measurement(float(along @ error), bias=float(np.abs(along) @ found.errors[0, :2]))


def _as_printed() -> Any:
    """The value at the first training point where Delta decomposes f* - f_0."""
    right, start = steps.on_data().statement, misprints.start_as_printed()
    names = {str(one): one for one in start.free_symbols | right.free_symbols}
    swapped = {
        names[f"f_{i}"]: start.subs(
            {names["f_0"]: names[f"f_{i}"], names["f^*"]: names[f"y_{i}"]}, simultaneous=True
        )
        for i in (1, 2)
    }
    return right.subs(swapped, simultaneous=True)


@claim(
    f"{HERE}/sign-slip",
    source=jacot.at("section 5, the display after the decomposition of f* - f_0"),
    says=r"f_t = f^* + \Delta_f^0 + \textstyle\sum_i e^{-t \lambda_i} \Delta_f^i, \quad"
    r"f^* - f_0 = \Delta_f^0 + \textstyle\sum_i \Delta_f^i",
    domain=a_network,
    points=12,
    predicted=_as_printed,
    compare=kept,
    scope=ONE,
    reading="as printed",
    expected="refuted",
    cause="at t = 0 it gives 2 f* - f_0; what is decomposed must be f_0 - f*",
)
def sign_slip(p: Point, accuracy: Accuracy) -> Measurement:
    """The output at the first training point at time t of the flow."""
    return _at(p, accuracy, 0)


# Many networks, against the limits.

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
        "k_1": _limiting(1, 2, 0), "k_2": _limiting(1, 2, 1),
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
    values, errors = _outputs(p, accuracy, TARGETS, 10_000)
    found = Measurement.mean(values)
    return Measurement(
        found.value, found.stderr, errors.mean(axis=1), found.dof, converged=found.converged
    )


@claim(
    f"{HERE}/gaussian-in-training/variance",
    source=jacot.at("section 5"),
    says=r"\operatorname{Var} f_t(x) = \Sigma_{**} + \omega \Sigma \omega^T - 2 \omega \Sigma_*,"
    r"\quad \omega = \kappa \Theta^{-1} (I - e^{-t \Theta / N})",
    domain=many,
    points=6,
    predicted=steps.variance,
    compare=Equal(relative=0.07, because="the draws show 5 %; Theta for Sigma, 100 % and more"),
    uses=(f"{HERE}/covariance/depth-2", f"{HERE}/gaussian-in-training/mean"),
    scope=ENSEMBLE,
    batched=True,
)
def gaussian_variance(p: Point, accuracy: Accuracy) -> Measurement:
    """The sample variance over networks of the output at time t of the flow."""
    values, errors = _outputs(p, accuracy, SMALL, 16_000)
    count = values.shape[1]
    apart = values - values.mean(axis=1, keepdims=True)
    found = Measurement.mean(apart**2 * count / max(count - 1, 1))
    bias = 2 * (np.abs(apart) * errors).mean(axis=1)
    return Measurement(found.value, found.stderr, bias, found.dof, converged=found.converged)
