"""Counts of what was tried, and every input that failed as a file."""

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

FINE, REFUSED, WRONG = "fine", "refused", "wrong"


@dataclass
class Tally:
    """How many cases of one kind were fine, refused with one sentence, or wrong.

    Attributes:
        name: of the kind.
        folder: where inputs of wrong cases go; each becomes a test by being put under `tests/campaign/found`.
        seconds: after which no further case is begun.
        counts: by outcome.
    """

    name: str
    folder: Path
    seconds: float = inf
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.began = time.monotonic()

    def wants_more(self, count: int) -> bool:
        """Whether there are fewer cases than that, and time for one more."""
        return self.tried < count and time.monotonic() - self.began < self.seconds

    def fine(self) -> None:
        """One more case that was right."""
        self.counts[FINE] += 1

    def refused(self) -> None:
        """One more case that got one sentence."""
        self.counts[REFUSED] += 1

    def wrong(self, what: str, files: Mapping[str, str]) -> None:
        """One more case that was wrong; its input is kept.

        Args:
            what: went wrong.
            files: text by name, with which the case can be repeated.
        """
        self.counts[WRONG] += 1
        place = self.folder / f"{self.name}-{self.counts[WRONG]:03d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / "what.txt").write_text(what)
        for name, text in files.items():
            (place / name).write_text(text)
        print(f"{self.name}: wrong: {what.splitlines()[-1][:200] if what else ''} ({place})", flush=True)

    @property
    def tried(self) -> int:
        """All cases."""
        return sum(self.counts.values())

    def row(self) -> dict[str, int | str]:
        """The counts."""
        return {"kind": self.name, "tried": self.tried} | {n: self.counts[n] for n in (FINE, REFUSED, WRONG)}


def report(tallies: list[Tally], path: Path) -> None:
    """Print the counts and write them as JSON."""
    rows = [tally.row() for tally in tallies]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"{'kind':24} {'tried':>7} {FINE:>7} {REFUSED:>8} {WRONG:>6}")
    for row in rows:
        print(f"{row['kind']:24} {row['tried']:7} {row[FINE]:7} {row[REFUSED]:8} {row[WRONG]:6}", flush=True)
