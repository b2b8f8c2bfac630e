"""What a rectifier's kink does to the kernel in training: arXiv 1806.07572, Theorem 2, section 5.

Theorem 2 asks for a bounded second derivative; the experiments use rectifiers all the same. Their
kernel moves by the order of n^(-1/2), which the proof's bound allows, and not by that of 1/n, as
that of smooth networks does (`ntk/kernel-drift/rate`): units that are on pass it and are lost.
"""

from __future__ import annotations

from typing import Any

from lemmata.verify.api import (
    Accuracy,
    Domain,
    Equal,
    Interval,
    Limit,
    Measurement,
    Point,
    Series,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.ntk_initialisation import jacot

kinks = deferred("lemmata.theory.ntk_kinks")
finite = deferred("lemmata.theory.ntk_finite_width")
measure = deferred("lemmata.verify.motion_measure")
against_width = deferred("lemmata.verify.training_measure").against_width

HERE = "ntk"
WIDTHS = (256, 512, 1024)
NARROW = (16, 32, 64, 128, 256, 512)


def _smooth() -> Any:
    """What would fall as 1/n, and be the same at the least width."""
    import sympy as sp

    return kinks.first_step_loss().statement * sp.sqrt(WIDTHS[0] / sp.Symbol("n"))


def _rate(p: Any) -> float:
    """With it what is of the order of 1/n, w^4 q^2 eta (eta E d^2 - 2) / n, vanishes."""
    return 2 / (p.w**2 * (p.w**2 + p.b**2) / 2 + p.b**2)


@claim(
    f"{HERE}/kernel-drift/rectifier",
    source=jacot.at("Theorem 2, beyond its hypothesis on the nonlinearity"),
    says=r"n^{1/2}\, \mathbb{E}\, [\Theta_n(x, x) \text{ before a step} - \text{after it}] \to"
    r" w^3 q^{3/2} \eta\, \mathbb{E} |f_0(x)| / \pi, \quad \eta = 2 / \mathbb{E} f_0(x)^2",
    domain=Domain(
        w=Interval(1.0, 1.3),
        b=Interval(0.1, 0.5),
        n=Values(*WIDTHS),
        defining={"q": lambda p: p.w**2 + p.b**2, "eta": _rate},
    ),
    points=4,
    predicted=kinks.first_step_loss,
    compare=Equal(
        relative=0.15,
        because="n^(1/2) times what is of order 1/n falls by 30 % from width to width: half of it",
    ),
    wrong={"of the order of 1/n": _smooth},
    uses=(f"{HERE}/kernel/depth-2",),
    scope="ReLU networks of one hidden layer, one datum of |x|^2 = n_0 and target 0, one step; at "
    "this one rate the next order, w^4 q^2 eta (eta E f_0^2 - 2) / n, vanishes, so that the limit "
    "shows at widths of 256 to 1024; at other rates it is not measured",
)
def rectifier_drift(p: Point, accuracy: Accuracy) -> Measurement:
    """The root of n times the mean over networks of how much smaller the kernel is."""
    given = measure.Descent.resolve()(1.0, 0.0, float(p.w), float(p.b), float(p.eta), 1)
    found = measure.moved(given, accuracy.common, accuracy.draws(4000), int(p.n), WIDTHS[-1])
    return Measurement.mean(p.n**0.5 * (found.kernel - found.kernel_after))


@claim(
    f"{HERE}/linear-dynamics/limit-kernel",
    source=jacot.at("section 5"),
    says=r"\mathbb{E} | f_T(x) - y - (1 - \eta \Theta_\infty)^T (f_0(x) - y) | \sim A n^{-1/2}",
    domain=Domain(w=Values(1.2), b=Values(0.3), eta=Values(0.1)),
    predicted=-0.5,
    compare=Limit(toward="infinity", absolute=0.13, because="half of the 0.25 to n^(-1/4)"),
    wrong={"the order of n^(-1/4)": -0.25, "the order of 1/n": -1},
    uses=(f"{HERE}/kernel/depth-2", f"{HERE}/linear-dynamics/on-data"),
    scope="ReLU networks of one hidden layer and one datum, widths 16 to 512, after 5 steps of 0.1",
)
def limit_kernel(p: Point, accuracy: Accuracy) -> Series:
    """The distance of the output from where the limiting kernel takes it, against the width."""
    at = {"q": p.w**2 + p.b**2, "w": p.w, "b": p.b}
    kernel = float(finite.kernel_mean().statement.subs(
        {getattr(finite, name).resolve(): value for name, value in at.items()}
    ))  # fmt: skip
    given = measure.Descent.resolve()(1.0, 0.9, float(p.w), float(p.b), float(p.eta), 5)

    def distances(n: int) -> Any:
        found = measure.moved(given, accuracy.common, accuracy.draws(12_000), n, NARROW[-1])
        return measure.from_linear(found, given, kernel)

    return against_width({n: distances(n) for n in NARROW})
