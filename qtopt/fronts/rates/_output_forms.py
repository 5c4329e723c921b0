"""Quadratic forms of output and entropy production at many drive frequencies."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ._forms import Forms
from ._output import EfficiencyLaw


def output_and_entropy(
    forms: Forms, purpose: EfficiencyLaw, frequencies: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(G, N+1, L, L) forms of the output and of the entropy production rate."""
    power, entropy = (np.asarray(part) for part in _tabulate(forms, jnp.asarray(frequencies)))
    of_power, of_entropy = purpose.gain
    return of_power * power + of_entropy * entropy, entropy


@eqx.filter_jit
def _tabulate(forms: Forms, frequencies: Float[Array, " G"]) -> tuple[Array, Array]:
    table = jax.vmap(forms.at)(frequencies)
    return table.power, table.entropy


def largest_eigenvalue(matrix: Any) -> Any:
    """(*batch) largest eigenvalues of Hermitian (*batch, L, L), NumPy or jax; closed form for L = 1 and 2."""
    of = np if isinstance(matrix, np.ndarray) else jnp
    if matrix.shape[-1] == 1:
        return matrix[..., 0, 0].real
    if matrix.shape[-1] == 2:
        a, b = matrix[..., 0, 0].real, matrix[..., 1, 1].real
        return (a + b) / 2.0 + of.sqrt(((a - b) / 2.0) ** 2 + of.abs(matrix[..., 0, 1]) ** 2)
    return of.linalg.eigvalsh(matrix)[..., -1]
