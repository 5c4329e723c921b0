"""The figure of power-efficiency fronts."""

from collections.abc import Mapping

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..pareto import Front
from ._style import (
    DOUBLE_COLUMN,
    figure,
    FONT_SIZE,
    GREY,
    HATCH,
    legend_below,
    LINE_WIDTH,
    Look,
    look,
    PowerUnit,
    SMALL_FONT_SIZE,
    style_panel,
    style_ticks,
    THIN_LINE_WIDTH,
)

DOUBTFUL_VALIDITY = 0.1
"""Above this `weak_validity`, the weak-coupling theory is doubtful."""
LOG_SPAN = 30.0
"""Powers that differ by more than this factor are drawn on a logarithmic axis."""
LARGEST_LOG_SPAN = 1e7
"""Powers further than this below the largest one are left outside the axis."""
WORTH_SAYING = 1e-2
"""A front whose largest power is below this fraction of the largest one is pointed out in words."""
SMALLEST_GAP = 1e-12
"""Gaps are drawn no lower than this: what is below is round-off."""
HEIGHT = 92.0
MARKER_SIZE, SMALL_MARKER_SIZE = 3.6, 2.8


def front_figure(
    fronts: Mapping[str, Front], strength: float | None = None, symbol: str = "d", title: str | None = None
) -> Figure:
    """Extracted power against efficiency, with the certified bound; the gap and drive frequency beside it.

    The shaded region cannot be reached by any drive of any of the configurations. Open markers are points
    at which the weak-coupling theory is doubtful.

    Args:
        fronts: the front of each configuration ("joint", "independent"), with any number of points.
        strength: d or gamma_1 of the driven bath, to show -P/d; None shows -P itself.
        symbol: name of `strength`: "d" or "gamma_1".
        title: of the figure.
    """
    unit = PowerUnit(strength, symbol)
    made = figure(DOUBLE_COLUMN, HEIGHT, title)
    grid = made.add_gridspec(2, 2, width_ratios=(1.55, 1.0))
    power, gap, frequency = (made.add_subplot(cell) for cell in (grid[:, 0], grid[0, 1], grid[1, 1]))
    style_panel(power, r"efficiency $\eta$", unit.label)
    style_panel(gap, None, "certified gap")
    style_panel(frequency, r"efficiency $\eta$", r"frequency $\Omega$ ($\omega_A$)")
    gap.tick_params(labelbottom=False)
    looks = {name: look(name, index) for index, name in enumerate(fronts)}
    for name, front in fronts.items():
        efficiency = _column(front, "efficiency")
        if front.certificate is not None:
            bound = np.asarray(front.certificate.power) / unit.scale
            power.plot(front.certificate.efficiency, bound, "--", color=looks[name].colour, lw=LINE_WIDTH)
        gaps = np.maximum(_column(front, "gap"), SMALLEST_GAP)
        _points(power, front, efficiency, -_column(front, "power") / unit.scale, looks[name], MARKER_SIZE)
        _points(gap, front, efficiency, gaps, looks[name], SMALL_MARKER_SIZE)
        _points(frequency, front, efficiency, _column(front, "frequency"), looks[name], SMALL_MARKER_SIZE)
    _limit_efficiency((power, gap, frequency), fronts)
    _limit_power(power, fronts, unit)
    _limit_gap(gap, fronts)
    _limit_frequency(frequency, fronts)
    shaded = _shade_unreachable(power, fronts, unit)
    _carnot_axis(power, fronts)
    _say(power, fronts)
    legend_below(made, _legend_handles(fronts, looks, shaded), 3)
    return made


def _column(front: Front, name: str) -> np.ndarray:
    """One attribute of all points."""
    return np.array([float(getattr(point, name)) for point in front.points])


def _points(axes: Axes, front: Front, x: np.ndarray, y: np.ndarray, drawn: Look, size: float) -> None:
    """Found points joined by a thin line; those where the weak theory is doubtful drawn open."""
    if len(x) == 0:
        return
    marker = {"marker": drawn.marker, "ms": size, "mew": 0.7, "color": drawn.colour}
    axes.plot(x, y, "-", lw=THIN_LINE_WIDTH, zorder=3.0, **marker)
    doubtful = _column(front, "weak_validity") > DOUBTFUL_VALIDITY
    if doubtful.any():
        axes.plot(x[doubtful], y[doubtful], ls="none", mfc="white", zorder=3.1, **marker)


def _limit_efficiency(panels: tuple[Axes, ...], fronts: Mapping[str, Front]) -> None:
    """The same range in all panels: all points and bounds with a margin, within [0, eta_C]."""
    parts = [_column(front, "efficiency") for front in fronts.values()]
    parts += [np.asarray(f.certificate.efficiency) for f in fronts.values() if f.certificate is not None]
    values = np.concatenate(parts) if parts else np.empty(0)
    carnot = max((front.carnot_efficiency for front in fronts.values()), default=1.0)
    if len(values) == 0:
        low, high = 0.0, carnot
    else:
        margin = max(0.04 * np.ptp(values), 0.005 * carnot)
        low, high = max(values.min() - margin, 0.0), values.max() + margin
    for axes in panels:
        axes.set_xlim(low, high)


def _limit_power(axes: Axes, fronts: Mapping[str, Front], unit: PowerUnit) -> None:
    """Zero-based linear axis, or a logarithmic one when the points span more than `LOG_SPAN`."""
    found = np.concatenate([-_column(front, "power") for front in fronts.values()] or [np.empty(0)])
    bounds = [np.asarray(f.certificate.power) for f in fronts.values() if f.certificate is not None]
    every = np.concatenate([found, *bounds]) / unit.scale
    every = every[every > 0.0]
    if len(every) == 0:
        axes.set_ylim(0.0, 1.0)
        return
    top = every.max()
    lowest = found.min() / unit.scale if len(found) else every.min()
    if lowest > 0.0 and top / lowest > LOG_SPAN:
        axes.set_yscale("log")
        axes.set_ylim(max(lowest, top / LARGEST_LOG_SPAN) / 2.0, 2.0 * top)
    else:
        axes.set_ylim(0.0, 1.1 * top)


def _limit_gap(axes: Axes, fronts: Mapping[str, Front]) -> None:
    """Whole decades, so that at least two ticks have labels."""
    gaps = np.concatenate([_column(front, "gap") for front in fronts.values()] or [np.empty(0)])
    gaps = np.maximum(gaps[np.isfinite(gaps)], SMALLEST_GAP)
    axes.set_yscale("log")
    if len(gaps) == 0:
        axes.set_ylim(1e-3, 1.0)
        return
    low, high = np.floor(np.log10(gaps.min() / 1.2)), np.ceil(np.log10(gaps.max() * 1.2))
    axes.set_ylim(10.0**low, 10.0**high)


def _limit_frequency(axes: Axes, fronts: Mapping[str, Front]) -> None:
    """From zero to a little above the largest drive frequency."""
    values = np.concatenate([_column(front, "frequency") for front in fronts.values()] or [np.empty(0)])
    axes.set_ylim(0.0, 1.12 * values.max() if len(values) else 1.0)


def _shade_unreachable(axes: Axes, fronts: Mapping[str, Front], unit: PowerUnit) -> bool:
    """Hatch what lies above the largest of the bounds; False if there is no bound.

    A bound at some efficiency holds at every higher one too, so each continues to the right at its last value,
    and nothing is claimed to the left of its first.
    """
    curves = [front.certificate for front in fronts.values() if front.certificate is not None]
    if not curves:
        return False
    right = axes.get_xlim()[1]
    first = max(float(np.min(curve.efficiency)) for curve in curves)
    grid = np.unique(np.concatenate([*(np.asarray(curve.efficiency) for curve in curves), [right]]))
    grid = grid[(grid >= first) & (grid <= right)]
    bounds = [np.interp(grid, curve.efficiency, np.asarray(curve.power) / unit.scale) for curve in curves]
    top = axes.get_ylim()[1]
    axes.fill_between(
        grid,
        np.max(bounds, axis=0),
        2.0 * top,
        facecolor="#F4F4F4",
        edgecolor=HATCH,
        hatch="////",
        lw=0.0,
        zorder=0.5,
    )
    axes.set_ylim(top=top)
    return True


def _carnot_axis(axes: Axes, fronts: Mapping[str, Front]) -> None:
    """Efficiency relative to Carnot's on the upper edge."""
    carnot = max((front.carnot_efficiency for front in fronts.values()), default=0.0)
    if carnot > 0.0:
        upper = axes.secondary_xaxis("top", functions=(lambda x: x / carnot, lambda x: x * carnot))
        upper.set_xlabel(r"$\eta/\eta_C$", fontsize=FONT_SIZE)
        style_ticks(upper)


def _say(axes: Axes, fronts: Mapping[str, Front]) -> None:
    """Words for what the curves do not show: fronts without points or far below the others."""
    largest = {name: float(np.max(-_column(f, "power"))) for name, f in fronts.items() if f.points}
    top = max(largest.values(), default=0.0)
    best = max(largest, key=lambda name: largest[name], default="")
    lines = []
    for name, front in fronts.items():
        if front.certificate is None and not front.points:
            lines.append(f"{name}: no engine within the bound")
        elif not front.points:
            lines.append(f"{name}: no point found")
        elif largest[name] < WORTH_SAYING * top:
            ratio = f"{largest[name] / top:.0e}".replace("e-0", "e-")
            hidden = ", below the axis" if largest[name] < top / LARGEST_LOG_SPAN else ""
            lines.append(f"{name}: at most {ratio} of the largest {best} power{hidden}")
    if lines:
        axes.text(
            0.02,
            0.025,
            "\n".join(lines),
            transform=axes.transAxes,
            fontsize=SMALL_FONT_SIZE,
            va="bottom",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
            zorder=4.0,
        )


def _legend_handles(fronts: Mapping[str, Front], looks: Mapping[str, Look], shaded: bool) -> list[Artist]:
    """Column by column: found points, bounds, remarks."""
    found: list[Artist] = []
    bounds: list[Artist] = []
    remarks: list[Artist] = []
    for name, front in fronts.items():
        colour, marker = looks[name].colour, looks[name].marker
        if front.points:
            found.append(
                Line2D(
                    [],
                    [],
                    color=colour,
                    marker=marker,
                    ms=MARKER_SIZE,
                    lw=THIN_LINE_WIDTH,
                    label=f"{name}: found",
                )
            )
        if front.certificate is not None:
            bounds.append(
                Line2D([], [], color=colour, ls="--", lw=LINE_WIDTH, label=f"{name}: certified bound")
            )
    if shaded:
        remarks.append(
            Patch(facecolor="#F4F4F4", edgecolor=HATCH, hatch="////", label="out of reach of every drive")
        )
    if any((_column(front, "weak_validity") > DOUBTFUL_VALIDITY).any() for front in fronts.values()):
        doubtful = f"weak theory doubtful (validity > {DOUBTFUL_VALIDITY})"
        remarks.append(
            Line2D(
                [],
                [],
                ls="none",
                marker="o",
                ms=MARKER_SIZE,
                mfc="white",
                mew=0.7,
                color=GREY,
                label=doubtful,
            )
        )
    return [*found, *bounds, *remarks]
