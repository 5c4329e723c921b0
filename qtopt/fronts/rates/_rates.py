"""What a search asks of a candidate: its rates."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
from jaxtyping import Array

Rates = tuple[Array, ...]
"""What is asked of a drive: the output first, then what it costs."""


class AbstractRates(eqx.Module):
    """Whatever gives the rates of a drive that targets score.

    Attributes:
        at_once: candidates that one device works on side by side (`jax.vmap`), which bounds its memory; None:
            `candidates_at_once()`. One after the other compiles several times faster where the rates are a
            large program.
    """

    at_once: int | None = eqx.field(static=True, default=None, kw_only=True)

    @abstractmethod
    def rates(self, drive: Any) -> Rates:
        """(output, entropy production rate), or others for other targets."""
