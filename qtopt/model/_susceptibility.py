"""Response of the oscillators dressed by the static baths."""

from collections.abc import Callable, Sequence

from jaxtyping import Array, Complex, Float

from ..numerics import inverses, reciprocal, scaled, spread, xp
from ._groups import blocks, over_groups
from ._machine import Machine

Entries = tuple[Array, ...]


def damping_matrix(machine: Machine, index: int) -> Float[Array, "L L"]:
    """Gamma = sum over copies of g g^T for static bath `index`: g_l g_m where two oscillators share it."""
    coupling = machine.static_baths[index].coupling
    return coupling[:, None] * coupling * machine.sharing()


def susceptibility(machine: Machine, omega: Complex[Array, " K"]) -> Complex[Array, "L L K"]:
    """chi(w) = [V - w^2 + sum_b K_b(w) Gamma_b]^-1 at complex w with Im w >= 0; V: `Machine.stiffness`.

    Units: frequency^-2 (m = 1). Two oscillators use an expanded determinant (the naive one loses digits as
    gamma^2 at strong common damping); three and more use elimination without pivoting, which is stable
    because passivity makes i chi^-1(w)/w accretive in the upper half plane. No LAPACK call.

    Source: theory (3.1), (13.2).
    """

    def of_part(part: Machine) -> Array:
        kernels = [bath.spectral_density.memory_kernel(omega) for bath in part.static_baths]
        chi = from_entries(part.size, xp.stack(susceptibility_entries(part, omega, kernels)))
        return xp.moveaxis(chi, -1, 0)

    return xp.moveaxis(blocks(machine, over_groups(of_part, machine)), 0, -1)


def susceptibility_entries(
    machine: Machine, omega: Complex[Array, "*K"], kernels: Sequence[Complex[Array, "*K"]]
) -> Entries:
    """The entries of chi(w) of oscillators that share their baths; `kernels` are K_b(w).

    The form is that of `from_entries`.
    """
    return _entries(machine, lambda rate: (rate - omega) * (rate + omega), omega, kernels)


def imaginary_entries(
    machine: Machine, mu: Float[Array, "*K"], kernels: Sequence[Float[Array, "*K"]]
) -> tuple[Float[Array, "..."], ...]:
    """The entries of chi(i mu), mu >= 0, which are real, as `kernels`, K_b(i mu), are."""
    return _entries(machine, lambda rate: rate**2 + mu**2, mu, kernels)


def _entries(
    machine: Machine, bare: Callable[[Array], Array], points: Array, kernels: Sequence[Array]
) -> Entries:
    """The entries of the inverse, given omega_l^2 - w^2 as a function of omega_l."""
    if machine.size > 2:
        return (_eliminated_inverse(machine, bare(at_points(machine.frequencies, points)), kernels),)
    rates, couplings = list(machine.frequencies), [list(bath.coupling) for bath in machine.static_baths]
    spring = None if machine.springs is None else machine.springs[0, 1]
    rates, couplings, spring = spread((rates, couplings, spring), points.shape)
    if machine.size == 1:
        added = (scaled(kernel, g[0] ** 2) for g, kernel in zip(couplings, kernels, strict=True))
        return (reciprocal(sum(added, bare(rates[0]))),)
    return _two_by_two_inverse([bare(rate) for rate in rates], kernels, couplings, spring)


def from_entries(size: int, entries: Complex[Array, "E *rest"]) -> Complex[Array, "L L *rest"]:
    """The symmetric matrix of `size` oscillators with the given entries.

    Up to two oscillators: what symmetry leaves, one by one, AA, AB, BB. More: a single item with all of them,
    (1, L, L, *rest); entries one by one would be programs that compile for minutes.
    """
    if size > 2:
        return entries[0]
    if size == 1:
        return entries[None]
    return xp.stack([xp.stack([entries[0], entries[1]]), xp.stack([entries[1], entries[2]])])


def to_entries(matrix: Complex[Array, "L L K"]) -> Entries:
    """Inverse of `from_entries`."""
    size = len(matrix)
    return (matrix,) if size > 2 else tuple(matrix[l, m] for l in range(size) for m in range(l, size))


def at_points(matrix: Array, omega: Array) -> Array:
    """An array with further axes for points of any shape, of length 1."""
    return matrix.reshape(*matrix.shape, *[1] * omega.ndim)


def _two_by_two_inverse(
    bare: Sequence[Array],
    kernels: Sequence[Array],
    couplings: Sequence[Sequence[Array]],
    spring: Array | None,
) -> Entries:
    """Inverse with det = ab + sum_i K_i (a g_B^2 + b g_A^2) + sum_{i<j} K_i K_j (g x g)^2.

    A spring k adds -k^2 and -2 k g_A g_B to what K_i multiplies: theory (13.2).
    """
    a, b = bare
    s_aa = s_ab = s_bb = xp.zeros_like(a)
    det = a * b
    if spring is not None:
        s_ab, det = s_ab + spring, det - spring**2
    for i, ((g_a, g_b), kernel) in enumerate(zip(couplings, kernels, strict=True)):
        s_aa, s_bb = s_aa + scaled(kernel, g_a**2), s_bb + scaled(kernel, g_b**2)
        s_ab = s_ab + scaled(kernel, g_a * g_b)
        det = det + kernel * (scaled(a, g_b**2) + scaled(b, g_a**2))
        if spring is not None:
            det = det - scaled(kernel, 2.0 * spring * g_a * g_b)
        for (h_a, h_b), other_kernel in zip(couplings[:i], kernels[:i], strict=True):
            det = det + kernel * other_kernel * (g_a * h_b - g_b * h_a) ** 2
    inverse_det = reciprocal(det)
    return (b + s_bb) * inverse_det, -s_ab * inverse_det, (a + s_aa) * inverse_det


def _eliminated_inverse(
    machine: Machine, bare: Complex[Array, "L K"], kernels: Sequence[Array]
) -> Complex[Array, "L L K"]:
    matrix = at_points(xp.eye(machine.size), bare[0]) * bare
    if machine.springs is not None:
        matrix = matrix + at_points(machine.springs + machine.springs.T, bare[0])
    for bath, kernel in zip(machine.static_baths, kernels, strict=True):
        matrix = matrix + at_points(bath.coupling[:, None] * bath.coupling, kernel) * kernel
    found = inverses(matrix.reshape(machine.size, machine.size, -1)).reshape(matrix.shape)
    # The round-off of elimination is not symmetric; quadratic forms see its symmetric part only, which is far
    # smaller at strong damping (heat currents of five oscillators: 1e-12 instead of 1e-8).
    return (found + xp.swapaxes(found, 0, 1)) / 2.0
