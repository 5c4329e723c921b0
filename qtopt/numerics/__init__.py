"""Numbers and small linear algebra that XLA runs well: arrays, complex arithmetic, LAPACK-free solves."""

from ._arrays import (
    require_x64 as require_x64,
    to_array as to_array,
)
from ._complex import (
    reciprocal as reciprocal,
    scaled as scaled,
    turned as turned,
)
from ._golden_section import (
    golden_section as golden_section,
)
from ._linear import (
    gramian as gramian,
    inverses as inverses,
    lyapunov as lyapunov,
    products as products,
    solve as solve,
)
