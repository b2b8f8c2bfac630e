"""Charges of symmetries along motions with friction, and norms along noisy descent."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from lemmata.solvers import symmetric_losses as losses
from lemmata.solvers.damped_motion import Motion, damped_motion
from lemmata.solvers.noisy_descent import Norms, norms
from lemmata.verify.api import Accuracy, Measurement, Point

#: units of time that a motion is followed, and its runs: panels and tolerance of each
DURATION, RUNS = 3.0, ((12, 1e-11), (8, 1e-9))
#: of noisy descent: steps, when it has come to rest, examples in all and in a batch, lanes at once
STEPS, SETTLED, EXAMPLES, BATCH, LANES = 8000, 5000, 256, 8, 4
#: of the start, in units of (eta/lambda)^(1/4)
FAR = 5.0

Charge = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Symmetry(NamedTuple):
    """A loss, the charge of its symmetry and what motion gives to it, of states and velocities.

    `along`: where the symmetry moves a state, which is what a start has a velocity along, too.
    """

    loss: losses.Loss
    charge: Charge
    source: Charge
    along: Callable[[np.ndarray], np.ndarray]


def _sides(q: np.ndarray) -> np.ndarray:
    """The same with the second half of the coordinates turned round."""
    half = q.shape[-1] // 2
    return np.concatenate([q[..., :half], -q[..., half:]], axis=-1)


def _scale(loss: losses.Loss) -> Symmetry:
    return Symmetry(loss, lambda q, v: (q * v).sum(-1), lambda q, v: (v**2).sum(-1), lambda q: q)


SYMMETRIES = {
    "Rayleigh quotient": _scale(losses.rayleigh),
    "normalised network": _scale(losses.normalised_network),
    "translation": Symmetry(
        losses.softmax, lambda q, v: v.sum(-1), lambda q, v: 0 * v.sum(-1), np.ones_like
    ),
    "rescaling": Symmetry(
        losses.factors,
        lambda q, v: (_sides(q) * v).sum(-1),
        lambda q, v: (_sides(v) * v).sum(-1),
        _sides,
    ),
}  # fmt: skip


def motions(p: Point, name: str, *, at_rest: bool, mass: float | None = None) -> list[Motion]:
    """A motion from a start of the point's own, in two accuracies."""
    symmetry = SYMMETRIES[name]
    rng = np.random.default_rng([int(p.seed), 7])
    size, examples = losses.draw(symmetry.loss, rng)
    q = rng.normal(size=size)
    v = None if at_rest else 0.3 * rng.normal(size=size) + 0.5 * symmetry.along(q)
    slope = losses.gradient(symmetry.loss)
    return [
        damped_motion(
            lambda z: slope(z, examples), q, v, mass=p.m if mass is None else mass,
            friction=p.gamma, duration=DURATION, panels=panels, rtol=rtol,
        )
        for panels, rtol in RUNS
    ]  # fmt: skip


def charge_rate(p: Point, accuracy: Accuracy, *, name: str) -> Measurement:
    """What motion gave to the charge less what is there, over the charge summed up."""
    symmetry = SYMMETRIES[name]
    found = []
    for one in motions(p, name, at_rest=False):
        Q, S = (of(one.q, one.v) for of in (symmetry.charge, symmetry.source))
        found.append((one.integral(S) - Q[-1] + Q[0]) / one.integral(Q))
    return Measurement(found[0], bias=abs(found[1] - found[0]) + 1e-11)


def rate_if_conserved(p: Point, *, name: str) -> float:
    """What motion gave to the charge over the charge summed up, as if the charge had stayed."""
    symmetry, one = SYMMETRIES[name], motions(p, name, at_rest=False)[0]
    Q, S = (of(one.q, one.v) for of in (symmetry.charge, symmetry.source))
    return one.integral(S) / one.integral(Q)


def norm_growth(p: Point, accuracy: Accuracy, *, mass: float | None = None) -> Measurement:
    """The square of the norm at the end over that at the start, from rest."""
    runs = motions(p, "Rayleigh quotient", at_rest=True, mass=mass)
    squares = [_square(run) for run in runs]
    arrays = {"time": runs[0].times, "square": squares[0]}
    if mass is None:  # for a picture: of the same loss, start and friction
        flow = motions(p, "Rayleigh quotient", at_rest=True, mass=0.0)[0]
        arrays["square.without_mass"] = _square(flow)
    one, two = (square[-1] for square in squares)
    return Measurement(one, bias=abs(one - two) + 1e-11, arrays=arrays)


def _square(run: Motion) -> np.ndarray:
    """Of the norm, over what it is at the start."""
    square = np.sum(run.q**2, axis=1)
    return square / square[0]


def least_growth(p: Point, accuracy: Accuracy, *, name: str) -> Measurement:
    """The least that the square of the norm grows over an eighth of the time, from rest."""
    least = []
    for one in motions(p, name, at_rest=True):
        # Of each panel one node, which is as exact as the motion.
        square = np.sum(one.q[:: len(one.q) // 8] ** 2, axis=1)
        least.append(np.diff(square).min())
    return Measurement(least[0], bias=RUNS[1][1])


class Descent(NamedTuple):
    """Of lanes and replicas: squares of norms |q|^2, and of slopes as they are at unit norm."""

    square: np.ndarray
    unit_slope: np.ndarray
    slope: np.ndarray


@lru_cache(maxsize=16)
def descent(
    name: str,
    eta: tuple[float, ...],
    decay: tuple[float, ...],
    seed: tuple[int, ...],
    replicas: int,
    steps: int = STEPS,
) -> Descent:
    """Noisy descent, `eta` and `decay` of each lane; with decay it starts far above its rest."""
    loss = SYMMETRIES[name].loss
    rng = np.random.default_rng([*seed, 11])
    size, examples = losses.draw(loss, rng, EXAMPLES)
    n = len(eta)
    lanes = np.arange(LANES * -(-n // LANES)) % n
    rates, decays = np.array(eta)[lanes], np.array(decay)[lanes]
    start = rng.normal(size=(len(lanes), replicas, size))
    if decays.all():
        far = FAR * (rates / decays) ** 0.25
        start *= far[:, None, None] / np.linalg.norm(start, axis=-1, keepdims=True)
    found: Norms = norms(
        losses.gradient(loss), start, examples, rates, decays, rng,
        steps=steps, batch=BATCH,
    )  # fmt: skip
    square, slope = found.square[:, :n], found.slope[:, :n]
    return Descent(square, slope * square, slope)
