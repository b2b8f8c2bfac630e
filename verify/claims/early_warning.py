"""Early warning signals, where they work: arXiv 1305.6700.

Variance and memory of small fluctuations near four kinds of threshold, and a slow passage through a
fold. The review has no equations; these are the standard laws, derived here.
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
    Limit,
    Log,
    Measurement,
    Paper,
    Point,
    Series,
    Threshold,
    Values,
    claim,
    deferred,
)

theory = deferred("lemmata.theory.early_warning")
measure = deferred("lemmata.verify.fluctuation_measure")
escapes = deferred("lemmata.solvers.escapes")

HERE = "early-warning"
review = Paper(
    "Early warning signals: the charted and uncharted territories", year=2013, arxiv="1305.6700"
)
SLOWING = review.at("critical slowing down; the standard law, derived here")
WEAK = "weak noise, so that the drift is linear where it acts"
#: of each form its equation, the rate of its return, and the power of its variance; and distances
#: to the threshold of a series; of a Hopf point fewer decades, its turns take steps
NEAR = tuple(np.geomspace(1e-3, 0.1, 8).tolist())
NEAR_HOPF = tuple(np.geomspace(0.04, 0.4, 8).tolist())
FORMS = {
    "fold": (r"x' = \mu - a x^2", r"2 \sqrt{a \mu}", "-1/2"),
    "transcritical": (r"x' = \mu x - a x^2", r"\mu", "-1"),
    "pitchfork": (r"x' = -\mu x - a x^3", r"\mu", "-1"),
    "hopf": (r"z' = -(\mu - i \omega) z - a z |z|^2", r"\mu", "-1"),
}
#: a name that Python keeps for itself
RATE: dict[str, Any] = {"lambda": Log(0.05, 5)}


@claim(
    f"{HERE}/variance",
    source=SLOWING,
    says=r"dx = -\lambda x\,dt + \sigma\,dW \Rightarrow \operatorname{Var} x = \sigma^2/(2\lambda)",
    domain=Domain(sigma=Log(0.2, 3), **RATE),
    points=8,
    predicted=theory.variance,
    compare=Equal(
        relative=0.05, because="2048 paths of 40 relaxation times each know it to half a percent"
    ),
    wrong={
        "without the 2": lambda p: p.sigma**2 / p["lambda"],
        "sigma for its square": lambda p: p.sigma / (2 * p["lambda"]),
    },
    batched=True,
)
def variance(p: Point, accuracy: Accuracy) -> Measurement:
    """The mean square along simulated paths."""
    found = _linear(p, accuracy, None)
    size = np.asarray(p.sigma, float) ** 2
    return Measurement.mean((found.square * size).T, bias=found.bias * size)


@claim(
    f"{HERE}/autocorrelation",
    source=SLOWING,
    says=r"\operatorname{corr}(x(t), x(t + \Delta)) = e^{-\lambda \Delta}",
    domain=Domain(
        Delta=Log(0.05, 20),
        where=(Condition("0.1 <= lambda Delta <= 3", lambda p: 0.1 <= p.Delta * p["lambda"] <= 3),),
        **RATE,
    ),
    points=8,
    predicted=theory.autocorrelation,
    compare=Equal(absolute=0.04, because="2048 paths know it to 0.005, and e^(-2x) is 0.08 away"),
    wrong={
        "of half the rate": lambda p: np.exp(-p["lambda"] * p.Delta / 2),
        "of twice the rate": lambda p: np.exp(-2 * p["lambda"] * p.Delta),
    },
    batched=True,
)
def autocorrelation(p: Point, accuracy: Accuracy) -> Measurement:
    """The mean product along simulated paths over the mean square."""
    found = _linear(p, accuracy, p.Delta)
    square = np.mean(found.square, axis=0)
    ratio = np.mean(found.lagged, axis=0) / square
    # The ratio's own deviation, path by path, to first order.
    draws = ratio + (found.lagged - ratio * found.square) / square
    return Measurement.mean(draws.T, bias=2 * found.bias / square)


def _linear(p: Point, accuracy: Accuracy, lag: Any) -> Any:
    rate = np.asarray(p["lambda"], float)
    f = measure.field(len(rate), A00=-rate)
    return measure.fluctuations(f, accuracy.entropy, accuracy.draws(2048), lag=lag)


# Four thresholds


def _rates(p: Point, accuracy: Accuracy, *, form: str) -> Measurement:
    """How fast a small deviation fades in the end, integrated."""
    return measure.return_rates(measure.normal_form(form, p.mu, p.a))


def _variances(p: Point, accuracy: Accuracy, *, form: str, relative: bool = False) -> Series:
    """The mean square along simulated paths, against the distance to the threshold."""
    mu = NEAR_HOPF if form == "hopf" else NEAR
    paths = accuracy.draws(512)
    found = measure.of_normal_form(form, float(p.a), mu, accuracy.common, paths)
    one = Measurement.mean(found.square.T)
    return Series(
        mu, one.value, one.stderr, found.bias, one.dof, converged=bool(np.all(one.converged))
    )


def _derived(what: str, form: str) -> Any:
    return getattr(theory, what)(form)


def _others(form: str) -> dict[str, Any]:
    """Wrong powers and levels, of each form those of the others."""
    return {"the other kind's power": -1 if form == "fold" else -0.5, "none": 0}


return_rates = [
    claim(
        f"{HERE}/{form}/return-rate",
        source=SLOWING,
        says=rf"{drift}: \quad \lambda = {rate}",
        domain=Domain(mu=Log(1e-3 if form != "hopf" else 1e-2, 0.1), a=Interval(0.5, 2)),
        points=4,
        predicted=partial(_derived, "return_rate", form),
        compare=Equal(relative=1e-3, because="integrated to eight digits, and read off at the end"),
        wrong={"half of it": lambda p: p.mu / 2, "the root of the distance": lambda p: p.mu**0.5},
        batched=True,
    )(partial(_rates, form=form))
    for form, (drift, rate, _) in FORMS.items()
]

exponents = [
    claim(
        f"{HERE}/{form}/variance-exponent",
        source=SLOWING,
        says=rf"{drift}: \quad \operatorname{{Var}} x \propto \mu^{{{power}}}, \mu \to 0",
        domain=Domain(a=Values(1.0) if form == "hopf" else Values(0.5, 2.0)),
        predicted=partial(_derived, "exponent", form),
        compare=Limit(
            toward="zero", absolute=0.2, because="less than half of what -1/2 and -1 are apart"
        ),
        wrong=_others(form),
        uses=(f"{HERE}/{form}/return-rate",),
        scope=WEAK,
    )(partial(_variances, form=form))
    for form, (drift, _, power) in FORMS.items()
]

levels = [
    claim(
        f"{HERE}/{form}/variance",
        source=SLOWING,
        says=rf"{drift}: \quad \operatorname{{Var}} x / \sigma^2 \to {says}",
        domain=Domain(a=Values(1.0) if form == "hopf" else Values(0.5, 2.0)),
        predicted=partial(_derived, "level", form),
        compare=Limit(
            toward="zero", exponent=-0.5 if form == "fold" else -1, relative=0.1,
            because="known to some percent; slips of a rate are factors of 2 or roots of it",
        ),
        wrong={"without the 2": 1 if form != "fold" else lambda p: 1 / (2 * p.a**0.5)},
        uses=(f"{HERE}/{form}/variance-exponent",),
        scope=WEAK,
    )(partial(_variances, form=form))
    for form, (drift, _, _) in FORMS.items()
    for says in (r"1/(4 \sqrt{a \mu})" if form == "fold" else r"1/(2 \mu)",)
]  # fmt: skip


# A slow passage


def _zero_of_airy(p: Any) -> Any:
    from scipy.special import ai_zeros

    return -float(ai_zeros(1)[0][0])


#: x at the start of a passage and where it counts as gone, in units of epsilon^(1/3)
LONG_AGO, GONE = 8.0, 1e4


@claim(
    f"{HERE}/slow-passage/escape",
    source=review.at("a parameter that moves; the standard delay, derived here"),
    says=r"x' = x^2 + \varepsilon t \text{ escapes at } \varepsilon t = z_1 \varepsilon^{2/3},"
    r"\; z_1 = 2.33811, \text{ the first zero of } \mathrm{Ai}(-z)",
    domain=Domain(epsilon=Log(1e-4, 0.1), defining={"z_1": _zero_of_airy}),
    points=8,
    predicted=theory.slow_passage,
    compare=Threshold(relative=1e-3, because="bracketed to 1e-4, between a height and infinity"),
    wrong={
        "at the fold": 0,
        "the first zero of Ai'": lambda p: 1.018793 * p.epsilon ** (2 / 3),
        "the root of the pace": lambda p: 2.33811 * p.epsilon**0.5,
    },
    scope="x at rest long before",
)
def passage(p: Point, accuracy: Accuracy) -> Measurement:
    """Between where x has passed a height X, and 1/X later: from there on x' > x^2."""
    unit = p.epsilon ** (1 / 3)
    height = GONE * unit
    time = escapes.escape_time(
        lambda t, x: x**2 + p.epsilon * t, -unit * LONG_AGO**0.5,
        (-LONG_AGO / unit, LONG_AGO / unit), height,
    )  # fmt: skip
    return Measurement.bracket(p.epsilon * time, p.epsilon * (time + 1 / height))


@claim(
    f"{HERE}/slow-passage/exponent",
    source=review.at("a parameter that moves; the standard delay, derived here"),
    says=r"x' = \varepsilon t + x^2 - x^3 \text{ leaves at } \mu \propto \varepsilon^{2/3}",
    domain=Domain(),
    predicted=theory.delay_exponent,
    compare=Limit(toward="zero", absolute=0.05, because="1/2 and 1 are further away"),
    wrong={"the root of the pace": 1 / 2, "the pace": 1},
    uses=(f"{HERE}/slow-passage/escape",),
    scope="x at rest long before; another state of rest takes x in, near 1",
)
def passage_exponent(p: Point, accuracy: Accuracy) -> Series:
    """Where x passes 1/2."""
    paces = np.geomspace(1e-9, 1e-5, 9)
    found = []
    for pace in paces:
        unit = pace ** (1 / 3)
        time = escapes.escape_time(
            lambda t, x, pace=pace: pace * t + x**2 - x**3, -unit * LONG_AGO**0.5,
            (-LONG_AGO / unit, LONG_AGO / unit), 0.5,
        )  # fmt: skip
        found.append(pace * time)
    return Series(paces, np.array(found), bias=1e-8 * np.array(found))
