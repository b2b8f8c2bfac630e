"""Stored results that were damaged or half written: told by file and field, and nothing is left."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from tests import report_store
from tests.helpers import claimed

from lemmata.figures.draw import draw
from lemmata.figures.latex import document, with_error
from lemmata.figures.stored import result
from lemmata.verify.errors import UsageError
from lemmata.verify.measurement import Measurement
from lemmata.verify.report.page import write
from lemmata.verify.store import Store

ID = "test/law"
NOTHING = object()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return report_store.filled(tmp_path_factory.mktemp("store"))


@pytest.fixture
def store(kept: Store, tmp_path: Path) -> Store:
    shutil.copytree(kept.folder, tmp_path / "store")
    return Store(tmp_path / "store")


def figures(store: Store, folder: Path) -> None:
    list(draw([ID], store, folder / "out", jobs=1))


def report(store: Store, folder: Path) -> None:
    write([ID], store, folder / "page.html")


def export(store: Store, folder: Path) -> None:
    document([result(store, ID)])


COMMANDS = (figures, report, export)


def put(data, path: str, value) -> None:
    *way, last = path.split(".")
    for step in way:
        data = data[int(step) if step.isdigit() else step]
    if value is NOTHING:
        del data[last]
    else:
        data[last] = value


def refused(store: Store, folder: Path, what: str, file: Path, commands=COMMANDS) -> None:
    """Each command names the claim, what is wrong, the file and the remedy, and leaves nothing."""
    for command in commands:
        with pytest.raises(UsageError) as found:
            command(store, folder)
        assert str(found.value) == (
            f"claim {ID!r}: its stored {what} ({file}); run `lemmata verify {ID}` with this "
            "version of lemmata."
        )
        assert [path.name for path in folder.iterdir()] == ["store"]


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        *(
            (f"claims.0.{name}", NOTHING, f"result has no {name!r}")
            for name in ("worst", "source", "says", "resolution", "points", "replay", "seconds")
        ),
        ("claims.0.worst", {}, "result has no 'worst.at'"),
        ("claims.0.worst.at.x", None,
         "result has 'worst.at' as {'x': None}, not as a table of finite numbers"),
        ("claims.0.worst.at.x", "3",
         "result has 'worst.at' as {'x': '3'}, not as a table of finite numbers"),
        ("claims.0.worst.value", float("inf"),
         "result has 'worst.value' as inf, not as a finite number or null"),
        ("claims.0.seconds", None, "result has 'seconds' as None, not as a finite number"),
        ("claims.0.points", None, "result has 'points' as None, not as a table of integers"),
        ("claims.0.uses", "abc", "result has 'uses' as 'abc', not as a list of texts"),
        ("claims.0.reading", 3, "result has 'reading' as 3, not as text"),
        ("claims.0.id", "test/other", "result is that of 'test/other'"),
        ("claims.0.outcome", "maybe", "result has 'outcome' as 'maybe', not as one of verified, "
         "refuted, inconclusive, error"),
        ("manifest", {}, "result has no 'manifest.versions'"),
        ("manifest.versions", NOTHING, "result has no 'manifest.versions'"),
        ("manifest.fixed", None, "result has 'manifest.fixed' as None, not as a table of texts"),
    ],
)  # fmt: skip
def test_a_field_that_is_missing_or_odd_is_named(store, tmp_path, path, value, what) -> None:
    file = store.file("claims", ID)
    data = json.loads(file.read_text("utf-8"))
    put(data, path, value)
    file.write_text(json.dumps(data), "utf-8")
    refused(store, tmp_path, what, file)


@pytest.mark.parametrize(
    ("name", "spoil", "what"),
    [
        ("value", lambda column: column[:-1],
         "points have 'value' of shape (8,), not of one row a point"),
        ("value", lambda column: column.astype("U9"), "points have 'value' as <U9, not as numbers"),
        ("method", lambda column: np.zeros(len(column)),
         "points have 'method' as float64, not as text"),
        ("at.x", lambda column: column * np.nan, "points have 'at.x' where it is not finite"),
        ("agreement", lambda column: np.full(len(column), "maybe"),
         "points have the 'agreement' 'maybe'"),
        ("agreement", None, "points have no 'agreement'"),
    ],
)  # fmt: skip
def test_a_column_that_is_missing_or_odd_is_named(store, tmp_path, name, spoil, what) -> None:
    file = store.file("points", ID)
    columns = store.points(ID)
    column = columns.pop(name)
    np.savez(file, **columns | ({name: spoil(column)} if spoil else {}))
    refused(store, tmp_path, what, file)


def test_points_of_which_all_columns_are_cut_are_told(store: Store, tmp_path: Path) -> None:
    columns = {name: column[:5] for name, column in store.points(ID).items()}
    np.savez(store.file("points", ID), **columns)
    what = "points have 5 rows, and its result 9 points"
    refused(store, tmp_path, what, store.file("points", ID))


def test_points_that_are_lost_are_an_error_where_they_are_shown(store, tmp_path) -> None:
    """The TeX macros need none."""
    file = store.file("points", ID)
    file.unlink()
    for command in (figures, report):
        with pytest.raises(UsageError) as found:
            command(store, tmp_path)
        assert str(found.value) == (
            f"{file}: is not there, though the verdict on {ID} rests on its points; run `lemmata "
            f"verify {ID}` again."
        )
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    export(store, tmp_path)


SERIES = {f"series.{name}": np.arange(1.0, 6.0) for name in ("x", "y", "stderr", "bias")}
PATHS = {"path": np.ones((2, 40)), "t": np.ones(40)}


def forms(arrays: dict[str, np.ndarray]) -> dict[str, str]:
    return {name: f"{array.dtype} {array.shape}" for name, array in arrays.items()}


@pytest.mark.parametrize(
    ("whole", "told", "name", "spoil", "what"),
    [
        (PATHS, True, "t", lambda one: one[:30],
         "arrays have 't' as float64 (30,), not as float64 (40,)"),
        (PATHS, True, "path", lambda one: one.astype("U9"),
         "arrays have 'path' as <U9 (2, 40), not as float64 (2, 40)"),
        (PATHS, True, "path", None, "arrays have no 'path'"),
        (SERIES, False, "series.y", lambda one: one[:-1],
         "arrays have 'series.y' as float64 (4,), not as numbers (5,)"),
        (SERIES, False, "series.bias", lambda one: one.astype("U9"),
         "arrays have 'series.bias' as <U9 (5,), not as numbers (5,)"),
        (SERIES, False, "series.x", None, "arrays have no 'series.x'"),
    ],
)  # fmt: skip
def test_an_array_that_was_cut_or_changed_is_named(store, tmp_path, whole, told, name, spoil, what):
    document = json.loads(store.file("claims", ID).read_text("utf-8"))
    document["kept"] = forms(whole) if told else {}  # of an older version there is none
    store.file("claims", ID).write_text(json.dumps(document), "utf-8")
    file = store.file("arrays", ID)
    np.savez(file, **whole)
    for command in COMMANDS:
        command(store, tmp_path / "whole")
    shutil.rmtree(tmp_path / "whole")
    rest = {key: array for key, array in whole.items() if key != name}
    np.savez(file, **rest | ({name: spoil(whole[name])} if spoil else {}))
    refused(store, tmp_path, what, file)


def test_the_forms_of_arrays_are_kept_with_the_verdict(store: Store) -> None:
    def measure(p, accuracy):
        return Measurement(p.x, bias=1e-9, arrays={"path": np.ones((2, 40)), "names": ["a", "b"]})

    report_store.keep(store, claimed(measure, lambda p: p.x, report_store.LINE, id="test/path"))
    kept = json.loads(store.file("claims", "test/path").read_text("utf-8"))["kept"]
    assert (
        kept == {"path": "float64 (2, 40)", "names": "<U1 (2,)"} == forms(store.arrays("test/path"))
    )


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        ("statement", NOTHING, "derivation has no 'statement'"),
        ("assumes", None, "derivation has 'assumes' as None, not as a list of texts"),
        ("steps.1.because", NOTHING, "derivation has no 'step 2: because'"),
        ("steps", [3], "derivation has 'step 1' as 3, not as a table"),
    ],
)
def test_a_step_that_lacks_something_is_named(store, tmp_path, path, value, what) -> None:
    file = store.file("derivations", ID)
    data = json.loads(file.read_text("utf-8"))
    put(data, path, value)
    file.write_text(json.dumps(data), "utf-8")
    refused(store, tmp_path, what, file, [report])


def test_what_an_older_version_did_not_write_may_be_missing(store: Store, tmp_path: Path) -> None:
    file = store.file("claims", ID)
    data = json.loads(file.read_text("utf-8"))
    for name in ("reading", "scope", "cause"):
        del data["claims"][0][name]
    file.write_text(json.dumps(data), "utf-8")
    for command in COMMANDS:
        command(store, tmp_path)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("names", [("value",), ("claimed",), ("claimed", "value", "low", "high")])
def test_points_that_are_not_finite_are_no_crash(store, tmp_path, odd, names) -> None:
    columns = store.points(ID)
    np.savez(
        store.file("points", ID),
        **{name: column * 0 + odd if name in names else column for name, column in columns.items()},
    )
    for command in COMMANDS:
        command(store, tmp_path)


@pytest.mark.parametrize("size", [1e308, 1.7e308, 5e-324])
@pytest.mark.parametrize("half", [np.inf, 1e308, 1.0])
@pytest.mark.parametrize("ends", [(1, 1), (-1, 1)])
def test_numbers_at_the_end_of_the_doubles_are_drawn(store, tmp_path, size, half, ends) -> None:
    columns = store.points(ID)
    value = size * np.resize(ends, len(columns["value"]))
    with np.errstate(over="ignore"):
        columns |= {"value": value, "claimed": value, "low": value - half, "high": value + half}
    np.savez(store.file("points", ID), **columns)
    for command in COMMANDS:
        command(store, tmp_path)
    words = ["; 9 not finite or beyond 1e300, at the edge"] if size > 1 else []
    page = (tmp_path / "page.html").read_text("utf-8")
    assert re.findall(r"claimed and measured(; [^<]*)</text>", page) == words
    said = (tmp_path / "out" / "test.law.svg").read_text("utf-8")
    assert ("not finite or beyond 1e300, at the edge" in said) == bool(words)


def test_a_half_width_below_the_normal_numbers_is_written() -> None:
    assert with_error(5e-324, 5e-324) == r"(4.9 \pm 4.9) \cdot 10^{-324}"
    assert with_error(1.5e308, 2e306) == r"(1.500 \pm 0.020) \cdot 10^{308}"
