"""One quantity: its name, its unit, how to get it and how to show it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..solvers import from_natural
from ._solved import Solved

if TYPE_CHECKING:
    from ._evaluation import Evaluation

OSCILLATOR, OTHER, BATH = "oscillator", "other_oscillator", "bath"
SHAPE, OTHER_SHAPE = "shape", "other_shape"
"""Dimensions: oscillators l = 1..L, a second index of them, baths in the order of the machine; the shapes of
drives, a second index of them."""
Look = Literal["signed", "positive", "plain", "flags"]


class Line(NamedTuple):
    """How the readable block shows a quantity: one line, or one for each oscillator or bath.

    Attributes:
        label: in front; the number of the oscillator or the name of the bath follows.
        form: of the number, as in `str.format`.
        note: behind it, or how to make that from the evaluation and the whole label.
        undefined: stands for a number that is not defined; None leaves the line out.
    """

    label: str
    form: str = "{: .12e}"
    note: "str | Callable[[Evaluation, str], str]" = ""
    undefined: str | None = "undefined"


class Trust(NamedTuple):
    """Up to where a number is believed.

    Attributes:
        limit: a warning names the machines beyond it.
        advice: what that means and what to do.
        relative: whether the limit counts in units of the modulus of the power.
    """

    limit: float
    advice: str
    relative: bool = False

    def broken(self, values: Any, power: Any) -> Any:
        """Whether these values are beyond the limit."""
        return np.asarray(values) > self.limit * (np.abs(power) if self.relative else 1.0)

    @property
    def beyond(self) -> str:
        """What such a value is."""
        return f"above {self.limit:g}{' of the power' if self.relative else ''}"


@dataclass(frozen=True)
class Quantity:
    """One quantity of a machine, as evaluations, scans, tables and figures know it.

    Attributes:
        name: the JSON key and the netCDF variable.
        long_name: one line.
        of: how it follows from what was solved: an array of the shape (..., *dimensions), or for one machine
            any plain value where it is not `scanned`; by default the number of this name.
        dimensions: some of `OSCILLATOR`, `OTHER` and `BATH`.
        unit: hbar = k_B = m = 1, frequencies in units of omega_A.
        needs: names of the numbers from which it follows; by default its own.
        line: of the readable block, where it has one.
        look: how the figure of a scan draws it: "signed" (zero matters), "positive" (over decades), "plain",
            "flags", or None (not drawn).
        marked: a value that the figure marks.
        flags: the words for its integer values, from `first_flag` on.
        first_flag: the smallest of them.
        scanned: whether scans store it.
        always: whether it means something without a steady state too.
        trust: up to where it is believed.
    """

    name: str
    long_name: str
    of: Callable[[Solved], Any] | None = None
    dimensions: tuple[str, ...] = ()
    unit: str = "1"
    needs: tuple[str, ...] = ()
    line: Line | None = None
    look: Look | None = None
    marked: float | None = None
    flags: tuple[str, ...] = ()
    first_flag: int = 0
    scanned: bool = True
    always: bool = False
    trust: Trust | None = None

    def follows_from(self, known: frozenset[str]) -> bool:
        """Whether the numbers that it needs are known."""
        return known.issuperset(self.needs or (self.name,))

    def values(self, solved: Solved) -> Any:
        """The values of the quantity for one machine or many, in the units of the user."""
        return from_natural(
            solved[self.name] if self.of is None else self.of(solved), solved.exponent, self.unit
        )

    def masked(self, solved: Solved, resolved: NDArray[np.bool_]) -> NDArray[Any]:
        """Values of n machines for a file: NaN or the first flag where a number is not known.

        Args:
            solved: n machines.
            resolved: (n,) which of them have a steady state.
        """
        values = np.asarray(self.values(solved))
        resolved = resolved.reshape(resolved.shape + (1,) * (values.ndim - 1)) | self.always
        if self.flags:
            return np.where(resolved, values, self.first_flag).astype(np.int8)
        return np.where(resolved & np.isfinite(values), values, np.nan)

    def plain(self, solved: Solved) -> Any:
        """The value for one machine as plain Python: numbers, lists, words; None where it is not defined."""
        value = self.values(solved)
        if self.flags:
            return self.flags[int(value) - self.first_flag]
        return _plain(np.asarray(value).tolist()) if self.scanned or isinstance(value, np.ndarray) else value

    def components(self, oscillators: int, baths: tuple[str, ...], shapes: list[str]) -> list[str]:
        """Names of the components along the first dimension; one without a name for a single number."""
        if not self.dimensions:
            return [""]
        if self.dimensions[0] == SHAPE:
            return shapes
        return list(baths) if self.dimensions[0] == BATH else [str(l + 1) for l in range(oscillators)]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if value != value else value
