"""A chain with one modulated site: heat that it pumps between equal temperatures, and what it rectifies."""

from pathlib import Path

import jax
import numpy as np
import xarray

import qtopt
from qtopt import files
from qtopt.model import Machine
from qtopt.plots.style import BLACK, BLUE, GREEN, ORANGE, SMALL_FONT_SIZE, figure as new_figure, style_panel
from qtopt.solvers import Exact, steady_state

from . import _common as common

MACHINE = Path(__file__).parents[1] / "scripts" / "machines" / "chain.toml"
FREQUENCIES = (0.06, 2.9)
POINTS = 33
"""of time in a period"""


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """Heat out of both ends and work over the frequency of the drive, for the four ways to give two
    temperatures to the ends: hot left, hot right, both hot, both cold.
    """
    config = files.load(MACHINE)
    count = 12 if quick else 241
    key = f"# {count}, {FREQUENCIES}\n{files.dumps(config)}"
    data = {"currents": common.stored(key, out / "chain.nc", lambda: _currents(config, count))}
    _draw(data["currents"], config, out)
    return data


def _currents(config: files.Config, count: int) -> xarray.Dataset:
    machine, drive = config.machine, config.drives[0]
    frequency, ends = np.geomspace(*FREQUENCIES, count), np.sort(np.asarray(machine.temperatures))
    solver = Exact(POINTS).settled(machine, drive.with_frequency(FREQUENCIES[0]))

    def solved(left: jax.Array, right: jax.Array, omega: jax.Array) -> dict[str, jax.Array]:
        pairs = zip(machine.baths, (left, right), strict=True)
        baths = [qtopt.Bath(b.name, t, b.spectral_density, b.coupling) for b, t in pairs]
        changed = Machine(machine.frequencies, baths, machine.configuration, machine.springs)
        state = steady_state(changed, drive.with_frequency(omega), solver)
        return {
            "left": state.heat_currents[0],
            "right": state.heat_currents[1],
            "power": state.power,
            "entropy_production_rate": state.entropy_production_rate,
            "status": state.status,
        }

    found = common.on_grid(solved, ends, ends, frequency, batch=1)
    made = {name: (("T_left", "T_right", "Omega"), values) for name, values in found.items()}
    return xarray.Dataset(made, {"T_left": ends, "T_right": ends, "Omega": frequency})


def through(table: xarray.Dataset) -> xarray.DataArray:
    """Heat from the left to the right: half of what the left end loses and the right end gains."""
    return 0.5 * (table["left"] - table["right"])


def _draw(table: xarray.Dataset, config: files.Config, out: Path) -> None:
    made = new_figure(178.0, 74.0)
    pumped, carried, rectified = made.subplots(1, 3)
    cold, hot = table["T_left"].values
    omega = table["Omega"]
    for panel, label in (
        (pumped, rf"at $T={cold:g}$ ($\hbar\omega_A^2$)"),
        (carried, r"heat to the right ($\hbar\omega_A^2$)"),
        (rectified, r"rectified heat ($\hbar\omega_A^2$)"),
    ):
        style_panel(panel, common.FREQUENCY_LABEL, label)
        panel.set_xscale("log")
        panel.axhline(0.0, color=BLACK, lw=0.6)
    equal = table.sel(T_left=cold, T_right=cold)
    for name, label, colour in (("left", "from the left", BLUE), ("right", "from the right", ORANGE),
                                ("power", "power", GREEN)):  # fmt: skip
        pumped.plot(omega, equal[name], color=colour, label=label)
    current = through(table)
    forward, backward = current.sel(T_left=hot, T_right=cold), current.sel(T_left=cold, T_right=hot)
    carried.plot(omega, forward, color=BLUE, label="hot end left")
    carried.plot(omega, backward, color=ORANGE, label="hot end right")
    rectified.plot(omega, forward + backward, color=BLUE, label="sum of both directions")
    both = sum(current.sel(T_left=t, T_right=t) for t in (cold, hot))
    rectified.plot(omega, both, "--", color=BLACK, lw=0.8, label="pumped at both temperatures")
    for panel in (pumped, carried, rectified):
        panel.set_yscale("symlog", linthresh=1e-6)
        panel.legend(fontsize=SMALL_FONT_SIZE, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    common.write(made, out, "chain")
