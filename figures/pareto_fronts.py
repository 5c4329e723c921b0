"""Fronts of arbitrary periodic drives: efficiency and power, 1/efficiency and entropy production."""

from dataclasses import replace
from pathlib import Path

import xarray

from qtopt import files
from qtopt.model import Configuration
from qtopt.plots.style import FONT_SIZE, LOOKS, figure as new_figure, legend_below, style_panel

from . import _common as common, _fronts as fronts

CONFIGURATIONS: tuple[Configuration, ...] = ("joint", "independent")
CASES = ((0.6, 0.1), (0.6, 100.0), (0.3, 0.1), (0.3, 100.0))
"""omega_B and gamma_2"""
RANGE = (0.05, 1.0)


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """Weak theory, |g_l(t)| <= 1, Omega in [0.05, 1]; --quick: only omega_B = 0.6 and two harmonics."""
    cases = [case for case in CASES if case[0] == 0.6 or not quick]
    data = {case: {name: front(name, *case, quick, out) for name in CONFIGURATIONS} for case in cases}
    made = new_figure(178.0, 8.0 + 50.0 * len(cases))
    grid = made.subplots(len(cases), 2, squeeze=False)
    for row, (case, found) in zip(grid, data.items(), strict=True):
        style_panel(row[0], r"efficiency $\eta$", r"power $-P/d$ ($\hbar/\omega_A^2$)")
        style_panel(row[1], r"$1/\eta$", r"$\dot S/d$ ($k_B/\omega_A^3$)")
        row[1].set_yscale("log")
        for panel in row:
            panel.set_title(rf"$\omega_B={case[0]}$, $\gamma_2={case[1]:g}$", fontsize=FONT_SIZE)
        for name, part in found.items():
            fronts.draw_front(row[0], name, part)
            style, bound = LOOKS[name].marker_style(3.0), part["bound_efficiency"]
            row[1].plot(1.0 / part["efficiency"], part["entropy_production_rate"], "-", lw=0.8, **style)
            slope = fronts.tradeoff_of(part).kappa(bound)
            row[1].plot(1.0 / bound, slope * part["bound_output"], "--", lw=1.0, color=style["color"])
        top = max(float(part["bound_output"].max()) for part in found.values())
        least = min(float(part["output"].min()) for part in found.values())
        if top > 1e3 * least:
            row[0].set_yscale("log")
            row[0].set_ylim(least / 3.0, 3.0 * top)
            inset = row[0].inset_axes((0.33, 0.16, 0.4, 0.68))
            style_panel(inset)
            fronts.draw_front(inset, "joint", found["joint"])
            inset.set_yscale("log")
        else:
            row[0].set_ylim(0.0, 1.1 * top)
    legend_below(made, fronts.legend_handles(CONFIGURATIONS))
    common.write(made, out, "pareto_fronts")
    return {
        f"{name}-{case[0]}-{case[1]:g}": part for case, found in data.items() for name, part in found.items()
    }


def front(
    configuration: Configuration, omega_b: float, gamma_2: float, quick: bool, out: Path
) -> xarray.Dataset:
    """One certified front."""
    config = common.engine(gamma_2, configuration, omega_b=omega_b)
    path = out / f"pareto_fronts-{configuration}-{omega_b}-{gamma_2:g}.nc"
    return fronts.searched(replace(config, drive=None, pareto=settings_of(configuration, quick)), path)


def settings_of(configuration: Configuration, quick: bool) -> files.ParetoSection:
    """What is searched."""
    settings = files.ParetoSection(
        points=12, harmonics=6, starts=8, frequency=RANGE, configurations=(configuration,)
    )
    return replace(settings, points=4, harmonics=2, starts=4) if quick else settings
