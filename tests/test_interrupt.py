"""Ctrl-C leaves a valid results file of what was done."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

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
    open("waiting", "w").close()
    time.sleep(600)
slow = about("patience/slow", wait)
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_keeps_what_was_decided(tmp_path, jobs):
    (tmp_path / "mine.py").write_text(FILE, encoding="utf-8")
    command = [sys.executable, "-m", "lemmata.verify", "verify", "mine.py", "-j", str(jobs)]
    running = subprocess.Popen(
        [*command, "--json", "out.json", "--junit", "out.xml"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a process group of its own, as on a terminal
    )
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
