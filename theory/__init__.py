"""Symbolic derivations, one module a topic. Imports SymPy and nothing else of weight."""
