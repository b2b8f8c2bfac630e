"""The random numbers of one experiment: standard normal arrays of the shapes that it asks for.

An experiment asks once, for all that it needs. It gets a row of numbers, cut into pieces, or what a
key of JAX's gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

#: a function of shapes to arrays
Draw = Callable[..., list[Array]]


class Row:
    """A draw from a row of standard normal numbers that has as many as are asked for."""

    def __init__(self, numbers: Array) -> None:
        self.numbers, self.size = numbers, 0

    def __call__(self, *shapes: tuple[int, ...]) -> list[Array]:
        if self.size:
            raise ValueError(
                f"an experiment asks for {shapes} after it had drawn {self.size} numbers, and would"
                " get the same again; ask once for all arrays."
            )
        sizes = [math.prod(shape) for shape in shapes]
        *starts, self.size = accumulate(sizes, initial=0)
        return [
            self.numbers[start : start + size].reshape(shape)
            for start, size, shape in zip(starts, sizes, shapes, strict=True)
        ]


def size_of(experiment: Callable[[Draw], Any]) -> int:
    """How many numbers an experiment draws."""
    found = 0

    def draw(*shapes: tuple[int, ...]) -> list[Array]:
        nonlocal found
        found = sum(map(math.prod, shapes))
        return [jnp.zeros(shape) for shape in shapes]

    jax.eval_shape(lambda: experiment(draw))
    return found


def from_key(key: Array) -> Draw:
    """The draw that belongs to a key; it gives the same whenever it is asked for the same."""

    def draw(*shapes: tuple[int, ...]) -> list[Array]:
        return Row(jax.random.normal(key, (sum(map(math.prod, shapes)),)))(*shapes)

    return draw
