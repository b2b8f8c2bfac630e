"""Small limit cycles and characteristic roots of a `DelaySystem`, by numbers alone.

A cycle is a truncated Fourier series, solved for at equidistant times by Newton's method; delays
are looked up in the series itself. No normal form, no multilinear expansion.
"""

from typing import NamedTuple

import numpy as np
import sympy as sp
from scipy.optimize import fsolve

HARMONICS = 5


class Numbers(NamedTuple):
    """A system at a point: its functions take the turned parameter first."""

    rate: object
    lags: list
    rest: object
    slopes: list


def numbers(system, parameter, point):
    """The system's functions with every other parameter put to its value."""
    fixed = {s: point[s.name] for s in system.parameters if s != parameter}
    state, lagged = list(system.state), [s for group in system.delayed for s in group]

    def function(symbols, expressions):
        ready = [sp.sympify(one).subs(fixed) for one in expressions]
        return sp.lambdify([parameter, *symbols], ready, modules="numpy")

    slopes = [
        function([], list(system.at_rest(sp.Matrix(system.rate).jacobian(list(group)))))
        for group in (system.state, *system.delayed)
    ]
    return Numbers(
        function([*state, *lagged], system.rate),
        [function(state, [lag]) for lag in system.delays],
        function([], system.equilibrium),
        slopes,
    )


def root(system, parameter, point, mu, guess):
    """The characteristic root next to a guess, at mu."""
    found, n = numbers(system, parameter, point), len(system.state)
    matrices = [np.array(one(mu), float).reshape(n, n) for one in found.slopes]
    rest = found.rest(mu)
    lags = [lag(mu, *rest)[0] for lag in found.lags]

    def chi(z):
        whole = z * np.eye(n) - matrices[0]
        for matrix, lag in zip(matrices[1:], lags, strict=True):
            whole = whole - matrix * np.exp(-z * lag)
        return np.linalg.det(whole)

    z, step = complex(guess), 1e-6
    for _ in range(20):
        z -= chi(z) * 2 * step / (chi(z + step) - chi(z - step))
    return z


def cycle(system, parameter, point, mu, omega, amplitude):
    """The parameter and the frequency of the cycle with this amplitude of its first harmonic."""
    found, n = numbers(system, parameter, point), len(system.state)
    k = np.arange(1, HARMONICS + 1)
    times = 2 * np.pi * np.arange(2 * HARMONICS + 1) / (2 * HARMONICS + 1)
    rest = np.array(found.rest(mu), float)

    def series(mean, waves, s):
        return mean[:, None] + 2 * np.real(waves @ np.exp(1j * np.outer(k, s)))

    def residual(unknown):
        mu, omega = unknown[:2]
        mean, parts = unknown[2 : 2 + n], unknown[2 + n :].reshape(2, n, HARMONICS)
        waves = parts[0] + 1j * parts[1]
        waves[0, 0] = amplitude / 2  # its two parts' places hold mu and omega
        now = series(mean, waves, times)
        past = [series(mean, waves, times - omega * lag(mu, *now)[0]) for lag in found.lags]
        rates = np.array(
            [
                one + 0 * times
                for one in found.rate(mu, *now, *np.concatenate([*past, np.zeros((0, times.size))]))
            ]
        )
        speed = 2 * omega * np.real((1j * k * waves) @ np.exp(1j * np.outer(k, times)))
        free = unknown[2 + n :].reshape(2, n, HARMONICS)[:, 0, 0]
        return np.concatenate([(speed - rates).ravel(), free])

    z = root(system, parameter, point, mu, 1j * omega)
    matrix = _matrix(found, mu, z, n)
    mode = (
        np.concatenate([[1.0], np.linalg.lstsq(matrix[:, 1:], -matrix[:, 0])[0]]) if n > 1 else [1]
    )
    start = np.zeros((2, n, HARMONICS))
    start[0, :, 0], start[1, :, 0] = np.real(mode) * amplitude / 2, np.imag(mode) * amplitude / 2
    start[:, 0, 0] = 0
    guess = np.concatenate([[mu, omega], rest, start.ravel()])
    solved, _, _, message = fsolve(residual, guess, xtol=1e-14, full_output=True)
    assert np.abs(residual(solved)).max() < 1e-12 * max(1.0, omega), message
    return solved[0], solved[1]


def _matrix(found, mu, z, n):
    matrices = [np.array(one(mu), float).reshape(n, n) for one in found.slopes]
    lags = [lag(mu, *found.rest(mu))[0] for lag in found.lags]
    whole = z * np.eye(n) - matrices[0]
    for matrix, lag in zip(matrices[1:], lags, strict=True):
        whole = whole - matrix * np.exp(-z * lag)
    return whole


def laws(system, parameter, point, mu, omega, amplitude):
    """A^2/(mu - mu_c) and dT/dmu, carried to the onset from two amplitudes."""
    found = []
    for part in (1.0, 0.5):
        m, w = cycle(system, parameter, point, mu, omega, amplitude * part**0.5)
        found.append((amplitude**2 * part / (m - mu), 2 * np.pi * (1 / w - 1 / omega) / (m - mu)))
    (s1, p1), (s2, p2) = found
    return 2 * s2 - s1, 2 * p2 - p1


def velocity(system, parameter, point, mu, omega):
    """d lambda / d mu of the pair, by central differences."""
    h = 1e-5 * mu
    ends = [root(system, parameter, point, mu + sign * h, 1j * omega) for sign in (1, -1)]
    return (ends[0] - ends[1]) / (2 * h)
