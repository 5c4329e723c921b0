"""`python -m tests.campaign [--scale S] [--minutes M] [PART...]`: try, count, keep what fails."""

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("JAX_ENABLE_X64", "1")

from qtopt.runtime import configure

configure()

import numpy as np  # noqa: E402

from .batches import batches  # noqa: E402
from .interruptions import full_disks, interruptions  # noqa: E402
from .machines import BEYOND, machines  # noqa: E402
from .malformed import malformed  # noqa: E402
from .tally import Tally, report, save  # noqa: E402

FULL = {
    "malformed": 2000,
    "weak": 8000,
    "weak extreme": 2000,
    "exact": 1500,
    "exact extreme": 500,
    "kills": 200,
    "disks": 20,
}
"""cases of a whole campaign"""


def main() -> None:
    """Run the parts, print the counts, and end with status 1 where something was wrong."""
    parser = argparse.ArgumentParser(prog="tests.campaign", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(FULL)}; default: all")
    parser.add_argument("--scale", type=float, default=1.0, help="of the number of cases")
    parser.add_argument("--minutes", type=float, default=1e6, help="for each part at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/campaign"))
    given = parser.parse_args()
    tallies: list[Tally] = []

    def keep() -> None:
        save(tallies, given.out / "counts.json")

    for part in given.parts or FULL:
        tally = Tally(part, given.out / "failed", 60.0 * given.minutes, given.seed, keep)
        tallies.append(tally)
        count, rng = max(1, round(FULL[part] * given.scale)), np.random.default_rng([given.seed, len(part)])
        began = time.monotonic(), sum(os.times()[:4])
        with tempfile.TemporaryDirectory() as folder:
            one(part, tally, count, rng, Path(folder))
        passed = time.monotonic() - began[0], sum(os.times()[:4]) - began[1]
        print(f"{part}: {tally.tried} in {passed[0]:.0f} s, {passed[1]:.0f} s of processors", flush=True)
        report(tallies)
        print(dict(BEYOND))
        keep()
    if any(tally.counts["wrong"] for tally in tallies):
        raise SystemExit(1)


def one(part: str, tally: Tally, count: int, rng: np.random.Generator, folder: Path) -> None:
    """One part of the campaign."""
    if part == "malformed":
        malformed(tally, count, rng, folder)
    elif part == "kills":
        interruptions(tally, count, rng, folder)
    elif part == "disks":
        full_disks(tally, count, rng, folder)
    else:
        decades = 12.0 if "extreme" in part else 2.0
        if part.startswith("exact"):
            machines(tally, count, rng, True, decades)
        else:
            batches(tally, count, rng, decades)


if __name__ == "__main__":
    main()
