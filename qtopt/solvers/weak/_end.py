"""What the end of the rational coth may leave in heat currents between memoryless baths."""

from jaxtyping import Array, Float

from ...model import AbstractDrive, Machine, state_space
from ...numerics import xp

END = 1e10
"""of the rational coth, in temperatures"""


def heat_beyond_the_end(machine: Machine, drive: AbstractDrive) -> Float[Array, ""]:
    """The heat per time that sums over poles may be off by; 0 where at most one bath is memoryless.

    Beyond the end E the integrand falls as ``gamma_b gamma_c (1 + (r/E)^2 + (r/E)^4 + ...)/w`` with the
    fastest rate r of the machine; the first two terms are taken off exactly. It works under jit and vmap.

    Source: theory (4.16).
    """
    driven = xp.sum(drive.mean_square())
    squares = [driven if bath.driven else xp.sum(bath.coupling**2) for bath in machine.baths]
    frictions = [bath.spectral_density.expansion().viscosity for bath in machine.baths]
    sizes = [square * friction for square, friction in zip(squares, frictions, strict=True)]
    pairs = [sizes[b] * sizes[c] for c in range(len(sizes)) for b in range(c)]
    rate = xp.max(xp.sum(xp.abs(state_space(machine).dynamics), axis=1))
    left = (rate / (END * xp.min(machine.temperatures))) ** 4
    largest = xp.max(xp.stack(pairs))
    return xp.where(largest > 0.0, largest * left, 0.0)
