"""What tests rely on: double precision, one thread a process, a Hypothesis profile, fixtures."""

import dataclasses
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

# Before anything imports JAX or NumPy: environment variables cost nothing where neither is used.
os.environ["JAX_ENABLE_X64"] = "1"
os.environ["JAX_DEFAULT_MATMUL_PRECISION"] = "highest"
# Small matrices gain nothing from threads, and parallel test processes lose by them.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import pytest
from hypothesis import settings
from tests.browser import browser, opened  # noqa: F401 - fixtures, for every file that asks

from lemmata.verify import backend, profiles

backend.set_compiler()  # most of what tests take is compiling
profiles.register()
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
)

AGAINST_WHEEL = os.environ.get("LEMMATA_TESTS_AGAINST") == "wheel"


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the checkout; skips a test where only the installed wheel is under test.

    The skip hangs on a variable that `.ci/run` sets, and never on a file being absent: a checkout
    that lost a file must fail.
    """
    if AGAINST_WHEEL:
        pytest.skip("needs the checkout, and this run tests the installed wheel")
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module", autouse=True)
def room() -> Iterator[None]:
    """A process that has run hundreds of test files has room left for compiled programs."""
    yield
    backend.make_room()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that a test runs in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclasses.dataclass(frozen=True)
class Done:
    """What a run of the command gave back."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def lemmata(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Done]:
    """Run the command in this process, which is quick, and give back what it printed."""
    from lemmata.verify.cli import main

    def run(*arguments: object, check: int | None = None) -> Done:
        monkeypatch.setattr(sys, "argv", ["lemmata", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "150")
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main()
        printed = capsys.readouterr()
        done = Done(int(exit_.value.code or 0), printed.out, printed.err)
        assert check is None or done.returncode == check, done.stdout + done.stderr
        return done

    return run
