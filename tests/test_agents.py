"""Agents under a late alarm: equal draws, equal trajectories; and the published runs again."""

import csv
import inspect
import itertools
from functools import cache, partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests import agents_oracle

from lemmata.solvers import agent_rules as rules
from lemmata.solvers.agent_network import Blocks, draw_populations
from lemmata.solvers.agent_rules import Condition
from lemmata.solvers.agent_step import Society, begin, step
from lemmata.solvers.agents import simulate, uniforms

pytestmark = pytest.mark.heavy

LEARNING = {"policy": "q-learning"}
REGULATED = {"policy": "q-learning", "regulated": True}
POLICIES = [{"policy": "fixed"}, {"policy": "reactive"}, LEARNING, REGULATED]
CODED = {"benefit": (1.0, 2.3, 3.0), "cost": (0.0, 2.0, 7.0)}
PRINTED = {"benefit": (0.0, 1.0, 2.0), "cost": (0.0, 1.0, 2.0)}
PUBLISHED = Path(__file__).parent / "data" / "delayed_repression_published.csv"


@cache
def population(size):
    blocks = {"full": Blocks(), "small": Blocks(3, 12, 0.25, 0.05), "tiny": Blocks(2, 10, 0.25)}
    return draw_populations(range(8), blocks[size])


@cache
def key():
    return jax.random.key(3)


@partial(jax.jit, static_argnums=(1, 2))
def all_uniforms(seed, n, steps):
    one = lambda t: uniforms(key(), t, seed, n, jnp.float64)
    return jax.vmap(one)(jnp.arange(steps))


@cache
def draws(seed, n, steps):
    return np.asarray(all_uniforms(np.uint32(seed), n, steps))


def plainly(populations, run, oracle=agents_oracle, *, steps, **settings):
    """The radical counts by the plain reading, on the draws of this run."""
    dice = oracle.Handed(draws(int(populations.seeds[run]), populations.agents, steps))
    return oracle.reference_run(oracle.agents_of(populations, run), dice, steps=steps, **settings)


def stacked(conditions):
    """One condition of many; each is a dictionary."""
    return Condition(**{name: np.array([c[name] for c in conditions]) for name in conditions[0]})


def both_ways(populations, conditions, **settings):
    found = simulate(populations, stacked(conditions), key(), **settings)
    expected = [
        [plainly(populations, run, **condition, **settings) for run in range(len(populations))]
        for condition in conditions
    ]
    return found, np.array(expected)


@pytest.mark.parametrize("policy", POLICIES)
def test_equal_draws_give_equal_trajectories(policy):
    conditions = [
        {"delay": delay, "sharpness": k, **table}
        for delay, k, table in itertools.product(
            (0, 1, 7, 31, 40), (3.0, 10.0, 40.0), (CODED, PRINTED)
        )
    ]
    found, expected = both_ways(population("small")[:2], conditions, steps=90, **policy)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("policy", POLICIES)
def test_equal_draws_give_equal_trajectories_of_full_populations(policy):
    conditions = [
        {"delay": delay, "sharpness": k, **table}
        for delay, k, table in [(0, 3.0, PRINTED), (7, 40.0, CODED), (31, 10.0, CODED)]
    ]
    found, expected = both_ways(population("full")[:2], conditions, steps=120, **policy)
    np.testing.assert_array_equal(found, expected)
    assert found.max() > 20


class Watched(agents_oracle.Handed):
    """Dice that look at the agents before each step."""

    def watch(self, society):
        self.society, self.actions, self.punished = society, [], []
        return self

    def begin(self, t):
        super().begin(t)
        self.actions.append([agent.action for agent in self.society])
        self.punished.append([agent.punished for agent in self.society])


def test_every_action_is_the_same_and_so_is_what_is_learned():
    populations, delay, steps = population("full"), 5, 80
    rolled = draws(2, 240, steps)
    plain = agents_oracle.agents_of(populations, 2)
    dice = Watched(rolled).watch(plain)
    agents_oracle.reference_run(plain, dice, delay=delay, steps=steps, **LEARNING)

    society = Society(*(jnp.asarray(getattr(populations, name)[2:3]) for name in Society._fields))
    stairs = populations.stairs
    state = begin(society, populations.first[2:3], memory=6, stairs=stairs)
    condition = Condition(delay=delay)
    one = jax.jit(
        lambda state, t, u: step(state, t, u, society, condition, stairs=stairs, **LEARNING)
    )
    for t in range(steps):
        np.testing.assert_array_equal(state.action[0], dice.actions[t])
        np.testing.assert_array_equal(state.punished[0], dice.punished[t])
        state = one(state, t, rolled[t][:, None])
    learned = np.zeros((3, rules.STATES, 240))
    for i, agent in enumerate(plain):
        for ((near, alarm, punished, _), action), value in agent.values.items():
            learned[action, (alarm * 3 + near) * 2 + punished, i] = value
    assert np.count_nonzero(learned) > 1000
    np.testing.assert_allclose(state.values[0], learned, rtol=1e-12, atol=1e-13)


def mutated(old, new):
    """The plain reading with one place changed."""
    source = inspect.getsource(agents_oracle)
    assert source.count(old) == 1, old
    changed = type(agents_oracle)(agents_oracle.__name__)
    exec(source.replace(old, new), vars(changed))
    return changed


@pytest.mark.parametrize(
    ("policy", "old", "new"),
    [
        # The alarm: how late it is, what comes next for a learner, who acts on it, who is alarmed.
        ("q-learning", "[alarm()] * (delay + 1)", "[alarm()] * (delay + 2)"),
        ("q-learning", "[alarm()] * (delay + 1)", "[0.0] * (delay + 1)"),
        ("reactive", "late = alarms[0]", "late = alarms[-1]"),
        ("q-learning", "sees(agents[i], alarms[0]),", "sees(agents[i], late),"),
        ("q-learning", "sees(agents[i], alarms[0]),", "sees(agents[i], now),"),
        ("reactive", "(late - 0.72)", "(alarm() - 0.72)"),
        ("reactive", "agents[i].detectability * agents[i].action", "agents[i].action"),
        ("reactive", "force * urge * agent.detectability", "force * urge"),
        # Ties: to the first, to the last, and among all options.
        ("q-learning", "best[min(int(", "best[0 * min(int("),
        ("q-learning", "best[min(int((u - epsilon)", "best[::-1][min(int((u - epsilon)"),
        ("q-learning", "value == max(known)", "value <= max(known)"),
        # What is learned, and when.
        ("q-learning", "benefit[agent.action] * agent.ch", "cost[agent.action] * agent.ch"),
        ("q-learning", "cost[agent.action] * agent.cost", "benefit[agent.action] * agent.cost"),
        ("q-learning", "influence(agent) * agent.action", "influence(agent)"),
        ("q-learning", "ahead = max(", "ahead = min("),
        ("q-learning", "if struck[i] else", "if agent.punished else"),
        ("q-learning", "            agent.punished,\n", "            False,\n"),
        ("q-learning", "0.75 else 2,\n            agent.p", "0.75 else 1,\n            agent.p"),
        ("q-learning", "near < 5.0", "near < 4.0"),
        # Acting and being punished one after the other, not all at once.
        ("reactive", "chosen[i] = R if", "chosen[i] = agents[i].action = R if"),
        (
            "reactive",
            "        agents[i].punished = struck[i]",
            "        agents[i].punished = False",
        ),
        # The regulator: what it sees, now and next, and what it is rewarded.
        ("regulated", "late < 0.7 else", "late < 0.9 else"),
        ("regulated", "-radical - 0.1 * force", "-radical"),
        ("regulated", "-radical - 0.1 * force", "-0.1 * force"),
        ("regulated", "regulator_sees(now)", "regulator_sees(alarms[0])"),
        ("regulated", "regulator_sees(now)", "regulator_saw"),
        ("regulated", "radical < 0.15", "radical < 0.05"),
        ("regulated", "FORCES, 0.10)", "FORCES, 0.20)"),
        ("fixed", "(0.65, 0.27, 0.08)", "(0.65, 0.26, 0.09)"),
    ],
)
def test_another_reading_would_be_told(policy, old, new):
    settings = REGULATED if policy == "regulated" else {"policy": policy}
    populations, oracle = population("full")[:4], mutated(old, new)
    found = simulate(populations, Condition(delay=4), key(), steps=150, **settings)
    assert any(
        plainly(populations, run, oracle, delay=4, steps=150, **settings) != found[0, run].tolist()
        for run in range(4)
    )


def test_a_regulator_whose_forces_tie_by_rewards_that_round_alike():
    # With 20 agents a radical costs as much as half a unit of force, and ties are frequent.
    found, expected = both_ways(population("tiny"), [{"delay": 3}], steps=120, **REGULATED)
    np.testing.assert_array_equal(found, expected)


@pytest.fixture(scope="module")
def published():
    """The authors' numbers of each run: sum, max and amp, by policy, delay and seed."""
    with PUBLISHED.open() as file:
        return {
            (row["policy"], int(row["delay"]), int(row["seed"])): tuple(
                int(row[name]) for name in ("sum", "max", "amp")
            )
            for row in csv.DictReader(file)
        }


@pytest.mark.parametrize(
    ("policy", "delay", "seed"),
    [
        *[("q-learning", 0, 1), ("q-learning", 8, 17), ("q-learning", 14, 16)],
        *[("q-learning", 20, 40), ("reactive", 4, 1), ("reactive", 8, 23), ("reactive", 20, 40)],
    ],
)
def test_the_plain_reading_repeats_the_published_runs(published, policy, delay, seed):
    counts = agents_oracle.published_run(seed, policy=policy, delay=delay)
    tail = counts[250:]
    found = sum(tail), max(counts), max(tail) - min(tail)
    assert found == published[policy, delay, seed]


def test_among_these_are_the_largest_swings_of_learning_runs(published):
    swings = {case: amp for case, (_, _, amp) in published.items() if case[0] == "q-learning"}
    largest = sorted(swings, key=swings.__getitem__)[-2:]
    assert largest == [("q-learning", 20, 40), ("q-learning", 14, 16)]


def test_the_published_runs_are_those_of_table_5(published):
    for policy, shares in [
        ("q-learning", {0: 0.10, 4: 0.18, 8: 0.32, 14: 0.50, 20: 0.66}),
        ("reactive", {4: 0.80, 8: 0.96, 14: 0.96, 20: 0.96}),
    ]:
        for delay, share in shares.items():
            most = [published[policy, delay, seed][1] for seed in range(1, 51)]
            assert np.mean(np.array(most) > 96) == share
    assert len(published) == 450
