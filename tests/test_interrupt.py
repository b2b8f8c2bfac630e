"""Ctrl-C leaves a valid results file of what was done, and nobody at work."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.test_pictures import keep, made

from lemmata.verify.store import STORE, Store

FILE = """
import os, time
from lemmata.verify.api import *
paper = Paper("On patience", year=2020, arxiv="2001.00001")
def about(id, measure):
    return claim(id, source=paper.at("eq. 1"), says="x", domain=Domain(x=Interval(1, 2)),
                 predicted=lambda p: p.x, points=2,
                 compare=Equal(relative=0.01, because="a test"))(measure)
quick = about("patience/quick", lambda p, accuracy: Measurement(p.x, bias=1e-6))
def wait(p, accuracy):
    with open("waiting.part", "w") as file:
        file.write(str(os.getpid()))
    os.rename("waiting.part", "waiting")
    time.sleep(600)
slow = about("patience/slow", wait)
"""


def started(folder: Path, jobs: int) -> subprocess.Popen[str]:
    """A run of both claims, with the second one waiting."""
    (folder / "mine.py").write_text(FILE, encoding="utf-8")
    command = [sys.executable, "-m", "lemmata.verify", "verify", "mine.py", "-j", str(jobs)]
    return subprocess.Popen(
        [*command, "--json", "out.json", "--junit", "out.xml"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a process group of its own, as on a terminal
    )


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_keeps_what_was_decided(tmp_path, jobs):
    running = started(tmp_path, jobs)
    assert running.stderr is not None
    line = running.stderr.readline()  # blocks until the quick claim is decided
    while not (tmp_path / "waiting").exists():
        assert running.poll() is None, running.communicate()
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=60)

    assert "patience/quick: verified" in line
    assert running.returncode == 130, out + err
    assert "interrupted; what was decided is stored" in err
    assert "Traceback" not in err
    for name in ("out.json", "build/lemmata/results.json"):
        results = json.loads(Path(tmp_path / name).read_text())
        assert results["complete"] is False
        assert [record["id"] for record in results["claims"]] == ["patience/quick"]
    assert (tmp_path / "out.xml").exists()
    assert not list(tmp_path.glob("**/.*.json*"))  # nothing half-written


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_of_drawing_ends_it_and_leaves_whole_pictures(tmp_path: Path, jobs) -> None:
    ids = [f"test/claim-{number}" for number in range(60)]
    keep(Store(tmp_path / STORE), {id: made(id, {"x": [1.0, 2.0]}, [1.0, 2.0]) for id in ids})
    out = tmp_path / "pictures"
    running = subprocess.Popen(
        [sys.executable, "-m", "lemmata.verify", "figures", "-o", "pictures", "-j", str(jobs)],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    while not list(out.glob("test*.pdf")):
        assert running.poll() is None, running.communicate()
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err == "lemmata: interrupted; pictures in pictures are whole files.\n"
    assert 0 < len(list(out.glob("*.pdf"))) < len(ids)
    assert list(out.glob(".*")) == []
    for path in out.glob("*.svg"):
        assert path.read_text("utf-8").rstrip().endswith("</svg>")


def test_whoever_works_for_a_run_that_is_killed_ends_too(tmp_path: Path) -> None:
    running = started(tmp_path, 2)
    while not (tmp_path / "waiting").exists():
        assert running.poll() is None, running.communicate()
    at_work = int((tmp_path / "waiting").read_text())
    running.kill()  # leaves it no time to tell anyone
    running.communicate(timeout=60)
    for _ in range(600):
        if not alive(at_work):
            return
        time.sleep(0.1)
    os.kill(at_work, signal.SIGKILL)
    pytest.fail("it still works on a claim that nobody waits for")


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # Ended, but waiting for a parent to ask: a container may have none that does.
    state = Path(f"/proc/{process}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")
