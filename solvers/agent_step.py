"""One step of a population under a late alarm: act, be punished, be rewarded, learn.

The order of a step is that of the authors' code of arXiv 2605.30392. At step t the alarm that is
read is A(t - 1 - delay), and before the first step the alarm of the first population. All agents
act on it at once; then each is punished or not, by the same late alarm; then all are rewarded, by
what their neighbours do now; then the learners learn, with the next late alarm as what comes next.
"""

from __future__ import annotations

import itertools
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp

from lemmata.solvers import agent_rules as rules
from lemmata.solvers.agent_rules import Condition

Policy = Literal["fixed", "reactive", "q-learning"]


class Society(NamedTuple):
    """One population as the step needs it; see `Populations` for the fields."""

    neighbours: Any
    weights: Any
    charisma: Any
    cost_scale: Any
    detectability: Any


class State(NamedTuple):
    """What one step hands to the next.

    **Fields:** the agents' `action`, whether each was `punished`, the `influence` on it, the past
    `alarms` by step modulo their number, the agents' `values` (action, state, agent), and the
    regulator's `regulator_values` (force, state).
    """

    action: Any
    punished: Any
    influence: Any
    alarms: Any
    values: Any
    regulator_values: Any


def influences(society: Society, action: Any, stairs: tuple[int, ...]) -> jax.Array:
    """The weighted activity of each agent's in-neighbours; see `Populations` for the stairs."""
    weighed = society.weights * action.astype(society.weights.dtype)[society.neighbours]
    total = jnp.zeros(len(action), weighed.dtype)
    start = 0
    for agents, steps in itertools.groupby(stairs):
        end = start + agents * len(list(steps))
        flight = jnp.sum(weighed[start:end].reshape(-1, agents), axis=0)
        total += jnp.pad(flight, (0, len(action) - agents))
        start = end
    return total


def alarm_of(society: Society, action: Any) -> jax.Array:
    """The mean activity, each agent's as far as it can be detected."""
    return jnp.mean(society.detectability * action.astype(society.detectability.dtype))


def begin(society: Society, first: Any, *, memory: int, stairs: tuple[int, ...]) -> State:
    """The state before the first step; `memory` alarms are kept, more than the longest delay."""
    dtype = society.weights.dtype
    return State(
        first,
        jnp.zeros(first.shape, bool),
        influences(society, first, stairs),
        jnp.full(memory, alarm_of(society, first)),
        jnp.zeros((3, rules.STATES, first.shape[0]), dtype),
        jnp.zeros((len(rules.FORCES), 12), dtype),
    )


def step(
    state: State,
    t: Any,
    draws: Any,
    society: Society,
    condition: Condition,
    *,
    policy: Policy,
    stairs: tuple[int, ...],
    regulated: bool = False,
) -> State:
    """One step of one population.

    **Arguments:**

    - `t`: the number of the step, from 0.
    - `draws`: uniform numbers in [0, 1), shape `(2, agents + 1)`: for acting and for being
      punished; the last column is the regulator's.
    - `regulated`: whether the regulator learns its force.
    """
    memory = len(state.alarms)
    late = state.alarms[(t - 1 - condition.delay) % memory]
    acting, punishing = draws[0, :-1], draws[1, :-1]
    before = _seen(state.influence, late, state.punished)
    force, choice, regulator_saw = condition.force, None, None
    if regulated:
        regulator_saw = _regulator_sees(late, state.action)
        options = state.regulator_values[:, regulator_saw]
        choice = rules.explore_or_best(draws[0, -1], options, condition.regulator_exploration)
        force = jnp.asarray(rules.FORCES, state.alarms.dtype)[choice]
    known = None
    if policy == "fixed":
        action = rules.drawn(acting, rules.FIXED)
    elif policy == "reactive":
        alarm_bucket = rules.bucket(late, rules.ALARM)
        action = rules.reactive(acting, state.influence, alarm_bucket, state.punished)
    else:
        known = _of_state(state.values, before)
        action = rules.explore_or_best(acting, known, condition.exploration)

    influence = influences(society, action, stairs)
    punished = punishing < rules.response(late, force, society.detectability, condition)
    alarm = alarm_of(society, action)
    alarms = jax.lax.dynamic_update_index_in_dim(state.alarms, alarm, t % memory, 0)

    values = state.values
    if known is not None:
        reward = (
            rules.of_action(action, condition.benefit) * society.charisma
            + condition.influence * influence * action
            - punished * rules.of_action(action, condition.cost) * society.cost_scale
        )
        after = _seen(influence, alarms[(t - condition.delay) % memory], punished)
        best = jnp.max(_of_state(values, after), axis=0)
        old = jnp.take_along_axis(known, action[None], axis=0)[0]
        new = old + condition.learning_rate * (reward + condition.discount * best - old)
        agent = jnp.arange(len(action))
        values = values.at[action, before, agent].set(
            new.astype(values.dtype), unique_indices=True, mode="promise_in_bounds"
        )
    regulator_values = state.regulator_values
    if regulated:
        # What comes next for the regulator is seen without delay, as in the authors' code.
        seen = _regulator_sees(alarm, action)
        rewards = jnp.asarray(rules.regulator_rewards(len(action)), force.dtype)
        reward = rewards[choice, jnp.sum(action == 2)]
        best = jnp.max(regulator_values[:, seen])
        old = regulator_values[choice, regulator_saw]
        new = old + condition.regulator_rate * (reward + condition.regulator_discount * best - old)
        regulator_values = regulator_values.at[choice, regulator_saw].set(new)
    return State(action, punished, influence, alarms, values, regulator_values)


def _seen(influence: Any, late: Any, punished: Any) -> jax.Array:
    """The number of the state that each agent finds itself in."""
    where = rules.bucket(late, rules.ALARM) * 3 + rules.bucket(influence, rules.INFLUENCE)
    return where * 2 + punished


def _of_state(values: Any, state: Any) -> jax.Array:
    """The three actions' values in each agent's state, shape `(3, agents)`."""
    return jnp.take_along_axis(values, state[None, None, :], axis=1)[:, 0]


def _regulator_sees(alarm: Any, action: Any) -> jax.Array:
    # Counts are compared, for a rounded share could miss an edge that it lies on.
    edges = tuple(edge * len(action) for edge in rules.REGULATOR_RADICALS)
    radicals = rules.bucket(jnp.sum(action == 2), edges)
    return rules.bucket(alarm, rules.REGULATOR_ALARM) * 3 + radicals
