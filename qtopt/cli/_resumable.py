"""What the long commands share: a directory of results, resuming, several processes."""

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tyro.conf import Positional

from .. import __version__
from ._command import AbstractCommand
from ._output import writable_directory

if TYPE_CHECKING:
    from ..files import Config


@dataclass(frozen=True, kw_only=True)
class AbstractResumable(AbstractCommand):
    """A command that keeps what is finished in a directory, and that several processes may do together."""

    on_all_cores: ClassVar[bool] = True
    continued_by: ClassVar[str] = "continue with --resume"
    state_name: ClassVar[str]
    """the folder inside `out` that holds what is finished"""

    file: Positional[Path]
    """configuration file (TOML)"""
    out: Path
    """directory for the results"""
    resume: bool = False
    """continue an interrupted run in that directory"""
    distributed: str | None = None
    """one of several processes that work together, by jax.distributed: "auto" where SLURM or MPI started
    them, or HOST:PORT,K/N: process K of N (from 1), of which the first listens at that address"""

    def meet(self, config: "Config") -> None:
        """Find the other processes, which must have been given the same; only the first shows progress."""
        if self.distributed is None:
            return
        from .. import files
        from ..jobs import first, join

        options = repr(replace(self, file=Path(), distributed=None))
        join(self.distributed, files.fingerprint(config, ("drive", "pareto", "scan"), options, __version__))
        if not first():
            os.environ["TQDM_DISABLE"] = "1"

    def state(self, keep: bool) -> Path:
        """The folder of what is finished, emptied by the first process unless it is to be kept."""
        from ..jobs import from_first

        folder = self.out / self.state_name

        def prepare() -> bytes:
            if not keep and folder.is_symlink():
                folder.unlink()  # what it leads to is not ours
            elif not keep and folder.is_dir():
                shutil.rmtree(folder)
            writable_directory(folder, self.out)
            return b""

        from_first(prepare)
        return folder
