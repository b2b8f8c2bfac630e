"""The delayed replicator family's onsets in their closed forms, and how its memories compare.

The formulas are derived in `theory/`, not quoted; the papers named are those on the subject.
"""

from __future__ import annotations

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
    wesson_rand,
    wesson_rand_rps,
)

distributed = deferred("lemmata.theory.distributed_replicator")
rps = deferred("lemmata.theory.rock_paper_scissors")
two = deferred("lemmata.theory.delayed_replicator")


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
ORDERS = (3, 4, 6, 8, 12, 16)


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
    """The critical means of ever longer chains, carried to 1/k = 0 by polynomials (Richardson).

    How much the shortest chain changes is the error.
    """
    known = arrays(p, "kappa", "x_star")
    n = len(known["kappa"])
    means = [critical_mean(known, np.full(n, k), relative=1e-9) for k in ORDERS]
    values = np.array([one.value for one in means])
    biases = np.array([one.bias for one in means])
    every, fewer = _weights(ORDERS), np.append(0.0, _weights(ORDERS[1:]))
    bias = np.abs((every - fewer) @ values) + np.abs(every) @ biases
    good = np.all([one.converged for one in means], axis=0)
    return Measurement(every @ values, bias=bias, converged=good)


def _weights(orders: tuple[int, ...]) -> np.ndarray:
    """Lagrange's weights at 1/k = 0 of the polynomial in 1/k through values at these k."""
    at = np.array(orders, float)
    apart = at[:, None] - at + np.diag(at)
    return (at[:, None] / apart).prod(axis=1)
