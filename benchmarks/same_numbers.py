"""Do two revisions say the same? Records what the command line answers, and compares two records.

    python -m benchmarks.same_numbers record OUT [CASE...]      # of the checkout on PYTHONPATH
    python -m benchmarks.same_numbers compare OLD NEW           # exit status 1 where they differ

Cases are the example machines and variants of them through `evaluate` (weak and exact, all drive families,
several static baths), `scan`, `simulate` and `pareto` (every trade-off, both bounds, weak and exact, varied
numbers of the machine) with fixed seeds. Numbers must agree to 1e-9 of themselves, or of the largest in their
list, except those that measure round-off itself; fronts must cover the same area to 1e-4 or a larger one. For
changes that are meant to change nothing: record before, record after, compare.
"""

import csv
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

MACHINES = Path(__file__).parents[1] / "scripts" / "machines"
TOLERANCE, AREA = 1e-9, 1e-4
"""relative difference of numbers; relative loss of a front's area"""
ROUND_OFF = ("first_law_residual", "_error")
"""measures of round-off: zero where all is well"""


class Case(NamedTuple):
    """A configuration and the command that reads it."""

    text: str
    command: tuple[str, ...]


def edited(name: str, *replacements: tuple[str, str], more: str = "") -> str:
    """An example file with parts replaced, which must be there, and text added at the end."""
    text = (MACHINES / f"{name}.toml").read_text()
    for old, new in replacements:
        if old not in text:
            raise SystemExit(f"same_numbers: {name}.toml must contain {old!r} for its cases; adapt them.")
        text = text.replace(old, new)
    return text + more


COSINES = (
    'kind = "monochromatic"                # g_l(t) = amplitudes_l cos(Omega t + phases_l)\n'
    "amplitudes = [1.0, 1.0]               # no unit: couplings relative to the spectral density\n"
    "phases = [0.0, 3.141592653589793]     # radians"
)
STEPS = 'kind = "piecewise"\nvalues = [[1.0, 0.3, -1.0], [-0.9, 0.2, 0.8]]'
TANH = (
    'kind = "bounded"\nmean = [0.1, -0.2]\ncosine = [[2.0, 0.3], [-2.0, 0.1]]\n'
    "sine = [[0.0, 0.1], [0.4, 0.2]]"
)
WITH_MEMORY = (
    '{ kind = "ohmic", damping = 100.0 }',
    '{ kind = "drude", damping = 100.0, cutoff = 20.0 }',
)
THIRD_BATH = (
    '\n[[machine.baths]]\nname = "third"\ntemperature = 0.3\n'
    'spectral_density = { kind = "drude", damping = 0.5, cutoff = 5.0 }\ncoupling = [1.0, 0.5]\n\n[drive]\n'
)
START = (
    '\n[simulation]\nperiods = 3\npoints_per_period = 16\ninitial = { kind = "thermal", temperature = 0.4 }\n'
)
ONE = ('configurations = ["joint", "independent"]', 'configurations = ["joint"]')
TEMPERATURES = (
    'output = 1\nvary = [{ keys = ["machine.baths.driven.temperature", "machine.baths.static.temperature"], '
    "range = [0.02, 0.2] }]"
)


def cases() -> dict[str, Case]:
    """All of them by name."""
    json_of, exact_of = ("evaluate", "--json"), ("evaluate", "--json", "--solver", "exact")
    found: dict[str, Case] = {}
    for name in ("collective_engine", "precision_map", "refrigerator", "work_converter"):
        found[f"evaluate-{name}"] = Case(edited(name), json_of)
        found[f"evaluate-{name}-exact"] = Case(edited(name), exact_of)
    engine, converter = "collective_engine", "work_converter"
    private = edited(engine, ('configuration = "joint"', 'configuration = "independent"'))
    variants = {
        "independent": private,
        "drude": edited(converter, WITH_MEMORY),
        "piecewise": edited(engine, (COSINES, STEPS)),
        "bounded": edited(engine, (COSINES, TANH)),
        "three": edited(engine, ("\n[drive]\n", THIRD_BATH)),
    }
    for name, text in variants.items():
        found[f"evaluate-{name}"] = Case(text, json_of)
        found[f"evaluate-{name}-exact"] = Case(text, exact_of)
    found["simulate"] = Case(edited(engine, WITH_MEMORY, more=START), ("simulate",))
    found["scan"] = Case(edited("precision_map", ("points = 200", "points = 12")), ("scan",))
    few = edited("precision_map", ("points = 200", "points = 4"))
    found["scan-exact"] = Case(few, ("scan", "--solver", "exact"))
    return found | {f"pareto-{name}": Case(text, ("pareto",)) for name, text in _fronts().items()}


def _fronts() -> dict[str, str]:
    engine, converter = "collective_engine", "work_converter"

    def small(points: int, harmonics: int, of: int = 30) -> tuple[tuple[str, str], tuple[str, str]]:
        return (f"points = {of}", f"points = {points}"), ("harmonics = 8", f"harmonics = {harmonics}")

    constancy = ("\n[pareto]\n", '\n[pareto]\nobjectives = ["power", "efficiency", "constancy"]\n')
    exact = ("\n[pareto]\n", '\n[solver]\nkind = "exact"\n\n[pareto]\n')
    return {
        "peak": edited(engine, *small(8, 5)),
        "rms": edited(engine, *small(12, 8), ('bound = "peak"', 'bound = "rms"')),
        "cooling": edited("refrigerator", *small(6, 5)),
        "precision": edited(converter, *small(5, 4, 16)),
        "constancy": edited(engine, *small(6, 4), constancy, ONE),
        "exact": edited(engine, *small(3, 3), ('kind = "weak" ', 'kind = "exact"'), ONE),
        "precision-exact": edited(converter, *small(2, 2, 16), exact),
        "vary": edited(converter, *small(2, 2, 16), ("output = 1", TEMPERATURES)),
    }


def record(out: Path, wanted: Sequence[str]) -> None:
    """Run the cases that are not recorded yet; a case that fails stops nothing."""
    for name, case in cases().items():
        folder = out / name
        if (wanted and name not in wanted) or (folder / "seconds").exists():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "machine.toml").write_text(case.text)
        command = [sys.executable, "-m", "qtopt", case.command[0], str(folder / "machine.toml")]
        command += case.command[1:]
        if case.command[0] != "evaluate":
            command += ["--out", str(folder / "out")]
        begin = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
        (folder / "stdout").write_text(done.stdout)
        (folder / "stderr").write_text(done.stderr)
        seconds = time.perf_counter() - begin
        print(f"{name:34} status {done.returncode}   {seconds:6.1f} s", flush=True)
        if done.returncode == 0:
            (folder / "seconds").write_text(f"{seconds:.1f}")


def compare(old: Path, new: Path) -> bool:
    """Whether every case that both have recorded agrees; prints a line for each."""
    fine = True
    for name, case in cases().items():
        if not all((folder / name / "seconds").exists() for folder in (old, new)):
            print(f"{name:34} not recorded")
            continue
        verdict = _COMPARERS[case.command[0]](old / name, new / name)
        times = " -> ".join((folder / name / "seconds").read_text() for folder in (old, new))
        print(f"{name:34} {'agrees' if not verdict else verdict}   ({times} s)")
        fine &= not verdict
    return fine


def difference(old: Any, new: Any) -> float:
    """Largest relative difference of two JSON values; numbers of a list relative to the largest in it."""
    if isinstance(old, Mapping):
        return max((difference(old[key], new.get(key)) for key in old), default=0.0)
    if isinstance(old, list):
        if not isinstance(new, list) or len(old) != len(new):
            return np.inf
        if old and all(isinstance(item, int | float) for item in (*old, *new)):
            return float(np.max(np.abs(np.subtract(old, new))) / (np.max(np.abs(old)) or 1.0))
        return max((difference(*pair) for pair in zip(old, new, strict=True)), default=0.0)
    if isinstance(old, float) and isinstance(new, float):
        return abs(old - new) / max(abs(old), abs(new)) if old != new else 0.0
    return 0.0 if old == new else np.inf


def _worse(parts: Mapping[str, float]) -> str:
    large = {key: f"{value:.1e}" for key, value in parts.items() if not value <= TOLERANCE}
    return f"differs: {large}" if large else ""


def _evaluations(old: Path, new: Path) -> str:
    one, other = (json.loads((folder / "stdout").read_text()) for folder in (old, new))
    return _worse({k: difference(one[k], other.get(k)) for k in one if not k.endswith(ROUND_OFF)})


def _scans(old: Path, new: Path) -> str:
    import xarray

    one, other = (xarray.open_dataset(folder / "out" / "scan.nc", engine="h5netcdf") for folder in (old, new))
    found: dict[str, float] = {}
    for name in one.data_vars:
        if str(name).endswith(ROUND_OFF):
            continue
        values, again = (data[name].values for data in (one, other))
        finite = np.isfinite(values)
        if not np.array_equal(finite, np.isfinite(again)):
            found[str(name)] = np.inf
        elif finite.any():
            found[str(name)] = difference(values[finite].tolist(), again[finite].tolist())
    return _worse(found)


def _table(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def _trajectories(old: Path, new: Path) -> str:
    one, other = (_table(folder / "out" / "trajectory.csv") for folder in (old, new))
    columns = {k: [[float(row[k]) for row in table] for table in (one, other)] for k in one[0]}
    return _worse({key: difference(*pair) for key, pair in columns.items()})


def _areas(rows: Sequence[Mapping[str, str]]) -> dict[str, float]:
    """Of every front what lies below its staircase: output over efficiency, or over 1/Q, or power alone."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if "uncertainty_product" in row:
            point = -float(row["output_power"]), 1.0 / float(row["uncertainty_product"])
        else:
            point = float(row["efficiency"]), float(row["output"])
        found.setdefault(row["configuration"], []).append(point)
    return {name: _staircase(points) for name, points in found.items()}


def _staircase(points: Sequence[tuple[float, float]]) -> float:
    steps, area = sorted({0.0, *(x for x, _ in points)}), 0.0
    for low, high in itertools.pairwise(steps):
        area += (high - low) * max(y for x, y in points if x >= high)
    return area


def _compare_fronts(old: Path, new: Path) -> str:
    one, other = (_table(folder / "out" / "front.csv") for folder in (old, new))
    missing = set(one[0]) - set(other[0])
    if missing:
        return f"columns are missing: {sorted(missing)}"
    before, after = _areas(one), _areas(other)
    lost = {name: 1.0 - after.get(name, 0.0) / area for name, area in before.items()}
    large = {name: f"{value:.1e}" for name, value in lost.items() if value > AREA}
    return f"covers less: {large}" if large else ""


_COMPARERS = {
    "evaluate": _evaluations,
    "scan": _scans,
    "simulate": _trajectories,
    "pareto": _compare_fronts,
}


def main(arguments: Sequence[str]) -> int:
    """0 where all is well, 1 where two records differ, 2 where the arguments are wrong."""
    if len(arguments) >= 2 and arguments[0] == "record":
        record(Path(arguments[1]), arguments[2:])
        return 0
    if len(arguments) == 3 and arguments[0] == "compare":
        return 0 if compare(Path(arguments[1]), Path(arguments[2])) else 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
