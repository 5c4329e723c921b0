"""Figures of precision: the uncertainty product against power, and the three desiderata of engines."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from ..fronts import PreciseFront
from .style import (
    DOUBLE_COLUMN,
    FONT_SIZE,
    GREY,
    LINE_WIDTH,
    SMALL_FONT_SIZE,
    THIN_LINE_WIDTH,
    UNREACHABLE,
    figure,
    look,
    style_panel,
)

HEIGHT = 80.0
MARKER_SIZE = 3.6
CLASSICAL = 2.0


def precision_figure(fronts: Mapping[str, PreciseFront], output: int, numbers: Sequence[str] = ()) -> Figure:
    """Uncertainty product Q = D S/P_l^2 against extracted power -P_l, with the bound; Omega beside it.

    No drive of any configuration reaches the shaded region (where the machine's numbers vary, the dotted line
    is the bound for each point's own machine). The line at Q = 2 is the classical bound.

    Args:
        fronts: the front of each configuration, with any number of points.
        output: number of the oscillator, from 1.
        numbers: names of the machine's numbers that were searched too; a panel each.
    """
    drawing = figure(DOUBLE_COLUMN, HEIGHT)
    left, right, *more = drawing.subplots(1, 2 + len(numbers))
    best: list[tuple[np.ndarray, np.ndarray]] = []
    for i, (name, front) in enumerate(fronts.items()):
        if not front.points:
            words = f"{name}: no work extracted"
            left.text(0.03, 0.03 + 0.07 * i, words, transform=left.transAxes, fontsize=SMALL_FONT_SIZE)
            continue
        style = look(name, i)
        power = np.array([-p.output_power for p in front.points])
        product = np.array([p.uncertainty_product for p in front.points])
        left.plot(power, product, lw=LINE_WIDTH, label=name, **style.marker_style(MARKER_SIZE))
        right.plot(
            power, [p.frequency for p in front.points], lw=LINE_WIDTH, **style.marker_style(MARKER_SIZE)
        )
        for n, panel in enumerate(more):
            values = [p.numbers[n] for p in front.points]
            panel.plot(power, values, lw=LINE_WIDTH, **style.marker_style(MARKER_SIZE))
            panel.set_ylabel(numbers[n].removeprefix("machine."), fontsize=FONT_SIZE)
        if np.isfinite([p.certified_product for p in front.points]).all():
            best.append((power, np.array([p.certified_product for p in front.points])))
            left.plot(power, best[-1][1], color=style.colour, lw=THIN_LINE_WIDTH, ls=":")
    if len(best) == len(fronts) == 1 and not numbers:
        left.fill_between(best[0][0], best[0][1], 1e-300, **UNREACHABLE)
    left.axhline(CLASSICAL, color=GREY, lw=THIN_LINE_WIDTH, ls="--")
    for panel in (left, right, *more):
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_xlabel(rf"extracted power $-P_{{{output}}}$", fontsize=FONT_SIZE)
        style_panel(panel)
    points = [p for front in fronts.values() for p in front.points]
    shown = [q for p in points for q in (p.uncertainty_product, p.certified_product) if np.isfinite(q)]
    if shown:
        left.set_ylim(min(shown) / 3.0, max(max(shown), CLASSICAL) * 3.0)
        left.legend(fontsize=SMALL_FONT_SIZE, frameon=False, loc="upper left")
    left.set_ylabel(rf"uncertainty product $Q = D_{{{output}}}\dot S/P_{{{output}}}^2$", fontsize=FONT_SIZE)
    right.set_ylabel(r"drive frequency $\Omega$", fontsize=FONT_SIZE)
    return drawing


def desiderata_figure(fronts: Mapping[str, PreciseFront], carnot: float) -> Figure:
    """Extracted power against efficiency, and the uncertainty product that ties in constancy beside it.

    Args:
        fronts: the front of each configuration, with any number of points.
        carnot: Carnot efficiency.
    """
    drawing = figure(DOUBLE_COLUMN, HEIGHT)
    left, right = drawing.subplots(1, 2)
    for i, (name, front) in enumerate(fronts.items()):
        style = look(name, i)
        efficiency = [p.efficiency for p in front.points]
        mark = {**style.marker_style(MARKER_SIZE), "ls": "none"}
        left.plot(efficiency, [-p.output_power for p in front.points], label=name, **mark)
        right.plot(efficiency, [p.uncertainty_product for p in front.points], **mark)
    right.axhline(CLASSICAL, color=GREY, lw=THIN_LINE_WIDTH, ls="--")
    for panel in (left, right):
        panel.set_yscale("log")
        panel.set_xlabel(r"efficiency $\eta$", fontsize=FONT_SIZE)
        panel.axvline(carnot, color=GREY, lw=THIN_LINE_WIDTH)
        style_panel(panel)
    left.legend(fontsize=SMALL_FONT_SIZE, frameon=False)
    left.set_ylabel(r"extracted power $-P$", fontsize=FONT_SIZE)
    right.set_ylabel(r"$Q = D_P\dot S/P^2 = D_P(\eta_C-\eta)/(-P\,\eta\,T_c)$", fontsize=FONT_SIZE)
    return drawing
