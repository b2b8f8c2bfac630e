r"""Eigenvalues of $Y Y^T / n$ for random Y of $\alpha n$ rows and n columns.

Entries are independent, normal and of variance 1. LAPACK does the work, so that nothing is compiled
for the many shapes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lemmata.solvers.aligned import check_count


def spectra(seed: Any, n: int, draws: int, alpha: float) -> np.ndarray:
    r"""The eigenvalues in ascending order, shape `(draws, rows)`, of the $\alpha n$ rows rounded.

    **Arguments:** `seed`: an integer of at least 0, or some. **Raises:** `ValueError` for a width
    or a number of draws that is no positive whole number, or too few rows.
    """
    check_count("n", n)
    check_count("draws", draws)
    rows = round(alpha * n)
    if rows < 1:
        raise ValueError(
            f"alpha={alpha!r} leaves {rows} rows for n={n} columns; take at least {1 / n:.3g}."
        )
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed)))
    Y = rng.standard_normal((draws, rows, n))
    return np.linalg.eigvalsh(Y @ np.moveaxis(Y, 1, 2) / n)


def at_the_ends(eigenvalues: np.ndarray, n: int) -> np.ndarray:
    """The smallest that is not zero for want of columns, and the largest, shape `(draws, 2)`."""
    rows = eigenvalues.shape[-1]
    return eigenvalues[:, [rows - min(rows, n), rows - 1]]


def shares_below(eigenvalues: np.ndarray, x: float) -> np.ndarray:
    """The share of eigenvalues below x, shape `(draws,)`."""
    return np.mean(eigenvalues < x, axis=-1)
