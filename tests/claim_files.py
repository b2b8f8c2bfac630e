"""Claim files, in parts, for tests of the command line and of the pytest plugin."""

from pathlib import Path

HEAD = """
from lemmata.verify.api import *
paper = Paper("On numbers", year=2020, arxiv="2001.00001")
box = Domain(x=Interval(1, 2))
def about(id, value, predicted=None, **more):
    return claim(id, source=paper.at("eq. 1"), says="x", domain=box, points=4,
                 predicted=(lambda p: p.x) if predicted is None else predicted,
                 compare=Equal(relative=0.01, because="a test"), **more)(value)
"""
GOOD = "good = about('numbers/good', lambda p, accuracy: Measurement(p.x, bias=1e-6))\n"
WRONG = "wrong = about('numbers/wrong', lambda p, accuracy: Measurement(2 * p.x, bias=1e-6))\n"
OPEN = "open_ = about('numbers/open', lambda p, accuracy: Measurement(p.x, bias=1.0))\n"
CRASH = "crash = about('numbers/crash', lambda p, accuracy: Measurement(1 / 0))\n"
KNOWN = WRONG.replace("wrong", "known").replace(")\n", ", expected='refuted', cause='2 x')\n")

#: claims with a proof: one that holds, one that fails and one that is left open
PROOF = """
import sympy as sp
def of(offset):
    def prove(domain):
        from lemmata.verify.certify import prove_sign
        x = sp.Symbol("x")
        return prove_sign(sp.expand((3 * x - 4) ** 2) + offset, domain.box())
    return prove
def near(p, accuracy):
    return Measurement(p.x, bias=1e-6)
proved = about('numbers/proved', near, certified=of(1))
touched = about('numbers/touched', near, certified=of(0))
failing = about('numbers/failing', near, certified=of(-1))
"""


def claims(folder: Path, *parts: str, name: str = "mine.py") -> Path:
    """A file of these parts, written into the folder."""
    file = folder / name
    file.write_text(HEAD + "".join(parts), encoding="utf-8")
    return file
