"""The figures of the published results, and newer ones.

    python -m figures [NAME...] [--quick] [--out DIR] [--workers N | --cluster ...]

Each writes NAME.png, NAME.pdf and its data as NAME*.nc. Data that are there and have the same configuration
are drawn again, not solved again; an interrupted scan or search goes on.
"""

import importlib
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tyro.conf import Positional

from qtopt.cli import AbstractShared, carry_out, load_plugin, writable_directory
from qtopt.errors import InputError
from qtopt.files import JobsSection
from qtopt.jobs import held

from . import NAMES


@dataclass(frozen=True, kw_only=True)
class Figures(AbstractShared):
    """Draw figures with their data; workers compute fronts and maps."""

    kind: ClassVar[str] = "figures"
    continued_by: ClassVar[str] = "the same command continues"

    names: Positional[tuple[str, ...]] = ()
    """which; all by default. A file that ends in .py is a figure of your own: it has a function
    figure(quick, out) that writes NAME.png and returns its data"""
    quick: bool = False
    """coarse grids"""
    out: Path = Path("results/figures")
    """directory for figures and data; data that are there already are used again"""

    def run(self) -> None:
        """Draw the figures; progress on standard error.

        Raises:
            InputError: a figure that does not exist, or a file without one.
        """
        unknown = sorted({name for name in self.names if not name.endswith(".py")} - set(NAMES))
        if unknown:
            raise InputError(f"there is no figure {', '.join(unknown)}; there are {', '.join(NAMES)}.")
        writable_directory(self.out)
        own = [str(Path(name).resolve()) for name in self.names if name.endswith(".py")]
        names = [name for name in NAMES if name in (self.names or NAMES)]
        modules = [(name, importlib.import_module(f"{__package__}.{name}")) for name in names]
        modules += [(Path(name).stem, _own(name)) for name in own]
        with held(self.out), self.shared(JobsSection()):
            _draw(modules, self.quick, self.out)


def _own(file: str) -> Any:
    """The module of a figure of the user."""
    module = load_plugin(file)
    if not callable(getattr(module, "figure", None)):
        raise InputError(f"{file} must have a function figure(quick, out), but it has none.")
    return module


def _draw(modules: Sequence[tuple[str, Any]], quick: bool, out: Path) -> None:
    for number, (name, module) in enumerate(modules, 1):
        start = time.perf_counter()
        module.figure(quick, out)
        spent = time.perf_counter() - start
        print(f"[{number}/{len(modules)}] {out / name}.png  {spent:.1f} s", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: exit status 2 and one line on standard error where a figure is unknown or fails."""
    carry_out(arguments, "python -m figures", "Draw figures with their data.", alone=Figures)


if __name__ == "__main__":
    main()
