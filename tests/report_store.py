"""A small store of verdicts of every sort, for tests of the page."""

from pathlib import Path

import sympy as sp
from tests.helpers import claimed, exactly

from lemmata.theory.derivation import Derivation
from lemmata.theory.step import Step
from lemmata.verify.claim import Claim, Paper
from lemmata.verify.decide import decide
from lemmata.verify.domain import Domain
from lemmata.verify.interval import Interval
from lemmata.verify.results import record
from lemmata.verify.settings import Profile, Settings
from lemmata.verify.store import Store

SETTINGS = Settings(Profile("test", 9, 1.0))
MANIFEST = {
    "commit": "0123456789abcdef", "dirty": False, "versions": {"lemmata": "0.0.1", "jax": "0.7.2"},
    "seed": 3, "profile": "quick", "fixed": {}, "error_rate": 1e-3, "platform": "a <test>",
    "started": "2026-01-01T00:00:00+00:00",
}  # fmt: skip
LINE = Domain(x=Interval(1, 2))
PAPER = Paper("On test claims", year=2020, arxiv="2001.00001")
OTHER = Paper("On other claims", year=2021, doi="10.1000/182")

x, t, area = sp.symbols("x t A", positive=True)
SQUARE = Derivation(
    area,
    x**2,
    (
        Step("the area under the line", sp.Integral(2 * t, (t, 0, x)), x**2),
        Step("it is also a product", x**2 * sp.sin(x) ** 2 + x**2 * sp.cos(x) ** 2, x**2),
    ),
    assumes=("x is a length",),
    where=(x < 3,),
)


def made() -> list[Claim]:
    """Claims for every verdict; three rest, in the end, on one that is refuted."""

    def about(id, measure, predicted=None, paper=PAPER, **more):
        more = {"says": r"A = x^2 \text{ for all } x > 0", "source": paper.at("eq. 1"), **more}
        predicted = (lambda p: p.x) if predicted is None else predicted
        return claimed(measure, predicted, LINE, id=id, **more)

    right, wrong = exactly(lambda p: p.x), exactly(lambda p: 2 * p.x)
    return [
        about("test/law", exactly(lambda p: p.x**2), SQUARE, reading="as the proof has it"),
        about("test/law/as-printed", wrong, expected="refuted", cause="a factor 2 is missing",
              reading="as it is printed: <b>bold</b>", uses=("test/law",)),
        about("test/consequence", right, uses=("test/law/as-printed",)),
        about("test/consequence/remote", right, uses=("test/consequence", "test/elsewhere")),
        about("test/surprise", wrong, x, paper=OTHER, says=r"\mathrm{runaway} \sim \tau_c"),
        about("test/open", exactly(lambda p: p.x, bias=1.0), paper=OTHER),
        about("test/crash", exactly(lambda p: 1 / 0), paper=OTHER),
    ]  # fmt: skip


def keep(store: Store, one: Claim, manifest=MANIFEST) -> None:
    """Decide a claim and store its verdict."""
    verdict = decide(one, SETTINGS)
    store.save_claim(manifest, record(one, verdict, f"lemmata verify {one.id}"), verdict)


def filled(folder: Path) -> Store:
    """A store with all of them."""
    store = Store(folder)
    store.prepare()
    for one in made():
        keep(store, one)
    return store
