r"""Laws that are not claimed, which each claim of a rate must refute on the data that verify it.

They are 1/T, 1/T^1.5, 1/T^2 and 1/T^3, and exponentials at rates of the order of alpha and of
alpha^3. Each enters as the number that a claim compares, as that law has it where the run ends:
$T^{-s}$ falls at the rate $s/T$ there, and $e^{-\gamma T}$ has the slope $-\gamma T$.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Rate = Callable[[Any, float], Any]

POWERS = {"1/T^0.5": 0.5, "1/T": 1.0, "1/T^1.5": 1.5, "1/T^2": 2.0, "1/T^3": 3.0}
ALPHAS = {"alpha": 1.0, "alpha^3": 3.0}


def of_alpha(p: Any, power: float) -> Any:
    """The rate of the squared error, a step, where the slowest direction has alpha^power."""
    return -2 * np.log(1 - p.eta * p.alpha**power)


def fixed(eta: float, alpha: float) -> Rate:
    """The same of runs that have one eta and one alpha."""
    return lambda p, power: -2 * np.log(1 - eta * alpha**power)


def for_slopes(last: float, claimed: float, rate: Rate = of_alpha) -> dict[str, Any]:
    """In place of the exponent `claimed` in T, along a run until `last`."""
    powers: dict[str, Any] = {name: -s for name, s in POWERS.items() if -s != claimed}
    return powers | {name: _slope(rate, power, last) for name, power in ALPHAS.items()}


def for_decays(last: float, rate: Rate = of_alpha) -> dict[str, Any]:
    """In place of the rate of an exponential, along a run until `last`."""
    powers: dict[str, Any] = {name: s / last for name, s in POWERS.items()}
    return powers | {name: _rate(rate, power) for name, power in ALPHAS.items()}


def for_constants(last: Callable[[Any], Any], claimed: Callable[[Any], Any]) -> dict[str, Any]:
    """In place of the constant of 1/t^2, along a time until `last`, all being equal at time 1."""

    def other(s: float) -> Any:
        return lambda p: claimed(p) * last(p) ** (2 - s)

    def scaled(power: float) -> Any:
        return lambda p: claimed(p) * p.alpha**power

    powers = {name: other(s) for name, s in POWERS.items() if s != 2}
    return powers | {name: scaled(power) for name, power in ALPHAS.items()}


def _slope(rate: Rate, power: float, last: float) -> Any:
    return lambda p: -last * rate(p, power)


def _rate(rate: Rate, power: float) -> Any:
    return lambda p: rate(p, power)
