"""Quick-look figure of a scan: one panel for each quantity, as maps or as lines.

Drawn from the labelled data alone: the attribute `look` of a variable says how ("signed": zero matters,
"positive": over decades, "plain", "flags"), `line` which value is marked; variables without it are left out.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm, Normalize, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from numpy.typing import NDArray

from . import style

if TYPE_CHECKING:
    from xarray import DataArray, Dataset

MAP_COLUMNS, LINE_COLUMNS = 3, 2
PANEL_HEIGHT = 46.0
DIVERGING, SEQUENTIAL = "RdBu_r", "cividis"
"""told apart with every kind of colour vision"""
MASKED = "#D9D9D9"
MODE_COLOURS = {
    "engine": style.PALETTE[0],
    "refrigerator": style.SKY,
    "accelerator": style.ORANGE,
    "heater": style.PALETTE[1],
    "work_converter": style.GREEN,
    "idle": style.PINK,
    "undefined": MASKED,
}
MOST_DECADES = 8
"""of a logarithmic colour scale; smaller numbers share its end"""


def scan_figure(data: "Dataset", title: str | None = None) -> Figure:
    """Maps over two axes or lines over one; numbers that are masked in the data are grey or left out.

    Args:
        data: what `parameter_scan` returned, also after a round trip through its file or a selection.
        title: of the style.figure.

    Raises:
        ValueError: data over more than two axes.
    """
    axes = [name for name, item in data.coords.items() if "config_keys" in item.attrs and item.dims]
    drawn = [item for item in data.data_vars.values() if "look" in item.attrs]
    if len(axes) == 1:
        return _lines(data[axes[0]], drawn, title)
    if len(axes) != 2:
        raise ValueError(f"a scan has one or two axes, but this has {len(axes)}: select from the others.")
    return _maps(data[axes[0]], data[axes[1]], drawn, title)


def _maps(x: "DataArray", y: "DataArray", drawn: Sequence["DataArray"], title: str | None) -> Figure:
    panels = [
        (name, part, item) for item in drawn for name, part in _components(item, (str(y.name), str(x.name)))
    ]
    rows = -(-len(panels) // MAP_COLUMNS)
    made = style.figure(style.DOUBLE_COLUMN, rows * PANEL_HEIGHT, title)
    grid = made.subplots(rows, MAP_COLUMNS, sharex=True, sharey=True, squeeze=False)
    for axes, (name, part, item) in zip(grid.flat, panels, strict=False):
        _map(made, axes, x, y, part, item)
        axes.set_title(
            _with_unit(f"{item.attrs['long_name']} {name}".rstrip(), item), fontsize=style.FONT_SIZE
        )
    _finish(grid, len(panels), x)
    for row in grid:
        row[0].set_ylabel(_with_unit(str(y.attrs["long_name"]), y), fontsize=style.FONT_SIZE)
    return made


def _map(made: Figure, axes: Axes, x: "DataArray", y: "DataArray", part: Any, item: "DataArray") -> None:
    style.style_panel(axes)
    axes.set_facecolor(MASKED)
    axes.set_xscale(x.attrs["scale"])
    axes.set_yscale(y.attrs["scale"])
    values, look = np.asarray(part.values, dtype=float), item.attrs["look"]

    def bar(shown: NDArray, norm: Normalize, colours: Any, **more: Any) -> Colorbar:
        drawing = {"norm": norm, "cmap": colours, "shading": "nearest", "rasterized": True}
        mesh = axes.pcolormesh(x.values, y.values, shown, **drawing)
        made_bar = made.colorbar(mesh, ax=axes, pad=0.02, aspect=16, **more)
        style.style_ticks(made_bar.ax)
        made_bar.outline.set_linewidth(style.THIN_LINE_WIDTH)  # pyright: ignore
        return made_bar

    if look == "flags":
        _flags(bar, values, item)
        return
    norm = _norm(values, look)
    colours = DIVERGING if look == "signed" else SEQUENTIAL
    drawn = bar(_positive(values, norm), norm, colours, extend=_extend(values, norm))
    line = item.attrs.get("line")
    if line is not None and np.nanmin(values) < line < np.nanmax(values):
        axes.contour(
            x.values, y.values, values, levels=[line], colors=style.BLACK, linewidths=style.THIN_LINE_WIDTH
        )
    if isinstance(norm, SymLogNorm):
        drawn.set_ticks(_symmetric_ticks(norm))
    elif isinstance(norm, LogNorm):
        drawn.ax.yaxis.set_major_locator(LogLocator(numticks=5))
    if isinstance(norm, SymLogNorm | LogNorm):
        drawn.minorticks_off()
    drawn.ax.yaxis.get_offset_text().set_fontsize(style.SMALL_FONT_SIZE)


def _flags(bar: Callable[..., Colorbar], values: NDArray, item: "DataArray") -> None:
    """Regions, with the names of those that occur."""
    names = dict(zip(np.asarray(item.attrs["flag_values"]).tolist(), _flag_names(item), strict=True))
    present = [code for code in names if np.any(values == code)]
    colours = [MODE_COLOURS.get(names[code], c) for code, c in zip(present, cycle(style.PALETTE))]
    norm = BoundaryNorm(np.arange(len(present) + 1) - 0.5, max(len(present), 1))
    position = np.searchsorted(present, values)
    drawn = bar(position, norm, ListedColormap(colours), ticks=range(len(present)))
    drawn.ax.set_yticklabels([names[code].replace("_", "\n") for code in present])
    drawn.ax.tick_params(which="both", length=0.0)


def _positive(values: NDArray[np.float64], norm: Normalize) -> NDArray[np.float64]:
    """What a logarithmic scale can show; everything where it is none."""
    return np.where(values > 0.0, values, np.nan) if isinstance(norm, LogNorm) else values


def _norm(values: NDArray[np.float64], look: str) -> Normalize:
    """Linear, or logarithmic where most of the numbers are far below the largest."""
    known = values[np.isfinite(values)]
    size = np.abs(known[known != 0.0])
    if not size.size:
        return Normalize(-1.0, 1.0)
    top = float(size.max())
    low = max(float(np.quantile(size, 0.02)), top * 10.0**-MOST_DECADES)
    spread = float(np.median(size)) < 0.05 * top
    if look == "signed":
        linear = 10.0 ** min(np.floor(np.log10(low)), np.floor(np.log10(top)) - 1.0)
        return SymLogNorm(linear, vmin=-top, vmax=top) if spread else Normalize(-top, top)
    if look == "positive" and low < 1e-2 * top:
        high = float(np.quantile(size, 0.98))  # a quotient may diverge along a line
        return LogNorm(max(float(np.quantile(size, 0.02)), high * 10.0**-MOST_DECADES), high)
    return Normalize(float(known.min()), float(known.max()) or 1.0)


def _extend(values: NDArray[np.float64], norm: Normalize) -> str:
    """Which ends of the colours stand for numbers beyond them."""
    below = bool(np.nanmin(values) < 0.999 * (norm.vmin or 0.0))
    above = bool(np.nanmax(values) > 1.001 * (norm.vmax or 0.0))
    if not isinstance(norm, LogNorm) or not (below or above):
        return "neither"
    return "both" if below and above else "min" if below else "max"


def _symmetric_ticks(norm: SymLogNorm) -> list[float]:
    """Zero and at most three decades on both sides."""
    low, top = round(np.log10(norm.linthresh)), int(np.floor(np.log10(norm.vmax or 1.0)))
    step = max(1, -(-(top - low) // 3))
    decades = [10.0**n for n in range(top, low, -step)]
    return [*(-size for size in decades), 0.0, *reversed(decades)]


def _lines(x: "DataArray", drawn: Sequence["DataArray"], title: str | None) -> Figure:
    rows = -(-len(drawn) // LINE_COLUMNS)
    made = style.figure(style.DOUBLE_COLUMN, rows * (PANEL_HEIGHT - 6.0) + 4.0, title)
    grid = made.subplots(rows, LINE_COLUMNS, sharex=True, squeeze=False)
    for axes, item in zip(grid.flat, drawn, strict=False):
        style.style_panel(axes, y_label=_with_unit(str(item.attrs["long_name"]), item, "\n"))
        axes.set_xscale(x.attrs["scale"])
        if item.attrs["look"] == "flags":
            _flag_line(axes, x, item)
        else:
            _curves(axes, x, item)
    _finish(grid, len(drawn), x)
    made.align_ylabels(list(grid.flat[: len(drawn)]))
    return made


def _curves(axes: Axes, x: "DataArray", item: "DataArray") -> None:
    parts = list(_components(item, (str(x.name),)))
    norm = _norm(np.asarray(item.values, dtype=float), item.attrs["look"])
    if isinstance(norm, SymLogNorm):
        axes.set_yscale("symlog", linthresh=norm.linthresh)
        axes.set_yticks(_symmetric_ticks(norm))
        axes.minorticks_off()
    elif isinstance(norm, LogNorm):
        axes.set_yscale("log")
    else:
        axes.yaxis.set_major_locator(style.round_ticks())
        axes.yaxis.get_offset_text().set_fontsize(style.SMALL_FONT_SIZE)
    if "line" in item.attrs:
        axes.axhline(item.attrs["line"], color=style.GREY, lw=style.THIN_LINE_WIDTH, zorder=1.0)
    for i, (name, part) in enumerate(parts):
        style.curve(
            axes, x.values, _positive(np.asarray(part.values, dtype=float), norm), i, style.literal(name)
        )
    if len(parts) > 1:
        axes.legend(fontsize=style.SMALL_FONT_SIZE, framealpha=0.8, edgecolor="none")


def _flag_line(axes: Axes, x: "DataArray", item: "DataArray") -> None:
    codes, names = np.asarray(item.attrs["flag_values"]), _flag_names(item)
    axes.plot(x.values, item.values, ".", color=style.PALETTE[0], ms=2.5)
    axes.set_yticks(codes, [name.replace("_", " ") for name in names])
    axes.set_ylim(codes[0] - 0.5, codes[-1] + 0.5)


def _flag_names(item: "DataArray") -> list[str]:
    return str(item.attrs["flag_meanings"]).split()


def _components(item: "DataArray", order: tuple[str, ...]) -> Iterator[tuple[str, "DataArray"]]:
    """Every component over the axes, with its name: `oscillator 1`, `hot`, or nothing for the only one."""
    inner = [dim for dim in item.dims if dim not in order]
    if not inner:
        yield "", item.transpose(*order)
        return
    for place in np.ndindex(*(item.sizes[dim] for dim in inner)):
        chosen = item.isel(dict(zip(inner, place, strict=True)))
        labels = [str(chosen[dim].values) for dim in inner]
        numbered = "oscillator " if inner[0] == "oscillator" else ""
        yield f"{numbered}{', '.join(labels)}", chosen.transpose(*order)


def _finish(grid: NDArray, count: int, x: "DataArray") -> None:
    """Unused panels away; the first axis below the lowest panel of every column."""
    for axes in grid.flat[count:]:
        axes.remove()
    for column in range(grid.shape[1]):
        lowest = grid.flat[:count][column :: grid.shape[1]]
        if len(lowest):
            lowest[-1].set_xlabel(_with_unit(str(x.attrs["long_name"]), x), fontsize=style.FONT_SIZE)
            lowest[-1].tick_params(labelbottom=True)


def _with_unit(name: str, item: "DataArray", separator: str = " ") -> str:
    r"""`power ($\hbar\,\omega_A^2$)`; no unit where it is 1."""
    name, unit = style.literal(name), str(item.attrs["units"])
    if unit == "1":
        return name
    if unit == "rad":
        return f"{name}{separator}(rad)"
    text = re.sub(r"\bhbar\b", r"\\hbar", re.sub(r"omega_A", r"\\omega_A", unit))
    text = re.sub(r"\s*/\s*", "/", text).replace(" ", r"\,")
    return f"{name}{separator}(${text}$)"
