"""What pictures say beside what they draw: legends, numbers in words, and minus signs."""

import re
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.markers import CARETUPBASE
from tests.test_pictures import made
from tests.test_short_pictures import results_of

from lemmata.figures.generic import draw
from lemmata.figures.parts import UNBOUNDED
from lemmata.figures.pictures import pictures
from lemmata.figures.stored import Result
from lemmata.figures.style import style
from lemmata.verify.loading import catalogue

RATES = "matrix-sensing/figures/rates"
RECOVERY = "matrix-sensing/sub-gradient/figures/recovery"
DIAGRAM = "delayed-repression/figures/bifurcation-diagram"


def drawn(name: str, results: dict[str, Result] | None = None) -> Figure:
    with style():
        return pictures()[name].draw(results or results_of(pictures()[name]))


def legends(figure: Figure) -> list[str]:
    found = [*figure.legends, *(one.legend_ for one in figure.axes if one.legend_)]
    return [text.get_text() for one in found for text in one.get_texts()]


def arms(bars: Any) -> list[tuple[float, float]]:
    """The lower and the upper end of every bar."""
    (found,) = bars[2]
    return [(one[:, 1].min(), one[:, 1].max()) for one in found.get_segments()]


def recovery() -> dict[str, Result]:
    m, shares = np.array([12, 16, 23, 32]), np.array([0.0, 0.25, 0.75, 1.0])
    arrays = {"m": m, "shares": shares, "compared": shares, "seeds": np.array([40, 40])}
    ids = pictures()[RECOVERY].claims
    at = {"p": [0.3, 0.3, 0.5, 0.5], "k": [2.0, 4.0, 2.0, 4.0]}
    found = {}
    for id in ids:
        outcome = "refuted" if "/outliers/" in id else "verified"
        if "phase" in id:
            found[id] = made(id, at, [0.7, 0.7, 1.4, 1.4], outcome=outcome)
        else:
            found[id] = made(id, {"k": [20.0]}, [0.5], arrays=arrays)
    return found


def test_every_claim_on_a_rate_of_descent_is_on_their_page() -> None:
    here = [
        one.claim.id
        for one in catalogue()
        if one.claim.id.startswith("matrix-sensing/")
        and "/sub-gradient/" not in one.claim.id
        and "rate" in one.claim.id.split("/")
    ]
    assert sorted(pictures()[RATES].claims) == sorted(here)


def test_recovery_shows_refuted_readings_as_lines_and_its_claims_with_bars() -> None:
    figure = drawn(RECOVERY, recovery())
    above, below = figure.axes
    said = legends(figure)
    assert len(set(said)) == len(said)
    assert {"claimed: power at least $2$", "refuted: power $2$", "refuted: power $1$"} <= {*said}
    assert not [one for one in below.lines if one.get_marker() == "X"]
    bars = {str(one.get_label()): one for one in above.containers}
    assert [one for one in sorted(bars) if "boundary" in one] == [
        "boundary, $k = 20$", "boundary, $k = r = 2$",
    ]  # fmt: skip
    shares = [arms(bars[f"$k = {k}$"]) for k in ("20", "5", "r = 2")]
    assert all(0 <= low < high <= 1 for of_one in shares for low, high in of_one)
    (line,) = (one for one in above.lines if one.get_label() == "claimed, $k = 20$")
    claimed = float(np.asarray(line.get_xdata())[0])
    measured = float(np.asarray(bars["boundary, $k = 20$"].lines[0].get_xdata())[0])
    assert measured == pytest.approx(claimed)
    # Half of the seeds at 2 of 4 numbers: between the second and the third of the grid.
    start = claimed / np.exp(0.5)
    assert 16 < start < 23


def test_numbers_of_a_claim_stand_in_words_under_its_picture() -> None:
    name = "delayed-repression/agents/figures/regimes"
    foot = drawn(name).get_supxlabel()
    assert re.search(r"table-4: .*regime = (stable|oscillatory|runaway)", foot)
    assert re.search(r"table-6: .*condition = (fixed|learn|both)", foot)
    assert not re.search(r"(regime|condition) = \d", foot)


def test_a_numbered_delay_stands_under_its_picture_as_that_delay() -> None:
    claims = pictures()[DIAGRAM].claims
    arrays = {name: np.array([0.25, 0.5, 0.75]) for name in ("delay", "high", "low")}
    results = {id: made(id, {"i": [2.0, 3.0]}, [0.1, 0.2], arrays=arrays) for id in claims}
    figure = drawn(DIAGRAM, results)
    assert "worst point: delay = 0.5" in figure.get_supxlabel()
    ends = {str(one.get_label()): one for one in figure.axes[0].containers}
    assert sorted(ends) == [r"simulated $\max x$", r"simulated $\min x$"]
    for one in ends.values():
        lengths = [high - low for low, high in arms(one)]
        np.testing.assert_allclose(lengths, [0.02, 0.04])  # a tenth to either side, as stored


def test_an_interval_without_end_has_an_arrow_that_is_explained() -> None:
    one = made("test/open", {"x": [1.0, 2.0, 3.0]}, [1.0, 2.0, 3.0])
    one.points["high"][1] = np.inf
    with style():
        figure = draw(one)
    assert UNBOUNDED in legends(figure)
    (arrow,) = (line for line in figure.axes[0].lines if line.get_label() == UNBOUNDED)
    assert arrow.get_marker() == CARETUPBASE
    np.testing.assert_array_equal(arrow.get_xydata(), [[2.0, 2.0]])


@pytest.mark.parametrize(
    "name", ["matrix-sensing/figures/alpha-law", "delayed-repression/figures/stability-chart"]
)
def test_the_ring_about_the_worst_point_is_explained_and_whole(name: str) -> None:
    figure = drawn(name)
    assert "worst point" in legends(figure)
    rings = [one for axes in figure.axes for one in axes.lines if one.get_label() == "worst point"]
    assert rings
    assert not any(one.get_clip_on() for one in rings)


def test_every_mark_of_the_readings_is_in_the_legend() -> None:
    name = "coopetition/figures/readings"
    results = {}
    for id in pictures()[name].claims:
        outcome = "refuted" if id.endswith("as-stated") else "verified"
        results[id] = made(id, {"D_12": [0.6], "D_21": [0.8]}, [40.0], outcome=outcome)
    figure = drawn(name, results)
    marks = {str(line.get_marker()) for axes in figure.axes for line in axes.lines}
    assert marks == {"o", "X"}
    assert {"measured", "measured, refuted"} <= {*legends(figure)}


def test_where_c_vanishes_the_line_is_drawn_on_which_the_supports_are_even() -> None:
    name = "path-collapse/figures/limits"
    at = {"R_1": np.array([0.2, 1.0, 2.0]), "R_2": np.array([2.0, 1.5, 0.3])}
    supports = made("path-collapse/boundary", at, 2 * 2**0.5 * at["R_1"] - 2 * at["R_2"])
    others = {id: made(id, at, np.ones(3)) for id in pictures()[name].claims}
    figure = drawn(name, {**others, supports.record["id"]: supports})
    (line,) = [one for one in figure.axes[1].lines if "b = 0" in str(one.get_label())]
    np.testing.assert_allclose(line.get_ydata(), 2**0.5 * np.asarray(line.get_xdata()))


def test_trajectories_say_what_their_lines_are() -> None:
    name = "delayed-repression/figures/trajectories"
    (id,) = pictures()[name].claims
    arrays = {
        "delay": np.array([0.25, 0.5]), "path delay": np.array([0.25, 0.5]), "t": np.arange(3.0),
        "path": np.ones((1, 2, 3)), "rest": np.ones(1), "onset": np.ones(1),
    }  # fmt: skip
    figure = drawn(name, {id: made(id, {"i": [1.0]}, [1.0], arrays=arrays)})
    assert legends(figure) == ["$x^*$, at rest", "simulated"]
    assert "worst point: delay = 0.25" in figure.get_supxlabel()


def test_numbers_in_pictures_have_minus_signs() -> None:
    x = np.array([8.0, 16.0, 32.0, 64.0])
    arrays = {"series.x": x, "series.y": 1 / x, "series.stderr": 0.1 / x, "series.bias": 0.01 / x}
    results = {
        id: made(id, {"b": [-0.3]}, [-1.0], arrays=arrays) for id in pictures()[RATES].claims
    }
    figure = drawn(RATES, results)
    texts = [
        figure.get_supxlabel(),
        *(one.get_text() for axes in figure.axes for one in axes.texts),
    ]
    assert any("\N{MINUS SIGN}1" in text for text in texts)
    assert [text for text in texts if re.search(r"(?<![\w$])-\d", text)] == []


def variances() -> dict[str, Result]:
    x = np.array([0.001, 0.01, 0.1])
    series = {"series.x": x, "series.y": 1 / x, "series.stderr": 0.1 / x}
    flat = {
        "distance": x, "variance.0": 1 + x, "variance.1": 1 - x,
        "stderr.0": 0.1 * x, "stderr.1": 0.1 * x,
    }  # fmt: skip
    return {
        id: made(
            id, {"a": [1.0]}, [0.5], outcome="refuted" if id.endswith("alarm") else "verified",
            arrays=flat if "front" in id else series,
        )
        for id in pictures()["early-warning/figures/variances"].claims
    }  # fmt: skip


def test_the_variances_show_four_thresholds_and_both_states_of_a_front() -> None:
    figure = drawn("early-warning/figures/variances", variances())
    kinds = {"fold", "transcritical", "pitchfork", "Hopf"}
    silent = {"states of a front: refuted", "noise beside: refuted"}
    assert {*legends(figure)} == {"claimed", *kinds, *silent}
    crosses = [one.get_ydata() for one in figure.axes[0].lines if one.get_marker() == "X"]
    for expected in ([1.001, 1.01, 1.1], [0.999, 0.99, 0.9]):
        assert any(np.allclose(np.asarray(one, float), expected) for one in crosses)


def test_norms_with_and_without_a_mass_are_of_one_loss() -> None:
    name, t = "noether/figures/norms", np.array([0.0, 1.0, 3.0])
    arrays = {"time": t, "square": 1 + t, "square.without_mass": np.ones(3)}
    results = results_of(pictures()[name])
    results["noether/scale/conserved"] = made(
        "noether/scale/conserved", {"seed": [1.0]}, [1.0], outcome="refuted", arrays=arrays
    )
    assert "noether/scale/gradient-flow" not in results
    above = drawn(name, results).axes[0]
    shown = {str(one.get_label()): one.get_ydata() for one in above.lines}
    np.testing.assert_array_equal(shown["$m = 0$"], arrays["square.without_mass"])
    np.testing.assert_array_equal(shown["$m > 0$, from rest"], arrays["square"])
