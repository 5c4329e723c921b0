"""The figures of the published results.

    python -m benchmarks.figures [NAME...] [--quick] [--out DIR]

Each writes NAME.png, NAME.pdf and its data as NAME*.nc. Data that are there already and have the same
configuration are drawn again, not solved again; an interrupted scan goes on where it was.
"""

import argparse
import importlib
import sys
import time
from pathlib import Path

import qtopt
from qtopt._runtime import cores

from . import NAMES


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--quick", action="store_true", help="coarse grids")
    parser.add_argument("--out", type=Path, default=Path("results/figures"))
    wanted = parser.parse_args()
    unknown = set(wanted.names) - set(NAMES)
    if unknown:
        parser.error(f"no figure {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    qtopt.configure(cores())
    wanted.out.mkdir(parents=True, exist_ok=True)
    for name in wanted.names or NAMES:
        start = time.perf_counter()
        importlib.import_module(f"{__package__}.{name}").figure(wanted.quick, wanted.out)
        print(f"{wanted.out / name}.png  {time.perf_counter() - start:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
