"""What noise, and what the mean motion, does in any driven quadratic machine, harmonic by harmonic."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ...model import BATHS, FORCES, FREQUENCIES, SPRINGS, Actuators, Machine
from ._floquet import Equations, Harmonics, Response
from ._noise import Densities, exchanged, noise, overlap


def densities(
    machine: Machine, acting: Actuators, harmonics: Harmonics, omega: Float[Array, " K"], truncation: int
) -> Densities:
    """The spectra of oscillators that share their baths.

    Args:
        machine: the oscillators.
        acting: the actuators.
        harmonics: of the machine under them.
        omega: noise frequencies.
        truncation: N.

    Source: theory (5.21), (13.22).
    """
    equations = Equations.at(harmonics, omega, truncation)
    found, own = equations.of_noise(), np.eye(len(machine.baths))
    taken = _taken(equations, found)
    n = np.arange(-truncation, truncation + 1)[:, None, None, None]
    raised = harmonics.frequency * jnp.sum(n * taken, axis=0)
    power, heat = exchanged(omega, jnp.sum(taken, axis=0), raised, own)
    x = found.positions
    covariance = jnp.moveaxis(jnp.sum(overlap(x[:, :, None], x[:, None]), axis=0), 2, 0)
    unit = Densities(power, _works(acting, harmonics, found), heat, covariance)
    spectra = jnp.stack([noise(bath, omega) for bath in machine.baths])

    def scaled(values: Array) -> Array:
        return values * spectra.reshape(len(spectra), *[1] * (values.ndim - 2), -1)

    return jax.tree.map(scaled, unit)


class Flows(NamedTuple):
    """What the mean motion of l oscillators that share their baths does, averaged over a period.

    Attributes:
        work: for each actuator (shapes,).
        heat_currents: (B,).
        means: (X, l) <x>_n, n = -N..N.
    """

    work: tuple[Array, ...]
    heat_currents: Float[Array, " B"]
    means: Complex[Array, "X l"]


def flows(acting: Actuators, harmonics: Harmonics, truncation: int) -> Flows:
    """The flows of the mean motion: lines at n Omega.

    Source: theory (13.23).
    """
    equations = Equations.at(harmonics, jnp.zeros(1), truncation)
    found = equations.of_forces()
    work = [part[0, :, 0] for part in _works(acting, harmonics, found)]
    reach, means = harmonics.reach, found.positions[:, :, 0, 0]
    for i, actuator in enumerate(acting):
        if actuator.target == FORCES:
            rates = _rates(harmonics)[:, None] * harmonics.force
            work[i] = -jnp.sum(overlap(rates, means[truncation - reach : truncation + reach + 1]), axis=0)
    heat = -jnp.sum(equations.shifted[:, 0] * _taken(equations, found)[:, 0, :, 0].T, axis=1)
    return Flows(tuple(work), heat, means)


def _taken(equations: Equations, found: Response) -> Float[Array, "X s B K"]:
    """J_b(w_n) |q_{b,n}|^2."""
    spectra = equations.harmonics.spectra
    density = jnp.stack([s.density(equations.shifted).real for s in spectra], axis=1)
    return jnp.swapaxes(density[:, :, None] * overlap(found.coordinates, found.coordinates), 1, 2)


def _rates(harmonics: Harmonics) -> Complex[Array, " D"]:
    """-i d Omega, which makes slopes of coefficients."""
    return harmonics.frequency * (-1j * np.arange(-harmonics.reach, harmonics.reach + 1))


def _works(acting: Actuators, harmonics: Harmonics, found: Response) -> tuple[Array, ...]:
    """The work of each shape, (s, shapes, K) for each actuator; that of forces is linear: no noise does it.

    Source: theory (2.1), (13.4).
    """
    rates, reach = _rates(harmonics), harmonics.reach
    x, count = found.positions, len(found.positions)
    padded = jnp.pad(x, [(reach, reach), (0, 0), (0, 0), (0, 0)])
    # x_{n-d}: what a slope of order d lifts to n.
    lifted = [padded[reach - d : reach - d + count] for d in range(-reach, reach + 1)]

    def averaged(slopes: Complex[Array, "D a"], with_: Complex[Array, "X a s K"], which: np.ndarray) -> Array:
        terms = (
            jnp.sum(overlap(slope[:, None, None] * moved[:, which], with_), axis=0)
            for slope, moved in zip(slopes, lifted, strict=True)
        )
        return jnp.swapaxes(sum(terms, jnp.zeros(())), 0, 1)

    each, works = np.arange(x.shape[1]), []
    for actuator in acting:
        if actuator.target == BATHS:
            parts = (
                averaged(rates[:, None] * harmonics.couplings[:, b], found.forces[:, b, None], each)
                for b in actuator.baths
            )
            works.append(-sum(parts, jnp.zeros(())))
        elif actuator.target == FREQUENCIES:
            slopes = rates[:, None] * harmonics.stiffness[:, each, each]
            works.append(0.5 * averaged(slopes, x, each))
        elif actuator.target == SPRINGS:
            first, second = (np.asarray(ends) for ends in zip(*actuator.pairs, strict=True))
            slopes = rates[:, None] * harmonics.stiffness[:, first, second]
            works.append(averaged(slopes, x[:, first], second))
        else:
            works.append(jnp.zeros((x.shape[2], x.shape[1], x.shape[3])))
    return tuple(works)
