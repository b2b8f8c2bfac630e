"""The papers' own pictures: what they show is what is stored, and what they lack is said."""

import json
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from lemmata.figures import generic
from lemmata.figures.draw import draw
from lemmata.figures.parts import LOOKS, bars, digits, foot, worst, worst_row
from lemmata.figures.pictures import covered, named, pictures
from lemmata.figures.record import Recorder
from lemmata.figures.stored import Result, result
from lemmata.figures.style import BLUE, GREEN, ORANGE, RED, style
from lemmata.verify.errors import UsageError
from lemmata.verify.loading import catalogue
from lemmata.verify.store import Store

MANIFEST = {
    "commit": "0123456789abcdef", "dirty": False, "versions": {"lemmata": "0.0.1"}, "seed": 3,
    "profile": "quick", "fixed": {}, "error_rate": 1e-3, "started": "2026-01-01T00:00:00+00:00",
}  # fmt: skip
CIRCLE = "ntk/figures/kernel-on-circle"
RATES = "ntk/figures/width-rates"
#: points: of letters in print
LEAST = 6.0


def made(
    id: str, at: dict, claimed, *, outcome: str = "verified", arrays=None, shift=0.0
) -> Result:
    """A stored result, made up: what was measured is what is claimed, and a tenth about it."""
    claimed = np.asarray(claimed, float)
    value = claimed * (1 + shift)
    arm = 0.1 * np.abs(value)
    agreement = "agrees" if outcome == "verified" else "disagrees"
    points = {
        **{f"at.{name}": np.asarray(column, float) for name, column in at.items()},
        "claimed": claimed, "value": value, "low": value - arm, "high": value + arm,
        "accepted_low": 0.8 * claimed, "accepted_high": 1.2 * claimed,
        "method": np.full(len(claimed), "measured"), "agreement": np.full(len(claimed), agreement),
    }  # fmt: skip
    worst = {
        "at": {name: float(column[0]) for name, column in at.items()}, "method": "measured",
        "claimed": float(claimed[0]), "value": float(value[0]), "agreement": agreement,
        "low": 0.0, "high": 1.0, "difference": 0.1, "half_width": 0.1, "margin": 0.2,
    }  # fmt: skip
    record = {
        "id": id, "source": "a paper, 2020, eq. 1", "says": "x", "uses": [], "expected": outcome,
        "outcome": outcome, "as_expected": True, "kind": "equal", "because": "a test",
        "worst": worst, "points": {agreement: len(claimed)}, "evidence": ["measured"],
        "resolution": None, "replay": f"lemmata verify {id}", "seconds": 0.1,
    }  # fmt: skip
    return Result(record, MANIFEST, points, arrays or {})


def circle() -> dict[str, Result]:
    angles = np.linspace(-3, 3, 7)
    eighths, layers = (grid.ravel() for grid in np.meshgrid([0, 1, 2], [1, 2, 3, 4]))
    return {
        one.id: one
        for one in (
            made("ntk/kernel-on-circle/depth-4", {"gamma": angles}, 1 + np.cos(angles)),
            made("ntk/kernel-on-circle/layers", {"eighths": eighths, "layer": layers}, layers),
        )
    }


def widths() -> dict[str, Result]:
    x = np.array([8.0, 16.0, 32.0])
    series = {"series.x": x, "series.y": 1 / x, "series.stderr": 0.1 / x}
    return {
        id: made(id, {"b": [0.3]}, [-1.0], arrays=series) for id in pictures()[RATES].claims
    }  # fmt: skip


def keep(store: Store, results: dict[str, Result]) -> None:
    """Into the files that `lemmata verify` would write."""
    store.prepare()
    for id, one in results.items():
        flat = id.replace("/", ".")
        document = {
            "schema": 1, "manifest": dict(one.manifest), "complete": True, "claims": [one.record],
        }  # fmt: skip
        (store.folder / "claims" / f"{flat}.json").write_text(json.dumps(document))
        for kind, columns in (("points", one.points), ("arrays", one.arrays)):
            if columns:
                np.savez(store.folder / kind / f"{flat}.npz", **columns)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_every_claim_of_a_picture_is_in_the_catalogue() -> None:
    ids = {one.claim.id for one in catalogue()}
    for one in pictures().values():
        assert set(one.claims) <= ids, one.name
        assert len(set(one.claims)) == len(one.claims), one.name
        assert one.name not in ids
        assert "/figures/" in one.name


def test_the_kernel_on_the_circle_is_drawn_as_it_is_stored() -> None:
    results = circle()
    with style():
        above, below = pictures()[CIRCLE].draw(results).axes
    one = results["ntk/kernel-on-circle/depth-4"]
    shown = np.concatenate([bar.lines[0].get_xydata() for bar in above.containers])
    stored = np.stack([np.abs(one.column("at.gamma")), one.column("value")], axis=1)
    assert sorted(map(tuple, shown)) == sorted(map(tuple, stored))
    (line,) = (each for each in above.lines if "claimed" in str(each.get_label()))
    np.testing.assert_array_equal(np.sort(line.get_ydata()), np.sort(one.column("claimed")))
    layers = results["ntk/kernel-on-circle/layers"]
    bars = np.concatenate([bar.lines[0].get_ydata() for bar in below.containers])
    np.testing.assert_array_equal(np.sort(bars), np.sort(layers.column("value")))


def test_a_series_is_drawn_with_the_claimed_power_through_its_end() -> None:
    with style():
        panels = pictures()[RATES].draw(widths()).axes
    for panel in panels:
        (bars,) = panel.containers
        np.testing.assert_array_equal(bars.lines[0].get_ydata(), [1 / 8, 1 / 16, 1 / 32])
        law = np.asarray(panel.lines[0].get_xydata())
        np.testing.assert_allclose(law[:, 1], 1 / law[:, 0])


@pytest.mark.parametrize("name", [RATES, "matrix-sensing/figures/rates"])
def test_a_series_of_a_refuted_rate_is_marked(name: str) -> None:
    results = dict(rates(name))
    refuted = next(iter(results))
    results[refuted] = rates(name, "refuted")[refuted]
    with style():
        figure = pictures()[name].draw(results)
    colour, marker, _ = LOOKS["disagrees"]
    for panel, wrong in zip(figure.axes, (True, False), strict=False):
        series = [one for one in panel.lines if one.get_marker() in ("o", "X")]
        assert {str(one.get_marker()) for one in series} == {marker if wrong else "o"}
        assert all(one.get_color() == colour for one in series) == wrong
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert any(label.endswith(": disagrees") for label in labels)


def rates(name: str, outcome: str = "verified") -> dict[str, Result]:
    """Results with a series that falls, which `RATES` and the rates of descent draw."""
    x = np.array([8.0, 16.0, 32.0, 64.0])
    arrays = {"series.x": x, "series.y": 1 / x, "series.stderr": 0.1 / x, "series.bias": 0.01 / x}
    return {
        id: made(id, {"b": [0.3]}, [-1.0], arrays=arrays, outcome=outcome)
        for id in pictures()[name].claims
    }


def test_what_disagrees_is_marked() -> None:
    k = np.array([5.0, 10.0, 20.0])
    ids = pictures()["delayed-repression/figures/sharpness"].claims
    results = {
        ids[0]: made(ids[0], {"k": k}, [1.0, 1, 1], outcome="refuted", shift=-2),
        ids[1]: made(ids[1], {"k": k}, [1.0, 1, 1]),
    }
    with style():
        (axes,) = pictures()["delayed-repression/figures/sharpness"].draw(results).axes
    labels = {str(bar.get_label()): bar.lines[0] for bar in axes.containers}
    assert sorted(labels) == ["at 1.5 times its own onset: disagrees", "at one delay"]
    crosses = labels["at 1.5 times its own onset: disagrees"]
    assert crosses.get_marker() == "X"
    np.testing.assert_array_equal(crosses.get_ydata(), [-1, -1, -1])


def test_the_foot_names_verdicts_worst_points_version_and_seed() -> None:
    text = foot([*circle().values()])
    assert text.splitlines()[:3] == [
        "of ntk/kernel-on-circle/", "depth-4: verified; worst point: gamma = −3",
        "layers: verified; worst point: eighths = 0, layer = 1",
    ]  # fmt: skip
    assert re.search(r"lemmata 0\.0\.1, seed 3, quick, 0123456 \(drawn by lemmata [\d.]+\)", text)


def test_the_worst_point_is_found_among_those_that_are_shown() -> None:
    one = made("a/b", {"x": [1.0, 2.0], "y": [3.0, 4.0]}, [1.0, 2.0])
    assert worst_row(one) == 0
    elsewhere = {**one.record["worst"], "at": {"x": 9.0, "y": 3.0}}
    assert worst_row(Result({**one.record, "worst": elsewhere}, MANIFEST, one.points, {})) is None


def test_the_same_bytes_whatever_the_processes_and_the_order(store: Store, tmp_path: Path) -> None:
    results = circle() | {"test/claim": made("test/claim", {"x": [1.0, 2.0]}, [1.0, 2.0])}
    keep(store, results)
    ids = list(results)
    for folder, order, jobs in (("one", ids, 1), ("two", ids[::-1], 2)):
        list(draw(order, store, tmp_path / folder, jobs=jobs))
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    stems = ["ntk.figures.kernel-on-circle", "test.claim"]
    assert names == [f"{stem}.{kind}" for stem in stems for kind in ("pdf", "png", "svg")]
    for name in names:
        one, two = ((tmp_path / folder / name).read_bytes() for folder in ("one", "two"))
        assert one == two, name
        assert b"2026-01" not in one, name


def test_each_format_says_what_it_was_drawn_from(store: Store, tmp_path: Path) -> None:
    keep(store, circle())
    list(draw(store.ids(), store, tmp_path / "out"))
    stem = tmp_path / "out" / "ntk.figures.kernel-on-circle"
    for kind in ("pdf", "svg", "png"):
        text = Path(f"{stem}.{kind}").read_bytes().decode("latin-1").replace("&quot;", '"')
        for word in ("ntk/kernel-on-circle/depth-4", "verified", '"seed": 3', "0.0.1", "0123456"):
            assert word in text, (kind, word)
    pdf = Path(f"{stem}.pdf").read_bytes()
    streams = [zlib.decompress(raw) for raw in re.findall(rb"stream\n(x.*?)\nendstream", pdf, re.S)]
    assert b"/FontFile2" in pdf
    assert any(len(one) > 5000 for one in streams)  # the fonts are in the file


def test_of_a_picture_that_lacks_a_claim_a_note_says_which(store: Store, tmp_path: Path) -> None:
    results = circle()
    del results["ntk/kernel-on-circle/layers"]
    keep(store, results)
    notes: list[str] = []
    list(draw(store.ids(), store, tmp_path / "out", tell=notes.append))
    assert notes == [f"{CIRCLE} is not drawn: it also needs ntk/kernel-on-circle/layers."]
    stems = {path.stem for path in (tmp_path / "out").iterdir()}
    assert stems == {"ntk.kernel-on-circle.depth-4"}


def test_asked_for_by_name_a_lack_is_an_error(store: Store, tmp_path: Path) -> None:
    results = circle()
    del results["ntk/kernel-on-circle/layers"]
    keep(store, results)
    (one,), rest = named([CIRCLE])
    assert rest == []
    with pytest.raises(UsageError, match=r"no verdict is stored on .*/layers; run `lemmata verify"):
        list(draw([], store, tmp_path / "out", named=[one]))
    assert not (tmp_path / "out").exists()
    with pytest.raises(UsageError, match=r"no picture is called 'ntk/figures/none'; there are: "):
        named(["ntk/figures/none"])


def test_a_file_in_a_folder_called_figures_is_no_picture() -> None:
    names = ["figures/own.py", "figures/own.py::mine/claim"]
    assert named([*names, CIRCLE]) == ([pictures()[CIRCLE]], names)


def test_a_store_without_the_arrays_has_the_generic_pictures(store: Store, tmp_path: Path) -> None:
    results = {id: Result(one.record, one.manifest, one.points, {}) for id, one in widths().items()}
    keep(store, results)
    notes: list[str] = []
    list(draw(store.ids(), store, tmp_path / "out", tell=notes.append))
    (note,) = notes
    assert note.startswith(f"{RATES} is not drawn: claim ")
    assert "its stored arrays have no 'series.x', but none at all; run `lemmata verify" in note
    stems = {path.name.removesuffix(".pdf") for path in (tmp_path / "out").glob("*.pdf")}
    assert stems == {id.replace("/", ".") for id in results}
    with pytest.raises(UsageError, match=rf"picture '{RATES}': claim .* no 'series.x'"):
        list(draw([], store, tmp_path / "again", named=[pictures()[RATES]]))


def test_a_claim_whose_check_crashed_is_said_to_have_no_data(store: Store, tmp_path: Path) -> None:
    one = made("test/claim", {"x": [1.0]}, [1.0])
    keep(store, {"test/claim": Result({**one.record, "worst": None}, MANIFEST, {}, {})})
    notes: list[str] = []
    assert list(draw(["test/claim"], store, tmp_path / "out", tell=notes.append)) == []
    assert notes == [
        "test/claim is not drawn: no measurement is stored, for its check crashed."
    ]  # fmt: skip


def test_points_that_are_lost_are_named_with_the_remedy(store: Store, tmp_path: Path) -> None:
    keep(store, {"test/claim": made("test/claim", {"x": [1.0]}, [1.0])})
    store.file("points", "test/claim").unlink()
    with pytest.raises(UsageError, match=r"test\.claim\.npz: is not there, .* run `lemmata verify"):
        list(draw(["test/claim"], store, tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_file_of_one_array_is_no_store_of_points(store: Store, tmp_path: Path) -> None:
    keep(store, {"test/claim": made("test/claim", {"x": [1.0]}, [1.0])})
    with store.file("points", "test/claim").open("wb") as file:
        np.save(file, np.ones(3))
    with pytest.raises(UsageError, match=r"test\.claim\.npz: cannot be read"):
        list(draw(["test/claim"], store, tmp_path / "out"))


def test_a_folder_in_the_place_of_a_picture_is_named(store: Store, tmp_path: Path) -> None:
    keep(store, {"test/claim": made("test/claim", {"x": [1.0]}, [1.0])})
    (tmp_path / "test.claim.pdf").mkdir()
    with pytest.raises(UsageError, match=r"test\.claim\.pdf.* cannot be written"):
        list(draw(["test/claim"], store, tmp_path))


@pytest.mark.parametrize(
    ("kind", "spoil", "match"),
    [
        (
            "claims",
            lambda data: data[:40],
            r"not a results file, or cut off .* run `lemmata verify`",
        ),
        (
            "claims",
            lambda data: data.replace(b'"schema": 1', b'"schema": 7'),
            r"schema 7, but this",
        ),
        ("points", lambda data: data[:100], r"cannot be read, or cut off .*run `lemmata verify`"),
    ],
)
def test_a_spoilt_store_is_told_and_nothing_is_written(
    store: Store, tmp_path: Path, kind: str, spoil, match: str
) -> None:
    keep(store, circle())
    path = next((store.folder / kind).iterdir())
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(UsageError, match=match):
        list(draw(store.ids(), store, tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_pictures_are_covered_wholly_or_in_part() -> None:
    ids = pictures()[CIRCLE].claims
    whole, partly = covered(ids)
    assert [one.name for one in whole] == [CIRCLE]
    assert partly == []
    whole, partly = covered(ids[:1])
    assert whole == []
    assert [(one.name, missing) for one, missing in partly] == [(CIRCLE, [ids[1]])]


def test_labels_are_plain_digits() -> None:
    assert [digits(x) for x in (0.05, 1e-12, -3.0)] == ["0.05", "1e−12", "−3"]


def test_results_come_back_as_they_were_kept(store: Store) -> None:
    keep(store, circle())
    one = result(store, "ntk/kernel-on-circle/depth-4")
    np.testing.assert_array_equal(one.column("value"), circle()[one.id].column("value"))


def test_a_whole_number_of_a_worst_point_is_written_in_full() -> None:
    at = {"seed": 918549, "sigma": 0.1234567, "left": None}
    told = worst({"outcome": "verified", "worst": {"at": at}})
    assert told == "worst point: seed = 918549, sigma = 0.1235, left = None"


def texts(figure: Figure) -> list[tuple[str, float]]:
    """What is written in a picture, and how large."""
    recorder = Recorder(figure.dpi, *figure.get_size_inches() * figure.dpi)
    figure.draw(recorder)
    drawn = [given for name, _, given, _ in recorder.notes if name == "draw_text"]
    return [(given[2], given[3].get_size_in_points()) for given in drawn]


@pytest.mark.parametrize("name", [RATES, "matrix-sensing/figures/rates", CIRCLE, ""])
def test_no_text_is_smaller_than_can_be_read_in_print(name: str) -> None:
    one = made("a/b", {"x": [1.0, 2.0]}, [1.0, 2.0])
    with style():
        drawn = pictures()[name].draw(circle() if name == CIRCLE else rates(name)) if name else None
        written = texts(drawn or generic.draw(one))
    assert len(written) > 8
    assert [text for text, size in written if size < LEAST] == []


def test_no_picture_asks_for_letters_that_are_too_small() -> None:
    sizes = re.compile(r"(?:fontsize|labelsize|\.size|set_size\()\"?[=:(]? ?(\d+\.?\d*)")
    folder = Path(generic.__file__).parent
    found = {path.name: sizes.findall(path.read_text()) for path in folder.glob("*.py")}
    assert found["matrix_sensing.py"]
    assert found["style.py"]
    assert {name: of for name, of in found.items() if any(float(one) < LEAST for one in of)} == {}


def test_colours_differ_in_grey() -> None:
    parts_of = [to_rgb(one) for one in (BLUE, ORANGE, GREEN, RED, "black", "white")]
    greys = sorted(float(np.dot(one, (0.299, 0.587, 0.114))) * 255 for one in parts_of)
    assert min(np.diff(greys)) > 25


def test_what_disagrees_is_larger_than_what_agrees() -> None:
    agreement = np.array(["agrees", "disagrees"])
    for marker_size in (None, 1.5):
        more = {} if marker_size is None else {"markersize": marker_size}
        with style():
            axes = Figure().add_subplot()
            bars(axes, [1, 2], [[1, 1], [2, 2], [3, 3]], agreement, **more)
        right, wrong = (one.lines[0] for one in axes.containers)
        assert wrong.get_markersize() >= 1.5 * right.get_markersize()
        assert wrong.get_markeredgecolor() == "white"
