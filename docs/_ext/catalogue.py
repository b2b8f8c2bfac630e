"""The catalogue as tables, one a paper, from the claims themselves when the site is built."""

from docutils import nodes
from mathml import statement
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from lemmata.verify.claim import Claim, Paper
from lemmata.verify.loading import catalogue

WIDTHS = (34, 54, 12)
HEADS = ("claim", "statement", "verdict")


class Catalogue(SphinxDirective):
    """A section for each paper, in the order of the catalogue."""

    def run(self) -> list[nodes.Node]:
        claims = [one.claim for one in catalogue()]
        papers = list(dict.fromkeys(one.source.paper for one in claims))
        of = {paper: [one for one in claims if one.source.paper == paper] for paper in papers}
        told = nodes.paragraph("", f"{len(claims)} claims, of {len(papers)} papers:")
        contents = nodes.bullet_list("", *(_line(paper, of[paper]) for paper in papers))
        return [told, contents, *(_section(paper, of[paper]) for paper in papers)]


def _line(paper: Paper, claims: list[Claim]) -> nodes.list_item:
    link = nodes.reference("", paper.title, refid=nodes.make_id(paper.title), internal=True)
    return nodes.list_item("", nodes.paragraph("", "", link, nodes.Text(f": {_told(claims)}")))


def _told(claims: list[Claim]) -> str:
    refuted = sum(one.expected == "refuted" for one in claims)
    return f"{len(claims)} claims" + (f", of which {refuted} refuted" if refuted else "")


def _section(paper: Paper, claims: list[Claim]) -> nodes.section:
    section = nodes.section("", nodes.title("", paper.title), ids=[nodes.make_id(paper.title)])
    told = nodes.Text(f" ({paper.year}), {_told(claims)}.")
    section += nodes.paragraph("", "", _where(paper), told)
    section += _table(claims)
    return section


def _where(paper: Paper) -> nodes.reference:
    if paper.arxiv:
        return _link(f"arXiv {paper.arxiv}", f"https://arxiv.org/abs/{paper.arxiv}")
    return _link(f"doi {paper.doi}", f"https://doi.org/{paper.doi}")


def _link(text: str, target: str) -> nodes.reference:
    return nodes.reference("", text, refuri=target, internal=False)


def _table(claims: list[Claim]) -> nodes.table:
    group = nodes.tgroup(cols=len(WIDTHS))
    group += [nodes.colspec(colwidth=width) for width in WIDTHS]
    head = nodes.row("", *(nodes.entry("", nodes.paragraph("", head)) for head in HEADS))
    group += nodes.thead("", head)
    group += nodes.tbody("", *(_row(one) for one in claims))
    return nodes.table("", group, classes=["catalogue", "colwidths-given"])


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
    rule = nodes.paragraph("", f"({claim.compare.kind})")
    third = nodes.entry("", nodes.paragraph("", "", verdict), rule)
    return nodes.row("", first, second, third)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("catalogue", Catalogue)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
