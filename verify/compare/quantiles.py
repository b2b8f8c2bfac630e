"""Quantiles behind every interval: Student's t, and Clopper and Pearson's for counts."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def two_sided(alpha: float, dof: float = float("inf")) -> float:
    """The factor on a standard error that a mean exceeds, either way, with probability `alpha`."""
    from scipy import special

    if dof == float("inf"):
        return float(-special.ndtri(alpha / 2))
    return float(-special.stdtrit(dof, alpha / 2))


@lru_cache(maxsize=4096)
def clopper_pearson(successes: int, trials: int, alpha: float) -> tuple[float, float]:
    """The exact two-sided interval for a binomial probability (Clopper and Pearson 1934)."""
    from scipy import special

    low = 0.0
    high = 1.0
    if successes > 0:
        low = float(special.betaincinv(successes, trials - successes + 1, alpha / 2))
    if successes < trials:
        high = float(special.betaincinv(successes + 1, trials - successes, 1 - alpha / 2))
    return low, high


def paired_difference(
    only_first: int, only_second: int, trials: int, alpha: float
) -> tuple[float, float]:
    """An interval for the difference of two probabilities, from runs that saw both events.

    It is that of "only the first happened" less "only the second did". Each has its exact interval
    at half of alpha, so that both hold together, whatever the dependence between the events.
    """
    first = clopper_pearson(only_first, trials, alpha / 2)
    second = clopper_pearson(only_second, trials, alpha / 2)
    return first[0] - second[1], first[1] - second[0]
