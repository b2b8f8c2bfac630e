"""A plain, slow reading of the agents' rules, an agent at a time: what the fast one must equal.

Where the dice come from is left open. `Handed` reads them off an array, so that equal draws give
equal trajectories. `Published` rolls Python's own generator in the order of the authors' code of
arXiv 2605.30392, so that the runs whose numbers they published come out again, seed by seed.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import Any, Protocol

import networkx as nx
import numpy as np

L, M, R = ACTIONS = (0, 1, 2)
FORCES = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)


@dataclass
class Agent:
    """One agent: who it is, what it did last, and what it has learned."""

    charisma: float
    cost_scale: float
    detectability: float
    bridge: bool
    action: int
    heeds: list[tuple[int, float]] = field(default_factory=list)  # in-neighbour, weight
    punished: bool = False
    values: dict[Any, float] = field(default_factory=dict)


class Dice(Protocol):
    """What is random about a run."""

    def begin(self, t: int) -> None: ...
    def greedy(
        self, who: int, best: list[Any], options: tuple[Any, ...], epsilon: float
    ) -> Any: ...
    def shares(self, who: int, shares: tuple[float, ...]) -> int: ...
    def struck(self, who: int, p: float) -> bool: ...


@dataclass
class Handed:
    """Dice that were rolled before: `draws` has shape (steps, 2, agents + 1)."""

    draws: np.ndarray
    t: int = 0

    def begin(self, t: int) -> None:
        self.t = t

    def greedy(self, who: int, best: list[Any], options: tuple[Any, ...], epsilon: float) -> Any:
        u = float(self.draws[self.t, 0, who])
        if u < epsilon:
            return options[min(int(u / epsilon * len(options)), len(options) - 1)]
        return best[min(int((u - epsilon) / (1 - epsilon) * len(best)), len(best) - 1)]

    def shares(self, who: int, shares: tuple[float, ...]) -> int:
        u = float(self.draws[self.t, 0, who])
        return int(u >= shares[0]) + int(u >= shares[0] + shares[1])

    def struck(self, who: int, p: float) -> bool:
        return bool(float(self.draws[self.t, 1, who]) < p)


@dataclass
class Published:
    """Python's generator, rolled in the order in which the authors' code rolls it."""

    source: random.Random

    def begin(self, t: int) -> None:
        pass

    def greedy(self, who: int, best: list[Any], options: tuple[Any, ...], epsilon: float) -> Any:
        if self.source.random() < epsilon:
            return self.source.choice(options)
        return self.source.choice(best)

    def shares(self, who: int, shares: tuple[float, ...]) -> int:
        return self.source.choices(ACTIONS, weights=shares)[0]

    def struck(self, who: int, p: float) -> bool:
        return self.source.random() < p


def reference_run(
    agents: list[Agent],
    dice: Dice,
    *,
    policy: str,
    delay: int,
    sharpness: float = 10.0,
    steps: int = 500,
    benefit: tuple[float, ...] = (1.0, 2.3, 3.0),
    cost: tuple[float, ...] = (0.0, 2.0, 7.0),
    learning_rate: float = 0.10,
    discount: float = 0.95,
    regulated: bool = False,
    order: list[int] | None = None,
) -> list[int]:
    """How many agents are radical before each step."""
    n = len(agents)
    order = list(range(n)) if order is None else order

    def influence(agent: Agent) -> float:
        return sum(weight * agents[j].action for j, weight in agent.heeds)

    def alarm() -> float:
        return sum(agents[i].detectability * agents[i].action for i in order) / n

    def sees(agent: Agent, late: float) -> tuple[int, int, bool, bool]:
        near = influence(agent)
        return (
            0 if near < 2.0 else 1 if near < 5.0 else 2,
            0 if late < 0.35 else 1 if late < 0.75 else 2,
            agent.punished,
            agent.bridge,
        )

    def regulator_sees(late: float) -> tuple[int, int]:
        radical = sum(agent.action == R for agent in agents) / n
        return (
            0 if late < 0.3 else 1 if late < 0.5 else 2 if late < 0.7 else 3,
            0 if radical < 0.15 else 1 if radical < 0.30 else 2,
        )

    def best(values: dict[Any, float], state: Any, options: tuple[Any, ...]) -> list[Any]:
        known = [values.get((state, option), 0.0) for option in options]
        return [option for option, value in zip(options, known, strict=True) if value == max(known)]

    def learn(
        values: dict[Any, float], state: Any, choice: Any, reward: float, after: Any,
        options: tuple[Any, ...], rate: float, gamma: float,
    ) -> None:  # fmt: skip
        old = values.get((state, choice), 0.0)
        ahead = max(values.get((after, option), 0.0) for option in options)
        values[(state, choice)] = old + rate * (reward + gamma * ahead - old)

    alarms = [alarm()] * (delay + 1)  # the first of them is the one that is read
    regulator: dict[Any, float] = {}
    radicals = []
    for t in range(steps):
        radicals.append(sum(agent.action == R for agent in agents))
        dice.begin(t)
        late = alarms[0]
        force, regulator_saw = 1.0, None
        if regulated:
            regulator_saw = regulator_sees(late)
            force = dice.greedy(n, best(regulator, regulator_saw, FORCES), FORCES, 0.10)
        saw, chosen = {}, {}
        for i in order:
            saw[i] = sees(agents[i], late)
            near, alarmed, punished, _ = saw[i]
            if policy == "q-learning":
                options = best(agents[i].values, saw[i], ACTIONS)
                chosen[i] = dice.greedy(i, options, ACTIONS, 0.08)
            elif policy == "fixed":
                chosen[i] = dice.shares(i, (0.65, 0.27, 0.08))
            elif punished or alarmed == 2:
                chosen[i] = L
            elif alarmed == 1:
                chosen[i] = M
            elif near > 0:
                chosen[i] = R if near == 2 else M
            else:
                chosen[i] = dice.shares(i, (0.30, 0.55, 0.15))
        for i in order:
            agents[i].action = chosen[i]
        urge = 1.0 / (1.0 + math.exp(-sharpness * (late - 0.72)))
        rewards = {}
        struck = {}
        for i in order:
            agent = agents[i]
            struck[i] = dice.struck(i, min(max(force * urge * agent.detectability, 0.0), 1.0))
            rewards[i] = (
                benefit[agent.action] * agent.charisma
                + 0.22 * influence(agent) * agent.action
                - (cost[agent.action] * agent.cost_scale if struck[i] else 0.0)
            )
        for i in order:
            agents[i].punished = struck[i]
        now = alarm()
        alarms = [*alarms[1:], now]
        if policy == "q-learning":
            for i in order:
                learn(
                    agents[i].values, saw[i], chosen[i], rewards[i], sees(agents[i], alarms[0]),
                    ACTIONS, learning_rate, discount,
                )  # fmt: skip
        if regulated:
            radical = sum(agent.action == R for agent in agents) / n
            learn(
                regulator, regulator_saw, force, -radical - 0.1 * force, regulator_sees(now),
                FORCES, 0.05, 0.95,
            )  # fmt: skip
    return radicals


def agents_of(populations: Any, run: int) -> list[Agent]:
    """The agents of one run of `lemmata.solvers.agent_network.Populations`, its lists unrolled."""
    names = ("charisma", "cost_scale", "detectability", "bridge", "first")
    rows = zip(*(getattr(populations, name)[run].tolist() for name in names), strict=True)
    agents = [Agent(*row) for row in rows]
    start = 0
    for count in populations.stairs:
        for i in range(count):
            weight = float(populations.weights[run, start + i])
            if weight:
                agents[i].heeds.append((int(populations.neighbours[run, start + i]), weight))
        start += count
    return agents


def published_population(seed: int) -> tuple[list[Agent], list[int], random.Random]:
    """The agents of a published run, the order in which they act, and the dice as they then lie."""
    dice = random.Random(seed)
    chance = [[0.08 if a == b else 0.004 for b in range(6)] for a in range(6)]
    blocks = nx.stochastic_block_model([40] * 6, chance, seed=seed, directed=False)
    graph = nx.DiGraph()
    for u, v in blocks.edges():
        if dice.random() < 0.75:
            graph.add_edge(u, v)
        if dice.random() < 0.75:
            graph.add_edge(v, u)
    graph.add_nodes_from(range(240))
    between = nx.betweenness_centrality(graph.to_undirected())
    bridges = set(sorted(between, key=lambda node: between[node], reverse=True)[:28])
    agents: dict[int, Agent] = {}
    for node in graph.nodes():
        action = dice.choices(ACTIONS, weights=(0.80, 0.17, 0.03))[0]
        charisma = dice.uniform(0.85, 1.25) + (0.2 if node in bridges else 0.0)
        cost_scale = dice.uniform(0.9, 1.5)
        detectability = dice.uniform(0.45, 1.0) + (0.15 if node in bridges else 0.0)
        agents[node] = Agent(
            charisma, cost_scale, min(detectability, 1.0), node in bridges, action
        )  # fmt: skip
    for u, v in graph.edges():
        low, high = (0.7, 1.6) if u // 40 == v // 40 else (0.5, 1.3)
        agents[v].heeds.append((u, dice.uniform(low, high)))
    return [agents[node] for node in range(240)], list(graph.nodes()), dice


def published_run(seed: int, *, policy: str, delay: int, **settings: Any) -> list[int]:
    """The run of this seed as the authors' code makes it."""
    agents, order, dice = published_population(seed)
    return reference_run(
        agents, Published(dice), policy=policy, delay=delay, order=order, **settings
    )  # fmt: skip
