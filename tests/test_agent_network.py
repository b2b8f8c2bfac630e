"""Populations of agents: networks, bridges and traits, against what they are drawn from."""

import dataclasses

import networkx as nx
import numpy as np
import pytest
import rustworkx as rx

from lemmata.solvers import agent_network
from lemmata.solvers.agent_network import Blocks, _widened, draw_populations, joined

pytestmark = pytest.mark.heavy

RUNS = 200
TRAITS = ("bridge", "charisma", "cost_scale", "detectability", "first")
#: of a mean of many independent draws: a wrong one in 10^5 would be told
SIGMAS = 4.5


@pytest.fixture(scope="module")
def many():
    return draw_populations(range(RUNS))


def influence_of(populations, run):
    """The weights as a matrix, and how often each pair is listed; rows are who is influenced."""
    n, start = populations.agents, 0
    matrix, listed = np.zeros((n, n)), np.zeros((n, n), dtype=int)
    for count in populations.stairs:
        rank = slice(start, start + count)
        weight = populations.weights[run, rank]
        who = np.flatnonzero(weight)
        whom = populations.neighbours[run, rank][who]
        matrix[who, whom] += weight[who]
        listed[who, whom] += 1
        start += count
    return matrix, listed


def matrices(blocks, runs=RUNS):
    populations = draw_populations(range(runs), blocks)
    return np.stack([influence_of(populations, run)[0] for run in range(runs)])


def close(values, expected):
    """Whether the mean of these is what is expected, by its standard error."""
    values = np.asarray(values, dtype=float).ravel()
    return abs(np.mean(values) - expected) <= SIGMAS * np.std(values) / np.sqrt(len(values))


@pytest.mark.parametrize(
    ("inside", "between", "one_way"),
    [(0.08, 0.004, 0.75), (0.08, 0.0, 0.75), (0.0, 0.02, 0.4), (0.3, 0.01, 1.0)],
)
def test_edges_are_as_many_as_the_block_model_has(inside, between, one_way):
    blocks = Blocks(inside=inside, between=between, one_way=one_way)
    n, near, far = 240, 39, 200
    linked = matrices(blocks, 60) > 0
    degree = linked.sum(axis=2).mean(axis=1)
    assert close(degree, (near * inside + far * between) * one_way)
    # Each undirected edge is kept one way or both: the coins of its two directions are independent.
    both = (linked & linked.transpose(0, 2, 1)).sum(axis=(1, 2)) / 2
    either = (linked | linked.transpose(0, 2, 1)).sum(axis=(1, 2)) / 2
    pairs = n * (near * inside + far * between) / 2
    assert close(both, pairs * one_way**2)
    assert close(either, pairs * (1 - (1 - one_way) ** 2))
    assert not np.any(linked[:, np.arange(n), np.arange(n)])


def test_the_expectations_could_fail():
    degree = (matrices(Blocks()) > 0).sum(axis=2).mean(axis=1)
    assert close(degree, (39 * 0.08 + 200 * 0.004) * 0.75)
    for near, far, one_way in [(40, 200, 0.75), (39, 210, 0.75), (39, 200, 0.77)]:
        wrong = (near * 0.08 + far * 0.004) * one_way
        assert not close(degree, wrong)


@pytest.mark.parametrize(("blocks", "low", "high"), [
    (Blocks(between=0.0), 0.7, 1.6), (Blocks(inside=0.0, between=0.02), 0.5, 1.3),
])  # fmt: skip
def test_weights_inside_a_community_and_between_two(blocks, low, high):
    weights = matrices(blocks, 40)
    weights = weights[weights > 0]
    assert low <= weights.min() < low + 0.01 < high - 0.01 < weights.max() <= high
    assert close(weights, (low + high) / 2)


def test_traits_are_uniform_in_their_ranges_and_more_for_bridges(many):
    for bridge, more, longer in [(False, 0.0, 0.0), (True, 0.2, 0.15)]:
        chosen = many.bridge == bridge
        charisma, detectability = many.charisma[chosen], many.detectability[chosen]
        assert close(charisma, 1.05 + more)
        assert 0.85 + more <= charisma.min() < 0.86 + more < 1.24 + more < charisma.max()
        assert charisma.max() <= 1.25 + more
        assert 0.45 + longer <= detectability.min() < 0.46 + longer
        # Above 1 it is 1: of a bridge's, whose range is 0.55, a share of 0.15 / 0.55.
        assert detectability.max() <= 1
        share = longer / 0.55
        assert close(detectability == 1, share)
        assert close(detectability, 0.725 + longer - share * longer / 2)
    assert close(many.cost_scale, 1.2)
    assert 0.9 <= many.cost_scale.min() < 0.901 < 1.499 < many.cost_scale.max() <= 1.5


def test_first_actions_have_their_shares_and_traits_are_unrelated(many):
    for action, share in enumerate((0.80, 0.17, 0.03)):
        assert close(many.first == action, share)
    # Agents are numbered by their in-degree; nothing else of them may follow it.
    for name in ("charisma", "cost_scale", "first"):
        rest = getattr(many, name) - 0.2 * many.bridge * (name == "charisma")
        assert close(rest[:, :120].mean(axis=1) - rest[:, 120:].mean(axis=1), 0.0), name


@pytest.mark.parametrize(
    "blocks", [Blocks(), Blocks(4, 7, 0.3, 0.05), Blocks(2, 25, 0.4, 0.1, bridges=0.3)]
)
def test_bridges_are_those_of_the_highest_betweenness(blocks):
    n, count = blocks.agents, int(blocks.bridges * blocks.agents)
    for run in range(4):
        population = draw_populations([run], blocks)
        assert population.bridge.sum() == count
        linked, _ = influence_of(population, 0)
        graph = nx.from_numpy_array((linked > 0) | (linked > 0).T)
        between = nx.betweenness_centrality(graph)
        values = np.array([between[agent] for agent in range(n)])
        lowest, highest = values[population.bridge[0]].min(), values[~population.bridge[0]].max()
        assert lowest >= highest - 1e-12


@pytest.mark.parametrize(
    "blocks",
    [
        *[Blocks(), Blocks(3, 11, 0.2, 0.02), Blocks(1, 5, 0.9), Blocks(2, 130, 0.01, 0.5)],
        *[Blocks(4, 7, 1.0, 0.3), Blocks(4, 7, 0.0, 0.9), Blocks(3, 6, 0.4, 1.0), Blocks(1, 1)],
        *[Blocks(3, 6, 0.4, 0.0), Blocks(3, 6, 1.0, 1.0), Blocks(3, 6, 0.0, 0.0), Blocks(9, 30)],
    ],
)
def test_the_block_model_of_a_seed_is_that_of_networkx(blocks):
    chance = np.full((blocks.communities, blocks.communities), blocks.between)
    np.fill_diagonal(chance, blocks.inside)
    for seed in (0, 1, 77, 2**32 - 1):
        sizes = [blocks.size] * blocks.communities
        graph = nx.stochastic_block_model(sizes, chance.tolist(), seed=seed)
        expected = np.array(graph.edges(), dtype=int).reshape(-1, 2)
        np.testing.assert_array_equal(agent_network._block_model(seed, blocks), expected)


def test_the_betweenness_is_that_of_networkx():
    drawn = agent_network._draw(3, Blocks())
    graph = nx.Graph()
    graph.add_nodes_from(range(240))
    graph.add_edges_from(zip(drawn.sources.tolist(), drawn.targets.tolist(), strict=True))
    between = nx.betweenness_centrality(graph)
    best = sorted(range(240), key=lambda agent: -between[agent])[:28]
    np.testing.assert_array_equal(np.flatnonzero(drawn.bridge), sorted(best))


def test_of_agents_of_equal_betweenness_the_first_are_chosen_however_sums_are_rounded(monkeypatch):
    exact, rng = rx.betweenness_centrality, np.random.default_rng(0)

    def in_another_order(graph, **options):
        return {i: x * (1 + rng.uniform(-1e-14, 1e-14)) for i, x in exact(graph, **options).items()}

    monkeypatch.setattr(rx, "betweenness_centrality", in_another_order)
    # Six copies of a graph, in turn: each has one agent of the highest betweenness of all.
    edges = np.array(nx.gnp_random_graph(40, 0.1, seed=1).edges())
    copies = np.concatenate([6 * edges + copy for copy in range(6)])
    for _ in range(5):
        chosen = agent_network._most_between(copies, 240, 3)
        np.testing.assert_array_equal(chosen % 6, [0, 1, 2])
        assert len(set(chosen // 6)) == 1


@pytest.mark.parametrize("blocks", [Blocks(), Blocks(3, 11, 0.2, 0.02), Blocks(1, 5, 0.9)])
def test_the_stairs_hold_every_edge_once_whatever_the_agents_are_called(blocks):
    seeds = [5, 1, 9]
    populations = draw_populations(seeds, blocks)
    assert all(np.diff(populations.stairs) <= 0)
    assert populations.stairs[0] <= blocks.agents
    for run, seed in enumerate(seeds):
        drawn = agent_network._draw(seed, blocks)
        matrix, listed = influence_of(populations, run)
        assert listed.max() == 1
        # Their charisma tells the agents apart.
        old = [np.flatnonzero(drawn.charisma == chi)[0] for chi in populations.charisma[run]]
        assert sorted(old) == list(range(blocks.agents))
        expected = np.zeros_like(matrix)
        expected[drawn.targets, drawn.sources] = drawn.weights
        np.testing.assert_array_equal(matrix, expected[np.ix_(old, old)])
        for name in TRAITS:
            values = getattr(populations, name)[run]
            np.testing.assert_array_equal(values, getattr(drawn, name)[old])
        degrees = listed.sum(axis=1)
        assert all(np.diff(degrees) <= 0)
        assert not np.any(populations.neighbours[run][populations.weights[run] == 0])


def test_a_seed_gives_one_population_in_whatever_company():
    several, alone, again = (draw_populations(seeds) for seeds in ([4, 8, 2**32 - 1], [8], [8]))
    for name in ("seeds", "neighbours", "weights", *TRAITS):
        np.testing.assert_array_equal(getattr(alone, name), getattr(again, name))
    for name in TRAITS:
        np.testing.assert_array_equal(getattr(several, name)[1], getattr(alone, name)[0])
    np.testing.assert_array_equal(influence_of(several, 1)[0], influence_of(alone, 0)[0])
    assert not np.array_equal(several.charisma[0], several.charisma[1])


def test_some_of_the_runs_are_populations(many):
    for chosen, expected in [
        (slice(3, 9, 2), [3, 5, 7]), (np.array([7, 0]), [7, 0]), (many.seeds < 2, [0, 1]), (4, [4]),
    ]:  # fmt: skip
        some = many[chosen]
        assert len(some) == len(expected)
        assert some.agents == 240
        assert some.stairs == many.stairs
        np.testing.assert_array_equal(some.seeds, expected)
        np.testing.assert_array_equal(some.weights, many.weights[expected])


def test_extreme_blocks():
    none = draw_populations([1, 2], Blocks(3, 5, 0.0, 0.0))
    assert not none.weights.any()
    assert none.stairs == (8,)  # no lists are empty
    np.testing.assert_array_equal(np.nonzero(none.bridge), [[0, 1], [0, 0]])  # of equal, the first
    everyone = draw_populations([1, 2], Blocks(3, 5, 1.0, 1.0, 1.0, 1.0))
    assert everyone.stairs == (15,) * 14
    assert everyone.weights.all()
    assert everyone.bridge.all()
    community = draw_populations([1], Blocks(communities=1, size=30, inside=0.3, bridges=0.0))
    assert community.weights[community.weights > 0].min() >= 0.7
    assert not community.bridge.any()
    assert draw_populations([1], Blocks(1, 1)).agents == 1
    assert not draw_populations([1], Blocks(one_way=0.0)).weights.any()


@pytest.mark.parametrize(
    ("seeds", "text"),
    [
        ([], "no seeds: a population is drawn from a seed; give at least one"),
        ([1, -1], "seed -1: give one of at least 0 and below 2^32"),
        ([2**32], "seed 4294967296: give one of at least 0"),
        ([1.0], "seed 1.0: give a whole number"),
        ([True], "seed True: give a whole number"),
        ([None], "seed None: give a whole number"),
        (7, "seeds=7: give a list of them"),
        ([3, 4, 3], "seed 3 comes twice; its runs would be one run counted twice"),
        (np.array([1.5]), r"seed np.float64\(1.5\): give a whole number"),
    ],
)
def test_wrong_seeds_are_named(seeds, text):
    with pytest.raises(ValueError, match=text.replace("^", r"\^")):
        draw_populations(seeds)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"communities": 0}, r"Blocks\(communities=0\): give a whole number of at least 1"),
        ({"communities": 2.0}, r"Blocks\(communities=2.0\): give a whole number"),
        ({"size": True}, r"Blocks\(size=True\): give a whole number"),
        ({"size": -3}, r"Blocks\(size=-3\): give a whole number"),
        ({"inside": 1.1}, r"Blocks\(inside=1.1\): it is a share, between 0 and 1"),
        ({"between": -0.1}, r"Blocks\(between=-0.1\): it is a share"),
        ({"one_way": np.nan}, r"Blocks\(one_way=nan\): it is a share"),
        ({"bridges": None}, r"Blocks\(bridges=None\): it is a share"),
        ({"inside": True}, r"Blocks\(inside=True\): it is a share"),
        ({"inside": "0.1"}, r"Blocks\(inside='0.1'\): it is a share"),
    ],
)
def test_wrong_blocks_are_named(fields, text):
    with pytest.raises(ValueError, match=text):
        Blocks(**fields)


def test_populations_of_one_block_model_have_one_shape():
    shapes = {draw_populations([seed]).stairs for seed in range(40)}

    assert len(shapes) == 1


def test_joined_populations_are_those_drawn_together():
    # So few agents with so many edges that the stairs differ.
    dense = Blocks(communities=1, size=12, inside=0.5)
    first, further, both = (
        draw_populations(seeds, dense) for seeds in (range(3), range(3, 9), range(9))
    )

    one = joined([first, further])

    assert len(one) == 9
    for name in ("seeds", *TRAITS):
        np.testing.assert_array_equal(getattr(one, name), getattr(both, name))
    for run in range(9):
        np.testing.assert_array_equal(influence_of(one, run)[0], influence_of(both, run)[0])


def test_only_populations_of_one_size_are_joined():
    with pytest.raises(ValueError, match=r"populations of \[\] agents; give at least one"):
        joined([])
    with pytest.raises(ValueError, match=r"populations of \[20, 30\] agents; .* of one size"):
        joined([draw_populations([1], Blocks(2, size)) for size in (10, 15)])


def test_other_stairs_leave_every_influence_where_it_was():
    population = draw_populations(range(2), Blocks(communities=2, size=20))
    wider = (*(min(40, agents + 8) for agents in population.stairs), 8, 8)
    other = dataclasses.replace(
        population, stairs=wider,
        neighbours=_widened(population.neighbours, population.stairs, wider),
        weights=_widened(population.weights, population.stairs, wider),
    )  # fmt: skip

    np.testing.assert_array_equal(influence_of(other, 1)[0], influence_of(population, 1)[0])
