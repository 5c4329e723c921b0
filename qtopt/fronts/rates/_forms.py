"""Output, its noise and entropy production as quadratic forms in the drive's harmonics."""

import itertools
from abc import abstractmethod
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Int

from ...errors import InputError
from ...model import AbstractDrive, FourierSeries, Machine
from ...numerics import on_device, on_host, xp
from ...programs import kept_program
from ...solvers.base import computed, to_numpy, written_for_numpy
from ...solvers.weak import NEAR_ZERO, kernels, noise_kernels
from ._chebyshev import chebyshev, packed, packed_pairs, tabulate, unpacked
from ._output import Output
from ._rates import AbstractRates, Rates

CHUNK = 128
"""Frequencies in one call of the kernels."""
SMALL = 2
"""Of oscillators that share their baths: tables of larger groups are compiled, which NumPy would take longer
for than a program for thousands of frequencies."""
TOLERANCE, NOISY_TOLERANCE = 1e-12, 1e-10
"""Of the tables relative to their largest entries, without and with noise."""


def total_of(forms: Complex[Array, "F n L L"], amplitudes: Complex[Array, "n L"]) -> Float[Array, " F"]:
    """The rates ``sum_n g_n^dagger form_n g_n`` over all n of either sign, from n = 0..N."""
    weights = jnp.asarray(FourierSeries.one_sided(amplitudes).weights)
    image = jnp.sum(forms * amplitudes[:, None, :], axis=-1)
    return jnp.sum(weights[:, None] * (jnp.conj(amplitudes) * image).real, axis=(-2, -1))


class AbstractForms(eqx.Module):
    """Rates of a machine in the weak theory as Hermitian forms W_n at the harmonic frequencies n Omega.

    Each rate is ``sum_n g_n^dagger W_n g_n`` over all n. There are F of them, in this order: the output X,
    where it is wanted its variance rate D, and last the entropy production rate S.

    Attributes:
        kept_harmonics: the number N of harmonics whose forms there are, which are all that count.

    Source: theory (9.1), (9.2).
    """

    kept_harmonics: int = eqx.field(static=True)

    @abstractmethod
    def at(self, drive_frequency: Float[Array, ""]) -> Complex[Array, "F n L L"]:
        """The forms at n Omega, n = 0..N."""

    def rates(
        self, drive_frequency: Float[Array, ""], amplitudes: Complex[Array, "n L"]
    ) -> Float[Array, " F"]:
        """The rates of a drive with these harmonics n = 0..N."""
        return total_of(self.at(drive_frequency), amplitudes)

    @abstractmethod
    def expanded(self, drive_frequency: Float[Array, ""]) -> Float[Array, "3 F n LL"]:
        """The forms and their first two derivatives with respect to Omega, entries as in `packed`."""

    @abstractmethod
    def read(self, harmonic_frequency: np.ndarray) -> np.ndarray:
        """The forms (F, ..., L, L) at harmonic frequencies nu (...), on the host: at those there are."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Number of oscillators L."""

    @property
    @abstractmethod
    def edges(self) -> np.ndarray:
        """Rising harmonic frequencies between which the forms are smooth; none for a fixed frequency."""

    def series(self, drive_frequencies: np.ndarray) -> np.ndarray:
        """The forms (F, G, N+1, L, L) at n Omega, n = 0..N, for G drive frequencies, on the host."""
        return self.read(np.asarray(drive_frequencies)[:, None] * np.arange(self.kept_harmonics + 1))


class FixedForms(AbstractForms):
    """The forms at one drive frequency, computed once, whatever frequency is asked for.

    `at` gives those of this Omega, and `read` those of the nearest of its harmonics.

    Attributes:
        forms: at n Omega.
        drive_frequency: Omega.
    """

    forms: Complex[Array, "F n L L"]
    drive_frequency: float = eqx.field(static=True)

    def at(self, drive_frequency: Float[Array, ""]) -> Complex[Array, "F n L L"]:
        return self.forms

    def expanded(self, drive_frequency: Float[Array, ""]) -> Float[Array, "3 F n LL"]:
        value = packed(self.forms)
        return jnp.stack([value, jnp.zeros_like(value), jnp.zeros_like(value)])

    def read(self, harmonic_frequency: np.ndarray) -> np.ndarray:
        return np.asarray(self.forms)[:, np.rint(harmonic_frequency / self.drive_frequency).astype(int)]

    @property
    def size(self) -> int:
        return self.forms.shape[-1]

    @property
    def edges(self) -> np.ndarray:
        return np.zeros(0)


class TabulatedForms(AbstractForms):
    """Forms as piecewise Chebyshev polynomials in nu = n Omega.

    The kernels are smooth in nu on the scale of the linewidths, so a table of some hundred panels is as
    good as the kernels themselves at a thousandth of the cost. Searches and certificates use it: reported
    numbers come from the solver.

    Attributes:
        panels: (M+1,) edges in nu, see `tabulate`.
        coefficients: (M, D, F, L^2) of the Chebyshev polynomials of each degree below D.
        highest: nu at which the table ends.
    """

    panels: Float[Array, " M1"]
    coefficients: Float[Array, "M D F LL"]
    highest: Float[Array, ""]

    @staticmethod
    def of(
        evaluate: Callable[[np.ndarray], np.ndarray], highest: float, kept_harmonics: int, tolerance: float
    ) -> "TabulatedForms":
        """The table of ``evaluate(nu (K,)) -> (F, K, L, L)`` up to nu = `highest`."""
        edges, coefficients = tabulate(evaluate, highest, tolerance)
        edges, coefficients, highest_nu = on_device((edges, coefficients, np.asarray(highest)))
        return TabulatedForms(kept_harmonics, edges, coefficients, highest_nu)

    def at(self, drive_frequency: Float[Array, ""]) -> Complex[Array, "F n L L"]:
        return unpacked(self._look_up(drive_frequency))

    def rates(
        self, drive_frequency: Float[Array, ""], amplitudes: Complex[Array, "n L"]
    ) -> Float[Array, " F"]:
        # First-order expansion about the frequency itself: the same value and gradient, but reverse mode
        # then needs one sum with the slope instead of a pass back through the recurrence.
        fixed = jax.lax.stop_gradient(drive_frequency)
        value, slope = jax.jvp(self._look_up, (fixed,), (jnp.ones_like(fixed),))
        weights = jnp.asarray(FourierSeries.one_sided(amplitudes).weights)
        pairs = (weights[:, None] * packed_pairs(amplitudes)).ravel()
        rise = jax.lax.stop_gradient(slope.reshape(slope.shape[0], -1) @ pairs)
        return value.reshape(value.shape[0], -1) @ pairs + rise * (drive_frequency - fixed)

    def expanded(self, drive_frequency: Float[Array, ""]) -> Float[Array, "3 F n LL"]:
        one = jnp.ones_like(drive_frequency)
        (value, slope), (_, curvature) = jax.jvp(
            lambda at: jax.jvp(self._look_up, (at,), (one,)), (drive_frequency,), (one,)
        )
        return jnp.stack([value, slope, curvature])

    def _look_up(self, drive_frequency: Float[Array, ""]) -> Float[Array, "F n LL"]:
        nu = drive_frequency * jnp.arange(self.kept_harmonics + 1)
        panel = self._panel(nu)
        basis = chebyshev(nu, self.panels[panel], self.panels[panel + 1])
        table = self.coefficients[panel]
        total = basis[0][:, None, None] * table[:, 0]
        for degree in range(1, len(basis)):
            total = total + basis[degree][:, None, None] * table[:, degree]
        return jnp.swapaxes(total, 0, 1)

    def _panel(self, nu: Float[Array, " n"]) -> Int[Array, " n"]:
        """The panel of each nu by bisection without a loop, which would cost a GPU more than all the rest."""
        panel, last = jnp.zeros(nu.shape, dtype=int), self.panels.shape[0] - 2
        for bit in reversed(range(last.bit_length())):
            higher = jnp.minimum(panel + (1 << bit), last)
            panel = jnp.where(self.panels[higher] <= nu, higher, panel)
        return panel

    def read(self, harmonic_frequency: np.ndarray) -> np.ndarray:
        edges, flat = np.asarray(self.panels), np.ravel(harmonic_frequency)
        panels, degrees, *entries = self.coefficients.shape
        coefficients = np.asarray(self.coefficients).reshape(panels, degrees, -1)
        panel = np.clip(np.searchsorted(edges, flat, side="right") - 1, 0, panels - 1)
        # One product of matrices for each panel: gathering the coefficients of every frequency takes longer.
        order = np.argsort(panel, kind="stable")
        nu, panel = flat[order], panel[order]
        basis, values = np.empty((degrees, len(flat))), np.empty((coefficients.shape[2], len(flat)))
        chebyshev(nu, edges[panel], edges[panel + 1], basis)
        for begin, end in itertools.pairwise(np.flatnonzero(np.diff(panel, prepend=-1, append=-1))):
            np.matmul(coefficients[panel[begin]].T, basis[:, begin:end], out=values[:, begin:end])
        values = values[:, np.argsort(order)].reshape(*entries, *np.shape(harmonic_frequency))
        return unpacked(np.moveaxis(values, 1, -1))

    @property
    def size(self) -> int:
        return round(self.coefficients.shape[-1] ** 0.5)

    @property
    def edges(self) -> np.ndarray:
        edges = np.asarray(self.panels)
        return edges[edges <= float(self.highest)]


class FormRates(AbstractRates):
    """The rates of a drive from quadratic forms: (X, S), or (X, D, S).

    Attributes:
        forms: the harmonics of a drive that they know are those that count.
    """

    forms: AbstractForms

    def rates(self, drive: AbstractDrive) -> Rates:
        return tuple(self.forms.rates(drive.frequency, drive.harmonics(self.forms.kept_harmonics)))


def forms_at(
    machine: Machine, output: Output, nu: Float[Array, " K"], noise: bool
) -> Complex[Array, "F K L L"]:
    """The forms at harmonic frequencies nu, straight from the kernels; differentiable in the machine.

    Args:
        machine: one driven bath, static baths at one temperature.
        output: what X is.
        nu: above 0 where `noise` is wanted.
        noise: whether the variance rate of X is among the forms.
    """
    if on_host(nu, *jax.tree.leaves(machine)):
        work, heat = kernels(machine, nu)
    else:
        work, heat = jax.lax.map(lambda value: kernels(machine, value), nu, batch_size=32)
    static = xp.stack([bath.temperature for bath in machine.static_baths])[:, None, None]
    entropy = xp.sum((work + heat) / static - heat / machine.driven_baths[0].temperature, axis=1)
    entropy = (entropy + xp.conj(xp.swapaxes(entropy, -1, -2))) / 2.0
    forms = [output.form(xp.sum(work, axis=1), entropy), entropy]
    if noise:
        variance = noise_kernels(machine, nu, batch=32)[0] * (nu**2)[:, None, None]
        forms.insert(1, output.noise_form(variance))
    return xp.stack(forms)


_compiled = kept_program(forms_at)


def one_driven_bath(machine: Machine) -> None:
    """Raise InputError unless exactly one bath is driven."""
    if len(machine.driven_baths) != 1:
        raise InputError(
            "a weak-coupling front needs exactly one driven bath, but the machine has "
            f"{len(machine.driven_baths)}: make the others static."
        )


def machine_forms(
    machine: Machine,
    output: Output,
    frequency_range: tuple[float, float],
    kept_harmonics: int,
    noise: bool = False,
) -> AbstractForms:
    """The forms of a machine for drive frequencies from low to high (equal ends: one fixed frequency).

    Args:
        machine: one driven bath, static baths at one temperature.
        output: what X is.
        frequency_range: (low, high).
        kept_harmonics: N.
        noise: whether the variance rate of X is among the forms.

    Raises:
        InputError: more than one driven bath, or static baths at different temperatures (the heat that they
            conduct is no quadratic form of the drive).
    """
    one_driven_bath(machine)
    temperatures = [float(bath.temperature) for bath in machine.static_baths]
    if len(set(temperatures)) != 1:
        raise InputError(
            "a weak-coupling front needs all static baths at one temperature, but they are at "
            f"{temperatures}: use one temperature."
        )
    low, high = frequency_range
    least = NEAR_ZERO * low if noise else 0.0

    small = machine.groups().shape[1] <= SMALL and written_for_numpy(machine)
    own = to_numpy(output) if small else output

    def of_chunk(nu: np.ndarray) -> np.ndarray:
        if small:
            return np.asarray(computed(lambda m, part: forms_at(m, own, part, noise), machine, nu))
        filled = on_device(np.concatenate([nu, np.full(CHUNK - len(nu), high)]))
        return np.asarray(_compiled(machine, own, filled, noise))[:, : len(nu)]

    def evaluate(nu: np.ndarray) -> np.ndarray:
        chunks = np.split(np.maximum(nu, least), range(CHUNK, len(nu), CHUNK))
        return np.concatenate([of_chunk(chunk) for chunk in chunks], axis=1)

    if low == high:
        forms = evaluate(low * np.arange(kept_harmonics + 1))
        return FixedForms(kept_harmonics, on_device(forms), float(low))
    highest = high * kept_harmonics * (1.0 + 1e-9)
    return TabulatedForms.of(evaluate, highest, kept_harmonics, NOISY_TOLERANCE if noise else TOLERANCE)
