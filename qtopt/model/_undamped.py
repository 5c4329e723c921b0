"""Motions that no static bath damps, found from the structure of a machine: no round-off of eigenvalues."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._machine import Machine
from .drives import BATHS, AbstractDrive, Protocol

PARALLEL = 1e-13
"""Couplings whose directions differ by less are parallel; one that is smaller, relative, is none."""
EQUAL = 4.0 * np.finfo(float).eps
"""Frequencies whose difference is less, relative to the largest, are equal."""
PHASES = 64
"""Of a period, at least, at which it is looked whether a drive moves a motion."""


class UndampedMode(NamedTuple):
    """A motion of oscillators of one frequency that no static bath sees.

    Attributes:
        frequency: omega of the oscillators that take part.
        shape: (L,) their amplitudes, the largest 1: coordinates of the other motions do not contain it.
        driven: whether the drive couples it to a bath.
    """

    frequency: float
    shape: NDArray[np.float64]
    driven: bool

    def __str__(self) -> str:
        text = ""
        for l in np.flatnonzero(self.shape):
            sign, size = ("-", "+")[int(self.shape[l] > 0.0)], abs(self.shape[l])
            text += f" {sign} {'' if size == 1.0 else f'{size:.3g} '}x_{l + 1}"
        return text.removeprefix(" + ")


def undamped_modes(machine: Machine, drive: AbstractDrive | None = None) -> tuple[UndampedMode, ...]:
    """The motions of a machine that no static bath damps, on the host; empty for ordinary machines.

    Baths with counter-term do not change the potential ``x^T V x/2``, and act through what they damp. So a
    motion u of oscillators that share their baths is undamped exactly where it is an eigenvector of V on
    which no static bath acts, ``sum_l g_bl u_l = 0`` for all b, whatever the rates are.

    Args:
        machine: the machine.
        drive: tells which of them a driven bath acts on; None: no one asks.

    Source: theory (1.1), (1.20), (13.1).
    """
    if not may_be_undamped(machine) or (drive is not None and not _couples(drive)):
        return ()
    couplings = [np.asarray(bath.coupling) for bath in machine.static_baths]
    static = np.stack(couplings) if couplings else np.zeros((0, machine.size))
    moved = np.zeros((0, machine.size)) if drive is None else _moved(drive)
    found = []
    for group in machine.groups():
        for frequency, basis in _alike(machine, group):
            seen, by_drive = (_unit(rows[:, group]) @ basis.T for rows in (static, moved))
            still = _unseen(np.concatenate([seen, by_drive]))
            rest = _unseen(np.concatenate([seen, still]))
            for rows, driven in ((still, False), (rest, True)):
                for row in _simple(rows @ basis):
                    shape = np.zeros(machine.size)
                    shape[group] = row * np.sign(row[np.flatnonzero(row)[0]])
                    found.append(UndampedMode(frequency, shape, driven))
    return tuple(found)


def may_be_undamped(machine: Machine) -> NDArray[np.bool_]:
    """Whether to look at each machine of (...): equal frequencies, couplings of zero, springs; NumPy."""
    frequencies = np.sort(np.asarray(machine.frequencies), axis=-1)
    couplings = [np.asarray(bath.coupling) for bath in machine.static_baths]
    if not couplings or machine.springs is not None:
        return np.ones(frequencies.shape[:-1], dtype=bool)
    coupled = np.any(np.stack(couplings) != 0.0, axis=0)
    close = np.diff(frequencies, axis=-1) <= EQUAL * frequencies[..., 1:]
    return ~coupled.all(axis=-1) | close.any(axis=-1)


def _couples(drive: AbstractDrive) -> bool:
    """Whether a drive moves couplings only; where frequencies or forces move, the solver decides."""
    parts = drive.drives if isinstance(drive, Protocol) else (drive,)
    return all(part.target.startswith(BATHS) for part in parts)


def _moved(drive: AbstractDrive) -> NDArray[np.float64]:
    """(K, L) couplings of the drive to its baths in a period."""
    parts = drive.drives if isinstance(drive, Protocol) else (drive,)
    count = max(PHASES, *(max(4 * part.default_harmonics, 2 * part.steps) for part in parts))
    phases = (np.arange(count) + 0.5) / count
    return np.concatenate([np.asarray(part.at_phases(phases)[0]) for part in parts])


def _alike(machine: Machine, group: NDArray[np.int64]) -> Iterator[tuple[float, NDArray[np.float64]]]:
    """The frequencies of the potential of a group, and orthonormal rows of the motions of each."""
    if machine.springs is None:
        frequencies, shapes = np.asarray(machine.frequencies)[group], np.eye(len(group))
        order = np.argsort(frequencies, kind="stable")
        frequencies, shapes = frequencies[order], shapes[order]
    else:
        squares, columns = np.linalg.eigh(np.asarray(machine.stiffness)[np.ix_(group, group)])
        frequencies, shapes = np.sqrt(np.maximum(squares, 0.0)), columns.T
    equal = EQUAL if machine.springs is None else PARALLEL
    starts = np.flatnonzero(np.diff(frequencies) > equal * frequencies[-1]) + 1
    for part in np.split(np.arange(len(group)), starts):
        yield float(frequencies[part[0]]), shapes[part]


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row by the largest of its numbers; rows of zeros are left out."""
    largest = np.abs(rows).max(axis=1, initial=0.0)
    return rows[largest > 0.0] / largest[largest > 0.0, None]


def _unseen(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orthonormal rows that span what all these rows, of numbers up to 1, are orthogonal to."""
    kept = rows[np.abs(rows).max(axis=1, initial=0.0) > PARALLEL]
    if len(kept) == 0:
        return np.eye(rows.shape[1])
    kept = _unit(kept)
    _, values, basis = np.linalg.svd(kept, full_matrices=True)
    return basis[np.sum(values > PARALLEL * values[0]) :]


def _simple(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same span by rows with as many zeros as elimination gives, the largest number of each 1."""
    found = rows.copy()
    taken: list[int] = []
    for i in range(len(found)):
        pivot = int(np.argmax(np.abs(found[i])))
        taken.append(pivot)
        found[i] /= found[i, pivot]
        others = np.arange(len(found)) != i
        found[others] -= found[others, pivot : pivot + 1] * found[i]
    found[np.abs(found) < 1e-12] = 0.0
    nearest = np.round(found)
    return np.where(np.abs(found - nearest) < 1e-12, nearest, found)
