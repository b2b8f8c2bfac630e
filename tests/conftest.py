"""What every test relies on: double precision, one thread a process, and a Hypothesis profile."""

import os
from collections.abc import Iterator
from pathlib import Path

# Before anything imports JAX or NumPy: environment variables cost nothing where neither is used.
os.environ["JAX_ENABLE_X64"] = "1"
os.environ["JAX_DEFAULT_MATMUL_PRECISION"] = "highest"
# Small matrices gain nothing from threads, and parallel test processes lose by them.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import pytest
from hypothesis import settings

from lemmata.verify import backend, profiles

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
