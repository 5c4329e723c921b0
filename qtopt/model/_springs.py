"""Springs between oscillators, as a machine stores them and a file gives them."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np
from jax.core import Tracer
from jax.typing import ArrayLike

from ..errors import InputError
from ..numerics import to_array, xp
from ..schema import AbstractType, Numbers, Scope, wrong

_NUMBERS = Numbers(("L", "L"))


class _Springs(AbstractType):
    """A symmetric list of lists with nothing on the diagonal: one number for each pair of oscillators."""

    numeric = True

    def must(self, scope: Scope) -> str:
        length = scope.size("L")
        size = "one list for each oscillator" if length is None else f"{length} lists of {length} numbers"
        return f"{size}, symmetric, with 0 on the diagonal"

    def read(self, value: object, path: str, scope: Scope) -> Any:
        found = _NUMBERS.read(value, path, scope)
        reason = _fault(found) or ("" if np.array_equal(found, found.T) else TWO)
        if reason:
            raise wrong(path, self.must(scope), value, reason)
        return found

    def plain(self, value: Any) -> object:
        upper = np.triu(np.asarray(value, dtype=float), 1)
        return (upper + upper.T).tolist()

    def schema(self) -> dict[str, Any]:
        return _NUMBERS.schema()

    def entries(self, value: Any) -> Iterator[tuple[int, ...]]:
        """Each spring once, above the diagonal: a spring is one number."""
        yield from itertools.combinations(range(np.shape(value)[-1]), 2)


SPRINGS = _Springs()
TWO = "two numbers of one pair differ"


def to_springs(value: ArrayLike | Sequence[Sequence[float]], oscillators: int) -> jax.Array:
    """The upper triangle of springs, given as a symmetric matrix or as that triangle.

    Raises:
        InputError: not L x L numbers, or numbers that are not symmetric or have a diagonal.
    """
    found = to_array(value)
    if found.shape[-2:] != (oscillators, oscillators):
        raise InputError(
            f"springs must be {oscillators} x {oscillators} numbers, one for each pair of oscillators, but "
            f"their shape is {found.shape}."
        )
    reason = "" if isinstance(found, Tracer) else _fault(np.asarray(found))
    if reason:
        raise InputError(f"springs must be symmetric with nothing on the diagonal, but {reason}.")
    return xp.triu(found, 1)


def _fault(found: np.ndarray) -> str:
    """What is wrong with springs, in a few words; empty where all is well."""
    if np.any(np.diagonal(found, axis1=-2, axis2=-1)):
        return "the diagonal is not 0: it belongs to the frequencies"
    below, above = np.tril(found, -1), np.triu(found, 1)
    return TWO if np.any(below) and not np.array_equal(below, np.swapaxes(above, -1, -2)) else ""
