"""The arrow of imports: a measurement cannot see the formula that it checks.

The walk is over syntax trees, so that an import inside a function, one for types only and one by
a literal name count like any other.
"""

import ast
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

LAYERS = ("theory", "solvers", "verify", "figures")

# What a layer may import besides itself, the standard library and the root `lemmata`.
# None: any third-party package.
PACKAGES: dict[str, frozenset[str] | None] = {
    "theory": frozenset({"sympy", "mpmath"}),
    "solvers": frozenset(
        {"jax", "jaxtyping", "diffrax", "equinox", "lineax", "optimistix"}
        | {"scipy", "numpy", "networkx", "rustworkx"}
    ),
    "verify": None,
    "figures": frozenset({"matplotlib", "numpy", "fontTools", "PIL"}),  # both matplotlib's own
}
SIBLINGS: dict[str, frozenset[str]] = {
    "theory": frozenset(),
    "solvers": frozenset(),
    "verify": frozenset({"theory", "solvers"}),
    "figures": frozenset({"verify"}),
}
# The only modules outside `figures` that may start drawing.
DRAWING = ("lemmata.verify.cli", "lemmata.verify.report")

# Functions that import the module which their first argument names.
IMPORTERS = frozenset({"import_module", "__import__", "deferred"})


def imported(source: str, module: str, *, package: bool = False) -> Iterator[tuple[int, str]]:
    """Line and absolute name of everything that this source of `module` imports."""
    parents = module.split(".") if package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = parents[: len(parents) - node.level + 1] if node.level else []
            base = [*start, *(node.module or "").split(".")] if node.module else start
            # `from lemmata import theory` imports the module lemmata.theory.
            yield from ((node.lineno, ".".join([*base, alias.name])) for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else None
            name = function.id if isinstance(function, ast.Name) else name
            if name in IMPORTERS and (literal := leading_text(node.args[0])):
                # A relative name is relative to the module's own package.
                dots = len(literal) - len(literal.lstrip("."))
                start = parents[: len(parents) - dots + 1] if dots else []
                yield node.lineno, ".".join([*start, literal.lstrip(".")])


def leading_text(node: ast.expr) -> str:
    """The text of a string, and of an f-string as far as it is literal."""
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def violations(source: str, module: str, *, package: bool = False) -> list[str]:
    """What in this source of `module` goes against the arrow, in words."""
    layer = module.split(".")[1]
    found = []
    for line, name in imported(source, module, package=package):
        top, *rest = name.split(".")
        if top in LAYERS:
            reason = f"is called lemmata.{top}"
        elif top == "lemmata":
            sibling = rest[0] if rest else ""
            if sibling not in LAYERS or sibling == layer or sibling in SIBLINGS[layer]:
                continue
            if sibling == "figures" and is_within(module, DRAWING):
                continue
            reason = f"is out of reach of {layer}"
        else:
            allowed = PACKAGES[layer]
            if top in sys.stdlib_module_names or allowed is None or top in allowed:
                continue
            reason = f"is no package for {layer}"
        found.append(f"{module}, line {line}: {name} {reason}")
    return found


def is_within(module: str, roots: tuple[str, ...]) -> bool:
    return any(module == root or module.startswith(root + ".") for root in roots)


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the four layers as it is installed: name and file."""
    for layer in LAYERS:
        spec = find_spec(f"lemmata.{layer}")
        assert spec is not None, layer
        for folder in map(Path, spec.submodule_search_locations or ()):
            for file in sorted(folder.rglob("*.py")):
                parts = file.relative_to(folder).with_suffix("").parts
                dotted = [part for part in parts if part != "__init__"]
                yield ".".join(["lemmata", layer, *dotted]), file


def test_imports_follow_the_arrow() -> None:
    found = list(modules())
    assert {name.split(".")[1] for name, _ in found} == set(LAYERS)
    wrong = [
        text
        for name, file in found
        for text in violations(file.read_text("utf-8"), name, package=file.name == "__init__.py")
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("module", "source", "named"),
    [
        ("lemmata.theory.hopf", "import jax", "jax"),
        ("lemmata.theory.hopf", "import numpy as np", "numpy"),
        ("lemmata.theory.hopf", "from lemmata.solvers import dde", "lemmata.solvers.dde"),
        ("lemmata.theory.hopf", "from lemmata import solvers", "lemmata.solvers"),
        ("lemmata.theory.hopf", "from .. import verify", "lemmata.verify"),
        ("lemmata.theory.hopf", "from ..verify.claim import Claim", "lemmata.verify.claim.Claim"),
        ("lemmata.solvers.dde", "import sympy", "sympy"),
        ("lemmata.solvers.dde", "import sympy.core.expr as e", "sympy.core.expr"),
        ("lemmata.solvers.dde", "def f():\n    import sympy", "sympy"),
        ("lemmata.solvers.dde", "if TYPE_CHECKING:\n    import sympy", "sympy"),
        ("lemmata.solvers.dde", "import mpmath", "mpmath"),
        ("lemmata.solvers.dde", "import matplotlib.pyplot", "matplotlib"),
        ("lemmata.solvers.dde", "from lemmata.theory import hopf", "lemmata.theory.hopf"),
        ("lemmata.solvers.dde", "import lemmata.theory.hopf", "lemmata.theory.hopf"),
        ("lemmata.solvers.dde", "import lemmata.verify", "lemmata.verify"),
        ("lemmata.solvers.dde", "importlib.import_module('sympy')", "sympy"),
        ("lemmata.solvers.dde", "import_module('lemmata.theory.hopf')", "lemmata.theory.hopf"),
        ("lemmata.solvers.dde", "import_module('..theory', __package__)", "lemmata.theory"),
        ("lemmata.solvers.dde", "__import__('sympy')", "sympy"),
        ("lemmata.solvers.dde", "hopf = deferred('lemmata.theory.hopf')", "lemmata.theory.hopf"),
        ("lemmata.solvers.dde", "import_module(f'lemmata.theory.{name}')", "lemmata.theory."),
        ("lemmata.verify.decide", "from lemmata import figures", "lemmata.figures"),
        ("lemmata.verify.decide", "import theory.hopf", "theory.hopf"),
        ("lemmata.verify.client", "import lemmata.figures", "lemmata.figures"),
        ("lemmata.verify.decide", "deferred('lemmata.figures.x')", "lemmata.figures.x"),
        ("lemmata.verify.claims.x", "from ...figures import draw", "lemmata.figures.draw"),
        ("lemmata.figures.x", "from lemmata.solvers import dde", "lemmata.solvers.dde"),
        ("lemmata.figures.x", "from lemmata.theory.hopf import f", "lemmata.theory.hopf.f"),
        ("lemmata.figures.x", "import scipy.signal", "scipy.signal"),
        ("lemmata.figures.x", "import jax.numpy as jnp", "jax.numpy"),
    ],
)
def test_an_import_against_the_arrow_is_found(module: str, source: str, named: str) -> None:
    (found,) = violations(source, module)
    assert named in found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("lemmata.theory.hopf", "import math, sympy as sp\nfrom mpmath import mp"),
        ("lemmata.theory.hopf", "from .derivation import Derivation"),
        ("lemmata.theory.hopf", "from lemmata import __version__"),
        ("lemmata.solvers.dde", "import jax\nfrom diffrax import Dopri8\nimport scipy.linalg"),
        ("lemmata.verify.decide", "from lemmata.theory import hopf\nimport lemmata.solvers.dde"),
        ("lemmata.verify.claims.x", "hopf = deferred('lemmata.theory.hopf')"),
        ("lemmata.verify.cli", "from lemmata import figures"),
        ("lemmata.verify.report.page", "import_module(f'lemmata.figures.{name}')"),
        ("lemmata.figures.x", "import numpy\nfrom matplotlib.figure import Figure"),
        ("lemmata.figures.x", "from lemmata.verify.results import load"),
        ("lemmata.solvers.dde", "text = 'import sympy'  # import sympy"),
    ],
)
def test_an_import_along_the_arrow_is_free(module: str, source: str) -> None:
    assert violations(source, module) == []


def test_a_package_resolves_its_own_dots() -> None:
    source = "from . import claim\nfrom .. import figures"
    assert violations(source, "lemmata.verify", package=True) == [
        "lemmata.verify, line 2: lemmata.figures is out of reach of verify"
    ]
