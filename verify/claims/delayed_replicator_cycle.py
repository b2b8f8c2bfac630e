"""The cycle of the delayed replicator equation as Lindstedt's method gives it, and its controls.

With u = x - x* = eps cos s + ..., A = (1 - 2x*) / (x*(1 - x*)), B = 1 / (x*(1 - x*)) and
mu = (T - T_c) / T_c. The controls are delays that destabilise nothing.
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
    Log,
    Measurement,
    Point,
    Sign,
    claim,
    deferred,
)
from lemmata.verify.claims.delayed_replicator import (
    abscissa,
    arrays,
    ben_khalifa,
    game,
    linear_matrices,
    wesson_rand,
)
from lemmata.verify.compile import compiled
from lemmata.verify.cycle_claims import Turned

distributed = deferred("lemmata.theory.distributed_replicator")
lindstedt = deferred("lemmata.theory.replicator_lindstedt")
two = deferred("lemmata.theory.delayed_replicator")

close = "orbits at six amplitudes carry it to 1e-6"
turned = Turned(two.system, "T", parameters=(0.5, 100.0), frequencies=(0.02, 2.0))
#: kappa sets the scale of time and nothing else
slow = Domain(kappa=Log(0.3, 3), x_star=game.axes["x_star"])


def _of_the_cycle(name: str, says: str, predicted: Any, rule: Any) -> Any:
    return claim(
        f"delayed-replicator/both-payoffs/{name}",
        source=wesson_rand.at("two strategies, all payoffs delayed: Lindstedt's expansion"),
        says=says, domain=slow, predicted=predicted, compare=rule, batched=True,
        uses=("delayed-replicator/both-payoffs/critical-delay",),
    )  # fmt: skip


def _measured(law: Any, value: Any, error: Any) -> Measurement:
    return Measurement(
        np.asarray(value), bias=np.asarray(error), converged=np.asarray(law.converged)
    )


_SCALED = Equal(relative=1e-4, because=close)
_SMALL = Equal(relative=1e-4, absolute=1e-5, because=close)


@_of_the_cycle(
    "lindstedt-amplitude",
    r"\epsilon^2 = \mu \Big/ \Big(\frac{B}{4} + A^2 \frac{3\pi - 2}{20\pi}\Big) + \dots",
    lindstedt.amplitude,
    _SCALED,
)
def lindstedt_amplitude(p: Point, accuracy: Accuracy) -> Measurement:
    """The limit of eps^2 / mu from periodic orbits by collocation."""
    law = turned.law(p)
    value = law.amplitude_squared * law.parameter
    error = law.amplitude_squared_error * law.parameter
    return _measured(law, value, error + np.abs(value) * law.parameter_error / law.parameter)


@_of_the_cycle(
    "lindstedt-frequency",
    r"\omega/\delta = 1 - \epsilon^2 \Big(\frac{B}{4} + \frac{3 A^2}{20}\Big) + \dots",
    lindstedt.frequency_shift,
    _SCALED,
)
def lindstedt_frequency(p: Point, accuracy: Accuracy) -> Measurement:
    """The limit of (omega / omega_c - 1) / eps^2 from the periods of the orbits."""
    law = turned.law(p)
    value = -law.period_slope / law.amplitude_squared
    relative = law.amplitude_squared_error / np.abs(law.amplitude_squared)
    error = law.period_slope_error / np.abs(law.amplitude_squared) + np.abs(value) * relative
    return _measured(law, value, error)


@_of_the_cycle(
    "second-harmonic-cosine",
    r"u = \epsilon \cos s + \epsilon^2 A \left(\tfrac15 \cos 2s + \dots\right) + \dots",
    lindstedt.second_cosine,
    _SMALL,
)
def second_cosine(p: Point, accuracy: Accuracy) -> Measurement:
    """The part of the orbits' second harmonic in phase with the first, over eps^2."""
    law = turned.law(p)
    return _measured(law, np.real(law.second_harmonic), law.shape_error)


@_of_the_cycle(
    "second-harmonic-sine",
    r"u = \epsilon \cos s + \epsilon^2 A \left(\dots + \tfrac1{10} \sin 2s\right) + \dots",
    lindstedt.second_sine,
    _SMALL,
)
def second_sine(p: Point, accuracy: Accuracy) -> Measurement:
    """The part of the orbits' second harmonic a quarter turn behind, over eps^2."""
    law = turned.law(p)
    return _measured(law, -np.imag(law.second_harmonic), law.shape_error)


@_of_the_cycle(
    "mean", r"\bar u = 0 \cdot \epsilon^2 + \dots", 0, Equal(absolute=1e-5, because=close)
)
def mean(p: Point, accuracy: Accuracy) -> Measurement:
    """The shift of the orbits' mean over eps^2."""
    law = turned.law(p)
    return _measured(law, law.mean_shift, law.shape_error)


payoffs = Interval(0.1, 3)
coordination = Condition(
    "b > d and c > a: both strategies live on", lambda p: p.b > p.d and p.c > p.a
)
longest = "at random delays up to 6, or means up to 30, the payoffs being of order one"


def _control(name: str, says: str, source: Any, domain: Domain) -> Any:
    return claim(
        f"delayed-replicator/{name}", source=source, says=says, domain=domain, predicted=-1,
        compare=Sign(because="stable or not"), reading=longest, batched=True,
    )  # fmt: skip


@_control(
    "delayed-birth",
    r"\mathrm{Re}\,\lambda < 0 \text{ for every delay between payoff and birth}",
    wesson_rand.at("the control after Alboszta and Miekisz: a delay of births"),
    Domain(a=payoffs, b=payoffs, c=payoffs, d=payoffs, T=Log(0.01, 6), where=(coordination,)),
)
def delayed_birth(p: Point, accuracy: Accuracy) -> Measurement:
    """The real part of the rightmost root."""
    return abscissa(two.birth_system, arrays(p, "a", "b", "c", "d"), p.T, accuracy)


@_control(
    "opposite-payoffs/no-onset",
    r"a + d \le -(b + c):\quad \mathrm{Re}\,\lambda < 0 \text{ for every delay}",
    wesson_rand.at("two strategies, payoffs against the other one delayed"),
    Domain(
        a=Interval(-4, 0), b=Interval(0.3, 3), c=Interval(0.3, 3), d=Interval(-4, 0),
        T=Log(0.01, 6),
        where=(
            Condition(
                "a + d < -(b + c), and b > d, c > a",
                lambda p: p.a + p.d < -(p.b + p.c) - 0.1 and p.b > p.d + 0.1 and p.c > p.a + 0.1,
            ),
        ),
    ),
)  # fmt: skip
def no_onset(p: Point, accuracy: Accuracy) -> Measurement:
    """The real part of the rightmost root."""
    return abscissa(two.opposite_system, arrays(p, "a", "b", "c", "d"), p.T, accuracy)


@_control(
    "gamma-memory/order-one",
    r"k = 1:\quad \mathrm{Re}\,\lambda < 0 \text{ for every mean}",
    ben_khalifa.at("exponentially distributed delays"),
    Domain(kappa=Log(0.1, 10), x_star=Interval(0.1, 0.9), m=Log(0.01, 30)),
)
def order_one(p: Point, accuracy: Accuracy) -> Measurement:
    """The largest real part of the linear chain's eigenvalues."""
    known = arrays(p, "kappa", "x_star", "m")
    model = compiled(partial(distributed.gamma_system, 1))
    roots = np.linalg.eigvals(linear_matrices(model, known)[:, 0])
    return Measurement(roots.real.max(axis=-1), bias=1e-12 * np.abs(roots).max(axis=-1))
