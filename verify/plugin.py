"""The pytest plugin: claims in test modules and, with `--lemmata`, the whole catalogue.

It imports nothing but pytest until a claim is met, so that having it installed costs nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lemmata.verify.claim import Claim
    from lemmata.verify.loading import Located


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's options; each of the last three is also an ini value."""
    group = parser.getgroup("lemmata", "lemmata: claims of papers")
    group.addoption("--lemmata", action="store_true", help="Decide the whole catalogue too.")
    for name, default, text in _VALUES:
        group.addoption(
            f"--lemmata-{name}", metavar="VALUE", default=None, help=f"{text} Default: {default}."
        )
        parser.addini(f"lemmata_{name.replace('-', '_')}", f"{text}", default=default)


_VALUES = (
    ("seed", "0", "Seed of points and draws."),
    ("error-rate", "1e-3", "Probability that chance makes any verdict of the run wrong."),
    ("profile", "quick", "How hard to work: quick or thorough."),
)


def pytest_pycollect_makeitem(collector: Any, name: str, obj: object) -> Any:
    """Make an item of a claim that stands in a test module."""
    if "lemmata.verify.claim" not in sys.modules:
        return None
    from lemmata.verify.loading import flattened

    found = [_item(collector, claim, collector.path) for claim in flattened(obj)]
    return found or None


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the catalogue if asked for, and let all claims of the run share its error rate."""
    if config.getoption("--lemmata"):
        from lemmata.verify.loading import catalogue

        items += [_item(session, one.claim, one.file) for one in catalogue()]
    claims = [item for item in items if isinstance(item, ClaimItem)]
    if not claims:
        return
    from lemmata.verify.claim import widest
    from lemmata.verify.errors import UsageError
    from lemmata.verify.loading import unique

    try:
        _settings(config, len(claims))
        _check_modules(items)
    except UsageError as problem:
        raise pytest.UsageError(str(problem)) from None
    # One item a claim: not for each name that it has, nor for what a further method has widened.
    wanted = {id(claim) for claim in widest(item.located.claim for item in claims)}
    chosen = {id(item.located.claim): item for item in claims if id(item.located.claim) in wanted}
    items[:] = [i for i in items if not isinstance(i, ClaimItem) or i in chosen.values()]
    for item in chosen.values():
        item.family = len(chosen)
    try:
        unique([item.located for item in chosen.values()])
    except UsageError as problem:
        raise pytest.UsageError(str(problem)) from None


def _check_modules(items: list[pytest.Item]) -> None:
    """Raise `UsageError` for a claim that was made in a test module and is lost in it."""
    from lemmata.verify.claim import MADE
    from lemmata.verify.loading import check_reachable, claims_in

    for module in {item.getparent(pytest.Module) for item in items}:
        if module is None:
            continue
        made = [one for one in MADE if _file(one) == str(module.path)]
        if made:
            check_reachable(module.path, made, claims_in(module.obj))


def _file(claim: Claim) -> str:
    code = getattr(claim.methods[0].measure, "__code__", None)
    return getattr(code, "co_filename", "")


class ClaimNotAsExpected(Exception):
    """A verdict that is not the one that the claim expects."""


class ClaimItem(pytest.Item):
    """One claim as a test: it passes if the verdict is the expected one."""

    located: Located
    family: int = 1

    def runtest(self) -> None:
        """Decide the claim."""
        from lemmata.verify import backend, results, table
        from lemmata.verify.decide import decide
        from lemmata.verify.run import replay

        settings = _settings(self.config, self.family)
        with backend.precision():
            verdict = decide(self.located.claim, settings)
        command = replay(self.located, settings, verdict)
        record = results.record(self.located.claim, verdict, command)
        self.user_properties += _properties(record)
        if not verdict.as_expected:
            raise ClaimNotAsExpected("\n".join(table.details(record)))

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """A verdict speaks for itself; anything else is shown as pytest shows it."""
        from lemmata.verify.errors import UsageError

        if isinstance(excinfo.value, ClaimNotAsExpected | UsageError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where the claim stands, and its id."""
        return self.path, None, self.name


def _item(parent: Any, claim: Claim, path: Any) -> ClaimItem:
    from lemmata.verify.loading import Located

    item: ClaimItem = ClaimItem.from_parent(parent, name=claim.id)
    item.located = Located(claim, path, own=parent.__class__ is not pytest.Session)
    return item


def _settings(config: pytest.Config, family: int) -> Any:
    from lemmata.verify.errors import UsageError
    from lemmata.verify.settings import PROFILES, Settings

    values = {
        name: config.getoption(f"--lemmata-{name}")
        or config.getini(f"lemmata_{name.replace('-', '_')}")
        for name, _, _ in _VALUES
    }
    if values["profile"] not in PROFILES:
        raise UsageError(f"--lemmata-profile {values['profile']!r}: one of {', '.join(PROFILES)}.")
    try:
        seed, rate = int(values["seed"]), float(values["error-rate"])
    except ValueError as problem:
        raise UsageError(
            f"--lemmata-seed and --lemmata-error-rate are numbers: {problem}."
        ) from None
    return Settings(PROFILES[values["profile"]], seed, rate, family)


def _properties(record: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Numbers for reports, JUnit's among them."""
    yield "outcome", record["outcome"]
    yield "replay", record["replay"]
    for name in ("difference", "half_width", "margin"):
        yield name, (record["worst"] or {}).get(name)
