"""Write pixels as PNG, in two thirds of the time of the writer that comes with matplotlib.

That one tries every filter on every line, and keeps the transparency that a picture on white has
none of.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from typing import IO

import numpy as np

#: of compression; with more, twice the time for a sixth of the size
LEVEL = 3
#: bits of a colour, and that there are three and no more
RGB = (8, 2, 0, 0, 0)
INCH = 0.0254


def write_png(file: IO[bytes], pixels: np.ndarray, dpi: float, metadata: Mapping[str, str]) -> None:
    """Pixels in 8 bits, of shape (height, width, at least 3): red, green, blue."""
    height, width = pixels.shape[:2]
    lines = np.zeros((height, 1 + 3 * width), np.uint8)  # in front of each that it has no filter
    lines[:, 1:] = pixels[:, :, :3].reshape(height, -1)
    a_metre = round(dpi / INCH)
    file.write(b"\x89PNG\r\n\x1a\n")
    _chunk(file, b"IHDR", struct.pack(">2I5B", width, height, *RGB))
    _chunk(file, b"pHYs", struct.pack(">2IB", a_metre, a_metre, 1))
    for name, text in metadata.items():
        # The keyword, then: not compressed, in no language, under no other keyword.
        _chunk(file, b"iTXt", name.encode("latin-1") + b"\0" * 5 + text.encode())
    _chunk(file, b"IDAT", zlib.compress(lines.tobytes(), LEVEL))
    _chunk(file, b"IEND", b"")


def _chunk(file: IO[bytes], kind: bytes, data: bytes) -> None:
    body = kind + data
    file.write(struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body)))
