"""Steps in print: LaTeX and MathML for pages, plain lines for a terminal."""

import re
import textwrap
from collections.abc import Iterable
from html.entities import html5

import sympy as sp
from sympy.printing.mathml import MathMLPresentationPrinter
from sympy.printing.pretty.pretty_symbology import pretty_symbol
from sympy.printing.str import StrPrinter

from lemmata.theory.step import Step

WIDTH = 100

_TEX_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "{}$&#_%"},
}


def steps_latex(steps: Iterable[Step], quantity: sp.Symbol, statement: sp.Expr) -> str:
    """An `align*` environment with a line a step, and the conclusion."""
    lines = [
        f"{sp.latex(step.left)} &{step.relation} {sp.latex(step.right)} "
        f"&& \\text{{{_tex_words(step.because)}}}"
        for step in steps
    ]
    lines.append(f"{sp.latex(quantity)} &= {sp.latex(statement)}")
    body = " \\\\\n".join(f"  {line}" for line in lines)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"


def _tex_words(words: str) -> str:
    return "".join(_TEX_ESCAPES.get(character, character) for character in words)


class _MathML(MathMLPresentationPrinter):
    """SymPy's printer, with a bar for a substitution instead of the word `subs`."""

    def _print_Derivative(self, expr: sp.Derivative):
        row = super()._print_Derivative(expr)
        if isinstance(expr.expr, sp.Add | sp.Mul):  # d/dx -x would read as a difference
            inner = row.lastChild
            for bracket, place in (("(", inner), (")", None)):
                row.insertBefore(self._operator(bracket), place)
        return row

    def _print_Subs(self, expr: sp.Subs):
        row = self.dom.createElement("mrow")
        inner = self.dom.createElement("mrow")
        for part in ("[", self._print(expr.expr), "]"):
            inner.appendChild(self._operator(part) if isinstance(part, str) else part)
        below = self.dom.createElement("mrow")
        for count, (variable, value) in enumerate(zip(expr.variables, expr.point, strict=True)):
            if count:
                below.appendChild(self._operator(","))
            for part in (self._print(variable), self._operator("="), self._print(value)):
                below.appendChild(part)
        at = self.dom.createElement("msub")
        at.appendChild(inner)
        at.appendChild(below)
        row.appendChild(at)
        return row

    def _operator(self, sign: str):
        element = self.dom.createElement("mo")
        element.appendChild(self.dom.createTextNode(sign))
        return element


def relation_mathml(left: sp.Expr, relation: str, right: sp.Expr) -> str:
    """A display `<math>` element, well-formed as XML without any document type."""
    sign = {"<": "&lt;", ">": "&gt;"}.get(relation, relation)
    printer = _MathML()
    sides = [_numeric_entities(printer.doprint(side)) for side in (left, right)]
    return (
        '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><mrow>'
        f"{sides[0]}<mo>{sign}</mo>{sides[1]}</mrow></math>"
    )


def _numeric_entities(markup: str) -> str:
    """SymPy writes &InvisibleTimes; and its like, which XML by itself does not know."""

    def number(match: re.Match[str]) -> str:
        name = match[1]
        if name in ("amp", "lt", "gt", "quot", "apos"):
            return match[0]
        return "".join(f"&#{ord(character)};" for character in html5[f"{name};"])

    return re.sub(r"&([A-Za-z]\w*);", number, markup)


class _Line(StrPrinter):
    """SymPy's one-line printer, with Greek letters and with calculus as it is written by hand."""

    def _print_Symbol(self, expr: sp.Symbol) -> str:
        # SymPy would spell the star of x^* as a superscript of its own, x__*.
        return expr.name if "^" in expr.name else pretty_symbol(expr.name)

    _print_Dummy = _print_Symbol

    def _print_Pi(self, expr: sp.Expr) -> str:
        return "π"

    def _print_ImaginaryUnit(self, expr: sp.Expr) -> str:
        return "i"

    def _print_Derivative(self, expr: sp.Derivative) -> str:
        orders = [(self._print(v), f"^{n}" if n != 1 else "") for v, n in expr.variable_count]
        by = " ".join(f"d/d{variable}{order}" for variable, order in orders)
        return f"{by} [{self._print(expr.expr)}]"

    def _print_Subs(self, expr: sp.Subs) -> str:
        pairs = zip(expr.variables, expr.point, strict=True)
        at = ", ".join(f"{self._print(v)} = {self._print(p)}" for v, p in pairs)
        return f"({self._print(expr.expr)} at {at})"

    def _print_Abs(self, expr: sp.Expr) -> str:
        return f"|{self._print(expr.args[0])}|"

    def _print_re(self, expr: sp.Expr) -> str:
        return f"Re({self._print(expr.args[0])})"

    def _print_im(self, expr: sp.Expr) -> str:
        return f"Im({self._print(expr.args[0])})"


def line(expression: sp.Expr) -> str:
    """`expression` in one line of plain text.

    >>> line(sp.sqrt(sp.pi) * sp.Symbol("Delta_c") ** 2)
    'sqrt(π)*Δ_c^2'
    """
    return _Line().doprint(expression).replace("**", "^")


def steps_text(steps: tuple[Step, ...], quantity: sp.Symbol, statement: sp.Expr) -> str:
    """A line with the reason and a line with the relation for every step, and the conclusion."""
    lines: list[str] = []
    for number, step in enumerate(steps, start=1):
        lines += _wrapped(f"{number:>2}. {step.because}:")
        lines += _wrapped(f"      {line(step.left)} {step.relation} {line(step.right)}")
    lines += _wrapped(f"    Hence {line(quantity)} = {line(statement)}.")
    return "\n".join(lines)


def _wrapped(text: str) -> list[str]:
    indent = " " * (len(text) - len(text.lstrip()) + 4)
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
