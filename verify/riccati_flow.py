r"""The flow $M' = D M + M D - 2 M^2$ from $M_0 = X_0 X_0^T$, in closed form, to 14 digits.

With $W = \int_0^t 2 e^{2 D s} ds$ the solution is $M = P N^{-1} P^T$, $P = e^{D t} X_0$ and
$N = I + X_0^T W X_0$ (`lemmata.theory.sensing_riccati`). D is diagonal. Of the rows of $X_0$, the
fastest first, those win that are independent of the winners before them: with L the winners and
T L the rest, $M = P' (W_L + Y)^{-1} P'^T$, where $P' = e^{D t} (I; T)$ and
$Y = L^{-T} L^{-1} + T^T W_T T$, in which no power of e swamps another. What starts that are graded,
nearly dependent or near the truth lose even so, more digits replace: all is done at some precision
and at twice that, until both agree. The numbers that came in are taken to be exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from flint import arb, ctx

from lemmata.verify.errors import UsageError
from lemmata.verify.matrix_digits import (
    balls,
    doubles,
    eigenvalues,
    inverse,
    largest,
    middles,
    norm,
    times,
)

Array = np.ndarray

#: what two precisions have to agree to, relative to the largest entry
AGREE = 1e-14
# Bits: to begin with, and where something is wrong.
_FEWEST, _MOST = 256, 1 << 16


class Turned(NamedTuple):
    """A problem in which D is diagonal, at the precision that is set.

    **Fields:** `rates`: the diagonal of D, (n,); `start`: X_0, (n, k); `frame`: the orthogonal
    matrix back to the coordinates that were given, (n, n).
    """

    rates: Array
    start: Array
    frame: Array


class Rows(NamedTuple):
    """The winners and the rest: places, `inverse` L^-1 (p, p) and `others` T (n - p, p)."""

    wins: list[int]
    rest: list[int]
    inverse: Array
    others: Array


@dataclass(frozen=True, eq=False)
class RiccatiFlow:
    """The flow of a problem that can be `turned` at any precision, from a start that is not 0."""

    turned: Callable[[], Turned]
    bits: int = _FEWEST
    _known: dict[int, tuple[Turned, Rows]] = field(default_factory=dict, init=False)

    def read(self, look: Callable[[Turned, Array], Array], time: float) -> Array:
        """What `look` sees in the problem and in M less the positive part of D, (n, n)."""
        return agreed(
            lambda: look(self._here()[0], _deviation(*self._here(), arb(time))), self.bits
        )

    def free_eigenvalues(self) -> Array:
        """The eigenvalues of the rows of rate 0, on the columns that the others leave free."""
        return agreed(lambda: _free_eigenvalues(self._here()[0]), self.bits, each=True)

    def _here(self) -> tuple[Turned, Rows]:
        """The problem at the precision that is set."""
        if ctx.prec not in self._known:
            problem = self.turned()
            self._known[ctx.prec] = problem, _rows(problem)
        return self._known[ctx.prec]


def first_bits(start: Array) -> int:
    """With how many bits to begin, so that the smallest entry of a start in doubles counts."""
    sizes = np.abs(start[start != 0])
    return _FEWEST + 4 * int(np.ceil(np.log2(sizes.max() / sizes.min())))


def agreed(find: Callable[[], Array], bits: int, *, each: bool = False) -> Array:
    """What is found at a precision and again at twice that, as doubles.

    They have to agree to 1e-14 of the largest entry, or of `each`.
    """
    coarse = None
    while bits <= _MOST:
        with ctx.workprec(bits):
            try:
                fine = find()
            except ZeroDivisionError:  # not yet told from a singular matrix
                fine = None
        if fine is not None and coarse is not None and coarse.shape == fine.shape:
            gaps = [fine - coarse] if not each else list((fine - coarse).ravel()[:, None])
            sizes = [fine] if not each else list(fine.ravel()[:, None])
            if all(largest(g) <= AGREE * largest(f) for g, f in zip(gaps, sizes, strict=True)):
                return doubles(fine)
        coarse, bits = fine, 2 * bits
    raise UsageError(
        f"{_MOST} bits do not tell this flow to {AGREE:.0e}: its start is nearer to another "
        "behaviour than that. Change the start, or take an earlier time."
    )


def independent(rows: Array, groups: list[list[int]]) -> tuple[list[int], Array, list[int]]:
    """Rows that are independent of those before them, the largest of a group first.

    **Returns:** their places; an orthonormal basis (p, k) in the order of these; and how many there
    are after each group.
    """
    # Below this it is rounding. A start is taken to be exact, and so the whole of it is compared.
    least = norm(rows).mid() * arb(2) ** (-(ctx.prec // 2))
    basis, wins, counts = np.empty((0, rows.shape[1]), dtype=object), [], []
    for group in groups:
        left = {i: _without(rows[i : i + 1], basis) for i in group}
        while left and len(basis) < rows.shape[1]:
            sizes = {i: norm(row).mid() for i, row in left.items()}
            best = group[0] if group[0] in left else next(iter(left))
            for i, size in sizes.items():
                best = i if size > sizes[best] else best
            if not sizes[best] > least:
                break
            wins.append(best)
            unit = _without(left.pop(best) / sizes[best], basis)
            basis = np.concatenate([basis, middles(unit / norm(unit).mid())])
            left = {i: _without(row, basis[-1:]) for i, row in left.items()}
        counts.append(len(basis))
    return wins, basis, counts


def _free_eigenvalues(problem: Turned) -> Array:
    still = np.array([r == 0 for r in problem.rates])
    signal, noise = problem.start[~still], problem.start[still]
    _, basis, _ = independent(signal, [list(range(len(signal)))])
    free = problem.start.shape[1] - len(basis)
    if not free or not len(noise):
        return balls(np.zeros(0))
    left = _without(noise, basis)
    square = times(left, left.T) if len(noise) <= free else times(left.T, left)
    found = eigenvalues(middles(square))[: min(len(noise), free)]
    # A zero that rounding moved is one.
    least = largest(found) * arb(2) ** (-(ctx.prec // 2))
    return np.array([v if v > least else arb(0) for v in found], dtype=object)


def _without(rows: Array, basis: Array) -> Array:
    """Rows less their part in a basis; twice, for what is left of the first time."""
    for _ in range(2):
        if len(basis):
            rows = middles(rows - times(rows, basis.T, basis))
    return rows


def _rows(problem: Turned) -> Rows:
    n = len(problem.rates)
    fast = sorted(range(n), key=lambda i: -float(problem.rates[i].mid()))
    groups: list[list[int]] = []
    for i in fast:
        if groups and problem.rates[groups[-1][-1]] == problem.rates[i]:
            groups[-1].append(i)
        else:
            groups.append([i])
    wins, basis, counts = independent(problem.start, groups)
    place = {i: count for group, count in zip(groups, counts, strict=True) for i in group}
    rest = sorted(set(range(n)) - set(wins))
    # A row is made of winners that are at least as fast; the others' shares are but rounding.
    zero = arb(0)
    parts = lambda some, count: np.array(
        [[v if j < count(i) else zero for j, v in enumerate(row)]
         for i, row in enumerate(times(problem.start[some], basis.T))], dtype=object,
    ).reshape(len(some), len(wins))  # fmt: skip
    L = parts(wins, lambda i: i + 1)
    inverted = inverse(L)
    return Rows(wins, rest, inverted, times(parts(rest, lambda i: place[rest[i]]), inverted))


def _deviation(problem: Turned, rows: Rows, t: arb) -> Array:
    """M less the positive part of D at time t, (n, n), in the order of the rates."""
    n, wins, rest = len(problem.rates), rows.wins, rows.rest
    positive = np.array([r if r > 0 else arb(0) for r in problem.rates], dtype=object)
    E = np.empty((n, n), dtype=object)
    if t == 0:
        E[:] = times(problem.start, problem.start.T)
        E[range(n), range(n)] -= positive
        return E
    rates, slower = problem.rates[wins], problem.rates[rest]
    # W^(-1/2), and the growth over that.
    root = np.array([1 / _weight(r, t).sqrt() for r in rates], dtype=object)
    grown = np.array([(r * t).exp() for r in rates], dtype=object) * root
    # e^{-2 mu t} over W, and for mu <= 0 the square of the growth.
    faded = np.array([1 / _weight(abs(r), t) for r in rates], dtype=object)
    spread = np.array([_weight(r, t).sqrt() for r in slower], dtype=object)
    ahead = np.array([(r * t).exp() for r in slower], dtype=object)
    mine, theirs = rows.inverse * root, spread[:, None] * rows.others * root
    C = times(mine.T, mine) + times(theirs.T, theirs)
    p = len(wins)
    R = inverse(balls(np.eye(p)) + C)
    B = times(C, R)
    own = grown[:, None] * R * grown
    late = bool(largest(C) < 0.5)
    for i in range(p):
        for j in range(p):
            if i != j and late:
                own[i, j] = -grown[i] * grown[j] * B[i, j]
        if late and rates[i] > 0:
            own[i, i] = faded[i] - grown[i] ** 2 * B[i, i]
        else:
            own[i, i] -= positive[wins[i]]
    T = ahead[:, None] * rows.others * root
    mixed = times(T, R) * grown
    E[np.ix_(wins, wins)] = own
    E[np.ix_(rest, wins)] = mixed
    E[np.ix_(wins, rest)] = mixed.T
    E[np.ix_(rest, rest)] = times(T, R, T.T)
    for i in rest:
        E[i, i] -= positive[i]
    return E


def _weight(mu: Any, t: arb) -> arb:
    """W = (e^{2 mu t} - 1) / mu, or 2 t where mu = 0."""
    return 2 * t if mu == 0 else (2 * mu * t).expm1() / mu
