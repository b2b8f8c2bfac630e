"""Every command that README, CONTRIBUTING and the pages show is run.

As it stands, or else as the tables below say, with the reason: a command of which they do not know
is run as it stands, and so cannot be left out.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.commands import in_blocks, in_snippet, in_text, without_comment

import lemmata
from lemmata.verify.cli import main
from lemmata.verify.run import Run
from lemmata.verify.starter import write_starter

ROOT = Path(__file__).resolve().parents[1]
#: against the wheel there are no pages (as the fixture `checkout` says)
HERE = os.environ.get("LEMMATA_TESTS_AGAINST") != "wheel"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
PAGES = PAGES if HERE else []
SNIPPETS = sorted(ROOT.glob("docs/snippets/*")) if HERE else []

#: a claim of the catalogue that is decided in a second
CHEAP = "delayed-repression/interior-equilibrium"

PLACEHOLDERS = "placeholders with names in them"
WHOLE = "the whole catalogue, which CI decides in a step of its own; here one claim"
DRY = "long, or it rewrites or installs something; CI runs it, or nobody but by hand: a dry run"
INSTEAD = {
    "lemmata list [SELECT]": ("lemmata list hopf", PLACEHOLDERS),
    "lemmata show": (f"lemmata show {CHEAP}", PLACEHOLDERS),
    "lemmata show ID": (f"lemmata show {CHEAP}", PLACEHOLDERS),
    "lemmata verify ID": (f"lemmata verify {CHEAP}", PLACEHOLDERS),
    "lemmata verify FILE": ("lemmata verify quick.py", PLACEHOLDERS),
    "lemmata verify [SELECT|FILE ...]": (f"lemmata verify {CHEAP} quick.py", PLACEHOLDERS),
    "lemmata verify FILE --json results.json": (
        "lemmata verify quick.py --json results.json", PLACEHOLDERS,
    ),
    "lemmata figures [SELECT] -o DIR": (f"lemmata figures {CHEAP} -o drawn", PLACEHOLDERS),
    "lemmata figures ntk/figures/width-rates": (
        f"lemmata figures {CHEAP} -o drawn", "its claims take minutes",
    ),
    "lemmata report [SELECT] -o FILE.html": (f"lemmata report {CHEAP} -o page.html", PLACEHOLDERS),
    "lemmata report": ("lemmata report -o page.html", PLACEHOLDERS),
    "lemmata export --latex FILE.tex": ("lemmata export --latex numbers.tex", PLACEHOLDERS),
    "lemmata compare OLD.json NEW.json": ("lemmata compare old.json new.json", PLACEHOLDERS),
    "lemmata new FILE": ("lemmata new new.py", PLACEHOLDERS),
    "lemmata new my_claim.py": ("lemmata new another.py", "the first one is there already"),
    "lemmata lint [SELECT|FILE ...]": ("lemmata lint hopf/delayed-logistic", PLACEHOLDERS),
    "lemmata lint": ("lemmata lint hopf/delayed-logistic", "all formulas: a step of CI"),
    "lemmata verify": (f"lemmata verify {CHEAP}", WHOLE),
    "lemmata verify --changed": (f"lemmata verify --changed {CHEAP}", WHOLE),
    "pytest --lemmata": (f"pytest --lemmata -k {CHEAP.rpartition('/')[2]} quick.py", WHOLE),
    "make verify": (f"make verify ARGS={CHEAP}", WHOLE),
    'make verify ARGS="delayed-repression"': (f"make verify ARGS={CHEAP}", WHOLE),
    'make verify ARGS="paper/name"': (f"make verify ARGS={CHEAP}", PLACEHOLDERS),
    "make test": ('make test ARGS="tests/test_pages.py -k wrong"', "all, this one among them"),
    'make test ARGS="-k hopf"': ('make test ARGS="-k wrong_print tests/test_pages.py"', "long"),
    "make test PYTHON=python3.12 VENV=build/py312": (
        "make -n test PYTHON=python3.12 VENV=build/py312", DRY,
    ),
    "make test VENV=build/lowest CONSTRAINTS=constraints-lowest.txt": (
        "make -n test VENV=build/lowest CONSTRAINTS=constraints-lowest.txt", DRY,
    ),
    "make lint test": ("make -n lint test", DRY),
    "make lint": ("make -n lint", DRY),
    "make format": ("make -n format", DRY),
    "make bench": ("make -n bench", DRY),
    "make docs": ("make -n docs", "test_docs.py builds the site"),
    "make lock": ("make -n lock", DRY),
    ".ci/run": ("bash -n .ci/run", "it is what runs this test"),
    "python -m pip wheel --no-deps --wheel-dir wheels ../lemmata": (
        "python -m pip wheel --no-deps --no-build-isolation --no-index --wheel-dir wheels "
        "../lemmata",
        "without the network; setuptools is here",
    ),
    "python -m pip install wheels/*.whl pytest": (
        "python -m pip install --no-index --no-deps --target installed wheels/*.whl",
        "without the network; what it depends on is here",
    ),
    "python -m pip install wheels/*.whl": (
        "python -m pip install --no-index --no-deps --target again wheels/*.whl",
        "without the network; what it depends on is here",
    ),
}  # fmt: skip

#: commands whose arguments are checked and whose claims are found and sampled, and not decided
UNDECIDED = {
    "findings.md": "minutes of simulation; CI decides all of them in a step of its own",
    "finding_coopetition.md": "the same",
    "finding_early_warning.md": "the same",
    "finding_integral_rl.md": "the same",
    "finding_model_collapse.md": "the same",
    "finding_path_collapse.md": "the same",
    "lemmata verify delayed-repression/agents": "the same",
}
#: commands that have nothing to do there
STATUS = {"lemmata verify --failed": 5}

#: pages whose commands are a story, told by a test of its own
IN_ORDER = ("tutorial.md",)


def shown() -> dict[str, str]:
    """Each command that is shown, with the first page that shows it."""
    found: dict[str, str] = {}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for line in [*([] if page.name in IN_ORDER else in_blocks(text)), *in_text(text)]:
            found.setdefault(line, page.name)
    return found


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a claim of one's own, results of it, and the checkout with tools behind it."""
    if not HERE:
        pytest.skip("needs the checkout, and this run tests the installed wheel")
    folder = tmp_path_factory.mktemp("workplace")
    write_starter(folder / "my_claim.py")
    starter = (folder / "my_claim.py").read_text(encoding="utf-8")
    few = starter.replace("domain=", "points=4, domain=").replace("my-paper", "quick")
    (folder / "quick.py").write_text(few, encoding="utf-8")
    for name in os.listdir(ROOT):
        if name not in ("build", "dist", ".venv", ".git"):
            (folder / name).symlink_to(ROOT / name)
    bin = folder / ".venv" / "bin"
    bin.mkdir(parents=True)
    package = Path(lemmata.__file__).parents[1]  # where an editable installation would lead
    modules = {"lemmata": "-m lemmata.verify", "pytest": "-m pytest", "python": ""}
    for tool, module in modules.items():
        call = f'PYTHONPATH="{package}" exec "{sys.executable}" {module} "$@"'
        (bin / tool).write_text(f"#!/bin/sh\n{call}\n", encoding="utf-8")
        (bin / tool).chmod(0o755)
    (folder / ".venv" / ".installed").touch()
    return folder


@pytest.fixture
def run(workplace: Path, lemmata, monkeypatch: pytest.MonkeyPatch):
    """Run a command there: `lemmata` in this process, anything else in a shell."""

    def run(command: str, folder: Path = workplace, status: int = 0) -> str:
        monkeypatch.chdir(folder)
        words = shlex.split(command)
        if words[0] == "lemmata":
            done = lemmata(*words[1:])
        else:
            done = in_shell(command, folder, workplace / ".venv" / "bin")
        assert done.returncode == status, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


def in_shell(command: str, folder: Path, bin: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of shell where `lemmata`, `pytest` and `python` are those of this environment."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment = {**ours, "PATH": f"{bin}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def stored(workplace: Path) -> None:
    """Verdicts to show, draw, export and compare."""
    line = f"lemmata verify {CHEAP} quick.py --quiet --json old.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(workplace)
        patch.setattr(sys, "argv", line.split())
        with pytest.raises(SystemExit) as exit_:
            main()
    assert not exit_.value.code
    shutil.copy(workplace / "old.json", workplace / "new.json")


@pytest.fixture(scope="module")
def ran() -> set[str]:
    """Commands that have run already, for several may be run as the same one."""
    return set()


@pytest.mark.parametrize(("command", "page"), shown().items())
def test_a_command_runs(command, page, run, ran, monkeypatch):
    if page in UNDECIDED or command in UNDECIDED:
        selected: list[str] = []
        monkeypatch.setattr("lemmata.verify.session.run", _select_only(selected))
        run(command)
        assert selected
    elif (told := INSTEAD.get(command, (command,))[0]) not in ran:
        run(told, status=STATUS.get(command, 0))
        ran.add(told)


def _select_only(selected: list[str]):
    def run(chosen, settings, **more) -> Run:
        selected.extend(one.claim.id for one in chosen)
        return Run(chosen, settings, {})

    return run


def test_the_tutorial_comes_out_as_told(run, workplace, tmp_path):
    """Its files are written, its commands run in order, and what is printed is what it shows."""
    folder = tmp_path / "paper"
    folder.mkdir()
    (tmp_path / "lemmata").symlink_to(ROOT)
    printed = ""
    for kind, body in steps(_page("tutorial.md")):
        if kind == "file":
            (folder / "my_theorem.py").write_text(body, encoding="utf-8")
        elif kind == "line":
            replace_line(folder / "my_theorem.py", body)
        elif kind == "text":
            assert flat(body) == flat(printed)
        else:
            printed = run_lines(run, body, folder)
    for snippet in SNIPPETS:
        for command in in_snippet(snippet.read_text(encoding="utf-8")):
            file = "" if "my_theorem" in command or "pip" in command else " my_theorem.py"
            run(INSTEAD.get(command, (command + file,))[0], folder)
    assert (folder / "results.json").exists()
    assert (folder / "results.xml").exists()


_STEP = re.compile(
    r"```\{code-block\} python\n:caption: (?P<caption>.*)\n\n(?P<code>(?:.*\n)*?)```"
    r"|```sh\n(?P<sh>(?:.*\n)*?)```|```text\n(?P<text>(?:.*\n)*?)```"
)


def steps(text: str) -> list[tuple[str, str]]:
    """The blocks of the tutorial in order: files, changed lines, commands, what is printed."""
    found = []
    for step in _STEP.finditer(text):
        if step["code"] is not None:
            found.append(("line" if step["caption"].startswith("in ") else "file", step["code"]))
        else:
            found.append(("sh", step["sh"]) if step["text"] is None else ("text", step["text"]))
    return found


def replace_line(file: Path, line: str) -> None:
    """Put a line in the place of the one that sets the same name last, as a reader would."""
    name = re.findall(r"(\w+) ?=(?!=)", line.partition("(")[0])[-1]
    text = file.read_text(encoding="utf-8")
    changed, times = re.subn(rf"^ .*\b{name} ?=.*\n", line, text, flags=re.MULTILINE)
    assert times == 1, line
    file.write_text(changed, encoding="utf-8")


def run_lines(run, body: str, folder: Path) -> str:
    """Run the lines of a block, and give back what they print."""
    printed = ""
    for line in body.splitlines():
        command = without_comment(line)
        status = re.search(r"# exit status (\d)", line)
        if command.startswith(". "):  # the environment of the page is this one
            assert (folder / command[2:]).exists()
        else:
            told = INSTEAD.get(command, (command,))[0]
            printed += run(told, folder, int(status[1]) if status else 0)
    return printed


def flat(text: str) -> list[str]:
    """What is printed, without the seconds that it took."""
    text = re.sub(r"\d+\.\d+ s$", "0 s", text, flags=re.MULTILINE)
    return [" ".join(line.split()) for line in text.splitlines()]


def test_no_table_speaks_of_a_command_that_is_gone():
    commands = {*shown(), *shown().values()}
    commands |= {line for page in IN_ORDER for line in in_blocks(_page(page))}
    commands |= {line for one in SNIPPETS for line in in_snippet(one.read_text("utf-8"))}
    assert {*INSTEAD, *UNDECIDED} <= commands


def test_every_script_that_is_named_is_there():
    for page in PAGES:
        for name in re.findall(r"`((?:benchmarks|tests|docs)/[\w./]+)`", page.read_text("utf-8")):
            assert (ROOT / name).exists(), f"{page.name}: {name}"


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")
