"""Pictures of stored verdicts: the same bytes in every run, and nothing but what is stored."""

import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager
from matplotlib.mathtext import MathTextParser
from PIL import Image
from tests.helpers import claimed, exactly
from tests.test_pictures import CIRCLE, RATES, circle, keep, made, rates

from lemmata.figures import comparison, generic
from lemmata.figures import draw as drawing
from lemmata.figures.draw import draw
from lemmata.figures.fonts import REDUCED, WHOLE, reduced_font
from lemmata.figures.formulas import Formulas
from lemmata.figures.pictures import pictures
from lemmata.figures.record import Recorded
from lemmata.figures.save import save
from lemmata.figures.stored import Result, origin, provenance, result
from lemmata.figures.style import style
from lemmata.figures.ticks import simple_ticks
from lemmata.figures.workers import Workers
from lemmata.verify.compare.bound import Bound
from lemmata.verify.decide import decide
from lemmata.verify.domain import Domain
from lemmata.verify.errors import UsageError
from lemmata.verify.interval import Interval, Log
from lemmata.verify.results import record
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.store import STORE, Store

SETTINGS = Settings(Profile("test", 9, 1.0))
MANIFEST = {
    "commit": "0123456789abcdef", "dirty": False, "versions": {"lemmata": "0.0.1"}, "seed": 3,
    "profile": "quick", "fixed": {}, "error_rate": 1e-3, "started": "2026-01-01T00:00:00+00:00",
}  # fmt: skip
line = Domain(x=Interval(1, 2))
plane = Domain(x=Interval(1, 2), y=Log(0.01, 100.0))


@pytest.fixture
def kept(tmp_path: Path) -> Callable[..., Store]:
    """Decides a claim and keeps it in a store of its own."""

    def keep(one, started="2026-01-01T00:00:00+00:00", seed=3) -> Store:
        store = Store(tmp_path / "store")
        store.prepare()
        verdict = decide(one, SETTINGS)
        manifest = MANIFEST | {"started": started, "seed": seed}
        store.save_claim(manifest, record(one, verdict, "lemmata verify test/claim"), verdict)
        return store

    return keep


@pytest.fixture
def in_style():
    with style():
        yield


def right(domain=line, id="test/claim"):
    return claimed(exactly(lambda p: p.x), lambda p: p.x, domain, id=id)


def test_two_runs_give_the_same_bytes(kept, tmp_path: Path) -> None:
    written = {}
    for run, started in enumerate(("2026-01-01T00:00:00+00:00", "2027-02-02T02:02:02+00:00")):
        store = kept(right(), started)
        for path in draw(["test/claim"], store, tmp_path / str(run)):
            written.setdefault(path.suffix, []).append(path.read_bytes())
    assert sorted(written) == [".pdf", ".png", ".svg"]
    for kind, (one, other) in written.items():
        assert one == other, kind
        assert b"2026-01" not in one, kind


def test_another_process_gives_the_same_bytes(tmp_path: Path) -> None:
    """With other hashes of texts, other addresses in memory, and another order of imports."""
    store = Store(tmp_path / STORE)
    papers = {RATES: rates(RATES), CIRCLE: circle()}
    own = {"test/claim": made("test/claim", {"x": [1.0, 2.0]}, [1.0, 2.0])}
    keep(store, {**papers[RATES], **papers[CIRCLE], **own})
    names = [*papers, "test/claim"]
    wanted = [pictures()[one] for one in papers]
    list(draw(["test/claim"], store, tmp_path / "here", named=wanted, jobs=1))
    subprocess.run(
        [sys.executable, "-m", "lemmata.verify", "figures", *names, "-o", "there", "-j", "1"],
        cwd=tmp_path, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": "7"},
    )  # fmt: skip
    here, there = ({one.name: one for one in (tmp_path / of).iterdir()} for of in ("here", "there"))
    assert sorted(here) == sorted(there)
    assert len(here) == 9
    for name, one in here.items():
        assert one.read_bytes() == there[name].read_bytes(), name


def test_another_seed_shows_in_the_picture_and_in_the_file(kept, tmp_path: Path) -> None:
    for seed in (3, 4):
        store = kept(right(), seed=seed)
        list(draw(["test/claim"], store, tmp_path / str(seed)))
        text = (tmp_path / str(seed) / "test.claim.svg").read_text()
        assert f'"seed": {seed}' in text.replace("&quot;", '"')
        with style():
            assert f"seed {seed}" in generic.draw(result(store, "test/claim")).get_supxlabel()


def test_results_of_another_version_say_so(kept) -> None:
    one = result(kept(right()), "test/claim")
    assert re.fullmatch(
        r"lemmata 0\.0\.1, seed 3, quick, 0123456 \(drawn by lemmata [\d.]+\)", origin([one])
    )


def test_results_of_different_runs_say_so(kept) -> None:
    one = result(kept(right()), "test/claim")
    other = Result(one.record, {**one.manifest, "seed": 5}, one.points, one.arrays)
    assert origin([one, other]).startswith("results of different runs: ")
    assert not origin([one, one]).startswith("results of different runs")
    assert len(json.loads(provenance([one, other]))["runs"]) == 2


def test_the_picture_shows_each_point_once_where_it_was_measured(kept) -> None:
    store = kept(claimed(exactly(lambda p: p.x + 0.5 * (p.x > 1.5)), lambda p: p.x, line))
    one = result(store, "test/claim")
    with style():
        axes = generic.draw(one).axes[0]
    bars = {bar.get_label(): bar.lines[0].get_xydata() for bar in axes.containers}
    assert sorted(bars) == ["measured", "measured: disagrees"]
    shown = np.concatenate(list(bars.values()))
    stored = np.stack([one.column("at.x"), one.column("value")], axis=1)
    np.testing.assert_array_equal(shown[shown[:, 0].argsort()], stored[stored[:, 0].argsort()])
    (curve,) = (one for one in axes.lines if one.get_label() == "claimed")
    np.testing.assert_array_equal(curve.get_xdata(), curve.get_ydata())


def test_a_counterexample_is_named(kept) -> None:
    store = kept(claimed(exactly(lambda p: 2 * p.x), lambda p: p.x, line))
    with style():
        text = generic.draw(result(store, "test/claim")).get_supxlabel()
    assert text.startswith("refuted, against expectation; counterexample: x = 1")


@pytest.mark.parametrize(
    ("domain", "label"), [(line, "x"), (plane, "claimed"), (Domain(), "point")]
)
def test_the_horizontal_axis_is_what_varies(kept, domain: Domain, label: str) -> None:
    value = (lambda p: p.x) if domain.axes else (lambda p: 2.0)
    one = result(kept(claimed(exactly(value), value, domain)), "test/claim")
    assert comparison.abscissa(one)[1] == label


def test_a_bound_has_no_panel_of_margins(kept) -> None:
    bound = claimed(
        exactly(lambda p: p.x),
        lambda p: 3.0,
        line,
        compare=Bound(side="at most", absolute=0.1, because="a test"),
    )
    with style():
        assert len(generic.draw(result(kept(bound), "test/claim")).axes) == 1


def test_the_users_own_settings_are_left_alone(kept, tmp_path: Path) -> None:
    store = kept(right())
    with mpl.rc_context({"lines.linewidth": 7.5}):
        list(draw(["test/claim"], store, tmp_path / "out"))
        assert mpl.rcParams["lines.linewidth"] == 7.5


def test_without_a_verdict_nothing_is_drawn(kept, tmp_path: Path) -> None:
    store = kept(right())
    with pytest.raises(UsageError, match=r"'test/other': no verdict is stored .*verify test/other"):
        list(draw(["test/claim", "test/other"], store, tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_is_named(kept, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    words = r"-o: .*file is a file, where a folder is needed"
    with pytest.raises(UsageError, match=words):
        list(draw(["test/claim"], kept(right()), tmp_path / "file" / "out"))


def test_a_verdict_of_a_version_that_kept_no_points_says_what_to_do(kept) -> None:
    one = result(kept(right()), "test/claim")
    bare = Result(one.record, one.manifest, {}, {})
    with pytest.raises(UsageError, match=r"stored points have no 'claimed', but none at all; run"):
        bare.column("claimed")


def test_the_command_draws_what_is_stored(tmp_path: Path) -> None:
    def lemmata(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "lemmata.verify", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    empty = lemmata("figures")
    assert (empty.returncode, empty.stdout) == (2, "")
    assert "no verdict is stored" in empty.stderr
    assert not (tmp_path / "build").exists()
    assert lemmata("verify", "delayed-repression/interior-equilibrium").returncode == 0
    drawn = lemmata("figures", "-o", "pictures")
    assert drawn.stdout == "1 picture, each as PDF, SVG and PNG, in pictures\n"
    assert drawn.returncode == 0, drawn.stderr
    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    stem = "delayed-repression.interior-equilibrium"
    assert names == [f"{stem}.pdf", f"{stem}.png", f"{stem}.svg"]


def test_the_reduced_font_has_the_same_outlines_and_leaves_nothing_behind() -> None:
    with reduced_font() as path, TTFont(path) as small, TTFont(findfont(WHOLE)) as whole:
        assert findfont(REDUCED, fallback_to_default=False) == str(path)
        known, own = whole.getBestCmap(), small.getBestCmap()
        assert {ord(letter) for letter in "aZ09−±≤∞Δα²"} <= own.keys()
        for code, glyph in own.items():
            assert small["glyf"][glyph] == whole["glyf"][known[code]]
            assert small["hmtx"][glyph] == whole["hmtx"][known[code]]
        assert len(small.getGlyphOrder()) < len(whole.getGlyphOrder()) / 3
    assert not path.parent.exists()
    assert all(one.name != REDUCED for one in fontManager.ttflist)
    with reduced_font() as again:
        assert findfont(REDUCED, fallback_to_default=False) == str(again) != str(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"versions": {"lemmata": "0.0.1", "jax": "0.9"}}, ("jax 0.9", "jax missing")),
        ({"error_rate": 1e-6}, ("error rate 1e-06", "error rate 0.001")),
    ],
)
def test_results_that_differ_by_a_package_or_the_error_rate_say_so(kept, change, words) -> None:
    one = result(kept(right()), "test/claim")
    other = Result(one.record, {**one.manifest, **change}, one.points, one.arrays)
    assert origin([one, other]).startswith("results of different runs: ")
    assert all(word in origin([one, other]) for word in words)
    assert not any(word in origin([other]) for word in words)


def test_a_drawing_process_that_dies_is_told(kept, tmp_path: Path) -> None:
    store = kept(right())
    task = drawing._Task("", [result(store, "test/claim")], tmp_path)
    with reduced_font() as font, Workers(2, font) as workers:
        # Else another process might draw all before the death of this one is noticed.
        with pytest.raises(BrokenProcessPool):
            workers.pool.submit(os._exit, 1).result()
        with pytest.raises(UsageError, match=r"a process that draws died .*run again with -j 1"):
            list(workers.run(drawing._draw, [task]))


def test_a_png_is_what_was_drawn_with_its_resolution_and_its_words(tmp_path: Path) -> None:
    figure = Figure(figsize=(1, 1), dpi=200)
    figure.add_axes((0.2, 0.2, 0.6, 0.6)).plot([1, 2], [3, 1])
    save(figure, tmp_path, "some", "α ≤ β", "drawn from this")
    with Image.open(tmp_path / "some.png") as image:
        np.testing.assert_array_equal(np.asarray(image), np.asarray(_pixels(figure))[:, :, :3])
        image.load()
        assert image.info["dpi"] == pytest.approx((200, 200), rel=1e-3)
        assert (image.info["Title"], image.info["Software"]) == ("α ≤ β", "lemmata")
        assert image.info["Description"] == "drawn from this"


def test_all_formats_show_what_one_pass_drew(tmp_path: Path) -> None:
    figure = Figure(figsize=(3, 2), dpi=100)
    axes = figure.add_axes((0.2, 0.2, 0.7, 0.7))
    axes.plot([1, 2, 3], [1, 3, 2], "o-", label="one line")
    axes.scatter([1, 2], [2, 2], s=[9, 30])
    axes.set_xlim(1.5, 3)  # what is beyond is cut off
    axes.legend()
    figure.text(0.1, 0.02, "words under it")
    drawn = np.asarray(_pixels(figure))
    recorded = Recorded(figure)
    np.testing.assert_array_equal(_pixels(recorded), drawn)
    FigureCanvasSVG(recorded).print_svg(tmp_path / "recorded.svg", metadata={"Date": None})
    FigureCanvasSVG(figure).print_svg(tmp_path / "straight.svg", metadata={"Date": None})
    one, other = ((tmp_path / f"{name}.svg").read_text() for name in ("recorded", "straight"))
    kinds = ("<path", "<use", "<clipPath", "<!-- words under it -->", "<!-- one line -->")
    assert [one.count(kind) for kind in kinds] == [other.count(kind) for kind in kinds]
    one, other = (
        re.findall(r"<use [^>]* x=\"([\d.]+)\" y=\"([\d.]+)\"", text) for text in (one, other)
    )
    assert one
    np.testing.assert_allclose(np.array(one, float), np.array(other, float), atol=0.3)


@pytest.mark.parametrize("text", ["$10^{-3}$", r"$\sqrt{x_1/\mu_2}$ of it", r"$\frac{\pi}{2k+1}$"])
@pytest.mark.parametrize(("size", "dpi"), [(7.5, 200), (8.5, 72)])
def test_a_formula_set_once_is_that_of_every_size(in_style, text, size, dpi) -> None:
    prop = FontProperties(size=size)
    ours = Formulas().parse(text, dpi, prop)
    theirs = MathTextParser("path").parse(text, dpi, prop)
    assert [one[2:-2] for one in ours.glyphs] == [one[2:-2] for one in theirs.glyphs]
    assert [one[1] for one in ours.glyphs] == pytest.approx([one[1] for one in theirs.glyphs])
    assert len(ours.rects) == len(theirs.rects)
    above = lambda it: (it.width, it.height - it.depth, it.depth)
    numbers = lambda it: np.concatenate([above(it), *(one[-2:] for one in it.glyphs), *it.rects])
    np.testing.assert_allclose(numbers(ours), numbers(theirs), atol=1.0)  # theirs are rounded up


def _pixels(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def test_ticks_are_where_the_locators_put_them_and_have_room(in_style) -> None:
    figure = Figure(figsize=(3, 2))
    above, below = (figure.add_axes((0.2, y, 0.7, 0.3)) for y in (0.6, 0.2))
    for axes in (above, below):
        axes.plot([0, 2], [1.0, 1.0 + 1e-7])
        axes.set(xlabel="across", ylabel="up")
    expected = [one for one in below.get_yticks() if 1.0 <= one <= 1.0 + 1e-7]
    simple_ticks([above, below], 0.2)
    figure.draw_without_rendering()
    words = {axes: {one.get_text(): one for one in axes.texts} for axes in (above, below)}
    assert {"0.0", "1.0", "2.0", "across", "up"} <= words[below].keys()
    assert not {"0.0", "1.0", "2.0", "across"} & words[above].keys()
    shown = [float(one) for one in words[above] if one.startswith("1.0")]
    assert set(np.round(expected, 9)) <= set(shown)
    for axes in (above, below):
        boxes = [one.get_window_extent() for one in words[axes].values()]
        assert min(box.x0 for box in boxes) >= 0
        label = words[axes]["up"].get_window_extent()
        numbers = [one for text, one in words[axes].items() if text.startswith("1.00")]
        assert label.x1 < min(one.get_window_extent().x0 for one in numbers)


def test_what_the_reduced_font_lacks_is_taken_from_the_whole_one() -> None:
    with reduced_font(), style(REDUCED, WHOLE), warnings.catch_warnings():
        warnings.simplefilter("error")  # where no font has a letter, matplotlib warns
        figure = Figure()
        figure.text(0, 0, "plain, and \N{CYRILLIC SMALL LETTER ZHE}")
        figure.draw_without_rendering()


def test_places_of_axes_are_round_numbers(tmp_path: Path) -> None:
    """Beyond them the layout differs from run to run."""
    figure = Figure(layout="constrained")
    for one in figure.subplots(2, 2).ravel():
        one.set_ylabel("a label")
    save(figure, tmp_path, "some", "title", "")
    bounds = np.array([one.get_position().bounds for one in figure.axes])
    np.testing.assert_allclose(bounds, np.round(bounds, 6), rtol=0, atol=1e-15)
    assert len(np.unique(bounds[:, 0])) == 2
