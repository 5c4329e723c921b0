"""Whether the functions of a spectral density of one's own speak of one bath."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import InputError
from ._spectral_density import AbstractSpectralDensity

TOLERANCE = 1e-8
"""of the modulus of the memory kernel, which is what round-off is relative to"""


def check_spectral_density(
    density: AbstractSpectralDensity, frequencies: ArrayLike | None = None, tolerance: float = TOLERANCE
) -> None:
    """Check that a spectral density keeps what its interface promises; for tests of your own classes.

    J is odd and not negative; K = chi_B(0) - chi_B is analytic above the real axis and dissipates J; its
    divided differences, its poles, its memory variables with their noise and outlet, and the same bath in
    another unit all say the same. The solvers use one or the other and would give inconsistent results.

    Args:
        density: an object of the class, with ordinary numbers.
        frequencies: (n,) omega > 0 at which to look; by default six decades around the poles of the bath.
        tolerance: largest difference, relative to the modulus of the kernel.

    Raises:
        InputError: which two functions disagree, where and by how much.

    Source: theory (1.7), (1.8), (1.15) to (1.19), (1.21).
    """
    omega = _frequencies(density) if frequencies is None else np.asarray(frequencies, dtype=float)
    name = type(density).__name__

    def same(left: str, right: str, one: Any, other: Any, scale: Any, at: NDArray[Any] = omega) -> None:
        far = np.abs(np.asarray(one) - np.asarray(other)) / np.asarray(scale)
        worst = int(np.argmax(np.where(np.isfinite(far), far, np.inf)))
        if not far[worst] <= tolerance:
            raise InputError(
                f"{name}.{left} must agree with {right}, but at omega = {at[worst]:.4g} they differ by "
                f"{far[worst]:.1g} of the kernel: correct one of them."
            )

    def kernel(w: Any) -> NDArray[Any]:
        return np.asarray(density.memory_kernel(w))

    at_real, above = kernel(omega), omega * np.exp(0.3j)
    size, spectrum = np.abs(at_real), np.asarray(density.density(omega))
    same("density", "an odd function", density.density(-omega), -spectrum, size)
    same("density", "a real spectrum that is nowhere negative", spectrum, np.abs(spectrum), size)
    same("memory_kernel", "density, Im K = -J", np.imag(at_real), -np.real(spectrum), size)
    expansion = density.expansion()
    poles, friction = np.asarray(expansion.poles), float(expansion.viscosity)
    if np.any(np.imag(poles) >= 0.0):
        raise InputError(f"{name}.expansion must have its poles below the real axis, but one is at {poles}.")
    residues, static = np.asarray(expansion.residues), complex(expansion.static)
    for at in (omega, above):
        memoryless, exact = -1j * friction * at, kernel(at)
        by_poles = static + memoryless - np.sum(residues / (at[:, None] - poles), axis=1)
        same("expansion", "memory_kernel", by_poles, exact, np.abs(exact), at)
        response = complex(np.asarray(density.response(0.0))) - np.asarray(density.response(at))
        same("response", "memory_kernel", response + memoryless, exact, np.abs(exact), at)
        slope = (kernel(1.5 * at) - exact) / (0.5 * at)
        found = np.asarray(density.memory_kernel_slope(1.5 * at, at))
        same("memory_kernel_slope", "memory_kernel", found, slope, np.abs(exact) / np.abs(at), at)
    _check_memory(density, omega, same)
    scaled = np.asarray(density.in_units(2.0).density(2.0 * omega))
    same("in_units", "density in another unit", scaled / 4.0, spectrum, size)


def _check_memory(
    density: AbstractSpectralDensity, omega: NDArray[np.float64], same: Callable[..., None]
) -> None:
    """The memory variables: what they respond, what noise they have, what they let out."""
    kernel, spectrum = np.asarray(density.memory_kernel(omega)), np.real(density.density(omega))
    memory = density.memory()
    dynamics, friction = np.asarray(memory.dynamics), float(memory.viscosity)
    count = len(dynamics)
    resolvent = np.linalg.inv(-1j * omega[:, None, None] * np.eye(count) - dynamics)
    out, into, noise = (np.asarray(part) for part in (memory.output, memory.input, memory.noise))
    size = np.abs(kernel)
    response = np.einsum("i,nij,j->n", out, resolvent, into)
    found = float(memory.static) - response - 1j * friction * omega
    same("memory", "memory_kernel", found, kernel, size)
    amplitude = np.einsum("i,nij,j->n", out, resolvent, noise) + np.sqrt(friction)
    same("memory.noise", "density", omega * np.abs(amplitude) ** 2, spectrum, size)
    if count and friction == 0.0:
        lag = np.linalg.solve(dynamics, into)
        let_out = np.einsum("i,nij,j->n", np.asarray(memory.outlet), resolvent, lag)
        same("memory.outlet", "density", omega * np.abs(let_out) ** 2, spectrum, size)


def _frequencies(density: AbstractSpectralDensity) -> NDArray[np.float64]:
    """Six decades around the poles, or around 1 where there are none."""
    poles = np.abs(np.asarray(density.expansion().poles))
    middle = float(np.exp(np.mean(np.log(poles)))) if len(poles) else 1.0
    return middle * np.geomspace(1e-3, 1e3, 61)
