"""`python -m qtopt` is the command line."""

from ._cli import main

main()
