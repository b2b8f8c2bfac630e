"""Mathematical claims of papers as executable lemmas: derived, measured, decided."""

__version__ = "0.1.0"
