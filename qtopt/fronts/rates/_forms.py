"""Power and entropy production as quadratic forms in the drive's harmonics, ready for optimisation."""

import itertools
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ...errors import InputError
from ...model import Machine
from ...solvers.weak import kernels

DEGREE = 15
CHUNK = 128
SMALLEST_PANEL = 1e-6
PANELS = 128
"""Tables have a multiple of this many panels, the last ones never looked up: machines share programs."""


class HarmonicForms(NamedTuple):
    """Hermitian matrices W_n at n Omega, n = 0..N, with ``P = sum_n g_n^dagger power_n g_n`` over all n.

    Attributes:
        power: (N+1, L, L).
        entropy: (N+1, L, L), the same for the entropy production rate.
    """

    power: Complex[Array, "n L L"]
    entropy: Complex[Array, "n L L"]

    def rates(self, amplitudes: Complex[Array, "n L"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """(P, entropy production rate) of a drive with Fourier coefficients g_n, n = 0..N."""
        return total_of(self.power, amplitudes), total_of(self.entropy, amplitudes)


def total_of(form: Complex[Array, "n L L"], amplitudes: Complex[Array, "n L"]) -> Float[Array, ""]:
    """``sum_n g_n^dagger form_n g_n`` over all n, from n = 0..N."""
    weights = jnp.where(jnp.arange(amplitudes.shape[0]) == 0, 1.0, 2.0)
    image = jnp.sum(form * amplitudes[:, None, :], axis=-1)
    return jnp.sum(weights[:, None] * (jnp.conj(amplitudes) * image).real)


Reader = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""nu (...) -> forms of power and entropy production rate, (..., L, L)"""


class Forms(eqx.Module):
    """Anything that gives the forms of a machine at a drive frequency."""

    @abstractmethod
    def at(self, frequency: Float[Array, ""]) -> HarmonicForms:
        """Forms at n Omega, n = 0..N."""

    @abstractmethod
    def reader(self) -> Reader:
        """How to look forms up on the host, at any driving frequencies nu."""

    @property
    @abstractmethod
    def harmonics(self) -> int:
        """N."""

    @property
    @abstractmethod
    def size(self) -> int:
        """L."""

    @property
    @abstractmethod
    def edges(self) -> np.ndarray:
        """Rising driving frequencies between which the forms are smooth; none for a fixed frequency."""


class FixedForms(Forms):
    """Forms of one drive frequency, computed once."""

    forms: HarmonicForms
    frequency: float = eqx.field(static=True)

    def at(self, frequency: Float[Array, ""]) -> HarmonicForms:
        return self.forms

    def reader(self) -> Reader:
        power, entropy = np.asarray(self.forms.power), np.asarray(self.forms.entropy)

        def read(nu: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            order = np.rint(nu / self.frequency).astype(int)
            return power[order], entropy[order]

        return read

    @property
    def harmonics(self) -> int:
        return self.forms.power.shape[0] - 1

    @property
    def size(self) -> int:
        return self.forms.power.shape[-1]

    @property
    def edges(self) -> np.ndarray:
        return np.zeros(0)


class Table(eqx.Module):
    """Matrices as piecewise Chebyshev polynomials in nu = n Omega, refined until their last terms vanish.

    The kernels are smooth in nu on the scale of the linewidths, so a table of some hundred panels is as
    good as the kernels themselves (relative error about `tolerance` of `tabulate`) at a thousandth of
    the cost. Only the search uses it: reported numbers come from the solver.

    Attributes:
        edges: (M+1,) panel edges in nu.
        coefficients: (M, DEGREE+1, F, L^2): Chebyshev degree; which matrix; entries (see `packed`).
        highest: nu at which the table ends.
        harmonics: N.
    """

    edges: Float[Array, " M1"]
    coefficients: Float[Array, "M D F LL"]
    highest: Float[Array, ""]
    harmonics: int = eqx.field(static=True)

    def at(self, frequency: Float[Array, ""]) -> Float[Array, "n F LL"]:
        """The F matrices at n Omega, n = 0..N, packed."""
        # First-order expansion about the frequency itself: the same value and gradient, but reverse mode
        # then needs one product with the slope instead of a pass back through the recurrence.
        fixed = jax.lax.stop_gradient(frequency)
        value, slope = jax.jvp(self._look_up, (fixed,), (jnp.ones_like(fixed),))
        return value + slope * (frequency - fixed)

    def _look_up(self, frequency: Float[Array, ""]) -> Float[Array, "n F LL"]:
        nu = frequency * jnp.arange(self.harmonics + 1)
        panel = jnp.clip(jnp.searchsorted(self.edges, nu, side="right") - 1, 0, self.edges.shape[0] - 2)
        basis = _chebyshev(nu, self.edges[panel], self.edges[panel + 1])
        table = self.coefficients[panel]
        total = basis[0][:, None, None] * table[:, 0]
        for degree in range(1, DEGREE + 1):
            total = total + basis[degree][:, None, None] * table[:, degree]
        return total


def _chebyshev(nu: Any, low: Any, high: Any) -> list[Any]:
    """T_0 .. T_DEGREE of nu in units of its panel, NumPy or jax."""
    x = (2.0 * nu - low - high) / (high - low)
    basis = [x * 0.0 + 1.0, x]
    for _ in range(DEGREE - 1):
        basis.append(2.0 * x * basis[-1] - basis[-2])
    return basis


class TabulatedForms(Forms):
    """Forms from a `Table` of power and entropy."""

    table: Table

    @property
    def harmonics(self) -> int:
        return self.table.harmonics

    @property
    def size(self) -> int:
        return round(self.table.coefficients.shape[-1] ** 0.5)

    @property
    def edges(self) -> np.ndarray:
        edges = np.asarray(self.table.edges)
        return edges[edges <= float(self.table.highest)]

    def reader(self) -> Reader:
        edges, (panels, degrees, *shape) = np.asarray(self.table.edges), self.table.coefficients.shape
        coefficients = np.asarray(self.table.coefficients).reshape(panels, degrees, -1)

        def read(nu: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            flat = np.ravel(nu)
            panel = np.clip(np.searchsorted(edges, flat, side="right") - 1, 0, panels - 1)
            basis = np.stack(_chebyshev(flat, edges[panel], edges[panel + 1]), axis=1)
            values = (basis[:, None, :] @ coefficients[panel]).reshape(*np.shape(nu), *shape)
            return unpacked(values[..., 0, :]), unpacked(values[..., 1, :])

        return read

    def at(self, frequency: Float[Array, ""]) -> HarmonicForms:
        both = self.table.at(frequency)
        return HarmonicForms(unpacked(both[:, 0]), unpacked(both[:, 1]))


def packed(form: np.ndarray) -> np.ndarray:
    """Hermitian (..., L, L) as L^2 real numbers: real parts on and above the diagonal, imaginary below."""
    size = form.shape[-1]
    upper = np.triu(np.ones((size, size), dtype=bool))
    return np.where(upper, np.real(form), np.imag(form)).reshape(*form.shape[:-2], size * size)


def unpacked(values: Any) -> Any:
    """Inverse of `packed`, Hermitian (*batch, L, L) of (*batch, L^2), NumPy or jax.

    Entries below the diagonal hold the imaginary part of the lower triangle.
    """
    of = np if isinstance(values, np.ndarray) else jnp
    size = round(values.shape[-1] ** 0.5)
    square = values.reshape(*values.shape[:-1], size, size)
    upper = of.triu(square)
    strict = of.triu(square, 1)
    lower = of.tril(square, -1)
    real = upper + of.swapaxes(strict, -1, -2)
    return real + 1j * (lower - of.swapaxes(lower, -1, -2))


@eqx.filter_jit
def forms_at(machine: Machine, nu: Float[Array, " K"]) -> tuple[Array, Array]:
    """Power and entropy forms (K, L, L) at driving frequencies nu, straight from the kernels."""
    work, heat = jax.lax.map(lambda value: kernels(machine, value), nu, batch_size=32)
    static = jnp.stack([bath.temperature for bath in machine.static_baths])[:, None, None]
    driven = machine.driven_baths[0].temperature
    entropy = jnp.sum((work + heat) / static - heat / driven, axis=1)
    power = jnp.sum(work, axis=1)

    def hermitian(form: Array) -> Array:
        return (form + jnp.conj(jnp.swapaxes(form, -1, -2))) / 2.0

    return hermitian(power), hermitian(entropy)


def machine_forms(
    machine: Machine, frequency: tuple[float, float], harmonics: int, tolerance: float = 1e-12
) -> Forms:
    """Forms for drive frequencies in the closed range `frequency` (equal ends: one fixed frequency).

    Raises:
        InputError: static baths at different temperatures (heat they conduct is no quadratic form here).
    """
    temperatures = np.array([float(bath.temperature) for bath in machine.static_baths])
    if np.any(temperatures != temperatures[0]):
        raise InputError(
            "a weak-coupling front needs all static baths at one temperature, but they are at "
            f"{temperatures.tolist()}: use one temperature."
        )
    low, high = frequency
    if low == high:
        power, entropy = forms_at(machine, _padded(low * np.arange(harmonics + 1)))
        return FixedForms(HarmonicForms(power[: harmonics + 1], entropy[: harmonics + 1]), float(low))
    span = (0.0, high * harmonics * (1.0 + 1e-9))
    return TabulatedForms(tabulate(lambda nu: _evaluate(machine, nu), span, harmonics, tolerance))


def _padded(nu: np.ndarray) -> Array:
    """Pad to a multiple of CHUNK, so that every call reuses one compiled program."""
    size = -(-len(nu) // CHUNK) * CHUNK
    return jnp.asarray(np.concatenate([nu, np.full(size - len(nu), nu[-1])]))


def _evaluate(machine: Machine, nu: np.ndarray) -> np.ndarray:
    """(K, 2, L^2) packed power and entropy forms."""
    return in_chunks(lambda part: [packed(np.asarray(form)) for form in forms_at(machine, part)], nu)


def in_chunks(evaluate: Callable[[Array], list[np.ndarray]], nu: np.ndarray) -> np.ndarray:
    """(K, F, L^2) from F matrices (CHUNK, L^2) at CHUNK frequencies a call."""
    padded, blocks = _padded(nu), []
    for start in range(0, padded.shape[0], CHUNK):
        blocks.append(np.stack(evaluate(padded[start : start + CHUNK]), axis=1))
    return np.concatenate(blocks)[: len(nu)]


def tabulate(
    evaluate: Callable[[np.ndarray], np.ndarray], span: tuple[float, float], harmonics: int, tolerance: float
) -> Table:
    """Table of ``evaluate(nu (K,)) -> (K, F, L^2)``.

    Bisects panels of `span` until the last two Chebyshev coefficients fall below tolerance x maximum.
    """
    angle = np.pi * (np.arange(DEGREE + 1) + 0.5) / (DEGREE + 1)
    nodes = np.cos(angle)
    transform = 2.0 / (DEGREE + 1) * np.cos(np.outer(np.arange(DEGREE + 1), angle))
    transform[0] /= 2.0
    low, high = span
    middle = min(4.0, high)
    octaves = np.geomspace(middle, high, 1 + int(np.ceil(2.0 * np.log2(high / middle))))
    pending = list(itertools.pairwise(np.concatenate([np.linspace(low, middle, 17)[:-1], octaves])))
    done: list[tuple[float, float, np.ndarray]] = []
    scale = np.zeros((1, 1))
    while pending:
        ends = np.array(pending)
        nu = (ends[:, :1] + ends[:, 1:]) / 2.0 + (ends[:, 1:] - ends[:, :1]) / 2.0 * nodes
        values = evaluate(nu.ravel())
        scale = np.maximum(scale, np.abs(values).max(axis=(0, 2))[:, None])
        coefficients = np.einsum("dk,mkfc->mdfc", transform, values.reshape(*nu.shape, *values.shape[1:]))
        rough = np.any(np.abs(coefficients[:, -2:]) > tolerance * scale, axis=(1, 2, 3))
        rough &= ends[:, 1] - ends[:, 0] > SMALLEST_PANEL
        pending = []
        for (a, b), table, split in zip(ends, coefficients, rough, strict=True):
            if split:
                pending += [(a, (a + b) / 2.0), ((a + b) / 2.0, b)]
            else:
                done.append((a, b, table))
    done.sort(key=lambda panel: panel[0])
    spare = -len(done) % PANELS
    edges = np.array([panel[0] for panel in done] + [high + i for i in range(spare + 1)])
    coefficients = np.stack([panel[2] for panel in done] + [done[-1][2]] * spare)
    return Table(jnp.asarray(edges), jnp.asarray(coefficients), jnp.asarray(high), harmonics)
