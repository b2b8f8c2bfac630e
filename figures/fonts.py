"""The font of the pictures with the characters that they may need, and nothing else.

A PDF holds the glyphs that it shows, and the time to pick those out goes with all that the font
has: STIX has 3,294 glyphs and tables for setting text, of which no picture needs a third. From
what is picked out once, a picture's glyphs are picked in a quarter of the time. The outlines are
the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from matplotlib import font_manager

from lemmata.figures.formulas import forget

#: the font that comes with matplotlib, and what the reduced one is called
WHOLE, REDUCED = "STIXGeneral", "lemmata text"
#: Latin, Greek, punctuation, raised and lowered digits; letterlike signs, arrows and operators of
#: which texts of claims are made. What else a text has is taken from the whole font.
CHARACTERS = (
    *range(0x20, 0x7F),
    *range(0xA0, 0x100),
    *range(0x391, 0x3D7),
    *range(0x2010, 0x2027),
    *(0x2032, 0x2033, 0x210F, 0x2113, 0x2115, 0x211D, 0x2124, 0x212B),
    *range(0x2070, 0x208F),
    *range(0x2190, 0x2195),
    *range(0x2200, 0x221F),
    *(0x2227, 0x2228, 0x2229, 0x222A, 0x222B, 0x223C, 0x2245, 0x2248),
    *(0x2260, 0x2261, 0x2264, 0x2265, 0x226A, 0x226B, 0x2295, 0x2297, 0x22A4, 0x22C5),
)
#: tables for setting text, which matplotlib can do without
SETTING = ("GDEF", "GPOS", "GSUB", "FFTM")
#: platform and encoding of the one table that says which character has which glyph
UNICODE = (3, 1)


@contextmanager
def reduced_font() -> Iterator[Path]:
    """The reduced font as a file, known to matplotlib as `REDUCED` while this lasts."""
    with TemporaryDirectory(prefix="lemmata-font-") as folder:
        path = Path(folder) / "stix.ttf"
        _reduce(Path(font_manager.findfont(WHOLE, fallback_to_default=False)), path)
        know(path)
        try:
            yield path
        finally:
            known = font_manager.fontManager.ttflist
            known[:] = [one for one in known if one.fname != str(path)]
            forget()


def know(path: Path) -> None:
    """Make a reduced font known to this process's matplotlib."""
    font_manager.fontManager.addfont(path)


def _reduce(whole: Path, path: Path) -> None:
    # With the names of glyphs in the file, none need be made up whenever it is read.
    options = subset.Options(notdef_outline=True, recommended_glyphs=True, glyph_names=True)
    options.drop_tables = [*options.drop_tables, *SETTING]
    with TTFont(whole, recalcTimestamp=False) as font:
        chosen = subset.Subsetter(options)
        chosen.populate(unicodes=CHARACTERS)
        chosen.subset(font)
        tables: list[Any] = font["cmap"].tables
        tables[:] = [one for one in tables if (one.platformID, one.platEncID) == UNICODE]
        for record in font["name"].names:
            if record.nameID in (1, 4, 16):  # the family, and the names that hold it
                record.string = REDUCED
        font.save(path)
