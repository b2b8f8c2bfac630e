"""Wide networks in training: arXiv 1806.07572, Theorem 2 and section 5.

A parameter `seed` draws a network, which brings its own tangent kernel along: k_11, k_12, k_22
among two training points, k_1, k_2 of another point with them, and the outputs f_1, f_2, f before
training. The formulas predict from these; what is measured is the gradient flow of all parameters.
Means and variances over networks are predicted from the limits of the kernel and the covariance.
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
    found = measure.slope_over_kernel(rng, int(p.n), int(p.N), p.b, inside=40, room=5)
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
}
targets: dict[str, Any] = {"y_1": Interval(-1.0, 1.0), "y_2": Interval(-1.0, 1.0)}
brought: dict[str, Any] = {
    "k_11": _entry(0, 0), "k_12": _entry(0, 1), "k_22": _entry(1, 1),
    "k_1": _entry(2, 0), "k_2": _entry(2, 1),
    "f_1": _value(0), "f_2": _value(1), "f": _value(2),
}  # fmt: skip
a_network = Domain(**axes, **targets, defining=brought)
a_mode: dict[str, Any] = {
    **brought,
    "lambda_1": lambda p: float(_mode(p)[0][int(p.mode)]),
    "alpha": _angle,
}
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
    domain=Domain(**axes, **targets, mode=Values(0, 1), defining=a_mode),
    points=12,
    predicted=steps.component,
    compare=kept,
    uses=(f"{HERE}/linear-dynamics/on-data",),
    scope=ONE,
)
def spectral_ordering(p: Point, accuracy: Accuracy) -> Measurement:
    """The error on the data along an eigenvector of the network's own kernel at time t."""
    return _error(p, accuracy, p.alpha)


def _error(p: Point, accuracy: Accuracy, direction: float) -> Measurement:
    """The error on the data in a direction, at time t."""
    found = _flown(p, accuracy)
    along = np.array([np.cos(direction), np.sin(direction)])
    error = found.values[0, :2] - np.array([p.y_1, p.y_2])
    return Measurement(float(along @ error), bias=float(np.abs(along) @ found.errors[0, :2]))


#: the targets are the outputs before training and half an eigenvector of the kernel
one_component: dict[str, Any] = {
    "source": jacot.at("section 6.3, the experiment on MNIST"),
    "domain": Domain(
        **axes,
        mode=Values(0, 1),
        defining={
            **a_mode,
            "y_1": lambda p: p.f_1 + float(np.cos(p.alpha)) / 2,
            "y_2": lambda p: p.f_2 + float(np.sin(p.alpha)) / 2,
        },
    ),
    "points": 12,
    "compare": kept,
    "uses": (f"{HERE}/spectral-ordering",),
    "scope": ONE,
}


@claim(
    f"{HERE}/one-component/along",
    says=r"\langle v, f_t - y \rangle = -\tfrac12 e^{-\lambda t / N}, \quad y = f_0 + \tfrac12 v,"
    r"\quad K v = \lambda v",
    predicted=steps.component,
    **one_component,
)
def along_the_component(p: Point, accuracy: Accuracy) -> Measurement:
    """The error along the eigenvector at time t, which the paper calls g."""
    return _error(p, accuracy, p.alpha)


@claim(
    f"{HERE}/one-component/across",
    says=r"\langle u, f_t - y \rangle = 0, \quad y = f_0 + \tfrac12 v, \quad u \perp v",
    predicted=0,
    **one_component,
)
def across_the_component(p: Point, accuracy: Accuracy) -> Measurement:
    """The error across the eigenvector at time t, which the paper calls h."""
    return _error(p, accuracy, p.alpha + np.pi / 2)


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
    r" f^* - f_0 = \Delta_f^0 + \textstyle\sum_i \Delta_f^i",
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
