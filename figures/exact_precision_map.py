"""The precision map at any coupling strength: Q of the local power as the driven bath grows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray
from matplotlib.colors import LogNorm
from matplotlib.patches import Patch

from qtopt import files
from qtopt.plots.style import BLACK, FONT_SIZE, figure as new_figure, legend_below

from . import _common as common

PANELS = {"weak": 0.0, "exact-0.001": 1e-3, "exact-0.1": 1e-1}
"""gamma_1"""
SPAN = 1e4
UNSTABLE = 1
"""`status`: no steady state"""


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """Q_{P_A} over Omega and T; omega_c = 12, gamma_2 = 100, phi = pi/2; all panels on the same grid.

    Beyond omega_c, where its J falls, a strong driven bath feeds the antiphase mode: no steady state.
    """
    points = 7 if quick else 31
    scan = files.ScanSection(
        (
            common.axis("Omega", common.OMEGA, 1e-2, 1e2, points),
            common.axis("T", common.TEMPERATURES, 1e-2, 1e1, points),
        )
    )
    data = {}
    for name, gamma_1 in PANELS.items():
        config = replace(common.converter(gamma_1=gamma_1 or 1e-3), scan=scan)
        config = files.with_solver(config, "exact" if gamma_1 else "weak")
        data[name] = common.solved(config, out / f"exact_precision_map-{name}.nc")
    made = new_figure(178.0, 72.0)
    row, mesh = made.subplots(1, 3, sharex=True, sharey=True), None
    for axes, (name, part) in zip(row, data.items(), strict=True):
        product = part["local_tur"].sel(oscillator=1)
        mesh = common.draw_map(axes, product, LogNorm(2.0 / SPAN, 2.0 * SPAN), "PuOr_r")
        axes.contour(part["Omega"], part["T"], np.log(product.T / 2.0), [0.0], colors=BLACK, linewidths=0.9)
        if int(part["status"].max()) == UNSTABLE:
            where = part["status"].T == UNSTABLE
            axes.contourf(part["Omega"], part["T"], where, [0.5, 1.5], colors="none", hatches=["////"])
        gamma_1 = PANELS[name]
        title = rf"exact, $\gamma_1={common.power_of_ten(gamma_1)}$" if gamma_1 else "weak theory"
        axes.set_title(title, fontsize=FONT_SIZE)
        axes.set_xlabel(common.FREQUENCY_LABEL, fontsize=FONT_SIZE)
    row[0].set_ylabel(common.TEMPERATURE_LABEL, fontsize=FONT_SIZE)
    label = "no steady state: the drive amplifies parametrically"
    legend_below(made, [Patch(facecolor="white", edgecolor=BLACK, hatch="////", label=label)])
    common.colour_bar(made, mesh, row, common.PRECISION_LABEL + " (line: 2)", extend="both")
    common.write(made, out, "exact_precision_map")
    return data
