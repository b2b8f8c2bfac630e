"""The catalogue as tables, one a paper, from the claims themselves when the site is built."""

from itertools import groupby

from docutils import nodes
from mathml import statement
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from lemmata.verify.claim import Claim, Paper
from lemmata.verify.loading import catalogue

WIDTHS = (30, 55, 15)
HEADS = ("claim", "statement", "rule and verdict")


class Catalogue(SphinxDirective):
    """A section for each paper, in the order of the catalogue."""

    def run(self) -> list[nodes.Node]:
        claims = [one.claim for one in catalogue()]
        papers = list(dict.fromkeys(one.source.paper for one in claims))
        return [
            self._section(paper, [one for one in claims if one.source.paper == paper])
            for paper in papers
        ]

    def _section(self, paper: Paper, claims: list[Claim]) -> nodes.section:
        section = nodes.section("", nodes.title("", paper.title), ids=[nodes.make_id(paper.title)])
        refuted = sum(one.expected == "refuted" for one in claims)
        told = f"{len(claims)} claims" if len(claims) > 1 else "1 claim"
        if refuted:
            told += f", of which {refuted} {'are' if refuted > 1 else 'is'} refuted"
        section += nodes.paragraph("", "", _where(paper), nodes.Text(f" ({paper.year}). {told}."))
        for topic, group in groupby(claims, lambda one: _topic(one.id)):
            section += _table(topic, list(group))
        return section


def _topic(id: str) -> str:
    return id.rpartition("/")[0].partition("/")[0]


def _where(paper: Paper) -> nodes.reference:
    if paper.arxiv:
        return _link(f"arXiv {paper.arxiv}", f"https://arxiv.org/abs/{paper.arxiv}")
    return _link(f"doi {paper.doi}", f"https://doi.org/{paper.doi}")


def _link(text: str, target: str) -> nodes.reference:
    return nodes.reference("", text, refuri=target, internal=False)


def _table(topic: str, claims: list[Claim]) -> nodes.table:
    group = nodes.tgroup(cols=len(WIDTHS))
    group += [nodes.colspec(colwidth=width) for width in WIDTHS]
    head = nodes.row("", *(nodes.entry("", nodes.paragraph("", head)) for head in HEADS))
    group += nodes.thead("", head)
    group += nodes.tbody("", *(_row(one) for one in claims))
    return nodes.table("", group, classes=["catalogue"])


def anchor(id: str) -> str:
    """The anchor of a claim on the page."""
    return "claim-" + id.replace("/", "--")


def _row(claim: Claim) -> nodes.row:
    name = nodes.paragraph("", "", nodes.literal("", claim.id))
    place = nodes.paragraph("", claim.source.place)
    first = nodes.entry("", name, place, ids=[anchor(claim.id)])
    second = nodes.entry("", nodes.paragraph("", "", *statement(claim.says)))
    for word, text in (("Reading", claim.reading), ("Scope", claim.scope), ("Cause", claim.cause)):
        if text:
            second += nodes.paragraph("", "", nodes.emphasis("", f"{word}: "), nodes.Text(text))
    verdict = nodes.inline("", claim.expected, classes=[f"verdict-{claim.expected}"])
    third = nodes.entry("", nodes.paragraph("", claim.compare.kind), nodes.paragraph("", "", verdict))
    return nodes.row("", first, second, third)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("catalogue", Catalogue)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
