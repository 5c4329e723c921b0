"""Synchronisation: C of the positions over the damping and temperature of the static bath (omega_B = 0.6)."""

from dataclasses import replace
from pathlib import Path

import xarray
from matplotlib.colors import Normalize

from qtopt import files
from qtopt.plots.style import BLACK, FONT_SIZE, SMALL_FONT_SIZE, figure as new_figure

from . import _common as common


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """C(gamma_2, T) to zeroth order in the driven bath; the cross is T = 0.1, gamma_2 = 100: C = -0.543."""
    points = 17 if quick else 161
    scan = files.ScanSection(
        (
            common.axis("gamma_2", common.GAMMA_2, 1e-2, 1e6, points),
            common.axis("T", common.TEMPERATURES, 1e-3, 1e1, points),
        )
    )
    data = common.solved(replace(common.converter(), scan=scan), out / "synchronisation.nc")
    made = new_figure(86.0, 66.0)
    axes = made.subplots()
    mesh = common.draw_map(axes, data["pearson"], Normalize(-1.0, 0.0), "cividis")
    lines = axes.contour(
        data["gamma_2"], data["T"], data["pearson"].T, levels=[-0.9, -0.75, -0.5, -0.25],
        colors=["white", "white", BLACK, BLACK],
        linestyles="solid", linewidths=0.6,
    )  # fmt: skip
    axes.clabel(lines, fontsize=SMALL_FONT_SIZE, manual=[(1e4, y) for y in (0.018, 0.05, 0.12, 0.25)])
    axes.plot(100.0, 0.1, "x", color="white", ms=6.0, mew=1.4)
    axes.set_xlabel(common.GAMMA_2_LABEL, fontsize=FONT_SIZE)
    axes.set_ylabel(common.TEMPERATURE_LABEL, fontsize=FONT_SIZE)
    common.colour_bar(made, mesh, axes, common.SYNCHRONISATION_LABEL)
    common.write(made, out, "synchronisation")
    return {"map": data}
