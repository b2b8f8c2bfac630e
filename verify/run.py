"""Run claims, one by one or in processes of their own, and store each verdict as it comes."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lemmata.verify import backend, results
from lemmata.verify.decide import decide
from lemmata.verify.errors import UsageError
from lemmata.verify.loading import Located, shared_prefixes
from lemmata.verify.manifest import manifest
from lemmata.verify.pool import Verdicts, in_processes
from lemmata.verify.settings import Settings
from lemmata.verify.store import Store
from lemmata.verify.unchanged import Standing, ground, standing
from lemmata.verify.verdict import Outcome, Verdict


class Run:
    """A run as far as it has come: the manifest, and records by claim id."""

    def __init__(
        self, located: Sequence[Located], settings: Settings, manifest: Mapping[str, Any]
    ) -> None:
        self.located, self.settings, self.manifest = located, settings, manifest
        self.records: dict[str, dict[str, Any]] = {}
        self.interrupted = False

    @property
    def ordered(self) -> list[dict[str, Any]]:
        """The records in the order in which the claims were selected."""
        ids = [one.claim.id for one in self.located]
        return [self.records[id] for id in ids if id in self.records]

    def document(self) -> dict[str, Any]:
        """The results so far; complete if every selected claim was decided."""
        complete = len(self.records) == len(self.located) and not self.interrupted
        return results.document(self.manifest, self.ordered, complete=complete)


def run(
    located: Sequence[Located],
    settings: Settings,
    *,
    store: Store,
    jobs: int = 1,
    fail_fast: bool = False,
    changed: bool = False,
    tell: Callable[[dict[str, Any]], None] = lambda record: None,
    explain: Callable[[Standing], None] = lambda standing: None,
) -> Run:
    """Decide the claims and store every verdict as soon as it is there.

    With `changed` only those whose stored verdicts do not stand any more are decided, which
    `explain` is told of first (see `unchanged`).

    An interrupt (Ctrl-C) ends the run early; what was decided stays stored, and `interrupted` is
    set. With `fail_fast` the run ends after the first verdict that is not the expected one.

    **Raises:** `UsageError` for a malformed claim; the verdicts before it stay stored.
    """
    with backend.precision():
        own = [one.file for one in located if one.own]
        done = Run(located, settings, manifest(settings, own))
        if changed:
            stand = standing(located, settings, done.manifest, store)
            explain(stand)
            done.records |= stand.records
            located = [one for one in located if one.claim.id not in stand.records]
        store.save_run(done.document())
        verdicts = in_processes(located, settings, jobs) if jobs > 1 else _here(located, settings)
        try:
            for one, verdict in verdicts:
                record = _keep(done, one, verdict, store)
                tell(record)
                if fail_fast and not verdict.as_expected:
                    break
        except KeyboardInterrupt:
            done.interrupted = True
        finally:
            verdicts.close()
            _mark_what_rests_on_refuted(done.records)
            store.save_run(done.document())
    return done


def _here(located: Sequence[Located], settings: Settings) -> Verdicts:
    for one in located:
        yield one, decide(one.claim, settings)


def _keep(done: Run, one: Located, verdict: Verdict, store: Store) -> dict[str, Any]:
    record = results.record(one.claim, verdict, replay(one, done.settings, verdict))
    done.records[one.claim.id] = record
    store.save_claim(done.manifest, record, verdict, ground(one, done.settings))
    store.save_run(done.document())
    return record


def replay(
    one: Located | None,
    settings: Settings,
    verdict: Verdict | None = None,
    *,
    file: Path | None = None,
) -> str:
    """The command that repeats one result: a refuted one at its counterexample, another whole.

    Decided alone, a claim would have the run's error rate to itself, and its intervals would be
    narrower; so the command gives it the share that it had, and keeps out those that its id is a
    prefix of. Without a claim it is the command for any of the run's (or of a file's), with ID for
    its id.
    """
    file = one.file if one and one.own else file
    id = one.claim.id if one else "ID"
    target = [f"{_plain(file)}::{id}" if file else id, "--seed", str(settings.seed)]
    if settings.profile.name != Settings().profile.name:
        target += ["--profile", settings.profile.name]
    refuted = verdict is not None and verdict.outcome is Outcome.REFUTED
    rate = settings.error_rate if refuted or not one else settings.error_rate / settings.family
    if rate != Settings().error_rate:
        target += ["--error-rate", repr(rate)]
    at = verdict.worst.at if verdict and verdict.worst and refuted else settings.fixed
    for name, value in at.items():
        target += ["--at", f"{name}={value!r}" if isinstance(value, float) else f"{name}={value}"]
    if not file and id in shared_prefixes():
        target += ["-k", f"not {id}/"]
    return shlex.join(["lemmata", "verify", *target])


def _plain(file: Path) -> str:
    """The file's name as an argument, which must not look like an option."""
    return f"./{file}" if str(file).startswith("-") else str(file)


def _mark_what_rests_on_refuted(records: dict[str, dict[str, Any]]) -> None:
    """Name, for every claim, those that it rests on and that came out refuted in this run."""
    for id, record in records.items():
        below: set[str] = set()
        waiting = list(record["uses"])
        while waiting:
            other = waiting.pop()
            if other in records and other not in below and other != id:
                below.add(other)
                waiting += records[other]["uses"]
        refuted = [other for other in sorted(below) if records[other]["outcome"] == "refuted"]
        record["rests_on_refuted"] = refuted


def check_jobs(jobs: int) -> None:
    """Raise `UsageError` for a number of processes that makes no sense."""
    if jobs < 1:
        raise UsageError(f"-j {jobs}: the number of processes is at least 1.")
