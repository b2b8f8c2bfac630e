"""`lemmata verify` from options to exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from lemmata.verify import results, table
from lemmata.verify.claim import Claim
from lemmata.verify.decide import sample
from lemmata.verify.errors import Malformed, UsageError
from lemmata.verify.exitcode import Exit, status
from lemmata.verify.files import check_writable, write_atomically
from lemmata.verify.junit import write_junit
from lemmata.verify.loading import Located, select
from lemmata.verify.pool import enough
from lemmata.verify.prediction import planted, predict
from lemmata.verify.run import Run, check_jobs, replay, run
from lemmata.verify.settings import PROFILES, Settings
from lemmata.verify.store import Store
from lemmata.verify.unchanged import Standing


@dataclass(frozen=True)
class Options:
    """What the user asked of `lemmata verify`, as typed."""

    names: Sequence[str] = ()
    expression: str = ""
    at: Sequence[str] = ()
    profile: str = "quick"
    jobs: int | None = None  # as many as pay
    seed: int = 0
    error_rate: float = 1e-3
    json: str = ""
    junit: Path | None = None
    failed: bool = False
    changed: bool = False
    fail_fast: bool = False
    allow_inconclusive: bool = False
    quiet: bool = False


def verify_claims(options: Options) -> Exit:
    """Check the options, run, report; every complaint about them comes before any work."""
    store = Store()
    if options.jobs is not None:
        check_jobs(options.jobs)
    fixed = parse_at(options.at)
    with redirect_stdout(sys.stderr):  # results have stdout to themselves, whatever a file prints
        chosen = select(options.names, options.expression)
    if options.failed:
        chosen = _failed(chosen, store)
    if not chosen:
        print("lemmata: nothing selected; `lemmata list` shows what there is.", file=sys.stderr)
        return Exit.NOTHING_SELECTED
    chosen = _holding(chosen, fixed)
    settings = Settings(
        _profile(options.profile), options.seed, options.error_rate, len(chosen), fixed
    )
    _check_outputs(options)
    with redirect_stdout(sys.stderr):
        for one in chosen:
            if one.own or fixed:  # those of the catalogue are checked by `lemmata lint`
                sample(one.claim, settings)
            if one.own:
                _check_formula(one.claim)
        store.prepare()
        progress = _Progress(len(chosen), options.quiet)
        done = run(
            chosen, settings, store=store, jobs=options.jobs or enough(chosen),
            fail_fast=options.fail_fast, changed=options.changed,
            tell=progress.tell, explain=progress.explain,
        )  # fmt: skip
    try:
        _write_out(options, done)
        if options.json != "-":
            _report(done, quiet=options.quiet)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of a pipe went away; the status still tells
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as problem:
        raise UsageError(f"the results could not be written: {problem}; they are stored.") from None
    if done.interrupted:
        print("lemmata: interrupted; what was decided is stored.", file=sys.stderr)
        return Exit.INTERRUPTED
    return status(done.ordered, allow_inconclusive=options.allow_inconclusive)


def _check_outputs(options: Options) -> None:
    """Raise `UsageError` for a place that results cannot be written to."""
    if options.json and options.json != "-":
        check_writable(Path(options.json), "--json")
    if options.junit:
        check_writable(options.junit, "--junit")
        if options.json and options.junit.absolute() == Path(options.json).absolute():
            raise UsageError(f"--json and --junit are both {options.json}; name two files.")


def _check_formula(claim: Claim) -> None:
    """Raise `UsageError` for a formula that is none; what crashes will be that claim's error."""
    try:
        predict(claim)
        planted(claim)
    except Malformed:
        raise
    except Exception:
        return


def parse_at(texts: Sequence[str]) -> dict[str, int | float | Fraction]:
    """`name=value` pairs as numbers: integers, decimals, or fractions such as 13/12."""
    fixed: dict[str, int | float | Fraction] = {}
    for text in texts:
        name, _, value = text.partition("=")
        number = _number(value)
        if not name.strip() or number is None:
            raise UsageError(f"--at {text!r}: write name=value with a number, such as --at k=10.")
        if name.strip() in fixed:
            raise UsageError(f"--at {text!r}: {name.strip()} is fixed twice; give it one value.")
        fixed[name.strip()] = number
    return fixed


def _number(text: str) -> int | float | Fraction | None:
    for kind in (int, float, Fraction):
        try:
            return kind(text)
        except (ValueError, ZeroDivisionError):
            continue
    return None


def _profile(name: str) -> Any:
    if name not in PROFILES:
        raise UsageError(f"--profile {name!r}: one of {', '.join(PROFILES)}.")
    return PROFILES[name]


def _holding(chosen: list[Located], fixed: Mapping[str, Any]) -> list[Located]:
    """Those whose domains hold the values of --at; all, to be complained of, if there is none.

    An id stands for its readings too, some of which may be claimed on a smaller domain.
    """
    holding: list[Located] = []
    left_out: list[str] = []
    for one in chosen:
        try:
            one.claim.domain.check(fixed)
            holding.append(one)
        except UsageError:
            left_out.append(one.claim.id)
    if holding and left_out:
        ids = ", ".join(left_out)
        print(f"lemmata: left out, for --at is outside their domains: {ids}", file=sys.stderr)
    return holding or chosen


def _failed(chosen: Sequence[Located], store: Store) -> list[Located]:
    """Those of the chosen claims whose last verdict was not the expected one."""
    found = []
    for one in chosen:
        last = store.last(one.claim.id)
        if last and not last["claims"][0]["as_expected"]:
            found.append(one)
    return found


class _Progress:
    """Tells on stderr what has been decided, as it is decided."""

    def __init__(self, selected: int, quiet: bool) -> None:
        self.selected, self.quiet, self.done = selected, quiet, 0

    def explain(self, found: Standing) -> None:
        """What is not decided again, and why the rest is."""
        self.done = len(found.records)
        self._say(f"lemmata: {found}")

    def tell(self, record: Mapping[str, Any]) -> None:
        """One claim, decided."""
        self.done += 1
        line = f"[{self.done}/{self.selected}] {record['id']}: {record['outcome']}"
        self._say(f"{line} ({record['seconds']:.1f} s)")

    def _say(self, line: str) -> None:
        if not self.quiet:
            print(line, file=sys.stderr, flush=True)


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
        if any(not one.own for one in done.located):
            out.print(f"repeat one by: {replay(None, done.settings)}")
        for file in dict.fromkeys(one.file for one in done.located if one.own):
            out.print(f"repeat one by: {replay(None, done.settings, file=file)}")
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
