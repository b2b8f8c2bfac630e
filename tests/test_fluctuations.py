"""Solvers of early warning: paths, fronts, escapes and noisy maps against what is known exactly."""

import numpy as np
import pytest
import scipy.special

from lemmata.solvers import escapes, fronts, langevin, noisy_map

pytestmark = pytest.mark.heavy
RATES = np.array([0.2, 1.0, 5.0])


def fading(z, rate):
    return -rate * z


def points(step: float = 0.1, lag: float = 5, n: int = 3) -> dict:
    noise = np.zeros((n, 2, 2))
    noise[:, 0, 0], noise[:, 1, 1] = 1.0, 2.0
    rates = np.resize(RATES, n)
    return {
        "rest": np.zeros((n, 2)), "noise": noise, "step": step / rates,
        "lag": np.full(n, lag), "args": rates,
    }  # fmt: skip


def test_variance_and_memory_are_those_of_a_linear_equation() -> None:
    fine, coarse = langevin.moments(fading, points(), 1, 768)
    square = (fine.square + (fine.square - coarse.square) / 3).mean(axis=0)
    exact = np.array([[1.0, 4.0]]) / (2 * RATES[:, None])
    np.testing.assert_allclose(square, exact, rtol=0.04)
    lag = np.exp(-1.0)  # five looks of two steps of a tenth
    np.testing.assert_allclose(fine.lagged.mean(axis=0) / fine.square.mean(axis=0), lag, atol=0.03)
    assert (np.abs(fine.mean.mean(axis=0)) < 0.03 * np.sqrt(exact)).all()


def test_the_scheme_is_of_second_order_in_the_step() -> None:
    # The same numbers at both lengths: what differs is the scheme, (x/2)^2 of the variance.
    fine, coarse = langevin.moments(fading, points(0.2, n=1), 2, 256)
    change = np.mean(coarse.square - fine.square) / np.mean(fine.square)
    assert -change == pytest.approx(3 * 0.1**2, rel=0.3)  # Euler's would be +0.1


def test_points_beyond_the_lanes_are_followed_as_well() -> None:
    n = langevin.LANES + 1
    fine, _ = langevin.moments(fading, points(n=n), 3, 256)
    assert fine.square.shape == (256, n, 2)
    # lanes have numbers of their own
    assert len(np.unique(fine.square[:, :, 0].mean(axis=0))) == n


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"step": np.zeros(3)}, r"`step` is 0; give positive times"),
        ({"lag": np.full(3, 200)}, r"`lag` is 200 of 200 looks; take longer steps"),
        ({"noise": np.zeros((3, 2))}, r"`noise` has shape \(3, 2\); give \(3, 2, 2\)"),
        ({"rest": np.zeros((0, 2))}, r"`rest` has shape \(0, 2\); give \(0, 2\), n >= 1"),
    ],
)
def test_bad_points_are_told(change: dict, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        langevin.moments(fading, {**points(), **change}, 1, 256)


def test_an_odd_schedule_is_told() -> None:
    with pytest.raises(ValueError, match="give even numbers of steps above 0"):
        langevin.moments(fading, points(), 1, 256, langevin.Schedule(61, 20, 2))


def bistable(u, a):
    return u * (1 - u) * (u - a)


def test_speeds_of_fronts_are_exact_within_their_error() -> None:
    a, D = np.array([0.15, 0.4, 0.5, 0.8]), np.array([0.5, 1, 2, 3])
    exact = np.sqrt(D / 2) * (1 - 2 * a)
    errors = []
    for spacing in (1.0, 0.5):
        found = fronts.front_speeds(bistable, D, a[:, None], spacing=spacing)
        assert (np.abs(found.value - exact) <= found.error + 1e-12).all()
        errors.append(np.abs(found.value - exact)[[0, 1, 3]])
    assert (np.log2(errors[0] / errors[1]) > 3.5).all()  # fourth order


def test_a_front_that_cannot_be_is_told() -> None:
    with pytest.raises(ValueError, match=r"`diffusivity` is .*; give positive numbers"):
        fronts.front_speeds(bistable, np.array([-1.0]), np.array([[0.3]]))
    with pytest.raises(ValueError, match=r"`spacing=2.0`: a front is a few units wide"):
        fronts.front_speeds(bistable, np.array([1.0]), np.array([[0.3]]), spacing=2.0)


def test_an_escape_is_where_airys_function_vanishes() -> None:
    zero = -scipy.special.ai_zeros(1)[0][0]
    time = escapes.escape_time(lambda t, x: x**2 + t, -(8**0.5), (-8.0, 8.0), 1e5)
    assert time < zero < time + 1e-5
    assert np.isnan(escapes.escape_time(lambda t, x: -x, 1.0, (0.0, 5.0), 2.0))


def test_a_height_below_the_start_is_told() -> None:
    with pytest.raises(ValueError, match="give a span from before to after, and a height above"):
        escapes.escape_time(lambda t, x: x, 3.0, (0.0, 1.0), 2.0)


def halving(N, size):
    return np.sqrt(N * size)


def test_numbers_of_a_linear_map_have_its_variance() -> None:
    # ln N halves its deviation from ln(size): of variance sigma^2/(1 - 1/4)
    rng = np.random.default_rng(1)
    found = noisy_map.follow(
        halving, np.ones((2, 400)), np.array([[1.0], [9.0]]), rng,
        noise=0.01, settle=40, looks=200, floor=1e-3,
    )  # fmt: skip
    middle = found.mean.mean(axis=1)
    spread = (found.square.mean(axis=1) - middle**2) / middle**2
    np.testing.assert_allclose(middle, [1, 9], rtol=1e-3)
    np.testing.assert_allclose(spread, 1e-4 / 0.75, rtol=0.03)
    assert found.alive.all()


def test_the_dead_stay_dead() -> None:
    # 3, 0.1, 5, 0.1, ...: what was below the floor once does not count as alive again
    start = np.array([[3.0, 1.0]])
    found = noisy_map.follow(
        lambda N, dip: np.where(N > 2, dip, 5.0), start, np.array([[0.1]]),
        np.random.default_rng(0), settle=0, looks=2, floor=0.2,
    )  # fmt: skip
    assert found.alive.tolist() == [[False, False]]
    once = noisy_map.follow(
        lambda N, dip: np.where(N > 2, dip, 5.0), start, np.array([[0.1]]),
        np.random.default_rng(0), settle=0, looks=1, floor=0.2,
    )  # fmt: skip
    assert once.alive.tolist() == [[False, True]]


@pytest.mark.parametrize(
    ("start", "more", "match"),
    [
        (np.ones(3), {}, r"`start` has shape \(3,\); give positive numbers"),
        (np.ones((1, 3)), {"looks": 0}, r"`looks=0`, .* give at least 0 and 1 generations"),
        (np.ones((1, 3)), {"floor": 0.0}, r"`floor=0.0`: give at least"),
    ],
)
def test_bad_populations_are_told(start, more: dict, match: str) -> None:
    options = {"settle": 1, "looks": 1, "floor": 0.1} | more
    with pytest.raises(ValueError, match=match):
        noisy_map.follow(halving, start, 1.0, np.random.default_rng(0), **options)
