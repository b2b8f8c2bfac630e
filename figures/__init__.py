"""Figures of stored verdicts, one module a paper. Draws results, never fresh numbers."""
