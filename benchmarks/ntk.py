"""What an empirical tangent kernel costs: the layerwise form against its peers.

The full kernel of a network with 3 hidden layers and 10 outputs between 64 inputs of dimension 32,
in double precision, by `dense_kernel` (layer by layer), by `tangent_kernel` (gradients in blocks),
and by two peers: the Jacobians of all outputs from `jax.jacrev`, held whole and contracted, and
products of the kernel with every unit vector, a reverse and a forward pass each. Each has a process
of its own, so that the peak memory is its own. What would not fit into memory, or would take hours,
is not started, and a line says why. All kernels must agree to a relative 1e-9 where they were
computed; otherwise there is no number. Times are the best of warm repeats; beside each is for how
long processors were busy with it, over all threads, which other work on the machine changes less.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lemmata.solvers.kernel_dense import dense_kernel
from lemmata.solvers.kernels import kernel_vector_product, tangent_kernel
from lemmata.solvers.networks import DenseNetwork

DIMENSION, OUTPUTS, INPUTS = 32, 10, 64
COLUMNS = INPUTS * OUTPUTS
AIM = 30  # times as fast as contracting Jacobians, at width 512
AIM_MEMORY = 2048  # MiB that the layerwise form may take at width 4096
AGREE = 1e-9  # of the largest entry


class Task(NamedTuple):
    """One method at one width: how often it is timed, and how many columns it computes."""

    method: str
    width: int
    turns: int
    columns: int = COLUMNS


class Cost(NamedTuple):
    """Seconds, MiB (on the device None for a CPU), and the columns that were computed, (640, c)."""

    taken: float
    busy: float
    before: float
    peak: float
    on_device: float | None
    kernel: np.ndarray


class Device(NamedTuple):
    """Its name, and the bytes that it has of its own; None for a CPU."""

    name: str
    room: int | None


def network(width: int) -> DenseNetwork:
    return DenseNetwork((DIMENSION, width, width, width, OUTPUTS))


def jacobian_bytes(width: int) -> int:
    n = network(width).widths
    return 8 * COLUMNS * sum((a + 1) * b for a, b in itertools.pairwise(n))


def device() -> Device:
    """What JAX computes on; in a process of its own, which lets go of it."""
    one = jax.devices()[0]
    return Device(one.device_kind, (one.memory_stats() or {}).get("bytes_limit"))


def available_bytes() -> int:
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def memory() -> float:
    """The most memory that this process has had, in MiB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def as_matrix(kernel: jax.Array) -> jax.Array:
    """(N, N, k, k) -> (N k, N k)."""
    return jnp.swapaxes(kernel, 1, 2).reshape(COLUMNS, COLUMNS)


def layerwise(f, params, x, columns):
    return as_matrix(dense_kernel(f, params, x))


def in_blocks(f, params, x, columns):
    return as_matrix(tangent_kernel(f, params, x))


def contracted(f, params, x, columns):
    return _contracted(f, params, x)


@partial(jax.jit, static_argnums=0)
def _contracted(f, params, x):
    leaves = jax.tree.leaves(jax.jacrev(f)(params, x))
    rows = [leaf.reshape(COLUMNS, -1) for leaf in leaves]
    return sum(row @ row.T for row in rows)


def by_products(f, params, x, columns):
    product = kernel_vector_product(f, params, x)
    units = np.eye(COLUMNS)[:columns].reshape(columns, INPUTS, OUTPUTS)
    return jnp.stack([product(unit).reshape(-1) for unit in units], axis=1)


METHODS = {
    "layer by layer": layerwise,
    "gradients in blocks": in_blocks,
    "Jacobians contracted": contracted,
    "products with vectors": by_products,
}


def cost_of(task: Task) -> Cost:
    """Run one task; in a process of its own."""
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_default_matmul_precision", "highest")
    f = network(task.width)
    params = f.draw(jax.random.key(task.width))
    x = jax.random.normal(jax.random.key(1), (INPUTS, DIMENSION))
    jax.block_until_ready((params, x))
    before = memory()
    METHODS[task.method](f, params, x, 1).block_until_ready()  # compiles
    wall, busy = [], []
    for _ in range(task.turns):
        begin = time.perf_counter(), time.process_time()
        found = METHODS[task.method](f, params, x, task.columns)
        found.block_until_ready()
        wall.append(time.perf_counter() - begin[0])
        busy.append(time.process_time() - begin[1])
    used = (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    on_device = None if used is None else used / 2**20
    return Cost(min(wall), min(busy), before, memory(), on_device, np.asarray(found))


def alone(function: Callable[..., Any], *given: object) -> Any:
    """What a function gives, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *given).result()


def compete(tasks: list[Task], left_out: dict[str, str]) -> dict[str, Cost]:
    """Run the tasks, which are of one width, one after another; compare; print a line for each."""
    width = tasks[0].width
    print(f"\nwidth {width}, Jacobian of {jacobian_bytes(width) / 2**30:.1f} GiB")
    costs = {}
    for task in tasks:
        cost = costs[task.method] = alone(cost_of, task)
        first = costs[tasks[0].method]
        size = np.abs(first.kernel).max()
        apart = np.abs(cost.kernel - first.kernel[:, : cost.kernel.shape[1]]).max() / size
        if not apart < AGREE:
            sys.exit(f"{task.method}: {apart:.1e} apart from {tasks[0].method}")
        share = COLUMNS / task.columns
        used = "" if cost.on_device is None else f", {cost.on_device:.0f} MiB on the device"
        note = "" if share == 1 else f", from {task.columns} of {COLUMNS} columns"
        print(
            f"  {task.method:22} {share * cost.taken:9.3f} s, busy for {share * cost.busy:.3f} s"
            f" (best of {task.turns}{note}); peak {cost.peak:.0f} MiB, {cost.before:.0f} before"
            f"{used}; agrees to {apart:.0e}",
            flush=True,
        )
    for method, why in left_out.items():
        print(f"  {method:22} not run: {why}")
    return costs


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help="fewer repeats and columns")
    given, _ = parser.parse_known_args()  # `make bench` has one set of arguments for all
    turns, columns = (5, 16) if given.quick else (20, 64)
    on: Device = alone(device)
    print(
        f"tangent kernels, {INPUTS} × {INPUTS} inputs, {OUTPUTS} outputs, on {on.name},"
        f" {os.cpu_count()} cores"
    )

    def room(width: int) -> dict[str, str]:
        # The contraction keeps the Jacobian, and half as much again on the way to it.
        needed, there = 1.5 * jacobian_bytes(width), on.room or available_bytes()
        if needed <= there:
            return {}
        return {
            "Jacobians contracted": f"takes {needed / 2**30:.0f} GiB of memory, and"
            f" {there / 2**30:.0f} GiB are free"
        }

    left_out = room(512)
    tasks = [
        Task("layer by layer", 512, turns),
        Task("gradients in blocks", 512, 1),
        Task("Jacobians contracted", 512, 1),
        Task("products with vectors", 512, 1, columns),
    ]
    small = compete([task for task in tasks if task.method not in left_out], left_out)
    if not left_out:
        best, peer = small["layer by layer"], small["Jacobians contracted"]
        print(
            f"  {peer.taken / best.taken:.0f} × as fast as contracting Jacobians (aim: {AIM}),"
            f" {peer.busy / best.busy:.0f} × by the time that processors were busy"
        )
    left_out = room(4096) | {
        "gradients in blocks": "a gradient takes 257 MiB, so that blocks hold one or two, and each"
        " is computed hundreds of times"
    }
    large = compete(
        [
            Task("layer by layer", 4096, 3),
            Task("products with vectors", 4096, 1, 4 if given.quick else 16),
        ],
        left_out,
    )
    best = large["layer by layer"]
    peak = best.peak if best.on_device is None else best.on_device
    print(f"  peak memory of the layerwise form: {peak:.0f} MiB (aim: {AIM_MEMORY})")


if __name__ == "__main__":
    main()
