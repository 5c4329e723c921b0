"""Compiled programs that a second process does not trace again."""

from ._kept import (
    COUNTS as COUNTS,
    kept_program as kept_program,
)
