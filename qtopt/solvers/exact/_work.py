"""Work of every actuator from the moments of the oscillators, in smooth motion and at jumps."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float

from ...model import BATHS, FREQUENCIES, SPRINGS, Actuators, Course, System
from ...numerics import put, xp

Works = tuple[Array, ...]
"""For each actuator: (B, shapes, K), by the noise of which bath and at which time."""


class Change(NamedTuple):
    """What multiplies the moments: slopes dg/dt, or jumps of the shapes.

    Attributes:
        shapes: (L, E, K) of actuators with one shape for each oscillator.
        springs: (P, K) of driven springs, or None.
    """

    shapes: Float[Array, "L E K"]
    springs: Float[Array, "P K"] | None

    @staticmethod
    def smooth(at: Course) -> "Change":
        """The slopes of a course."""
        return Change(at.slopes, at.spring_slopes)

    @staticmethod
    def jumps(at: Course) -> "Change":
        """What every shape jumps by at the end of each step."""
        springs = None if at.springs is None else _jump(at.springs)
        return Change(_jump(at.shapes), springs)


def _jump(values: Float[Array, "*shape K"]) -> Float[Array, "*shape K"]:
    return xp.roll(values, -1, axis=-1) - values


def works(
    acting: Actuators,
    frequencies: Float[Array, " l"],
    equations: System,
    change: Change,
    covariance: Float[Array, "B 2l 2l K"],
    overlap: Float[Array, "C B l K"],
    mean: Float[Array, "n K"],
) -> Works:
    """The work of each shape, due to the noise of each bath.

    Args:
        acting: the actuators.
        frequencies: omega_l.
        equations: in coordinates y.
        change: of the shapes.
        covariance: <z z^T> of positions and velocities in these coordinates, by noise.
        overlap: <x_l F_c> by noise, for every bath c.
        mean: <z>, whose products are the last "noise" where forces make one.

    Source: theory (2.1), (2.13), (13.4), (13.5).
    """
    found, e, size = [], 0, len(frequencies)
    second = None
    for actuator in acting:
        if actuator.target in (FREQUENCIES, SPRINGS) and second is None:
            second = _second(equations, covariance[:, :size, :size])
        if actuator.target == SPRINGS:
            assert change.springs is not None and second is not None
            first, other = (np.asarray(ends) for ends in zip(*actuator.pairs, strict=True))
            found.append(change.springs * second[:, first, other])
            continue
        rate, e = change.shapes[:, e], e + 1
        if actuator.target == BATHS:
            found.append(-rate * sum((overlap[c] for c in actuator.baths), xp.zeros(())))
        elif actuator.target == FREQUENCIES:
            assert second is not None
            squares = xp.diagonal(second, axis1=1, axis2=2)
            found.append(0.5 * frequencies[:, None] ** 2 * rate * xp.moveaxis(squares, -1, 1))
        else:
            shaken = xp.zeros((covariance.shape[0], *rate.shape))
            found.append(put(shaken, -1, -rate * (equations.positions.T @ mean[:size])))
    return tuple(found)


def _second(equations: System, positions: Float[Array, "B l l K"]) -> Float[Array, "B l l K"]:
    """<x_l x_m> of the oscillators themselves."""
    return xp.einsum("al,sabk,bm->slmk", equations.positions, positions, equations.positions)
