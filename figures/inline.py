"""The picture of a claim for a web page: a few kilobytes of SVG in the colours of the page.

It shows what `generic` shows, from the same stored points. The page's style gives the classes their
looks: `c` is what is claimed, `e` an error bar, and a point is `g`, `u` or `d` as it agrees, is
unresolved or disagrees; each has a shape of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape

import numpy as np
from matplotlib.ticker import MaxNLocator

from lemmata.figures.comparison import (
    DECADE_AND_A_HALF,
    abscissa,
    at_the_edge,
    deviations,
    drawable,
    is_wide,
)  # fmt: skip
from lemmata.figures.stored import Result

WIDTH, LEFT, RIGHT = 360, 46, 352
#: top and bottom of the panels
ABOVE, BELOW = (18, 118), (146, 206)
MARKS: dict[str, tuple[str, Callable[[str, str], str]]] = {
    "agrees": ("g", lambda x, y: f"M{x} {y}h0"),  # a dot, by round ends
    "unresolved": ("u", lambda x, y: f"M{x} {y}m-3-3h6v6h-6z"),
    "disagrees": ("d", lambda x, y: f"M{x} {y}m-3.5-3.5l7 7m0-7l-7 7"),
}
VERBS = {"agrees": "agree", "disagrees": "disagree"}
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_POWER = re.compile(r"(?<![\w.])(?P<mantissa>\d+(?:\.\d+)?)e(?P<power>[+-]?\d+)\b")
#: of a number, and not between words
_SIGN = re.compile(r"(?<![\w.])-(?=\d)")


@dataclass(frozen=True)
class Scale:
    """From numbers to places on the page: linear, logarithmic, or so beyond ±1 ("symlog")."""

    low: float
    high: float
    start: float
    end: float
    kind: str = "linear"

    def at(self, values: np.ndarray) -> np.ndarray:
        """Places; what lies outside is put on the edge."""
        low, high = self._bent(np.array([self.low, self.high]))
        share = (self._bent(np.asarray(values, dtype=float)) - low) / (high - low)
        return self.start + np.clip(share, 0, 1) * (self.end - self.start)

    def _bent(self, values: np.ndarray) -> np.ndarray:
        if self.kind == "log":
            return np.log10(np.maximum(values, self.low))
        if self.kind == "symlog":
            far = np.maximum(np.abs(values), 1)
            return np.where(np.abs(values) > 1, np.sign(values) * (1 + np.log10(far)), values)
        return values

    def ticks(self, most: int) -> list[float]:
        """A few round numbers on the scale."""
        if self.kind == "linear":
            found = MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(self.low, self.high)
        elif self.kind == "log":
            found = _decades(self.low, self.high, most)
        else:
            powers = np.array([1.0, *_decades(10, max(10, self.high), 2)])
            found = np.concatenate([-powers[::-1], [0.0], powers])
        slack = 1e-9 * (self.high - self.low)
        return [float(one) for one in found if self.low - slack <= one <= self.high + slack]


def _decades(low: float, high: float, most: int) -> np.ndarray:
    first, last = np.ceil(np.log10(low) - 1e-9), np.floor(np.log10(high) + 1e-9)
    if last - first < 1:
        powers = 10.0 ** np.arange(first - 1, last + 1)
        return np.concatenate([powers, 2 * powers, 5 * powers])
    return 10.0 ** np.arange(first, last + 1, max(1, np.ceil((last - first) / most)))


def picture(result: Result) -> str:
    """The picture as an `<svg>` element. **Raises:** `UsageError` if no points are stored."""
    margins = deviations(result)
    height = (BELOW if margins is not None else ABOVE)[1] + 32
    return (
        f'<svg class="fig" role="img" viewBox="0 0 {WIDTH} {height}">'
        f"<title>{escape(result.id)}: claimed and measured</title>"
        f"<desc>{escape(described(result))}</desc>{''.join(_panels(result, margins))}</svg>"
    )


def described(result: Result) -> str:
    """What the picture shows, in words."""
    x, label = abscissa(result)
    agreement = result.column("agreement")
    counts = ((name, int(np.sum(agreement == name))) for name in MARKS)
    told = ", ".join(f"{count} {VERBS.get(name, name)}" for name, count in counts if count)
    spans = (("claimed", result.column("claimed")), ("measured", result.column("value")))
    ranges = "; ".join(f"{name} {_span(values)}" for name, values in spans)
    shown = drawable(result)
    lost = _lost(abscissa(shown)[0], shown.column("value"))
    told += f"; {lost} {at_the_edge(result)}" if lost else ""
    return f"{len(agreement)} points: {told}. Along {label} {_span(x)}; {ranges}."


def _lost(x: np.ndarray, value: np.ndarray) -> int:
    return int(np.sum(~(np.isfinite(x) & np.isfinite(value))))


def _span(values: np.ndarray) -> str:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return "nowhere finite"
    low, high = number(float(finite.min())), number(float(finite.max()))
    return low if low == high else f"from {low} to {high}"


def _panels(result: Result, margins: np.ndarray | None) -> Iterator[str]:
    words = at_the_edge(result)
    result = drawable(result)
    x, label = abscissa(result)
    claimed = result.column("claimed")
    measured = np.stack([result.column(name) for name in ("low", "value", "high")])
    across = scale(x, LEFT + 8, RIGHT - 8, wide=is_wide(x))
    wide = is_wide(np.concatenate([claimed, measured[1]]))
    up = scale(np.concatenate([claimed, *measured]), ABOVE[1], ABOVE[0], wide=wide)
    lost = _lost(x, measured[1])
    yield from _frame(ABOVE, up, f"claimed and measured{f'; {lost} {words}' if lost else ''}")
    yield _claimed(across, up, x, claimed)
    yield from _points(across, up, x, measured, result.column("agreement"), edge=True)
    bottom = ABOVE[1]
    if margins is not None:
        bottom = BELOW[1]
        finite = np.abs(margins[1][np.isfinite(margins[1])])
        reach = 1.2 * max(1.0, finite.max() if len(finite) else 1.0)
        kind = "symlog" if reach > DECADE_AND_A_HALF else "linear"
        beside = Scale(-reach, reach, BELOW[1], BELOW[0], kind)
        yield from _frame(BELOW, beside, "apart, in margins")
        one, other = (_places(beside.at(np.array([side])))[0] for side in (-1, 1))
        yield f'<path class="m" d="M{LEFT} {one}H{RIGHT}M{LEFT} {other}H{RIGHT}"/>'
        yield from _points(across, beside, x, margins, result.column("agreement"))
    for place, text in _marked(across, 5, whole=label == "point"):
        yield f'<text x="{place}" y="{bottom + 13}" text-anchor="middle">{text}</text>'
    middle = (LEFT + RIGHT) // 2
    yield f'<text x="{middle}" y="{bottom + 27}" text-anchor="middle">{escape(label)}</text>'


def scale(values: np.ndarray, start: float, end: float, *, wide: bool) -> Scale:
    """A scale on which all finite values have room."""
    finite = values[np.isfinite(values) & ((values > 0) | (not wide))]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    if wide:
        room = 10 ** (0.04 * (np.log10(high) - np.log10(low)))  # the ratio might overflow
        return Scale(low / room, high * room, start, end, "log")
    room = 0.04 * (high - low) or 0.1 * abs(high) or 1.0
    return Scale(low - room, high + room, start, end)


def _frame(panel: tuple[int, int], up: Scale, title: str) -> Iterator[str]:
    top, bottom = panel
    yield f'<path class="x" d="M{LEFT} {top}V{bottom}H{RIGHT}"/>'
    yield f'<text x="{LEFT}" y="{top - 6}">{title}</text>'
    for place, text in _marked(up, 4):
        yield f'<path class="t" d="M{LEFT} {place}H{RIGHT}"/>'
        yield f'<text x="{LEFT - 4}" y="{place}" dy=".35em" text-anchor="end">{text}</text>'


def _marked(scale: Scale, most: int, *, whole: bool = False) -> list[tuple[str, str]]:
    values = [value for value in scale.ticks(most) if not whole or value == round(value)]
    texts = [number(value) for value in values]
    if len(set(texts)) < len(texts):  # they differ beyond the digits that are shown
        texts = [f"{value:.8g}".replace("-", "−") for value in values]
    return list(zip(_places(scale.at(np.array(values))), texts, strict=True))


def number(value: float) -> str:
    """A number on an axis.

    >>> number(1e-05), number(0.25), number(-3e7)
    ('10⁻⁵', '0.25', '−3·10⁷')
    """
    return written(f"{value:.4g}")


def written(text: str) -> str:
    """Words with their numbers as they are written by hand.

    >>> written("1e-09 relative, -2.5e+20; a 2-cycle")
    '10⁻⁹ relative, −2.5·10²⁰; a 2-cycle'
    """

    def power(found: re.Match[str]) -> str:
        ten = f"10{str(int(found['power'])).translate(SUPERSCRIPTS)}"
        return ten if found["mantissa"] == "1" else f"{found['mantissa']}·{ten}"

    return _SIGN.sub("−", _POWER.sub(power, text))


def _claimed(across: Scale, up: Scale, x: np.ndarray, claimed: np.ndarray) -> str:
    seen = np.isfinite(x) & np.isfinite(claimed)
    x, claimed = x[seen], claimed[seen]
    order = np.argsort(x, kind="stable")
    pairs = np.unique(np.stack([x, claimed]), axis=1)
    if 1 < pairs.shape[1] == len(np.unique(x)):
        places = zip(_places(across.at(pairs[0])), _places(up.at(pairs[1])), strict=True)
        line = "L".join(f"{a} {b}" for a, b in places)
        return f'<path class="c" d="M{line}"/>'
    # Other parameters vary too, or there is but one point: no curve.
    places = zip(_places(across.at(x[order]) - 5), _places(up.at(claimed[order])), strict=True)
    return f'<path class="c" d="{"".join(f"M{a} {b}h10" for a, b in places)}"/>'


def _points(
    across: Scale, up: Scale, x: np.ndarray, measured: np.ndarray, agreement: np.ndarray,
    *, edge: bool = False,
) -> Iterator[str]:  # fmt: skip
    """Marks and bars; `edge`: also of what is not finite, infinity on its side, others below."""
    if edge:
        x = np.where(np.isnan(x), across.low, x)
        measured = np.where(np.isnan(measured), up.low, measured)
    low, value, high = measured
    for name, (letter, mark) in MARKS.items():
        here = (agreement == name) & ~np.isnan(value) & ~np.isnan(x)
        here &= edge | (np.isfinite(value) & np.isfinite(x))
        if not here.any():
            continue
        places = _places(across.at(x[here]))
        ends = [
            _places(up.at(np.where(_seen(end, value)[here], end[here], value[here])))
            for end in (low, high)
        ]
        arms = zip(places, *ends, strict=True)
        bars = "".join(f"M{a} {b}V{c}" for a, b, c in arms if abs(float(b) - float(c)) > 1)
        if bars:
            yield f'<path class="e {letter}" d="{bars}"/>'
        dots = zip(places, _places(up.at(value[here])), strict=True)
        yield f'<path class="{letter}" d="{"".join(mark(a, b) for a, b in dots)}"/>'


def _seen(end: np.ndarray, value: np.ndarray) -> np.ndarray:
    return np.isfinite(end) & np.isfinite(value)


def _places(values: np.ndarray) -> list[str]:
    return [f"{value:.1f}".removesuffix(".0") for value in values]
