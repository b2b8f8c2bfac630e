"""The command `lemmata`. Heavy imports stay inside the commands that need them."""

from __future__ import annotations

import io
import json
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer

from lemmata.verify.errors import UsageError
from lemmata.verify.exitcode import Exit

app = typer.Typer(
    name="lemmata",
    help="Check mathematical claims of papers: derived, measured without the formula, decided.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Select = Annotated[
    list[str] | None,
    typer.Argument(metavar="SELECT", help="Claim ids, or prefixes of them; all if left out."),
]

Stored = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SELECT|FILE ...]", help="Claim ids, prefixes, files; all stored if left out."
    ),
]

EXIT_HELP = (
    "Exit status: 0 every verdict as expected; 1 one is definitely not; 2 wrong use; 3 something "
    "inconclusive; 4 a check crashed; 5 nothing selected; 130 interrupted. Where several of 4, 1, "
    "3, 0 hold, the first of them is returned."
)

FIGURES_HELP = (
    "A picture of a paper's own is drawn where all claims that it shows are selected, or by its "
    "name, such as ntk/figures/width-rates; every other claim has a generic one."
)


def main() -> None:
    """Run the command line; wrong use is one message and exit 2, a fault of ours exit 4."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a character that a terminal lacks is no crash
            stream.reconfigure(errors="replace")
    try:
        app()
    except UsageError as problem:
        print(f"lemmata: {problem}", file=sys.stderr)
        sys.exit(2)
    except Exception:  # ours, and no verdict: never the status of a refuted claim
        traceback.print_exc()
        sys.exit(4)


@app.command("list")
def list_(
    names: Select = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """The catalogue, a line a claim."""
    from lemmata.verify.loading import select

    found = [one.claim for one in select(names or [])]
    if as_json:
        rows = [
            {"id": c.id, "kind": c.compare.kind, "expected": c.expected, "source": str(c.source)}
            for c in found
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    width = max((len(c.id) for c in found), default=0)
    for c in found:
        print(f"{c.id:{width}}  {c.compare.kind:9}  {c.expected:12}  {c.source.place}")


@app.command()
def show(id: Annotated[str, typer.Argument(metavar="ID", help="The id of one claim.")]) -> None:
    """A claim in full: statement, source, derivation, last verdict, what it rests on."""
    from lemmata.verify.loading import select
    from lemmata.verify.show import describe
    from lemmata.verify.store import Store

    found = select([id])
    chosen = [one for one in found if one.claim.id == id] or found
    if len(chosen) > 1:
        ids = ", ".join(one.claim.id for one in found)
        raise UsageError(f"{id!r} is a prefix of several claims: {ids}; name one.")
    for line in describe(chosen[0], Store()):
        print(line)


@app.command(epilog=EXIT_HELP)
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="SELECT|FILE", help="Claim ids, prefixes, files; all if left out."),
    ] = None,
    expression: Annotated[
        str, typer.Option("-k", metavar="EXPR", help="Only ids that match: 'hopf and not period'.")
    ] = "",
    at: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Fix a parameter (repeatable).")
    ] = None,
    profile: Annotated[str, typer.Option(help="How hard to work: quick or thorough.")] = "quick",
    jobs: Annotated[
        int | None,
        typer.Option("-j", metavar="N", help="Decide in this many processes; as many as pay."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of points and draws.")] = 0,
    error_rate: Annotated[
        float, typer.Option(help="Probability that chance makes any verdict of the run wrong.")
    ] = 1e-3,
    json_path: Annotated[
        str, typer.Option("--json", metavar="PATH|-", help="Also write the results here.")
    ] = "",
    junit: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Also write JUnit XML here.")
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only what was not as expected when last decided.")
    ] = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only where something changed since it was decided.")
    ] = False,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first verdict against expectation.")
    ] = False,
    allow_inconclusive: Annotated[
        bool, typer.Option("--allow-inconclusive", help="Exit 0 where 3 would be returned.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No table and no progress.")] = False,
) -> None:
    """Decide claims: a table, then every claim that is not as expected in full."""
    from lemmata.verify import backend
    from lemmata.verify.session import Options, verify_claims

    backend.set_environment()
    options = Options(
        names or [], expression, at or [], profile, jobs, seed, error_rate, json_path, junit,
        failed, changed, fail_fast, allow_inconclusive, quiet,
    )  # fmt: skip
    raise typer.Exit(int(verify_claims(options)))


@app.command(epilog=FIGURES_HELP)
def figures(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SELECT|FILE ...]",
            help="Claim ids, prefixes, files, names of pictures; all stored if left out.",
        ),
    ] = None,
    folder: Annotated[
        str, typer.Option("-o", metavar="DIR", help="The folder to write into.")
    ] = "build/figures",
    jobs: Annotated[
        int | None,
        typer.Option("-j", metavar="N", help="Draw in this many processes; as many as pay."),
    ] = None,
) -> None:
    """Draw the stored verdicts as PDF, SVG and PNG; nothing is measured anew."""
    if jobs is not None and jobs < 1:
        raise UsageError(f"-j {jobs}: pictures are drawn in at least 1 process.")
    if not folder:
        raise UsageError("-o '': an empty name is no folder; for the current one write `-o .`.")
    try:
        written = _draw(names or [], Path(folder), jobs)
    except KeyboardInterrupt:
        print(f"lemmata: interrupted; pictures in {folder} are whole files.", file=sys.stderr)
        raise typer.Exit(int(Exit.INTERRUPTED)) from None
    print(f"{written} picture{'s' * (written != 1)}, each as PDF, SVG and PNG, in {folder}")


def _draw(names: list[str], folder: Path, jobs: int | None) -> int:
    """Draw what is selected; how many pictures there are."""
    from lemmata.figures.draw import draw
    from lemmata.figures.pictures import named
    from lemmata.verify.store import Store

    store = Store()
    pictures, rest = named(names)
    ids = [] if pictures and not rest else _decided(rest, store)
    tell = lambda note: print(note, file=sys.stderr)
    drawn = draw(ids, store, folder, named=pictures, jobs=jobs, tell=tell)
    return sum(path.suffix == ".pdf" for path in drawn)


@app.command()
def report(
    names: Stored = None,
    file: Annotated[
        Path, typer.Option("-o", metavar="FILE.html", help="The file to write.")
    ] = Path("build/report.html"),
) -> None:
    """Write one web page on the stored verdicts: figures, derivations, what rests on what."""
    from lemmata.verify.report.page import write
    from lemmata.verify.store import Store

    store = Store()
    decided = _decided(names, store)
    size = write(decided, store, file)
    claims = f"{len(decided)} claim{'s' * (len(decided) != 1)}"
    print(f"{file} written: {claims}, {size / 1e6:.1f} MB; open it in a browser, network or none")


@app.command()
def export(
    names: Stored = None,
    latex: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TeX macros, one a claim, with its numbers.")
    ] = None,
) -> None:
    """Write the numbers of stored verdicts, for a paper's text to take them from there."""
    from lemmata.figures.latex import PACKAGES, document
    from lemmata.figures.stored import result
    from lemmata.verify.files import check_writable, write_atomically
    from lemmata.verify.store import Store

    if latex is None:
        raise UsageError("nothing to export to; name a file: --latex FILE.tex.")
    check_writable(latex, "--latex")
    store = Store()
    text = document([result(store, id) for id in _decided(names, store)])
    write_atomically(latex, lambda file: file.write(text))
    print(f"{latex} written; in the paper: {PACKAGES} \\input{{{latex.name}}}")


def _decided(names: list[str] | None, store: Any) -> list[str]:
    """The ids of the claims that are named; of all that have a verdict where none is."""
    from lemmata.verify.loading import select_ids

    decided = select_ids(names, store.ids()) if names else store.ids()
    if not decided:
        raise UsageError(f"no verdict is stored in {store.folder}; run `lemmata verify` first.")
    return decided


@app.command()
def compare(
    old: Annotated[Path, typer.Argument(metavar="OLD.json")],
    new: Annotated[Path, typer.Argument(metavar="NEW.json")],
) -> None:
    """Which verdicts changed between two results; exit 1 if any got worse."""
    from lemmata.verify.changes import changes

    lines, worse = changes(old, new)
    for line in lines:
        print(line)
    raise typer.Exit(int(worse))


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
) -> None:
    """Write a commented claim of one's own to start from."""
    from lemmata.verify.starter import write_starter

    write_starter(file)
    print(f"{file} written; decide it by: lemmata verify {file}")


@app.command()
def lint(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="SELECT|FILE", help="Claim ids, prefixes, files; all if left out."),
    ] = None,
) -> None:
    """Are the claims well-formed? Ids, sources, uses, formulas and domains; exit 1 if not."""
    from lemmata.verify.lint import complaints
    from lemmata.verify.loading import select

    found = select(names or [])
    problems = complaints(found)
    for problem in problems:
        print(problem)
    print(f"{len(found)} claims, {len(problems) or 'no'} complaint{'s' * (len(problems) != 1)}")
    raise typer.Exit(int(bool(problems)))


@app.command()
def doctor() -> None:
    """Versions, devices, precision, caches."""
    from lemmata.verify.doctor import findings

    for line in findings():
        print(line)
