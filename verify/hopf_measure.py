"""Measure what happens where a steady state of a scalar delay equation turns unstable.

Every function takes the equation as a function, its steady states and its parameters, and no
formula: derivatives are automatic, roots are those of the discretised linear problem, cycles are
simulated.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lemmata.verify.accuracy import Accuracy
from lemmata.verify.deferred import deferred
from lemmata.verify.measurement import Measurement

cycle_law = deferred("lemmata.solvers.cycle_law")
flips = deferred("lemmata.solvers.flips")
growth = deferred("lemmata.solvers.growth")
spectrum = deferred("lemmata.solvers.spectrum")

Grows = Callable[[np.ndarray], tuple[Any, Any]]


@dataclass(frozen=True, eq=False)
class Resting:
    """A scalar equation at its steady states, one a lane.

    `field`: `f(t, y, ylag, args)`; `state`: shape (n,); `args`: arrays of shape (n,).
    """

    field: Callable[..., Any]
    state: Any
    args: dict[str, Any]
    _linear: list[tuple[np.ndarray, np.ndarray]] = dataclasses.field(default_factory=list)

    @property
    def linear(self) -> tuple[np.ndarray, np.ndarray]:
        """The derivatives by the present and the delayed state, shape (n,) each."""
        if not self._linear:
            here, lagged = spectrum.linearise_lanes(self.field, self.state, self.args)
            self._linear.append((np.asarray(here), np.asarray(lagged)))
        return self._linear[0]

    @property
    def steepness(self) -> np.ndarray:
        """The size of the linearisation: one over the scale of time."""
        here, lagged = self.linear
        return np.abs(here) + np.abs(lagged)

    @property
    def scale(self) -> np.ndarray:
        """The deviation at which the equation is no longer linear.

        Where no second or third derivative tells, that is the size of the state, or one.
        """
        found = np.asarray(growth.nonlinear_scale(self.field, self.state, self.args))
        return np.where(np.isposinf(found), np.maximum(1.0, np.abs(self.state)), found)


def critical_delay(at: Resting, accuracy: Accuracy) -> Measurement:
    """The delay at which small perturbations of the nonlinear equation begin to grow."""
    kick = 1e-6 * at.scale

    def grows(delay: np.ndarray) -> tuple[Any, Any]:
        found = growth.dde_growth(
            at.field, at.state, delay, at.args,
            perturbation=kick, steps_per_delay=8 * accuracy.steps(4),
        )  # fmt: skip
        return found.rate, found.error

    return bracketed(grows, at.steepness, relative=1e-4 / accuracy.effort)


def critical_delay_by_roots(at: Resting, accuracy: Accuracy, relative: float = 1e-7) -> Measurement:
    """The delay at which the rightmost characteristic root enters the right half plane."""
    return bracketed(abscissa(at, accuracy), at.steepness, relative=relative / accuracy.effort)


def crossing_speed(at: Resting, accuracy: Accuracy) -> Measurement:
    """The slope, at the delay where it vanishes, of the rightmost root's real part in the delay."""
    return _speed_at(critical_delay_by_roots(at, accuracy, relative=1e-9), at, accuracy)


def _speed_at(onset: Measurement, at: Resting, accuracy: Accuracy) -> Measurement:
    real_part = abscissa(at, accuracy)
    h = 1e-3 / accuracy.effort**0.5
    coarse, fine = (_slope(real_part, onset.value, spacing) for spacing in (2 * h, h))
    value = fine[0] + (fine[0] - coarse[0]) / 3  # Richardson: central differences err by h squared
    return Measurement(
        value,
        bias=np.abs(fine[0] - coarse[0]) / 3 + coarse[1] + fine[1],
        converged=onset.converged,
        note=onset.note,
    )


@dataclass(frozen=True)
class Birth:
    """The cycle as it is born: onset, speed of the crossing roots, and laws of the cycle."""

    onset: Measurement
    speed: Measurement
    laws: Any

    @property
    def converged(self) -> np.ndarray:
        """Whether everything below the numbers did."""
        parts = (self.onset.converged, self.speed.converged, self.laws.converged)
        return np.logical_and.reduce([np.asarray(part) for part in parts])

    @property
    def amplitude(self) -> Measurement:
        """The limit of A^2 / (delay - onset), A being the first harmonic's amplitude.

        Attached are the single cycles of all lanes, for a picture of the law.
        """
        told = self._told(self.laws.amplitude, self.laws.amplitude_error)
        cycles = {
            "onset": self.onset.value,
            "distance": self.laws.distances,
            "amplitude": self.laws.amplitudes,
            "amplitude error": self.laws.amplitude_errors,
        }
        # An axis in front, or each point would keep its own alone.
        whole = {name: np.asarray(value)[None] for name, value in cycles.items()}
        return dataclasses.replace(told, arrays=whole)

    @property
    def period(self) -> Measurement:
        """The slope of the period in the delay, at the onset."""
        return self._told(self.laws.period, self.laws.period_error)

    @property
    def period_at_onset(self) -> Measurement:
        """The limit of the period at the onset."""
        return self._told(self.laws.period_at_onset, self.laws.period_at_onset_error)

    @property
    def coefficient(self) -> Measurement:
        """Re c1: at rest -Re lambda' (delay - onset) = Re c1 |z|^2, and A = 2 |z|."""
        value = -4 * self.speed.value / self.laws.amplitude
        relative = self.laws.amplitude_error / np.abs(self.laws.amplitude)
        relative = relative + self.speed.bias / np.abs(self.speed.value)
        return self._told(value, np.abs(value) * relative)

    def _told(self, value: Any, error: Any) -> Measurement:
        found, settled = (np.asarray(v) for v in (self.onset.converged, self.laws.settled))
        note = np.where(settled, _NOT_CARRIED, "a simulated cycle did not settle")
        note = np.where(found, note, np.asarray(self.onset.note))
        note = np.where(self.converged, "", note).tolist()
        return Measurement(value, bias=error, converged=self.converged, note=note)


_NOT_CARRIED = (
    "the laws of the simulated cycles cannot be carried to the onset; they bend too much, or the "
    "cycles do not begin there"
)


def birth(at: Resting, accuracy: Accuracy) -> Birth:
    """Simulate the cycle at several delays just above the onset, and carry its laws there.

    Claims on amplitude, period and coefficient read the same simulations, which are made once.
    """
    values = [at.state, *(at.args[name] for name in sorted(at.args))]
    key = (at.field, accuracy.effort, *(np.asarray(v).tobytes() for v in values))
    if key not in _BIRTHS:
        if len(_BIRTHS) >= _KEPT:
            _BIRTHS.clear()
        _BIRTHS[key] = _simulated_birth(at, accuracy)
    return _BIRTHS[key]


_BIRTHS: dict[Any, Birth] = {}
_KEPT = 32


def _simulated_birth(at: Resting, accuracy: Accuracy) -> Birth:
    onset = critical_delay_by_roots(at, accuracy, relative=1e-10)
    speed = _speed_at(onset, at, accuracy)
    laws = cycle_law.cycle_laws(
        at.field, at.state, onset.value, at.args, scale=at.scale, crossing_speed=speed.value,
        steps_per_delay=8 * accuracy.steps(4),
        nearer=min(accuracy.effort, 4.0) ** 0.5,
    )  # fmt: skip
    return Birth(onset, speed, laws)


def abscissa(at: Resting, accuracy: Accuracy) -> Grows:
    """A function of the delay: real part of the rightmost root, and its error."""

    def real_part(delay: np.ndarray) -> tuple[Any, Any]:
        there = np.isfinite(delay)  # a lane without an onset has none
        lag = np.where(there, delay, 1.0)
        # As many nodes as the largest root in the right half plane may need.
        reach = int(np.ceil(np.max(at.steepness * lag)))
        found = spectrum.rightmost(*at.linear, lag, nodes=max(accuracy.steps(20), reach + 1))
        return np.where(there, found.root.real, np.nan), np.where(there, found.error, np.inf)

    return real_part


def bracketed(grows: Grows, steepness: np.ndarray, *, relative: float) -> Measurement:
    """The delay at which growth begins, searched from a tenth to fifty times the scale of time."""
    found = flips.bracket_flips(
        grows, 0.1 / steepness, 50 / steepness, relative=relative, points=18
    )
    return Measurement.bracket(
        found.lo, found.hi, converged=found.ok, note=[str(reason) for reason in found.reason]
    )


def _slope(real_part: Grows, delay: np.ndarray, h: float) -> tuple[Any, Any]:
    """A central difference with relative spacing h, and what the roots' errors add to its own."""
    above, below = real_part(delay * (1 + h)), real_part(delay * (1 - h))
    return (above[0] - below[0]) / (2 * h * delay), (above[1] + below[1]) / (2 * h * delay)
