"""What the end of the rational coth may leave in heat currents."""

from jaxtyping import Array, Float

from ...model import AbstractDrive, Machine, PoleExpansion, state_space
from ...numerics import xp
from ._series import mean_square_of

END = 9e10
"""of the rational coth, in temperatures, for the first terms that are not taken off: int (coth - R)/w^5"""


def tail_of(expansion: PoleExpansion) -> Float[Array, ""]:
    """c of J(w) = viscosity w + c/w + ... at large w: theory (1.15)."""
    return xp.sum(expansion.residues).imag


def heat_beyond_the_end(machine: Machine, drive: AbstractDrive) -> Float[Array, ""]:
    """The heat per time that sums over poles may be off by.

    Beyond the end E two baths exchange ``(gamma_b + c_b/w^2) (gamma_c + c_c/w^2) [1 + (r/w)^2 + ...]/w``
    with the fastest rate r of the machine and the drive; the first two orders are taken off exactly, but for
    the commutator of the dampings of several static baths. It works under jit and vmap.

    Source: theory (4.16).
    """
    driven = xp.sum(mean_square_of(drive), axis=-1)
    squares = [driven if bath.driven else xp.sum(bath.coupling**2) for bath in machine.baths]
    expansions = [bath.spectral_density.expansion() for bath in machine.baths]
    end = END * xp.min(machine.temperatures)
    frictions = [size * found.viscosity for size, found in zip(squares, expansions, strict=True)]
    tails = [size * xp.abs(tail_of(found)) / end**2 for size, found in zip(squares, expansions, strict=True)]
    drift = drive.frequency / end
    rate = xp.max(xp.sum(xp.abs(state_space(machine).dynamics), axis=1)) / end
    turning = drift * rate if len(machine.static_baths) > 1 else 0.0
    square = rate**2 + drift**2

    def left(b: int, c: int) -> Array:
        parts = (
            (frictions[b] * frictions[c], square**2 + turning),
            (frictions[b] * tails[c] + tails[b] * frictions[c], square),
            (tails[b] * tails[c], 1.0),
        )
        return xp.sum(xp.stack([xp.where(size > 0.0, size * factor, 0.0) for size, factor in parts]), axis=0)

    count = len(machine.baths)
    return xp.max(xp.stack([left(b, c) for c in range(count) for b in range(c)]), axis=0)
