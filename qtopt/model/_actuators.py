"""Which parts of the Hamiltonian a drive moves, and how they move."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float

from ..errors import InputError
from ..numerics import xp
from ._machine import Machine
from ._state_space import Copy, copies_of
from .drives import BATHS, FORCES, FREQUENCIES, SPRINGS, AbstractDrive, Protocol

Pair = tuple[int, int]


class Actuator(NamedTuple):
    """What one drive of a protocol moves.

    Attributes:
        label: of its work in results: "baths.hot", "frequencies", "springs", "forces"; "baths" where one
            drive moves the couplings of several baths.
        target: "baths", "frequencies", "springs" or "forces".
        baths: positions of the baths whose couplings it moves.
        pairs: the oscillators that its springs join, from 0.
        oscillators: L of the machine.
    """

    label: str
    target: str
    baths: tuple[int, ...]
    pairs: tuple[Pair, ...]
    oscillators: int

    @property
    def size(self) -> int:
        """Number of its shapes: oscillators, or pairs."""
        return len(self.pairs) if self.target == SPRINGS else self.oscillators

    @property
    def names(self) -> list[str]:
        """What results call its shapes: numbers of oscillators or pairs, from 1."""
        if self.target == SPRINGS:
            return [f"{first + 1}-{second + 1}" for first, second in self.pairs]
        return [str(l + 1) for l in range(self.oscillators)]


Actuators = tuple[Actuator, ...]


def actuators(machine: Machine, drive: AbstractDrive) -> Actuators:
    """The actuators of a drive or a protocol, in its order; a plain drive moves all driven baths.

    Raises:
        InputError: a target that the machine does not have, that is named twice or has the wrong number of
            shapes; a driven bath that no drive moves.
    """
    drives = drive.drives if isinstance(drive, Protocol) else (drive,)
    driven = {bath.name: i for i, bath in enumerate(machine.baths) if bath.driven}
    named = {d.target.removeprefix(f"{BATHS}.") for d in drives if d.target.startswith(f"{BATHS}.")}
    found: list[Actuator] = []
    for part in drives:
        baths = _baths(part.target, driven, named)
        label = f"{BATHS}.{machine.baths[baths[0]].name}" if len(baths) == 1 else part.target
        target = BATHS if part.target.startswith(BATHS) else part.target
        pairs = _pairs(part, machine) if target == SPRINGS else ()
        made = Actuator(label, target, baths, pairs, machine.size)
        if part.size != made.size:
            what = "pair" if target == SPRINGS else "oscillator"
            raise InputError(f"a drive must have one shape per {what} ({made.size}), but it has {part.size}.")
        if any(made.label == other.label for other in found):
            raise InputError(f"two drives must not move the same, but both have the target {label!r}.")
        found.append(made)
    idle = set(driven.values()) - {b for made in found for b in made.baths}
    if idle:
        name = machine.baths[min(idle)].name
        raise InputError(
            f"every driven bath needs a drive, but none moves {name!r}: give [drive], or [[drives]] with the "
            f'target "{BATHS}.{name}", or make its coupling static.'
        )
    return tuple(found)


def _baths(target: str, driven: dict[str, int], named: set[str]) -> tuple[int, ...]:
    """Positions of the baths that a target means."""
    if target == BATHS:
        return tuple(i for name, i in driven.items() if name not in named)
    if not target.startswith(f"{BATHS}."):
        return ()
    name = target.removeprefix(f"{BATHS}.")
    if name not in driven:
        known = ", ".join(driven) or "none"
        raise InputError(
            f'the target of a drive must be a bath whose coupling is "driven" ({known}), but it is '
            f"{target!r}."
        )
    return (driven[name],)


def _pairs(drive: AbstractDrive, machine: Machine) -> tuple[Pair, ...]:
    """The pairs of driven springs, from 0, the smaller number first."""
    pairs = tuple((min(pair) - 1, max(pair) - 1) for pair in drive.pairs)
    valid = all(0 <= first < second < machine.size for first, second in pairs)
    if not pairs or not valid or len(set(pairs)) != len(pairs):
        raise InputError(
            f"driven springs need `pairs` of different oscillators out of 1..{machine.size}, each once, but "
            f"they are {[list(pair) for pair in drive.pairs]}."
        )
    if len(machine.groups()) > 1:
        raise InputError('driven springs need the configuration "joint", but it is "independent".')
    return pairs


class Course(NamedTuple):
    """Shapes and their slopes at K points of time; springs are apart, since they join oscillators.

    Attributes:
        shapes, slopes: (L, E, K) of the E actuators that have one shape for each oscillator.
        springs, spring_slopes: (P, K) of the driven pairs, or None.
    """

    shapes: Float[Array, "L E K"]
    slopes: Float[Array, "L E K"]
    springs: Float[Array, "P K"] | None
    spring_slopes: Float[Array, "P K"] | None


def course(
    acting: Actuators, shapes: Float[Array, "K A"], slopes: Float[Array, "K A"], oscillators: int
) -> Course:
    """The course of a protocol from all its shapes at K points of time, actuator after actuator."""
    ends = np.cumsum([actuator.size for actuator in acting])[:-1]
    parts = [xp.split(values, ends, axis=1) if len(ends) else [values] for values in (shapes, slopes)]
    every, joined = [], []
    for values in parts:
        own = [v.T for a, v in zip(acting, values, strict=True) if a.target != SPRINGS]
        pair = [v.T for a, v in zip(acting, values, strict=True) if a.target == SPRINGS]
        every.append(xp.stack(own, axis=1) if own else xp.zeros((oscillators, 0, len(shapes))))
        joined.append(pair[0] if pair else None)
    return Course(every[0], every[1], joined[0], joined[1])


class Moving(NamedTuple):
    """A machine at K points of time: l oscillators that share their baths.

    Attributes:
        copies: the baths with their couplings.
        stiffness: (l, l) V, or (l, l, K) where it moves.
        force: (l, K) f, or None.
    """

    copies: tuple[Copy, ...]
    stiffness: Float[Array, "l l *K"]
    force: Float[Array, "l K"] | None


def moving(machine: Machine, acting: Actuators, at: Course) -> Moving:
    """What a machine (or its part that shares baths) is while its protocol takes this course.

    Source: theory (13.1).
    """
    points = at.shapes.shape[-1]
    still = xp.zeros((machine.size, points))
    couplings, slopes = [still] * len(machine.baths), [still] * len(machine.baths)
    stiffness, force = machine.stiffness, None
    e = 0
    for actuator in acting:
        if actuator.target == SPRINGS:
            assert at.springs is not None
            stiffness = _in_time(stiffness)
            for (l, m), value in zip(actuator.pairs, at.springs, strict=True):
                stiffness = stiffness + _pair_matrix(machine.size, l, m)[:, :, None] * value
            continue
        shape, slope = at.shapes[:, e], at.slopes[:, e]
        e += 1
        for bath in actuator.baths:
            couplings[bath], slopes[bath] = shape, slope
        if actuator.target == FREQUENCIES:
            own = machine.frequencies[:, None] ** 2 * shape
            stiffness = _in_time(stiffness) + xp.eye(machine.size)[:, :, None] * own[:, None]
        if actuator.target == FORCES:
            force = shape
    return Moving(copies_of(machine, couplings, slopes), stiffness, force)


def couplings_in_time(machine: Machine, drive: AbstractDrive, points: int = 256) -> Float[Array, "B L K"]:
    """g_l of every bath, driven or static, at equally spaced times of a period.

    Raises:
        InputError: as `actuators`.
    """
    acting = actuators(machine, drive)
    at = course(acting, *drive.at_phases(np.arange(points) / points), machine.size)
    copies = moving(machine, acting, at).copies
    each = xp.stack([copy.coupling for copy in copies]).reshape(-1, len(machine.baths), machine.size, points)
    return xp.sum(each, axis=0)  # every oscillator couples to the copies of its own group


def _in_time(stiffness: Float[Array, "l l *K"]) -> Float[Array, "l l K"]:
    return stiffness[:, :, None] if stiffness.ndim == 2 else stiffness


def _pair_matrix(size: int, l: int, m: int) -> np.ndarray:
    found = np.zeros((size, size))
    found[l, m] = found[m, l] = 1.0
    return found


def local_shares(acting: Actuators, oscillators: int) -> np.ndarray:
    """(L, A) how the work of every shape counts as local power: a spring's half at each of its ends.

    Source: theory (13.4).
    """
    columns: list[np.ndarray] = []
    for actuator in acting:
        if actuator.target == SPRINGS:
            columns += [_pair_matrix(oscillators, l, m).sum(axis=0) / 2.0 for l, m in actuator.pairs]
        else:
            columns += list(np.eye(oscillators))
    return np.stack(columns, axis=1)


def shape_names(acting: Sequence[Actuator]) -> list[str]:
    """The names of all shapes, actuator after actuator: "baths.hot 1", "springs 1-2"."""
    return [f"{actuator.label} {name}" for actuator in acting for name in actuator.names]
