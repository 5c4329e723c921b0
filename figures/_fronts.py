"""Searched fronts as netCDF and back: a front is found once, and an interrupted search goes on."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import qtopt
from qtopt import files
from qtopt.assembly import build_settings
from qtopt.cli import progress
from qtopt.fronts import (
    PURPOSES,
    Certificate,
    Front,
    FrontPoint,
    PreciseFront,
    PrecisePoint,
    Purpose,
    pareto_front,
)
from qtopt.jobs import Store
from qtopt.model import BoundedDrive
from qtopt.plots.style import LOOKS

from . import _common as common

Search = Callable[..., Front | PreciseFront]
"""(machine, settings, checkpoint, progress) -> front"""
SERIES = {"mean": (), "cosine": ("harmonic",), "sine": ("harmonic",)}
"""of the bounded drives, with the dimensions beside point and oscillator"""
UNITS = {"efficiency": "1", "frequency": "omega_A", "entropy_production_rate": "k_B omega_A"}
RATES = ("power", "output", "certified_output", "output_power", "truncation_error")


def searched(config: files.Config, path: Path, search: Search = pareto_front) -> xarray.Dataset:
    """The front of [machine] with the settings of [pareto]: from its file, or searched and stored there."""
    wanted, state = config.pareto, path.with_suffix(".part")
    settings = build_settings(wanted)
    fields = " ".join(Certificate._fields)
    text = f"# {getattr(search, '__name__', '')}, bounds: {fields}\n{files.dumps(config)}"

    def make() -> xarray.Dataset:
        checkpoint = Store(state, f"{text}\n{qtopt.__version__}")
        with progress(path.stem) as report:
            return _dataset(search(qtopt.build_machine(config.machine), settings, checkpoint, report))

    found = common.stored(text, path, make)
    state.unlink(missing_ok=True)
    return found


def _dataset(front: Front | PreciseFront) -> xarray.Dataset:
    """The numbers and the drives of all points; the certified bound as a curve, where there is one."""
    kind = FrontPoint if isinstance(front, Front) else PrecisePoint
    variables = {}
    for name in _numbers_of(kind):
        values = np.array([getattr(point, name) for point in front.points], dtype=float)
        unit = "hbar omega_A^2" if name in RATES else UNITS.get(name, "1")
        variables[name] = ("point", values, {"units": unit})
    if front.points:
        for name, dims in SERIES.items():
            values = np.array([getattr(point.drive, name) for point in front.points])
            variables[name] = (("point", "oscillator", *dims), values, {"long_name": f"{name} of artanh g_l"})
    made = xarray.Dataset(variables)
    if isinstance(front, Front):
        purpose = front.purpose
        made.attrs |= {"purpose": purpose.name, "hot": purpose.hot, "cold": purpose.cold}
        if front.certificate is not None:
            for name in Certificate._fields:
                made[f"bound_{name}"] = ("bound", np.asarray(getattr(front.certificate, name)))
    elif front.certificate is not None:
        for name in ("smallest_product", "largest_power", "fundamental_power", "driving_frequency"):
            made.attrs[name] = getattr(front.certificate, name)
    return made


def _numbers_of(kind: type[FrontPoint] | type[PrecisePoint]) -> list[str]:
    """The fields of a point that are one number each: all but the drive."""
    return [name for name, type_ in kind.__annotations__.items() if type_ is float]


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


def purpose_of(data: xarray.Dataset) -> Purpose:
    """What the machines of a dataset are for."""
    return PURPOSES[data.attrs["purpose"]](data.attrs["hot"], data.attrs["cold"])


def restored(data: xarray.Dataset, scale: float = 1.0) -> Front:
    """The front of a dataset; `scale` multiplies rates, as a stronger driven bath does."""
    points = []
    for i in range(data.sizes["point"]):
        row = data.isel(point=i)
        numbers = {name: float(row[name]) for name in _numbers_of(FrontPoint)}
        for name in ("power", "output", "entropy_production_rate", "certified_output"):
            numbers[name] *= scale
        series = (np.asarray(row[name]) for name in SERIES)
        points.append(FrontPoint(**numbers, drive=BoundedDrive(numbers["frequency"], *series)))
    certificate = None
    if "bound_output" in data:
        columns = {name: np.asarray(data[f"bound_{name}"]) for name in Certificate._fields}
        columns |= {name: scale * columns[name] for name in ("output", "mean_square_output")}
        certificate = Certificate(**columns)
    return Front(tuple(points), certificate, purpose_of(data))
