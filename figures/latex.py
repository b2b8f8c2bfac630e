r"""Stored verdicts as TeX macros, one a claim, so that a paper's text cannot drift from its code.

The claim `delayed-repression/critical-delay` is `\DelayedRepressionCriticalDelay`, which takes the
name of what is wanted, as in `\DelayedRepressionCriticalDelay{value}`. A name that it does not have
is an error of TeX, and so is a claim without a verdict: no number is left out in silence. Fields in
mathematics may stand in a formula or in the text.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NoReturn

from lemmata.figures.stored import Result, origin
from lemmata.verify.errors import UsageError
from lemmata.verify.written import faults, odd

_DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
_SPECIAL = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    "→": r"\ensuremath{\to}", "√": r"\ensuremath{\surd}", "–": r"\textendash{}",
    "−": r"\ensuremath{-}", "≤": r"\ensuremath{\leq}",
    "≥": r"\ensuremath{\geq}", "×": r"\ensuremath{\times}", "∈": r"\ensuremath{\in}",
    "∞": r"\ensuremath{\infty}", "±": r"\ensuremath{\pm}",
    **{one: f"\\{one}" for one in "&%$#_{}"},
}  # fmt: skip
_RAISED = re.compile("<(super|sub)> ([0-9A-F]+)")
_ACCENTS = {
    "0300": "`",
    "0301": "'",
    "0302": "^",
    "0303": "~",
    "0308": '"',
    "030C": "v",
    "0327": "c",
}
_GREEK = re.compile("GREEK (SMALL|CAPITAL) LETTER ([A-Z]+)")

#: what the statements' formulas and words are set with
PACKAGES = r"\usepackage{amsmath,amssymb}"
#: what a field is looked up by; the macro hands over its argument
HEAD = r"""\providecommand\lemmatafield[2]{% of the claim #1 the field #2
  \ifcsname lemmata@#1@#2\endcsname
    \csname lemmata@#1@#2\endcsname
  \else
    \errmessage{lemmata: the claim #1 has no `#2'; its fields are in the file that defines it}%
  \fi}
"""


def document(results: Sequence[Result]) -> str:
    """The whole file. **Raises:** `UsageError` where two claims would have one macro."""
    macros: dict[str, str] = {}
    for one in results:
        name = macro(one.id)
        if name in macros:
            raise UsageError(
                f"claims {macros[name]!r} and {one.id!r} would both be the macro {name}; export "
                "them into two files."
            )
        macros[name] = one.id
    head = (
        f"% Written by `lemmata export --latex`, from {origin(results)}. Do not edit.\n"
        f"% What it needs: {PACKAGES}\n{HEAD}"
    )
    return head + "".join(f"\n{_claim(one)}" for one in results)


def macro(id: str) -> str:
    r"""The name of a claim's macro.

    >>> macro("ntk/kernel/depth-2")
    '\\NtkKernelDepthTwo'
    """
    words = "".join(word[:1].upper() + word[1:] for word in re.split("[-/]", id))
    return "\\" + re.sub(r"\d", lambda digit: _DIGITS[int(digit.group())], words)


def _claim(one: Result) -> str:
    fields = dict(_fields(one))
    lines = [f"% {one.id}: {', '.join(fields)}"]
    lines += [
        rf"\expandafter\def\csname lemmata@{one.id}@{name}\endcsname{{{text}}}"
        for name, text in fields.items()
    ]
    return "\n".join([*lines, rf"\def{macro(one.id)}#1{{\lemmatafield{{{one.id}}}{{#1}}}}", ""])


def _fields(one: Result) -> Iterator[tuple[str, str]]:
    record = one.record
    yield "verdict", escaped(record["outcome"])
    yield "statement", _math(_statement(one.id, record["says"]))
    yield "source", _words(one.id, "source", record["source"])
    for name in ("reading", "scope", "cause"):
        if record.get(name):
            yield name, _words(one.id, name, record[name])
    if points := sum(record["points"].values()):
        yield "points", _math(str(points))
    if record["worst"] is not None:
        yield from _worst(record["worst"])
    yield from _resolution(record["resolution"] or {})
    yield "command", rf"\texttt{{{escaped(record['replay'])}}}"
    yield "run", escaped(origin([one]))


def _statement(id: str, latex: str) -> str:
    """The statement in a line; TeX ends a formula at an empty one."""
    if found := next(faults(latex), ""):
        _refuse(id, f"statement {latex!r}", found)
    return " ".join(latex.split())


def _words(id: str, name: str, text: str) -> str:
    if found := next(odd(text), ""):
        _refuse(id, name, found)
    return escaped(" ".join(text.split()))


def _refuse(id: str, what: str, found: str) -> NoReturn:
    """One such field would stop TeX at the file, and with it all the others."""
    raise UsageError(
        f"claim {id!r}: its {what} has {found}. TeX would stop at the whole file; mend it and "
        "decide the claim again."
    )


def _worst(worst: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of the counterexample, or of the point where the claim came out worst."""
    at = (rf"\mathtt{{{escaped(name)}}} = {_plain(value)}" for name, value in worst["at"].items())
    yield "at", _math(r",\ ".join(at))
    low, high = worst["low"], worst["high"]
    if worst["value"] is not None:
        yield "value", _math(_plain(worst["value"]))
        if low is not None and high is not None:
            yield "measured", _math(with_interval(worst["value"], low, high))
    if isinstance(worst["claimed"], int | float):
        yield "claimed", _math(_plain(worst["claimed"]))
    if worst["margin"] is not None:
        yield "margin", _math(_plain(worst["margin"]))


def _resolution(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    errors = [one for one in (found.get("over"), found.get("under")) if one is not None]
    if len(errors) == 2:
        yield "resolution", _math(_plain(max(errors), 2))
    if found.get("rejected"):
        yield "rejected", escaped(found["rejected"])


def with_interval(value: float, low: float, high: float) -> str:
    r"""A value and its interval, each side by itself where they differ by more than a tenth.

    >>> with_interval(1.0, 0.9, 1.1), with_interval(0.024, 0.003, 0.082)
    ('1.00 \\pm 0.10', '0.024^{+0.058}_{-0.021}')
    """
    above, below = high - value, value - low
    if not abs(above - below) > 0.1 * max(above, below):
        return with_error(value, max(above, below))
    return rf"{_plain(value)}^{{+{_plain(above, 2)}}}_{{-{_plain(below, 2)}}}"


def with_error(value: float, error: float) -> str:
    r"""A value and its half-width, to the second digit of the latter.

    >>> with_error(0.0031487, 0.0065), with_error(1234.5, 21.0), with_error(1.5e-7, 2e-9)
    ('0.0031 \\pm 0.0065', '1234 \\pm 21', '(1.500 \\pm 0.020) \\cdot 10^{-7}')
    """
    if not error > 0 or not math.isfinite(error):
        return _plain(value)
    power = math.floor(math.log10(max(abs(value), error)))
    if -4 <= power < 6:
        places = max(0, 1 - math.floor(math.log10(error)))
        return rf"{value:.{places}f} \pm {error:.{places}f}"
    # Not by 10.0**power, which may be too small or too large for a number of its own.
    scaled = (float(Decimal(one).scaleb(-power)) for one in (value, error))
    return rf"({with_error(*scaled)}) \cdot 10^{{{power}}}"


def _plain(value: float, digits: int = 6) -> str:
    r"""A number, in powers of ten where it is very large or small."""
    text = f"{value:.{digits}g}"
    mantissa, _, power = text.partition("e")
    return rf"{mantissa} \cdot 10^{{{int(power)}}}" if power else text


def _math(text: str) -> str:
    return rf"\ensuremath{{{text}}}"


def escaped(text: str) -> str:
    r"""Text as TeX prints it, whatever its fonts have of Greek.

    >>> escaped("50% of a_1, --seed"), escaped("2 φ⁴"), escaped("é")
    ('50\\% of a\\_1, -{}-seed', '2 \\ensuremath{\\varphi}\\textsuperscript{4}', "\\'{e}")
    """
    # Two hyphens would be printed as a dash.
    return re.sub("-(?=-)", "-{}", "".join(_letter(letter) for letter in text))


def _letter(letter: str) -> str:
    if greek := _GREEK.fullmatch(unicodedata.name(letter, "")):
        size, name = greek.groups()
        name = {"PHI": "varphi", "LAMDA": "lambda"}.get(name, name.lower())
        return rf"\ensuremath{{\{name if size == 'SMALL' else name.capitalize()}}}"
    parts = unicodedata.decomposition(letter)
    if raised := _RAISED.fullmatch(parts):
        side, plain = raised.groups()
        return rf"\text{side}script{{{chr(int(plain, 16))}}}"
    base, _, accent = parts.partition(" ")
    if accent in _ACCENTS and (plain := chr(int(base, 16))).isascii():
        return rf"\{_ACCENTS[accent]}{{{plain}}}"
    return _SPECIAL.get(letter, letter)
