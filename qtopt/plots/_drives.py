"""The figure of the drives along fronts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..fronts import AbstractTradeoff, Front, FrontPoint
from ..model import AbstractDrive, BoundedDrive, Protocol, actuators, shape_names
from ._front import tradeoff_of, unit_of
from .style import (
    DOUBLE_COLUMN,
    FONT_SIZE,
    GREY,
    LINE_STYLES,
    LINE_WIDTH,
    PALETTE,
    SMALL_FONT_SIZE,
    THIN_LINE_WIDTH,
    PowerUnit,
    figure,
    legend_below,
    literal,
    number,
    round_ticks,
    style_panel,
)

Points = tuple[FrontPoint, ...]
AnyTradeoff = AbstractTradeoff | type[AbstractTradeoff]
SAMPLES = 1025
ROW_HEIGHT, OTHER_HEIGHT = 40.0, 16.0


def drives_figure(
    fronts: Mapping[str, Front],
    count: int = 4,
    strength: float | None = None,
    symbol: str = "d",
    title: str | None = None,
) -> Figure:
    """g_l(t) over one period for some points of each front, from maximum output to maximum efficiency.

    One row for each configuration that has points. Grey lines are the bound of drives that obey |g_l| <= 1.
    The origin of time has no meaning, so the panels of a row start where the strongest harmonic of one
    oscillator, the same in all of them, is largest: shapes can be compared from one panel to the next.

    Args:
        fronts: the front of each configuration.
        count: most panels in a row.
        strength: d or gamma_1 of the driven bath, to show powers relative to it; None shows them as they are.
        symbol: name of `strength`: "d" or "gamma_1".
        title: of the figure.
    """
    rows = {name: evenly_spaced(front.points, count) for name, front in fronts.items() if front.points}
    made = figure(DOUBLE_COLUMN, ROW_HEIGHT * max(len(rows), 1) + OTHER_HEIGHT, title)
    if not rows:
        axes = made.add_subplot()
        axes.set_axis_off()
        axes.text(0.5, 0.5, "nothing found: no drive to show", fontsize=FONT_SIZE, ha="center", va="center")
        return made
    axes = tradeoff_of(fronts).axes
    units = tuple(unit_of(axis, strength, symbol) for axis in axes)
    columns = max(len(points) for points in rows.values())
    panels = made.subplots(len(rows), columns, sharex=True, sharey=True, squeeze=False)
    below = [*[len(points) for points in rows.values()][1:], 0]
    largest = 1.0
    for row, (name, points) in enumerate(rows.items()):
        panels[row, 0].set_ylabel(f"{name}\n$g_\\ell(t)$", fontsize=FONT_SIZE)
        largest = max(largest, _draw_row(panels[row], points, tradeoff_of(fronts), units, below[row]))
    panels[0, 0].set_xlim(0.0, 1.0)
    panels[0, 0].set_xticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0", "", "0.5", "", "1"])
    panels[0, 0].set_ylim(-1.1 * largest, 1.1 * largest)
    panels[0, 0].yaxis.set_major_locator(round_ticks())
    names = max((_names(point) for points in rows.values() for point in points), key=len)
    handles = [Line2D([], [], label=name, **_line(i)) for i, name in enumerate(names)]
    legend_below(made, handles)
    return made


def _names(point: FrontPoint) -> list[str]:
    """What the shapes of a drive are called in a legend."""
    if isinstance(point.drive, Protocol):
        return [literal(name) for name in shape_names(actuators(point.machine, point.drive))]
    return [f"$g_{{{i + 1}}}(t)$" for i in range(point.drive.size)]


def _draw_row(
    panels: np.ndarray, points: Points, tradeoff: AnyTradeoff, units: tuple[PowerUnit, ...], below: int
) -> float:
    """One panel for each point, `below` of them with a panel below; returns the largest |g_l|."""
    oscillator = reference_oscillator(points)
    largest = 0.0
    for column, axes in enumerate(panels):
        if column >= len(points):
            axes.set_axis_off()
            continue
        style_panel(axes)
        axes.tick_params(labelbottom=column >= below)
        if column >= below:
            axes.set_xlabel(r"$\Omega t/2\pi$", fontsize=FONT_SIZE)
        axes.set_title(_caption(points, column, tradeoff, units), fontsize=SMALL_FONT_SIZE)
        drive = points[column].drive
        largest = max(largest, _draw(axes, drive, origin(drive, oscillator)))
    return largest


def evenly_spaced(points: Points, count: int) -> Points:
    """At most `count` of the points, the first and the last among them."""
    chosen = np.unique(np.round(np.linspace(0, len(points) - 1, min(count, len(points)))).astype(int))
    return tuple(points[i] for i in chosen)


def _caption(points: Points, column: int, tradeoff: AnyTradeoff, units: tuple[PowerUnit, ...]) -> str:
    """Where on the front a panel is."""
    point = points[column]
    where = ""
    if len(points) > 1:
        where = {0: f"{tradeoff.ends[0]}\n", len(points) - 1: f"{tradeoff.ends[1]}\n"}.get(column, "\n")
    values = (getattr(point, axis.name) / unit.scale for axis, unit in zip(tradeoff.axes, units, strict=True))
    first, second = (
        f"{unit.symbols} = " + (number(value) if axis.log or axis.is_power else f"{value:.4f}")
        for axis, unit, value in zip(tradeoff.axes, units, values, strict=True)
    )
    return f"{where}{first},  $\\Omega$ = {point.frequency:.3g}\n{second}"


def _draw(axes: Axes, drive: AbstractDrive, start: float) -> float:
    """Curves of one drive from Omega t/2 pi = start on; returns the largest |g_l|."""
    phase = np.linspace(0.0, 1.0, SAMPLES)
    values = np.asarray(drive(2.0 * np.pi * (phase + start) / np.asarray(drive.frequency)))
    if isinstance(drive, BoundedDrive):
        for level in (-1.0, 1.0):
            axes.axhline(level, color=GREY, lw=THIN_LINE_WIDTH, zorder=1.0)
    for i in range(values.shape[1]):
        axes.plot(phase, values[:, i], **_line(i))
    return float(np.abs(values).max())


def reference_oscillator(points: Points) -> int:
    """The oscillator with the strongest harmonics; the first of several that differ by less than a tenth."""
    strength = sum(np.abs(_coefficients(point.drive)).max(axis=0, initial=0.0) for point in points)
    return int(np.argmax(np.asarray(strength) >= 0.9 * np.max(strength)))


def origin(drive: AbstractDrive, oscillator: int) -> float:
    """Omega t/2 pi at which the strongest harmonic of one oscillator's drive is largest."""
    coefficients = _coefficients(drive)[:, oscillator]
    if coefficients.size == 0:
        return 0.0
    order = int(np.argmax(np.abs(coefficients)))
    # 2 Re[g_n exp(-i n Omega t)] is largest at n Omega t = arg g_n.
    return float(np.angle(coefficients[order]) / (2.0 * np.pi * (order + 1)))


def _coefficients(drive: AbstractDrive) -> np.ndarray:
    """(N, L) harmonics without the mean."""
    return np.asarray(drive.harmonics(drive.default_harmonics))[1:]


def _line(index: int) -> dict[str, Any]:
    """Colour and dashes of one oscillator."""
    return {
        "color": PALETTE[index % len(PALETTE)],
        "linestyle": LINE_STYLES[index % len(LINE_STYLES)],
        "linewidth": LINE_WIDTH,
    }
