"""A quantum thermal machine: harmonic oscillators and the baths they are coupled to."""

from collections.abc import Sequence
from typing import Literal

import equinox as eqx
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from ..errors import InputError
from ..numerics import to_array, xp
from ..schema import Shown, Table, in_units, parameter, show
from ._bath import Bath
from ._springs import SPRINGS, to_springs

Configuration = Literal["joint", "independent"]


class Machine(Shown, eqx.Module):
    """L oscillators coupled bilinearly to bosonic baths (hbar = k_B = m = 1).

    Attributes:
        frequencies: (L,) omega_l > 0.
        baths: the baths, driven and static, in the order in which results list them.
        configuration: "joint", all oscillators share the baths, or "independent", every oscillator has its
            own copy of every bath (all results are then sums over single-oscillator machines).
        springs: (L, L) spring constants between the oscillators, the potential ``1/2 sum springs_lm x_l x_m``
            beside their own, given as a symmetric matrix; kept is its upper triangle. None: no springs.
            Springs join the oscillators to one machine, whose baths are shared.

    Raises:
        InputError: no bath, couplings of a wrong length, an unknown configuration, springs that are not
            symmetric, have a diagonal, or stand between oscillators with baths of their own.

    Source: theory (1.1), (1.10), (1.22) and (13.1).
    """

    frequencies: Float[Array, " L"] = parameter(help="omega_l", unit="frequency", positive=True)
    configuration: Configuration = parameter(
        help="joint: the oscillators share the baths; independent: each has its own copy of every bath",
        static=True,
    )
    baths: tuple[Bath, ...] = parameter(
        help="the baths", must="a list of tables, one [[machine.baths]] for each bath"
    )
    springs: Float[Array, "L L"] | None = parameter(
        help="spring constants between oscillators", unit="frequency^2", type=SPRINGS, default=None
    )

    def __init__(
        self,
        frequencies: ArrayLike | Sequence[float],
        baths: Sequence[Bath],
        configuration: Configuration = "joint",
        springs: ArrayLike | Sequence[Sequence[float]] | None = None,
    ) -> None:
        self.frequencies = to_array(frequencies)
        self.springs = None if springs is None else to_springs(springs, self.size)
        self.baths = tuple(_for_each(bath, self.size) for bath in baths)
        self.configuration = configuration

    def __check_init__(self) -> None:
        if self.configuration not in ("joint", "independent"):
            raise InputError(
                f'configuration must be "joint" or "independent", but it is {self.configuration!r}.'
            )
        for bath in self.static_baths:
            shape = getattr(bath.coupling, "shape", None)
            if shape is not None and shape[-1:] != (self.size,):
                raise InputError(
                    f"the coupling of bath {bath.name!r} must have one number per oscillator ({self.size}), "
                    f"but its shape is {shape}."
                )
        if not self.baths:
            raise InputError("a machine must have at least one bath, but it has none: add a bath.")
        if self.springs is not None and self.configuration != "joint":
            raise InputError(
                'springs need the configuration "joint", but it is "independent": for private baths, couple '
                "each bath to one oscillator, such as coupling = [1, 0]."
            )

    @property
    def size(self) -> int:
        """Number of oscillators L."""
        return self.frequencies.shape[-1]

    @property
    def stiffness(self) -> Float[Array, "L L"]:
        """(L, L) V of the potential ``x^T V x/2``: omega_l^2 on the diagonal, springs beside it.

        Source: theory (13.1).
        """
        own = xp.diag(self.frequencies**2)
        if self.springs is None:
            return own
        return own + self.springs + self.springs.T

    @property
    def driven_baths(self) -> tuple[Bath, ...]:
        """Baths whose coupling follows the drive."""
        return tuple(bath for bath in self.baths if bath.driven)

    @property
    def static_baths(self) -> tuple[Bath, ...]:
        """Baths with constant coupling."""
        return tuple(bath for bath in self.baths if not bath.driven)

    @property
    def temperatures(self) -> Float[Array, " B"]:
        """(B,) temperatures in the order of the baths."""
        return xp.stack([bath.temperature for bath in self.baths])

    def in_units(self, unit: float) -> "Machine":
        """The same machine with every frequency and temperature multiplied by `unit`."""
        return in_units(self, unit)

    def groups(self) -> NDArray[np.int64]:
        """(C, l) indices of the oscillators in every group that shares its baths; static.

        All L oscillators are one group of a joint machine; an independent one has L groups of one. Nothing
        else tells the two configurations apart.
        """
        oscillators = np.arange(self.size)
        return oscillators[None] if self.configuration == "joint" else oscillators[:, None]

    def membership(self) -> NDArray[np.bool_]:
        """(C, L) which oscillators are in which group."""
        return np.any(self.groups()[:, :, None] == np.arange(self.size), axis=1)

    def sharing(self) -> NDArray[np.bool_]:
        """(L, L) whether two oscillators share their baths."""
        member = self.membership()
        return member.T @ member

    def part(self, oscillators: Int[Array, " l"]) -> "Machine":
        """The machine of these oscillators, which share their baths; springs are within one group only."""
        baths = tuple(
            bath
            if bath.driven
            else eqx.tree_at(lambda b: b.coupling, bath, xp.take(bath.coupling, oscillators, axis=0))
            for bath in self.baths
        )
        springs = self.springs
        if springs is not None:
            springs = xp.take(xp.take(springs, oscillators, axis=0), oscillators, axis=1)
        return Machine(xp.take(self.frequencies, oscillators, axis=0), baths, "joint", springs)

    def with_configuration(self, configuration: Configuration) -> "Machine":
        """The same machine with shared ("joint") or private ("independent") baths."""
        return Machine(self.frequencies, self.baths, configuration, self.springs)

    def remarks(self) -> list[str]:
        """What a reader of any result should know of the baths, such as a table that its fit misses."""
        each = ((bath.name, remark) for bath in self.baths for remark in bath.spectral_density.remarks())
        return [f"bath {name!r}: {remark}" for name, remark in each]

    def check_table(self, table: Table) -> None:
        """Raise `InputError` where a file names two baths alike."""
        path, first = table.at("baths"), {}
        for i, bath in enumerate(self.baths):
            if bath.name in first:
                must = f"different from `{path}[{first[bath.name]}].name`"
                raise InputError(f"`{path}[{i}].name` must be {must}; got {show(bath.name)} for both")
            first[bath.name] = i


def _for_each(bath: Bath, oscillators: int) -> Bath:
    """A single coupling becomes one number per oscillator."""
    if bath.driven or getattr(bath.coupling, "shape", None) != ():
        return bath
    return eqx.tree_at(lambda b: b.coupling, bath, xp.broadcast_to(bath.coupling, (oscillators,)))
