"""Rates and variances about resting states: of planar polynomials, by one program for all."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from lemmata.solvers import langevin
from lemmata.solvers.decay import deviation_series
from lemmata.verify.api import Measurement

#: so small that what is left of the nonlinear terms is rounding
NOISE = 1e-7
#: what noise is multiplied with: it acts on the first coordinate alone, or alike on both
ALONG_X, ON_BOTH = ((1.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (0.0, 1.0))
#: for rates that differ: many steps, as short as the quickest one wants
LONG = langevin.Schedule(settle=600, looks=360, between=4)


class Field(NamedTuple):
    r"""$z' = k + A z + q z^2 - c z |z|^2$ with $z^2$ by coordinates, of n lanes; and a start.

    `constant` (n, 2), `linear` (n, 2, 2), `square` (n, 2), `cube` (n,); Newton's method leads from
    `near`, (n, 2), to the state of rest that is meant.
    """

    constant: np.ndarray
    linear: np.ndarray
    square: np.ndarray
    cube: np.ndarray
    near: np.ndarray


def field(n: int, **given: Any) -> Field:
    """The field whose entries are given by place: `k0`, `A01`, `q0`, `c`; `near` is (x, 0).

    Where nothing is said of the second coordinate, it stays at 0: a rate beyond all others keeps it
    out of the way.
    """
    A = np.zeros((n, 2, 2))
    A[:, 1, 1] = -1e3
    k, q, near, c = np.zeros((n, 2)), np.zeros((n, 2)), np.zeros((n, 2)), np.zeros(n)
    for name, value in given.items():
        if name == "near":
            near[:, 0] = value
        elif name == "c":
            c = c + value
        else:
            where = tuple(int(digit) for digit in name[1:])
            {"k": k, "A": A, "q": q}[name[0]][(slice(None), *where)] = value
    return Field(k, A, q, c, near)


def normal_form(form: str, mu: Any, a: Any, omega: float = 0.2) -> Field:
    """A fold, a transcritical point, a pitchfork or a Hopf point, at a distance `mu` before it."""
    mu, a = np.broadcast_arrays(np.asarray(mu, float), np.asarray(a, float))
    n = len(mu)
    if form == "fold":
        return field(n, k0=mu, q0=-a, near=1.0)
    if form == "transcritical":
        return field(n, A00=mu, q0=-a, near=1.0)
    if form == "pitchfork":
        return field(n, A00=-mu, c=a)
    return field(n, A00=-mu, A01=-omega, A10=omega, A11=-mu, c=a)


def drift(z: Any, f: Any) -> Any:
    """The field, as JAX or NumPy has it."""
    return f.constant + f.linear @ z + f.square * z**2 - f.cube * z * (z @ z)


def _in_time(t: Any, z: Any, f: Any) -> Any:
    """The same, as solvers take it; by a name of its own, so that it is compiled once."""
    return drift(z, f)


def at_rest(f: Field) -> tuple[np.ndarray, np.ndarray]:
    """The states of rest, (n, 2), and the field's derivative there, (n, 2, 2)."""
    z = f.near.copy()
    J = _derivative(f, z)
    for _ in range(60):
        value = np.stack([drift(one, Field(*row)) for one, *row in zip(z, *f, strict=True)])
        z = z - np.linalg.solve(J, value[..., None])[..., 0]
        J = _derivative(f, z)
    return z, J


def _derivative(f: Field, z: np.ndarray) -> np.ndarray:
    eye = np.eye(2)
    size = np.sum(z**2, axis=1)[:, None, None]
    cubic = size * eye + 2 * z[:, :, None] * z[:, None, :]
    return f.linear + (2 * f.square * z)[:, :, None] * eye - f.cube[:, None, None] * cubic


def return_rates(f: Field) -> Measurement:
    """How fast the first coordinate's deviation fades in the end, integrated."""
    rest, J = at_rest(f)
    slowest = -np.max(np.linalg.eigvals(J).real, axis=1)
    kick = np.zeros_like(rest)
    kick[:, 0] = 1e-4 * slowest
    found = deviation_series(
        _in_time, rest, f, perturbation=kick,
        duration=10 / slowest, rtol=1e-8,
    )  # fmt: skip
    ts, y, error = (np.asarray(part) for part in found[:3])
    with np.errstate(all="ignore"):
        rate = np.log(y[:, -17] / y[:, -1]) / (ts[:, -1] - ts[:, -17])
        before = np.log(y[:, -33] / y[:, -17]) / (ts[:, -17] - ts[:, -33])
        off = (error[:, -17] / y[:, -17] + error[:, -1] / y[:, -1]) / (ts[:, -1] - ts[:, -17])
    return Measurement(
        rate, bias=np.abs(rate - before) + off, converged=np.asarray(found.converged)
    )


class Found(NamedTuple):
    """Of each path and lane, over the square of the noise: see `langevin.Moments`.

    Values are carried to a step of zero by those of steps twice as long; `bias`, shape (n,), is by
    how much.
    """

    square: np.ndarray
    lagged: np.ndarray
    bias: np.ndarray


def fluctuations(
    f: Field,
    entropy: tuple[int, ...],
    paths: int,
    *,
    columns: Any = ALONG_X,
    lag: Any = None,
    step: float = 0.1,
    quick: bool = False,
) -> Found:
    """Moments of the first coordinate about the state of rest, under weak noise.

    **Arguments:** `columns`: what noise is multiplied with, (2, 2) or (n, 2, 2). `lag`: in units of
    time, (n,). `step`: in relaxation times; of the quickest rate where it is `quick`, that is much
    beyond the slowest, and many more of them are taken.
    """
    rest, J = at_rest(f)
    rates = np.linalg.eigvals(J)
    scale = np.max(np.abs(rates), axis=1) if quick else -np.max(rates.real, axis=1)
    h, looks = step / scale, np.zeros(len(rest))
    schedule = LONG if quick else langevin.Schedule()
    if lag is not None:  # a whole number of looks
        looks = np.ceil(np.asarray(lag, float) / (schedule.between * h))
        h = np.asarray(lag, float) / (schedule.between * looks)
    noise = NOISE * np.broadcast_to(np.asarray(columns, float), (len(rest), 2, 2))
    points: Mapping[str, Any] = {
        "rest": rest, "noise": noise, "step": h, "lag": looks, "args": f,
    }  # fmt: skip
    fine, coarse = langevin.moments(drift, points, entropy, paths, schedule)
    square, lagged = (_to_zero(fine, coarse, name) / NOISE**2 for name in ("square", "lagged"))
    bias = np.abs(np.mean(fine.square - coarse.square, axis=0)[:, 0]) / 3 / NOISE**2
    return Found(square, lagged, bias)


def _to_zero(fine: Any, coarse: Any, name: str) -> np.ndarray:
    """The error goes with the square of the step."""
    one, two = getattr(fine, name)[..., 0], getattr(coarse, name)[..., 0]
    return one + (one - two) / 3


def power(x: Any, square: np.ndarray, bias: np.ndarray) -> Measurement:
    """The slope of the line through ln of the mean squares of paths, (paths, m), and ln x."""
    u = np.log(x) - np.mean(np.log(x))
    weights, middle = u / (u @ u), np.mean(square, axis=0)
    # A mean's logarithm, path by path, to first order.
    draws = (np.log(middle) - 1 + square / middle) @ weights
    return Measurement.mean(draws, bias=float(np.abs(weights) @ (bias / middle)))


@lru_cache(maxsize=32)
def of_normal_form(
    form: str, a: float, mu: tuple[float, ...], entropy: tuple[int, ...], paths: int
) -> Found:
    """The same for a normal form at several distances, once for all who read it."""
    name, turning = zlib.crc32(f"{form} {a!r}".encode()), form == "hopf"
    f = normal_form(form, np.array(mu), a)
    columns = ON_BOTH if turning else ALONG_X
    return fluctuations(f, (*entropy, name), paths, columns=columns, quick=turning)
