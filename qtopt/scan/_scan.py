"""The scan itself: chunk after chunk, whatever was done before."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import jax
import numpy as np
from numpy.typing import NDArray

from .. import __version__, files
from ..jobs import Share, Store, first, gathered
from ..numerics import require_x64
from ..observables import BATH, OSCILLATOR, OTHER, Quantity
from ._axes import read_axes
from ._dataset import check_names, dataset
from ._solve import Programs, Results

if TYPE_CHECKING:
    from xarray import Dataset

Report = Callable[[int, int], None]
CHUNKS_OF_A_SHARE = 4
"""by default: what a process that dies loses"""
MACHINES = "machines"


def parameter_scan(
    config: files.Config, state: Path | None = None, report: Report = lambda done, total: None
) -> "Dataset":
    """Every quantity over the axes of [scan], with the solver of [solver], on all devices that jax sees.

    Processes connected by `jax.distributed` share the chunks, each on its own devices; all of them return the
    whole dataset. They need not see one folder, but only what the first one sees is kept.

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
    scan = _Scan(config, state, report, jax.process_count())
    scan.solve(Share(jax.process_index() + 1, jax.process_count()))
    if jax.process_count() > 1:
        scan.share_results()
        scan.solve(Share(1, 1))  # what belonged to nobody where the processes have different devices
    return dataset(config, scan.axes, scan.quantities, scan.results)


def scan_share(
    config: files.Config, state: Path, share: Share, report: Report = lambda done, total: None
) -> None:
    """Solve a share of the chunks of a scan: for several processes, on any machines, that see one folder.

    Nobody waits for anybody. When all are through, or some have died, `parameter_scan` with the same folder
    solves what is missing and puts the data together. Arguments and errors as there.
    """
    _Scan(config, state, report, share.count).solve(share)


class _Scan:
    """One scan in `processes` processes: what is known of it here, and what is on disk."""

    def __init__(self, config: files.Config, state: Path | None, report: Report, processes: int) -> None:
        require_x64()
        self.axes = read_axes(config)
        files.require_drive(config)
        model = files.driven_machine(config)
        scan = files.require_scan(config)
        grid = np.meshgrid(*(axis.values for axis in self.axes), indexing="ij")
        self.values = np.stack([part.ravel() for part in grid], axis=1)
        chunk = scan.chunk
        if chunk is None and processes > 1:
            chunk = -(-len(self.values) // (CHUNKS_OF_A_SHARE * processes))
        places = tuple(axis.places for axis in self.axes)
        self.programs = Programs(model, places, config.solver, chunk, scan.fluctuations)
        self.quantities = self.programs.quantities
        check_names(self.axes, self.quantities)
        sizes = {OSCILLATOR: model[0].size, OTHER: model[0].size, BATH: len(model[0].baths)}
        self.results: Results = {item.name: _empty(item, len(self.values), sizes) for item in self.quantities}
        key = files.fingerprint(config, ("drive", "scan"), __version__)
        self.store = Store(state and state / f"{MACHINES}.part", key)
        self.done = np.zeros(len(self.values), dtype=bool)
        for found in self.store.chunks():
            if found.keys() == {MACHINES, *self.results}:
                self._add(found.pop(MACHINES), found)
        self.found = np.zeros_like(self.done)  # here, not on disk
        self.report = report
        self._tell()

    def _tell(self) -> None:
        self.report(int(self.done.sum()), len(self.values))

    def solve(self, share: Share) -> None:
        """The machines of a share that are not done yet, chunk by chunk."""
        for number, (machines, solve) in enumerate(self.programs.chunks(self.values)):
            missing = machines[~self.done[machines]]
            if not share.has(number) or len(missing) == 0:
                continue
            found = solve(self.values[missing])
            self.store.add(f"{missing[0]:09d}-{len(missing)}", {MACHINES: missing, **found})
            self._add(missing, found)
            self.found[missing] = True
            self._tell()

    def _add(self, machines: NDArray[np.int64], found: Results) -> None:
        for name, column in found.items():
            self.results[name][machines] = column
        self.done[machines] = True

    def share_results(self) -> None:
        """Every process gets what the others found; what was on disk comes from the first.

        From now on all do the same, and only the first writes.
        """
        mine = np.flatnonzero(self.done if first() else self.found)
        sent = {MACHINES: mine, **{name: column[mine] for name, column in self.results.items()}}
        self.done[:] = False
        for part in gathered(sent):
            self._add(part.pop(MACHINES), part)
        if not first():
            self.store = Store(None)
        self._tell()


def _empty(quantity: Quantity, machines: int, sizes: dict[str, int]) -> np.ndarray:
    shape = (machines, *(sizes[name] for name in quantity.dimensions))
    return np.zeros(shape, dtype=np.int8) if quantity.flags else np.full(shape, np.nan)
