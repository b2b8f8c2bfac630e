"""A process that decides hundreds of claims has room left for the programs of the next."""

import math
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from tests.helpers import claimed, exactly

from lemmata.verify import backend
from lemmata.verify.decide import decide
from lemmata.verify.domain import Domain
from lemmata.verify.interval import Interval
from lemmata.verify.settings import Settings

FLAGS = "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
MAPS = Path("/proc/self/maps")
linux = pytest.mark.skipif(not MAPS.exists(), reason="the limit is that of Linux")


def mappings() -> int:
    return MAPS.read_bytes().count(b"\n")


@linux
def test_programs_are_dropped_once_they_fill_half_of_the_memory_map() -> None:
    jax.clear_caches()
    before = mappings()
    for size in range(20):
        jax.jit(lambda x: jnp.sin(x).sum() + x)(jnp.ones(size + 3))
    full = mappings()
    assert full > before + 20
    assert not backend.make_room(limit=3 * full)
    assert mappings() > before + 20
    assert backend.make_room(limit=full)
    assert mappings() < full - 20


@linux
def test_a_short_process_keeps_its_programs() -> None:
    assert 2 * mappings() < int(Path("/proc/sys/vm/max_map_count").read_text())
    assert not backend.make_room()


def test_where_the_limit_cannot_be_read_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "Path", lambda _: Path("/no such file"))
    assert not backend.make_room()


def test_the_map_is_counted_once_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 10.9, 11.1])
    looked: list[str] = []
    monkeypatch.setattr(backend, "_looked", [-math.inf])
    monkeypatch.setattr(backend.time, "monotonic", lambda: next(times))

    def count(path: str) -> Path:
        looked.append(path)
        return Path("/no such file")

    monkeypatch.setattr(backend, "Path", count)
    assert [backend.make_room() for _ in range(3)] == [False] * 3
    assert len(looked) == 2


def test_each_decision_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bool] = []
    monkeypatch.setattr(backend, "make_room", lambda: made.append(True))
    line = Domain(x=Interval(1, 2))
    decide(claimed(exactly(lambda p: p.x), lambda p: p.x, line), Settings())
    assert made == [True]


@pytest.mark.parametrize(
    ("installed", "given", "expected"),
    [
        ("0.10.2", None, FLAGS),
        ("0.7.2", "", FLAGS),
        ("0.10.3.dev20", "--xla_dump_to=/there", f"--xla_dump_to=/there {FLAGS}"),
        ("0.10.2", FLAGS.replace("=1", "=4"), FLAGS.replace("=1", "=4")),
        ("0.7.1", None, None),
        ("0.11.0", "--xla_dump_to=/there", "--xla_dump_to=/there"),
        (None, None, None),
    ],
)
def test_xla_is_told_what_the_installed_one_knows_unless_the_user_chose(
    monkeypatch: pytest.MonkeyPatch, installed: str | None, given: str | None, expected: str | None
) -> None:
    def version(_: str) -> str:
        if installed is None:
            raise backend.PackageNotFoundError
        return installed

    monkeypatch.setattr(backend, "version", version)
    monkeypatch.setattr(backend.os, "environ", {} if given is None else {"XLA_FLAGS": given})
    backend.set_environment()
    assert backend.os.environ.get("XLA_FLAGS") == expected


def test_the_installed_xla_knows_what_it_is_told() -> None:
    code = (
        "from lemmata.verify import backend; backend.set_environment();"
        "import jax; print(jax.jit(lambda x: x + 1)(1))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr
