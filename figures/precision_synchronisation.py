"""The more antisynchronised, the more precise: Q_{P_A} against C as the static damping grows."""

from dataclasses import replace
from pathlib import Path

import xarray

from qtopt import files
from qtopt.plots.style import BLUE, GREY, SMALL_FONT_SIZE, VERMILLION, figure as new_figure, style_panel

from . import _common as common


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """omega_c = 12, Omega = 0.2, T = 0.1, phi = pi/2, gamma_1 = 1e-3; gamma_2 from 1e-2 to 1e3."""
    data = {}
    for solver, points in (("weak", 21 if quick else 101), ("exact", 6 if quick else 21)):
        axes = (common.axis("gamma_2", common.GAMMA_2, 1e-2, 1e3, points),)
        config = replace(common.converter(gamma_1=1e-3), scan=files.ScanSection(axes))
        config = files.with_solver(config, "exact" if solver == "exact" else "weak")
        data[solver] = common.solved(config, out / f"precision_synchronisation-{solver}.nc")
    made = new_figure(86.0, 66.0)
    axes = made.subplots()
    style_panel(axes, common.SYNCHRONISATION_LABEL, common.PRECISION_LABEL)
    for solver, style, colour in (("weak", "-", BLUE), ("exact", "o", VERMILLION)):
        part = data[solver]
        label = "weak theory" if solver == "weak" else r"exact, $\gamma_1=10^{-3}$"
        product = part["local_tur"].sel(oscillator=1)
        axes.plot(part["pearson"], product, style, color=colour, lw=1.2, ms=3.5, label=label)
        if solver == "exact":
            for i in (0, -1):
                axes.annotate(
                    rf"$\gamma_2={common.power_of_ten(float(part['gamma_2'][i]))}$",
                    (float(part["pearson"][i]), float(product[i])),
                    xytext=(-6.0, 5.0) if i == 0 else (10.0, -3.0),
                    ha="right" if i == 0 else "left",
                    textcoords="offset points",
                    fontsize=SMALL_FONT_SIZE,
                )
    axes.axhline(2.0, color=GREY, lw=0.6, ls="--")
    axes.annotate("$Q=2$", (-0.55, 2.0), (0.0, 3.0), textcoords="offset points", fontsize=SMALL_FONT_SIZE)
    axes.set_yscale("log")
    axes.set_ylim(2e-3, 6.0)
    axes.legend(fontsize=SMALL_FONT_SIZE, frameon=False, loc="lower right")
    common.write(made, out, "precision_synchronisation")
    return data
