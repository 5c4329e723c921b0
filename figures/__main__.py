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

from qtopt.cli import AbstractCommand, carry_out, writable_directory
from qtopt.errors import InputError

from . import CHAINS, NAMES


@dataclass(frozen=True, kw_only=True)
class Figures(AbstractCommand):
    """Draw figures with their data."""

    kind: ClassVar[str] = "figures"
    on_all_cores: ClassVar[bool] = True
    continued_by: ClassVar[str] = "the same command continues"

    names: Positional[tuple[str, ...]] = ()
    """which; all by default"""
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

        unknown = sorted(set(self.names) - set(NAMES))
        if unknown:
            raise InputError(f"there is no figure {', '.join(unknown)}; there are {', '.join(NAMES)}.")
        writable_directory(self.out)
        wanted = self.names or NAMES
        chains = [chain for chain in ([n for n in chain if n in wanted] for chain in CHAINS) if chain]
        if len(chains) > 1 and jax.default_backend() == "cpu":
            _draw_side_by_side(chains, self.quick, self.out)
        else:
            _draw_here([name for chain in chains for name in chain], self.quick, self.out)


def _draw_here(names: Sequence[str], quick: bool, out: Path) -> None:
    for number, name in enumerate(names, 1):
        start = time.perf_counter()
        importlib.import_module(f"{__package__}.{name}").figure(quick, out)
        spent = time.perf_counter() - start
        print(f"[{number}/{len(names)}] {out / name}.png  {spent:.1f} s", file=sys.stderr)


def _draw_side_by_side(chains: Sequence[Sequence[str]], quick: bool, out: Path) -> None:
    command = [sys.executable, "-m", __package__ or "", "--out", str(out.resolve()), *["--quick"] * quick]
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


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: exit status 2 and one line on standard error where a figure is unknown or fails."""
    carry_out(Figures, arguments, prog="python -m figures", description="Draw figures with their data.")


if __name__ == "__main__":
    main()
