"""Precision of the local power P_A of the isothermal machine, with all three ingredients and without each."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray
from matplotlib.colors import LogNorm
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from qtopt import files
from qtopt.plots.style import BLACK, FONT_SIZE, figure as new_figure, legend_below

from . import _common as common

PANELS = {
    "all": (r"$\varphi=\pi/2$, $\omega_c=12$, $\gamma_2=100$", common.converter()),
    "symmetric": (r"same with $\varphi=0$: time reversal not broken", common.converter(phase=0.0)),
    "memoryless": (r"same with $\omega_c=1000$: bath with short memory", common.converter(cutoff=1000.0)),
    "unsynchronised": (r"same with $\gamma_2=0.01$: not synchronised", common.converter(gamma_2=0.01)),
}
SPAN = 1e4
"""the colours reach from 2/SPAN to 2 SPAN"""


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """Q_{P_A} and the sign of P_A over Omega and T; weak theory, in which Q does not depend on gamma_1."""
    points = 17 if quick else 200
    scan = files.ScanSection(
        (
            common.axis("Omega", common.OMEGA, 1e-2, 1e2, points),
            common.axis("T", common.TEMPERATURES, 1e-2, 1e1, points),
        )
    )
    data = {
        name: common.solved(replace(config, scan=scan), out / f"precision_maps-{name}.nc")
        for name, (_, config) in PANELS.items()
    }
    made = new_figure(178.0, 132.0)
    grid = made.subplots(2, 2, sharex=True, sharey=True)
    mesh = None
    for axes, (name, part) in zip(grid.flat, data.items(), strict=True):
        product, power = part["local_tur"].sel(oscillator=1), part["local_powers"].sel(oscillator=1)
        mesh = common.draw_map(axes, product, LogNorm(2.0 / SPAN, 2.0 * SPAN), "PuOr_r")
        where = (part["Omega"], part["T"])
        axes.contour(*where, np.log(product.T / 2.0), levels=[0.0], colors=BLACK, linewidths=0.9)
        if float(power.min()) < 0.0:
            axes.contourf(*where, power.T < 0.0, levels=[0.5, 1.5], colors="none", hatches=["...."])
        axes.set_title(PANELS[name][0], fontsize=FONT_SIZE)
    for axes in grid[1]:
        axes.set_xlabel(common.FREQUENCY_LABEL, fontsize=FONT_SIZE)
    for axes in grid[:, 0]:
        axes.set_ylabel(common.TEMPERATURE_LABEL, fontsize=FONT_SIZE)
    common.colour_bar(made, mesh, grid, common.PRECISION_LABEL, extend="both")
    legend_below(
        made,
        [
            Line2D([], [], color=BLACK, lw=0.9, label=r"$Q_{P_A}=2$"),
            Patch(
                facecolor="white", edgecolor=BLACK, hatch="....", label=r"$P_A<0$: work extracted through A"
            ),
        ],
    )
    common.write(made, out, "precision_maps")
    return data
