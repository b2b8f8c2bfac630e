"""`python -m lemmata.verify` is the command `lemmata`."""

from lemmata.verify.cli import main

main()
