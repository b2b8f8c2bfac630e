"""The sign of a derived formula over a domain: proved, disproved, or said to be open."""

from types import SimpleNamespace

import sympy as sp

from lemmata.verify.api import Domain, Interval, Log
from lemmata.verify.certified_sign import KeepsSign

x, y = sp.symbols("x y", positive=True)


def certificate(expression, **axes):
    keeps = KeepsSign(lambda: SimpleNamespace(statement=expression), "f")
    return keeps(Domain(**axes))


def test_a_sign_is_proved_on_both_scales():
    found = certificate(y**2 - 3 * y * x + 3 * x**2, x=Interval(1, 2), y=Log(0.01, 100))
    assert found.proved
    assert found.statement == "f > 0 for x in [1, 2], y in [0.01, 100]"
    assert certificate(-x, x=Log(0.1, 10)).statement == "f < 0 for x in [0.1, 10]"


def test_a_sign_that_changes_is_disproved_where_it_does():
    found = certificate(x - 1, x=Interval(0, 3))
    assert found.status == "disproved"
    assert found.witness is not None
    assert found.witness["x"] <= 1


def test_what_touches_zero_stays_undecided():
    assert certificate((x - sp.Rational(1, 3)) ** 2, x=Interval(0, 3)).status == "undecided"


def test_no_sign_in_the_middle_is_undecided():
    found = certificate(sp.sqrt(x - 4), x=Interval(0, 2))
    assert found.status == "undecided"
    assert "in the middle of the domain, where it has no sign" in found.reason
