"""Which part of a job one of several processes does."""

from typing import NamedTuple

from ..errors import InputError


class Share(NamedTuple):
    """Which part of the chunks one of several processes solves: number `number` of `count`, from 1."""

    number: int
    count: int

    @staticmethod
    def read(text: str) -> "Share":
        """Read a share from text such as "2/5", share 2 of 5.

        Raises:
            InputError: it is not of this form, or K is not one of 1 to N.
        """
        number, _, count = text.partition("/")
        if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
            raise InputError(
                f'a share must be K/N, number K of N from 1, but it is "{text}": for example 2/8.'
            )
        return Share(int(number), int(count))

    def has(self, chunk: int) -> bool:
        """Whether chunk number `chunk`, from 0, belongs to it; every one belongs to one share."""
        return chunk % self.count == self.number - 1
