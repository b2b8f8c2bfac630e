"""Which regime a run of agents is in: stable, oscillatory or runaway, from its radical counts.

Arrays of counts have shape `(…, steps)`; the second half is what follows the first `steps // 2`
samples. A share exceeds a threshold only if it is greater: 96 of 240 does not exceed 0.40.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

#: the regimes by number
REGIMES = ("stable", "oscillatory", "runaway")
RUNAWAY_ABOVE = 0.40
#: what makes a second half oscillatory: the largest share of the power in one frequency, together
#: with the swing; or the swing alone; or the standard deviation alone
SPECTRAL_SHARE, SPECTRAL_SWING = 0.25, 0.08
SWING = 0.12
DEVIATION = 0.04


def second_half(counts: Any) -> np.ndarray:
    """The samples of the second half of each run."""
    counts = np.asarray(counts)
    return counts[..., counts.shape[-1] // 2 :]


def runaway_whole_run(counts: Any, agents: int, above: float = RUNAWAY_ABOVE) -> np.ndarray:
    """Whether the radical share exceeds a threshold at any time, its transient included.

    This is what the authors' code of arXiv 2605.30392 calls runaway.
    """
    return np.max(_checked(counts, agents), axis=-1) / agents > _share(above)


def runaway_second_half(counts: Any, agents: int, above: float = RUNAWAY_ABOVE) -> np.ndarray:
    """Whether the radical share exceeds a threshold in the second half of the run.

    This is what the text of arXiv 2605.30392 says: statistics of the tail, after the transient.
    """
    return np.max(second_half(_checked(counts, agents)), axis=-1) / agents > _share(above)


def oscillatory(counts: Any, agents: int) -> np.ndarray:
    """Whether the second half swings: by one frequency, by its range, or by its deviation."""
    # In counts, whose sums are exact, so that what lies on a threshold does not exceed it.
    tail = second_half(_checked(counts, agents)).astype(float)
    size = tail.shape[-1]
    swing = (np.max(tail, axis=-1) - np.min(tail, axis=-1)) / agents
    spread = size * np.sum(tail**2, axis=-1) - np.sum(tail, axis=-1) ** 2
    power = np.abs(np.fft.rfft(tail - np.mean(tail, axis=-1, keepdims=True), axis=-1)) ** 2
    power = power[..., 1:]
    total = np.sum(power, axis=-1)
    # A run at rest has no power, and no frequency to be sure.
    share = np.max(power, axis=-1, initial=0.0) / np.where(total > 0, total, 1.0)
    peaked = (share > SPECTRAL_SHARE) & (swing > SPECTRAL_SWING)
    return peaked | (swing > SWING) | (np.sqrt(spread) / (size * agents) > DEVIATION)


def regimes(
    counts: Any, agents: int, runaway: Callable[[Any, int], np.ndarray] = runaway_whole_run
) -> np.ndarray:
    """The number of each run's regime in `REGIMES`; runaway goes first, then oscillatory."""
    swings = oscillatory(counts, agents)
    return np.where(runaway(counts, agents), 2, np.where(swings, 1, 0))


def _share(above: float) -> float:
    if isinstance(above, bool) or not isinstance(above, int | float) or not 0 <= above < 1:
        raise ValueError(f"above={above!r}: a threshold is a share of at least 0 and below 1.")
    return above


def _checked(counts: Any, agents: int) -> np.ndarray:
    counts = np.asarray(counts)
    if isinstance(agents, bool) or not isinstance(agents, int | np.integer) or agents < 1:
        raise ValueError(f"agents={agents!r}: give the whole number of agents, at least 1.")
    if counts.ndim < 1 or counts.shape[-1] < 2:
        raise ValueError(f"counts have shape {counts.shape}; give runs of at least 2 samples.")
    if counts.dtype.kind not in "iuf":
        raise ValueError(f"counts are of type {counts.dtype}; give numbers of agents.")
    if not np.all((counts >= 0) & (counts <= agents)):
        raise ValueError(
            f"counts lie between {counts.min()} and {counts.max()}; there are {agents} agents."
        )
    if np.any(counts != np.round(counts)):
        raise ValueError("counts are not whole: give how many agents are radical, not their share.")
    return counts
