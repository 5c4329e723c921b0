"""The figure of a trajectory."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jax import Array
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style

if TYPE_CHECKING:
    from ..solvers.time_domain import Trajectory

PANEL_HEIGHT = 38.0


def trajectory_figure(
    trajectory: "Trajectory", frequency: float, baths: Sequence[str], title: str | None = None
) -> Figure:
    """Populations, covariances of the positions, powers and heat currents against Omega t/2 pi.

    Flows at t = 0 are not drawn: where the coupling to an Ohmic bath is switched on, its heat current is a
    spike without a finite height. Drives with steps work at their jumps only; for them the third panel shows
    the work done so far.

    Args:
        trajectory: what `simulate` returned.
        frequency: Omega of the drive.
        baths: their names, in the order of the machine.
        title: of the style.figure.
    """
    numbers, later = range(1, trajectory.populations.shape[1] + 1), trajectory.times > 0.0
    rows, columns = np.triu_indices(len(numbers))
    pairs = [f"$x_{{{i + 1}}} x_{{{j + 1}}}$" for i, j in zip(rows, columns, strict=True)]
    works = trajectory.jump_works.sum(axis=1)
    if np.any(works):
        work = works, [f"$W_{{{l}}}$" for l in numbers], r"work of jumps ($\hbar\omega_A$)"
    else:
        power = trajectory.local_powers[later]
        work = power, [f"$P_{{{l}}}$" for l in numbers], r"power ($\hbar\omega_A^2$)"
    contents = (
        (trajectory.populations, [f"$n_{{{l}}}$" for l in numbers], "populations"),
        (trajectory.covariances[:, rows, columns], pairs, r"covariances ($\hbar/\omega_A$)"),
        work,
        (
            trajectory.heat_currents[later],
            [style.literal(name) for name in baths],
            r"heat current ($\hbar\omega_A^2$)",
        ),
    )
    phase = trajectory.times * frequency / (2.0 * np.pi)
    made = style.figure(style.DOUBLE_COLUMN, 4 * PANEL_HEIGHT + 10.0, title)
    panels = made.subplots(4, 1, sharex=True)
    for axes, (values, labels, name) in zip(panels, contents, strict=True):
        _draw(axes, phase[-len(values) :], values, labels, name)
    panels[3].set_xlabel(r"$\Omega t/2\pi$", fontsize=panels[3].yaxis.label.get_fontsize())
    panels[3].set_xlim(0.0, float(phase[-1]) or 1.0)
    made.align_ylabels(list(panels))
    return made


def _draw(
    axes: Axes, phase: Array | np.ndarray, values: Array | np.ndarray, labels: Sequence[str], name: str
) -> None:
    """One panel with a curve for each column."""
    style.style_panel(axes, y_label=name)
    axes.yaxis.set_major_locator(style.round_ticks())
    axes.axhline(0.0, color=style.GREY, lw=style.THIN_LINE_WIDTH, zorder=1.0)
    for i, label in enumerate(labels):
        style.curve(axes, phase, values[:, i], i, label)
    axes.yaxis.get_offset_text().set_fontsize(style.SMALL_FONT_SIZE)
    axes.legend(fontsize=style.SMALL_FONT_SIZE, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
