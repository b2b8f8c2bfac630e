"""What a claim is, how one is decided, and the catalogue of claims.

The vocabulary of a claim file is in `lemmata.verify.api`.
"""
