"""The examples in docstrings, run by import name.

`pytest --doctest-modules theory` would import each file a second time under another name.
"""

import doctest
import pkgutil
from importlib import import_module

import pytest

LAYERS = ("theory", "solvers", "verify", "figures")


def names() -> list[str]:
    """Every module of the four layers that is found by walking their packages' paths."""
    found = []
    for layer in LAYERS:
        package = import_module(f"lemmata.{layer}")
        found.append(package.__name__)
        walk = pkgutil.walk_packages(package.__path__, package.__name__ + ".")
        # Importing __main__ would start the command line.
        found.extend(module.name for module in walk if not module.name.endswith(".__main__"))
    return found


@pytest.mark.parametrize("name", names())
def test_examples(name: str) -> None:
    module = import_module(name)
    assert module.__name__ == name
    failed, tried = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert failed == 0, f"{failed} of {tried} lines failed; the details are in the output above"


def test_the_walk_reaches_subpackages() -> None:
    assert "lemmata.verify.claims" in names()
    assert "lemmata.verify.profiles" in names()


def test_a_wrong_example_fails() -> None:
    def wrong() -> None:
        """>>> 1 + 1
        3
        """

    (example,) = doctest.DocTestFinder().find(wrong, "wrong", globs={})
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(example, out=lambda _: None)
    assert runner.summarize(verbose=False).failed == 1
