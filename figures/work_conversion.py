"""Work-to-work conversion: efficiency -P_A/P_B of the isothermal machine over the drive frequency."""

from dataclasses import replace
from pathlib import Path

import xarray

from qtopt import files
from qtopt.plots.style import BLUE, SMALL_FONT_SIZE, VERMILLION, figure as new_figure, style_panel

from . import _common as common

DAMPINGS = {"0.01": (VERMILLION, "--", "s"), "100": (BLUE, "-", "o")}


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """omega_c = 12, T = 0.1, phi = pi/2, gamma_1 = 1e-3: weak theory as lines, exact theory as symbols."""
    data = {}
    for damping in DAMPINGS:
        for solver, points in (("weak", 61 if quick else 401), ("exact", 6 if quick else 31)):
            axes = (common.axis("Omega", common.OMEGA, 1e-2, 1e1, points),)
            scan = files.ScanSection(axes)
            config = replace(common.converter(gamma_1=1e-3, gamma_2=float(damping)), scan=scan)
            config = files.with_solver(config, "exact" if solver == "exact" else "weak")
            name = f"{solver}-{damping}"
            data[name] = common.solved(config, out / f"work_conversion-{name}.nc")
    made = new_figure(86.0, 66.0)
    axes = made.subplots()
    style_panel(axes, common.FREQUENCY_LABEL, r"conversion efficiency $-P_A/P_B$")
    for damping, (colour, line, marker) in DAMPINGS.items():
        for solver in ("weak", "exact"):
            part = data[f"{solver}-{damping}"]
            axes.plot(
                part["Omega"], efficiency(part), line if solver == "weak" else marker, color=colour, lw=1.2,
                ms=3.5, mfc="white", label=rf"{solver}, $\gamma_2={damping}$",
            )  # fmt: skip
    axes.set_xscale("log")
    axes.set_ylim(0.0, 1.05)
    axes.legend(fontsize=SMALL_FONT_SIZE, frameon=False, loc="lower left")
    common.write(made, out, "work_conversion")
    return data


def efficiency(part: xarray.Dataset) -> xarray.DataArray:
    """-P_A/P_B where work is put in through B and extracted through A, NaN elsewhere."""
    extracted, supplied = (part["local_powers"].sel(oscillator=l, drop=True) for l in (1, 2))
    return (-extracted / supplied).where((extracted < 0.0) & (supplied > 0.0))
