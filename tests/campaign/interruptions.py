"""Processes killed at random moments, and disks that are full: what comes after --resume is the same."""

import contextlib
import hashlib
import io
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from qtopt.cli import main
from tests.helpers.texts import MACHINE, MONOCHROMATIC

from .forks import Forks
from .tally import Tally

SCAN = """
[scan]
chunk = 8
fluctuations = false
axes = [{ key = "drive.frequency", from = 0.1, to = 1.0, points = 160 }]
"""
PARETO = (
    '[pareto]\npoints = 3\nharmonics = 2\nfrequency = [0.4, 0.5]\nstarts = 2\nconfigurations = ["joint"]\n'
)
KINDS = {
    "scan": (MACHINE + MONOCHROMATIC + SCAN, ("scan.nc",)),
    "pareto": (
        MACHINE + MONOCHROMATIC + PARETO,
        ("front.csv", "bounds.csv", "search.nc", "points/*.toml"),
    ),
}
TWICE = 0.3
"""How often a second signal follows the first within 50 ms."""
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def arguments(kind: str, path: Path, out: Path, resume: bool) -> list[str]:
    """Of the command."""
    return [kind, str(path), "--out", str(out), *(["--resume"] if resume else [])]


def digest(kind: str, out: Path) -> str:
    """Of the numbers in what a command wrote."""
    found = hashlib.sha256()
    for path in [path for name in KINDS[kind][1] for path in sorted(out.glob(name))]:
        found.update(path.name.encode())
        if path.suffix == ".nc":
            import xarray

            with xarray.open_dataset(path) as data:
                for key in sorted(map(str, data.variables)):
                    found.update(key.encode() + np.ascontiguousarray(data[key].values).tobytes())
        else:
            found.update(path.read_bytes())
    return found.hexdigest()


def interruptions(tally: Tally, count: int, rng: np.random.Generator, folder: Path) -> None:
    """Kill so many processes at random moments; after every few, the last may end, and must be right."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds, references, times = list(KINDS), {}, {}
    out, said, forks = folder / "out", folder / "said.txt", Forks()
    for kind in kinds:
        path = folder / f"{kind}.toml"
        path.write_text(KINDS[kind][0])
        for _ in range(2):  # the second start finds compiled programs
            began = time.monotonic()
            forks.start(arguments(kind, path, folder / "reference", False), said)
            assert forks.status() == 0, said.read_text()
        references[kind], times[kind] = digest(kind, folder / "reference"), time.monotonic() - began
    while tally.wants_more(count):
        kind = kinds[int(rng.integers(len(kinds)))]
        path = folder / f"{kind}.toml"
        shutil.rmtree(out, ignore_errors=True)
        killed, attempts, wrong = 0, 0, ""
        wanted = int(rng.integers(3, 9))
        while killed < wanted and attempts < 3 * wanted:
            process = forks.start(arguments(kind, path, out, attempts > 0), said)
            attempts += 1
            if forks.ends_within(float(rng.uniform(0.0, 1.0)) * times[kind]):
                if forks.status() != 0:
                    wrong = f"resumed: {said.read_text()}"
                continue
            numbers = [SIGNALS[int(rng.integers(len(SIGNALS)))] for _ in range(1 + (rng.random() < TWICE))]
            for i, number in enumerate(numbers):
                time.sleep(float(rng.uniform(0.0, 0.05)) if i else 0.0)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, number)
            status, text = forks.status(), said.read_text()
            killed += 1
            ended = status in {0, *(-number for number in numbers)}
            if not ended and (status - 128 not in numbers or "Traceback" in text):
                names = " then ".join(number.name for number in numbers)
                wrong = f"{names}: exit status {status}\n{text}"
        forks.start(arguments(kind, path, out, True), said)
        if forks.status() != 0 or digest(kind, out) != references[kind]:
            wrong = f"after {killed} kills: {said.read_text()}"
        for _ in range(killed - bool(wrong)):
            tally.fine()
        if wrong:
            tally.wrong(wrong, {"case.toml": KINDS[kind][0], "command.txt": kind})
    forks.close()


@contextlib.contextmanager
def small_disk(size: int, folder: Path) -> Iterator[None]:
    """A file system of so many bytes at this folder (needs to be root)."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def full_disks(tally: Tally, count: int, rng: np.random.Generator, folder: Path) -> None:
    """Commands on disks that become full, then resumed with room: one sentence, then the right numbers."""
    if os.geteuid() != 0:
        print("full disks: skipped, a small file system needs root", flush=True)
        return
    kinds, references = list(KINDS), {}
    for kind in kinds:
        path = folder / f"{kind}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(KINDS[kind][0])
        assert quietly([kind, str(path), "--out", str(folder / "reference")])[0] == 0
        references[kind] = digest(kind, folder / "reference")
    while tally.wants_more(count):
        kind = kinds[int(rng.integers(len(kinds)))]
        path, out, kept = folder / f"{kind}.toml", folder / "disk", folder / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        with small_disk(int(2 ** rng.uniform(12, 20)), out):
            status, said = quietly([kind, str(path), "--out", str(out)])
            shutil.copytree(out, kept)
        refused = status == 2 and len([line for line in said.splitlines() if line]) == 1
        if status != 0 and not refused:
            tally.wrong(f"exit status {status}\n{said}", {"case.toml": KINDS[kind][0], "command.txt": kind})
            continue
        status, said = quietly([kind, str(path), "--out", str(kept), "--resume"])
        if status != 0 or digest(kind, kept) != references[kind]:
            tally.wrong(f"resumed: {status}\n{said}", {"case.toml": KINDS[kind][0], "command.txt": kind})
        elif refused:
            tally.refused()
        else:
            tally.fine()


def quietly(arguments: list[str]) -> tuple[int, str]:
    """Exit status and errors of a command in this process, without bars and warnings."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            main(arguments)
            return 0, said.getvalue()
        except SystemExit as stop:
            text = said.getvalue().replace("\r", "\n").splitlines()
            lines = [line for line in text if line.startswith("qtopt: ")]
            return int(stop.code or 0), "\n".join(
                line for line in lines if not line.startswith("qtopt: warning: ")
            )
