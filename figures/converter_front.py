"""Front of the work converter: smallest Q of the extracted work, with its bound, and the efficiency there."""

from dataclasses import replace
from pathlib import Path

import xarray
from matplotlib.lines import Line2D

from qtopt import files
from qtopt.plots.style import BLUE, GREY, VERMILLION, figure as new_figure, legend_below, style_panel

from . import _common as common, _fronts as fronts
from .work_conversion import efficiency

DAMPINGS = {"0.01": (VERMILLION, "s"), "100": (BLUE, "o")}
GAMMA_1, RANGE = 1e-3, (0.05, 1.0)


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """omega_c = 12, T = 0.1, |g_l(t)| <= 1, Omega in [0.05, 1]; weak theory, joint oscillators.

    The thin lines are the published cosines with phi = pi/2, over the same frequencies. Independent
    oscillators extract nothing at one temperature.
    """
    settings = files.ParetoSection(
        points=12, harmonics=6, starts=8, frequency=RANGE, configurations=("joint",),
        objectives=("power", "precision"),
    )  # fmt: skip
    if quick:
        settings = replace(settings, points=4, harmonics=2, starts=4)
    axes = (common.axis("Omega", common.OMEGA, *RANGE, 21 if quick else 101),)
    data, made = {}, new_figure(178.0, 72.0)
    left, right = made.subplots(1, 2)
    for damping, (colour, marker) in DAMPINGS.items():
        config = common.converter(gamma_1=GAMMA_1, gamma_2=float(damping))
        cosines = replace(config, scan=files.ScanSection(axes))
        data[f"cosines-{damping}"] = common.solved(cosines, out / f"converter_front-cosines-{damping}.nc")
        searched = replace(config, drive=None, pareto=settings)
        data[damping] = fronts.searched(searched, out / f"converter_front-{damping}.nc")
        found, single = data[damping], data[f"cosines-{damping}"]
        output = -single["local_powers"].sel(oscillator=1) / GAMMA_1
        output = output.where(output > 0.0)
        style = {"color": colour, "lw": 0.8}
        left.plot(output, single["local_tur"].sel(oscillator=1), alpha=0.6, **style)
        right.plot(output, efficiency(single), alpha=0.6, **style)
        output = -found["output_power"] / GAMMA_1
        left.plot(output, found["certified_product"], "--", **style)
        for panel, name in ((left, "uncertainty_product"), (right, "efficiency")):
            panel.plot(output, found[name], ls="none", marker=marker, ms=3.5, color=colour)
    left.axhline(2.0, color=GREY, lw=0.6)
    label = r"extracted power $-P_A/\gamma_1$ ($\hbar\omega_A$)"
    style_panel(left, label, common.PRECISION_LABEL)
    style_panel(right, label, r"conversion efficiency $-P_A/P_B$")
    left.set_yscale("log")
    for panel in (left, right):
        panel.set_xscale("log")
        panel.set_xlim(3e-6, 0.5)
    left.set_ylim(5e-5, 20.0)
    right.set_ylim(0.0, 1.02)
    handles = [
        Line2D([], [], ls="none", marker=marker, ms=3.5, color=colour, label=rf"front, $\gamma_2={name}$")
        for name, (colour, marker) in DAMPINGS.items()
    ]
    handles += [
        Line2D([], [], ls="--", lw=0.8, color=GREY, label="no drive is below"),
        Line2D([], [], lw=0.8, color=GREY, alpha=0.6, label="cosines"),
    ]
    legend_below(made, handles)
    common.write(made, out, "converter_front")
    return data
