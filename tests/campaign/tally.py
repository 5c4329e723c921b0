"""Counts of what was tried, and every input that failed as a file."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

FINE, REFUSED, WRONG = "fine", "refused", "wrong"
SAVED = 20.0
"""seconds between two writes of the counts"""


@dataclass
class Tally:
    """How many cases of one kind were fine, refused with one sentence, or wrong.

    Attributes:
        name: of the kind.
        folder: where inputs of wrong cases go; each becomes a test by being put under `tests/campaign/found`.
        seconds: after which no further case is begun.
        seed: of the random numbers.
        save: called now and then with the counts so far.
        counts: by outcome.
    """

    name: str
    folder: Path
    seconds: float = inf
    seed: int = 0
    save: Callable[[], None] = lambda: None
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.began = self.saved = time.monotonic()

    def wants_more(self, count: int) -> bool:
        """Whether there are fewer cases than that, and time for one more."""
        now = time.monotonic()
        if now - self.saved > SAVED:
            self.saved = now
            self.save()
        return self.tried < count and now - self.began < self.seconds

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
        place = self.folder / f"{self.name}-{self.seed}-{self.counts[WRONG]:03d}".replace(" ", "-")
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
        counts = {name: self.counts[name] for name in (FINE, REFUSED, WRONG)}
        return {"kind": self.name, "seed": self.seed, "tried": self.tried} | counts


def save(tallies: list[Tally], path: Path) -> None:
    """Write the counts as JSON, beside those of other parts and seeds that are there."""
    rows = json.loads(path.read_text()) if path.exists() else []
    new = [tally.row() for tally in tallies]
    done = {(row["kind"], row["seed"]) for row in new}
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = [row for row in rows if (row["kind"], row["seed"]) not in done]
    path.write_text("[\n" + ",\n".join(json.dumps(row) for row in (*kept, *new)) + "\n]\n")


def report(tallies: list[Tally]) -> None:
    """Print the counts."""
    print(f"{'kind':24} {'tried':>7} {FINE:>7} {REFUSED:>8} {WRONG:>6}")
    for row in (tally.row() for tally in tallies):
        print(f"{row['kind']:24} {row['tried']:7} {row[FINE]:7} {row[REFUSED]:8} {row[WRONG]:6}", flush=True)
