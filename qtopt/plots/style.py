"""What all figures share: colours, sizes, fonts, and how they are written to disk.

Figures are built from `matplotlib.figure.Figure` alone: no pyplot, no backend and no global setting is
touched, so they work without a display, in threads and inside notebooks alike. Sizes are set on each artist
because matplotlib would read global settings again when it draws ticks.
"""

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..jobs import write_atomically

MILLIMETRE = 1.0 / 25.4
DOUBLE_COLUMN = 178.0
"""Width of a two-column figure of the Physical Review in millimetres."""
FONT_SIZE, SMALL_FONT_SIZE = 8.0, 7.0
LINE_WIDTH, THIN_LINE_WIDTH = 1.2, 0.6
DPI = 300
COMPRESSION = 3
"""of a PNG: half the time of zlib's default of 6, for files that are a tenth larger"""

BLUE, VERMILLION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
PINK, SKY, BLACK = "#CC79A7", "#56B4E9", "#000000"
PALETTE = (BLUE, VERMILLION, GREEN, ORANGE, PINK, SKY, BLACK)
"""Okabe and Ito's colours: distinct for every kind of colour vision."""
LINE_STYLES = ("-", "--", "-.", ":")
GREY = "#8C8C8C"
UNREACHABLE: dict[str, Any] = {"facecolor": "#F4F4F4", "edgecolor": "#D9D9D9", "hatch": "////", "lw": 0.0}


@dataclass(frozen=True)
class Look:
    """How one configuration is drawn in every panel."""

    colour: str
    marker: str

    def marker_style(self, size: float) -> dict[str, Any]:
        """Arguments of a line with markers."""
        return {"color": self.colour, "marker": self.marker, "ms": size, "mew": 0.7}


LOOKS = {"joint": Look(BLUE, "o"), "independent": Look(VERMILLION, "s")}
OTHER_LOOKS = (Look(GREEN, "^"), Look(PINK, "D"), Look(ORANGE, "v"), Look(BLACK, "P"))


def look(name: str, index: int) -> Look:
    """The look of a configuration; names other than "joint" and "independent" take turns."""
    return LOOKS.get(name, OTHER_LOOKS[index % len(OTHER_LOOKS)])


@dataclass(frozen=True)
class PowerUnit:
    """Power divided by the strength of the driven bath, to which weak-coupling rates are proportional.

    Attributes:
        strength: d of a Lorentzian bath, gamma_1 of a Drude or Ohmic one; None for the power itself.
        symbol: "d" or "gamma_1"; anything else is printed as it is.
        name: of the power, in words.
        power: the same in mathematical notation.
        is_power: False for a number without unit, which is neither scaled nor marked as a power.
    """

    strength: float | None
    symbol: str
    name: str = "extracted power"
    power: str = "-P"
    is_power: bool = True

    @property
    def scale(self) -> float:
        """What powers are divided by."""
        return 1.0 if self.strength is None else self.strength

    @property
    def symbols(self) -> str:
        """-P/d without unit, in mathematical notation."""
        if not self.is_power:
            return self.power
        if self.strength is None:
            return f"${self.power}$"
        return f"${self.power}/" + {"gamma_1": r"\gamma_1"}.get(self.symbol, self.symbol) + "$"

    @property
    def label(self) -> str:
        """Axis label with the unit that is 1 when hbar = k_B = m = omega_A = 1."""
        if not self.is_power:
            return self.name
        if self.strength is None:
            return f"{self.name} {self.symbols} " + r"($\hbar\omega_A^2$)"
        # d is a frequency to the fourth, gamma_1 a frequency (theory (1.12), (1.13)).
        units = {"d": r" ($\hbar/\omega_A^2$)", "gamma_1": r" ($\hbar\omega_A$)"}
        return f"{self.name} {self.symbols}" + units.get(self.symbol, "")


def number(value: float) -> str:
    """Three digits; powers of ten in mathematical notation."""
    if value == 0.0 or 1e-2 <= abs(value) < 1e4 or not math.isfinite(value):
        return f"{value:.3g}"
    mantissa, exponent = f"{value:.2e}".split("e")
    return rf"{mantissa}$\times 10^{{{int(exponent)}}}$"


def literal(name: str) -> str:
    """A name of the user as matplotlib shows it letter by letter: a "$" would begin a formula."""
    return name.replace("$", r"\$")


def figure(width: float, height: float, title: str | None = None) -> Figure:
    """Empty figure of a size in millimetres, with a layout that keeps labels apart."""
    made = Figure(figsize=(width * MILLIMETRE, height * MILLIMETRE), dpi=DPI, layout="constrained")
    made.set_facecolor("white")
    if title is not None:
        made.suptitle(title, fontsize=FONT_SIZE)
    return made


def style_panel(axes: Axes, x_label: str | None = None, y_label: str | None = None) -> None:
    """Fonts, ticks and frame of one panel."""
    axes.set_facecolor("white")
    style_ticks(axes)
    axes.tick_params(which="both", top=False, right=True)
    for spine in axes.spines.values():
        spine.set_linewidth(THIN_LINE_WIDTH)
    if x_label is not None:
        axes.set_xlabel(x_label, fontsize=FONT_SIZE)
    if y_label is not None:
        axes.set_ylabel(y_label, fontsize=FONT_SIZE)


def style_ticks(axes: Any) -> None:
    """Inward ticks with small labels (`axes` may be a secondary axis as well)."""
    axes.tick_params(which="both", direction="in", labelsize=SMALL_FONT_SIZE, width=THIN_LINE_WIDTH)
    axes.tick_params(which="major", length=3.0)
    axes.tick_params(which="minor", length=1.5)


def curve(axes: Axes, x: Any, y: Any, number: int, label: str) -> None:
    """The curve of this number in a panel of several, told apart by colour and by dashes."""
    dashes, colour = LINE_STYLES[number % len(LINE_STYLES)], PALETTE[number % len(PALETTE)]
    axes.plot(x, y, dashes, color=colour, lw=LINE_WIDTH, label=label)


def round_ticks() -> MaxNLocator:
    """At most seven ticks at multiples of 1, 2 or 5."""
    return MaxNLocator(nbins=6, steps=[1, 2, 5, 10])


def legend_below(made: Figure, handles: Sequence[Artist]) -> None:
    """Legend under all panels, where it cannot cover data; in one row, or else in three columns."""
    if handles:
        made.legend(
            handles=list(handles),
            loc="outside lower center",
            ncols=len(handles) if len(handles) <= 4 else 3,
            fontsize=SMALL_FONT_SIZE,
            frameon=False,
            handlelength=2.6,
            columnspacing=1.6,
        )


def save(made: Figure, path: str | Path, about: Mapping[str, str] | None = None) -> None:
    """Write a figure at 300 dpi; the file appears complete or not at all.

    Args:
        made: what `front_figure` or `drives_figure` returned.
        path: the ending chooses the format: .png, .pdf, .svg.
        about: where it comes from, see `files.origin`: as JSON in the description of a PNG or SVG, in the
            subject of a PDF.
    """
    path = Path(path)
    kind = path.suffix.lstrip(".").lower() or "png"
    writer = {"png": "Software", "pdf": "Creator", "svg": "Creator"}.get(kind)
    metadata = None if writer is None else {writer: "qtopt"}
    if metadata is not None and about is not None:
        metadata["Subject" if kind == "pdf" else "Description"] = json.dumps(about)
    content = io.BytesIO()
    if kind == "png":
        _write_png(made, content, metadata)
    else:
        made.savefig(content, format=kind, dpi=DPI, metadata=metadata)
    write_atomically(path, content.getvalue())


def _write_png(made: Figure, content: io.BytesIO, metadata: Mapping[str, str] | None) -> None:
    """What `savefig` writes, pixel by pixel; but that draws a figure twice, once only to lay it out."""
    canvas, engine, dpi = made.canvas, made.get_layout_engine(), made.dpi
    try:
        made.dpi = DPI
        drawn = FigureCanvasAgg(made)
        if engine is not None:
            engine.execute(made)
            made.set_layout_engine("none")
        options = {"compress_level": COMPRESSION}
        drawn.print_png(content, metadata=metadata, pil_kwargs=options)  # pyright: ignore[reportArgumentType]
    finally:
        if engine is not None:
            made.set_layout_engine(engine)
        made.dpi = dpi
        made.set_canvas(canvas)
