"""Work on long expressions, whose parts occur many times, where SymPy's own functions are slow."""

from collections.abc import Mapping

import sympy as sp


def real_imag(expression: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    r"""Split an expression in real symbols, I and $e^{i\theta}$ into real and imaginary part.

    **Raises:** ValueError on a function of something complex other than an exponential.

    >>> x, y = sp.symbols("x y", real=True)
    >>> real_imag(1 / (x + sp.I * y))
    (x/(x**2 + y**2), -y/(x**2 + y**2))
    """
    if not expression.has(sp.I):
        return expression, sp.Integer(0)
    if expression == sp.I:
        return sp.Integer(0), sp.Integer(1)
    if isinstance(expression, sp.Add):
        parts = [real_imag(term) for term in expression.args]
        return sp.Add(*(r for r, _ in parts)), sp.Add(*(i for _, i in parts))
    if isinstance(expression, sp.Mul):
        real, imaginary = sp.Integer(1), sp.Integer(0)
        for factor in sorted(expression.args, key=lambda one: one.has(sp.I)):
            r, i = real_imag(factor)
            real, imaginary = real * r - imaginary * i, real * i + imaginary * r
        return real, imaginary
    if isinstance(expression, sp.Pow) and expression.exp.is_Integer:
        return _power(*real_imag(expression.base), int(expression.exp))
    if isinstance(expression, sp.exp):
        growth, angle = real_imag(expression.args[0])
        return sp.exp(growth) * sp.cos(angle), sp.exp(growth) * sp.sin(angle)
    raise ValueError(f"{expression} has no parts that are known here; write it with exponentials.")


def _power(real: sp.Expr, imaginary: sp.Expr, n: int) -> tuple[sp.Expr, sp.Expr]:
    if n < 0:
        size = real**2 + imaginary**2
        real, imaginary, n = real / size, -imaginary / size, -n
    r, i = sp.Integer(1), sp.Integer(0)
    for _ in range(n):
        r, i = r * real - i * imaginary, r * imaginary + i * real
    return r, i


def replaced(expression: sp.Expr, values: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """`expression.xreplace(values)`, each part that occurs many times being worked on once.

    >>> x, y = sp.symbols("x y")
    >>> replaced(x + sp.sin(x), {x: 2 * y})
    2*y + sin(2*y)
    """
    done: dict[sp.Basic, sp.Basic] = dict(values)

    def work(node: sp.Basic) -> sp.Basic:
        if node not in done:
            arguments = [work(one) for one in node.args]
            same = all(a is b for a, b in zip(arguments, node.args, strict=True))
            done[node] = node if same else node.func(*arguments)
        return done[node]

    return work(expression)
