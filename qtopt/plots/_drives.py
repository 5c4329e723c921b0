"""The figure of the drives along fronts."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..drives import BoundedDrive, Drive
from ..pareto import Front, FrontPoint
from ._style import (
    DOUBLE_COLUMN,
    figure,
    FONT_SIZE,
    GREY,
    legend_below,
    LINE_STYLES,
    LINE_WIDTH,
    PALETTE,
    PowerUnit,
    SMALL_FONT_SIZE,
    style_panel,
    THIN_LINE_WIDTH,
)

SAMPLES = 1025
ROW_HEIGHT, OTHER_HEIGHT = 40.0, 16.0


def drives_figure(
    fronts: Mapping[str, Front],
    count: int = 4,
    strength: float | None = None,
    symbol: str = "d",
    title: str | None = None,
) -> Figure:
    """g_l(t) over one period for some points of each front, from maximum power to maximum efficiency.

    One row for each configuration that has points. Grey lines are the bound of drives that obey |g_l| <= 1.

    Args:
        fronts: the front of each configuration.
        count: most panels in a row.
        strength: d or gamma_1 of the driven bath, to show -P/d; None shows -P itself.
        symbol: name of `strength`: "d" or "gamma_1".
        title: of the figure.
    """
    rows = {name: evenly_spaced(front.points, count) for name, front in fronts.items() if front.points}
    made = figure(DOUBLE_COLUMN, ROW_HEIGHT * max(len(rows), 1) + OTHER_HEIGHT, title)
    if not rows:
        axes = made.add_subplot()
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no engine found: no drive to show", fontsize=FONT_SIZE, ha="center", va="center")
        return made
    unit = PowerUnit(strength, symbol)
    columns = max(len(points) for points in rows.values())
    panels = made.subplots(len(rows), columns, sharex=True, sharey=True, squeeze=False)
    largest = 1.0
    for row, (name, points) in enumerate(rows.items()):
        for column in range(columns):
            axes = panels[row, column]
            if column >= len(points):
                axes.set_axis_off()
                continue
            last = row == len(rows) - 1 or column >= len(list(rows.values())[row + 1])
            style_panel(
                axes, r"$\Omega t/2\pi$" if last else None, f"{name}\n$g_l(t)$" if column == 0 else None
            )
            axes.tick_params(labelbottom=last)
            axes.set_title(_caption(points, column, unit), fontsize=SMALL_FONT_SIZE)
            largest = max(largest, _draw(axes, points[column].drive))
    panels[0, 0].set_xlim(0.0, 1.0)
    panels[0, 0].set_xticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0", "", "0.5", "", "1"])
    panels[0, 0].set_ylim(-1.1 * largest, 1.1 * largest)
    size = max(point.drive.size for points in rows.values() for point in points)
    handles = [Line2D([], [], label=f"$g_{{{l + 1}}}(t)$", **_line(l)) for l in range(size)]
    legend_below(made, handles, min(size, 8))
    return made


def evenly_spaced(points: tuple[FrontPoint, ...], count: int) -> tuple[FrontPoint, ...]:
    """At most `count` of the points, the first and the last among them."""
    chosen = np.unique(np.round(np.linspace(0, len(points) - 1, min(count, len(points)))).astype(int))
    return tuple(points[i] for i in chosen)


def _caption(points: tuple[FrontPoint, ...], column: int, unit: PowerUnit) -> str:
    """Where on the front a panel is."""
    point = points[column]
    where = ""
    if len(points) > 1:
        where = {0: "maximum power\n", len(points) - 1: "maximum efficiency\n"}.get(column, "\n")
    return (
        f"{where}$\\eta$ = {point.efficiency:.3f},  $\\Omega$ = {point.frequency:.3g}\n"
        f"{unit.symbols} = {_number(-point.power / unit.scale)}"
    )


def _number(value: float) -> str:
    """Three digits, powers of ten in mathematical notation."""
    text = f"{value:.3g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return rf"${mantissa}\times 10^{{{int(exponent)}}}$"


def _draw(axes: Axes, drive: Drive) -> float:
    """Curves of one drive; returns the largest |g_l|."""
    phase = np.linspace(0.0, 1.0, SAMPLES)
    values = np.asarray(drive(2.0 * np.pi * phase / np.asarray(drive.frequency)))
    if isinstance(drive, BoundedDrive):
        for level in (-1.0, 1.0):
            axes.axhline(level, color=GREY, lw=THIN_LINE_WIDTH, zorder=1.0)
    for l in range(values.shape[1]):
        axes.plot(phase, values[:, l], **_line(l))
    return float(np.abs(values).max())


def _line(l: int) -> dict[str, object]:
    """Colour and dashes of oscillator l."""
    return {"color": PALETTE[l % len(PALETTE)], "ls": LINE_STYLES[l % len(LINE_STYLES)], "lw": LINE_WIDTH}
