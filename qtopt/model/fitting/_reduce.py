"""Fewer poles for a given bath: balanced truncation of the factor h of J = omega |h|^2."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import numpy as np
import scipy
from jax.core import Tracer
from numpy.typing import NDArray

from ...errors import InputError
from .._machine import Machine
from ..spectral_densities import AbstractSpectralDensity, Memory, Rational
from ._noise import FLOOR, scale

GRID, AROUND = 4000, np.array([0.0, 0.25, 0.5, 1.0, 2.0, 4.0])
"""Points by logarithm where errors are measured, and distances from every resonance in its widths."""
MARGIN = 1e3
"""Errors are measured so far below the slowest and above the fastest pole."""
STEEP = 4
"""Order of the filter above the frequencies that matter."""
IMAGINARY = 1e-9
"""Roots with a smaller real part, relative to their modulus, are on the imaginary axis."""

Matrix = NDArray[np.float64]
Filter = tuple[Matrix, Matrix, Matrix]
"""(A, b, c) of h = c (s - A)^-1 b in the Laplace variable s = -i omega"""


@dataclass(frozen=True)
class Reduction:
    """What a bath with fewer poles has in common with the one that it replaces.

    Attributes:
        before, after: numbers of poles.
        error: largest error of J in `range`, relative to J or, where J is smaller, to 1/100 of its maximum.
        outside: the same elsewhere; 0 where all frequencies matter.
        tolerance: what was asked for.
        range: (lowest, highest) omega that matter; None: all.
        reorganisation: (1/pi) times the integral of J/omega, before and after.
    """

    before: int
    after: int
    error: float
    outside: float
    tolerance: float
    range: tuple[float, float] | None
    reorganisation: tuple[float, float]

    def __str__(self) -> str:
        old, new = self.reorganisation
        change = f" ({new / old - 1.0:+.1e})" if old > 0.0 else ""
        where = "" if self.range is None else f" for {self.range[0]:.3g} <= omega <= {self.range[1]:.3g}"
        elsewhere = "" if self.range is None else f" and {self.outside:.1e} elsewhere"
        return (
            f"{self.before} poles -> {self.after}, largest error {self.error:.1e} of J{where} "
            f"({self.tolerance:.1e} allowed){elsewhere}, reorganisation energy {old:.6g} -> {new:.6g}{change}"
        )


def reduced(
    density: AbstractSpectralDensity, tolerance: float = 1e-4, range: tuple[float, float] | None = None
) -> tuple[Rational, Reduction]:
    """The bath with the fewest poles whose J is within the tolerance of a given one, passive by construction.

    The spectral factor h of ``J = omega |h(omega)|^2``, a stable filter, is brought to coordinates in which
    what its noise reaches and what its output sees are equal and diagonal (balanced); the weakest states are
    cut off. Whatever h is left, J stays above 0 and its memory decays, so that no passivity is lost. The
    order is the smallest whose error, measured on a grid that resolves every resonance, is within the
    tolerance.
    Deterministic; runs on the host.

    Args:
        density: any with a memory and without a friction of its own, with numbers that are known.
        tolerance: largest error of J, relative to J or, where J is smaller, to 1/100 of its maximum.
        range: (lowest, highest) omega that matter: elsewhere J may become anything that is not negative, and
            what is above counts less and less in the choice of states.

    Returns:
        The bath, and how good it is; all poles are kept where none can be spared. Where float64 does not tell
        enough states apart the error is above the tolerance, as the report says.

    Raises:
        InputError: a tolerance that is not between 0 and 1, a range that is none or far from every pole, or a
            density without poles or with friction.

    Source: theory (12.12) to (12.14); Moore, IEEE Trans. Autom. Control 26, 17 (1981).
    """
    _check(density, tolerance, range)
    memory = density.memory()
    whole = _filter_of(memory)
    unit = float(np.max(np.abs(np.linalg.eigvals(whole[0]))))
    own = whole[0] / unit, whole[1] / unit, whole[2]
    omega, inside, highest = _where(own, unit, range)
    values = np.abs(_response(own, omega)) ** 2 * omega
    balanced, most = _balanced(own, highest)
    allowed = scale(values, FLOOR)

    def error_of(order: int) -> float:
        kept = np.abs(_response(_cut(balanced, order), omega)) ** 2 * omega
        return float(np.max((np.abs(kept - values) / allowed)[inside]))

    order = _fewest(most, lambda order: error_of(order) <= tolerance)
    bath = _rational(_cut(balanced, order), unit)
    given, made = (np.real(np.asarray(part.density(unit * omega))) for part in (density, bath))
    errors = np.abs(made - given) / scale(given, FLOOR)
    return bath, Reduction(
        len(whole[1]),
        len(bath.poles),
        float(np.max(errors[inside])),
        float(np.max(errors[~inside], initial=0.0)),
        tolerance,
        range,
        (float(memory.static), float(bath.memory().static)),
    )


def _check(density: AbstractSpectralDensity, tolerance: float, range: tuple[float, float] | None) -> None:
    """Raise `InputError`: see `reduced`."""
    if not 0.0 < tolerance < 1.0:
        raise InputError(
            f"the tolerance of a reduction must be between 0 and 1, but it is {tolerance}: give another one."
        )
    if range is not None and not 0.0 <= range[0] < range[1] < np.inf:
        raise InputError(
            f"the `range` of a reduction must be two increasing frequencies of at least 0; got {list(range)}."
        )
    obstacle = _obstacle(density.memory())
    if obstacle:
        raise InputError(
            f"a bath must consist of poles to be reduced, but this {type(density).__name__} has {obstacle}: "
            "reduce the others."
        )


def _obstacle(memory: Memory) -> str:
    """What keeps a bath from being reduced; empty where nothing does."""
    if any(isinstance(part, Tracer) for part in memory):
        raise InputError(
            "a bath must have known numbers to be reduced, but they are being traced: reduce it before "
            "`jax.jit` and `jax.grad`."
        )
    if memory.dynamics.shape[0] == 0:
        return "no poles"
    return "friction without memory" if float(memory.viscosity) != 0.0 else ""


def reduced_machine(
    machine: Machine, tolerance: float = 1e-4, range: tuple[float, float] | None = None
) -> tuple[Machine, dict[str, Reduction]]:
    """The machine with `reduced` baths, and what became of each by its name; memoryless ones stay.

    Raises:
        InputError: as `reduced`, or no bath has poles.
    """
    baths, found = list(machine.baths), {}
    for i, bath in enumerate(machine.baths):
        if _obstacle(bath.spectral_density.memory()):
            continue
        density, found[bath.name] = reduced(bath.spectral_density, tolerance, range)
        baths[i] = eqx.tree_at(lambda b: b.spectral_density, bath, density)
    if not found:
        raise InputError(
            "a machine must have a bath that consists of poles to be reduced, but all of its baths have "
            "friction without memory: there is nothing to do."
        )
    return eqx.tree_at(lambda m: m.baths, machine, tuple(baths)), found


def _filter_of(memory: Memory) -> Filter:
    """h as the response of the outlet: theory (1.21)."""
    dynamics = np.asarray(memory.dynamics, dtype=float)
    kicked = (
        np.linalg.solve(dynamics, np.asarray(memory.input, dtype=float)) if len(dynamics) else np.zeros(0)
    )
    return dynamics, kicked, np.asarray(memory.outlet, dtype=float)


def _balanced(whole: Filter, highest: float | None) -> tuple[Filter, int]:
    """The same filter in balanced coordinates, weakest last, and how many of them float64 knows.

    Above `highest` the output is seen through a low-pass filter: theory (12.13).
    """
    a, b, c = whole
    reached = scipy.linalg.solve_continuous_lyapunov(a, -np.outer(b, b))
    seen_by, seen_as = a, c
    if highest is not None:
        low, gain, out = _low_pass(highest)
        size, more = len(a), len(low)
        seen_by = np.block([[a, np.zeros((size, more))], [np.outer(gain, c), low]])
        seen_as = np.r_[np.zeros(size), out]
    seen = scipy.linalg.solve_continuous_lyapunov(seen_by.T, -np.outer(seen_as, seen_as))[: len(a), : len(a)]
    left, right = _root(reached), _root(seen)
    u, singular, v = np.linalg.svd(right.T @ left)
    known = singular > np.finfo(float).eps * singular[0] * len(a)
    u, singular, v = u[:, known], singular[known], v[known]
    forward, back = left @ (v.T / np.sqrt(singular)), (u / np.sqrt(singular)).T @ right.T
    return (back @ a @ forward, back @ b, c @ forward), len(singular)


def _low_pass(highest: float) -> Filter:
    """A Butterworth filter of the order STEEP that lets frequencies below this one pass."""
    polynomials: Any = scipy.signal.butter(STEEP, 1.0, analog=True)
    a, b, c, _ = scipy.signal.tf2ss(*polynomials)
    return highest * a, highest * b[:, 0], c[0]


def _root(gramian: Matrix) -> Matrix:
    """R with R R^T = gramian, whose round-off may be negative."""
    values, vectors = np.linalg.eigh((gramian + gramian.T) / 2.0)
    return vectors * np.sqrt(np.maximum(values, 0.0))


def _cut(whole: Filter, order: int) -> Filter:
    a, b, c = whole
    return a[:order, :order], b[:order], c[:order]


def _fewest(most: int, serves: Callable[[int], bool]) -> int:
    """The smallest order that serves, or all: by halving, then downwards."""
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if serves(middle) else (middle, high)
    while high > 1 and serves(high - 1):
        high -= 1
    return high


def _response(whole: Filter, omega: NDArray[np.float64]) -> NDArray[np.complex128]:
    """h at real frequencies, by the modes of the filter."""
    a, b, c = whole
    values, vectors = np.linalg.eig(a)
    strengths = (c @ vectors) * np.linalg.solve(vectors, b.astype(complex))
    return np.sum(strengths / (-1j * omega[:, None] - values), axis=1)


def _grid(modes: Any) -> NDArray[np.float64]:
    """Frequencies that resolve every resonance."""
    size = np.abs(modes)
    near = (np.abs(modes.imag)[:, None] + modes.real[:, None] * np.r_[-AROUND, AROUND]).ravel()
    wide = np.geomspace(size.min() / MARGIN, size.max() * MARGIN, GRID)
    return np.unique(np.concatenate([near[near > wide[0]], wide]))


def _where(
    own: Filter, unit: float, range: tuple[float, float] | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_], float | None]:
    """Frequencies in the filter's unit, which of them matter, and the highest if it is within reach.

    Raises:
        InputError: the range, in the bath's own unit, holds no frequency at which the bath has a shape.
    """
    omega = _grid(np.linalg.eigvals(own[0]))
    if range is None:
        return omega, np.ones(len(omega), dtype=bool), None
    slowest, fastest = omega[0], omega[-1]
    if range[1] < unit * slowest or range[0] > unit * fastest:
        raise InputError(
            f"the `range` of a reduction must hold frequencies between {unit * slowest:.3g} and "
            f"{unit * fastest:.3g}, as J is a plain power of omega elsewhere; got {list(range)}: give "
            "another one."
        )
    low, high = np.clip(np.array(range) / unit, slowest, fastest)
    omega = np.unique(np.r_[omega, np.linspace(low, high, GRID)])
    return omega, (omega >= low) & (omega <= high), None if high == fastest else float(high)


def _rational(whole: Filter, unit: float) -> Rational:
    """The bath of a filter whose frequencies are in this unit; zeros above the axis are mirrored."""
    a, b, c = whole
    poles = np.linalg.eigvals(a)
    size = len(a)
    pencil = np.block([[a, b[:, None]], [c[None, :], np.zeros((1, 1))]])
    mask = np.diag(np.r_[np.ones(size), 0.0])
    zeros = scipy.linalg.eigvals(pencil, mask)
    far = 1e8 * np.max(np.abs(poles))
    zeros = zeros[np.isfinite(zeros) & (np.abs(np.where(np.isfinite(zeros), zeros, 0.0)) < far)]
    decays, pairs = _split(poles)
    zero_decays, zero_pairs = _split(zeros)
    shape = Rational(1.0, decays, pairs, zero_decays, zero_pairs)
    omega = _grid(poles)
    wanted, made = np.abs(_response(whole, omega)) ** 2 * omega, np.real(np.asarray(shape.density(omega)))
    strongest = np.argmax(wanted)
    scale_of_all = float(wanted[strongest] / made[strongest]) / unit
    bath = Rational(scale_of_all, decays, pairs, zero_decays, zero_pairs)
    return bath.in_units(unit)


def _split(roots: Any) -> tuple[list[float], list[list[float]]]:
    """Rates on the imaginary axis of omega, and (frequency, rate) of mirrored pairs; s = -i omega."""
    alone = np.abs(roots.imag) < IMAGINARY * np.abs(roots)
    pairs = roots[~alone & (roots.imag > 0.0)]
    found = sorted([float(x.imag), abs(float(x.real))] for x in pairs)
    return sorted(abs(float(x.real)) for x in roots[alone]), found
