r"""How heavy the tail of some draws is: whether their mean has a standard error at all.

$P(X > x) \sim x^{-\alpha}$: without a variance where $\alpha \le 2$, without a mean where
$\alpha \le 1$. Hill, Ann. Statist. 3 (1975) 1163.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

#: the share of draws that are taken for the tail, and how many that must be
SHARE, LEAST = 0.02, 50
#: standard errors by which an index must be clear of 2
CLEAR = 3.0


class Tail(NamedTuple):
    """Hill's estimate of the index, and its standard error; an infinite index if all are alike."""

    exponent: float
    stderr: float

    @property
    def has_variance(self) -> bool:
        """Whether the draws show it; a tail that is too close to tell does not."""
        return bool(self.exponent - CLEAR * self.stderr > 2)


def tail_index(draws: Any) -> Tail:
    """The index of the upper tail of positive draws.

    **Raises:** `ValueError` for draws that are not positive, or too few to have a tail.
    """
    y = np.sort(np.asarray(draws, dtype=float).ravel())
    k = int(SHARE * len(y))
    if k < LEAST:
        raise ValueError(
            f"{len(y)} draws have too few in their tail; give at least {int(LEAST / SHARE)}."
        )
    if not (y[0] > 0 and np.isfinite(y[-1])):
        raise ValueError(
            f"draws from {y[0]} to {y[-1]} must be positive and finite for an index of their tail."
        )
    mean = float(np.mean(np.log(y[-k:] / y[-k - 1])))
    if mean == 0:
        return Tail(np.inf, 0.0)
    return Tail(1 / mean, float(1 / mean / np.sqrt(k)))
