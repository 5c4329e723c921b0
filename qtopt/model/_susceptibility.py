"""Response of the oscillators dressed by the static baths."""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from ..numerics import inverses, reciprocal, scaled
from ._machine import Machine

Entries = tuple[Array, ...]


def damping_matrix(machine: Machine, index: int) -> Float[Array, "L L"]:
    """Gamma = sum over copies of g g^T for static bath `index`.

    One shared copy (joint) gives the rank-one g g^T, private copies (independent) give diag(g_l^2):
    this is the only place where the two configurations differ in the static problem.
    """
    coupling = machine.static_baths[index].coupling
    outer = coupling[:, None] * coupling[None, :]
    return outer if machine.configuration == "joint" else outer * jnp.eye(machine.size)


def susceptibility(machine: Machine, omega: Complex[Array, " K"]) -> Complex[Array, "L L K"]:
    """chi(w) = [diag(omega_l^2 - w^2) + sum_nu K_nu(w) Gamma_nu]^-1 at complex w with Im w >= 0.

    Units: frequency^-2 (m = 1). Two oscillators use an expanded determinant (the naive one loses digits as
    gamma^2 at strong common damping); three and more use elimination without pivoting, which is stable
    because passivity makes i chi^-1(w)/w accretive in the upper half plane. No LAPACK call.

    Source: physics notes, section 3.
    """
    kernels = [bath.spectral_density.memory_kernel(omega) for bath in machine.static_baths]
    return from_entries(machine, jnp.stack(susceptibility_entries(machine, omega, kernels)))


def susceptibility_entries(
    machine: Machine, omega: Complex[Array, " K"], kernels: Sequence[Complex[Array, " K"]]
) -> Entries:
    """The entries of chi(w), in the form that `from_entries` takes; `kernels` are K_nu(w)."""
    frequencies = machine.frequencies[:, None]
    if machine.size > 2:
        bare = (frequencies - omega) * (frequencies + omega)
        if machine.configuration == "independent":
            baths = zip(machine.static_baths, kernels, strict=True)
            return (reciprocal(sum((k * bath.coupling[:, None] ** 2 for bath, k in baths), bare)),)
        return (_eliminated_inverse(machine, bare, kernels),)
    bare = [(machine.frequencies[l] - omega) * (machine.frequencies[l] + omega) for l in range(machine.size)]
    if machine.configuration == "independent" or machine.size == 1:
        return _diagonal_inverse(machine, bare, kernels)
    return _two_by_two_inverse(machine, bare, kernels)


def from_entries(machine: Machine, entries: Complex[Array, "E *rest"]) -> Complex[Array, "L L *rest"]:
    """The symmetric matrix with the given entries.

    Up to two oscillators: what symmetry and configuration leave, one by one, AA, AB, BB or the diagonal.
    More: a single item with all of them, (1, L, L, *rest), or (1, L, *rest) for private baths; entries one
    by one would be programs that compile for minutes.
    """
    size = machine.size
    if machine.configuration == "joint" and size > 2:
        return entries[0]
    if machine.configuration == "joint" and size == 2:
        return jnp.stack([jnp.stack([entries[0], entries[1]]), jnp.stack([entries[1], entries[2]])])
    diagonal = entries[0] if size > 2 else entries
    return diagonal[:, None] * jnp.eye(size).reshape(size, size, *[1] * (diagonal.ndim - 1))


def to_entries(machine: Machine, matrix: Complex[Array, "L L K"]) -> Entries:
    """Inverse of `from_entries`."""
    if machine.size > 2:
        return (matrix if machine.configuration == "joint" else jnp.einsum("llk->lk", matrix),)
    if machine.configuration == "joint" and machine.size == 2:
        return matrix[0, 0], matrix[0, 1], matrix[1, 1]
    return tuple(matrix[l, l] for l in range(machine.size))


def _diagonal_inverse(machine: Machine, bare: Sequence[Array], kernels: Sequence[Array]) -> Entries:
    entries = []
    for l in range(machine.size):
        dressed = bare[l]
        for bath, kernel in zip(machine.static_baths, kernels, strict=True):
            dressed = dressed + scaled(kernel, bath.coupling[l] ** 2)
        entries.append(reciprocal(dressed))
    return tuple(entries)


def _two_by_two_inverse(machine: Machine, bare: Sequence[Array], kernels: Sequence[Array]) -> Entries:
    """Inverse with det = ab + sum_nu K_nu (a g_B^2 + b g_A^2) + sum_{nu<mu} K_nu K_mu (g x g)^2."""
    a, b = bare
    s_aa = s_ab = s_bb = jnp.zeros_like(a)
    det = a * b
    for i, (bath, kernel) in enumerate(zip(machine.static_baths, kernels, strict=True)):
        g_a, g_b = bath.coupling[0], bath.coupling[1]
        s_aa, s_bb = s_aa + scaled(kernel, g_a**2), s_bb + scaled(kernel, g_b**2)
        s_ab = s_ab + scaled(kernel, g_a * g_b)
        det = det + kernel * (scaled(a, g_b**2) + scaled(b, g_a**2))
        for other, other_kernel in zip(machine.static_baths[:i], kernels[:i], strict=True):
            det = det + kernel * other_kernel * (g_a * other.coupling[1] - g_b * other.coupling[0]) ** 2
    inverse_det = reciprocal(det)
    return (b + s_bb) * inverse_det, -s_ab * inverse_det, (a + s_aa) * inverse_det


def _eliminated_inverse(
    machine: Machine, bare: Complex[Array, "L K"], kernels: Sequence[Array]
) -> Complex[Array, "L L K"]:
    matrix = jnp.eye(machine.size)[:, :, None] * bare
    for bath, kernel in zip(machine.static_baths, kernels, strict=True):
        matrix = matrix + (bath.coupling[:, None] * bath.coupling)[:, :, None] * kernel
    found = inverses(matrix)
    # The round-off of elimination is not symmetric; quadratic forms see its symmetric part only, which is far
    # smaller at strong damping (heat currents of five oscillators: 1e-12 instead of 1e-8).
    return (found + jnp.swapaxes(found, 0, 1)) / 2.0
