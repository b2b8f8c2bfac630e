"""What the arguments of tangent kernels must fulfil, and what to do where they do not."""

import reprlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer

from lemmata.solvers.looks import whole

Function = Callable[[Any, Array], Array]
Outputs = Literal["full", "trace", "diagonal"]
OUTPUTS: tuple[Outputs, ...] = ("full", "trace", "diagonal")


def all_finite(tree: Any) -> bool:
    """Whether all numbers in these arrays are finite; of tracers nothing is known, so True."""
    with jax.ensure_compile_time_eval():  # constants inside a traced function are known, too
        return all(isinstance(leaf, Tracer) or _finite(leaf) for leaf in jax.tree.leaves(tree))


def _finite(leaf: Any) -> bool:
    # By NumPy where the numbers are at hand: JAX would compile two programs for every new shape.
    if isinstance(leaf, Array) and {one.platform for one in leaf.devices()} != {"cpu"}:
        return bool(jnp.all(jnp.isfinite(leaf)))
    return bool(np.all(np.isfinite(np.asarray(leaf))))


def split_params(params: Any) -> tuple[Any, Any]:
    """The parameters (real floating-point arrays), and all other leaves, as `eqx.partition` does.

    **Raises:** ValueError where there is no parameter or one is not finite; TypeError on a Python
    float, of which it cannot be told whether it is meant as a parameter, and on complex arrays.
    """
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        name = f"params{jax.tree_util.keystr(path)}"
        if isinstance(leaf, float | complex) and not isinstance(leaf, np.generic):
            raise TypeError(
                f"`{name}={leaf!r}` is a plain number: make it an array if it is a parameter, or "
                "keep it out of `params` if it is not."
            )
        if _is_inexact(leaf):
            if jnp.iscomplexobj(leaf):
                raise TypeError(f"`{name}` is complex; give its real and imaginary parts instead.")
            if not all_finite(leaf):
                raise ValueError(f"`{name}` is not finite everywhere; it has no tangent kernel.")
    trained, rest = eqx.partition(params, _is_inexact)
    if not jax.tree.leaves(trained):
        raise ValueError(
            "`params` holds no floating-point arrays, so there is nothing to differentiate by; "
            f"its leaves are {[type(leaf).__name__ for leaf in jax.tree.leaves(params)]}."
        )
    return jax.tree.map(jnp.asarray, trained), rest


def _is_inexact(leaf: Any) -> bool:
    return isinstance(leaf, Array | np.ndarray | np.generic) and jnp.issubdtype(
        leaf.dtype, jnp.inexact
    )


def checked_inputs(
    x1: Any, x2: Any, names: tuple[str, str] = ("x1", "x2")
) -> tuple[Array, Array | None]:
    """Two batches of inputs of one shape, as arrays; the second may be None.

    **Raises:** ValueError on an empty batch, numbers that are not finite, or different shapes.
    """
    first = _checked_batch(names[0], x1)
    if x2 is None:
        return first, None
    second = _checked_batch(names[1], x2)
    if first.shape[1:] != second.shape[1:]:
        raise ValueError(
            f"`{names[0]}` has inputs of shape {first.shape[1:]} and `{names[1]}` of shape "
            f"{second.shape[1:]}; they must be of one shape."
        )
    return first, second


def as_array(name: str, values: Any, form: str) -> Array:
    """These numbers as an array; ValueError, that `form` is to be given, where they are none."""
    array: Array | None = None
    if not isinstance(values, str):  # which JAX would take for a name of a kind of numbers
        with suppress(TypeError, ValueError, OverflowError):
            array = jnp.asarray(values)
    if array is None:
        raise ValueError(f"`{name}={reprlib.repr(values)}` is no array of numbers; give {form}.")
    return array


def checked_reals(name: str, values: Any, shape: tuple[int, ...], owner: str) -> Array:
    """An array of finite real numbers of this shape, that of `owner`.

    **Raises:** ValueError where it has another shape or is not finite; TypeError where it is
    complex, for the imaginary parts would be dropped.
    """
    array = as_array(name, values, f"real numbers of shape {shape}, that of {owner}")
    if array.shape != shape:
        # Otherwise (N,) less (N, 1) would broadcast to (N, N), and go on to something.
        raise ValueError(
            f"`{name}` has shape {array.shape}; it must be of shape {shape}, that of {owner}."
        )
    if jnp.iscomplexobj(array):
        raise TypeError(
            f"`{name}={reprlib.repr(values)}` is complex; it must be real. Give its real and "
            "imaginary parts one after the other."
        )
    if not all_finite(array):
        raise ValueError(
            f"`{name}={reprlib.repr(values)}` is not finite everywhere; leave such points out."
        )
    return array


def _checked_batch(name: str, x: Any) -> Array:
    batch = as_array(name, x, "a batch of shape (N, ...)")
    if batch.ndim == 0 or batch.shape[0] == 0:
        raise ValueError(
            f"`{name}` has shape {batch.shape} and so no inputs; give a batch of shape (N, ...) "
            "with N at least 1."
        )
    if not all_finite(batch):
        raise ValueError(f"`{name}` is not finite everywhere; leave such inputs out.")
    return batch


def checked_shape(f: Function, params: Any, x: Array) -> tuple[int, ...]:
    """The shape, () or (k,), of the output of `f` for one input of this batch.

    **Raises:** ValueError where `f` returns any other shape; TypeError unless it is real floats,
    and where `f` is no function.
    """
    if not callable(f):
        raise TypeError(
            f"`f={reprlib.repr(f)}` is no function; give one of parameters and inputs, f(params, x)"
            ", such as a DenseNetwork."
        )
    out = eqx.filter_eval_shape(f, params, x)
    shape = getattr(out, "shape", None)
    if shape is None or len(shape) not in (1, 2) or shape[0] != len(x) or 0 in shape:
        raise ValueError(
            f"`f(params, x)` returned {'a tree' if shape is None else f'shape {shape}'} for "
            f"{len(x)} inputs; it must return ({len(x)},) or ({len(x)}, k), one row an input."
        )
    if not jnp.issubdtype(out.dtype, jnp.floating):
        raise TypeError(f"`f(params, x)` returned {out.dtype}; it must return real floats.")
    return tuple(shape[1:])


def check_option(outputs: Any) -> None:
    """Raise ValueError unless this is one of `OUTPUTS`."""
    if not isinstance(outputs, str) or outputs not in OUTPUTS:
        raise ValueError(f"`outputs={outputs!r}` must be one of {', '.join(map(repr, OUTPUTS))}.")


def checked_block(block: Any, memory: Any, each: int, most: int) -> int:
    """How many rows of `each` bytes to hold at once: `block`, or as many as `memory` allows."""
    if block is None:
        number = isinstance(memory, int | float | np.integer | np.floating)
        if isinstance(memory, bool) or not number or not memory > 0:
            raise ValueError(f"`memory={memory!r}` must be a positive number of bytes.")
        # A single row is the least that can be done, whatever it takes.
        most_at_once = int(max(1, min(memory, each * most) // each))
        block = -(-most // -(-most // most_at_once))  # no more blocks, and equally full ones
    return min(checked_count("block", block), most)


def checked_count(name: str, value: Any) -> int:
    """A whole number of at least 1, Python's or NumPy's; ValueError where it is none."""
    count = whole(value)
    if count is None or count < 1:
        raise ValueError(f"`{name}={value!r}` must be a whole number of at least 1, or None.")
    return count


def checked_kernel(kernel: Array) -> Array:
    """The kernel; ValueError where it is not finite although parameters and inputs are."""
    if not all_finite(kernel):
        raise ValueError(
            "The kernel is not finite, although parameters and inputs are: `f` or its derivative "
            "is not defined or overflows at some input."
        )
    return kernel
