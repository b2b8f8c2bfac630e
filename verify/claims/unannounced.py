"""Early warning signals, where they fail: arXiv 1305.6700.

A front that turns round while both its states return as quickly as ever; a population whose own
swings fade as it nears extinction; noise that leaves the slow direction alone. What is refuted is a
reading of the field, variance as a universal alarm, which the review warns of.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Bound,
    Domain,
    Equal,
    Interval,
    Limit,
    Log,
    Measurement,
    Point,
    Series,
    Sign,
    Threshold,
    Values,
    claim,
    deferred,
)
from lemmata.verify.claims.early_warning import HERE, NEAR, NEAR_HOPF, WEAK, review

theory = deferred("lemmata.theory.unannounced")
measure = deferred("lemmata.verify.fluctuation_measure")
fronts = deferred("lemmata.solvers.fronts")
maps = deferred("lemmata.solvers.noisy_map")
flips = deferred("lemmata.solvers.flips")

ALARM = "variance as a universal alarm"

# A front between two states, each of which stays stable

FRONT = review.at("shifts without critical slowing down, in space; derived here")
BISTABLE = r"u_t = D u_{xx} + f,\ f = u (1 - u)(u - a)"
#: of the finer grid, in units of sqrt(D)
SPACING = 0.6


def _kinetics(u: Any, a: Any) -> Any:
    return u * (1 - u) * (u - a)


@claim(
    f"{HERE}/front/speed",
    source=FRONT,
    says=rf"{BISTABLE}: \quad c = \sqrt{{D/2}}\,(1 - 2 a)",
    domain=Domain(a=Interval(0.1, 0.9), D=Log(0.3, 3)),
    points=8,
    predicted=theory.front_speed,
    compare=Equal(absolute=2e-3, because="the grid is good for 2e-4; speeds are 0 to 1"),
    wrong={
        "without the 1/2": lambda p: np.sqrt(p.D) * (1 - 2 * p.a),
        "1 - a": lambda p: np.sqrt(p.D / 2) * (1 - p.a),
    },
    batched=True,
)
def front_speed(p: Point, accuracy: Accuracy) -> Measurement:
    """How fast the integral of u grows, on a line."""
    found = fronts.front_speeds(_kinetics, p.D, np.asarray(p.a)[:, None], spacing=SPACING)
    return Measurement(found.value, bias=found.error)


@claim(
    f"{HERE}/front/reversal",
    source=FRONT,
    says=rf"{BISTABLE}: \quad c = 0 \iff a = 1/2",
    domain=Domain(D=Values(0.5, 2.0)),
    predicted=theory.front_reversal,
    compare=Threshold(absolute=0.01, because="bisected to 0.005"),
    wrong={"a third": 1 / 3},
    uses=(f"{HERE}/front/speed",),
    batched=True,
)
def front_reversal(p: Point, accuracy: Accuracy) -> Measurement:
    """The a at which the front begins to move back."""
    D = np.asarray(p.D, float)

    def backward(a: np.ndarray) -> tuple[Any, Any]:
        found = fronts.front_speeds(_kinetics, D, a[:, None], spacing=SPACING)
        return -found.value, found.error

    ones = np.ones(len(D))
    found = flips.bracket_flips(backward, 0.2 * ones, 0.9 * ones, relative=0.01, points=4)
    return Measurement.bracket(found.lo, found.hi, converged=found.ok, note=found.reason.tolist())


def _bistable(a: Any, near: Any) -> Any:
    a = np.asarray(a, float)
    return measure.field(len(a), A00=-a, q0=1 + a, c=1.0, near=near)


def _return_rate(p: Point, accuracy: Accuracy, *, state: str) -> Measurement:
    """How fast a small deviation fades in the end, integrated."""
    return measure.return_rates(_bistable(p.a, float(state == "one")))


def _of_state(state: str) -> Any:
    return theory.return_rate(state)


front_rates = [
    claim(
        f"{HERE}/front/return-rate/{state}",
        source=FRONT,
        says=rf"u = {at} \text{{ everywhere: }} \lambda = -f'({at}) = {rate}",
        domain=Domain(a=Interval(0.1, 0.9)),
        points=4,
        predicted=partial(_of_state, state),
        compare=Equal(relative=1e-3, because="integrated to eight digits, and read off at the end"),
        wrong={"slowed down at 1/2": lambda p: abs(0.5 - p.a)},
        batched=True,
    )(partial(_return_rate, state=state))
    for state, at, rate in (("one", 1, "1 - a"), ("nothing", 0, "a"))
]


@claim(
    f"{HERE}/front/alarm",
    source=FRONT,
    says=r"u \in \{0, 1\} \text{ everywhere: } \operatorname{Var} u \propto |1/2 - a|^s,"
    r"\ s \le -1/2",
    domain=Domain(u=Values(0.0, 1.0)),
    predicted=-0.5,
    compare=Bound(
        side="at most", absolute=0.1, because="a fold has -1/2, and no alarm is 0, 0.5 away"
    ),
    reading=ALARM,
    expected="refuted",
    cause="the front turns round where both states return at the rate 1/2: what changes sign is "
    "which of the two is the better one, and no slope of f",
    scope=WEAK + "; noise and u alike everywhere, beside the front; a below 1/2 by 0.001 to 0.1",
)
def front_alarm(p: Point, accuracy: Accuracy) -> Measurement:
    """The slope of the line through the logarithms of mean squares and of distances to 1/2."""
    found = _beside_the_front(accuracy.common, accuracy.draws(128))
    square, bias = found.square.reshape(-1, 2, len(NEAR)), found.bias.reshape(2, -1)
    arrays: dict[str, Any] = {"distance": np.array(NEAR)}
    for u in (0, 1):
        one = Measurement.mean(square[:, u].T)
        arrays |= {f"variance.{u}": one.value, f"stderr.{u}": one.stderr}
    slope = measure.power(NEAR, square[:, int(p.u)], bias[int(p.u)])
    return replace(slope, arrays=arrays)


@lru_cache(maxsize=8)
def _beside_the_front(entropy: tuple[int, ...], paths: int) -> Any:
    """Fluctuations about u = 0 along all distances, and then about u = 1."""
    f = _bistable(0.5 - np.tile(NEAR, 2), np.repeat([0.0, 1.0], len(NEAR)))
    return measure.fluctuations(f, entropy, paths)


def _series(x: Any, found: Any) -> Series:
    one = Measurement.mean(found.square.T)
    return Series(
        x, one.value, one.stderr, found.bias, one.dof, converged=bool(np.all(one.converged))
    )


# A population that swings by itself

SWINGS = review.at("shifts without critical slowing down, overcompensation; derived here")
GROWTH = r"N' = N \exp(r (1 - N/K) - b/(1 + N))"
RICKER = Domain(b=Interval(0, 12), r=Values(3.5), K=Values(20.0))


def _growth(N: Any, p: Any) -> Any:
    return N * np.exp(p["r"] * (1 - N / p["K"]) - p["b"] / (1 + N))


def _starts(lanes: int, groups: int, each: int = 16) -> np.ndarray:
    """Numbers about half of the capacity of 20, where the last equilibrium is, in each group."""
    return np.broadcast_to(np.tile(np.linspace(8, 14, each), groups), (lanes, groups * each))


@claim(
    f"{HERE}/overcompensation/extinction",
    source=SWINGS,
    says=rf"{GROWTH}: \quad \text{{no population is kept for }} b > b_c = r (K + 1)^2/(4 K)",
    domain=Domain(r=Interval(3.2, 3.6), K=Interval(16, 24)),
    points=4,
    predicted=theory.last_equilibrium,
    compare=Threshold(relative=5e-3, because="bisected to 2e-3; the claim is exact"),
    wrong={
        "K^2": lambda p: p.r * p.K / 4,
        "at the capacity": lambda p: p.r * (p.K + 1) / 4,
    },
    batched=True,
)
def extinction(p: Point, accuracy: Accuracy) -> Measurement:
    """The b beyond which all populations, of many numbers at the start, die out."""
    r, K = (np.asarray(one, float)[:, None] for one in (p.r, p.K))
    start = K * _starts(len(r), 1) / 20

    def gone(b: np.ndarray) -> tuple[Any, Any]:
        args = {"r": r, "K": K, "b": b[:, None]}
        found = maps.follow(_growth, start, args, accuracy.rng, settle=2000, looks=1, floor=1e-3)
        return np.where(found.alive.any(axis=1), -1.0, 1.0), np.zeros(len(b))

    found = flips.bracket_flips(
        gone, np.full(len(r), 10.0), np.full(len(r), 40.0), relative=2e-3, points=5
    )
    return Measurement.bracket(found.lo, found.hi, converged=found.ok, note=found.reason.tolist())


def _variances(p: Point, accuracy: Accuracy, size: float, later: float = 0.0) -> np.ndarray:
    """Variances of the numbers of populations that were kept, by groups, shape (n, groups)."""
    r, K, b = (np.asarray(one, float)[:, None] for one in (p.r, p.K, p.b))
    groups, each = max(accuracy.draws(32), 2), 16  # two at least, for a spread
    found = maps.follow(
        _growth, _starts(len(r), groups, each), {"r": r, "K": K, "b": b + later}, accuracy.rng,
        noise=size, settle=300, looks=300, floor=1e-3,
    )  # fmt: skip
    alive, mean, square = (one.reshape(len(r), groups, each) for one in found)
    with np.errstate(invalid="ignore"):  # where all of a group are gone
        kept = alive.sum(axis=2)
        middle = np.sum(alive * mean, axis=(1, 2)) / kept.sum(axis=1)
        about = np.where(alive, square - 2 * middle[:, None, None] * mean, 0).sum(axis=2)
        return about / kept + middle[:, None] ** 2


def _change(p: Point, accuracy: Accuracy, *, size: float, later: float) -> Measurement:
    """How much more the logarithm of the variance is a little later, by groups of populations."""
    before, after = (_variances(p, accuracy, size, step) for step in (0.0, later))
    b = np.ravel(np.asarray(p.b, float))
    sweep = {
        "b": np.concatenate([b, b + later]),
        "variance": np.concatenate([before, after]).mean(axis=1),
    }
    change = Measurement.mean(np.log(after / before))
    return replace(change, arrays={f"sweep.{name}": value for name, value in sweep.items()})


def _relative(p: Point, accuracy: Accuracy, *, size: float) -> Measurement:
    """The variance of the numbers over the square of the noise, by groups of populations."""
    return Measurement.mean(_variances(p, accuracy, size) / size**2)


CHANGES: dict[str, Any] = {
    "source": SWINGS,
    "compare": Sign(because="it rises or it falls"),
    "scope": "r = 3.5, K = 20, b_c = 19.3; noise of 2 %, of those that are kept",
    "points": 8,
    "batched": True,
}
variance_falls = claim(
    f"{HERE}/overcompensation/variance-falls",
    says=rf"{GROWTH}: \quad \operatorname{{Var}} N \text{{ falls as }} b \text{{ rises by }} 4",
    domain=RICKER,
    predicted=-1,
    wrong={"it rises": 1},
    **CHANGES,
)(partial(_change, size=0.02, later=4.0))

overcompensation_alarm = claim(
    f"{HERE}/overcompensation/alarm",
    says=rf"{GROWTH}: \quad \operatorname{{Var}} N \text{{ rises as }} b \text{{ rises by }} 4",
    domain=RICKER,
    predicted=1,
    reading=ALARM,
    expected="refuted",
    cause="what varies are the swings of the map itself, and b damps them: the slope at the "
    "equilibrium passes -1 on its way to the fold at 1, and the numbers come to rest in between",
    **CHANGES,
)(partial(_change, size=0.02, later=4.0))

last_rise = claim(
    f"{HERE}/overcompensation/last-rise",
    says=rf"{GROWTH}: \quad \operatorname{{Var}} N \text{{ rises from }} b \text{{ to }} b + 0.25",
    domain=Domain(b=Interval(18.6, 18.9), r=Values(3.5), K=Values(20.0)),
    predicted=1,
    wrong={"it still falls": -1},
    uses=(f"{HERE}/overcompensation/weak-noise",),
    **{**CHANGES, "scope": "r = 3.5, K = 20, within 4 % of b_c = 19.3; noise of 0.01 %"},
)(partial(_change, size=1e-4, later=0.25))

weak_noise = claim(
    f"{HERE}/overcompensation/weak-noise",
    source=SWINGS,
    says=rf"{GROWTH}\,e^{{\sigma \xi}}: \quad \operatorname{{Var}} N / \sigma^2 \to N^2/(1 - s^2),"
    r"\ s \text{ the slope at the upper equilibrium } N",
    domain=Domain(b=Interval(14.5, 19.1), r=Values(3.5), K=Values(20.0)),
    points=8,
    predicted=theory.weak_noise,
    compare=Equal(relative=0.08, because="512 populations of 300 generations know it to a percent"),
    scope="noise of 0.01 %, where the slope is between -1 and 1",
    batched=True,
)(partial(_relative, size=1e-4))


# Noise beside the slow direction

MISSED = review.at("whether fluctuations show a threshold; derived here")
PAIR = r"x' = -\mu x + k y,\ y' = -y"


def _pair(mu: Any, k: Any) -> Any:
    mu = np.asarray(mu, float)
    return measure.field(len(mu), A00=-mu, A01=k, A11=-1.0)


def _columns(mu: Any, k: Any, c: Any, s: Any) -> np.ndarray:
    """One Brownian motion: c along the fast direction (k, mu - 1), and s along x."""
    mu = np.asarray(mu, float)
    columns = np.zeros((len(mu), 2, 2))
    columns[:, 0, 0] = np.asarray(c) * np.asarray(k) + np.asarray(s)
    columns[:, 1, 0] = np.asarray(c) * (mu - 1)
    return columns


@claim(
    f"{HERE}/missed-direction/variance",
    source=MISSED,
    says=rf"{PAIR} \text{{ under noise }} c \text{{ along }} (k, \mu - 1) \text{{ and }} s"
    r" \text{ along } x: \operatorname{Var} x = c^2 k^2/2 + 2 c k s/(1 + \mu) + s^2/(2 \mu)",
    domain=Domain(mu=Log(0.1, 0.5), k=Interval(0.5, 2), c=Values(1.0), s=Values(0.0, 0.5, 1.0)),
    points=8,
    predicted=theory.missed,
    compare=Equal(relative=0.1, because="512 paths know it to a percent"),
    wrong={
        "as if x felt all of it": lambda p: (p.c * p.k + p.s) ** 2 / (2 * p.mu),
        "without the mixed term": lambda p: p.k**2 / 2 + p.s**2 / (2 * p.mu),
    },
    batched=True,
)
def missed_variance(p: Point, accuracy: Accuracy) -> Measurement:
    """The mean square of x along simulated paths, which last 1/mu and much longer."""
    found = measure.fluctuations(
        _pair(p.mu, p.k), accuracy.entropy, accuracy.draws(512),
        columns=_columns(p.mu, p.k, p.c, p.s), step=0.2, quick=True,
    )  # fmt: skip
    return Measurement.mean(found.square.T, bias=found.bias)


@lru_cache(maxsize=8)
def _along(s: float, c: float, near: Any, entropy: tuple[int, ...], paths: int) -> Any:
    mu = np.array(near)
    return measure.fluctuations(
        _pair(mu, 1.0), entropy, paths, columns=_columns(mu, 1.0, c, s), step=0.2, quick=True
    )


#: distances to a threshold that no path feels
NEARER = tuple(np.geomspace(1e-3, 0.4, 12).tolist())


def _approach(p: Point, accuracy: Accuracy, *, s: float, c: float) -> Series:
    """The mean square of x along simulated paths, against the distance to the threshold."""
    # Along the fast direction nothing lasts longer than 1: fewer paths know as much, and nearer.
    near, paths = (NEAR_HOPF, 512) if s else (NEARER, 64)
    return _series(near, _along(s, c, near, accuracy.common, accuracy.draws(paths)))


NEARING: dict[str, Any] = {
    "source": MISSED,
    "domain": Domain(),
    "predicted": -1,
    "compare": Limit(toward="zero", absolute=0.3, because="with the power 0 there is no alarm"),
}
seen = claim(
    f"{HERE}/missed-direction/seen",
    says=rf"{PAIR} \text{{ under noise along }} x: \operatorname{{Var}} x \propto \mu^{{-1}}",
    wrong={"no alarm": 0},
    uses=(f"{HERE}/missed-direction/variance",),
    scope="k = 1",
    **NEARING,
)(partial(_approach, s=1.0, c=0.0))

missed_alarm = claim(
    f"{HERE}/missed-direction/alarm",
    says=rf"{PAIR} \text{{ under noise along }} (k, \mu - 1):"
    r" \operatorname{Var} x \propto \mu^{-1}",
    reading=ALARM,
    expected="refuted",
    cause="noise along the fast direction moves both coordinates and never the slow direction: "
    "the variance of x stays at k²/2",
    uses=(f"{HERE}/missed-direction/variance",),
    scope="k = 1",
    **NEARING,
)(partial(_approach, s=0.0, c=1.0))
