"""Power, efficiency and constancy of engines: fronts, cosines, and the relation that ties them."""

from dataclasses import replace
from pathlib import Path

import xarray
from matplotlib.lines import Line2D

from qtopt import files
from qtopt.model import Configuration
from qtopt.plots.style import BLUE, GREEN, GREY, VERMILLION, figure as new_figure, legend_below, style_panel

from . import _common as common, _fronts as fronts

CASES: dict[str, tuple[Configuration, float, str, str]] = {
    "joint, $\\gamma_2=100$": ("joint", 100.0, BLUE, "o"),
    "joint, $\\gamma_2=0.1$": ("joint", 0.1, GREEN, "^"),
    "independent, $\\gamma_2=0.1$": ("independent", 0.1, VERMILLION, "s"),
}
CARNOT = 0.8


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """Weak theory; --quick: joint only. Constancy is small noise D_P/(-P), in quanta of work.

    Dots: cosines with phi = pi over Omega in [0.1, 1] and omega_1 in [0.9, 2]. Symbols: the best drives with
    |g_l(t)| <= 1 at omega_1 = 1.25.
    """
    settings = files.ParetoSection(
        points=25,
        harmonics=4,
        starts=6,
        frequency=(0.1, 1.0),
        objectives=("power", "efficiency", "constancy"),
    )
    if quick:
        settings = replace(settings, points=9, harmonics=2, starts=4)
    points = 13 if quick else 31
    axes = (
        common.axis("Omega", common.OMEGA, 0.1, 1.0, points, "linear"),
        common.axis("omega_1", common.OMEGA_1, 0.9, 2.0, points, "linear"),
    )
    cases = {name: case for name, case in CASES.items() if not quick or case[0] == "joint"}
    data, made = {}, new_figure(178.0, 70.0)
    panels = made.subplots(1, 3)
    for name, gamma_2, colour, marker in cases.values():
        config, case = common.engine(gamma_2, name), f"{name}-{gamma_2:g}"
        cosines = replace(config, scan=files.ScanSection(axes))
        data[f"cosines-{case}"] = common.solved(cosines, out / f"three_desiderata-cosines-{case}.nc")
        wanted = replace(config, drive=None, pareto=replace(settings, configurations=(name,)))
        data[case] = fronts.searched(wanted, out / f"three_desiderata-{case}.nc")
        single, found = data[f"cosines-{case}"], data[case]
        single = single.where(single["power"] < 0.0)
        noise = (single["power_fluctuations"], found["output_fluctuations"])
        columns = (
            (-single["power"], -found["power"]),
            (noise[0] / -single["power"], noise[1] / -found["power"]),
            (single["tur"], found["uncertainty_product"]),
        )
        for panel, (many, best) in zip(panels, columns, strict=True):
            x = single["efficiency"].values.ravel()
            panel.plot(x, many.values.ravel(), ".", ms=1.0, color=colour, alpha=0.3, rasterized=True)
            style = {"marker": marker, "ms": 3.5, "mec": "black", "mew": 0.3, "color": colour, "zorder": 3.0}
            panel.plot(found["efficiency"], best, ls="none", **style)
    panels[2].axhline(2.0, color=GREY, lw=0.8)
    labels = (
        r"extracted power $-P/d$ ($\hbar/\omega_A^2$)",
        r"noise $D_P/(-P)$ ($\hbar\omega_A$)",
        r"$Q=D_P\,(\eta_C-\eta)/(-P\,\eta\,T_c)$",
    )
    for panel, label in zip(panels, labels, strict=True):
        style_panel(panel, r"efficiency $\eta$", label)
        panel.set_yscale("log")
        panel.set_xlim(0.0, CARNOT)
    panels[0].set_ylim(1e-4, 20.0)
    panels[1].set_ylim(0.1, 20.0)
    panels[2].set_ylim(1.5, 300.0)
    handles = [
        Line2D([], [], ls="none", marker=marker, ms=3.5, color=colour, label=name)
        for name, (_, _, colour, marker) in cases.items()
    ]
    handles.append(Line2D([], [], ls="none", marker=".", ms=3.0, color=GREY, label="cosines"))
    handles.append(Line2D([], [], color=GREY, lw=0.8, label="classical bound 2"))
    legend_below(made, handles)
    common.write(made, out, "three_desiderata")
    return data
