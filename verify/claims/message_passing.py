"""A matrix and its transpose in turn: arXiv 1902.04760, Corollaries D.12 and D.18.

Predictions are the recursion of the paper, or limits that the executor of tensor programs finds
from the lines alone; what is measured are runs with real matrices, at three widths.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

from lemmata.verify.api import Domain, Equal, Interval, Point, Values, claim, deferred
from lemmata.verify.claims.tensor_programs import HERE, limits, measured, yang

theory = deferred("lemmata.theory.message_passing")
numeric = deferred("lemmata.verify.program_expectations").NumericExpectation
estimated_limits = deferred("lemmata.verify.program_expectations").estimated_limits
runs = deferred("lemmata.solvers.back_and_forth")

RUN = runs.message_passing
#: what it averages, in order; the first of all, $|b^0|^2$, is given
AVERAGES = (("tau", 0), ("sigma", 1), ("tau", 1), ("sigma", 2), ("tau", 2))


# Approximate message passing: s and u are the deviations of w and of x.


def iterated(xi: Any, memory: Any, *ratios: float) -> Domain:
    """Ratios and deviations, and what the two corrections are multiplied by."""
    return Domain(
        delta=Values(*ratios), s=Interval(0.3, 1.0), u=Interval(0.7, 1.5),
        defining={"xi": xi, "memory": memory},
    )  # fmt: skip


def _one(_: Point) -> float:
    return 1.0


def _none(_: Point) -> float:
    return 0.0


right = iterated(_one, _one, 0.5, 0.75, 1.0)
#: 1/N in place of 1/n, where that matters most
printed = iterated(lambda p: p.delta, _one, 0.5)
bare = iterated(_none, _none, 0.5, 0.75, 1.0)
ITERATION = (
    r"b^t = A q^t - \lambda_t m^{t-1},\ m^t = g(b^t, w),\ "
    r"h^{t+1} = A^T m^t - \xi_t q^t,\ q^t = f(h^t, x_0)"
)
EVOLUTION = (
    r"\tau_t^2 = \mathbb{E} g(\sigma_t Z, W)^2,\ "
    r"\sigma_{t+1}^2 = \delta^{-1} \mathbb{E} f(\tau_t Z, X_0)^2"
)
LIMITS = {
    "sigma": r"\tfrac1n |b^{t}|^2 \to \sigma_{t}^2",
    "tau": r"\tfrac1N |h^{after}|^2 \to \tau_{t}^2",
}
SETTING = "f = tanh(h + x), g = max(b + w, 0), A of n by N with entries N(0, 1/n), |q^0|² = N"


def _limit(name: str, t: int) -> str:
    return LIMITS[name].replace("{t}", str(t)).replace("{after}", str(t + 1))


@lru_cache(maxsize=64)
def _evolution(delta: float, s: float, u: float) -> tuple[float, ...]:
    sigmas, taus = theory.state_evolution(3, delta, s, u, numeric())
    return tuple(float({"sigma": sigmas, "tau": taus}[name][t]) for name, t in AVERAGES)


def evolution(p: Point, *, which: int, inverted: bool = False) -> float:
    """By the recursion, its expectations integrated to ten digits; or with 1/delta for delta."""
    return _evolution(1 / p.delta if inverted else p.delta, p.s, p.u)[which]


@lru_cache(maxsize=64)
def _uncorrected(delta: float, s: float, u: float) -> tuple[float, ...]:
    program, sigmas, taus = theory.iteration(2, delta, s, u, xi=0, memory=0)
    averages = taus[0], sigmas[1], taus[1]
    return tuple(one.value for one in estimated_limits(program, averages, 1e-8))


def uncorrected(p: Point, *, which: int) -> float:
    """By the executor, its expectations integrated to eight digits; of the first three."""
    return _uncorrected(p.delta, p.s, p.u)[which]


def _slips(which: int) -> dict[str, Any]:
    """What the averages must not be taken for."""
    slips: dict[str, Any] = {"δ for 1/δ": partial(evolution, which=which, inverted=True)}
    if which < 3:  # later ones are further off, and take seconds each to predict
        slips["without the corrections"] = partial(uncorrected, which=which)
    return slips


#: margins, and what they are to tell apart
EARLY = Equal(relative=0.05, because="without its correction, h¹ is 15 % larger and more")
LATE = Equal(
    relative=0.06, because="1/N for 1/n adds 16 % and more at δ = 1/2, no correction 80 % and more"
)

state_evolution = [
    claim(
        f"{HERE}/message-passing/{name}-{t}",
        source=yang.at("Corollary D.18"),
        says=rf"{_limit(name, t)}, \quad {EVOLUTION}, \quad {ITERATION},"
        r"\ \xi_t = \tfrac1n \sum_i g'(b^t_i, w_i),"
        r"\ \lambda_t = \tfrac1n \sum_i f'(h^t_i, x_{0,i})",
        domain=right,
        points=4,
        predicted=partial(evolution, which=which),
        compare=EARLY if which < 2 else LATE,
        wrong=_slips(which),
        scope=SETTING,
        reading="the sum of g' over n and not, as printed, over N",
        batched=True,
    )(partial(measured, experiment=RUN, which=which, draws=10240, width=32))
    for which, (name, t) in enumerate(AVERAGES)
]

state_evolution_as_printed = claim(
    f"{HERE}/message-passing/tau-2/as-printed",
    source=yang.at("Appendix D.8, the definition of ξ"),
    says=rf"{_limit('tau', 2)}, \quad {EVOLUTION}, \quad {ITERATION},"
    r"\ \xi_t = \tfrac1N \sum_i g'(b^t_i, w_i)",
    domain=printed,
    points=2,
    predicted=partial(evolution, which=4),
    compare=LATE,
    scope=SETTING,
    reading="as printed",
    expected="refuted",
    cause="A^T g(A q) has n rows of variance 1/n along q, so that its multiple of q is the mean of "
    "g' over n",
    batched=True,
)(partial(measured, experiment=RUN, which=4, draws=256))

without_correction = [
    claim(
        f"{HERE}/message-passing/uncorrected/{name}-1",
        source=yang.at("Theorem 6.3, of the iteration of Corollary D.18 without its corrections"),
        says=rf"{says} \text{{ has what }} A^T \text{{ remembers of }} A, \quad"
        r" b^t = A q^t,\ m^t = g(b^t, w),\ h^{t+1} = A^T m^t,\ q^t = f(h^t, x_0)",
        domain=bare,
        points=4,
        predicted=partial(uncorrected, which=which),
        compare=LATE,
        wrong={"nothing remembered": partial(evolution, which=which)},
        scope=SETTING,
        batched=True,
    )(partial(measured, experiment=RUN, which=which, draws=1024, width=32))
    for which, name, says in (
        (1, "sigma", r"\lim \tfrac1n |b^1|^2"),
        (2, "tau", r"\lim \tfrac1N |h^2|^2"),
    )
]

# The weight-tied autoencoder.


def _decoded(which: int, tied: bool = True, biased: bool = True) -> Any:
    """By the executor: the slope of the output on y, or the variance about it."""
    square, product, again = limits(theory.autoencoder if tied else _untied)
    found = (product / square if which == 0 else again - product**2 / square).expand()
    return found if biased else found.subs({theory.b.resolve(): 0, theory.v.resolve(): 0})


_untied = partial(theory.autoencoder, tied=False)


DECODED = (
    (
        "slope", r"\gamma = \alpha w^2 \mathbb{E} \varphi'",
        "with weights of its own for the decoder it is 0",
        {"a decoder of its own": partial(_decoded, 0, False)},
    ),
    (
        "variance", r"\rho^2 = \alpha w^2 \mathbb{E} \varphi^2 + v^2",
        "biases left out are a quarter and more where both are 0.6",
        {"biases left out": partial(_decoded, 1, biased=False)},
    ),
)  # fmt: skip

decoder = [
    claim(
        f"{HERE}/tied-autoencoder/{name}",
        source=yang.at("Corollary D.12"),
        says=r"W^T \varphi(W \sigma(x) + b) + v \cong \gamma \sigma(x) + \rho z, \quad" + says,
        domain=Domain(
            alpha=Values(1.0, 1.5, 2.0),
            w=Interval(1.0, 1.6),
            b=Interval(0.2, 0.6),
            v=Interval(0.2, 0.6),
        ),
        points=4,
        predicted=partial(_decoded, which),
        compare=Equal(relative=0.06, because=because),
        wrong=wrong,
        scope="φ(z) = max(z, 0), σ(x) = max(x, 0); W of alpha n by n, of entries N(0, w²/n), "
        "biases of variances b² and v², x of N(0, 1)",
        batched=True,
    )(partial(measured, experiment=runs.autoencoder, which=which, draws=1280, width=32))
    for which, (name, says, because, wrong) in enumerate(DECODED)
]
