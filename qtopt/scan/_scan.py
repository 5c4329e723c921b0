"""The scan itself: chunk after chunk, whatever was done before."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .. import __version__, config as files
from .._arrays import require_x64
from ..errors import InputError
from ._axes import Axis, build_model, read_axes
from ._dataset import check_names, dataset
from ._parts import Parts
from ._quantities import Quantity
from ._solve import Results, Solver

if TYPE_CHECKING:
    from xarray import Dataset

Report = Callable[[int, int], None]
CHUNKS_OF_A_SHARE = 4
"""by default: what a process that dies loses"""


class Share(NamedTuple):
    """Which part of the chunks one of several processes solves: number `number` of `count`, from 1."""

    number: int
    count: int

    @staticmethod
    def read(text: str) -> "Share":
        """From "K/N".

        Raises:
            InputError: it is not of this form, or K is not one of 1 to N.
        """
        number, _, count = text.partition("/")
        if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
            raise InputError(
                f'a share must be K/N, number K of N from 1, but it is "{text}": for example 2/8.'
            )
        return Share(int(number), int(count))

    def has(self, chunk: int) -> bool:
        """Whether chunk number `chunk`, from 0, belongs to it; every one belongs to one share."""
        return chunk % self.count == self.number - 1


def parameter_scan(
    config: files.Config, state: Path | None = None, report: Report = lambda done, total: None
) -> "Dataset":
    """Every quantity over the axes of [scan], with the solver of [solver], on all devices that jax sees.

    Args:
        config: the configuration, with a drive and a scan.
        state: folder of finished chunks; what another call of the same scan left there is not solved again.
        report: called with the machines done and their total after each chunk.

    Returns:
        A labelled dataset: coordinates along the axes, units as attributes, the configuration inside. Where
        `status` is not 0 there is no steady state to report, and every number is masked (NaN).

    Raises:
        InputError: an axis that names no number or reaches values that are not allowed.
    """
    axes, quantities, results = _solve(config, state, report, Share(1, 1))
    return dataset(config, axes, quantities, results)


def scan_share(
    config: files.Config, state: Path, share: Share, report: Report = lambda done, total: None
) -> None:
    """Solve a share of the chunks of a scan: for several processes, on any machines, that see one folder.

    Nobody waits for anybody. When all are through, or some have died, `parameter_scan` with the same folder
    solves what is missing and puts the data together. Arguments and errors as there.
    """
    _solve(config, state, report, share)


def _solve(
    config: files.Config, state: Path | None, report: Report, share: Share
) -> tuple[tuple[Axis, ...], tuple[Quantity, ...], Results]:
    require_x64()
    axes = read_axes(config)
    model, kind = build_model(config), config.solver.kind
    scan = files.require_scan(config)
    grid = np.meshgrid(*(axis.values for axis in axes), indexing="ij")
    values = np.stack([part.ravel() for part in grid], axis=1)
    chunk = scan.chunk
    if chunk is None and share.count > 1:
        chunk = -(-len(values) // (CHUNKS_OF_A_SHARE * share.count))
    solver = Solver(model, tuple(axis.places for axis in axes), kind, chunk, scan.fluctuations)
    check_names(axes, solver.quantities)
    sizes = {"oscillator": model[0].size, "other_oscillator": model[0].size, "bath": len(model[0].baths)}
    results = {item.name: _empty(item, len(values), sizes) for item in solver.quantities}
    parts = Parts(state, files.fingerprint(config, ("drive", "scan"), __version__))
    done = parts.load(results)
    report(int(done.sum()), len(values))
    for number, part in enumerate(solver.chunks(values)):
        if not share.has(number) or done[part.machines].all():
            continue
        found = part.solve(values[part.machines])
        parts.save(part.machines, found)
        for name, column in found.items():
            results[name][part.machines] = column
        done[part.machines] = True
        report(int(done.sum()), len(values))
    return axes, solver.quantities, results


def _empty(quantity: Quantity, machines: int, sizes: dict[str, int]) -> np.ndarray:
    shape = (machines, *(sizes[name] for name in quantity.dims))
    return np.zeros(shape, dtype=np.int8) if quantity.flags else np.full(shape, np.nan)
