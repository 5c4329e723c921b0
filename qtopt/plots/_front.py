"""The figure of fronts, whatever they trade off."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullFormatter

from ..fronts import AbstractTradeoff, Axis, Front, PowerEfficiency
from ..solvers.weak import LIMIT
from .style import (
    DOUBLE_COLUMN,
    FONT_SIZE,
    GREY,
    LINE_WIDTH,
    SMALL_FONT_SIZE,
    THIN_LINE_WIDTH,
    UNREACHABLE,
    Look,
    PowerUnit,
    figure,
    legend_below,
    literal,
    look,
    number,
    round_ticks,
    style_panel,
    style_ticks,
)

LOG_SPAN = 30.0
"""Values that differ by more than this factor are drawn on a logarithmic axis."""
LARGEST_LOG_SPAN = 1e6
"""A front further than this below the best one is only told of."""
FAR_BELOW = 1e-2
"""A front with less than this fraction of the best one's power, at lower efficiencies, is only told of."""
SMALLEST_GAP = 1e-9
"""Gaps are drawn no lower than this: what is below is round-off."""
HEIGHT, PANEL_HEIGHT = 92.0, 40.0
MARKER_SIZE, SMALL_MARKER_SIZE = 3.6, 2.6
Fronts = Mapping[str, Front]


def front_figure(
    fronts: Fronts, strength: float | None = None, symbol: str = "d", title: str | None = None
) -> Figure:
    """Two merits of a trade-off against each other with their certified bound; gap, frequency, ... beside.

    No drive of any configuration reaches the shaded region. Open markers are points at which the
    weak-coupling theory is doubtful. A front without points, or far below the best one, is told of in words.
    Where numbers of the machine vary, each has a panel, and dashed lines bound each point's own machine.

    Args:
        fronts: the front of each configuration ("joint", "independent") of one trade-off.
        strength: d or gamma_1 of the driven bath, to show powers relative to it; None shows them as they are.
        symbol: name of `strength`: "d" or "gamma_1".
        title: of the figure.
    """
    tradeoff = tradeoff_of(fronts)
    x, y = tradeoff.axes
    names = next((front.names for front in fronts.values()), ())
    certified = not _values(fronts, "output").size or np.isfinite(_values(fronts, "gap")).any()
    beside = [axis for axis in tradeoff.panels if certified or axis.name != "gap"]
    others = [*beside, *(Axis(name, literal(name.removeprefix("machine."))) for name in names)]
    units = {axis.name: unit_of(axis, strength, symbol) for axis in (x, y, *others)}
    made = figure(DOUBLE_COLUMN, max(HEIGHT, PANEL_HEIGHT * len(others)), title)
    grid = made.add_gridspec(len(others), 2, width_ratios=(1.55, 1.0))
    main = made.add_subplot(grid[:, 0])
    panels = [made.add_subplot(grid[row, 1]) for row in range(len(others))]
    style_panel(main, units[x.name].label, units[y.name].label)
    shown = {name: front for name, front in fronts.items() if not _is_far_below(front, fronts)}
    looks = {name: look(name, index) for index, name in enumerate(fronts)}
    for index, (name, front) in enumerate(shown.items()):
        order, line = 3.0 - 0.1 * index, _bound_of(front)
        if line is not None:
            scaled = (line[0] / units[x.name].scale, line[1] / units[y.name].scale)
            main.plot(*scaled, "--", color=looks[name].colour, lw=LINE_WIDTH)
        _points(main, front, (x, y), units, looks[name].marker_style(MARKER_SIZE), order)
        for axes, axis in zip(panels, others, strict=True):
            _points(axes, front, (x, axis), units, looks[name].marker_style(SMALL_MARKER_SIZE), order)
    for axes, axis in zip(panels, others, strict=True):
        last = axes is panels[-1]
        style_panel(axes, units[x.name].label if last else None, units[axis.name].label)
        axes.tick_params(labelbottom=last)
        _limit_panel(axes, axis, shown)
    _limit_x([main, *panels], x, shown, units[x.name])
    _limit_y(main, y, shown, units[y.name])
    shaded = _shade_unreachable(main, fronts, units[x.name], units[y.name], y)
    _limit_axis(main, fronts, tradeoff)
    _tell(main, fronts, units[y.name])
    made.align_ylabels(panels)
    legend_below(made, _legend_handles(shown, looks, shaded))
    return made


def tradeoff_of(fronts: Fronts) -> AbstractTradeoff | type[AbstractTradeoff]:
    """What the fronts trade off; fronts of different trade-offs do not belong in one figure."""
    return next((front.tradeoff for front in fronts.values()), PowerEfficiency)


def unit_of(axis: Axis, strength: float | None, symbol: str) -> PowerUnit:
    """How the values of an axis are scaled and labelled."""
    if axis.is_power:
        return PowerUnit(strength, symbol, axis.label, axis.symbol.strip("$"))
    return PowerUnit(None, "", axis.label, axis.symbol, is_power=False)


def _bound_of(front: Front) -> tuple[np.ndarray, np.ndarray] | None:
    """The certified curve, or else the bounds of the points for their own machines."""
    if front.curve is not None:
        return front.curve
    bounds = front.values("bound")
    return (front.values(front.tradeoff.axes[0].name), bounds) if np.isfinite(bounds).any() else None


def _values(fronts: Fronts, name: str) -> np.ndarray:
    """One number of all points of all fronts."""
    return np.concatenate([np.empty(0), *(front.values(name) for front in fronts.values())])


def _curves(fronts: Fronts) -> list[tuple[np.ndarray, np.ndarray]]:
    return [front.curve for front in fronts.values() if front.curve is not None]


def _is_far_below(front: Front, fronts: Fronts) -> bool:
    """Whether drawing this front would squeeze the best one into a corner."""
    if not front.points or front.tradeoff.axes[1].name != "output":
        return False
    x = front.tradeoff.axes[0].name
    best = max((f for f in fronts.values() if f.points), key=lambda f: f.values("output").max())
    ratio = front.values("output").max() / best.values("output").max()
    apart = front.values(x).max() < best.values(x).min()
    return bool(ratio < 1.0 / LARGEST_LOG_SPAN or (ratio < FAR_BELOW and apart))


def _points(
    axes: Axes,
    front: Front,
    drawn: tuple[Axis, Axis],
    units: Mapping[str, PowerUnit],
    style: dict[str, Any],
    order: float,
) -> None:
    """Found points joined by a thin line; those where the weak theory is doubtful drawn open."""
    if not front.points:
        return
    x, y = (front.values(axis.name) / units[axis.name].scale for axis in drawn)
    if drawn[1].name == "gap":
        y = np.maximum(y, SMALLEST_GAP)
    joined = "-" if np.all(np.diff(x) >= 0.0) else "none"  # three merits make a surface
    axes.plot(x, y, ls=joined, lw=THIN_LINE_WIDTH, zorder=order, **style)
    doubtful = _doubtful(front)
    if doubtful.any():
        axes.plot(x[doubtful], y[doubtful], ls="none", mfc="white", zorder=order + 0.05, **style)


def _doubtful(front: Front) -> np.ndarray:
    return front.values("weak_validity") > LIMIT


def _limit_x(panels: Sequence[Axes], axis: Axis, fronts: Fronts, unit: PowerUnit) -> None:
    """The same range in all panels: all points and bounds with a margin, not below 0."""
    found = _values(fronts, axis.name) / unit.scale
    curves = [curve[0] / unit.scale for curve in _curves(fronts)]
    every = np.concatenate([found, *curves])
    if axis.log and len(every):
        low, high = every.min() / 1.2, every.max() * 1.2
    elif len(every) == 0:
        low, high = 0.0, max((front.tradeoff.limit or 1.0 for front in fronts.values()), default=1.0)
    else:
        margin = max(0.03 * np.ptp(every), 0.002 * every.max(), 1e-6)
        low, high = every.min() - margin, every.max() + margin
        begin = max((curve.min() for curve in curves), default=low)
        if len(found) and begin < found.min():
            low = begin  # the bounds, and so the shading, begin here
        low = max(low, 0.0)
    for axes in panels:
        if axis.log and len(every):
            axes.set_xscale("log")
        else:
            axes.xaxis.set_major_locator(round_ticks())
        axes.set_xlim(low, high)


def _limit_y(axes: Axes, axis: Axis, fronts: Fronts, unit: PowerUnit) -> None:
    """Linear axis from zero, or a logarithmic one when asked for or when points span more than `LOG_SPAN`."""
    found = _values(fronts, axis.name) / unit.scale
    bounds = [bound[1] / unit.scale for bound in map(_bound_of, fronts.values()) if bound is not None]
    every = np.concatenate([found, *bounds])
    top = every.max(initial=0.0)
    lowest = (every if axis.less_is_better else found if len(found) else every).min(initial=np.inf)
    if axis.line is not None:
        axes.axhline(axis.line, color=GREY, lw=THIN_LINE_WIDTH, ls="--")
        top = max(top, axis.line)
    if not 0.0 < top < np.inf:
        axes.set_ylim(0.0, 1.0)
    elif (axis.log or top > LOG_SPAN * lowest) and lowest > 0.0:
        axes.set_yscale("log")
        axes.set_ylim(lowest / 2.0, 2.0 * top)
        style_ticks(axes)
    else:
        axes.set_ylim(0.0, 1.1 * top)
        axes.yaxis.set_major_locator(round_ticks())


def _limit_panel(axes: Axes, axis: Axis, fronts: Fronts) -> None:
    """The axis of a smaller panel: whole decades, or all values with a margin."""
    values = _values(fronts, axis.name)
    values = values[np.isfinite(values)]
    if axis.name == "gap":
        _limit_gap(axes, values)
    elif len(values) == 0:
        axes.set_ylim(0.0, 1.0)
    elif axis.log or (axis.log is None and values.max() > LOG_SPAN * values.min() > 0.0):
        _limit_y(axes, axis, fronts, PowerUnit(None, ""))
    else:
        # Differences below a tenth are not blown up.
        centre = (values.min() + values.max()) / 2.0
        half = 0.6 * max(np.ptp(values), 0.1 * values.max())
        axes.set_ylim(max(centre - half, 0.0), centre + half)
        axes.yaxis.set_major_locator(round_ticks())


def _limit_gap(axes: Axes, gaps: np.ndarray) -> None:
    """Logarithmic axis over whole decades, the lowest marked as the smallest gap that is resolved."""
    exponents = np.log10(np.maximum(gaps, SMALLEST_GAP))
    low = int(np.floor(exponents.min(initial=-3.0 if len(exponents) == 0 else 0.0)))
    high = max(int(np.ceil(exponents.max(initial=low) + 0.05)), low + 1)
    step = -(-(high - low) // 4)
    floor = round(np.log10(SMALLEST_GAP))
    ticks = range(low, high + 1, step)
    axes.set_yscale("log")
    axes.set_ylim(10.0**low / (2.0 if low == floor else 1.0), 10.0**high)
    axes.set_yticks(
        [10.0**k for k in ticks],
        [("≤ " if k == floor else "") + f"$10^{{{k}}}$" for k in ticks],
    )
    axes.yaxis.set_minor_formatter(NullFormatter())
    if step > 1:
        axes.minorticks_off()
    style_ticks(axes)


def _shade_unreachable(axes: Axes, fronts: Fronts, x: PowerUnit, y: PowerUnit, axis: Axis) -> bool:
    """Hatch what lies beyond the weakest of the bounds; False if there is no bound.

    A bound at some efficiency or power holds at every higher one too, so each continues to the right at its
    last value; nothing is claimed to the left of its first.
    """
    curves = [(curve[0] / x.scale, np.maximum(curve[1] / y.scale, 1e-300)) for curve in _curves(fronts)]
    if not curves or any(front.points and front.curve is None for front in fronts.values()):
        return False
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    first = max(left, *(float(np.min(curve[0])) for curve in curves))
    grid = np.unique(np.concatenate([*(curve[0] for curve in curves), [first, right]]))
    grid = grid[(grid >= first) & (grid <= right)]
    # Straight lines on the paper, like the curves themselves.
    onto, back = (np.log, np.exp) if axes.get_yscale() == "log" else (np.asarray, np.asarray)
    across = np.log if axes.get_xscale() == "log" else np.asarray
    bounds = [np.interp(across(grid), across(place), onto(height)) for place, height in curves]
    weakest = back(np.min(bounds, axis=0) if axis.less_is_better else np.max(bounds, axis=0))
    beyond = 1e-300 if axis.less_is_better else 2.0 * top
    axes.fill_between(grid, weakest, beyond, zorder=0.5, **UNREACHABLE)
    axes.set_ylim(bottom, top)
    return True


def _limit_axis(axes: Axes, fronts: Fronts, tradeoff: AbstractTradeoff | type[AbstractTradeoff]) -> None:
    """The first merit relative to the limit of the second law on the upper edge."""
    limit = max((front.tradeoff.limit or 0.0 for front in fronts.values()), default=0.0)
    if limit > 0.0 and tradeoff.relative:
        scale = (lambda x: np.asarray(x) / limit, lambda x: np.asarray(x) * limit)
        upper = axes.secondary_xaxis("top", functions=scale)
        upper.set_xlabel(tradeoff.relative, fontsize=FONT_SIZE)
        upper.set_zorder(3.5)  # above the shading
        style_ticks(upper)
        upper.xaxis.set_major_locator(round_ticks())


def _tell(axes: Axes, fronts: Fronts, unit: PowerUnit) -> None:
    """Words for fronts that are not drawn; the lower left corner lies below every front."""
    lines = []
    for name, front in fronts.items():
        if not front.points:
            lines.append(f"{name}: {front.remark}")
        elif _is_far_below(front, fronts):
            x = front.tradeoff.axes[0]
            output = number(front.values("output").max() / unit.scale)
            most = f"{front.values(x.name).max():.3g}"
            lines.append(f"{name}, not shown: {unit.symbols} ≤ {output}, {x.symbol} ≤ {most}")
    if lines:
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
        place = {"transform": axes.transAxes, "va": "bottom", "bbox": box, "zorder": 4.0}
        axes.text(0.02, 0.025, "\n".join(lines), fontsize=SMALL_FONT_SIZE, **place)


def _legend_handles(fronts: Fronts, looks: Mapping[str, Look], shaded: bool) -> list[Artist]:
    """Found points, bounds, remarks: three columns."""
    found: list[Artist] = []
    bounds: list[Artist] = []
    remarks: list[Artist] = []
    for name, front in fronts.items():
        if front.points:
            style = looks[name].marker_style(MARKER_SIZE)
            found.append(Line2D([], [], lw=THIN_LINE_WIDTH, label=f"{name}: found", **style))
        if _bound_of(front) is not None:
            style = {"color": looks[name].colour, "ls": "--", "lw": LINE_WIDTH}
            bounds.append(Line2D([], [], label=f"{name}: certified bound", **style))
    if shaded:
        remarks.append(Patch(label="unreachable by any drive", **UNREACHABLE))
    if any(_doubtful(front).any() for front in fronts.values()):
        style = Look(GREY, "o").marker_style(MARKER_SIZE)
        text = f"weak theory doubtful (validity > {LIMIT})"
        remarks.append(Line2D([], [], ls="none", mfc="white", label=text, **style))
    return [*found, *bounds, *remarks]
