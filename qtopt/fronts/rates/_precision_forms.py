"""Work, its noise and the entropy production rate as quadratic forms in the drive's harmonics."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ...errors import InputError
from ...model import AbstractDrive, Machine
from ...solvers.weak import kernels, noise_kernel
from ._forms import Table, forms_at, in_chunks, packed, tabulate, total_of, unpacked
from ._rates import Model, Rates


class PrecisionForms(NamedTuple):
    """Hermitian forms of one output at driving frequencies nu, ``X = sum_n g_n^dagger extracted g_n`` etc.

    The output is the work extracted through one oscillator, or through all. Shapes (..., L, L).

    Attributes:
        extracted: of the extracted power X.
        noise: of its variance rate D.
        entropy: of the entropy production rate S.
    """

    extracted: Complex[Array, "*batch L L"]
    noise: Complex[Array, "*batch L L"]
    entropy: Complex[Array, "*batch L L"]

    def rates(self, amplitudes: Complex[Array, "n L"]) -> tuple[Array, Array, Array]:
        """(X, D, S) of a drive with Fourier coefficients g_n, n = 0..N, from the forms at n Omega."""
        extracted, noise, entropy = (total_of(form, amplitudes) for form in self)
        return extracted, noise, entropy


def precision_forms(machine: Machine, output: int | None, nu: Float[Array, " K"]) -> PrecisionForms:
    """The forms at driving frequencies nu > 0, straight from the kernels; differentiable in the machine."""
    work, _ = jax.lax.map(lambda value: kernels(machine, value), nu, batch_size=32)
    at = noise_kernel(machine)
    noise = jax.lax.map(at, nu, batch_size=32) * (nu**2)[:, None, None]
    total = jnp.sum(work, axis=1)
    if output is not None:
        row = (jnp.arange(machine.size) == output)[:, None]
        total, noise = total * row, noise * (row & row.T)
    _, entropy = forms_at(machine, nu)
    hermitian = (total + jnp.conj(jnp.swapaxes(total, -1, -2))) / 2.0
    return PrecisionForms(-hermitian, noise, entropy)


class PrecisionModel(Model):
    """(X, D, S) of one output in the weak theory, from tabulated forms.

    Attributes:
        table: extracted, noise and entropy forms.
        harmonics: kept harmonics.
    """

    table: Table
    harmonics: int = eqx.field(static=True)

    def forms(self, frequency: Float[Array, ""]) -> PrecisionForms:
        """Forms at n Omega, n = 0..N; shapes (N+1, L, L)."""
        found = self.table.at(frequency)
        return PrecisionForms(*(unpacked(found[:, i]) for i in range(3)))

    def rates(self, drive: AbstractDrive) -> Rates:
        return self.forms(drive.frequency).rates(drive.harmonics(self.harmonics))


_compiled_forms = eqx.filter_jit(precision_forms)


def precision_model(
    machine: Machine,
    output: int | None,
    frequency: tuple[float, float],
    harmonics: int,
    tolerance: float = 1e-10,
    at_once: int | None = None,
) -> PrecisionModel:
    """Tabulate the forms of one output for drive frequencies in the closed range `frequency`.

    Args:
        machine: one driven bath, static baths at one temperature.
        output: the oscillator through which work is extracted, from 0, or None for all.
        frequency: (low, high).
        harmonics: kept harmonics.
        tolerance: of the table, relative to the largest entry.
        at_once: see `Model`.

    Raises:
        InputError: more than one driven bath, or static baths at different temperatures.
    """
    if len(machine.driven_baths) != 1:
        raise InputError(
            f"a precision front needs exactly one driven bath, but the machine has "
            f"{len(machine.driven_baths)}: make the others static."
        )
    if len({float(bath.temperature) for bath in machine.static_baths}) != 1:
        raise InputError(
            "a precision front needs all static baths at one temperature, but they are at "
            f"{[float(bath.temperature) for bath in machine.static_baths]}: use one temperature."
        )

    def evaluate(nu: np.ndarray) -> np.ndarray:
        # At nu = 0 nothing works; a small frequency avoids the meeting of two poles there.
        shifted = np.maximum(nu, 1e-6 * frequency[0])
        return in_chunks(
            lambda part: [packed(np.asarray(f)) for f in _compiled_forms(machine, output, part)], shifted
        )

    span = (0.0, frequency[1] * harmonics * (1.0 + 1e-9))
    return PrecisionModel(tabulate(evaluate, span, harmonics, tolerance), harmonics, at_once=at_once)
