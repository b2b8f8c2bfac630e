"""How every picture looks: at the width of a column, readable in grey and by the colour-blind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl

#: inches: a column of a paper (86 mm)
COLUMN = 3.39

# Okabe and Ito's (Color Universal Design, 2008), the green darker than theirs: its grey would be
# the red's. So all four differ in grey, and are as far apart to the colour-blind as before.
BLUE, ORANGE, GREEN, RED = "#0072b2", "#e69f00", "#00563e", "#d55e00"

SETTINGS: Any = {
    "figure.figsize": (COLUMN, 2.5),
    "figure.dpi": 200,
    # Comes with matplotlib: the same bytes everywhere. Of its fonts with Greek letters the one that
    # is put into a file in the least time.
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 8.5,
    "axes.titlesize": 8.5,
    "axes.titlepad": 3,
    "axes.linewidth": 0.6,
    "axes.formatter.useoffset": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.4,
    "legend.fontsize": 7.5,
    "legend.framealpha": 0.85,
    "lines.linewidth": 1.1,
    "lines.markersize": 3,
    "errorbar.capsize": 1.2,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    # Fonts in the file: as TrueType in PDF, as shapes in SVG, whose reader may not have them.
    "pdf.fonttype": 42,
    # Of this, the PDF writer of matplotlib 3.11 takes how many glyphs one font may hold: with 256,
    # a minus sign would be in a second one, and each is picked out anew.
    "ps.fonttype": 42,
    "svg.fonttype": "path",
    "text.hinting": "none",
    # The same bytes in every run.
    "svg.hashsalt": "lemmata",
}


@contextmanager
def style(*fonts: str) -> Iterator[None]:
    """The settings of every picture, whatever the user's own are; without a screen.

    `fonts`: families to take text from, the first that has a character; STIX where none is given.
    """
    own = {"font.family": list(fonts)} if fonts else {}
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.use("agg")
        with mpl.rc_context(SETTINGS | own):
            yield
