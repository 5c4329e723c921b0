"""The figure of a fitted spectral density."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..model import FitReport, Rational
from ..model.fitting import Rows, deviations
from . import style

HEIGHTS = (60.0, 30.0, 42.0)
MARGIN = 3.0
"""The fit is drawn this far beyond both ends of the data."""


def fit_figure(rows: Rows, bath: Rational, report: FitReport, title: str | None = None) -> Figure:
    """J(omega) of the rows and of the fit, the residuals, and where the poles are.

    Args:
        rows: the data.
        bath: the fit.
        report: of the fit, which says what errors are relative to.
        title: of the figure.
    """
    made = style.figure(style.DOUBLE_COLUMN, sum(HEIGHTS), title)
    panels = made.subplots(3, 1, height_ratios=HEIGHTS)
    _draw_density(panels[0], rows, bath)
    residuals = deviations(rows, bath, report.floor)
    panels[1].plot(rows.omega, residuals, ".", ms=1.5, color=style.BLUE)
    panels[1].axhline(0.0, color=style.GREY, lw=style.THIN_LINE_WIDTH)
    panels[1].set_xscale(panels[0].get_xscale())
    panels[1].set_xlim(panels[0].get_xlim())
    style.style_panel(panels[1], r"$\omega$ ($\omega_A$)", "(fit - data) / s")
    poles = np.asarray(report.poles, dtype=complex)
    panels[2].plot(np.real(poles), -np.imag(poles), "x", ms=4.0, color=style.VERMILLION)
    panels[2].set_yscale("log")
    style.style_panel(panels[2], r"Re $\omega$ of the poles", r"$-$Im $\omega$ of the poles")
    made.align_ylabels(list(panels))
    return made


def _draw_density(axes: Axes, rows: Rows, bath: Rational) -> None:
    """Data and fit, logarithmic where J spans decades; omega logarithmic where the rows do."""
    low, high = rows.omega[0], rows.omega[-1]
    wide = np.unique(
        np.concatenate([np.geomspace(low / MARGIN, high * MARGIN, 2000), np.linspace(low, high, 4000)])
    )
    positive = rows.density > 0.0
    axes.plot(rows.omega[positive], rows.density[positive], ".", ms=2.0, color=style.GREY, label="data")
    style.curve(axes, wide, np.real(np.asarray(bath.density(wide))), 0, f"fit, {len(bath.poles)} poles")
    axes.set_xscale("log")
    axes.set_yscale("log")
    peak = rows.density.max()
    axes.set_ylim(max(0.3 * rows.density[positive].min(), 1e-6 * peak), 3.0 * peak)
    style.style_panel(axes, y_label=r"$J(\omega)$")
    axes.legend(fontsize=style.SMALL_FONT_SIZE, frameon=False)
