"""The figure of a search: whether it has converged."""

from collections.abc import Mapping
from itertools import groupby

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..fronts import Front, History
from . import style

PANEL_HEIGHT = 34.0


def search_figure(fronts: Mapping[str, Front], title: str | None = None) -> Figure | None:
    """Hypervolume, certified gap and gradient norms after every round; None where nothing was searched.

    The hypervolume is drawn by what it lacks of the largest of its stage, which a search that has converged
    brings to 0. Thin lines separate the stages of one search.

    Args:
        fronts: the front of each configuration ("joint", "independent") of one trade-off.
        title: of the figure.
    """
    found = {name: front.history for name, front in fronts.items() if front.history is not None}
    if not found:
        return None
    made = style.figure(style.DOUBLE_COLUMN, 3 * PANEL_HEIGHT + 10.0, title)
    panels = list(made.subplots(3, 1, sharex=True))
    labels = ("missing hypervolume", "median certified gap", "gradient norm")
    for axes, label in zip(panels, labels, strict=True):
        style.style_panel(axes, None, label)
        axes.set_yscale("log")
    lines = []
    for index, (name, history) in enumerate(found.items()):
        look = style.look(name, index)
        rounds = np.arange(1, len(history.stages) + 1)
        line = {"color": look.colour, "marker": look.marker, "ms": 3.0, "lw": style.LINE_WIDTH}
        for axes, values in zip(panels, _curves(history), strict=True):
            drawn = axes.plot(rounds, values, **line)[0]
        lines.append(drawn)
        lines[-1].set_label(name)
        _separate(panels, history)
    panels[-1].set_xlabel("round", fontsize=style.FONT_SIZE)
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    made.align_ylabels(panels)
    style.legend_below(made, lines)
    return made


def _curves(history: History) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is drawn of one search; a value that a logarithmic axis cannot hold is not a number."""
    volume, stages = np.array(history.hypervolumes), np.array(history.stages)
    largest = np.array([volume[stages == stage].max() for stage in history.stages])
    norms = [float(np.median(norm)) for norm in history.gradient_norms]
    parts = (
        1.0 - volume / np.maximum(largest, np.finfo(float).tiny),
        np.array(history.gaps),
        np.array(norms),
    )
    missing, gap, norm = (np.where(part > 0.0, part, np.nan) for part in parts)
    return missing, gap, norm


def _separate(panels: list[Axes], history: History) -> None:
    """A line between the rounds of different stages."""
    ends = np.cumsum([len(list(rounds)) for _, rounds in groupby(history.stages)])[:-1]
    for axes in panels:
        for end in ends:
            axes.axvline(end + 0.5, color=style.GREY, lw=style.THIN_LINE_WIDTH, ls=":")
