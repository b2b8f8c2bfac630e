"""What is installed is what lies in the four folders, and what is declared is what is imported."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, version
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import lemmata

LAYERS = ("theory", "solvers", "verify", "figures")


@pytest.fixture(scope="module")
def settings(checkout: Path) -> dict:
    return tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))


def expected_files(root: Path) -> set[str]:
    """The files that a wheel built from this checkout should hold, by their path in the wheel."""
    files = {"lemmata/__init__.py", "lemmata/py.typed"}
    for layer in LAYERS:
        for file in (root / layer).rglob("*"):
            if not file.is_file() or "__pycache__" in file.parts:
                continue
            data = file.name == "py.typed" or file.parent.name == "templates"
            if file.suffix == ".py" or data:
                files.add(f"lemmata/{file.relative_to(root).as_posix()}")
    return files


def build_wheel(root: Path) -> set[str]:
    """Build a wheel from this folder, without network, and give the names of lemmata's files."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", "."]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (root / "dist").glob("*.whl")
    return {name for name in ZipFile(wheel).namelist() if name.startswith("lemmata/")}


def copy_sources(root: Path, target: Path) -> Path:
    """Copy what a build needs; building in place would leave and re-use old files in `build/`."""
    target.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, target)
    for name in (".ns", *LAYERS):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / name, target / name, symlinks=True, ignore=ignore)
    return target


def test_the_wheel_holds_the_four_folders(checkout: Path, tmp_path: Path) -> None:
    copy = copy_sources(checkout, tmp_path / "copy")
    assert build_wheel(copy) == expected_files(copy)


def test_a_forgotten_subpackage_is_noticed(checkout: Path, tmp_path: Path) -> None:
    copy = copy_sources(checkout, tmp_path / "copy")
    (copy / "theory" / "forgotten").mkdir()
    (copy / "theory" / "forgotten" / "__init__.py").touch()
    (copy / "figures" / "templates").mkdir(exist_ok=True)
    (copy / "figures" / "templates" / "page.html").touch()
    missing = expected_files(copy) - build_wheel(copy)
    assert missing == {"lemmata/theory/forgotten/__init__.py"}


def test_packages_and_their_folders_agree(checkout: Path, settings: dict) -> None:
    setuptools = settings["tool"]["setuptools"]
    assert setuptools["packages"] == list(setuptools["package-dir"])
    for package, folder in setuptools["package-dir"].items():
        assert (checkout / folder / "__init__.py").is_file(), package
        expected = package.removeprefix("lemmata.").replace(".", "/")
        assert folder == (".ns/lemmata" if package == "lemmata" else expected)


def test_the_links_resolve(checkout: Path) -> None:
    links = checkout / ".ns" / "lemmata"
    probe = links / "theory"
    if os.name == "nt" and not probe.is_dir():
        pytest.skip("this checkout was made without symbolic links")
    for layer in LAYERS:
        assert (links / layer).is_symlink()
        assert (links / layer).resolve() == (checkout / layer).resolve()


def test_every_layer_is_typed(checkout: Path) -> None:
    for folder in (".ns/lemmata", *LAYERS):
        assert (checkout / folder / "py.typed").is_file(), folder


def test_version() -> None:
    assert version("lemmata") == lemmata.__version__


def test_the_tests_see_what_they_claim_to_see() -> None:
    """A run against the wheel must not import the checkout, nor the other way round."""
    assert lemmata.__file__ is not None
    found = Path(lemmata.__file__).resolve()
    if os.environ.get("LEMMATA_TESTS_AGAINST") == "wheel":
        assert "site-packages" in found.parts
    else:
        assert found == Path(__file__).resolve().parents[1] / ".ns" / "lemmata" / "__init__.py"


def pins(file: Path) -> dict[str, Version]:
    """The versions that a constraints file pins, by canonical name."""
    lines = [line.partition("#")[0].strip() for line in file.read_text("utf-8").splitlines()]
    split = [line.split("==") for line in lines if line]
    return {canonicalize_name(name): Version(number) for name, number in split}


def test_the_pinned_versions_are_allowed(checkout: Path, settings: dict) -> None:
    pinned = pins(checkout / "constraints.txt")
    project = settings["project"]
    extras = [text for extra in project["optional-dependencies"].values() for text in extra]
    for text in [*project["dependencies"], *extras]:
        wanted = Requirement(text)
        assert pinned[canonicalize_name(wanted.name)] in wanted.specifier, text
    assert "lemmata" not in pinned


def test_every_lower_bound_is_one_that_is_tested(checkout: Path, settings: dict) -> None:
    lowest = pins(checkout / "constraints-lowest.txt")
    for text in settings["project"]["dependencies"]:
        wanted = Requirement(text)
        (bound,) = wanted.specifier
        assert bound.operator == ">="
        assert lowest[canonicalize_name(wanted.name)] == Version(bound.version), text


def third_party(root: Path) -> set[tuple[str, str]]:
    """Top-level modules from outside that the four folders import: module and file."""
    found = set()
    for file in (file for layer in LAYERS for file in (root / layer).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            tops = {name.split(".")[0] for name in names}
            found |= {(top, file.relative_to(root).as_posix()) for top in tops}
    return {(top, file) for top, file in found if top not in {*sys.stdlib_module_names, "lemmata"}}


def test_everything_imported_is_declared(checkout: Path, settings: dict) -> None:
    dependencies = settings["project"]["dependencies"]
    declared = {canonicalize_name(Requirement(text).name) for text in dependencies}
    distributions = packages_distributions()
    wrong = [
        f"{file} imports {module}, which pyproject.toml does not declare"
        for module, file in sorted(third_party(checkout))
        if not declared & {canonicalize_name(name) for name in distributions.get(module, [module])}
        # Only pytest ever imports the plugin, so that it need not be installed without.
        and (module, file) != ("pytest", "verify/plugin.py")
    ]
    assert not wrong, "\n".join(wrong)
