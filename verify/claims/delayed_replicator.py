"""Companions of "Delayed Repression": games with late payoffs.

The formulas are derived in `theory/`, not quoted; the papers named are those on the subject.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Condition,
    Domain,
    Equal,
    Integers,
    Interval,
    Log,
    Measurement,
    Paper,
    Point,
    Threshold,
    claim,
    deferred,
)
from lemmata.verify.compile import compiled
from lemmata.verify.hopf_claims import hopf_claims

cycle_law = deferred("lemmata.solvers.cycle_law")
distributed = deferred("lemmata.theory.distributed_replicator")
flips = deferred("lemmata.solvers.flips")
functional = deferred("lemmata.solvers.functional")
lindstedt = deferred("lemmata.theory.replicator_lindstedt")
rps = deferred("lemmata.theory.rock_paper_scissors")
spectrum = deferred("lemmata.solvers.spectrum")
two = deferred("lemmata.theory.delayed_replicator")

wesson_rand = Paper(
    "Hopf bifurcations in two-strategy delayed replicator dynamics",
    year=2016,
    doi="10.1142/S0218127416500061",
)
wesson_rand_rps = Paper(
    "Hopf bifurcations in delayed rock–paper–scissors replicator dynamics",
    year=2016,
    doi="10.1007/s13235-015-0138-2",
)
ben_khalifa = Paper(
    "Hopf Bifurcations in Replicator Dynamics with Distributed Delays",
    year=2017,
    arxiv="1703.06721",
)

game = Domain(kappa=Log(0.1, 10), x_star=Interval(0.1, 0.9))
exact = "bisected to 1e-7; the claim is exact"

both_payoffs = hopf_claims(
    two.system,
    domain=game,
    id="delayed-replicator/both-payoffs",
    source=wesson_rand.at("two strategies, all payoffs delayed"),
)

# The laws of this cycle are formulas of two thousand terms, which say nothing to a reader.
opposite_payoffs = hopf_claims(
    two.opposite_system,
    domain=Domain(a=Interval(0, 1), b=Interval(1.5, 3), c=Interval(1.5, 3), d=Interval(0, 1)),
    id="delayed-replicator/opposite-payoffs",
    source=wesson_rand.at("two strategies, payoffs against the other one delayed"),
    only=("critical-delay", "crossing-speed", "criticality"),
)


@claim(
    "delayed-replicator/symmetric-period",
    source=wesson_rand.at("the cycle of two equal strategies"),
    says=r"x^* = \tfrac12:\quad \text{the period is } 4 T \text{ exactly}",
    domain=Domain(
        T=Log(0.1, 10),
        strength=Interval(6.7, 11),
        defining={"kappa": lambda p: p.strength / p.T},
    ),
    predicted=lindstedt.symmetric_period,
    compare=Equal(relative=1e-5, because="periods of simulated cycles are known to 1e-7"),
    batched=True,
)
def symmetric_period(p: Point, accuracy: Accuracy) -> Measurement:
    """The period of simulated cycles, as far beyond the onset as the strength takes them."""
    model = compiled(two.system)
    n = np.shape(p.kappa)
    args = {"kappa": np.asarray(p.kappa, float), "x_star": np.full(n, 0.5)}
    found = cycle_law.simulated_cycles(
        model.field, args["x_star"], np.asarray(p.T, float), args,
        perturbation=np.full(n, 0.1), delays=1600, steps_per_delay=8 * accuracy.steps(8),
    )  # fmt: skip
    settled = np.isfinite(found.period_error)
    return Measurement(found.period, bias=found.period_error, converged=settled)


@claim(
    "delayed-replicator/rock-paper-scissors",
    source=wesson_rand_rps.at("all payoffs delayed"),
    says=r"T_c = \frac{3}{\sqrt{a^2 + ab + b^2}} \arctan\frac{a - b}{\sqrt3 (a + b)}",
    domain=Domain(
        a=Log(0.3, 10),
        b=Log(0.2, 5),
        where=(Condition("a win is worth clearly more: a > 1.1 b", lambda p: p.a > 1.1 * p.b),),
    ),
    predicted=rps.critical_delay,
    compare=Threshold(relative=1e-4, because=exact),
    batched=True,
)
def rock_paper_scissors(p: Point, accuracy: Accuracy) -> Measurement:
    """The delay at which the rightmost characteristic root enters the right half plane."""
    return critical_delay(rps.system, arrays(p, "a", "b"), accuracy, lo=1e-3)


@claim(
    "delayed-replicator/uniform-memory",
    source=ben_khalifa.at("delays uniform on [0, D]"),
    says=r"D_c = \pi^2 / (2 \delta), \qquad \delta = \kappa x^* (1 - x^*)",
    domain=game,
    predicted=distributed.uniform_critical_span,
    compare=Threshold(relative=1e-4, because=exact),
    batched=True,
)
def uniform_memory(p: Point, accuracy: Accuracy) -> Measurement:
    """The span at which a root enters the right half plane, the one that is always 0 left out."""
    return critical_span(arrays(p, "kappa", "x_star"), accuracy)


@claim(
    "delayed-replicator/gamma-memory",
    source=ben_khalifa.at("delays of a gamma distribution of order k and mean m"),
    says=r"m_c = k \tan\frac{\pi}{2k} \Big/ \Big(\delta \cos^k \frac{\pi}{2k}\Big)",
    domain=Domain(**game.axes, k=Integers(2, 8), where=game.where, defining=game.defining),
    predicted=distributed.gamma_critical_mean,
    compare=Threshold(relative=1e-4, because=exact),
    batched=True,
)
def gamma_memory(p: Point, accuracy: Accuracy) -> Measurement:
    """The mean at which an eigenvalue of the linear chain enters the right half plane."""
    return critical_mean(arrays(p, "kappa", "x_star"), np.asarray(p.k, int))


def arrays(p: Point, *names: str) -> dict[str, np.ndarray]:
    """The named coordinates of all points, as arrays of floats."""
    return {name: np.asarray(p[name], float) for name in names}


def critical_delay(
    system: Any, known: dict[str, np.ndarray], accuracy: Accuracy, *, lo: float = 0.3
) -> Measurement:
    """The delay at which the rightmost root of the linearised system begins to grow."""
    matrices = linear_matrices(compiled(system), known)

    def grows(delay: np.ndarray) -> tuple[Any, Any]:
        found = spectrum.rightmost(matrices[:, 0], matrices[:, 1], delay, nodes=accuracy.steps(20))
        return found.root.real, found.error

    return _bracketed(grows, np.linalg.norm(matrices[:, 1], 2, (-2, -1)), lo=lo)


def abscissa(
    system: Any, known: dict[str, np.ndarray], delay: Any, accuracy: Accuracy
) -> Measurement:
    """The real part of the rightmost root of the linearised system at given delays."""
    matrices = linear_matrices(compiled(system), known)
    found = spectrum.rightmost(
        matrices[:, 0], matrices[:, 1], np.asarray(delay, float), nodes=accuracy.steps(48)
    )
    return Measurement(found.root.real, bias=found.error)


def critical_span(known: dict[str, np.ndarray], accuracy: Accuracy) -> Measurement:
    """The span of a uniform memory at which a root other than 0 begins to grow."""
    model = compiled(distributed.uniform_system)
    nodes = accuracy.steps(24)

    def grows(span: np.ndarray) -> tuple[Any, Any]:
        matrices = linear_matrices(model, {**known, "D": span})
        coarse, fine = (
            _second(spectrum.characteristic_roots(matrices[:, 0], matrices[:, 1], span, nodes=n))
            for n in (nodes, nodes + 12)
        )
        return fine, np.abs(fine - coarse) + 1e-10 / span

    slope = np.abs(linear_matrices(model, {**known, "D": np.ones_like(known["kappa"])})[:, 0, 0, 1])
    return _bracketed(grows, slope, lo=0.3)


def critical_mean(
    known: dict[str, np.ndarray], orders: np.ndarray, *, relative: float = 1e-7
) -> Measurement:
    """The mean of a gamma memory at which an eigenvalue of its chain of stages begins to grow."""

    def grows(mean: np.ndarray) -> tuple[Any, Any]:
        found = np.empty(len(mean))
        for k in np.unique(orders):
            lanes = orders == k
            here = {name: v[lanes] for name, v in known.items()} | {"m": mean[lanes]}
            jacobians = linear_matrices(compiled(_chain(int(k))), here)[:, 0]
            found[lanes] = np.linalg.eigvals(jacobians).real.max(axis=-1)
        return found, 1e-11 / mean

    slope = known["kappa"] * known["x_star"] * (1 - known["x_star"])
    return _bracketed(grows, slope, lo=0.3, relative=relative)


@lru_cache
def _chain(k: int) -> Any:
    return partial(distributed.gamma_system, k)


def linear_matrices(model: Any, args: dict[str, Any]) -> np.ndarray:
    """The linearisation at rest, (lanes, 1 + delays, n, n)."""
    missing = {name: np.ones_like(next(iter(args.values()))) for name in model.parameters}
    return np.asarray(_linearised(model)({**missing, **args}))


@lru_cache
def _linearised(model: Any) -> Any:
    import jax

    def lane(a: Any) -> Any:
        return functional.linear_part(model.field, model.delays, model.equilibrium(a), a)[0]

    return jax.jit(jax.vmap(lane))


def _second(roots: np.ndarray) -> np.ndarray:
    """The largest real part when the root nearest to zero is left out."""
    nearest = np.argmin(np.abs(roots), axis=-1)
    kept = np.real(roots).copy()
    np.put_along_axis(kept, nearest[:, None], -np.inf, axis=-1)
    return kept.max(axis=-1)


def _bracketed(grows: Any, slope: np.ndarray, *, lo: float, relative: float = 1e-7) -> Measurement:
    """The flip between `lo` and ten times the scale of time."""
    found = flips.bracket_flips(grows, lo / slope, 10 / slope, relative=relative)
    return Measurement.bracket(
        found.lo, found.hi, converged=found.ok, note=[str(reason) for reason in found.reason]
    )
