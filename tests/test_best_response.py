"""Best responses and enclosed equilibria, against games whose solutions are known."""

import numpy as np
import pytest

from lemmata.solvers.best_response import best_response, enclose

pytestmark = pytest.mark.heavy


def parabola(centre, error=0.0):
    """Pays most at exp(centre)."""
    return lambda own, other: (-((np.log(own) - centre) ** 2), np.broadcast_to(error, own.shape))


def linear(constant, slope):
    """Answers `other` with constant + slope * other."""

    def payoff(own, other):
        value = own * (constant + slope * other) - own**2 / 2
        return value, 4e-16 * (own * (constant + abs(slope) * other) + own**2)

    return payoff


def test_known_responses_are_enclosed():
    centres = np.random.default_rng(0).uniform(-15, 15, 400)
    found = best_response(parabola(centres), np.ones(400), 1e-9, 1e9)

    assert (found.low <= np.exp(centres)).all()
    assert (np.exp(centres) <= found.high).all()
    assert (found.high / found.low < 1 + 1e-6).all()


def test_errors_of_the_payoff_widen_the_bracket_and_no_more():
    rng = np.random.default_rng(1)
    centre, error = rng.uniform(-6, 6, 400), 10 ** rng.uniform(-8, -2, 400)
    found = best_response(parabola(centre, error), np.ones(400), 1e-9, 1e9)
    width = np.log(found.high / found.low) / error**0.5

    assert (found.low <= np.exp(centre)).all()
    assert (np.exp(centre) <= found.high).all()
    # The middle may lie sqrt(2 error) off, and either end twice as far from it as what shows.
    assert width.min() > 1.4
    assert width.max() < 20


def test_each_halving_halves():
    widths = []
    for halvings in (8, 9, 10, 11):
        found = best_response(parabola(0.3), [1.0], 1e-9, 1e9, halvings=halvings)
        widths.append(np.log(found.high[0] / found.low[0]))
    assert np.all(np.diff(np.log2(widths)) <= -0.9)


@pytest.mark.parametrize("way", [1, -1])
def test_a_maximum_at_an_end_of_the_range_is_none(way):
    found = best_response(lambda own, other: (way * own, 0 * own), [1.0, 1.0], 1e-3, 1e3)
    assert np.isnan(found.low).all()
    assert np.isnan(found.high).all()


def test_a_payoff_of_nan_has_no_response():
    found = best_response(lambda own, other: (np.nan * own, 0 * own), [1.0], 1e-3, 1e3)
    assert np.isnan(found.low).all()


def test_known_equilibria_are_enclosed():
    rng = np.random.default_rng(0)
    one, two = rng.uniform(0.1, 5, (2, 400))
    slope, other = rng.uniform(0.05, 0.9, (2, 400))
    found = enclose((linear(one, slope), linear(two, other)), 400, 1e-6, 1e6)
    first = (one + slope * two) / (1 - slope * other)
    exact = np.stack([first, two + other * first])

    assert found.converged.all()
    assert (found.low <= exact).all()
    assert (exact <= found.high).all()
    assert (found.high - found.low < 1e-5 * exact).all()


def test_few_rounds_give_a_wide_enclosure_and_no_false_one():
    payoffs = linear(1.0, 0.5), linear(2.0, 0.5)
    found = enclose(payoffs, 1, 1e-6, 1e6, rounds=4)

    assert (found.low[:, 0] <= [8 / 3, 10 / 3]).all()
    assert (found.high[:, 0] >= [8 / 3, 10 / 3]).all()
    assert (found.high - found.low > 0.1).all()


def test_several_equilibria_are_all_inside():
    # The best answer to b is 2 b^2 / (b^2 + 0.6) + 0.01, by either player.
    def answer(b):
        return 2 * b**2 / (b**2 + 0.6) + 0.01

    def payoff(own, other):
        return -((np.log(own) - np.log(answer(other))) ** 2), np.full(own.shape, 1e-15)

    found = enclose((payoff, payoff), 1, 1e-6, 1e6)
    grid = np.linspace(1e-3, 3, 4000)
    fixed = grid[:-1][np.diff(np.sign(answer(grid) - grid)) != 0]
    assert len(fixed) == 3
    assert found.low[0, 0] < fixed[0] + 1e-3
    assert found.high[0, 0] > fixed[-1] - 1e-3


def test_without_an_equilibrium_nothing_has_converged():
    assert not enclose((linear(1.0, 1.1), linear(1.0, 1.1)), 1, 1e-6, 1e6).converged.any()


def test_players_who_answer_more_with_less_are_noticed():
    assert not enclose((linear(3.0, -0.5), linear(3.0, -0.5)), 1, 1e-3, 1e3).converged.any()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"lo": 0.0}, r"lo=0.0, hi=10.0: a range of actions is 0 < lo < hi < inf"),
        ({"hi": np.inf}, r"hi=inf"),
        ({"halvings": 0}, r"halvings=0: an integer of at least 1"),
        ({"halvings": 2.0}, r"halvings=2.0"),
        ({"other": [[1.0]]}, r"have shape \(1, 1\); give \(n,\)"),
        ({"payoff": lambda own, other: (1.0, 0 * own)}, r"returned shapes \(\) and \(64, 1\)"),
        ({"payoff": lambda own, other: (own, own - own - 1)}, r"a negative error, -1.0"),
    ],
)
def test_bad_input_is_told(change, says):
    given_ = {"payoff": parabola(0.0), "other": [1.0], "lo": 0.1, "hi": 10.0, **change}
    with pytest.raises(ValueError, match=says):
        best_response(**given_)


@pytest.mark.parametrize("counts", [{"lanes": 0}, {"lanes": 1.0}, {"rounds": 0}])
def test_counts_are_checked(counts):
    payoffs = parabola(0.0), parabola(0.0)
    with pytest.raises(ValueError, match="each is an integer of at least 1"):
        enclose(payoffs, counts.pop("lanes", 1), 0.1, 10.0, **counts)
