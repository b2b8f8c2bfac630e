"""Roots of a scalar equation with one delay, by Lambert's function."""

import numpy as np
from scipy.special import lambertw


def lambert_roots(a, b, delay, branches=range(-4, 5)):
    """Roots of z = a + b exp(-z delay): z = a + W(b delay exp(-a delay)) / delay."""
    w = [lambertw(b * delay * np.exp(-a * delay), k) for k in branches]
    return np.array([a + np.asarray(branch) / delay for branch in w], dtype=complex)
