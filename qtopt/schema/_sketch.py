"""Small pictures of numbers for notebooks: inline SVG, drawn without a plotting library."""

import html
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

WIDTH, HEIGHT, MARGIN = 360, 150, 34
"""pixels"""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DECADES = 2.0
"""positive values over more decades than these are drawn by their logarithm"""


class Curve(NamedTuple):
    """One curve of a sketch.

    Attributes:
        x: (n,) abscissae.
        y: (n,) ordinates; where either is not finite nothing is drawn.
        label: what it is called.
        style: "line", "dashed" or "points".
    """

    x: ArrayLike
    y: ArrayLike
    label: str
    style: str = "line"


def sketch(curves: list[Curve], x_label: str, y_label: str) -> str:
    """Curves in one frame with the smallest and largest numbers at its axes, as an SVG element.

    Ordinates that are all positive and span more than two decades are drawn by their logarithm.
    """
    data = [(np.asarray(c.x, float), np.asarray(c.y, float)) for c in curves]
    xs, ys = (np.concatenate([pair[i][np.isfinite(pair[i])] for pair in data]) for i in (0, 1))
    if not xs.size or not ys.size:
        return ""
    by_logarithm = ys.min() > 0.0 and np.log10(ys.max() / ys.min()) > DECADES
    scale = np.log10 if by_logarithm else np.asarray
    parts = []
    for i, (curve, (x, y)) in enumerate(zip(curves, data, strict=True)):
        shown = np.isfinite(x) & np.isfinite(y)
        across = MARGIN + _within(x[shown], xs) * (WIDTH - 2 * MARGIN)
        up = HEIGHT - MARGIN - _within(scale(y[shown]), scale(ys)) * (HEIGHT - 2 * MARGIN)
        parts.append(_drawn(curve, across, up, COLOURS[i % len(COLOURS)]))
        parts.append(_text(MARGIN + 90 * i, 12, curve.label, COLOURS[i % len(COLOURS)], "start"))
    low, high = HEIGHT - MARGIN, MARGIN
    axes = f"{x_label}; {y_label}{' (logarithmic)' if by_logarithm else ''}"
    parts += [
        f'<path d="M{MARGIN},{high}V{low}H{WIDTH - MARGIN}" fill="none" stroke="currentColor"/>',
        _text(MARGIN - 3, high + 4, f"{ys.max():.3g}", anchor="end"),
        _text(MARGIN - 3, low, f"{ys.min():.3g}", anchor="end"),
        _text(MARGIN, low + 14, f"{xs.min():.3g}"),
        _text(WIDTH - MARGIN, low + 14, f"{xs.max():.3g}", anchor="end"),
        _text(WIDTH / 2, low + 26, axes, anchor="middle"),
    ]
    size = f'viewBox="-40 0 {WIDTH + 60} {HEIGHT}" width="{WIDTH + 60}" height="{HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-size="10">{"".join(parts)}</svg>'


def _within(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Where values lie between the smallest (0) and the largest (1)."""
    spread = among.max() - among.min()
    return (values - among.min()) / spread if spread > 0.0 else np.full(values.shape, 0.5)


def _drawn(curve: Curve, x: np.ndarray, y: np.ndarray, colour: str) -> str:
    if curve.style == "points":
        return "".join(
            f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.5" fill="{colour}"/>' for a, b in zip(x, y, strict=True)
        )
    places = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    dashes = ' stroke-dasharray="5 3"' if curve.style == "dashed" else ""
    return f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="1.5"{dashes}/>'


def _text(x: float, y: float, text: str, colour: str = "currentColor", anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" fill="{colour}" text-anchor="{anchor}">{html.escape(text)}</text>'
