"""What must start fast imports nothing heavy: no SymPy, no JAX, not even NumPy where it can."""

import os
import subprocess
import sys

import pytest

HEAVY = {"sympy", "jax", "jaxlib", "scipy", "matplotlib", "diffrax", "hypothesis", "jinja2"}

SPY = """
import sys
sys.argv = ["lemmata", *{arguments!r}]
try:
    {code}
except SystemExit:
    pass
print("LOADED", *sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


def loaded(code: str, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", SPY.format(code=code, arguments=arguments)],
        capture_output=True,
        text=True,
        check=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONSTARTUP"},
    )
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(
    "arguments", [["--help"], ["list"], ["list", "delayed-repression"], ["verify", "--help"]]
)
def test_the_command_line_starts_without_symbols_or_numerics(arguments):
    found = loaded("from lemmata.verify.cli import main; main()", *arguments)

    assert "lemmata" in found
    assert not HEAVY & found


def test_the_spy_sees_what_is_heavy():
    assert "sympy" in loaded("import lemmata.theory.derivation")


def test_the_plugin_costs_an_unrelated_run_nothing():
    with_plugin = loaded("import pytest, lemmata.verify.plugin")
    without = loaded("import pytest")

    assert with_plugin - without == {"lemmata"}
