"""Malformed configuration files for every command: mutations of good ones, as trees and as text."""

import contextlib
import copy
import io
import math
import tomllib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

import qtopt.cli._output as output
from qtopt.cli import main
from tests.helpers.texts import BOUNDED, FOURIER, MACHINE, MONOCHROMATIC, PIECEWISE, SOLVER

from .tally import Tally

PARETO = '[pareto]\npoints = 3\nharmonics = 2\nbound = "rms"\nfrequency = [0.4, 0.5]\nstarts = 2\n'
SCAN = """
[scan]
axes = [
    { key = "drive.frequency", from = 0.1, to = 1.0, points = 3, scale = "log" },
    { key = "machine.baths.cold.temperature", values = [0.1, 0.3] },
]
"""
SIMULATION = '[simulation]\nperiods = 2\npoints_per_period = 4\ninitial = { kind = "vacuum" }\n'
DRUDE = MACHINE.replace('kind = "ohmic", damping = 100.0', 'kind = "drude", damping = 1.0, cutoff = 3.0')
SEEDS = [
    MACHINE + drive + more
    for drive, more in (
        (MONOCHROMATIC, SOLVER + PARETO + SCAN + SIMULATION),
        (FOURIER, SCAN),
        (BOUNDED, SIMULATION),
        (PIECEWISE, ""),
    )
] + [DRUDE + MONOCHROMATIC + PARETO + SCAN + SIMULATION]
COMMANDS = ("evaluate", "evaluate --json", "scan", "pareto", "simulate")
NUMBERS = (
    0, -1, 1, 2, 10**30, 10**400, -0.0, 5e-324, 1e-310, 1e-300, 1e-160, 1e-30, 1e-12, 1e12, 1e30, 1e100,
    1e160, 1e300, 1.7e308, math.inf, -math.inf, math.nan,
)  # fmt: skip
WORDS = (
    "",
    " ",
    "driven",
    "static",
    "weak",
    "exact",
    "nonsense",
    "joint",
    "\u2603",
    "../../x",
    "a\nb",
    "x" * 999,
)


class Begun(BaseException):
    """A command has begun its work: its input was accepted."""


def mutated_tree(content: Any, rng: np.random.Generator) -> Any:
    """A configuration with one to three values changed, dropped, doubled, renamed or nested elsewhere."""
    content = copy.deepcopy(content)
    for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
        holders = list(_holders(content))
        holder, key = holders[int(rng.integers(len(holders)))]
        _mutate(holder, key, rng, [h[k] for h, k in holders])
    return content


def _holders(value: Any) -> Any:
    """Every (container, key) of a tree."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(item, dict | list):
            yield from _holders(item)


def _mutate(holder: Any, key: Any, rng: np.random.Generator, others: list[Any]) -> None:
    def pick(options: Any) -> Any:
        return options[int(rng.integers(len(options)))]

    match int(rng.integers(8)):
        case 0:
            del holder[key]
        case 1:
            holder[key] = pick(NUMBERS)
        case 2:
            holder[key] = pick(WORDS)
        case 3:
            holder[key] = copy.deepcopy(pick(others))
        case 4:
            holder[key] = [copy.deepcopy(holder[key])] * int(rng.integers(0, 4))
        case 5:
            holder[key] = {"kind": copy.deepcopy(holder[key])} if rng.integers(2) else bool(rng.integers(2))
        case 6 if isinstance(holder, dict):
            holder[str(key)[:-1] or "x"] = holder.pop(key)
        case _ if isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
            power = pick((-300, -100, -12, -3, 3, 12, 100, 300))
            with contextlib.suppress(OverflowError):
                holder[key] = float(holder[key]) * 10.0**power * pick((1.0, -1.0))
        case _:
            holder[key] = pick(NUMBERS)


def mutated_text(text: str, rng: np.random.Generator) -> bytes:
    """Text with bytes flipped, lines dropped, doubled, cut or swapped."""
    data = bytearray(text.encode())
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(len(data)))
        match int(rng.integers(4)):
            case 0:
                data[at] = int(rng.integers(256))
            case 1:
                del data[at : at + int(rng.integers(1, 20))]
            case 2:
                data[at:at] = data[at : at + int(rng.integers(1, 40))]
            case _:
                lines = bytes(data).split(b"\n")
                i, j = rng.integers(len(lines), size=2)
                lines[i], lines[j] = lines[j], lines[i]
                data = bytearray(b"\n".join(lines))
    return bytes(data) or b"x"


def run(command: str, path: Path, out: Path, to_the_end: bool) -> tuple[int, str, str]:
    """Exit status (-1: begun its work, and stopped there), standard output and standard error."""
    arguments = [*command.split(), str(path)]
    if command in ("scan", "pareto", "simulate"):
        arguments += ["--out", str(out)]
    original = output.progress

    @contextlib.contextmanager
    def begun(name: str) -> Any:
        def report(*_: Any) -> None:
            raise Begun

        yield report

    said, printed = io.StringIO(), io.StringIO()
    modules = [__import__(f"qtopt.cli._{name}", fromlist=["x"]) for name in ("scan", "pareto", "simulate")]
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("always")
        try:
            for module in modules:
                module.progress = original if to_the_end else begun
            main(arguments)
            status = 0
        except Begun:
            status = -1
        except SystemExit as stop:
            status = int(stop.code or 0)
        finally:
            for module in modules:
                module.progress = original
    return status, printed.getvalue(), said.getvalue()


def judge(status: int, printed: str, said: str) -> str | None:
    """What is wrong with how a command ended, or None."""
    lines = [line for line in said.splitlines() if line.strip()]
    notes = [line for line in lines if line.startswith("qtopt: warning: ")]
    if any("Warning" in line for line in lines):
        return f"a warning of Python:\n{said}"
    if status in (0, -1):
        return "NaN is shown" if "nan" in printed.lower().replace("nano", "") else None
    if status != 2 or len(lines) != 1 + len(notes) or not lines[-1].startswith("qtopt: ") or printed:
        return f"exit status {status}, printed {printed[:200]!r}, said:\n{said}"
    return None


def malformed(tally: Tally, count: int, rng: np.random.Generator, folder: Path) -> None:
    """Try so many files."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "case.toml"
    while tally.wants_more(count):
        seed = SEEDS[int(rng.integers(len(SEEDS)))]
        command = COMMANDS[int(rng.integers(len(COMMANDS)))]
        try:
            if rng.integers(4):
                data = tomli_w.dumps(mutated_tree(tomllib.loads(seed), rng)).encode()
            else:
                data = mutated_text(seed, rng)
        except (ValueError, TypeError):
            continue  # no TOML
        path.write_bytes(data)
        try:
            found = run(command, path, folder / "out", to_the_end=False)
        except Exception as error:
            import traceback

            tally.wrong(traceback.format_exc() or repr(error), _kept(command, data))
            continue
        wrong = judge(*found)
        if wrong is not None:
            tally.wrong(wrong, _kept(command, data))
        elif found[0] == 2:
            tally.refused()
        else:
            tally.fine()


def _kept(command: str, data: bytes) -> dict[str, str]:
    return {"case.toml": data.decode("latin-1"), "command.txt": command}
