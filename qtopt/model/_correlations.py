"""Correlations of two oscillators: synchronisation and entanglement."""

import numpy as np
from jaxtyping import Array, Float

from ..numerics import xp


def pearson(covariance: Float[Array | np.ndarray, "*shape L L"]) -> Float[Array | np.ndarray, "*shape"]:
    """C = <x_A x_B>/sqrt(<x_A^2><x_B^2>) of the first two oscillators, the synchronisation coefficient.

    At C -> -1 they are locked in antiphase. Needs L >= 2. Source: theory (7.5).
    """
    return covariance[..., 0, 1] / covariance[..., 0, 0] ** 0.5 / covariance[..., 1, 1] ** 0.5


def logarithmic_negativity(covariance: Float[Array, "*shape 2L 2L"]) -> Float[Array, "*shape"]:
    """E_N = max(0, -ln 2 nu) of the first two oscillators; above 0 they are entangled (hbar = 1).

    nu is the smaller symplectic eigenvalue of the partially transposed covariance of (x_A, x_B, p_A, p_B),
    ``2 nu^2 = D - sqrt(D^2 - 4 det sigma)`` with ``D = det A + det B - 2 det C`` of its 2 x 2 blocks.

    Args:
        covariance: (..., 2L, 2L) symmetrised <{r, r}>/2 for r = (x_1..x_L, p_1..p_L); vacuum: 1/2.

    Source: theory (7.6), (7.7); Vidal and Werner, PRA 65, 032314 (2002); Adesso, Serafini and Illuminati,
    PRA 70, 022318 (2004).
    """
    size = covariance.shape[-1] // 2

    def block(l: int, m: int) -> Array:
        rows = xp.stack([covariance[..., l, :], covariance[..., size + l, :]], axis=-2)
        return xp.stack([rows[..., m], rows[..., size + m]], axis=-1)

    a, b, c = block(0, 0), block(1, 1), block(0, 1)
    delta = _det(a) + _det(b) - 2.0 * _det(c)
    # det sigma = det A det(B - C^T A^-1 C), 2 x 2 by hand: no LAPACK.
    adjugate = xp.stack(
        [
            xp.stack([a[..., 1, 1], -a[..., 0, 1]], axis=-1),
            xp.stack([-a[..., 1, 0], a[..., 0, 0]], axis=-1),
        ],
        axis=-2,
    )
    inner = xp.swapaxes(c, -1, -2) @ adjugate @ c / _det(a)[..., None, None]
    determinant = _det(a) * _det(b - inner)
    root = xp.sqrt(xp.maximum(delta**2 - 4.0 * determinant, 0.0))
    # The smaller root without cancellation.
    smaller = 2.0 * determinant / (delta + root)
    return xp.maximum(0.0, -0.5 * xp.log(4.0 * smaller))


def _det(m: Float[Array, "*shape 2 2"]) -> Float[Array, "*shape"]:
    return m[..., 0, 0] * m[..., 1, 1] - m[..., 0, 1] * m[..., 1, 0]
