"""Fronts of refrigerators: heat drawn from the cold bath against the coefficient of performance."""

from dataclasses import replace
from pathlib import Path

import xarray
from matplotlib.lines import Line2D

from qtopt import files
from qtopt.model import Configuration
from qtopt.plots.style import FONT_SIZE, figure as new_figure, legend_below, style_panel

from . import _common as common, _fronts as fronts

CONFIGURATIONS: tuple[Configuration, ...] = ("joint", "independent")
DAMPINGS = (0.1, 100.0)
COLD, RANGE = 0.8, (0.05, 1.0)


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """The engine's medium with T_c = 0.8 T_h; weak theory, |g_l(t)| <= 1, Omega in [0.05, 1]."""
    data, made = {}, new_figure(178.0, 72.0)
    panels = made.subplots(1, len(DAMPINGS))
    for panel, damping in zip(panels, DAMPINGS, strict=True):
        style_panel(
            panel, "coefficient of performance", r"cooling power $J_\mathrm{c}/d$ ($\hbar/\omega_A^2$)"
        )
        panel.set_title(rf"$\gamma_2={damping:g}$", fontsize=FONT_SIZE)
        for name in CONFIGURATIONS:
            found = front(name, damping, quick, out)
            data[f"{name}-{damping:g}"] = found
            if "bound_output" in found:  # a refrigerator
                fronts.draw_front(panel, name, found)
        panel.set_yscale("log")
        panel.axvline(COLD / (1.0 - COLD), color="0.5", lw=0.6, ls=":")
        panel.set_xlim(left=0.0)
    handles = fronts.legend_handles(CONFIGURATIONS)
    handles.append(Line2D([], [], ls=":", lw=0.6, color="0.5", label="Carnot"))
    legend_below(made, handles)
    common.write(made, out, "refrigerator_front")
    return data


def front(configuration: Configuration, damping: float, quick: bool, out: Path) -> xarray.Dataset:
    """One certified front, in units of the driven bath's strength."""
    config = common.engine(damping, configuration)
    baths = tuple(bath if bath.driven else replace(bath, temperature=COLD) for bath in config.machine.baths)
    settings = files.ParetoSection(
        points=16, harmonics=6, starts=8, frequency=RANGE, configurations=(configuration,),
        objectives=("cooling", "cop"),
    )  # fmt: skip
    if quick:
        settings = replace(settings, points=4, harmonics=2, starts=4)
    config = replace(config, machine=replace(config.machine, baths=baths), drive=None, pareto=settings)
    return fronts.searched(config, out / f"refrigerator_front-{configuration}-{damping:g}.nc")
