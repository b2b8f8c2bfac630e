"""What a claim is: a paper's statement, its derivation, its measurement, and the rule between."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from lemmata.verify.deferred import Deferred
from lemmata.verify.domain import Domain
from lemmata.verify.errors import UsageError

if TYPE_CHECKING:
    from lemmata.verify.compare.base import Comparison

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)+")
LONGEST_ID = 120  # an id is also the name of a file
_EXPECTED = ("verified", "refuted", "inconclusive")


@dataclass(frozen=True)
class Paper:
    """Where claims come from. `arxiv` or `doi` lets a reader find it."""

    title: str
    year: int
    arxiv: str = ""
    doi: str = ""

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise UsageError("a Paper has no title; give it the one that it is published under.")

    def at(self, place: str) -> Source:
        """The place in the paper, such as "Theorem 2, eq. 7"."""
        return Source(self, place)


@dataclass(frozen=True)
class Source:
    """A place in a paper."""

    paper: Paper
    place: str

    def __str__(self) -> str:
        paper = self.paper
        where = f"arXiv {paper.arxiv}" if paper.arxiv else f"doi {paper.doi}" if paper.doi else ""
        return ", ".join(part for part in (paper.title, where, str(paper.year), self.place) if part)


@dataclass(frozen=True)
class Method:
    """One way of measuring. A claim with two is verified only where both agree with it."""

    name: str
    measure: Callable[..., Any]
    batched: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Claim:
    """A statement that can be decided. Made by the decorator `claim`; see there for the fields."""

    id: str
    source: Source
    says: str
    domain: Domain
    predicted: Any
    compare: Comparison
    methods: tuple[Method, ...]
    uses: tuple[str, ...] = ()
    scope: str = ""
    reading: str = ""
    reported: str = ""
    expected: Literal["verified", "refuted", "inconclusive"] = "verified"
    cause: str = ""
    wrong: Mapping[str, Any] = field(default_factory=dict)
    points: int | None = None
    certified: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        self._check_types()
        if not _ID.fullmatch(self.id) or len(self.id) > LONGEST_ID:
            raise UsageError(
                f"claim id {self.id!r} is no path; write paper/name in lower case, digits and "
                f"hyphens, such as 'delayed-repression/critical-delay', in {LONGEST_ID} letters."
            )
        if not isinstance(self.source, Source) or not self.source.place.strip():
            raise UsageError(
                f"claim {self.id!r} has no source ({self.source!r}); give source=Paper(title, "
                "year).at('Theorem 1')."
            )
        if not self.says.strip():
            raise UsageError(f"claim {self.id!r} says nothing; give its statement in says=….")
        self._check_parts()
        if self.expected not in _EXPECTED:
            raise UsageError(
                f"claim {self.id!r}: expected={self.expected!r}; it is one of {_EXPECTED}."
            )
        if self.expected != "verified" and not self.cause.strip():
            raise UsageError(
                f"claim {self.id!r} is expected to be {self.expected} and gives no cause; say in "
                "cause=… why."
            )

    def _check_types(self) -> None:
        for name in ("id", "says", "scope", "reading", "reported", "cause"):
            value = getattr(self, name)
            if not isinstance(value, str):
                raise UsageError(f"claim {self.id!r}: {name}={value!r} is no text; give a string.")
        if not all(isinstance(other, str) for other in self.uses):
            raise UsageError(f"claim {self.id!r}: uses={self.uses!r}; give a tuple of ids.")

    def _check_parts(self) -> None:
        from lemmata.verify.compare.base import Comparison

        if not isinstance(self.domain, Domain):
            raise UsageError(f"claim {self.id!r}: domain={self.domain!r}; give a Domain(…).")
        if not isinstance(self.compare, Comparison):
            raise UsageError(
                f"claim {self.id!r}: compare={self.compare!r}; give a rule such as "
                "Equal(relative=1e-3, because='…')."
            )
        if self.certified is not None and not callable(self.certified):
            raise UsageError(
                f"claim {self.id!r}: certified={self.certified!r}; give a function that returns a "
                "Certificate, of no argument or of the domain."
            )
        if not isinstance(self.wrong, Mapping) or not all(
            isinstance(name, str) and name.strip() for name in self.wrong
        ):
            raise UsageError(
                f"claim {self.id!r}: wrong={self.wrong!r}; give a dict of wrong formulas, each "
                "under what is wrong in it: {'without the factor 1/2': 2 * q}."
            )
        if self.points is not None and (not isinstance(self.points, int) or self.points < 1):
            raise UsageError(
                f"claim {self.id!r}: points={self.points!r}; give a whole number of at least 1."
            )
        names = [method.name for method in self.methods]
        if len(set(names)) < len(names):
            raise UsageError(
                f"claim {self.id!r} has two methods called {names[-1]!r}; their draws are told "
                "apart by name, so give each its own."
            )
        if self.id in self.uses:
            raise UsageError(f"claim {self.id!r} rests on itself; take it out of uses=….")

    def also(self, name: str, *, batched: bool = False) -> Callable[[Callable[..., Any]], Claim]:
        """Decorate a second, independent measurement of the same claim; gives the wider claim."""

        def widen(measure: Callable[..., Any]) -> Claim:
            wider = dataclasses.replace(
                self, methods=(*self.methods, Method(name, measure, batched))
            )
            MADE.append(wider)
            return wider

        return widen


def claim(
    id: str,
    *,
    source: Source,
    says: str,
    domain: Domain,
    predicted: Any,
    compare: Comparison,
    uses: Iterable[str] = (),
    batched: bool = False,
    method: str = "",
    **more: Any,
) -> Callable[[Callable[..., Any]], Claim]:
    r"""Turn a measurement into a claim.

    The decorated function takes a point `p` of the domain (`p.k`) and an `Accuracy`, and returns a
    `Measurement`, `Count`, `Series` or `Exact`. It must not use the formula that it checks.

    **Arguments:**

    - `id`: a path, stable for ever: `"delayed-repression/critical-delay"`.
    - `source`: the place in the paper: `paper.at("Theorem 2, eq. 7")`.
    - `says`: the statement in LaTeX.
    - `domain`: the parameters for which it is claimed.
    - `predicted`: a derivation (a function without arguments that returns one), a SymPy
      expression in the domain's names, a number, a function of a point, or `Solved`.
    - `compare`: the decision rule, with its margin and the reason for it.
    - `uses`: ids of the claims that this one rests on.
    - `batched`: whether the function takes all points at once, each value an array of shape (n,).
    - `method`: a name for this way of measuring, where there are several (see `Claim.also`).
    - `scope`, `reading`: the setting, and which reading of the paper's words this is.
    - `reported`: numbers that the paper prints, in words.
    - `expected`, `cause`: the verdict that is known to come out if not "verified", and why.
    - `wrong`: formulas that the same measurements must refute, by what is wrong in them; each is
      given as `predicted` is. For a formula, slips nearby are made up anyway; for a function, which
      has none, these are what shows that the check can fail.
    - `points`: how many points to sample, where the profile's number does not suit.
    - `certified`: a proof in ball arithmetic: a function without arguments, or of the domain, that
      returns a `Certificate` (see `lemmata.verify.certify`).

    **Raises:** `UsageError` for anything missing or malformed.
    """
    if isinstance(uses, str):
        raise UsageError(f"claim {id!r}: uses={uses!r} is one text; write ({uses!r},).")

    def make(measure: Callable[..., Any]) -> Claim:
        name = method or getattr(measure, "__name__", "measured").replace("_", " ")
        made = Claim(
            id=id, source=source, says=says, domain=domain, predicted=predicted, compare=compare,
            methods=(Method(name, measure, batched),), uses=tuple(uses), **more,
        )  # fmt: skip
        MADE.append(made)
        return made

    return make


def described(measure: Callable[..., Any]) -> str:
    """What the docstring of a measurement says; of a partial one, its function's.

    One that is deferred is imported.
    """
    while isinstance(measure, functools.partial) and "__doc__" not in vars(measure):
        measure = measure.func
    if isinstance(measure, Deferred):
        measure = measure.resolve()
    return (measure.__doc__ or "").strip()


#: every claim that the decorators made in this process, so that none is lost to a reused name
MADE: list[Claim] = []


def widest(claims: Iterable[Claim]) -> list[Claim]:
    """The same claims without those that another of them widens by a further method."""
    found: list[Claim] = list(dict.fromkeys(claims))
    return [one for one in found if not any(_widens(other, one) for other in found)]


def _widens(wide: Claim, narrow: Claim) -> bool:
    shared = len(narrow.methods)
    further = len(wide.methods) > shared and wide.id == narrow.id
    return further and wide.methods[:shared] == narrow.methods


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint naming the most similar of the known names, or all of them if there are few."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    if close:
        return "nearest: " + ", ".join(close)
    return "there are: " + ", ".join(known[:12]) if known else "there are none"
