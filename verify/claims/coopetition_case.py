r"""Samsung and Sony: what arXiv 2510.18802 prints of its case study, in two readings of D.

As stated, D_12 = 0.64 is how much Samsung depends on Sony, and D_21 = 0.86 how much Sony depends
on Samsung. The numbers that are printed are those of D transposed.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Bound,
    Domain,
    Equal,
    Interval,
    Measurement,
    Point,
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
    equilibrium,
    exchanged,
    increase,
    pant,
)

CASES: dict[str, dict[str, float]] = {
    "power": {"alpha_1": 0.55, "gamma": 0.5, "beta": 0.75},
    "logarithmic": {"alpha_1": 0.55, "gamma": 0.65, "theta": 20.0},
}
STATED = {"D_12": 0.64, "D_21": 0.86}
TRANSPOSED = {"D_12": STATED["D_21"], "D_21": STATED["D_12"]}
NONE = {"D_12": 0.0, "D_21": 0.0}
LETTERS = {"alpha_1": r"\alpha_1", "gamma": r"\gamma", "beta": r"\beta", "theta": r"\theta"}


def given(form: str, *names: str) -> str:
    """What f is, and these numbers of the case, in LaTeX."""
    numbers = [rf"{LETTERS[name]} = {CASES[form][name]:g}" for name in names]
    return r",\ ".join([FORMS[form], *numbers])


SHAPE = {"power": "beta", "logarithmic": "theta"}
SAYS = {form: given(form, shape, "gamma", "alpha_1") for form, shape in SHAPE.items()}
#: whole percents in the paper, tenths in what the authors' README shows as the program's output
PRINTED = {"power": (166, 166.1), "logarithmic": (41, 41.5)}
ROOT = "from the root of the equation in"
PLACES = (
    ("", pant.at("Section 8.3, cooperation increase of the S-LCD case"),
     Equal(absolute=0.5, because="printed in whole percents")),
    ("/tenths", pant.at("README of the authors' validation suite, expected output"),
     Equal(absolute=0.055, because="the program rounds to hundredths, and then to tenths")),
)  # fmt: skip
READINGS: dict[str, dict[str, Any]] = {
    "as-stated": {
        "reading": f"D_12 = {STATED['D_12']} of Samsung's row, D_21 = {STATED['D_21']} of Sony's,"
        " as the paper defines them",
        "expected": "refuted",
        "cause": "the numbers are those of D transposed; with D as stated they are 170.2 and 42.2,"
        " which is also what the authors' stored results say",
    },
    "transposed": {
        "reading": f"D_12 = {STATED['D_21']} and D_21 = {STATED['D_12']}: the two rows interchanged"
    },
}


def percent(form: str, *, base: bool = True) -> Any:
    """The increase, with its derivation."""
    return derived.increase(form, base=base)


def formula(form: str, *, base: bool = True) -> Any:
    """The increase as a formula alone, for what is made of it."""
    return derived.increase(form, base=base).statement


def transposed(form: str) -> Any:
    """The increase, had the actors each other's dependence."""
    return exchanged(formula(form))


def doubled(form: str) -> Any:
    """The increase, were kappa not halved, as by a slope of the synergy of 1."""
    gamma = derived.gamma.resolve()
    return formula(form).subs(gamma, 2 * gamma)


def with_D(form: str, D_12: float, D_21: float) -> Any:
    """The increase at another D, whatever D is."""
    values = zip((derived.D_12.resolve(), derived.D_21.resolve()), (D_12, D_21), strict=True)
    return formula(form).subs(dict(values))


def single(form: str, D_12: float, D_21: float) -> Domain:
    """The one point of the case."""
    return Domain(D_12=Values(D_12), D_21=Values(D_21), defining=always(**CASES[form]))


def printed(form: str, reading: str, place: int) -> Any:
    """The claim that a printed number is the increase, read so."""
    ending, source, compare = PLACES[place]
    rows = STATED if reading == "as-stated" else TRANSPOSED
    number = PRINTED[form][place]
    wrong = {"from where only D is 0": partial(formula, form, base=False)}
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
        says=rf"{SAYS[form]}:"
        rf"\ \text{{the mean action over that with }} \gamma = 0, D = 0, \text{{ {ROOT} }} r",
        domain=Domain(D_12=Interval(0, 1), D_21=Interval(0, 1), defining=always(**CASES[form])),
        predicted=partial(percent, form),
        compare=EXACT,
        wrong={
            "D transposed": partial(transposed, form),
            "kappa without the half": partial(doubled, form),
            "only one's own share": partial(with_D, form, **NONE),
            "from where only D is 0": partial(formula, form, base=False),
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


complementarity = [
    claim(
        f"{HERE}/samsung-sony/{form}/complementarity-alone",
        source=MODEL,
        says=rf"{SAYS[form]},\ D = 0: \text{{the mean action over that with }} \gamma = 0,"
        rf" \text{{ {ROOT} }} r",
        domain=single(form, **NONE),
        predicted=partial(percent, form),
        compare=EXACT,
        wrong={"nothing": 0, "as with D": partial(with_D, form, **STATED)},
        uses=(f"{HERE}/{form}/increase",),
        batched=True,
    )(partial(increase, form))
    for form in FORMS
]

interdependence = [
    claim(
        f"{HERE}/samsung-sony/{form}/added-by-interdependence",
        source=MODEL,
        says=rf"{SAYS[form]},\ D \text{{ as stated: the mean action over that with }} D = 0"
        rf" \text{{ and the same }} \gamma, \text{{ {ROOT} }} r",
        domain=single(form, **STATED),
        predicted=partial(percent, form, base=False),
        compare=EXACT,
        wrong={"the whole increase": partial(formula, form)},
        uses=(f"{HERE}/{form}/increase",),
        batched=True,
    )(partial(over_complementarity, form))
    for form in FORMS
]

alone = [
    claim(
        f"{HERE}/samsung-sony/{form}/interdependence-alone",
        source=MODEL,
        says=rf"{given(form, SHAPE[form], 'alpha_1')}: \gamma = 0 \Rightarrow"
        r" \text{ no D changes any action}",
        domain=Domain(D_12=Interval(0, 1), D_21=Interval(0, 1), defining=always(**CASES[form])),
        predicted=0,
        compare=Equal(absolute=1e-2, because="percent; best responses enclose it within 1e-3"),
        points=12,
        wrong={"as with gamma": partial(formula, form)},
        batched=True,
    )(partial(without_gamma, form))
    for form in FORMS
]


def share(of: Any, form: str, p: Point, accuracy: Accuracy) -> Measurement:
    """What share of the increase is there without D, in mean actions of which `of` is taken."""
    nothing = np.zeros(np.shape(p.alpha_1))
    alone = Point({**p, "D_12": nothing, "D_21": nothing})
    settings = p, alone, Point({**alone, "gamma": nothing})
    found = [equilibrium(form, one, accuracy) for one in settings]
    ends = [[of(end.mean(axis=0)) for end in (one.low, one.high)] for one in found]
    with_both, without_D, neither = (np.array(each) for each in ends)
    made, added = without_D - neither[::-1], with_both - without_D[::-1]
    low, high = made / (made + added[::-1])
    good = np.all([one.converged for one in found], axis=0)
    return Measurement.bracket(low, high, converged=good)


def factors(form: str, p: Point, accuracy: Accuracy) -> Measurement:
    """The part of complementarity alone in the logarithm of the whole increase."""
    return share(np.log, form, p, accuracy)


def differences(form: str, p: Point, accuracy: Accuracy) -> Measurement:
    """The part of complementarity alone in the whole increase."""
    return share(np.asarray, form, p, accuracy)


MOST = (
    ("", factors, r"\ln", {"reading": "shares of the increase as a factor: of its logarithm"}),
    ("/as-difference", differences, "", {
        "reading": "shares of the increase as a difference: of the percents",
        "expected": "refuted",
        "cause": "interdependence multiplies what complementarity has made, and as a difference all"
        " of that product counts as its own",
    }),
)  # fmt: skip

most = [
    claim(
        f"{HERE}/samsung-sony/{form}/mostly-complementarity{ending}",
        source=MODEL,
        says=rf"{SAYS[form]},\ D \text{{ as stated: most of the increase is there at }} D = 0:"
        rf"\ {of} \bar a_{{D = 0}} - {of} \bar a_{{\gamma = 0}}"
        rf" > \tfrac12 ({of} \bar a - {of} \bar a_{{\gamma = 0}})",
        domain=single(form, **STATED),
        predicted=0.5,
        compare=Bound(
            side="at least", absolute=1e-4, because="best responses enclose the share within 1e-5"
        ),
        wrong={"two thirds": 2 / 3},
        uses=(f"{HERE}/{form}/increase",),
        scope="mean actions; the share of complementarity is what it makes by itself",
        batched=True,
        **reading,
    )(partial(measure, form))
    for form in FORMS
    for ending, measure, of, reading in MOST
]
