"""A transducer: what a driven spring between two oscillators exchanges with the bath of either."""

from pathlib import Path
from typing import Any

import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

import qtopt
from qtopt import files
from qtopt.observables import MODES
from qtopt.plots.style import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PALETTE,
    SMALL_FONT_SIZE,
    figure as new_figure,
    style_panel,
)

from . import _common as common, _pair as pair

MACHINE = Path(__file__).parents[1] / "scripts" / "machines" / "transducer.toml"
FREQUENCIES, TEMPERATURES = (0.1, 2.0), (0.2, 0.95)
"""of the spring, and of the cold bath"""
FREQUENCY_LABEL, COLD_LABEL = r"frequency of the spring $\Omega/\omega_h$", r"$T_c/T_h$"


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """Currents over the frequency of the spring; modes over frequency and cold temperature; efficiencies and
    uncertainty products over the cold temperature at the difference and the sum of the frequencies.
    """
    config = files.load(MACHINE)
    sizes = (20, 4, 16) if quick else (191, 21, 61)
    key = f"# {sizes}, {FREQUENCIES}, {TEMPERATURES}\n{files.dumps(config)}"
    currents = pair.Currents(config, noisy=True)
    quiet = currents if quick else pair.Currents(config)
    cold, hot = (float(t) for t in config.machine.temperatures)
    amplitude = float(config.drives[0].amplitudes[0])  # pyright: ignore[reportAttributeAccessIssue]
    slow, fast = np.asarray(config.machine.frequencies)
    frequency, tuned = np.linspace(*FREQUENCIES, sizes[0]), np.array([fast - slow, fast + slow])

    def over_frequency() -> xarray.Dataset:
        made = _dataset(currents, cold, hot, frequency, amplitude, "Omega")
        second = [pair.heat_from_first(currents.machine(cold, hot), omega, amplitude) for omega in frequency]
        made["second_order"] = ("Omega", np.array(second))
        return made.assign_coords(Omega=frequency)

    def map_of_modes() -> xarray.Dataset:
        temperature, some = np.linspace(*TEMPERATURES, sizes[1]), frequency[:: 1 if quick else 2]
        made = _dataset(quiet, temperature[:, None], hot, some, amplitude, "T_c", "Omega")
        return made.assign_coords(Omega=some, T_c=temperature)

    def over_temperature() -> xarray.Dataset:
        temperature = np.linspace(*TEMPERATURES, sizes[2])
        made = _dataset(currents, temperature, hot, tuned[:, None], amplitude, "Omega", "T_c")
        return made.assign_coords(Omega=tuned, T_c=temperature)

    makers = (("frequency", over_frequency), ("modes", map_of_modes), ("temperature", over_temperature))
    data = {
        name: common.stored(f"# {name}\n{key}", out / f"transducer-{name}.nc", make) for name, make in makers
    }
    _draw(data, (slow, fast), out)
    return data


def _dataset(
    currents: pair.Currents, cold: ArrayLike, hot: float, frequency: ArrayLike, amplitude: float, *dims: str
) -> xarray.Dataset:
    """Currents, mode, efficiency and uncertainty product at these numbers."""
    found: dict[str, Any] = currents(cold, hot, frequency, amplitude)
    temperatures = np.stack(np.broadcast_arrays(cold, hot, found["power"])[:2], axis=-1)
    heat = np.stack([found["first"], found["second"]], axis=-1)
    result = qtopt.performance(temperatures, found["power"][..., None], heat)
    found |= {"mode": result.position, "efficiency": result.efficiency}
    if "power_fluctuations" in found:
        found["tur"] = found["power_fluctuations"] * found["entropy_production_rate"] / found["power"] ** 2
    return xarray.Dataset({name: (dims, values) for name, values in found.items()})


def _draw(data: dict[str, xarray.Dataset], own: tuple[float, float], out: Path) -> None:
    made = new_figure(178.0, 110.0)
    (currents, modes), (efficiency, precision) = made.subplots(2, 2)
    slow, fast = own
    table = data["frequency"]
    style_panel(currents, FREQUENCY_LABEL, r"currents ($\hbar\omega_h^2$)")
    shown = (("from cold", table["first"], BLUE), ("from hot", table["second"], ORANGE),
             ("power", table["power"], GREEN))  # fmt: skip
    for label, values, colour in shown:
        currents.plot(table["Omega"], values, color=colour, label=label)
    currents.plot(table["Omega"], table["second_order"], "--", color=BLACK, lw=0.6)
    currents.set_yscale("symlog", linthresh=1e-6)
    currents.axhline(0.0, color=BLACK, lw=0.6)
    _draw_modes(modes, data["modes"])
    for resonance in (fast - slow, fast + slow):
        for panel in (currents, modes):
            panel.axvline(resonance, color=BLACK, lw=0.4, ls=":")
    difference, total = (data["temperature"].isel(Omega=k) for k in (0, 1))
    ratio = difference["T_c"].values
    style_panel(efficiency, COLD_LABEL, "efficiency, COP")
    style_panel(precision, COLD_LABEL, r"$Q=D_P\dot S/P^2$")
    for mode, colour, name, carnot in (
        ("engine", BLUE, "efficiency", 1.0 - ratio),
        ("refrigerator", ORANGE, "COP", ratio / (1.0 - ratio)),
    ):
        active = difference["mode"] == MODES.index(mode)
        efficiency.plot(ratio, difference["efficiency"].where(active), color=colour, label=name)
        efficiency.plot(ratio, np.where(active, carnot, np.nan), ":", color=BLACK, lw=0.6)
    efficiency.set_ylim(0.0, 4.0)
    for part, colour, label in ((difference, BLUE, "difference"), (total, ORANGE, "sum")):
        precision.plot(ratio, part["tur"], color=colour, label=label)
    precision.axhline(2.0, color=BLACK, lw=0.6, ls=":")
    precision.set_yscale("log")
    precision.set_ylim(1.5, 100.0)
    for panel in (currents, efficiency, precision):
        panel.legend(fontsize=SMALL_FONT_SIZE, frameon=False)
    common.write(made, out, "transducer")


def _draw_modes(panel: Axes, table: xarray.Dataset) -> None:
    """A map of modes, with their names."""
    colours = ListedColormap(list(PALETTE[: len(MODES)]))
    style_panel(panel, FREQUENCY_LABEL, COLD_LABEL)
    x, y, mode = table["Omega"].values, table["T_c"].values, table["mode"].values
    panel.pcolormesh(
        x, y, mode, cmap=colours, vmin=-0.5, vmax=len(MODES) - 0.5, shading="nearest", rasterized=True
    )
    names = [Patch(color=PALETTE[k], label=MODES[k]) for k in np.unique(mode)]
    panel.legend(handles=names, fontsize=SMALL_FONT_SIZE, loc="lower right")
