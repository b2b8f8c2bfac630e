"""The delayed replicator family's onsets in their closed forms, and how its memories compare.

The formulas are derived in `theory/`, not quoted; the papers named are those on the subject.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lemmata.verify.api import (
    Accuracy,
    Condition,
    Domain,
    Equal,
    Interval,
    Log,
    Measurement,
    Point,
    Sign,
    Threshold,
    claim,
    deferred,
)
from lemmata.verify.claims.delayed_replicator import (
    abscissa,
    arrays,
    ben_khalifa,
    critical_delay,
    critical_mean,
    critical_span,
    exact,
    game,
    linear_matrices,
    rock_paper_scissors,
    wesson_rand,
    wesson_rand_rps,
)
from lemmata.verify.compile import compiled

distributed = deferred("lemmata.theory.distributed_replicator")
rps = deferred("lemmata.theory.rock_paper_scissors")
spectrum = deferred("lemmata.solvers.spectrum")
to_zero = deferred("lemmata.solvers.to_zero")
two = deferred("lemmata.theory.delayed_replicator")

at_onset = "read at a delay that is bisected to 1e-7; the claim is exact"


@claim(
    "delayed-replicator/both-payoffs/closed-form",
    source=wesson_rand.at("two strategies, all payoffs delayed"),
    says=r"T_c = \frac{\pi}{2 \delta}, \qquad \delta = \kappa x^* (1 - x^*)",
    domain=game,
    predicted=two.critical_delay,
    compare=Threshold(relative=1e-5, because=exact),
    batched=True,
)
def both_payoffs(p: Point, accuracy: Accuracy) -> Measurement:
    """The delay at which the rightmost characteristic root enters the right half plane."""
    return critical_delay(two.system, arrays(p, "kappa", "x_star"), accuracy)


@claim(
    "delayed-replicator/both-payoffs/frequency",
    source=wesson_rand.at("two strategies, all payoffs delayed: the pair that crosses"),
    says=r"T = T_c:\quad \lambda = \pm i\,\omega_c, \qquad \omega_c = \delta",
    domain=game,
    predicted=two.frequency,
    compare=Equal(relative=1e-5, because=at_onset),
    uses=("delayed-replicator/both-payoffs/closed-form",),
    batched=True,
)
def both_payoffs_frequency(p: Point, accuracy: Accuracy) -> Measurement:
    """The imaginary part of the rightmost root at the delay where its real part changes sign."""
    return onset_frequency(two.system, arrays(p, "kappa", "x_star"), accuracy)


@claim(
    "delayed-replicator/opposite-payoffs/closed-form",
    source=wesson_rand.at("two strategies, payoffs against the other one delayed"),
    says=r"T_c = \frac{\arccos(P/Q)}{S \sqrt{Q^2 - P^2}}, \qquad"
    r" P = a + d,\quad Q = b + c,\quad S = x^* (1 - x^*)",
    domain=Domain(
        a=Interval(-1.2, 1.2), b=Interval(0.5, 3), c=Interval(0.5, 3), d=Interval(-1.2, 1.2),
        where=(
            Condition(
                "both strategies live on: b > d + 0.1 and c > a + 0.1",
                lambda p: p.b > p.d + 0.1 and p.c > p.a + 0.1,
            ),
            Condition("|a + d| < 0.85 (b + c)", lambda p: abs(p.a + p.d) < 0.85 * (p.b + p.c)),
        ),
    ),
    predicted=two.opposite_critical_delay,
    compare=Threshold(relative=1e-5, because=exact),
    batched=True,
)  # fmt: skip
def opposite_payoffs(p: Point, accuracy: Accuracy) -> Measurement:
    """The delay at which the rightmost characteristic root enters the right half plane."""
    return critical_delay(two.opposite_system, arrays(p, "a", "b", "c", "d"), accuracy)


@claim(
    "delayed-replicator/rock-paper-scissors/without-delay",
    source=wesson_rand_rps.at("no delay: the eigenvalue c of the game"),
    says=r"T = 0:\quad \max \mathrm{Re}\,\lambda = \mathrm{Re}\, c = \frac{b - a}{6}",
    domain=Domain(a=Log(0.3, 10), b=Log(0.2, 5)),
    predicted=rps.growth_without_delay,
    compare=Equal(absolute=1e-10, because="eigenvalues of order one, to round-off"),
    batched=True,
)
def without_delay(p: Point, accuracy: Accuracy) -> Measurement:
    """The largest real part of the eigenvalues of the linearised system without delay."""
    matrices = linear_matrices(compiled(rps.system), arrays(p, "a", "b"))
    roots = np.linalg.eigvals(matrices.sum(axis=1))
    size = np.linalg.norm(matrices, axis=(-2, -1)).sum(axis=1)
    return Measurement(roots.real.max(axis=-1), bias=1e-13 * size)


@claim(
    "delayed-replicator/rock-paper-scissors/frequency",
    source=wesson_rand_rps.at("all payoffs delayed: the pair that crosses"),
    says=r"T = T_c:\quad \lambda = \pm i\,\omega, \qquad"
    r" \omega = |c| = \tfrac13 \sqrt{a^2 + ab + b^2}",
    domain=rock_paper_scissors.domain,
    predicted=rps.frequency,
    compare=Equal(relative=1e-5, because=at_onset),
    uses=("delayed-replicator/rock-paper-scissors",),
    batched=True,
)
def rock_paper_scissors_frequency(p: Point, accuracy: Accuracy) -> Measurement:
    """The imaginary part of the rightmost root at the delay where its real part changes sign."""
    return onset_frequency(rps.system, arrays(p, "a", "b"), accuracy, lo=1e-3)


@claim(
    "delayed-replicator/rock-paper-scissors/zero-sum",
    source=wesson_rand_rps.at("all payoffs delayed, a = b"),
    says=r"a = b:\quad \max \mathrm{Re}\,\lambda > 0 \text{ for every delay } T > 0",
    reading="at random delays from 1e-4 to 6",
    domain=Domain(a=Log(0.3, 3), T=Log(1e-4, 6)),
    predicted=1,
    compare=Sign(because="stable or not"),
    batched=True,
)
def zero_sum(p: Point, accuracy: Accuracy) -> Measurement:
    """The real part of the rightmost root."""
    known = arrays(p, "a")
    return abscissa(rps.system, {**known, "b": known["a"]}, p.T, accuracy)


@claim(
    "delayed-replicator/uniform-memory/mean-ratio",
    source=ben_khalifa.at("delays uniform on [0, D], against a single delay"),
    says=r"\frac{D_c / 2}{T_c} = \frac{\pi}{2}",
    domain=game,
    predicted=distributed.uniform_mean_ratio,
    compare=Equal(relative=1e-5, because="both onsets are bisected to 1e-7; the claim is exact"),
    uses=("delayed-replicator/uniform-memory", "delayed-replicator/both-payoffs/closed-form"),
    batched=True,
)
def mean_ratio(p: Point, accuracy: Accuracy) -> Measurement:
    """Half of the critical span, from its roots, over the critical single delay, from its own."""
    known = arrays(p, "kappa", "x_star")
    span = critical_span(known, accuracy)
    delay = critical_delay(two.system, known, accuracy)
    value = np.asarray(span.value) / (2 * np.asarray(delay.value))
    relative = np.asarray(span.bias) / span.value + np.asarray(delay.bias) / delay.value
    both = np.logical_and(span.converged, delay.converged)
    # 1.01: for the product of the two relative errors.
    return Measurement(value, bias=1.01 * value * relative, converged=both)


#: the stages of the chains whose critical means are carried to the limit
ORDERS = (5, 6, 8, 10, 13, 16)


@claim(
    "delayed-replicator/gamma-memory/limit",
    source=ben_khalifa.at("delays of a gamma distribution, ever sharper"),
    says=r"m_c(k) \to \frac{\pi}{2 \delta} \quad (k \to \infty)",
    reading="m_c has an expansion in powers of 1/k",
    domain=game,
    predicted=distributed.gamma_limit,
    compare=Equal(relative=1e-3, because="chains of up to 16 stages carry it to 3e-4"),
    uses=("delayed-replicator/gamma-memory",),
    batched=True,
)
def gamma_limit(p: Point, accuracy: Accuracy) -> Measurement:
    """The critical means of ever longer chains, carried to 1/k = 0 by polynomials (Richardson)."""
    known = arrays(p, "kappa", "x_star")
    n = len(known["kappa"])
    means = [critical_mean(known, np.full(n, k), relative=1e-9) for k in ORDERS]
    shares = np.tile(1 / np.array(ORDERS), (n, 1))
    values = np.stack([one.value for one in means], axis=1)
    biases = np.stack([np.asarray(one.bias) for one in means], axis=1)
    limit = to_zero.to_zero(shares, values, biases)
    good = np.all([one.converged for one in means], axis=0) & np.isfinite(limit.value_error)
    return Measurement(limit.value, bias=limit.value_error, converged=good)


def onset_frequency(
    system: Any, known: dict[str, np.ndarray], accuracy: Accuracy, *, lo: float = 0.3
) -> Measurement:
    """The imaginary part of the rightmost root between the ends of the bracket of the onset.

    How much it changes from one end to the other is part of the error.
    """
    onset = critical_delay(system, known, accuracy, lo=lo)
    matrices = linear_matrices(compiled(system), known)
    there = np.isfinite(onset.value) & np.isfinite(onset.bias)  # a lane without an onset has none
    ends = [np.where(there, onset.value + side * onset.bias, 1.0) for side in (-1, 1)]
    low, high = (
        spectrum.rightmost(matrices[:, 0], matrices[:, 1], end, nodes=accuracy.steps(20))
        for end in ends
    )
    below, above = low.root.imag, high.root.imag
    bias = np.abs(above - below) + np.maximum(low.error, high.error)
    return Measurement(
        (below + above) / 2, bias=np.where(there, bias, np.inf),
        converged=there & onset.converged, note=onset.note,
    )  # fmt: skip
