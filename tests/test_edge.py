"""Points that are not finite stand at the edge of a picture, each once, and are counted."""

import re

import numpy as np
import pytest
from matplotlib.markers import TICKDOWN
from tests.test_pictures import made

from lemmata.figures import generic
from lemmata.figures.inline import ABOVE, picture
from lemmata.figures.stored import Result
from lemmata.figures.style import style

EDGE = "not finite, at the edge"


def lost() -> Result:
    """Four points: one is infinite, one no number, two are as claimed."""
    one = made("test/claim", {"x": [1.0, 2.0, 3.0, 4.0]}, [1.0, 2.0, 3.0, 4.0])
    value = np.array([np.inf, np.nan, 3.0, 4.0])
    points = {**one.points, "value": value, "low": value, "high": value}
    points["agreement"] = np.array(["disagrees", "unresolved", "agrees", "agrees"])
    return Result(one.record, one.manifest, points, {})


def test_what_is_not_finite_is_marked_at_the_edge() -> None:
    with style():
        figure = generic.draw(lost())
        figure.draw_without_rendering()
    axes = figure.axes[0]
    across = [one for one in axes.lines if one.get_transform() == axes.get_xaxis_transform()]
    marked = [one for one in across if one.get_marker() != TICKDOWN]
    shown = {one.get_marker(): np.asarray(one.get_xydata()).tolist() for one in marked}
    assert shown == {"X": [[1.0, 1.0]], "s": [[2.0, 0.0]]}
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels.count(EDGE) == 1


def test_where_all_is_finite_nothing_is_said_of_an_edge() -> None:
    one = made("test/claim", {"x": [1.0, 2.0]}, [1.0, 2.0])
    with style():
        labels = generic.draw(one).axes[0].get_legend().get_texts()
    assert EDGE not in [text.get_text() for text in labels]
    assert EDGE not in picture(one)


def test_the_page_shows_every_point_that_it_counts() -> None:
    svg = picture(lost())
    assert f"claimed and measured; 2 {EDGE}" in svg
    assert f"2 agree, 1 unresolved, 1 disagree; 2 {EDGE}. Along x" in svg
    for letter, place in (("d", ABOVE[0]), ("u", ABOVE[1])):
        (mark,) = re.findall(rf'<path class="{letter}" d="M[\d.]+ ([\d.]+)m', svg)
        assert float(mark) == pytest.approx(place)
