"""The store under `build/lemmata/`: the last run whole, and of every claim the last verdict.

`results.json` is the run, `claims/` one document a claim, `arrays/` what measurements attached,
`points/` every point at which a verdict rests on a measurement, and `derivations/` the steps to
what was predicted, printed.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

from lemmata.verify import derived, results
from lemmata.verify.errors import UsageError
from lemmata.verify.files import check_writable, write_atomically
from lemmata.verify.verdict import Verdict

STORE = Path("build") / "lemmata"


@dataclass(frozen=True)
class Store:
    """The folder of stored results; absolute, for a measurement may change the current folder."""

    folder: Path = field(default_factory=STORE.absolute)

    def prepare(self) -> None:
        """Create the folders, or raise `UsageError` before anything is decided."""
        kinds = ("claims", "arrays", "points", "derivations")
        for folder in (self.folder, *(self.folder / kind for kind in kinds)):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as problem:
                raise UsageError(
                    f"results cannot be stored in {folder} ({problem.strerror}); run where "
                    "build/ can be written."
                ) from None
            check_writable(folder / "results.json", "results in")

    def save_run(self, document: Mapping[str, Any]) -> None:
        """Keep the run as the last one."""
        self._write(self.folder / "results.json", document)

    def save_claim(
        self,
        manifest: Mapping[str, Any],
        one: Mapping[str, Any],
        verdict: Verdict,
        ground: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep the verdict on one claim, its points and the arrays of its measurement.

        `ground` is what tells later whether it still stands (see `unchanged`). The types and shapes
        of the arrays are kept with it, so that a file that was cut or changed is told from a whole.

        What was kept of an earlier verdict goes first: cut off at any moment, there is no verdict,
        and never an old one with new points.
        """
        id = one["id"]
        self.file("claims", id).unlink(missing_ok=True)
        for kind, columns in (("arrays", verdict.arrays), ("points", verdict.judged)):
            path = self.file(kind, id)
            if columns:
                write_atomically(path, partial(_write_npz, arrays=columns), mode="wb")
            else:
                path.unlink(missing_ok=True)
        if verdict.steps:
            self._write(self.file("derivations", id), results.clean(verdict.steps))
        else:
            self.file("derivations", id).unlink(missing_ok=True)
        whole = results.document(manifest, [dict(one)], complete=True)
        kept = {name: form(array) for name, array in verdict.arrays.items()}
        self._write(self.file("claims", id), whole | {"ground": dict(ground or {}), "kept": kept})

    def arrays(self, id: str) -> dict[str, Any]:
        """The arrays that the measurement of a claim attached; none if it did not."""
        return _read_npz(self.file("arrays", id))

    def points(self, id: str) -> dict[str, Any]:
        """The points of a claim's last verdict, as columns (see `judged`); none after a crash."""
        return _read_npz(self.file("points", id))

    def derivation(self, id: str) -> dict[str, Any]:
        """The steps of a claim's derivation (see `derived.steps`); none if there were none."""
        path = self.file("derivations", id)
        return _read_json(path) if path.exists() else {}

    def ids(self) -> list[str]:
        """Of all claims whose verdicts are kept, in order."""
        return sorted(path.stem.replace(".", "/") for path in self._claims().glob("*.json"))

    def last(self, id: str) -> dict[str, Any] | None:
        """The last verdict on a claim, as a document of one; None if there is none."""
        path = self._claims() / self.file("claims", id).name
        found = results.load(path) if path.exists() else None
        return found if found and found["claims"] else None

    def _claims(self) -> Path:
        """The folder of verdicts, if it is there; `UsageError` where it is none."""
        folder = self.folder / "claims"
        if folder.exists() and not folder.is_dir():
            raise UsageError(
                f"{folder}: is a file, where the folder of verdicts should be; remove it and run "
                "`lemmata verify` again."
            )
        return folder

    def last_run(self) -> dict[str, Any]:
        """The last run, or `UsageError` if there is none."""
        return results.load(self.folder / "results.json")

    def file(self, kind: str, id: str) -> Path:
        """Of a claim the file of a kind: claims, arrays, points or derivations."""
        ending = "npz" if kind in ("arrays", "points") else "json"
        return self.folder / kind / f"{_flat(id)}.{ending}"

    @staticmethod
    def _write(path: Path, document: Mapping[str, Any]) -> None:
        text = results.dumps(document)
        write_atomically(path, lambda file: file.write(text))


def form(array: Any) -> str:
    """The type and shape of an array, in words: `float64 (3, 2)`."""
    import numpy as np

    found = np.asarray(array)
    return f"{found.dtype} {found.shape}"


def _write_npz(file: IO[bytes], arrays: Mapping[str, Any]) -> None:
    """As `numpy.savez` does, but for any names: its own take arguments of the same call."""
    import numpy as np

    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise UsageError(
            f"{path}: cannot be read, or cut off ({problem}); run `lemmata verify` again."
        ) from None
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != derived.SCHEMA:
        raise UsageError(
            f"{path}: schema {schema!r}, but this version reads schema {derived.SCHEMA}; run "
            "`lemmata verify` again."
        )
    return found


def _read_npz(path: Path) -> dict[str, Any]:
    import numpy as np

    if not path.exists():
        return {}
    try:
        # From memory: NumPy leaves the file of an archive that is none open.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    # What holds one array and no archive is opened without complaint: hence `TypeError`.
    except (OSError, ValueError, EOFError, TypeError, zipfile.BadZipFile) as problem:
        raise UsageError(
            f"{path}: cannot be read, or cut off ({problem}); run `lemmata verify` again."
        ) from None


def _flat(id: str) -> str:
    return id.replace("/", ".")
