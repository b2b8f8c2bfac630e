"""`-k EXPR`: words joined by and, or, not and parentheses, each found in a claim's id or not."""

from __future__ import annotations

import re
from collections.abc import Callable

from lemmata.verify.errors import UsageError

_TOKEN = re.compile(r"\s*(\(|\)|[^\s()]+)")


def matcher(text: str) -> Callable[[str], bool]:
    """A test of ids.

    >>> matcher("hopf and not (amplitude or period)")("hopf/hayes")
    True

    **Raises:** `UsageError` where the expression is malformed.
    """
    tokens = _TOKEN.findall(text)
    parser = _Parser(text, tokens)
    test = parser.either()
    if parser.rest:
        raise parser.complaint(f"unexpected {parser.rest[0]!r}")
    return test


class _Parser:
    """Recursive descent over `or`, `and`, `not`, parentheses and words."""

    def __init__(self, text: str, tokens: list[str]) -> None:
        self.text, self.rest = text, list(tokens)

    def complaint(self, what: str) -> UsageError:
        return UsageError(
            f"-k {self.text!r}: {what}; write words joined by and, or, not and parentheses."
        )

    def either(self) -> Callable[[str], bool]:
        tests = [self.both()]
        while self.rest[:1] == ["or"]:
            self.rest.pop(0)
            tests.append(self.both())
        return lambda id: any(test(id) for test in tests)

    def both(self) -> Callable[[str], bool]:
        tests = [self.one()]
        while self.rest[:1] == ["and"]:
            self.rest.pop(0)
            tests.append(self.one())
        return lambda id: all(test(id) for test in tests)

    def one(self) -> Callable[[str], bool]:
        if not self.rest:
            raise self.complaint("it ends too early")
        token = self.rest.pop(0)
        if token == "not":
            inner = self.one()
            return lambda id: not inner(id)
        if token == "(":
            inner = self.either()
            if self.rest[:1] != [")"]:
                raise self.complaint("a parenthesis is not closed")
            self.rest.pop(0)
            return inner
        if token in (")", "and", "or"):
            raise self.complaint(f"unexpected {token!r}")
        return lambda id: token in id
