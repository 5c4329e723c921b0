"""The drives along the fronts of `pareto_fronts`, from largest power to largest efficiency."""

from pathlib import Path

import xarray

from qtopt.model import Configuration
from qtopt.plots import drives_figure

from . import _common as common, _fronts as fronts
from .pareto_fronts import front

ROWS: dict[str, tuple[Configuration, float, float]] = {
    "joint, $\\gamma_2=0.1$": ("joint", 0.6, 0.1),
    "joint, $\\gamma_2=100$": ("joint", 0.6, 100.0),
    "independent, $\\gamma_2=0.1$": ("independent", 0.6, 0.1),
}


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """omega_B = 0.6; the data are those of `pareto_fronts`."""
    data = {name: front(*case, quick, out) for name, case in ROWS.items()}
    machines = {name: common.engine(case[2], case[0]).machine for name, case in ROWS.items()}
    drawn = {name: fronts.restored(part, machines[name]) for name, part in data.items()}
    common.write(drives_figure(drawn, 4, strength=1.0), out, "optimal_drives")
    return data
