"""The rules of the house that a reader can check by looking, checked."""

import ast
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

LAYERS = ("theory", "solvers", "verify", "figures")
ROOMS = (*LAYERS, "tests", "docs", "benchmarks", ".ci")
FILES = (
    "pyproject.toml",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "Makefile",
    "constraints.txt",
    "constraints-lowest.txt",
    ".gitignore",
    ".ns/lemmata/__init__.py",
)
LONGEST = 400

# Written in pieces, so that this file does not hold what it looks for.
LEFTOVER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
SOMEONES_FOLDER = re.compile(
    r"(?<![\w.:~/-])(?:/(?:home|root|Users|work|workspaces?|scratch|mnt|private)/|[A-Z]:\\Users\\)\w"
)


def sources(root: Path) -> Iterator[tuple[str, str]]:
    """Path and text of every module in the four folders."""
    for layer in LAYERS:
        for file in sorted((root / layer).rglob("*.py")):
            yield file.relative_to(root).as_posix(), file.read_text("utf-8")


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Path and text of everything that is kept in the repository and is text."""
    rooms = (file for room in ROOMS for file in sorted((root / room).rglob("*")))
    for file in (*(root / name for name in FILES), *rooms):
        if file.is_file() and "__pycache__" not in file.parts:
            try:
                yield file.relative_to(root).as_posix(), file.read_text("utf-8")
            except UnicodeDecodeError:
                continue


def thawed(source: str) -> list[str]:
    """The dataclasses in this source that are not frozen."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ClassDef):
            continue
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            name = ast.unparse(call.func if call else decorator)
            keywords = call.keywords if call else []
            frozen = any(k.arg == "frozen" and ast.unparse(k.value) == "True" for k in keywords)
            if name in {"dataclass", "dataclasses.dataclass"} and not frozen:
                found.append(node.name)
    return found


def test_dataclasses_are_frozen(checkout: Path) -> None:
    wrong = [f"{path}: {name}" for path, text in sources(checkout) for name in thawed(text)]
    assert not wrong, "\n".join(wrong)


def test_a_dataclass_that_is_not_frozen_is_found() -> None:
    text = """
@dataclass
class A: ...
@dataclass(slots=True)
class B: ...
@dataclasses.dataclass(frozen=False)
class C: ...
@dataclass(frozen=True)
class D: ...
@dataclasses.dataclass(frozen=True, slots=True)
class E: ...
class F: ...
"""
    assert thawed(text) == ["A", "B", "C"]


def test_files_are_short(checkout: Path) -> None:
    lengths = {path: text.count("\n") for path, text in sources(checkout)}
    assert {path: n for path, n in lengths.items() if n > LONGEST} == {}


def test_public_modules_say_what_they_are(checkout: Path) -> None:
    silent = [
        path
        for path, text in sources(checkout)
        if not re.match(r"_[^_]", path.rsplit("/", 1)[-1])
        and not ast.get_docstring(ast.parse(text))
    ]
    assert not silent, silent


def test_nothing_is_left_over(checkout: Path) -> None:
    wrong = [
        f"{path}: {hit[0]}" for path, text in texts(checkout) if (hit := LEFTOVER.search(text))
    ]
    assert not wrong, "\n".join(wrong)


def test_no_path_of_someones_machine(checkout: Path) -> None:
    here = re.compile(rf"(?<![\w./-]){re.escape(str(checkout))}(?![\w-])")
    wrong = [
        f"{path}: {hit[0]}"
        for path, text in texts(checkout)
        if (hit := SOMEONES_FOLDER.search(text) or here.search(text))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("see /" + "home/ada/paper.tex", True),
        ("'C:" + r"\Users\ada\paper.tex'", True),
        ("https://example.org/" + "home/index.html", False),
        ("docs/" + "work/index.md", False),
    ],
)
def test_a_path_of_someones_machine_is_found(text: str, is_one: bool) -> None:
    assert bool(SOMEONES_FOLDER.search(text)) is is_one


def test_the_house_is_complete(checkout: Path) -> None:
    for name in (*FILES, "LICENSE", *LAYERS, "tests", "docs", "benchmarks"):
        assert (checkout / name).exists(), name


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no executable bit")
def test_ci_can_be_run(checkout: Path) -> None:
    assert os.access(checkout / ".ci" / "run", os.X_OK)


def test_the_targets_that_texts_name_exist(checkout: Path) -> None:
    makefile = (checkout / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert {"verify", "test", "lint", "bench", "lock", "clean", "help"} <= targets
    for name in ("CONTRIBUTING.md", "README.md", ".ci/run", "constraints.txt"):
        text = (checkout / name).read_text("utf-8")
        named = re.findall(r"(?:`|^\s*(?:\$ )?)make ([a-z]+)", text, re.MULTILINE)
        assert set(named) <= targets, name


def test_every_configured_path_exists(checkout: Path) -> None:
    tool = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["tool"]
    paths = [
        *tool["pyright"]["include"],
        *tool["pyright"]["extraPaths"],
        *(environment["root"] for environment in tool["pyright"]["executionEnvironments"]),
        *tool["ruff"]["src"],
        *tool["pytest"]["ini_options"]["testpaths"],
        *tool["setuptools"]["package-dir"].values(),
        *(path.split("/")[0] for path in tool["ruff"]["lint"]["per-file-ignores"]),
    ]
    assert [path for path in paths if not (checkout / path).is_dir()] == []


def test_arithmetic_is_in_double_precision() -> None:
    import jax

    assert jax.config.jax_enable_x64  # pyright: ignore[reportAttributeAccessIssue]
    assert jax.config.jax_default_matmul_precision == "highest"  # pyright: ignore
