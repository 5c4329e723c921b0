"""Power of the overdamped engine: oscillators that share their baths against the same with their own."""

from dataclasses import replace
from pathlib import Path

import xarray
from matplotlib.colors import SymLogNorm

from qtopt import files
from qtopt.model import Configuration
from qtopt.plots.style import BLACK, FONT_SIZE, figure as new_figure, number

from . import _common as common

CONFIGURATIONS: tuple[Configuration, ...] = ("joint", "independent")


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """P/d over Omega and omega_1 at gamma_2 = 100, drives cos(Omega t) and cos(Omega t + pi), weak theory."""
    points = 21 if quick else 161
    axes = (
        common.axis("Omega", common.OMEGA, 0.1, 0.5, points, "linear"),
        common.axis("omega_1", common.OMEGA_1, 0.9, 1.3, points, "linear"),
    )
    scan = files.ScanSection(axes, fluctuations=False)
    data = {
        name: common.solved(
            replace(common.engine(configuration=name), scan=scan), out / f"power_map-{name}.nc"
        )
        for name in CONFIGURATIONS
    }
    made = new_figure(178.0, 72.0)
    grid = made.subplots(1, 2, sharex=True, sharey=True)
    top = float(abs(data["joint"]["power"]).max())
    norm, mesh = SymLogNorm(1e-5, linscale=0.5, vmin=-top, vmax=top), None
    for panel, name in zip(grid, CONFIGURATIONS, strict=True):
        power = data[name]["power"]
        mesh = common.draw_map(panel, power, norm, "RdBu_r", log=False)
        if float(power.min()) < 0.0:
            panel.contour(
                data[name]["Omega"],
                data[name]["omega_1"],
                power.T,
                levels=[0.0],
                colors=BLACK,
                linewidths=0.9,
            )
        panel.set_title(rf"{name}: largest $-P/d$ is {number(-float(power.min()))}", fontsize=FONT_SIZE)
        panel.set_xlabel(common.FREQUENCY_LABEL, fontsize=FONT_SIZE)
    grid[0].set_ylabel(r"peak of the hot bath $\omega_1/\omega_A$", fontsize=FONT_SIZE)
    ticks = [-1.0, -1e-2, -1e-4, 0.0, 1e-4, 1e-2, 1.0]
    bar = common.colour_bar(
        made, mesh, grid, r"power $P/d$ ($\hbar/\omega_A^2$); $P<0$: extracted", ticks=ticks
    )
    bar.minorticks_off()
    common.write(made, out, "power_map")
    return data
