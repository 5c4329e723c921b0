"""Finished chunks of a scan on disk: an interruption loses at most the one in progress."""

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Parts:
    """One file for each finished chunk, written in one step; `None` as the folder keeps nothing.

    Every file carries the fingerprint of its scan and the positions of its machines in the grid. Files of
    other scans are ignored, never misread; chunks of another size are as good.
    """

    def __init__(self, folder: Path | None, fingerprint: str = "") -> None:
        self.folder, self.fingerprint = folder, fingerprint

    def load(self, results: dict[str, NDArray[Any]]) -> NDArray[np.bool_]:
        """Fill in what is on disk; which machines that is."""
        done = np.zeros(len(next(iter(results.values()))), dtype=bool)
        for path in sorted(self.folder.glob("part-*.npz")) if self.folder else ():
            try:
                with np.load(path) as file:
                    if str(file["fingerprint"]) != self.fingerprint:
                        continue
                    machines = file["machines"]
                    for name, values in results.items():
                        values[machines] = file[name]
            except (OSError, KeyError, ValueError, zipfile.BadZipFile):
                continue  # not one of ours: its machines are solved again
            done[machines] = True
        return done

    def save(self, machines: NDArray[np.int64], results: dict[str, NDArray[Any]]) -> None:
        """Store one chunk: a kill at any moment leaves the whole file or none."""
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"part-{machines[0]:09d}-{len(machines)}.npz"
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(file, fingerprint=self.fingerprint, machines=machines, **results)  # pyright: ignore
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
