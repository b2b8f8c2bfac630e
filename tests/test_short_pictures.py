"""The papers' own pictures of results that hold less than the catalogue's sample, as of `--at`."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from tests.test_pictures import CIRCLE, circle, keep, made, store

from lemmata.figures import draw as drawing
from lemmata.figures.draw import draw
from lemmata.figures.parts import Picture
from lemmata.figures.pictures import pictures
from lemmata.figures.stored import Result
from lemmata.figures.style import style
from lemmata.verify.errors import UsageError
from lemmata.verify.loading import catalogue
from lemmata.verify.store import Store

__all__ = ["store"]  # a fixture
BANDS = "ntk/figures/bands"


class AnyArrays(dict):
    """Arrays of whatever name, so that no picture stops for the want of one."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> np.ndarray:
        return np.linspace(1, 2, 6)


def results_of(picture: Picture) -> dict[str, Result]:
    """Made-up results with the parameters that the claims have, over a sample of each domain."""
    claims = {one.claim.id: one.claim for one in catalogue()}
    found = {}
    for id in picture.claims:
        points = list(claims[id].domain.sample(24, seed=1))
        at = {name: [float(p[name]) for p in points] for name in points[0]}
        found[id] = made(id, at, np.linspace(1, 2, len(points)), arrays=AnyArrays())
    return found


def first_row(one: Result) -> Result:
    short = {name: column[:1] for name, column in one.points.items()}
    return Result(one.record, one.manifest, short, one.arrays)


@pytest.mark.parametrize("name", pictures())
def test_a_claim_decided_at_one_point_does_not_stop_its_picture(name: str) -> None:
    """It is drawn, or says by `UsageError` what is missing."""
    whole = results_of(pictures()[name])
    short = {id: first_row(one) for id, one in whole.items()}
    with style():
        for some in ({id: short[id]} for id in whole):
            draw_or_say(name, whole | some)
        if figure := draw_or_say(name, short):
            figure.draw_without_rendering()


def draw_or_say(name: str, results: dict[str, Result]) -> Figure | None:
    try:
        return pictures()[name].draw(results)
    except UsageError as problem:
        said = str(problem)
    assert "run `lemmata verify" in said
    return None


def test_deciles_of_different_times_are_joined_by_their_times() -> None:
    lower, upper, *rest = results_of(pictures()[BANDS]).values()
    times = np.array([0.5, 1.0, 2.0])
    lower = made(lower.id, {"t": times[::-1]}, [3.0, 2.0, 1.0])
    upper = made(upper.id, {"t": times[1:2]}, [4.0])
    with style():
        figure = pictures()[BANDS].draw({one.id: one for one in (lower, upper, *rest)})
    first = figure.axes[0]
    (band,) = first.patches
    assert (band.get_y(), band.get_height()) == (2.0, 2.0)
    assert [one.get_text() for one in first.get_xticklabels()] == ["0.5", "1", "2"]
    shown = {bar.get_label(): bar.lines[0].get_xydata().tolist() for bar in first.containers[1:]}
    assert shown == {
        "lower decile": [[3.0, 3.0], [2.0, 2.0], [1.0, 1.0]], "upper decile": [[2.0, 4.0]],
    }  # fmt: skip


def test_what_breaks_in_a_picture_is_told_and_its_claims_have_their_own(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(results):
        raise IndexError("index 6 is out of bounds")

    one = pictures()[CIRCLE]
    broken_one = Picture(one.name, one.title, one.claims, broken)
    monkeypatch.setattr(drawing, "pictures", lambda: {CIRCLE: broken_one})
    keep(store, circle())
    notes: list[str] = []
    list(draw(store.ids(), store, tmp_path / "out", jobs=1, tell=notes.append))
    cause = r"(IndexError: index 6 is out of bounds); run `lemmata verify ntk/kernel-on-circle/"
    (note,) = notes
    assert note.startswith(f"{CIRCLE} is not drawn: what is stored does not suit it {cause}")
    assert "without --at" in note
    stems = {path.stem for path in (tmp_path / "out").iterdir()}
    assert stems == {id.replace("/", ".") for id in one.claims}
    with pytest.raises(UsageError) as found:
        list(draw([], store, tmp_path / "again", named=[one], jobs=1))
    assert str(found.value).startswith(f"picture '{CIRCLE}': what is stored does not suit it")
    assert cause in str(found.value)
    assert not (tmp_path / "again").exists()
