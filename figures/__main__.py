"""The figures of the published results, and newer ones.

    python -m figures [NAME...] [--quick] [--out DIR]

Each writes NAME.png, NAME.pdf and its data as NAME*.nc. Data that are there and have the same configuration
are drawn again, not solved again; an interrupted scan or search goes on.
"""

import importlib
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tyro.conf import Positional

from qtopt.cli import AbstractCommand, carry_out, load_plugin, writable_directory
from qtopt.errors import InputError

from . import CHAINS, NAMES


@dataclass(frozen=True, kw_only=True)
class Figures(AbstractCommand):
    """Draw figures with their data."""

    kind: ClassVar[str] = "figures"
    on_all_cores: ClassVar[bool] = True
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

        On a CPU chains of figures are drawn side by side, each by its own process; elsewhere one process has
        the whole memory of the devices and draws them all.

        Raises:
            InputError: a figure that does not exist, or one that could not be drawn.
        """
        import jax

        own = [str(Path(name).resolve()) for name in self.names if name.endswith(".py")]
        unknown = sorted({name for name in self.names if not name.endswith(".py")} - set(NAMES))
        if unknown:
            raise InputError(f"there is no figure {', '.join(unknown)}; there are {', '.join(NAMES)}.")
        writable_directory(self.out)
        wanted = self.names or NAMES
        listed = [[name for name in chain if name in wanted] for chain in CHAINS]
        chains = [chain for chain in (*listed, own) if chain]
        if len(chains) > 1 and jax.default_backend() == "cpu":
            self._draw_side_by_side(chains)
        else:
            _draw_here([name for chain in chains for name in chain], self.quick, self.out)

    def _draw_side_by_side(self, chains: Sequence[Sequence[str]]) -> None:
        command = [sys.executable, "-m", __package__ or "", "--out", str(self.out.resolve())]
        command += ["--quick"] * self.quick
        for name in self.plugin:
            command += ["--plugin", str(Path(name).resolve()) if name.endswith(".py") else name]
        home = Path(__file__).parents[1]
        running = [subprocess.Popen([*command, *chain], cwd=home) for chain in chains]
        try:
            failed = [chain for chain, process in zip(chains, running, strict=True) if process.wait()]
        finally:
            for process in running:
                process.terminate()
        if failed:
            raise InputError(
                "every figure must be drawn, but one failed in each of these chains, see above: "
                f"{'; '.join(' '.join(chain) for chain in failed)} (what is finished is kept)."
            )


def _draw_here(names: Sequence[str], quick: bool, out: Path) -> None:
    for number, name in enumerate(names, 1):
        start = time.perf_counter()
        own = name.endswith(".py")
        module = load_plugin(name) if own else importlib.import_module(f"{__package__}.{name}")
        module.figure(quick, out)
        spent = time.perf_counter() - start
        print(f"[{number}/{len(names)}] {out / Path(name).stem}.png  {spent:.1f} s", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: exit status 2 and one line on standard error where a figure is unknown or fails."""
    carry_out(arguments, "python -m figures", "Draw figures with their data.", alone=Figures)


if __name__ == "__main__":
    main()
