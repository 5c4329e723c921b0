"""State of a search on disk, so that an interruption loses at most the running chunk."""

import io
import os
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np

from ._processes import first, from_first


class Checkpoint:
    """One file holding the last finished chunk of one search; `None` keeps nothing.

    Of several processes only the first reads and writes it.

    Arrays are stored bare, so the file also carries a fingerprint of what was searched: a file of another
    search is ignored, never misread.
    """

    def __init__(self, path: Path | None, fingerprint: str = "") -> None:
        self.path = path
        self.fingerprint = fingerprint

    def beside(self, name: str) -> "Checkpoint":
        """The file of a further stage of the same search."""
        return Checkpoint(self.path and self.path.with_stem(f"{self.path.stem}-{name}"), self.fingerprint)

    def load(self, template: Any) -> tuple[int, Any] | None:
        """(chunk, state) of the last save with this fingerprint, or None; `template` gives the structure."""
        if self.path is None:
            return None
        data = from_first(self._bytes)
        if not data:
            return None
        with np.load(io.BytesIO(data)) as file:
            if str(file["fingerprint"]) != self.fingerprint:
                return None
            leaves = [file[f"leaf{i}"] for i in range(len(file.files) - 2)]
            chunk = int(file["chunk"])
        structure = jax.tree.structure(eqx.filter(template, eqx.is_array))
        return chunk, jax.tree.unflatten(structure, [jax.numpy.asarray(leaf) for leaf in leaves])

    def _bytes(self) -> bytes:
        return self.path.read_bytes() if self.path is not None and self.path.exists() else b""

    def save(self, chunk: int, state: Any) -> None:
        """Replace the file in one step: a kill at any moment leaves the old or the new one."""
        if self.path is None or not first():
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        leaves = jax.tree.leaves(eqx.filter(state, eqx.is_array))
        arrays = {f"leaf{i}": np.asarray(leaf) for i, leaf in enumerate(leaves)}
        partial = self.path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(file, fingerprint=self.fingerprint, chunk=chunk, **arrays)  # pyright: ignore
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, self.path)
