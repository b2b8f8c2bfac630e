"""Populations of agents on networks: communities, directed influence, bridges, and who they are.

A population is drawn from a seed. Many are stacked along a leading axis of runs, their lists of
in-neighbours padded to one shape, so that one program serves them all. Most agents have few
in-neighbours and some have many; so agents are numbered by how many they have, the most first, and
the lists form a staircase: a first in-neighbour for (nearly) all agents, a second for the first of
them, and so on.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

#: the shares of L, M and R among the first actions
FIRST_ACTIONS = (0.80, 0.17, 0.03)
#: each step of the stairs is a multiple of this many agents, as many as a processor adds at once
WIDTH = 8
#: how rarely a population needs wider stairs than its block model is given
RARELY = 1e-9


@dataclass(frozen=True)
class Blocks:
    """A stochastic block model whose edges become directed, each way with its own coin.

    **Fields:**

    - `communities`, `size`: how many, and agents in each.
    - `inside`, `between`: probabilities of an undirected edge.
    - `one_way`: probability that an undirected edge becomes a directed one, for either direction.
    - `bridges`: the share of agents, rounded down, that are bridges: those of the highest
      betweenness among the undirected edges that are left.
    """

    communities: int = 6
    size: int = 40
    inside: float = 0.08
    between: float = 0.004
    one_way: float = 0.75
    bridges: float = 0.12

    def __post_init__(self) -> None:
        for name in ("communities", "size"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
                raise ValueError(f"Blocks({name}={value!r}): give a whole number of at least 1.")
        for name in ("inside", "between", "one_way", "bridges"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) <= 1:
                raise ValueError(f"Blocks({name}={value!r}): it is a share, between 0 and 1.")

    @property
    def agents(self) -> int:
        """How many agents there are."""
        return self.communities * self.size


@dataclass(frozen=True)
class Populations:
    """Agents of several runs, each array with a leading axis of runs.

    **Fields:**

    - `seeds`: the seed that each run was drawn from, shape `(runs,)`.
    - `neighbours`, `weights`: who influences whom, and how much, shape `(runs, sum(stairs))`: the
      first in-neighbours of agents 0 … stairs[0] - 1, the second ones of agents 0 … stairs[1] - 1,
      and so on; where an agent has fewer, the weight is 0.
    - `stairs`: how many agents have a place for an in-neighbour of each rank; never more than
      those of the rank before.
    - `bridge`: whether an agent is a bridge, shape `(runs, agents)`, like all that follow.
    - `charisma`, `cost_scale`, `detectability`: the agents' chi, kappa and d.
    - `first`: their first actions (0, 1, 2 for L, M, R).
    """

    seeds: np.ndarray
    stairs: tuple[int, ...]
    neighbours: np.ndarray
    weights: np.ndarray
    bridge: np.ndarray
    charisma: np.ndarray
    cost_scale: np.ndarray
    detectability: np.ndarray
    first: np.ndarray

    def __len__(self) -> int:
        return len(self.seeds)

    @property
    def agents(self) -> int:
        """How many agents a population has."""
        return self.first.shape[1]

    def __getitem__(self, chosen: Any) -> Populations:
        """Some of the runs, by a number, a slice or an array of numbers."""
        runs = np.atleast_1d(np.arange(len(self))[chosen])
        arrays = {
            name: value[runs] for name, value in vars(self).items() if isinstance(value, np.ndarray)
        }
        return dataclasses.replace(self, **arrays)


def draw_populations(seeds: Iterable[int], blocks: Blocks | None = None) -> Populations:
    """Draw one population from each seed.

    **Raises:** `ValueError` for no seeds, one that is no whole number in [0, 2^32), or one twice.

    The ranges of the traits are those of the code of arXiv 2605.30392: chi in [0.85, 1.25] and
    0.2 more for a bridge, kappa in [0.9, 1.5], d in [0.45, 1] and 0.15 more for a bridge but at
    most 1; weights in [0.7, 1.6] inside a community and in [0.5, 1.3] between two.
    """
    blocks = blocks or Blocks()
    seeds = _checked(seeds)
    drawn = [_draw(seed, blocks) for seed in seeds]
    degrees = np.stack([np.bincount(one.targets, minlength=blocks.agents) for one in drawn])
    stairs = _stairs(blocks, degrees)
    starts = np.cumsum([0, *stairs])
    neighbours = np.zeros((len(drawn), starts[-1]), dtype=np.int32)
    weights = np.zeros(neighbours.shape)
    traits = {name: [] for name in ("bridge", "charisma", "cost_scale", "detectability", "first")}
    for run, one in enumerate(drawn):
        old = np.argsort(-degrees[run], kind="stable")  # the old number of each new one
        new = np.argsort(old)
        order = np.argsort(new[one.targets], kind="stable")
        targets = new[one.targets][order]
        rank = np.arange(len(targets)) - np.searchsorted(targets, targets)
        place = starts[rank] + targets
        neighbours[run, place] = new[one.sources][order]
        weights[run, place] = one.weights[order]
        for name, values in traits.items():
            values.append(getattr(one, name)[old])
    stacked = {name: np.stack(values) for name, values in traits.items()}
    return Populations(
        np.asarray(seeds, dtype=np.uint32), stairs, neighbours, weights, **stacked
    )  # fmt: skip


def _checked(seeds: Iterable[Any]) -> list[int]:
    if not isinstance(seeds, Iterable):
        raise ValueError(f"seeds={seeds!r}: give a list of them.")
    found: dict[int, None] = {}
    for seed in seeds:
        if isinstance(seed, bool) or not isinstance(seed, Integral):
            raise ValueError(f"seed {seed!r}: give a whole number.")
        if not 0 <= int(seed) < 2**32:
            raise ValueError(f"seed {seed!r}: give one of at least 0 and below 2^32.")
        if int(seed) in found:
            raise ValueError(f"seed {seed!r} comes twice; its runs would be one run counted twice.")
        found[int(seed)] = None
    if not found:
        raise ValueError("no seeds: a population is drawn from a seed; give at least one.")
    return list(found)


def joined(populations: Sequence[Populations]) -> Populations:
    """The runs of several, one after the other; ValueError for none, or for two sizes."""
    if len({one.agents for one in populations}) != 1:
        sizes = [one.agents for one in populations]
        raise ValueError(f"populations of {sizes} agents; give at least one, all of one size.")
    ranks = itertools.zip_longest(*(one.stairs for one in populations), fillvalue=0)
    stairs = tuple(map(max, ranks))
    arrays = {
        name: np.concatenate([getattr(one, name) for one in populations])
        for name, value in vars(populations[0]).items()
        if isinstance(value, np.ndarray) and name not in ("neighbours", "weights")
    }
    for name in ("neighbours", "weights"):
        arrays[name] = np.concatenate(
            [_widened(getattr(one, name), one.stairs, stairs) for one in populations]
        )
    return Populations(stairs=stairs, **arrays)


def _widened(entries: np.ndarray, old: tuple[int, ...], new: tuple[int, ...]) -> np.ndarray:
    """Entries on the old stairs, put on new ones that are no narrower; the new places are 0."""
    if old == new:
        return entries
    wider = np.zeros((len(entries), sum(new)), dtype=entries.dtype)
    for start, place, agents in zip(np.cumsum([0, *old]), np.cumsum([0, *new]), old, strict=False):
        wider[:, place : place + agents] = entries[:, start : start + agents]
    return wider


def _stairs(blocks: Blocks, degrees: np.ndarray) -> tuple[int, ...]:
    """How many agents need a place of each rank.

    As many as the block model hardly ever exceeds, so that all of its populations have one shape
    and one program serves them; more where these in-degrees do need more.
    """
    agents = blocks.agents
    ranks = range(max(1, int(degrees.max(initial=0))))
    needed = [int((degrees > rank).sum(axis=1).max()) for rank in ranks]
    both = itertools.zip_longest(_expected_stairs(blocks), needed, fillvalue=0)
    return tuple(min(agents, WIDTH * max(1, -(-max(pair) // WIDTH))) for pair in both)


@functools.lru_cache(maxsize=64)
def _expected_stairs(blocks: Blocks) -> tuple[int, ...]:
    """A bound, for each rank, on how many agents have more in-neighbours than that."""
    from scipy.stats import binom

    own = blocks.size - 1
    others = blocks.agents - blocks.size
    degree = np.convolve(
        binom.pmf(np.arange(own + 1), own, blocks.inside * blocks.one_way),
        binom.pmf(np.arange(others + 1), others, blocks.between * blocks.one_way),
    )
    more = np.clip(1 - np.cumsum(degree), 0.0, 1.0)  # rounding leaves 1e-16 where there are none
    most = binom.isf(RARELY, blocks.agents, more).astype(int)
    return tuple(int(count) for count in most[most > 0])


@dataclass(frozen=True)
class _Drawn:
    """One population, its directed edges as a list."""

    sources: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    bridge: np.ndarray
    charisma: np.ndarray
    cost_scale: np.ndarray
    detectability: np.ndarray
    first: np.ndarray


def _draw(seed: int, blocks: Blocks) -> _Drawn:
    n, size = blocks.agents, blocks.size
    rng = np.random.default_rng(seed)
    pairs = _block_model(seed, blocks)
    ways = rng.random(pairs.shape) < blocks.one_way
    kept = pairs[ways.any(axis=1)]
    directed = np.concatenate([pairs[ways[:, 0]], pairs[ways[:, 1]][:, ::-1]])
    sources, targets = directed.T
    inside = sources // size == targets // size
    low, high = np.where(inside, 0.7, 0.5), np.where(inside, 1.6, 1.3)
    bridge = np.zeros(n, dtype=bool)
    bridge[_most_between(kept, n, int(n * blocks.bridges))] = True
    return _Drawn(
        sources, targets, rng.uniform(low, high), bridge,
        charisma=rng.uniform(0.85, 1.25, n) + 0.2 * bridge,
        cost_scale=rng.uniform(0.9, 1.5, n),
        detectability=np.minimum(rng.uniform(0.45, 1.0, n) + 0.15 * bridge, 1.0),
        first=rng.choice(3, n, p=FIRST_ACTIONS).astype(np.int32),
    )  # fmt: skip


def _block_model(seed: int, blocks: Blocks) -> np.ndarray:
    """The edges of NetworkX's `stochastic_block_model` of this seed, in its order; shape (…, 2).

    NetworkX throws its dice pair by pair; the same dice are thrown many at once here.
    """
    size, inside, between = blocks.size, blocks.inside, blocks.between
    dice = _Dice(seed)
    near = np.stack(np.triu_indices(size, 1), axis=1)
    found = [np.zeros((0, 2), dtype=np.int64)]
    for i, j in itertools.combinations_with_replacement(range(blocks.communities), 2):
        if i == j:
            chosen = near[dice.next(len(near)) < inside]
            if 0 < inside < 1:  # NetworkX throws once more, and finds no pair left
                dice.next(1)
        elif between == 1:
            chosen = np.stack(np.divmod(np.arange(size**2), size), axis=1)
        elif between > 0:
            chosen = np.stack(np.divmod(dice.skipping(between, size**2), size), axis=1)
        else:
            continue
        found.append(chosen + np.array([i * size, j * size]))
    pairs = np.concatenate(found)
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    # NetworkX keeps a community as a set, and goes through it in the order of the set.
    starts = range(0, blocks.agents, size)
    order = [agent for start in starts for agent in set(range(start, start + size))]
    return np.array(order, dtype=np.int64)[pairs]


class _Dice:
    """The numbers that Python's `random.Random(seed)` gives, many at once."""

    def __init__(self, seed: int) -> None:
        self.source = np.random.RandomState([seed])
        self.ahead = np.zeros(0)

    def next(self, count: int) -> np.ndarray:
        """So many numbers."""
        self._look(count)
        taken, self.ahead = self.ahead[:count], self.ahead[count:]
        return taken

    def skipping(self, probability: float, count: int) -> np.ndarray:
        """Which of so many are chosen, each with this probability: a number tells the next one."""
        last, chosen = -1, []
        look = int(2 * count * probability) + 16
        while last < count:
            self._look(look)
            with np.errstate(divide="ignore"):
                skips = np.floor(np.log(self.ahead[:look]) / np.log(1 - probability))
            places = last + np.cumsum(np.minimum(skips, count) + 1)
            inside = int(np.searchsorted(places, count))
            chosen.append(places[:inside].astype(np.int64))
            self.next(min(inside + 1, look))
            last = places[-1]
        return np.concatenate(chosen)

    def _look(self, count: int) -> None:
        if len(self.ahead) < count:
            further = self.source.random_sample(max(count, 4096))
            self.ahead = np.concatenate([self.ahead, further])


def _most_between(pairs: np.ndarray, n: int, how_many: int) -> np.ndarray:
    """The agents of the highest betweenness; of equal ones those that come first."""
    import rustworkx as rx

    graph = rx.PyGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from_no_data([*map(tuple, pairs.tolist())])
    # In one thread: for so few agents several cost more than they save.
    found = rx.betweenness_centrality(graph, parallel_threshold=n + 1)
    # Sums of equal terms are rounded in any order; rounded again, equal ones are equal.
    values = np.round([found[node] for node in range(n)], 12)
    return np.argsort(-values, kind="stable")[:how_many]
