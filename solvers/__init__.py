"""Numerics that know no theory: integrators, spectra, growth rates. Never imports SymPy."""
