"""How often simulated populations of agents run away: what claims about them have in common.

Many claims read the same simulations. A cell is simulated once for each look that a run takes at
its claims, whichever of them asks first, and kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lemmata.verify.accuracy import Accuracy
from lemmata.verify.deferred import deferred
from lemmata.verify.measurement import Count

agent_network = deferred("lemmata.solvers.agent_network")
agent_rules = deferred("lemmata.solvers.agent_rules")
agents = deferred("lemmata.solvers.agents")
regimes = deferred("lemmata.solvers.regimes")

#: runs of a cell in a first look; a thorough one takes four times as many
RUNS = 500
#: the same where fewer often leave a question open, and a second look costs more than these
MORE = 1000
#: the same where every run is runaway and that is all that is asked: so few tell it from the margin
FEWER = 100
#: benefit and cost of L, M and R in units of charisma and of the cost scale
PAYOFFS = {
    "coded": ((1.0, 2.3, 3.0), (0.0, 2.0, 7.0)),
    "stated": ((0.0, 1.0, 2.0), (0.0, 1.0, 2.0)),
}


@dataclass(frozen=True)
class Cell:
    """One condition of an experiment with agents; see `lemmata.solvers.agent_rules.Condition`."""

    policy: str = "q-learning"
    delay: int = 0
    sharpness: float = 10.0
    payoffs: str = "coded"
    regulated: bool = False
    learning_rate: float = 0.10
    discount: float = 0.95


def runs_of(accuracy: Accuracy, *, first: int = RUNS) -> int:
    """How many runs of a cell a look takes; `first` is how many a first, quick look does.

    A counterexample is confirmed by as many as showed it, on other networks: what so many told
    apart they mostly tell apart again, and four times as many would cost more than all else.
    """
    effort = accuracy.found or accuracy.effort
    if effort <= 1:
        return max(1, round(first * effort))
    return max(first, round(RUNS * effort))


#: radical counts by cell, seed and look, of as many runs as were asked for so far
_KEPT: dict[tuple[Cell, tuple[int, int]], np.ndarray] = {}


def radical_counts(
    cells: Sequence[Cell], accuracy: Accuracy, *, first: int | Sequence[int] = RUNS
) -> list[np.ndarray]:
    """The radical counts of each cell, shape `(runs, steps)`; equal runs share their seeds."""
    firsts = np.broadcast_to(first, len(cells))
    wanted = [runs_of(accuracy, first=int(one)) for one in firsts]
    look = accuracy.common
    _forget_other_seeds(look)
    missing: dict[tuple[str, bool, int, int], list[Cell]] = {}
    for cell, runs in dict(sorted(zip(cells, wanted, strict=True), key=lambda one: one[1])).items():
        have = len(_KEPT.get((cell, look), ()))
        if have < runs:
            missing.setdefault((cell.policy, cell.regulated, have, runs), []).append(cell)
    for (policy, regulated, have, runs), group in missing.items():
        further = agents.simulate(
            _populations(look, runs)[have:], _conditions(group), _key(look),
            policy=policy, regulated=regulated, precision="single",
        )  # fmt: skip
        for cell, counts in zip(group, further, strict=True):
            before = [_KEPT[cell, look]] if have else []
            _KEPT[cell, look] = np.concatenate([*before, counts])
    return [_KEPT[cell, look][:runs] for cell, runs in zip(cells, wanted, strict=True)]


def happened(
    cells: Sequence[Cell],
    event: Callable[[np.ndarray, int], np.ndarray],
    accuracy: Accuracy,
    *,
    first: int = RUNS,
) -> np.ndarray:
    """Whether the event happened, by cell and run: shape `(cells, runs)`."""
    found = radical_counts(cells, accuracy, first=first)
    return np.stack([event(counts, population_size()) for counts in found])


def share(
    cells: Sequence[Cell],
    event: Callable[[np.ndarray, int], np.ndarray],
    accuracy: Accuracy,
    *,
    first: int = RUNS,
) -> Count:
    """How many runs of each cell the event happened in."""
    seen = happened(cells, event, accuracy, first=first)
    return Count(seen.sum(axis=1), seen.shape[1], arrays={"shares": seen.mean(axis=1)[None]})


def population_size() -> int:
    """How many agents a population has."""
    return agent_network.Blocks().agents


def _conditions(cells: Sequence[Cell]) -> Any:
    numbers = [field.name for field in dataclasses.fields(Cell)]
    varied = {
        name: np.array([getattr(cell, name) for cell in cells])
        for name in numbers
        if name not in ("policy", "regulated", "payoffs")
    }
    benefit, cost = zip(*(PAYOFFS[cell.payoffs] for cell in cells), strict=True)
    return agent_rules.Condition(benefit=np.array(benefit), cost=np.array(cost), **varied)


def _start(look: tuple[int, int]) -> int:
    """The first of the seeds of a look; those of two looks are other ones."""
    return int(np.random.SeedSequence(look).generate_state(1)[0]) >> 1


#: populations by look, as many as were asked for so far
_DRAWN: dict[tuple[int, int], Any] = {}


def _populations(look: tuple[int, int], runs: int) -> Any:
    start, have = _start(look), len(_DRAWN.get(look, ()))
    if have < runs:
        further = agent_network.draw_populations(range(start + have, start + runs))
        _DRAWN[look] = agent_network.joined([_DRAWN[look], further]) if have else further
    return _DRAWN[look][:runs]


def _forget_other_seeds(look: tuple[int, int]) -> None:
    """A run has one seed, so that what was simulated with another is not asked for again."""
    for key in [key for key in _KEPT if key[1][0] != look[0]]:
        del _KEPT[key]
    for key in [key for key in _DRAWN if key[0] != look[0]]:
        del _DRAWN[key]


def _key(look: tuple[int, int]) -> Any:
    import jax

    return jax.random.key(_start(look))
