"""Search over numbers of the machine (temperatures, bath parameters) together with the drive."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..drives import Drive
from ..errors import InputError
from ..machine import Machine
from ._checkpoint import Checkpoint
from ._precise_search import repeated
from ._precision_forms import precision_forms
from ._search import Model, Rates, Target, best_and_neighbours, best_of_all, refine
from ._search_space import DriveParameters, SearchSpace

CHUNKS, STEPS, COPIES = 6, 25, 4


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

    def drive(self, parameters: VariedParameters) -> tuple[Drive, Array]:
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

    build: Callable[[Float[Array, " V"]], Machine]
    output: int = eqx.field(static=True)
    harmonics: int = eqx.field(static=True)

    def rates(self, drive: tuple[Drive, Array]) -> Rates:
        shape, numbers = drive
        order = jnp.arange(self.harmonics + 1).at[0].set(1e-6)
        forms = precision_forms(self.build(numbers), self.output, order * shape.frequency)
        return forms.rates(shape.harmonics(self.harmonics))


def vary_numbers(
    variation: Variation,
    space: SearchSpace,
    output: int,
    targets: Target,
    drives: DriveParameters,
    seed: int,
    checkpoint: Checkpoint | None,
    progress: Callable[[int], None],
) -> tuple[Drive, Float[Array, "M V"]]:
    """The best drive and numbers for each target, from a drive for each.

    COPIES candidates a target: one begins with the machine's own numbers, the others anywhere in the ranges.
    """
    checkpoint = Checkpoint(None) if checkpoint is None else checkpoint
    whole = VariedSpace(space, variation.ranges)
    model = VariedModel(variation.build, output, space.kept_harmonics)
    parameters = _starts(variation, drives, seed)
    saved = checkpoint.load(parameters)
    begin, parameters = (0, parameters) if saved is None else (saved[0] + 1, saved[1])
    for chunk in range(begin, CHUNKS):
        each = repeated(targets, parameters.position.shape[0])
        parameters, rates = refine(model, whole, each, parameters, STEPS)
        if chunk == CHUNKS - 1:
            parameters = best_of_all(parameters, rates, targets)
        else:
            parameters = best_and_neighbours(whole, parameters, rates, targets)
        checkpoint.save(chunk, parameters)
        progress(chunk)
    return jax.vmap(whole.drive)(parameters)


def _starts(variation: Variation, drives: DriveParameters, seed: int) -> VariedParameters:
    low, high = np.array(variation.ranges).T
    own = np.log(np.array(variation.start) / low) / np.log(high / low)
    count = drives.position.shape[0] * COPIES
    fraction = np.random.default_rng(seed).uniform(0.1, 0.9, (count, len(own)))
    fraction[::COPIES] = np.clip(own, 0.02, 0.98)
    copies = jax.tree.map(lambda leaf: jnp.repeat(leaf, COPIES, axis=0), drives)
    return VariedParameters(copies, jax.scipy.special.logit(jnp.asarray(fraction)))
