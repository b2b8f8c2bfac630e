"""Which claims one process decides after another."""

from types import SimpleNamespace

import pytest

from lemmata.verify.pool import families


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
    located = [SimpleNamespace(claim=SimpleNamespace(id=one)) for one in ids]

    found = families(located)  # pyright: ignore[reportArgumentType]

    assert {name: [one.claim.id for one in claims] for name, claims in found.items()} == wanted
