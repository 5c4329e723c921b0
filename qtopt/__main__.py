"""`python -m qtopt` is the command line."""

from .cli import main

main()
