"""Which claims one process decides after another."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from lemmata.verify.pool import FEW, families


def _located(id: str, file: str = "claims.py", own: bool = False) -> SimpleNamespace:
    return SimpleNamespace(claim=SimpleNamespace(id=id), file=Path(file), own=own)


def _ids(found) -> dict[str, list[str]]:
    return {name: [one.claim.id for one in claims] for name, claims in found.items()}


@pytest.mark.parametrize(
    ("ids", "wanted"),
    [
        (["a/x", "a/y", "b/x"], {"a": ["a/x", "a/y"], "b": ["b/x"]}),
        (["a/x", "a/x/late", "a/x/late/too"], {"a": ["a/x", "a/x/late", "a/x/late/too"]}),
        (["a/x", "a/x/late/too"], {"a": ["a/x", "a/x/late/too"]}),
        (["a/x/late", "a/y"], {"a/x": ["a/x/late"], "a": ["a/y"]}),
    ],
)
def test_readings_go_with_their_claim(ids, wanted):
    located = [_located(one, own=True) for one in ids]

    assert _ids(families(located)) == wanted  # pyright: ignore[reportArgumentType]


def test_claims_of_small_families_in_the_catalogue_go_by_their_file():
    many = [f"a/{i}" for i in range(FEW)]
    located = [
        *(_located(id, "one.py") for id in many),
        _located("b/x", "one.py"), _located("c/x", "one.py"), _located("c/y", "two.py"),
        _located("a/other", "two.py"),
    ]  # fmt: skip

    found = _ids(families(located))  # pyright: ignore[reportArgumentType]

    assert found == {"a": many, "one.py": ["b/x", "c/x"], "two.py": ["c/y", "a/other"]}
