"""Periods and amplitudes of synthetic oscillations with known Fourier series."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemmata.solvers.cycle import cycle_of

pytestmark = pytest.mark.heavy

INDEX = np.arange(8192)


def wave(period, amplitude=1.0, second=0.3, mean=2.0, phase=0.4):
    angle = 2 * np.pi * INDEX / period + phase
    return mean + amplitude * np.cos(angle) + second * amplitude * np.sin(2 * angle)


@given(st.floats(17.3, 300), st.floats(1e-3, 10), st.floats(0, 0.8), st.floats(0, 6.3))
def test_a_fourier_series_is_read_within_its_error(period, amplitude, second, phase):
    found = cycle_of(wave(period, amplitude, second, phase=phase), 0.25)
    assert abs(found.period - 0.25 * period) <= found.period_error
    assert abs(found.amplitude - amplitude) <= found.amplitude_error
    assert found.period_error < 1e-5 * period
    assert found.amplitude_error < 1e-4 * amplitude
    assert abs(found.mean - 2) < 1e-4 * amplitude


def test_lanes_are_read_side_by_side():
    periods = np.array([20.0, 31.7, 111.0])
    found = cycle_of(np.stack([wave(p) for p in periods]), np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(found.period, periods * [1, 2, 3], rtol=1e-6)


def test_what_still_grows_has_an_error_that_covers_the_growth():
    growing = wave(50.0, mean=0.0, second=0.0) * np.exp(1e-5 * INDEX)
    found = cycle_of(growing, 1.0)
    assert 0.02 < found.amplitude_error / found.amplitude < 0.08


@pytest.mark.parametrize(
    "samples",
    [
        np.full(4096, 0.7),
        np.exp(-0.01 * np.arange(4096)),
        np.linspace(0, 1, 4096),
        wave(5000.0),
        np.where(INDEX == 17, np.nan, wave(40.0)),
    ],
    ids=["constant", "decay", "ramp", "too few cycles", "nan"],
)
def test_without_an_oscillation_the_errors_are_infinite(samples):
    found = cycle_of(samples, 1.0)
    assert np.isinf(found.period_error)
    assert np.isinf(found.amplitude_error)


def test_noise_shows_in_the_error():
    rng = np.random.default_rng(0)
    misses = []
    for _ in range(200):
        found = cycle_of(wave(50.0) + 0.2 * rng.normal(size=INDEX.size), 1.0)
        misses.append(abs(found.amplitude - 1) > 4 * found.amplitude_error)
    assert np.mean(misses) < 0.2


def test_errors_name_what_is_wrong():
    with pytest.raises(ValueError, match=r"`samples` of shape \(10,\): give at least 64"):
        cycle_of(np.zeros(10), 1.0)
    with pytest.raises(ValueError, match=r"`spacing` must be positive, got .*0.0"):
        cycle_of(np.zeros(100), 0.0)
