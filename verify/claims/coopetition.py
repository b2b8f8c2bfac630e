r"""Strategic coopetition: arXiv 2510.18802, with D as it is stated and transposed.

The paper computes equilibria and prints how much more is done than without interdependence. The
closed forms are derived here; equilibria are measured by best responses, from payoffs alone.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Condition,
    Domain,
    Equal,
    Interval,
    Measurement,
    Paper,
    Point,
    Threshold,
    claim,
    deferred,
)

derived = deferred("lemmata.theory.coopetition")
responses = deferred("lemmata.solvers.best_response")
flips = deferred("lemmata.solvers.flips")

pant = Paper(
    "Computational Foundations for Strategic Coopetition: Formalizing Interdependence and"
    " Complementarity",
    year=2025,
    arxiv="2510.18802",
)
HERE = "coopetition"
MODEL = pant.at("the coopetitive equilibrium; a closed form derived here")
MEANS = r"U_i = \pi_i + D_{ij} \pi_j,\ \pi_i = e_i - a_i + f(a_i) + \alpha_i \gamma \sqrt{a_1 a_2}"
FORMS = {"power": r"f(a) = a^\beta", "logarithmic": r"f(a) = \theta \ln(1 + a)"}
#: actions that are looked at: the equilibria lie far inside
LOW, HIGH = 1e-9, 1e9


def payoffs(form: str, p: Any) -> tuple[Any, Any]:
    """Both utilities, without endowments, with a bound on rounding."""
    shares = np.asarray(p.alpha_1), 1 - np.asarray(p.alpha_1)

    def worth(a: np.ndarray) -> np.ndarray:
        return a**p.beta if form == "power" else p.theta * np.log1p(a)

    def utility(i: int, weight: Any, own: np.ndarray, other: np.ndarray) -> tuple[Any, Any]:
        shared = p.gamma * np.sqrt(own * other)
        parts = [
            worth(own), -own, shares[i] * shared,
            weight * worth(other), -weight * other, weight * shares[1 - i] * shared,
        ]  # fmt: skip
        return sum(parts), 8e-16 * sum(np.abs(part) for part in parts)

    return partial(utility, 0, p.D_12), partial(utility, 1, p.D_21)


def equilibrium(form: str, p: Any, accuracy: Accuracy) -> Any:
    """Every equilibrium, enclosed by best responses."""
    lanes = np.size(p.alpha_1)
    return responses.enclose(payoffs(form, p), lanes, LOW, HIGH, halvings=accuracy.steps(60))


def measured_mean(form: str, p: Point, accuracy: Accuracy) -> Measurement:
    """The mean action, enclosed by best responses from below and from above."""
    found = equilibrium(form, p, accuracy)
    low, high = found.low.mean(axis=0), found.high.mean(axis=0)
    return Measurement.bracket(low, high, converged=found.converged)


def increase(form: str, p: Point, accuracy: Accuracy, *, base: bool = True) -> Measurement:
    """By how many percent the mean action exceeds the baseline's, both by best responses."""
    nothing = np.zeros(np.shape(p.alpha_1))
    without = {**p, "D_12": nothing, "D_21": nothing, **({"gamma": nothing} if base else {})}
    above, below = (equilibrium(form, Point(q), accuracy) for q in ({**p}, without))
    low = above.low.mean(axis=0) / below.high.mean(axis=0)
    high = above.high.mean(axis=0) / below.low.mean(axis=0)
    good = above.converged & below.converged
    return Measurement.bracket(100 * (low - 1), 100 * (high - 1), converged=good)


# Closed forms, with the ratio of the actions as a parameter --------------------------------------


def _partner(form: str, p: Any) -> Any:
    """The D_21 at which the actions have the ratio r^2: actor 2's condition."""
    kappa = (p.alpha_1 + p.D_12 * (1 - p.alpha_1)) * p.gamma / 2
    rest = 1 - kappa * p.r
    if form == "power":
        slope = rest * p.r ** (-2 * (1 - p.beta))
    else:
        slope = p.theta / (1 + p.r**2 * (p.theta / rest - 1))
    return (2 * p.r * (1 - slope) / p.gamma - (1 - p.alpha_1)) / p.alpha_1


SHAPE: dict[str, dict[str, Any]] = {
    "power": {"beta": Interval(0.4, 0.8)},
    "logarithmic": {"theta": Interval(3, 30)},
}
WITHIN = Condition("0 <= D_21 <= 1", lambda p: (p.D_21 >= 0) & (p.D_21 <= 1))
EXACT = Equal(relative=1e-4, because="best responses enclose it within 1e-5; the form is exact")


def _derived_mean(form: str) -> Any:
    return derived.mean_action(form)


def _others_share(form: str) -> Any:
    """Where an actor's weight on the other is taken to be the other's weight on it."""
    return exchanged(derived.mean_at_equilibrium(form))


def exchanged(formula: Any) -> Any:
    """The formula, had the actors each other's dependence."""
    D_12, D_21 = derived.D_12.resolve(), derived.D_21.resolve()
    return formula.subs({D_12: D_21, D_21: D_12}, simultaneous=True)


mean_action = [
    claim(
        f"{HERE}/{form}/mean-action",
        source=MODEL,
        says=rf"{says}:\ \tfrac12 (a_1 + a_2) = \tfrac12 (1 + r^2) a_1,\ f'(a_1) = 1 - \kappa_1 r,"
        rf"\ f'(a_2) = 1 - \kappa_2 / r,\ \kappa_i = (\alpha_i + D_{{ij}} \alpha_j) \gamma / 2,"
        rf"\quad {MEANS}",
        domain=Domain(
            r=Interval(0.85, 1.2), gamma=Interval(0.2, 0.8), alpha_1=Interval(0.3, 0.7),
            D_12=Interval(0, 1), **SHAPE[form], where=(WITHIN,),
            defining={"D_21": partial(_partner, form)},
        ),
        predicted=partial(_derived_mean, form),
        compare=EXACT,
        points=24,
        wrong={"D transposed": partial(_others_share, form)},
        scope="two actors, α_2 = 1 - α_1; D_21 is such that a_2 = r² a_1",
        batched=True,
    )(partial(measured_mean, form))
    for form, says in FORMS.items()
]  # fmt: skip


# Where there is none ------------------------------------------------------------------------------

#: an action beyond all that are of interest; where it is not answered by less, none is in reach
FAR = 1e20
BISECTED = Threshold(relative=1e-3, because="bisected to 1e-5; at 1e20, f' is 1e-5 or less")


def _growth(form: str, p: Any, accuracy: Accuracy, gamma: np.ndarray) -> tuple[Any, Any]:
    """The logarithm of what is answered to the answer to a far action, over that action."""
    first, second = payoffs(form, Point({**p, "gamma": gamma}))
    far = np.full(np.shape(gamma), FAR)
    ends = []
    for side in ("low", "high"):
        answer = far
        for payoff in (second, first):
            found = responses.best_response(
                payoff, answer, LOW, FAR**1.5, halvings=accuracy.steps(60)
            )
            answer = getattr(found, side)
        ends.append(np.log(answer / far))
    return (ends[0] + ends[1]) / 2, (ends[1] - ends[0]) / 2


def _last_finite(form: str, p: Point, accuracy: Accuracy) -> Measurement:
    """The gamma up to which two best responses bring a far action down; more comes with more.

    Where they do, an equilibrium lies below it; where they do not, none does.
    """
    ones = np.ones(np.shape(p.alpha_1))
    found = flips.bracket_flips(
        lambda gamma: _growth(form, p, accuracy, gamma), ones, 8 * ones, relative=1e-5
    )
    return Measurement.bracket(
        found.lo, found.hi, converged=found.ok, note=[str(one) for one in found.reason]
    )


def _arithmetic(p: Point) -> float:
    """Where the mean of both kappas is 1, and not their product."""
    return 4 / (1 + p.D_12 * (1 - p.alpha_1) + p.D_21 * p.alpha_1)


#: what f is where it must be given; the threshold does not depend on it
AT: dict[str, dict[str, float]] = {"power": {"beta": 0.75}, "logarithmic": {"theta": 20.0}}


def always(**values: float) -> dict[str, Any]:
    """The same numbers at every point."""
    return {name: partial(_constant, value) for name, value in values.items()}


def _constant(value: float, p: Any) -> float:
    return value


finite = [
    claim(
        f"{HERE}/finite/{form}",
        source=MODEL,
        says=rf"{says}: \text{{ an equilibrium is finite}} \iff \kappa_1 \kappa_2 < 1 \iff \gamma <"
        r" 2 / \sqrt{(\alpha_1 + D_{12} \alpha_2) (\alpha_2 + D_{21} \alpha_1)}",
        domain=Domain(
            alpha_1=Interval(0.2, 0.8), D_12=Interval(0, 1), D_21=Interval(0, 1),
            defining=always(**AT[form]),
        ),
        predicted=derived.finite_below,
        compare=BISECTED,
        points=24,
        wrong={"the mean of both is 1": _arithmetic},
        scope="two actors, α_2 = 1 - α_1; looked for up to actions of 1e20",
        batched=True,
    )(partial(_last_finite, form))
    for form, says in FORMS.items()
]  # fmt: skip

finite_symmetric = claim(
    f"{HERE}/finite/symmetric",
    source=MODEL,
    says=r"\alpha_1 = \alpha_2,\ D_{12} = D_{21} = D: \text{ finite} \iff"
    r" \kappa = (1 + D) \gamma / 4 < 1",
    domain=Domain(
        D=Interval(0, 1),
        defining={
            **always(alpha_1=0.5, **AT["power"]),
            "D_12": lambda p: p.D, "D_21": lambda p: p.D,
        },
    ),
    predicted=derived.finite_below_symmetric,
    compare=BISECTED,
    points=12,
    uses=(f"{HERE}/finite/power",),
    scope="two equal actors; looked for up to actions of 1e20",
    batched=True,
)(partial(_last_finite, "power"))  # fmt: skip
