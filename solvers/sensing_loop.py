"""Descent on thin factors as one compiled loop, whatever the step sizes and how many steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array

from lemmata.solvers.sensing_steps import (
    Diagonal,
    Factors,
    Layout,
    Loss,
    gradients,
    in_rows,
    laid_out,
    scale,
    squared_error,
)

#: records are kept in arrays of a multiple of this many looks, so that few shapes are compiled
CAPACITY = 256
#: after so many steps it is seen whether a run has left, and if so, they are done again
BLOCK = 16
#: a run has left when the factors' squared norm is this many times what it began with and is asked
FAR = 1e8


class Schedule(NamedTuple):
    """When to look, (CAPACITY * c,), the first `number` of which count, and how long steps are."""

    looks: Array
    number: Array
    decay: Array


class Unbalance(NamedTuple):
    """The modified step: once the error is below `below`, F becomes beta times orthonormal."""

    beta: Array
    below: Array


class Found(NamedTuple):
    """Of one seed and L runs: records (CAPACITY * c, L), (L,) when it left or was modified."""

    error: Array
    measured: Any
    left: Array
    modified: Array
    factors: Factors


def unbalanced(F: Array, G: Array, beta: Array) -> tuple[Array, Array]:
    """Factors with the same product, F being beta times a matrix of orthonormal columns.

    With F = A S B^T, F becomes beta A and G becomes G B S / beta; columns of zeros stay behind
    where S is zero.
    """
    A, S, Bt = jnp.linalg.svd(F, full_matrices=False)
    least = jnp.finfo(S.dtype).eps * max(F.shape[-2:]) * S[..., :1]
    there = least < S
    turned = G @ jnp.swapaxes(Bt, -1, -2)
    new = beta * A * there[..., None, :], turned * (S * there)[..., None, :] / beta
    spare = [(0, 0)] * (F.ndim - 1) + [(0, F.shape[-1] - S.shape[-1])]
    return jnp.pad(new[0], spare), jnp.pad(new[1], spare)


@eqx.filter_jit
def descend(
    data: Any,
    factors: Factors,
    rates: Array,
    schedule: Schedule,
    *,
    loss: Loss,
    layout: Layout,
    measure: Callable[..., Any] | None,
    modify: Unbalance | None,
    at_once: int,
) -> Found:
    """All S seeds, `at_once` of which go side by side; arrays lead with S, then L."""

    def one(seed: tuple[Any, Factors, Array]) -> Found:
        return _one(*seed, schedule, loss, layout, measure, modify)

    return jax.lax.map(one, (data, factors, rates), batch_size=at_once)


def _one(
    data: Any,
    factors: Factors,
    rates: Array,
    schedule: Schedule,
    loss: Loss,
    layout: Layout,
    measure: Callable[..., Any] | None,
    modify: Unbalance | None,
) -> Found:
    lanes = factors[0].shape[0]
    slopes = gradients(data, loss, layout)
    per_lane = (lambda v: v) if layout == "lanes" else (lambda v: v[:, None, None])
    within = (0, 1) if layout == "lanes" else (1, 2)

    def size(now: Factors, axes: tuple[int, int]) -> Array:
        return sum((jnp.sum(f**2, axis=axes) for f in now), jnp.zeros(lanes))

    total = size(factors, (1, 2)) + scale(data)
    # The modified step makes a factor as much longer as the other becomes shorter.
    limit = FAR * (total if modify is None else total + (total / modify.beta) ** 2)

    def leaving(left: Array, step: Array, now: Factors) -> Array:
        # Not a number is not within the limit either.
        return jnp.where((left < 0) & ~(size(now, within) <= limit), step, left)

    def moved(now: Factors, step: Array, rate: Array) -> Factors:
        length = per_lane(rate * schedule.decay**step)
        return tuple(f - length * slope for f, slope in zip(now, slopes(now), strict=True))

    def with_care(step: Array, state: tuple[Factors, Array]) -> tuple[Factors, Array]:
        now, left = state
        left = leaving(left, step, now)
        # A run that has left stands still.
        return moved(now, step, jnp.where(left < 0, rates, 0.0)), left

    def block(state: tuple[Array, Array, Factors, Array]) -> tuple[Array, Array, Factors, Array]:
        begin, end, now, left = state
        stop = jnp.minimum(begin + BLOCK, end)
        rate = jnp.where(left < 0, rates, 0.0)
        quick = jax.lax.fori_loop(begin, stop, lambda step, f: moved(f, step, rate), now)
        stayed = jnp.all(leaving(left, stop, quick) == left)
        # Otherwise again, to see when.
        now = tuple(jnp.where(stayed, a, b) for a, b in zip(quick, now, strict=True))
        again = jnp.where(stayed, stop, begin)
        now, left = jax.lax.fori_loop(again, stop, with_care, (now, left))
        return stop, end, now, left

    def look(i: Array, state: Any) -> Any:
        now, left, modified, errors, seen = state
        begin = jnp.where(i > 0, schedule.looks[i - 1], 0)
        end = schedule.looks[i]
        *_, now, left = jax.lax.while_loop(lambda s: s[0] < s[1], block, (begin, end, now, left))
        left = leaving(left, end, now)
        plain = in_rows(now, layout)
        error = jnp.where(left < 0, squared_error(data, plain), jnp.inf)
        errors = errors.at[i].set(error)
        if measure is not None:
            seen = jax.tree.map(lambda a, v: a.at[i].set(v), seen, _measured(measure, data, plain))
        if modify is not None:
            due = (modified < 0) & (error < modify.below**2)
            modified = jnp.where(due, end, modified)
            take = partial(_modify, now, due, modify, layout)
            now = jax.lax.cond(jnp.any(due), take, lambda: now)
        return now, left, modified, errors, seen

    capacity = schedule.looks.shape[0]
    never = jnp.full(lanes, -1, dtype=schedule.looks.dtype)
    seen = None
    if measure is not None:
        shapes = jax.eval_shape(lambda f: _measured(measure, data, f), factors)
        seen = jax.tree.map(lambda s: jnp.zeros((capacity, *s.shape), s.dtype), shapes)
    state = (laid_out(factors, layout), never, never, jnp.zeros((capacity, lanes)), seen)
    now, left, modified, errors, seen = jax.lax.fori_loop(0, schedule.number, look, state)
    return Found(errors, seen, left, modified, _turned_back(data, in_rows(now, layout)))


def _modify(now: Factors, due: Array, modify: Unbalance, layout: Layout) -> Factors:
    plain = in_rows(now, layout)
    new = unbalanced(plain[0], plain[1], modify.beta)
    chosen = (jnp.where(due[:, None, None], a, b) for a, b in zip(new, plain, strict=True))
    return laid_out(tuple(chosen), layout)


def _turned_back(data: Any, factors: Factors) -> Factors:
    """The factors in the coordinates that they were given in."""
    if not isinstance(data, Diagonal):
        return factors
    sides = data.turns[: len(factors)]
    return tuple(turn @ f[..., : turn.shape[-1], :] for turn, f in zip(sides, factors, strict=True))


def _measured(measure: Callable[..., Any], data: Any, factors: Factors) -> Any:
    return jax.vmap(measure)(*_turned_back(data, factors))
