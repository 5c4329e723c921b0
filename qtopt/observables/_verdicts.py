"""Which uncertainty relations the currents of one machine violate, on the host."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ._current import Current, uncertainty_product
from ._currents import Currents
from ._uncertainty_bounds import BOUNDS, Kind


class Verdict(NamedTuple):
    """One current: its name, kind, Q = D S/X^2 (None at X = 0) and the names of the bounds it violates."""

    name: str
    kind: Kind
    product: float | None
    violated: list[str]


def verdicts(found: Currents, baths: Sequence[str], mode: str) -> list[Verdict]:
    """Judge the power, each local power and, where it has noise, the heat from each bath by `BOUNDS`.

    Args:
        found: the currents of one machine.
        baths: their names.
        mode: operating mode; some bounds speak about engines only.
    """
    parts = [_verdict("power", "power", found.power, (), mode)]
    for l in range(found.local_powers.mean.shape[0]):
        parts.append(_verdict(f"local power {l + 1}", "local power", found.local_powers, l, mode))
    if found.heat_currents is not None:
        for b, name in enumerate(baths):
            parts.append(_verdict(f"heat from {name}", "heat", found.heat_currents, b, mode))
    return parts


def _verdict(name: str, kind: Kind, currents: Current, index: int | tuple[()], mode: str) -> Verdict:
    current = Current(*(np.asarray(part)[index] for part in currents))  # pyright: ignore[reportArgumentType]
    product = float(uncertainty_product(current))
    if not np.isfinite(product):
        return Verdict(name, kind, None, [])
    broken = [b.name for b in BOUNDS if b.concerns(kind, mode) and bool(b.violated(current))]
    return Verdict(name, kind, product, broken)
