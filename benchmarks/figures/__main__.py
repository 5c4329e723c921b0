"""The figures of the published results.

    python -m benchmarks.figures [NAME...] [--quick] [--out DIR]

The same as `qtopt figures`. Each writes NAME.png, NAME.pdf and its data as NAME*.nc. Data that are there and
have the same configuration are drawn again, not solved again; an interrupted scan or search goes on.
"""

import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from qtopt.errors import InputError

from . import NAMES


def draw(names: Sequence[str], quick: bool, out: Path) -> None:
    """Draw these figures, all by default; progress on standard error.

    Raises:
        InputError: a figure that does not exist.
    """
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        raise InputError(f"there is no figure {', '.join(unknown)}; there are {', '.join(NAMES)}.")
    out.mkdir(parents=True, exist_ok=True)
    wanted = names or NAMES
    for number, name in enumerate(wanted, 1):
        start = time.perf_counter()
        importlib.import_module(f"{__package__}.{name}").figure(quick, out)
        spent = time.perf_counter() - start
        print(f"[{number}/{len(wanted)}] {out / name}.png  {spent:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    from qtopt._cli import main

    main(["figures", *sys.argv[1:]])
