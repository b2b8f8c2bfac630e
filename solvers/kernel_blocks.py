"""Matrices of inner products of things too large to be held all at once, in blocks."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.lax import fori_loop

Features = Callable[[Array], Any]


def gram_in_blocks(
    left: Features,
    right: Features | None,
    contract: Callable[[Any, Any], Array],
    counts: tuple[int, int],
    block: int,
    mirror: Callable[[Array], Array],
) -> Array:
    """All inner products of `counts[0]` with `counts[1]` things, two blocks of them at a time.

    **Arguments:** `left(numbers)` and `right(numbers)` give the features of the things with these
    numbers, shape (b,); `contract(u, v)` of two blocks of features gives a cell of shape
    (b, b, ...). With `right=None` the things on both sides are the same: each cell above the
    diagonal is computed once, and `mirror(cell)` is the cell across.

    **Returns:** shape (*counts, ...), at most two blocks of features being held at any time.
    """
    rows, columns = (-(-count // block) for count in counts)
    other = left if right is None else right

    if rows == columns == 1:
        here = left(jnp.arange(counts[0]))
        return contract(here, here if right is None else right(jnp.arange(counts[1])))

    def members(side: int, i: Array) -> Array:
        # The last block is filled up with the last thing, and cut off in the end.
        return jnp.minimum(i * block + jnp.arange(block), counts[side] - 1)

    cell = jax.eval_shape(
        lambda i: contract(left(members(0, i)), other(members(1, i))), jnp.zeros((), int)
    )

    def strip(i: Array, found: Array) -> Array:
        here = left(members(0, i))

        def fill(j: Array, found: Array) -> Array:
            return found.at[i, j].set(contract(here, other(members(1, j))))

        if right is None:
            found = found.at[i, i].set(contract(here, here))
        return fori_loop(i + 1 if right is None else 0, columns, fill, found)

    found = fori_loop(0, rows, strip, jnp.zeros((rows, columns, *cell.shape), cell.dtype))
    if right is None and rows > 1:
        across = jax.vmap(jax.vmap(mirror))(jnp.swapaxes(found, 0, 1))
        below = jnp.tri(rows, k=-1, dtype=bool).reshape(rows, rows, *(1 for _ in cell.shape))
        found = jnp.where(below, across, found)
    whole = jnp.swapaxes(found, 1, 2).reshape(rows * block, columns * block, *cell.shape[2:])
    return whole[: counts[0], : counts[1]]
