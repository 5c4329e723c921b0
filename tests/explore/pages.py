"""Folders of results for the tests of the page, made without a search: a front, a scan, a trajectory."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from qtopt import Bath, BoundedDrive, Lorentzian, Machine, Ohmic, PowerEfficiency, Weak
from qtopt.files import AxisSection, Config, ScanSection
from qtopt.fronts import Certificate, Front, History, evaluated_point, write_front, write_history
from qtopt.scan import FILE, parameter_scan, write_dataset
from qtopt.solvers.time_domain import Trajectory, write_trajectory

HOSTILE = (
    "</script><script>document.title='owned'</script>"
    "<img src=x onerror=\"document.title='owned'\">&lt;b&gt;<a href='javascript:alert(1)'>x</a>"
)
"""the name of a bath that somebody else chose"""


def config(name: str = "hot") -> Config:
    """Two oscillators that are an engine together and none alone; `name` of their hot bath."""
    baths = [
        Bath(name, 1.0, Lorentzian(1e-5, 1.25, 0.01), "driven"),
        Bath("cold", 0.2, Ohmic(100.0), "static"),
    ]
    return Config(Machine([1.0, 0.6], baths), solver=Weak())


def drives(count: int) -> list[BoundedDrive]:
    """Nearly in antiphase, at rising frequencies."""
    zero = np.zeros((2, 1))
    return [
        BoundedDrive(0.42 + 0.03 * k, [0.0, 0.0], [[1.0 - 0.1 * k], [0.1 * k - 1.0]], zero)
        for k in range(count)
    ]


def front_folder(folder: Path, name: str = "hot", count: int = 3) -> tuple[Path, dict[str, Front]]:
    """What `qtopt pareto` writes, for drives that nobody searched; bounds a tenth above the points."""
    made, fronts = config(name), {}
    for configuration in ("joint", "independent"):
        machine = made.machine.with_configuration(configuration)
        tradeoff = PowerEfficiency.of(machine)
        found = [evaluated_point(machine, drive, tradeoff, Weak()) for drive in drives(count)]
        found = sorted((p for p in found if p is not None), key=lambda p: p.efficiency)
        points = tuple(replace(p, bound=1.1 * p.output, gap=0.1) for p in found)
        target = np.array([p.efficiency for p in points])
        output = np.array([1.1 * p.output for p in points])
        order = np.argsort(target)
        if not points:
            fronts[configuration] = Front(tradeoff, remark="no engine found")
            continue
        certificate = Certificate(target[order], output[order], output[order], np.full(len(points), np.nan))
        rounds = 3
        merits = ({"efficiency": target, "output": output},) * rounds
        history = History(
            ("drives",) * rounds,
            merits,
            (np.full(len(points), 0.1),) * rounds,
            (1.0, 2.0, 2.5),
            (0.3, 0.2, 0.1),
        )
        fronts[configuration] = Front(tradeoff, points, certificate, history=history)
    write_front(fronts, made, folder)
    write_history(fronts, made, folder / "search.nc", ["joint: a remark on the search"])
    return folder, fronts


def scan_folder(folder: Path) -> Path:
    """A map over frequency and temperature."""
    folder.mkdir(parents=True, exist_ok=True)
    axes = (
        AxisSection(key="drive.frequency", start=0.1, stop=1.0, points=5, scale="log"),
        AxisSection(key="machine.baths.hot.temperature", start=0.5, stop=2.0, points=4),
    )
    made = replace(config(), drive=drives(1)[0], scan=ScanSection(axes, fluctuations=False))
    write_dataset(parameter_scan(made), folder / FILE)
    return folder


def trajectory_folder(folder: Path) -> Path:
    """Twelve times of a trajectory that oscillates."""
    folder.mkdir(parents=True, exist_ok=True)
    times = np.linspace(0.0, 6.0, 12)
    wave = np.sin(times)[:, None]
    covariances = np.tile(np.eye(4), (12, 1, 1)) * (1.0 + 0.1 * wave[..., None])
    trajectory = Trajectory(
        times, np.zeros((12, 4)), covariances, 1.0 + np.hstack([wave, -wave]) / 2.0,
        1e-3 * np.hstack([wave, 2.0 * wave]), 1e-3 * np.hstack([-wave, -2.0 * wave]), np.zeros((12, 2, 2)),
        np.zeros((12, 2)), np.zeros((12, 2)),
    )  # fmt: skip
    write_trajectory(trajectory, ["hot", "cold"], folder)
    return folder
