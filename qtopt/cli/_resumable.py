"""What the long commands share: who computes, a directory of results, resuming."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tyro.conf import Positional

from ._command import AbstractCommand
from ._output import own_directory, writable_directory

if TYPE_CHECKING:
    from ..files import JobsSection


@dataclass(frozen=True, kw_only=True)
class AbstractShared(AbstractCommand):
    """A command whose work the workers of a cluster can do."""

    on_all_cores: ClassVar[bool] = True

    workers: int | None = None
    """workers on this machine that compute (0: this process does); with a queueing system, its jobs"""
    cluster: str | None = None
    """who computes instead: the address of a Dask scheduler (tcp://HOST:8786), its file (.json), or a file
    (.toml) whose section [jobs] says how a queueing system starts workers"""

    @contextmanager
    def shared(self, section: "JobsSection") -> Iterator[None]:
        """Within this block those compute whom the options name, or else the section [jobs]."""
        from ..jobs import cluster

        with cluster(section.chosen(self.workers, self.cluster).options):
            yield


@dataclass(frozen=True, kw_only=True)
class AbstractResumable(AbstractShared):
    """A command that keeps what is finished in a directory."""

    continued_by: ClassVar[str] = "continue with --resume"
    state_name: ClassVar[str]
    """the folder inside `out` that holds what is finished"""
    writes: ClassVar[tuple[str, ...]] = ()
    """names of the files in `out`, or patterns"""

    file: Positional[Path]
    """configuration file (TOML)"""
    out: Path
    """directory for the results"""
    resume: bool = False
    """continue an interrupted run in that directory"""

    @contextmanager
    def state(self, section: "JobsSection") -> Iterator[Path]:
        """The folder of what is finished, emptied unless that goes on; no other process writes there.

        Options that name no cluster are refused before there is a folder, what is in the way before anything
        is computed.
        """
        section.chosen(self.workers, self.cluster)
        folder = self.out / self.state_name
        with own_directory(self.out, self.file, self.writes):
            if not self.resume and folder.is_symlink():
                folder.unlink()  # what it leads to is not ours
            elif not self.resume and folder.is_dir():
                shutil.rmtree(folder)
            yield writable_directory(folder, self.out)
