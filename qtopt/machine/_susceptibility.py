"""Response of the oscillators dressed by the static baths."""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from .._complex import reciprocal
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
    return from_entries(machine, jnp.stack(susceptibility_entries(machine, omega)))


def susceptibility_entries(machine: Machine, omega: Complex[Array, " K"]) -> Entries:
    """The entries of chi(w), each (K,), that symmetry and configuration leave: see `entry_indices`."""
    bare = [(machine.frequencies[l] - omega) * (machine.frequencies[l] + omega) for l in range(machine.size)]
    kernels = [bath.spectral_density.memory_kernel(omega) for bath in machine.static_baths]
    if machine.configuration == "independent" or machine.size == 1:
        return _diagonal_inverse(machine, bare, kernels)
    if machine.size == 2:
        return _two_by_two_inverse(machine, bare, kernels)
    return _eliminated_inverse(machine, bare, kernels)


def entry_indices(machine: Machine) -> tuple[tuple[int, int], ...]:
    """(row, column) of the entries of a symmetric response: the upper triangle, or only the diagonal."""
    if machine.configuration == "independent":
        return tuple((l, l) for l in range(machine.size))
    return tuple((l, m) for l in range(machine.size) for m in range(l, machine.size))


def from_entries(machine: Machine, entries: Complex[Array, "E *rest"]) -> Complex[Array, "L L *rest"]:
    """The symmetric matrix with the given entries, in the order of `entry_indices`."""
    position = {pair: e for e, pair in enumerate(entry_indices(machine))}
    zero = jnp.zeros_like(entries[0])
    rows = []
    for l in range(machine.size):
        pairs = [(min(l, m), max(l, m)) for m in range(machine.size)]
        rows.append(jnp.stack([entries[position[pair]] if pair in position else zero for pair in pairs]))
    return jnp.stack(rows)


def _diagonal_inverse(machine: Machine, bare: Sequence[Array], kernels: Sequence[Array]) -> Entries:
    entries = []
    for l in range(machine.size):
        dressed = bare[l]
        for bath, kernel in zip(machine.static_baths, kernels, strict=True):
            dressed = dressed + kernel * bath.coupling[l] ** 2
        entries.append(reciprocal(dressed))
    return tuple(entries)


def _two_by_two_inverse(machine: Machine, bare: Sequence[Array], kernels: Sequence[Array]) -> Entries:
    """Inverse with det = ab + sum_nu K_nu (a g_B^2 + b g_A^2) + sum_{nu<mu} K_nu K_mu (g x g)^2."""
    a, b = bare
    s_aa = s_ab = s_bb = jnp.zeros_like(a)
    det = a * b
    for i, (bath, kernel) in enumerate(zip(machine.static_baths, kernels, strict=True)):
        g_a, g_b = bath.coupling[0], bath.coupling[1]
        s_aa, s_ab, s_bb = s_aa + kernel * g_a**2, s_ab + kernel * (g_a * g_b), s_bb + kernel * g_b**2
        det = det + kernel * (a * g_b**2 + b * g_a**2)
        for other, other_kernel in zip(machine.static_baths[:i], kernels[:i], strict=True):
            det = det + kernel * other_kernel * (g_a * other.coupling[1] - g_b * other.coupling[0]) ** 2
    inverse_det = reciprocal(det)
    return (b + s_bb) * inverse_det, -s_ab * inverse_det, (a + s_aa) * inverse_det


def _eliminated_inverse(machine: Machine, bare: Sequence[Array], kernels: Sequence[Array]) -> Entries:
    size = machine.size
    matrix = [[jnp.zeros_like(bare[0]) for _ in range(size)] for _ in range(size)]
    for l in range(size):
        for m in range(size):
            for bath, kernel in zip(machine.static_baths, kernels, strict=True):
                matrix[l][m] = matrix[l][m] + kernel * (bath.coupling[l] * bath.coupling[m])
        matrix[l][l] = matrix[l][l] + bare[l]
    one, zero = jnp.ones_like(bare[0]), jnp.zeros_like(bare[0])
    inverse = [[one if m == l else zero for m in range(size)] for l in range(size)]
    for pivot in range(size):
        scale = reciprocal(matrix[pivot][pivot])
        matrix[pivot] = [entry * scale for entry in matrix[pivot]]
        inverse[pivot] = [entry * scale for entry in inverse[pivot]]
        for row in range(size):
            if row != pivot:
                factor = matrix[row][pivot]
                matrix[row] = [x - factor * y for x, y in zip(matrix[row], matrix[pivot], strict=True)]
                inverse[row] = [x - factor * y for x, y in zip(inverse[row], inverse[pivot], strict=True)]
    # The round-off of elimination is not symmetric; quadratic forms see its symmetric part only, which is far
    # smaller at strong damping (heat currents of five oscillators: 1e-12 instead of 1e-8).
    return tuple((inverse[l][m] + inverse[m][l]) / 2.0 for l, m in entry_indices(machine))
