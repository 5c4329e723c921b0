"""Numbers and small linear algebra that XLA runs well: arrays, complex arithmetic, LAPACK-free solves."""

from ._arrays import on_device as on_device, require_x64 as require_x64, to_array as to_array
from ._bracketing import (
    beside as beside,
    golden_section as golden_section,
    neighbours as neighbours,
    two_best as two_best,
    zoomed as zoomed,
)
from ._complex import (
    reciprocal as reciprocal,
    scaled as scaled,
    to_complex as to_complex,
    turned as turned,
)
from ._derivatives import twice as twice
from ._hermitian import (
    best_ratio as best_ratio,
    direction as direction,
    largest_eigenvalue as largest_eigenvalue,
    largest_packed as largest_packed,
    length as length,
    on_sphere as on_sphere,
    state_at as state_at,
    top_eigenpair as top_eigenpair,
    two_largest as two_largest,
)
from ._limited_memory import LimitedMemory as LimitedMemory
from ._linear import (
    gramian as gramian,
    inverses as inverses,
    lyapunov as lyapunov,
    products as products,
    solve as solve,
)
from ._namespace import (
    added as added,
    at_each as at_each,
    at_once as at_once,
    at_once_elsewhere as at_once_elsewhere,
    directional as directional,
    except_at as except_at,
    in_parts as in_parts,
    in_turn as in_turn,
    irfft as irfft,
    is_zero as is_zero,
    loop as loop,
    on_host as on_host,
    put as put,
    rfft as rfft,
    scanned as scanned,
    stop_gradient as stop_gradient,
    xp as xp,
    zeros as zeros,
)
from ._points import spread as spread, sums as sums
from ._trust_region import TrustRegion as TrustRegion, newton_step as newton_step
