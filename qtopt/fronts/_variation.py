"""Search over numbers of the machine (temperatures, bath parameters) together with the drive."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..errors import InputError
from ..jobs import Store
from ..model import AbstractDrive, Machine
from ._precise_search import Step, search
from ._search import Model, Rates, Target, drives_of, explore
from ._search_space import DriveParameters, SearchSpace
from .rates import PrecisionForms, precision_forms

COPIES = 4
HARMONICS = 4
"""for each searched one, in the search; reported numbers count all"""


def _adam(rate: float) -> Step:
    def step(model: Model, space: Any, targets: Target, parameters: Any) -> tuple[Any, Rates]:
        return explore(model, space, targets, parameters, jnp.asarray(rate))

    return step


STEPS = tuple(_adam(rate) for rate in (0.1, 0.03, 0.01, 0.003))
"""One program, ever smaller steps: the line search of L-BFGS would compile three times as long."""


class Variation(eqx.Module):
    """Numbers of a machine that a search may change, each within a range, on a logarithmic scale.

    Attributes:
        build: the machine with given numbers (V,); jax-traceable.
        start: (V,) the numbers of the machine that the search begins with.
        ranges: (low, high), 0 < low < high, of each number.

    Raises:
        InputError: a range that is empty or not positive, or a start outside its range.
    """

    build: Callable[[Float[Array, " V"]], Machine]
    start: tuple[float, ...] = eqx.field(static=True)
    ranges: tuple[tuple[float, float], ...] = eqx.field(static=True)

    def __post_init__(self) -> None:
        if len(self.start) != len(self.ranges) or not self.ranges:
            raise InputError(
                f"a variation needs one range for each number, but it has {len(self.ranges)} for "
                f"{len(self.start)}."
            )
        for value, (low, high) in zip(self.start, self.ranges, strict=True):
            if not 0.0 < low < high < np.inf:
                raise InputError(
                    f"the range of a varied number must have 0 < lowest < highest, but it is [{low}, {high}]."
                )
            if not low <= value <= high:
                raise InputError(
                    f"a varied number must begin within its range, but {value} is outside [{low}, {high}]: "
                    "widen the range or change the number."
                )


class VariedParameters(NamedTuple):
    """Unconstrained parameters of a drive and of numbers; batches carry leading axes.

    Attributes:
        drive: see `DriveParameters`.
        numbers: logit of each number within its range, on a logarithmic scale.
    """

    drive: DriveParameters
    numbers: Float[Array, "*batch V"]

    @property
    def position(self) -> Float[Array, "*batch"]:
        """Of the drive."""
        return self.drive.position


class VariedSpace(eqx.Module):
    """Maps `VariedParameters` to a drive and numbers."""

    drives: SearchSpace
    ranges: tuple[tuple[float, float], ...] = eqx.field(static=True)

    def drive(self, parameters: VariedParameters) -> tuple[AbstractDrive, Array]:
        """The drive, and the numbers low (high/low)^sigmoid."""
        low, high = jnp.asarray(self.ranges).T
        numbers = low * (high / low) ** jax.nn.sigmoid(parameters.numbers)
        return self.drives.drive(parameters.drive), numbers

    def folded(self, parameters: VariedParameters) -> VariedParameters | None:
        """See `SearchSpace.folded`; the numbers stay."""
        drive = self.drives.folded(parameters.drive)
        return None if drive is None else VariedParameters(drive, parameters.numbers)


class VariedModel(Model):
    """(X, D, S) of one output straight from the kernels, for any numbers of the machine."""

    at_once: int | None = eqx.field(static=True, default=1, kw_only=True)
    build: Callable[[Float[Array, " V"]], Machine]
    output: int = eqx.field(static=True)
    harmonics: int = eqx.field(static=True)

    def rates(self, drive: tuple[AbstractDrive, Array]) -> Rates:
        shape, numbers = drive
        order = jnp.arange(self.harmonics + 1, dtype=float).at[0].set(1e-6)

        def forms(point: Float[Array, " V1"]) -> Array:
            found = precision_forms(self.build(point[1:]), self.output, order * point[0])
            return jnp.stack(found)

        # First-order expansion about the point itself: the same value and gradient, but reverse mode never
        # passes back through the contour sums, which takes minutes to compile.
        point = jnp.concatenate([shape.frequency[None], numbers])
        fixed = jax.lax.stop_gradient(point)
        slope, value = jax.jacfwd(lambda x: (forms(x),) * 2, has_aux=True)(fixed)
        return PrecisionForms(*(value + slope @ (point - fixed))).rates(shape.harmonics(self.harmonics))


def vary_numbers(
    variation: Variation,
    space: SearchSpace,
    output: int,
    targets: Target,
    drives: DriveParameters,
    seed: int,
    checkpoint: Store | None,
    progress: Callable[[int], None],
) -> tuple[AbstractDrive, Float[Array, "M V"]]:
    """The best drive and numbers for each target, from a drive for each.

    COPIES candidates a target: one begins with the machine's own numbers, the others anywhere in the ranges.
    """
    whole = VariedSpace(space, variation.ranges)
    model = VariedModel(variation.build, output, min(space.kept_harmonics, HARMONICS * space.harmonics))
    begin = _starts(variation, drives, seed)
    return drives_of(whole, search(model, whole, targets, begin, STEPS, checkpoint, progress))


def _starts(variation: Variation, drives: DriveParameters, seed: int) -> VariedParameters:
    low, high = np.array(variation.ranges).T
    own = np.log(np.array(variation.start) / low) / np.log(high / low)
    count = drives.position.shape[0] * COPIES
    fraction = np.random.default_rng(seed).uniform(0.1, 0.9, (count, len(own)))
    fraction[::COPIES] = np.clip(own, 0.02, 0.98)
    copies = jax.tree.map(lambda leaf: jnp.repeat(leaf, COPIES, axis=0), drives)
    return VariedParameters(copies, jax.scipy.special.logit(jnp.asarray(fraction)))
