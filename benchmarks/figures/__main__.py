"""The figures of the published results.

    python -m benchmarks.figures [NAME...] [--quick] [--out DIR]

The same as `qtopt figures`. Each writes NAME.png, NAME.pdf and its data as NAME*.nc. Data that are there and
have the same configuration are drawn again, not solved again; an interrupted scan or search goes on.
"""

import importlib
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import jax

from qtopt.errors import InputError

from . import CHAINS, NAMES


def draw(names: Sequence[str], quick: bool, out: Path) -> None:
    """Draw these figures, all by default; progress on standard error.

    On a CPU chains of figures are drawn side by side, each by its own process; elsewhere one process has the
    whole memory of the devices and draws them all.

    Raises:
        InputError: a figure that does not exist, or one that could not be drawn.
    """
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        raise InputError(f"there is no figure {', '.join(unknown)}; there are {', '.join(NAMES)}.")
    wanted = names or NAMES
    chains = [chain for chain in ([n for n in chain if n in wanted] for chain in CHAINS) if chain]
    if len(chains) > 1 and jax.default_backend() == "cpu":
        _draw_side_by_side(chains, quick, out)
    else:
        _draw_here([name for chain in chains for name in chain], quick, out)


def _draw_here(names: Sequence[str], quick: bool, out: Path) -> None:
    for number, name in enumerate(names, 1):
        start = time.perf_counter()
        importlib.import_module(f"{__package__}.{name}").figure(quick, out)
        spent = time.perf_counter() - start
        print(f"[{number}/{len(names)}] {out / name}.png  {spent:.1f} s", file=sys.stderr)


def _draw_side_by_side(chains: Sequence[Sequence[str]], quick: bool, out: Path) -> None:
    command = [sys.executable, "-m", __package__ or "", "--out", str(out.resolve()), *["--quick"] * quick]
    home = Path(__file__).parents[2]
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


if __name__ == "__main__":
    from qtopt.cli._app import main

    main(["figures", *sys.argv[1:]])
