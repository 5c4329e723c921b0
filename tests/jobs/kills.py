"""`python -m tests.jobs.kills [--workers N] [--schedulers N] [--out FILE]`: random kills, counted.

A kill counts as identical where the map and the front, or the map continued with --resume, have the numbers
of an undisturbed run to the last digit. Ends with status 1 where one has not.
"""

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path

from qtopt.runtime import configure

configure()

from tests.helpers.losses import scheduler_killed, workers_killed  # noqa: E402

COUNTS = "moments", "identical", "wrong"


def main() -> None:
    """Kill, print and write the counts after each kill."""
    parser = argparse.ArgumentParser(prog="tests.jobs.kills", description=__doc__)
    parser.add_argument("--workers", type=int, default=20, help="kills of one of two workers")
    parser.add_argument("--schedulers", type=int, default=5, help="kills of a scheduler, then --resume")
    parser.add_argument("--out", type=Path, default=Path("results/kills.json"))
    given = parser.parse_args()
    counts = {"workers": Counter[str](), "schedulers": Counter[str]()}

    def count(who: str, wrong: str) -> None:
        counts[who].update({"moments": 1, "wrong" if wrong else "identical": 1})
        given.out.parent.mkdir(parents=True, exist_ok=True)
        table = {name: {key: found[key] for key in COUNTS} for name, found in counts.items()}
        given.out.write_text(json.dumps(table, indent=1) + "\n")
        print(who, table[who], wrong, flush=True)

    if given.workers:
        for wrong in workers_killed(given.workers, 2 * given.workers):
            count("workers", wrong)
    for seed in range(given.schedulers):
        with tempfile.TemporaryDirectory() as folder:
            wrong = ""
            try:
                scheduler_killed(seed, Path(folder))
            except Exception as error:  # whatever goes wrong is counted
                wrong = f"{type(error).__name__}: {error}"
        count("schedulers", wrong)
    if any(found["wrong"] for found in counts.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
