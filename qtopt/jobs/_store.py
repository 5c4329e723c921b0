"""What is finished of a long computation, on disk: an interruption loses at most the chunk in progress."""

import hashlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ._write import write_atomically

Arrays = dict[str, NDArray[Any]]

FORMAT = b"qtopt store 1\n"
"""what a file begins with; then come a SHA-256 of the rest and the rest, NumPy's .npz"""
FINGERPRINT, STEP = "fingerprint", "step"


class Store:
    """Files of one computation: the last state of a search, or finished chunks of a scan.

    Every file carries the fingerprint of its computation, a text in which everything stands that its numbers
    depend on: files of another computation are never misread or dropped, but refused. It also carries a
    checksum: of a file with changed bytes one sentence on standard error says so, and what it held is done
    anew.

    Args:
        path: the file of the state; chunks lie beside it as STEM-CHUNK. None keeps nothing.
        fingerprint: what the numbers depend on.
    """

    def __init__(self, path: Path | None, fingerprint: str = "") -> None:
        self.path, self.fingerprint = path, fingerprint

    def beside(self, name: str) -> "Store":
        """The store of a further stage of the same computation."""
        return Store(self.path and self.path.with_stem(f"{self.path.stem}-{name}"), self.fingerprint)

    def check(self) -> None:
        """Refuse files of another computation, those of further stages too, before anything is computed.

        Raises:
            InputError: one of them belongs to another computation.
        """
        if self.path is None:
            return
        for path in (self.path, *sorted(self.path.parent.glob(f"{self.path.stem}-*{self.path.suffix}"))):
            arrays = _whole(_bytes(path))
            if arrays is not None:
                self._own(arrays, path)

    def load(self, template: Any) -> tuple[int, Any] | None:
        """(step, state) of the last `save`; None where there is none.

        Args:
            template: a pytree with the structure of the state; its arrays may be longer or shorter.

        Raises:
            InputError: it belongs to another computation.
        """
        found = self._arrays(_bytes(self.path), self.path)
        leaves, structure = jax.tree.flatten(eqx.filter(template, eqx.is_array))
        names = [str(i) for i in range(len(leaves))]
        if found is None or found.keys() != {STEP, *names}:
            return None
        if any(found[name].ndim != leaf.ndim for name, leaf in zip(names, leaves, strict=True)):
            return None
        state = jax.tree.unflatten(structure, [jax.numpy.asarray(found[name]) for name in names])
        return int(found[STEP]), state

    def save(self, step: int, state: Any) -> None:
        """Keep this state in place of the last one."""
        if self.path is not None:
            leaves = jax.tree.leaves(eqx.filter(state, eqx.is_array))
            arrays = {str(i): np.asarray(leaf) for i, leaf in enumerate(leaves)}
            self._write(self.path, {STEP: np.asarray(step), **arrays})

    def chunks(self) -> Iterator[Arrays]:
        """The arrays of every finished chunk, in the order of their names.

        Raises:
            InputError: one of them belongs to another computation.
        """
        for path in self._files():
            arrays = self._arrays(_bytes(path), path)
            if arrays is not None:
                yield arrays

    def drop_chunks(self) -> None:
        """Forget the finished chunks, where something that is kept holds what they say."""
        for path in self._files():
            path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        if self.path is None:
            return []
        return sorted(self.path.parent.glob(f"{self.path.stem}-[0-9]*{self.path.suffix}"))

    def add(self, chunk: str, arrays: Arrays) -> None:
        """Keep a finished chunk under a name of its own."""
        if self.path is not None:
            self._write(self.path.with_stem(f"{self.path.stem}-{chunk}"), arrays)

    def _write(self, path: Path, arrays: Arrays) -> None:
        file = io.BytesIO()
        np.savez(file, **{FINGERPRINT: np.asarray(self.fingerprint)}, **arrays)  # pyright: ignore
        data = file.getvalue()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{path.parent}: cannot be made: {error.strerror or error}") from None
        write_atomically(path, FORMAT + hashlib.sha256(data).digest() + data)

    def _arrays(self, content: bytes, path: Path | None) -> Arrays | None:
        """What a file holds, or None: there is none, or it is broken."""
        if not content:
            return None
        arrays = _whole(content)
        if arrays is None:
            print(
                f"qtopt: warning: {path} is damaged, or another version of qtopt wrote it: what it held is "
                "done anew.",
                file=sys.stderr,
            )
            return None
        return self._own(arrays, path)

    def _own(self, arrays: Arrays, path: Path | None) -> Arrays:
        """Without the fingerprint, which must be that of this computation."""
        if str(arrays.pop(FINGERPRINT)) != self.fingerprint:
            raise InputError(
                f"{path} holds finished work of another configuration or version: choose another folder, go "
                "back to what it was, or begin anew without --resume, which drops it."
            )
        return arrays


def _whole(content: bytes) -> Arrays | None:
    """The arrays of a file and its fingerprint, or None where a byte is not what was written."""
    head, data = content[: len(FORMAT) + 32], content[len(FORMAT) + 32 :]
    arrays = _read(data) if head == FORMAT + hashlib.sha256(data).digest() else None
    return arrays if arrays is not None and FINGERPRINT in arrays else None


def _read(data: bytes) -> Arrays | None:
    """The arrays of NumPy's .npz, or None where it has something else in it."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except ValueError:
        return None


def _bytes(path: Path | None) -> bytes:
    """What a file holds; empty where there is none that can be read."""
    try:
        return b"" if path is None else path.read_bytes()
    except OSError:
        return b""
