"""What every solver can be asked."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Self

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from ...errors import InputError
from ...model import AbstractDrive, Machine, is_mixed
from ._fluctuations import Fluctuations
from ._steady_state import AbstractSteadyState

Each = Callable[..., Any]
"""Maps a function of one machine over many, on all devices."""


def check_size(machine: Machine, drive: AbstractDrive) -> None:
    """Raise `InputError` for a drive of another number of oscillators."""
    if drive.size != machine.size:
        raise InputError(
            f"a drive must have one shape per oscillator ({machine.size}), but it has {drive.size}."
        )


def check_jumps(machine: Machine, drive: AbstractDrive) -> None:
    """Raise `InputError` for a drive that jumps and couples a memoryless bath: theory (2.13)."""
    for bath in machine.driven_baths if drive.steps else ():
        memoryless = not bath.spectral_density.has_memory()
        if memoryless or is_mixed(bath):
            part = "memoryless" if memoryless else "memoryless in part"
            raise InputError(
                f"a drive that jumps must couple a bath with memory, but bath {bath.name!r} is {part}, "
                "where a jump costs infinite power: use a Drude cut-off or a smooth drive."
            )


class AbstractSolver(eqx.Module):
    """A theory of the periodic steady state, with its settings.

    A new solver is one final subclass. All settings are static fields: solvers with equal settings share
    compiled programs. `steady_state`, `fluctuations`, `status` and `phase_space_covariance` can be
    traced (`jax.jit`, `jax.vmap`, `jax.grad`) once the settings are settled; the other methods run on the
    host.

    Source: theory, sections 2, 3 and 5.
    """

    family: ClassVar[str] = "solver"
    kind: eqx.AbstractClassVar[str]
    """Name of the solver in configuration files."""
    provides: eqx.AbstractClassVar[frozenset[str]]
    """Names of the quantities that it gives beside those of `AbstractSteadyState`."""
    quadratic: eqx.AbstractClassVar[bool]
    """Whether currents are quadratic forms in the harmonics of the drive, so that fronts can be certified."""
    driven_baths_damp: ClassVar[bool] = False
    """Whether driven baths damp motions that no static bath damps."""
    cost: eqx.AbstractClassVar[int]
    """Time that one steady state takes, in units of what the weak solver takes: for the size of batches."""

    on_host: ClassVar[bool] = False
    """Whether its formulas, written with `qtopt.numerics.xp`, also run on NumPy arrays, without compiling."""

    def takes_drives(self, machine: Machine) -> bool:
        """Whether on NumPy arrays its results are also those of many drives, which begin with an axis."""
        return False

    @abstractmethod
    def check(self, machine: Machine, drive: AbstractDrive) -> None:
        """Raise `InputError` where the machine or the drive is outside the theory, whatever its numbers."""

    def check_baths(self, machine: Machine) -> None:
        """Raise `InputError` where the theory has no answer for such baths, whatever the drive is."""

    @abstractmethod
    def check_fluctuations(self, machine: Machine, drive: AbstractDrive) -> None:
        """Raise `InputError` where `check` does or where the theory gives no fluctuations."""

    @abstractmethod
    def steady_state(self, machine: Machine, drive: AbstractDrive) -> AbstractSteadyState:
        """The periodic steady state."""

    @abstractmethod
    def fluctuations(self, machine: Machine, drive: AbstractDrive) -> Fluctuations:
        """Variance rates of the currents in the periodic steady state."""

    @abstractmethod
    def finite_momenta(self, machine: Machine) -> bool:
        """Whether the momenta have a finite variance: no strictly Ohmic bath acts on them."""

    @abstractmethod
    def phase_space_covariance(
        self, machine: Machine, drive: AbstractDrive, state: AbstractSteadyState
    ) -> Float[Array, "K 2L 2L"]:
        """<{r, r}>/2 of r = (x_1..x_L, p_1..p_L) at K times of a period (1 where it does not change)."""

    def settled(self, machine: Machine, drive: AbstractDrive) -> Self:
        """This solver with every setting that was left open chosen for the numbers of this machine."""
        return self

    def for_search(self) -> Self:
        """A solver that is cheaper and a little less accurate, for searches that ask it many times."""
        return self

    def for_error(self) -> Self:
        """A settled solver, as good, that discretises otherwise: their difference tells the error."""
        return self

    def settled_each(
        self, count: int, drive: AbstractDrive, each: Each
    ) -> Iterator[tuple[Self, NDArray[np.int64]]]:
        """Settled solvers, each with the positions of those of many machines that it suits.

        Args:
            count: how many machines there are.
            drive: any of their drives: their structure is one, whatever their numbers.
            each: function -> its results for every machine, (count, ...); it is traced.
        """
        yield self, np.arange(count)

    def status(self, machine: Machine, drive: AbstractDrive, state: AbstractSteadyState) -> Int[Array, ""]:
        """A position in `STATUSES`: at least as strict as that of the state."""
        return state.status

    def verify(self, machine: Machine, drive: AbstractDrive, state: AbstractSteadyState) -> None:
        """Raise `InputError` where `status` is not 0."""
        state.check()

    def derived(
        self,
        each: Each,
        machines: Machine,
        drives: AbstractDrive,
        eigenvalues: NDArray[Any],
        eigenvectors: NDArray[Any],
    ) -> dict[str, NDArray[Any]]:
        """What it provides by way of the eigenvalues of the static dynamics, by name, (n, ...) each.

        Args:
            each: (function, *inputs) -> the results of a function of one machine for every one.
            machines, drives: of n machines, with a leading axis (n,).
            eigenvalues: (n, d).
            eigenvectors: (n, d, d), the columns.
        """
        return {}

    def with_more_digits(
        self, machine: Machine, drive: AbstractDrive, state: AbstractSteadyState
    ) -> AbstractSteadyState:
        """A state of one machine with more digits, where there is a way on the host."""
        return state
