"""Runs of agents: what they depend on and what not, how their dice fall, and wrong arguments."""

import dataclasses
from contextlib import contextmanager
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.extend.random import threefry_2x32
from tests.agents_oracle import FORCES, Handed

from lemmata.solvers import agent_rules as rules
from lemmata.solvers import agents
from lemmata.solvers.agent_network import Blocks, draw_populations, joined
from lemmata.solvers.agent_rules import Condition
from lemmata.solvers.agents import simulate, uniforms

pytestmark = pytest.mark.heavy

BLOCKS = Blocks(3, 12, 0.25, 0.05)
ULP = 2.0**-24


@cache
def key():
    return jax.random.key(11)


@cache
def populations():
    return draw_populations(range(6), BLOCKS)


def run(conditions, of=None, policy="q-learning", **options):
    options = {"steps": 60} | options
    return simulate(
        populations() if of is None else of, conditions, key(), policy=policy, **options
    )


@contextmanager
def double_precision_off():
    # For all threads: a context of JAX's own is for one.
    jax.config.update("jax_enable_x64", False)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", True)


@pytest.mark.parametrize("regulated", [False, True])
def test_a_run_is_the_same_in_whatever_company(regulated, monkeypatch):
    late = Condition(delay=[0, 3, 12], sharpness=[10.0, 40.0, 3.0])
    together = run(late, regulated=regulated)
    assert len(np.unique(together.reshape(18, -1), axis=0)) == 18
    order = np.array([4, 0, 2])
    np.testing.assert_array_equal(
        run(late, populations()[order], regulated=regulated), together[:, order]
    )
    last = Condition(delay=12, sharpness=3.0)
    # Kept with a denser one, its lists of in-neighbours are padded to another shape.
    alone = draw_populations([5], BLOCKS)
    alone = joined([alone, draw_populations([9], Blocks(3, 12, 0.9, 0.5))])[:1]
    assert alone.stairs != populations().stairs
    np.testing.assert_array_equal(run(last, alone, regulated=regulated), together[2:, 5:])
    for lanes in (5, 16):
        monkeypatch.setattr(agents, "LANES", lanes)
        np.testing.assert_array_equal(run(late, regulated=regulated), together)


def test_the_key_decides():
    other = simulate(populations(), Condition(), jax.random.key(12), policy="reactive", steps=60)
    assert not np.array_equal(other, run(Condition(), policy="reactive"))
    same = simulate(populations(), Condition(), jax.random.key(11), policy="reactive", steps=60)
    np.testing.assert_array_equal(same, run(Condition(), policy="reactive"))


@pytest.mark.parametrize("policy", ["fixed", "reactive", "q-learning"])
def test_counts(policy):
    counts = run(Condition(delay=[2, 9]), policy=policy)
    assert counts.shape == (2, 6, 60)
    assert counts.dtype == np.int16
    assert 0 <= counts.min() < counts.max() <= 36
    first = np.sum(populations().first == 2, axis=1)
    np.testing.assert_array_equal(counts[:, :, 0], [first, first])
    # A shorter run is the beginning of a longer one.
    np.testing.assert_array_equal(
        run(Condition(delay=[2, 9]), policy=policy, steps=7), counts[..., :7]
    )


def test_fixed_agents_heed_nothing():
    varied = Condition(delay=[0, 1, 30], sharpness=[3.0, 10.0, 40.0], force=[0.0, 1.0, 9.0])
    counts = run(varied, policy="fixed")
    np.testing.assert_array_equal(counts, np.broadcast_to(counts[:1], counts.shape))
    shares = counts[0, :, 1:].mean(axis=0) / 36
    assert abs(shares.mean() - 0.08) < 4 * np.sqrt(0.08 * 0.92 / (59 * 6 * 36))


def test_without_force_the_response_is_nothing():
    calm = Condition(delay=3, force=0.0, sharpness=[3.0, 40.0], threshold=[0.1, 0.9])
    counts = run(calm, policy="reactive")
    np.testing.assert_array_equal(counts[0], counts[1])
    assert not np.array_equal(counts[0], run(Condition(delay=3), policy="reactive")[0])


def test_all_delays_beyond_the_run_are_alike():
    counts = run(Condition(delay=[18, 20, 10**12, 17]), steps=20)
    np.testing.assert_array_equal(counts[:3], np.broadcast_to(counts[0], (3, 6, 20)))
    # By 17 steps late, the alarm after the first step is read in the last step that is seen.
    assert not np.array_equal(counts[3], counts[0])


def test_one_program_serves_all_delays_and_numbers():
    events = []
    jax.monitoring.register_event_duration_secs_listener(lambda name, *_, **__: events.append(name))

    def compiled():
        return sum("backend_compile" in name for name in events)

    fields = Condition()._asdict()
    run(Condition(delay=[0, 31]), steps=33)
    before = compiled()
    assert before > 0
    run(Condition(delay=[7, 20]), steps=33)
    for name, value in fields.items():
        if name != "delay":
            run(Condition(**{name: np.multiply.outer([0.5, 0.9], value)}), steps=33)
    assert compiled() == before
    run(Condition(delay=[0, 32]), steps=33)
    assert compiled() == before + 1


@pytest.mark.parametrize(
    ("policy", "regulated"),
    [("fixed", False), ("reactive", False), ("q-learning", False), ("q-learning", True)],
)
def test_single_precision_gives_the_same_runs_but_for_a_few(policy, regulated):
    full, late = draw_populations(range(32)), Condition(delay=[0, 14])
    options = {"policy": policy, "regulated": regulated, "steps": 150}
    double, single = (run(late, full, precision=p, **options) for p in ("double", "single"))
    assert single.dtype == double.dtype
    # Draws are the same numbers in both. Those of fixed agents fall alike; of the others' one in
    # 10^7 is decided by a rounding, and a run has 10^5: one run in a hundred may part.
    assert np.mean(np.all(single == double, axis=-1)) >= (1 if policy == "fixed" else 0.9)
    assert abs(single.mean() - double.mean()) < 0.01 * double.mean()
    with double_precision_off():
        np.testing.assert_array_equal(run(late, full, precision="single", **options), single)


def test_draws_are_uniform_and_the_same_in_both_precisions():
    take = lambda t, seed, dtype: np.asarray(uniforms(key(), t, seed, 5000, dtype))
    drawn = take(3, 8, np.float64)
    assert drawn.shape == (2, 5001)
    np.testing.assert_array_equal(drawn, take(3, 8, np.float32).astype(float))
    np.testing.assert_array_equal(drawn / ULP, np.round(drawn / ULP))
    assert 0 <= drawn.min() < 0.001 < 0.999 < drawn.max() < 1
    counts = np.histogram(drawn, 50, (0, 1))[0]
    assert np.sum((counts - 200.04) ** 2 / 200.04) < 49 + 5 * np.sqrt(98)
    rows = [*drawn, *take(4, 8, np.float64), *take(3, 9, np.float64)]
    related = np.corrcoef(rows) - np.eye(6)
    assert np.abs(related).max() < 5 / np.sqrt(5001)
    np.testing.assert_array_equal(uniforms(key(), 3, 8, 10, np.float64)[:, :10], drawn[:, :10])


@given(*[st.integers(0, 2**32 - 1)] * 4)
def test_the_words_are_those_of_jax(one, other, first, second):
    key, count = (np.array(words, np.uint32) for words in ((one, other), (first, second)))
    with jax.disable_jit():
        found = agents.threefry(key, count[:1], count[1:])
    np.testing.assert_array_equal(np.concatenate(found), threefry_2x32(key, count))


@given(
    st.lists(st.sampled_from([-1.0, 0.0, 0.5]), min_size=3, max_size=6),
    st.integers(0, 2**24 - 1),
    st.sampled_from([0.08, 0.1, 0.5]),
)
def test_epsilon_greedy_picks_what_the_plain_reading_picks(values, word, exploration):
    u, options = word * ULP, tuple(range(len(values)))
    best = [option for option in options if values[option] == max(values)]
    expected = Handed(np.full((1, 2, 1), u)).greedy(0, best, options, exploration)
    with jax.disable_jit():
        assert rules.explore_or_best(u, jnp.asarray(values), exploration) == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_option_has_its_probability(dtype):
    u = (np.arange(0, 2**24, 2**7) * ULP).astype(dtype)
    values = jnp.asarray(np.array([1.0, 2.0, 2.0, -1.0, 0.0])[:, None] + 0 * u, dtype)
    picked = rules.explore_or_best(u, values, dtype(0.1))
    shares = np.bincount(picked, minlength=5) / len(u)
    np.testing.assert_allclose(shares, [0.02, 0.47, 0.47, 0.02, 0.02], atol=3 / len(u))
    # In single precision, what is left of the largest draw above this epsilon rounds to 1.
    epsilon = dtype(1 / 16 + 1.5 * ULP)
    edges = np.array([0.0, 1 / 16, 1 - ULP], dtype)
    assert dtype is np.float64 or (edges[2] - epsilon) / (1 - epsilon) == 1
    np.testing.assert_array_equal(rules.explore_or_best(edges, values[:, :3], epsilon), [0, 4, 2])


@pytest.mark.parametrize("n", [1, 7, 20, 36, 240])
def test_rewards_of_a_regulator_are_rounded_as_in_the_plain_reading(n):
    expected = [[-(radicals / n) - 0.1 * force for radicals in range(n + 1)] for force in FORCES]
    np.testing.assert_array_equal(rules.regulator_rewards(n), expected)


WHOLE = "an alarm is late by whole steps; give whole numbers of at least 0"
BETWEEN = "a probability strictly between 0 and 1"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"delay": -1}, f"delay=-1: {WHOLE}"),
        ({"delay": [3, 1.5]}, rf"delay=\[3, 1.5\]: {WHOLE}"),
        ({"delay": np.nan}, "delay=nan: give finite numbers"),
        ({"delay": "late"}, "delay='late': give finite numbers"),
        ({"delay": []}, r"delay has shape \(0,\); give one number, or one a condition"),
        ({"delay": [[1]]}, r"delay has shape \(1, 1\); give one number"),
        ({"force": [1.0, np.inf]}, r"force=\[1.0, inf\]: give finite numbers"),
        ({"threshold": None}, "threshold=None: give finite numbers"),
        ({"delay": {}}, r"delay=\{\}: give finite numbers"),
        ({"delay": 1j}, "delay=1j: give finite numbers"),
        ({"delay": True}, "delay=True: give finite numbers"),
        ({"discount": 1.01}, "discount=1.01: give one from 0 to 1"),
        ({"learning_rate": [0.1, -0.1]}, r"learning_rate=\[0.1, -0.1\]: give one from 0 to 1"),
        ({"exploration": 0}, f"exploration=0: {BETWEEN}"),
        ({"exploration": [0.1, 1.0]}, rf"exploration=\[0.1, 1.0\]: {BETWEEN}"),
        ({"regulator_exploration": 1}, f"regulator_exploration=1: {BETWEEN}"),
        ({"delay": [1, 2], "force": [1.0] * 3}, r"have \[2, 3\] entries; give each one, or one a"),
        ({"benefit": (0.0, 1.0)}, r"benefit has shape \(2,\); give three numbers, of L, M and R"),
        ({"cost": (0.0, 1.0, 2.0, 3.0)}, r"cost has shape \(4,\); .* or three a condition"),
        ({"cost": 1.0}, r"cost has shape \(\); give three numbers"),
        ({"benefit": np.ones((2, 2)), "delay": [1, 2]}, r"benefit has shape \(2, 2\); give three"),
        ({"benefit": [(0, 1, 2), (0, 1)]}, "benefit=.*: give finite numbers"),
    ],
)
def test_wrong_conditions_are_named(fields, text):
    with pytest.raises(ValueError, match=text):
        run(Condition(**fields))


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"exploration": 1 - 1e-9}, f"exploration=0.999999999: {BETWEEN}"),
        ({"force": 1e300}, r"force=1e\+300: give finite numbers"),
    ],
)
def test_what_rounds_out_of_its_range_in_single_precision_is_refused_there(fields, text):
    run(Condition(**fields), steps=2)
    with pytest.raises(ValueError, match=text):
        run(Condition(**fields), steps=2, precision="single")


@pytest.mark.parametrize("key", [None, 3, np.zeros(2, np.uint32), "seed"])
def test_what_is_no_key_is_refused(key):
    with pytest.raises(ValueError, match=r"key=.*: give one key, such as jax.random.key\(0\)"):
        simulate(populations(), Condition(), key, policy="fixed")


def test_what_are_no_populations_or_no_conditions_is_refused():
    with pytest.raises(ValueError, match=r"populations=None: give Populations\(…\)"):
        simulate(None, Condition(), key(), policy="fixed")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"conditions=\{\}: give Condition\(…\)"):
        simulate(populations(), {}, key(), policy="fixed")  # type: ignore[arg-type]


def test_more_agents_than_a_count_can_hold_are_refused():
    many = dataclasses.replace(populations(), first=np.zeros((6, 2**15), np.int32))
    with pytest.raises(ValueError, match="32768 agents: counts are of 16 bits"):
        simulate(many, Condition(), key(), policy="fixed")


def test_numbers_of_numpy_are_numbers():
    np.testing.assert_array_equal(
        run(Condition(delay=np.int32(2)), steps=np.int64(9)), run(Condition(delay=2), steps=9)
    )


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"policy": "clever"}, "policy='clever': give one of fixed, reactive, q-learning"),
        ({"regulated": "no"}, "regulated='no': give True or False"),
        ({"steps": 0}, "steps=0: give a whole number of at least 1"),
        ({"steps": 10.0}, "steps=10.0: give a whole number"),
        ({"steps": True}, "steps=True: give a whole number"),
        ({"precision": "half"}, "precision='half': give 'single' or 'double'"),
        ({"of": slice(0, 0)}, "the populations are empty; give at least one run"),
    ],
)
def test_wrong_options_are_named(options, text):
    if "of" in options:
        options = {"of": populations()[options["of"]]}
    with pytest.raises(ValueError, match=text):
        run(Condition(), **options)


def test_double_precision_is_asked_for_where_there_is_none():
    text = "precision='double', but JAX computes in single .*'jax_enable_x64', True.*'single'"
    with double_precision_off(), pytest.raises(ValueError, match=text):
        run(Condition())
