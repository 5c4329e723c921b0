"""Searched fronts as netCDF and back: a front is found once, and an interrupted search goes on."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import qtopt
from qtopt import files
from qtopt.cli import progress
from qtopt.fronts import (
    AbstractEfficiencyTradeoff,
    Certificate,
    Front,
    FrontPoint,
    FrontProblem,
    problem_of,
    trace,
)
from qtopt.jobs import Store
from qtopt.model import BoundedDrive
from qtopt.plots.style import LOOKS
from qtopt.registry import class_of

from . import _common as common

Search = Callable[..., Front]
"""(problem, store, progress) -> front"""
SERIES = {"mean": (), "cosine": ("harmonic",), "sine": ("harmonic",)}
"""of the bounded drives, with the dimensions beside point and oscillator"""
UNITS = {"efficiency": "1", "frequency": "omega_A", "entropy_production_rate": "k_B omega_A"}
RATES = ("power", "output", "certified_output", "output_power", "truncation_error")


def searched(config: files.Config, path: Path, search: Search = trace) -> xarray.Dataset:
    """The front of [machine] that [pareto] asks for: from its file, or searched and stored there."""
    fields = " ".join(BOUNDS)
    text = f"# {getattr(search, '__name__', '')}, bounds: {fields}\n{files.dumps(config)}"

    return kept(lambda: problem_of(config, config.machine.configuration), text, path, _dataset, search)


def kept(
    problem: Callable[[], FrontProblem],
    text: str,
    path: Path,
    dataset: Callable[[Front], xarray.Dataset],
    search: Search = trace,
) -> xarray.Dataset:
    """The front of a problem as a dataset: from its file, if that holds `text`, or searched and stored."""
    parts = common.parts_of(path, text)

    def make() -> xarray.Dataset:
        with progress(path.stem) as report:
            store = Store(parts / "search.part", f"{text}\n{qtopt.__version__}")
            return dataset(search(problem(), store, report))

    found = common.stored(text, path, make)
    shutil.rmtree(parts, ignore_errors=True)
    return found


BOUNDS = ("efficiency", "output", "mean_square_output", "frequency")
"""What the columns of a certificate are called in a dataset."""


def _dataset(front: Front) -> xarray.Dataset:
    """The numbers and the drives of all points; the certified bound as a curve, where there is one."""
    variables = {}
    rows = np.array([front.row(point) for point in front.points]).reshape(-1, len(front.columns))
    for name, values in zip(front.columns, rows.T, strict=True):
        unit = "hbar omega_A^2" if name in RATES else UNITS.get(name, "1")
        variables[name] = ("point", values, {"units": unit})
    if front.points:
        for name, dims in SERIES.items():
            values = np.array([getattr(point.drive, name) for point in front.points])
            variables[name] = (("point", "oscillator", *dims), values, {"long_name": f"{name} of artanh g_l"})
    made = xarray.Dataset(variables)
    made.attrs |= {"tradeoff": front.tradeoff.kind}
    made.attrs |= {name: value for name, value in vars(front.tradeoff).items() if value is not None}
    if front.certificate is not None:
        if isinstance(front.tradeoff, AbstractEfficiencyTradeoff):
            for name, column in zip(BOUNDS, front.certificate, strict=False):
                made[f"bound_{name}"] = ("bound", np.asarray(column))
        made.attrs |= front.certificate.constants
    return made


def draw_front(panel: Axes, name: str, part: xarray.Dataset) -> None:
    """Found drives and the bound in (efficiency, output) of one configuration."""
    style = LOOKS[name].marker_style(3.0)
    panel.plot(part["efficiency"], part["output"], "-", lw=0.8, **style)
    panel.plot(part["bound_efficiency"], part["bound_output"], "--", lw=1.0, color=style["color"])


def legend_handles(names: Sequence[str]) -> list[Line2D]:
    """What `draw_front` draws, for these configurations."""
    found = [
        Line2D([], [], lw=0.8, label=f"{name}: found", **LOOKS[name].marker_style(3.0)) for name in names
    ]
    bounds = [
        Line2D([], [], ls="--", lw=1.0, color=LOOKS[name].colour, label=f"{name}: no drive exceeds")
        for name in names
    ]
    return found + bounds


def tradeoff_of(data: xarray.Dataset) -> AbstractEfficiencyTradeoff:
    """What the machines of a dataset are for."""
    kind = class_of("tradeoff", data.attrs["tradeoff"])
    assert issubclass(kind, AbstractEfficiencyTradeoff)
    return kind(data.attrs["hot"], data.attrs["cold"])  # pyright: ignore[reportCallIssue]


def restored(data: xarray.Dataset, machine: qtopt.Machine, scale: float = 1.0) -> Front:
    """The front of a dataset; `scale` multiplies rates, as a stronger driven bath does."""
    points = []
    for i in range(data.sizes["point"]):
        row = {name: float(data[name][i]) for name in data.data_vars if data[name].dims == ("point",)}
        series = (np.asarray(data[name][i]) for name in SERIES)
        points.append(
            FrontPoint(
                machine=machine,
                drive=BoundedDrive(row["frequency"], *series),
                merits={"efficiency": row["efficiency"], "output": scale * row["output"]},
                power=scale * row["power"],
                entropy_production_rate=scale * row["entropy_production_rate"],
                truncation_error=scale * row["truncation_error"],
                weak_validity=scale * row["weak_validity"],
                bound=scale * row["certified_output"],
                gap=row["gap"],
            )
        )
    certificate = None
    if "bound_output" in data:
        scales = (1.0, scale, scale, 1.0)
        target, output, mean_square, frequency = (
            s * np.asarray(data[f"bound_{name}"]) for s, name in zip(scales, BOUNDS, strict=True)
        )
        certificate = Certificate(target, output, mean_square, frequency)
    return Front(tradeoff_of(data), tuple(points), certificate)
