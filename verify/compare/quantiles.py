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
