"""Programs on disk: files with a digest, in a directory that only its owner may write."""

import hashlib
import json
import os
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import jax

from ..errors import InputError
from ..jobs import write_atomically
from ..runtime import tell_not_kept
from ._identity import versions_of_known

SUFFIX = ".program"
MAGIC = b"qtopt program 1\n"
LIMIT = 256e6
"""bytes that all entries may have; those that were not used for longest go first. One search has 3 MB."""
PACKAGE = Path(__file__).parents[1]
STARTED = time.time()
BESIDE_THE_POINT = ("jax_compilation_cache", "jax_persistent_cache", "jax_log", "jax_dump", "jax_explain")
"""Settings of jax that change no program."""


@cache
def sources() -> str:
    """The digest of everything that this package is written in."""
    total = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        content = path.read_bytes()
        total.update(f"{path.relative_to(PACKAGE)} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()


def edited() -> bool:
    """Whether a source is newer than this process, which may then run what is no longer written there."""
    return any(path.stat().st_mtime > STARTED for path in PACKAGE.rglob("*.py"))


@cache
def surroundings() -> dict[str, Any]:
    """What a program depends on beside its arguments: sources, versions, flags and devices."""
    devices = jax.local_devices()
    memory = None if devices[0].platform == "cpu" else (devices[0].memory_stats() or {}).get("bytes_limit")
    return {
        "sources": sources(),
        "versions": versions_of_known(),
        "flags": sorted(os.environ.get("XLA_FLAGS", "").split()),
        "devices": [f"{one.platform} {one.device_kind} {one.id}" for one in devices],
        "processes": jax.process_count(),
        "memory": memory,  # a search takes as many candidates at once as fit
    }


@cache
def _names() -> tuple[str, ...]:
    names = (name for name in sorted(jax.config.values) if hasattr(jax.config, name))
    return tuple(name for name in names if not name.startswith(BESIDE_THE_POINT))


def settings() -> tuple[Any, ...]:
    """The settings of jax that a program may depend on, as they are in this thread."""
    return tuple(getattr(jax.config, name) for name in _names())


def digest(identity: Any) -> str:
    """A name for a program: of its function, structure and shapes, and of all it depends on."""
    return hashlib.sha256(json.dumps([identity, surroundings()]).encode()).hexdigest()


def read(folder: Path, name: str) -> tuple[Any, bytes] | None:
    """What `write` has written under a name, or None where there is none that is whole."""
    path = folder / f"{name}{SUFFIX}"
    try:
        content = path.read_bytes()
        head, _, body = content.removeprefix(MAGIC).partition(b"\n")
        told = json.loads(head)
        whole = told["name"] == name and told["sum"] == _sum(told["outputs"], body)
        if not content.startswith(MAGIC) or not whole:
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    with suppress(OSError):
        os.utime(path)
    return told["outputs"], body


def write(folder: Path, name: str, outputs: Any, body: bytes) -> None:
    """Keep a program and the structure of what it returns; a directory that cannot be written is told once.

    Nothing is kept where a source was edited meanwhile: the program is of the old one.
    """
    if edited():
        return
    head = json.dumps({"name": name, "outputs": outputs, "sum": _sum(outputs, body)}).encode()
    try:
        write_atomically(folder / f"{name}{SUFFIX}", MAGIC + head + b"\n" + body)
    except InputError as error:
        tell_not_kept(folder, f"cannot be written ({str(error).rpartition(': ')[2]})")
    else:
        _bound(folder)


def _sum(outputs: Any, body: bytes) -> str:
    return hashlib.sha256(json.dumps(outputs).encode() + body).hexdigest()


def _bound(folder: Path) -> None:
    """Remove the entries that were not used for longest until the others are at most `LIMIT` bytes."""
    with suppress(OSError):
        files = [(file.stat(), file.path) for file in os.scandir(folder) if file.name.endswith(SUFFIX)]
        excess = sum(status.st_size for status, _ in files) - LIMIT
        for status, path in sorted(files, key=lambda file: file[0].st_mtime):
            if excess <= 0:
                return
            os.unlink(path)
            excess -= status.st_size
