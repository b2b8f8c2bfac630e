"""`lemmata verify` from options to exit status."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lemmata.verify import results, table
from lemmata.verify.errors import UsageError
from lemmata.verify.exitcode import Exit, status
from lemmata.verify.files import check_writable, write_atomically
from lemmata.verify.junit import write_junit
from lemmata.verify.loading import Located, select
from lemmata.verify.run import Run, check_jobs, replay, run
from lemmata.verify.settings import PROFILES, Settings


@dataclass(frozen=True)
class Options:
    """What the user asked of `lemmata verify`, as typed."""

    names: Sequence[str] = ()
    expression: str = ""
    at: Sequence[str] = ()
    profile: str = "quick"
    jobs: int = 1
    seed: int = 0
    error_rate: float = 1e-3
    json: str = ""
    junit: Path | None = None
    failed: bool = False
    fail_fast: bool = False
    allow_inconclusive: bool = False
    quiet: bool = False


def verify_claims(options: Options) -> Exit:
    """Check the options, run, report; every complaint about them comes before any work."""
    store = results.Store()
    check_jobs(options.jobs)
    fixed = parse_at(options.at)
    chosen = select(options.names, options.expression)
    if options.failed:
        chosen = _failed(chosen, store)
    if not chosen:
        print("lemmata: nothing selected; `lemmata list` shows what there is.", file=sys.stderr)
        return Exit.NOTHING_SELECTED
    settings = Settings(
        _profile(options.profile), options.seed, options.error_rate, len(chosen), fixed
    )
    for one in chosen:
        one.claim.domain.check(fixed)
    if options.json and options.json != "-":
        check_writable(Path(options.json), "--json")
    if options.junit:
        check_writable(options.junit, "--junit")
    store.prepare()
    done = run(
        chosen, settings, store=store, jobs=options.jobs, fail_fast=options.fail_fast,
        tell=_progress(len(chosen), options.quiet),
    )  # fmt: skip
    _write_out(options, done)
    if options.json != "-":
        _report(done, quiet=options.quiet)
    if done.interrupted:
        print("lemmata: interrupted; what was decided is stored.", file=sys.stderr)
        return Exit.INTERRUPTED
    return status(done.ordered, allow_inconclusive=options.allow_inconclusive)


def parse_at(texts: Sequence[str]) -> dict[str, float]:
    """`name=value` pairs as numbers."""
    fixed: dict[str, float] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        try:
            if not (equals and name.strip()):
                raise ValueError
            number = float(value)
        except ValueError:
            raise UsageError(
                f"--at {text!r}: write name=value with a number, such as --at k=10."
            ) from None
        fixed[name.strip()] = int(number) if _is_integer(value) else number
    return fixed


def _is_integer(text: str) -> bool:
    return text.strip().lstrip("+-").isdigit()


def _profile(name: str) -> Any:
    if name not in PROFILES:
        raise UsageError(f"--profile {name!r}: one of {', '.join(PROFILES)}.")
    return PROFILES[name]


def _failed(chosen: Sequence[Located], store: results.Store) -> list[Located]:
    """Those of the chosen claims whose last verdict was not the expected one."""
    found = []
    for one in chosen:
        last = store.last(one.claim.id)
        if last and not last["claims"][0]["as_expected"]:
            found.append(one)
    return found


def _progress(selected: int, quiet: bool) -> Callable[[Mapping[str, Any]], None]:
    """Tell on stderr what has been decided, as it is decided."""
    done = 0

    def tell(record: Mapping[str, Any]) -> None:
        nonlocal done
        done += 1
        if not quiet:
            line = f"[{done}/{selected}] {record['id']}: {record['outcome']}"
            print(f"{line} ({record['seconds']:.1f} s)", file=sys.stderr, flush=True)

    return tell


def _write_out(options: Options, done: Run) -> None:
    text = results.dumps(done.document())
    if options.json == "-":
        sys.stdout.write(text)
    elif options.json:
        write_atomically(Path(options.json), lambda file: file.write(text))
    if options.junit:
        write_junit(options.junit, done.ordered)


def _report(done: Run, *, quiet: bool) -> None:
    out = table.console()
    if not quiet and done.records:
        for line in table.rows(done.ordered):
            out.print(line)
        out.print(f"repeat one by: {replay(None, done.settings)}")
        out.print()
    for record in done.ordered:
        surprise = not record["as_expected"]
        if surprise or (record["outcome"] != "verified" and not quiet):
            for line in table.details(record):
                out.print(line)
            out.print()
    for record in done.ordered:
        for line in table.warnings(record):
            out.print(line)
    out.print(table.summary(done.ordered, len(done.located)))
