"""The figure of fronts of output and efficiency."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullFormatter

from ..fronts import Certificate, Front, PurposeName
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
    look,
    number,
    round_ticks,
    style_panel,
    style_ticks,
)

DOUBTFUL_VALIDITY = 0.1
"""Above this `weak_validity`, the weak-coupling theory is doubtful."""
LOG_SPAN = 30.0
"""Powers that differ by more than this factor are drawn on a logarithmic axis."""
LARGEST_LOG_SPAN = 1e6
"""A front further than this below the best one is only told of."""
FAR_BELOW = 1e-2
"""A front with less than this fraction of the best one's power, at lower efficiencies, is only told of."""
SMALLEST_GAP = 1e-9
"""Gaps are drawn no lower than this: what is below is round-off."""
HEIGHT = 92.0
MARKER_SIZE, SMALL_MARKER_SIZE = 3.6, 2.6


@dataclass(frozen=True)
class Words:
    """What efficiency and output are called.

    Attributes:
        efficiency: axis label.
        symbol, relative: of the efficiency, and relative to the limit of the second law.
        output, power: name of the output, and its symbol without dollar signs.
        most: title of the machine with the largest output.
    """

    efficiency: str
    symbol: str
    relative: str
    output: str
    power: str
    most: str

    def unit(self, strength: float | None, symbol: str) -> PowerUnit:
        """The output by the strength of the driven bath."""
        return PowerUnit(strength, symbol, self.output, self.power)


WORDS: dict[PurposeName, Words] = {
    "engine": Words(
        r"efficiency $\eta$",
        r"$\eta$",
        r"$\eta/\eta_\mathrm{C}$",
        "extracted power",
        "-P",
        "maximum power",
    ),
    "refrigerator": Words(
        r"coefficient of performance",
        "COP",
        r"COP/COP$_\mathrm{C}$",
        "cooling power",
        r"J_\mathrm{c}",
        "maximum cooling",
    ),
}


def words_for(fronts: Mapping[str, Front]) -> Words:
    """The words of the first front's purpose; fronts of different purposes do not belong in one figure."""
    names: list[PurposeName] = [front.purpose.name for front in fronts.values()]
    return WORDS[names[0] if names else "engine"]


def front_figure(
    fronts: Mapping[str, Front], strength: float | None = None, symbol: str = "d", title: str | None = None
) -> Figure:
    """Output (extracted or cooling power) against efficiency, its certified bound; gap and frequency beside.

    No drive of any configuration reaches the shaded region. Open markers are points at which the
    weak-coupling theory is doubtful. A front without points, or far below the best one, is told of in words.

    Args:
        fronts: the front of each configuration ("joint", "independent"), with any number of points.
        strength: d or gamma_1 of the driven bath, to show -P/d or J_c/d; None shows -P or J_c itself.
        symbol: name of `strength`: "d" or "gamma_1".
        title: of the figure.
    """
    words = words_for(fronts)
    unit = words.unit(strength, symbol)
    made = figure(DOUBLE_COLUMN, HEIGHT, title)
    grid = made.add_gridspec(2, 2, width_ratios=(1.55, 1.0))
    power, gap, frequency = (made.add_subplot(cell) for cell in (grid[:, 0], grid[0, 1], grid[1, 1]))
    style_panel(power, words.efficiency, unit.label)
    style_panel(gap, None, "certified gap")
    style_panel(frequency, words.efficiency, r"frequency $\Omega$ ($\omega_A$)")
    gap.tick_params(labelbottom=False)
    shown = {name: front for name, front in fronts.items() if not _is_far_below(front, fronts)}
    looks = {name: look(name, index) for index, name in enumerate(fronts)}
    for index, (name, front) in enumerate(shown.items()):
        drawn, order = looks[name], 3.0 - 0.1 * index
        if front.certificate is not None:
            bound = np.asarray(front.certificate.output) / unit.scale
            power.plot(front.certificate.efficiency, bound, "--", color=drawn.colour, lw=LINE_WIDTH)
        gaps = np.maximum(_column(front, "gap"), SMALLEST_GAP)
        _points(power, front, _column(front, "output") / unit.scale, drawn, MARKER_SIZE, order)
        _points(gap, front, gaps, drawn, SMALL_MARKER_SIZE, order)
        _points(frequency, front, _column(front, "frequency"), drawn, SMALL_MARKER_SIZE, order)
    _limit_efficiency((power, gap, frequency), shown)
    _limit_power(power, shown, unit)
    _limit_gap(gap, shown)
    _limit_frequency(frequency, shown)
    shaded = _shade_unreachable(power, fronts, unit)
    _limit_axis(power, fronts, words)
    _tell(power, fronts, words, unit)
    made.align_ylabels([gap, frequency])
    legend_below(made, _legend_handles(shown, looks, shaded))
    return made


def _column(front: Front, name: str) -> np.ndarray:
    """One attribute of all points."""
    return np.array([float(getattr(point, name)) for point in front.points])


def _columns(fronts: Mapping[str, Front], name: str) -> np.ndarray:
    """One attribute of all points of all fronts."""
    return np.concatenate([np.empty(0), *(_column(front, name) for front in fronts.values())])


def _certificates(fronts: Mapping[str, Front]) -> list[Certificate]:
    return [front.certificate for front in fronts.values() if front.certificate is not None]


def _is_far_below(front: Front, fronts: Mapping[str, Front]) -> bool:
    """Whether drawing this front would squeeze the best one into a corner."""
    if not front.points:
        return False
    best = max((f for f in fronts.values() if f.points), key=lambda f: _column(f, "output").max())
    ratio = _column(front, "output").max() / _column(best, "output").max()
    apart = _column(front, "efficiency").max() < _column(best, "efficiency").min()
    return bool(ratio < 1.0 / LARGEST_LOG_SPAN or (ratio < FAR_BELOW and apart))


def _points(axes: Axes, front: Front, y: np.ndarray, drawn: Look, size: float, order: float) -> None:
    """Found points joined by a thin line; those where the weak theory is doubtful drawn open."""
    if len(y) == 0:
        return
    x, style = _column(front, "efficiency"), drawn.marker_style(size)
    axes.plot(x, y, "-", lw=THIN_LINE_WIDTH, zorder=order, **style)
    doubtful = _doubtful(front)
    if doubtful.any():
        axes.plot(x[doubtful], y[doubtful], ls="none", mfc="white", zorder=order + 0.05, **style)


def _doubtful(front: Front) -> np.ndarray:
    return _column(front, "weak_validity") > DOUBTFUL_VALIDITY


def _limit_efficiency(panels: tuple[Axes, ...], fronts: Mapping[str, Front]) -> None:
    """The same range in all panels: all points and bounds with a margin, not below 0."""
    found = _columns(fronts, "efficiency")
    curves = [np.asarray(certificate.efficiency) for certificate in _certificates(fronts)]
    every = np.concatenate([found, *curves])
    if len(every) == 0:
        low, high = 0.0, max((front.purpose.limit for front in fronts.values()), default=1.0)
    else:
        margin = max(0.03 * np.ptp(every), 0.002 * every.max(), 1e-6)
        low, high = every.min() - margin, every.max() + margin
        begin = max((curve.min() for curve in curves), default=low)
        if len(found) and begin < found.min():
            low = begin  # the bounds, and so the shading, begin here
        low = max(low, 0.0)
    for axes in panels:
        axes.set_xlim(low, high)
        axes.xaxis.set_major_locator(round_ticks())


def _limit_power(axes: Axes, fronts: Mapping[str, Front], unit: PowerUnit) -> None:
    """Linear axis from zero, or a logarithmic one when the points span more than `LOG_SPAN`."""
    found = _columns(fronts, "output") / unit.scale
    bounds = [np.asarray(certificate.output) / unit.scale for certificate in _certificates(fronts)]
    every = np.concatenate([found, *bounds])
    top = every.max(initial=0.0)
    lowest = (found if len(found) else every).min(initial=np.inf)
    if top <= 0.0:
        axes.set_ylim(0.0, 1.0)
    elif lowest > 0.0 and top / lowest > LOG_SPAN:
        axes.set_yscale("log")
        axes.set_ylim(max(lowest, 0.1 * top / LARGEST_LOG_SPAN) / 1.6, 1.6 * top)
        style_ticks(axes)
    else:
        axes.set_ylim(0.0, 1.1 * top)
        axes.yaxis.set_major_locator(round_ticks())


def _limit_gap(axes: Axes, fronts: Mapping[str, Front]) -> None:
    """Logarithmic axis over whole decades, the lowest marked as the smallest gap that is resolved."""
    gaps = _columns(fronts, "gap")
    exponents = np.log10(np.maximum(gaps[np.isfinite(gaps)], SMALLEST_GAP))
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


def _limit_frequency(axes: Axes, fronts: Mapping[str, Front]) -> None:
    """All drive frequencies with a margin; differences below a tenth are not blown up."""
    values = _columns(fronts, "frequency")
    if len(values) == 0:
        axes.set_ylim(0.0, 1.0)
        return
    centre = (values.min() + values.max()) / 2.0
    half = 0.6 * max(np.ptp(values), 0.1 * values.max())
    axes.set_ylim(max(centre - half, 0.0), centre + half)
    axes.yaxis.set_major_locator(round_ticks())


def _shade_unreachable(axes: Axes, fronts: Mapping[str, Front], unit: PowerUnit) -> bool:
    """Hatch what lies above the largest of the bounds; False if there is no bound.

    A bound at some efficiency holds at every higher one too, so each continues to the right at its last
    value; nothing is claimed to the left of its first.
    """
    curves = _certificates(fronts)
    if not curves:
        return False
    (left, right), top = axes.get_xlim(), axes.get_ylim()[1]
    first = max(left, *(float(np.min(curve.efficiency)) for curve in curves))
    grid = np.unique(np.concatenate([*(np.asarray(curve.efficiency) for curve in curves), [first, right]]))
    grid = grid[(grid >= first) & (grid <= right)]
    # Straight lines on the paper, like the curves themselves.
    onto, back = (np.log, np.exp) if axes.get_yscale() == "log" else (np.asarray, np.asarray)
    heights = [np.maximum(np.asarray(curve.output) / unit.scale, 1e-300) for curve in curves]
    bounds = [np.interp(grid, c.efficiency, onto(h)) for c, h in zip(curves, heights, strict=True)]
    axes.fill_between(grid, back(np.max(bounds, axis=0)), 2.0 * top, zorder=0.5, **UNREACHABLE)
    axes.set_ylim(top=top)
    return True


def _limit_axis(axes: Axes, fronts: Mapping[str, Front], words: "Words") -> None:
    """Efficiency relative to Carnot's on the upper edge."""
    limit = max((front.purpose.limit for front in fronts.values()), default=0.0)
    if limit > 0.0:
        scale = (lambda x: np.asarray(x) / limit, lambda x: np.asarray(x) * limit)
        upper = axes.secondary_xaxis("top", functions=scale)
        upper.set_xlabel(words.relative, fontsize=FONT_SIZE)
        upper.set_zorder(3.5)  # above the shading
        style_ticks(upper)
        upper.xaxis.set_major_locator(round_ticks())


def _tell(axes: Axes, fronts: Mapping[str, Front], words: "Words", unit: PowerUnit) -> None:
    """Words for fronts that are not drawn; the lower left corner lies below every front."""
    lines = []
    for name, front in fronts.items():
        if front.certificate is None and not front.points:
            lines.append(f"{name}: no {front.purpose.name} within the bound")
        elif not front.points:
            lines.append(f"{name}: no {front.purpose.name} found")
        elif _is_far_below(front, fronts):
            power = number(_column(front, "output").max() / unit.scale)
            efficiency = f"{_column(front, 'efficiency').max():.3g}"
            lines.append(f"{name}, not shown: {unit.symbols} ≤ {power}, {words.symbol} ≤ {efficiency}")
    if lines:
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
        place = {"transform": axes.transAxes, "va": "bottom", "bbox": box, "zorder": 4.0}
        axes.text(0.02, 0.025, "\n".join(lines), fontsize=SMALL_FONT_SIZE, **place)


def _legend_handles(fronts: Mapping[str, Front], looks: Mapping[str, Look], shaded: bool) -> list[Artist]:
    """Found points, bounds, remarks: three columns."""
    found: list[Artist] = []
    bounds: list[Artist] = []
    remarks: list[Artist] = []
    for name, front in fronts.items():
        if front.points:
            style = looks[name].marker_style(MARKER_SIZE)
            found.append(Line2D([], [], lw=THIN_LINE_WIDTH, label=f"{name}: found", **style))
        if front.certificate is not None:
            style = {"color": looks[name].colour, "ls": "--", "lw": LINE_WIDTH}
            bounds.append(Line2D([], [], label=f"{name}: certified bound", **style))
    if shaded:
        remarks.append(Patch(label="unreachable by any drive", **UNREACHABLE))
    if any(_doubtful(front).any() for front in fronts.values()):
        style = Look(GREY, "o").marker_style(MARKER_SIZE)
        text = f"weak theory doubtful (validity > {DOUBTFUL_VALIDITY})"
        remarks.append(Line2D([], [], ls="none", mfc="white", label=text, **style))
    return [*found, *bounds, *remarks]
