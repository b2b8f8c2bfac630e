r"""Samsung and Sony: what arXiv 2510.18802 prints of its case study, in two readings of D.

As stated, D_12 = 0.64 is how much Samsung depends on Sony, and D_21 = 0.86 how much Sony depends
on Samsung. The numbers that are printed are those of D transposed.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from lemmata.verify.api import (
    Accuracy,
    Domain,
    Equal,
    Interval,
    Measurement,
    Point,
    Solved,
    Values,
    claim,
)
from lemmata.verify.claims.coopetition import (
    EXACT,
    FORMS,
    HERE,
    MODEL,
    always,
    derived,
    increase,
    pant,
)

CASES: dict[str, dict[str, float]] = {
    "power": {"alpha_1": 0.55, "gamma": 0.5, "beta": 0.75},
    "logarithmic": {"alpha_1": 0.55, "gamma": 0.65, "theta": 20.0},
}
STATED = {"D_12": 0.64, "D_21": 0.86}
NONE = {"D_12": 0.0, "D_21": 0.0}
SAYS = {
    "power": r"f = a^\beta, \beta = 0.75, \gamma = 0.5",
    "logarithmic": r"f = \theta \ln(1 + a), \theta = 20, \gamma = 0.65",
}
#: whole percents in the paper, tenths in what the authors' README shows as the program's output
PRINTED = {"power": (166, 166.1), "logarithmic": (41, 41.5)}
PLACES = (
    ("", pant.at("Section 8.3, cooperation increase of the S-LCD case"),
     Equal(absolute=0.5, because="printed in whole percents")),
    ("/tenths", pant.at("README of the authors' validation suite, expected output"),
     Equal(absolute=0.055, because="the program rounds to hundredths, and then to tenths")),
)  # fmt: skip
READINGS: dict[str, dict[str, Any]] = {
    "as-stated": {
        "reading": "D_12 = 0.64 of Samsung's row, D_21 = 0.86 of Sony's, as the paper defines them",
        "expected": "refuted",
        "cause": "the numbers are those of D transposed; with D as stated they are 170.2 and 42.2,"
        " which is also what the authors' stored results say",
    },
    "transposed": {"reading": "D_12 = 0.86 and D_21 = 0.64: the two rows interchanged"},
}


def percent(form: str, p: Any, *, base: bool = True, **changed: float) -> float:
    """The increase by the root of the equation in r."""
    at = {**CASES[form], "D_12": p["D_12"], "D_21": p["D_21"], **changed}
    return derived.increase(form, base=base, **at)


def transposed(form: str, p: Any) -> float:
    """The increase, had the actors each other's dependence."""
    return percent(form, p, D_12=p["D_21"], D_21=p["D_12"])


def doubled(form: str, p: Any) -> float:
    """The increase, were kappa not halved, as by a slope of the synergy of 1."""
    return percent(form, p, gamma=2 * CASES[form]["gamma"])


def single(form: str, D_12: float, D_21: float) -> Domain:
    """The one point of the case."""
    return Domain(D_12=Values(D_12), D_21=Values(D_21), defining=always(**CASES[form]))


def printed(form: str, reading: str, place: int) -> Any:
    """The claim that a printed number is the increase, read so."""
    ending, source, compare = PLACES[place]
    rows = STATED if reading == "as-stated" else {"D_12": 0.86, "D_21": 0.64}
    number = PRINTED[form][place]
    wrong = {"from where only D is 0": partial(percent, form, base=False)}
    if reading == "transposed":
        wrong["D as stated"] = partial(transposed, form)
    return claim(
        f"{HERE}/samsung-sony/{form}/{reading}{ending}",
        source=source,
        says=rf"{SAYS[form]}: \text{{the mean action is }} {number} \,\% \text{{ above that with }}"
        r" \gamma = 0, D = 0",
        domain=single(form, **rows),
        predicted=number,
        compare=compare,
        wrong=wrong,
        uses=(f"{HERE}/{form}/increase",),
        reported=f"{number} %",
        batched=True,
        **READINGS[reading],
    )(partial(increase, form))


def without_gamma(form: str, p: Point, accuracy: Accuracy) -> Measurement:
    """By how many percent the mean action exceeds the baseline's if gamma alone is 0."""
    return increase(form, Point({**p, "gamma": 0 * p.gamma}), accuracy)


def over_complementarity(form: str, p: Point, accuracy: Accuracy) -> Measurement:
    """By how many percent the mean action exceeds that where only D is 0."""
    return increase(form, p, accuracy, base=False)


general = [
    claim(
        f"{HERE}/{form}/increase",
        source=MODEL,
        says=rf"{SAYS[form]},\ \alpha_1 = 0.55:"
        r"\ \text{the mean action over that with } \gamma = 0, D = 0, \text{ from the root of the"
        r" equation in } r",
        domain=Domain(D_12=Interval(0, 1), D_21=Interval(0, 1), defining=always(**CASES[form])),
        predicted=Solved(partial(derived.dependence, form), partial(percent, form)),
        compare=EXACT,
        wrong={
            "D transposed": partial(transposed, form),
            "kappa without the half": partial(doubled, form),
            "only one's own share": partial(percent, form, **NONE),
            "from where only D is 0": partial(percent, form, base=False),
        },
        uses=(f"{HERE}/{form}/mean-action",),
        scope="in percent; as of Samsung and Sony, but for D",
        batched=True,
    )(partial(increase, form))
    for form in FORMS
]

case = [
    printed(form, reading, place)
    for form in FORMS for reading in READINGS for place in range(len(PLACES))
]  # fmt: skip

# What of it is complementarity --------------------------------------------------------------------


PARTS = {"power": (70.4, 58.5), "logarithmic": (20.4, 18.1)}
IN_TENTHS = Equal(absolute=0.05, because="told in tenths of a percent")

complementarity = [
    claim(
        f"{HERE}/samsung-sony/{form}/complementarity-alone",
        source=MODEL,
        says=rf"{SAYS[form]},\ D = 0: \text{{the mean action is }} {PARTS[form][0]} \,\%"
        r" \text{ above that with } \gamma = 0",
        domain=single(form, **NONE),
        predicted=PARTS[form][0],
        compare=IN_TENTHS,
        wrong={"nothing": 0, "as with D": partial(percent, form, **STATED)},
        uses=(f"{HERE}/{form}/increase",),
        batched=True,
    )(partial(increase, form))
    for form in FORMS
]

interdependence = [
    claim(
        f"{HERE}/samsung-sony/{form}/added-by-interdependence",
        source=MODEL,
        says=rf"{SAYS[form]},\ D \text{{ as stated: the mean action is }} {PARTS[form][1]} \,\%"
        r" \text{ above that with } D = 0 \text{ and the same } \gamma",
        domain=single(form, **STATED),
        predicted=PARTS[form][1],
        compare=IN_TENTHS,
        wrong={"the whole increase": partial(percent, form)},
        uses=(f"{HERE}/{form}/increase",),
        batched=True,
    )(partial(over_complementarity, form))
    for form in FORMS
]

alone = [
    claim(
        f"{HERE}/samsung-sony/{form}/interdependence-alone",
        source=MODEL,
        says=rf"{SAYS[form].rpartition(',')[0]}: \gamma = 0 \Rightarrow"
        r" \text{ no D changes any action}",
        domain=Domain(D_12=Interval(0, 1), D_21=Interval(0, 1), defining=always(**CASES[form])),
        predicted=0,
        compare=Equal(absolute=1e-2, because="percent; best responses enclose it within 1e-3"),
        points=12,
        wrong={"as with gamma": partial(percent, form)},
        batched=True,
    )(partial(without_gamma, form))
    for form in FORMS
]
