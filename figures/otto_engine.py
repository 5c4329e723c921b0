"""The Otto engine at any coupling: what switching costs, and what gradients find beyond four strokes."""

from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import xarray
from matplotlib.ticker import NullFormatter

import qtopt
from qtopt import files
from qtopt.fronts import AbstractDriveSpace, Front, FrontPoint, problem_of
from qtopt.model import Machine
from qtopt.plots.style import BLACK, BLUE, GREEN, ORANGE, SMALL_FONT_SIZE, figure as new_figure, style_panel
from qtopt.solvers import Exact, steady_state

from . import _common as common, _fronts
from ._strokes import FourStrokes

MACHINE = Path(__file__).parents[1] / "scripts" / "machines" / "otto_engine.toml"
COUPLINGS, FREQUENCIES = (1e-3, 2.0), (2e-3, 2.0)
"""damping of both baths, and frequency of the cycle, of the maps"""
HARMONICS, POINTS = 32, 257
"""of textbook cycles, and points of time that resolve them"""
SEARCH = 6, 4
"""points and starts of the fronts"""
SAMPLES = 128
"""of a period, in the data of a front"""


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """Power and efficiency of the cycle of four equal strokes over the damping of its baths and its duration,
    with and without the work of the valves; and (not with --quick) the fronts of textbook cycles and of all
    protocols with 6 harmonics within the same bounds.
    """
    config = files.load(MACHINE)
    strokes = FourStrokes(HARMONICS, config.pareto.frequency_range, bounds(config))
    sizes = (7, 10) if quick else (19, 41)
    key = f"# four equal strokes, {sizes}, {COUPLINGS}, {FREQUENCIES}\n{files.dumps(config)}"
    data = {"map": common.stored(key, out / "otto_engine-map.nc", lambda: _map(config, strokes, sizes))}
    if not quick:
        asked = replace(config, pareto=replace(config.pareto, points=SEARCH[0], starts=SEARCH[1]))
        for name, drive_set in (("searched", problem_of(config, "joint").drive_set), ("textbook", strokes)):
            data[name] = _front(asked, drive_set, name, out)
    _draw(data, config, out)
    return data


def bounds(config: files.Config) -> tuple[float, float]:
    """Lowest and highest g of the frequencies."""
    wanted = next(drive for drive in config.pareto.drives if drive.target == "frequencies")
    return wanted.low, wanted.high


def _map(config: files.Config, strokes: FourStrokes, sizes: tuple[int, int]) -> xarray.Dataset:
    """The cycle of equal strokes over damping and frequency."""
    damping = np.geomspace(*COUPLINGS, sizes[0])
    frequency = np.geomspace(*FREQUENCIES, sizes[1])
    cycle, machine = strokes.equal(), config.machine

    def damped(damping: jax.Array) -> Machine:
        baths = [
            qtopt.Bath(b.name, b.temperature, qtopt.Drude(damping, b.spectral_density.cutoff), "driven")  # pyright: ignore[reportAttributeAccessIssue]
            for b in machine.baths
        ]
        return Machine(machine.frequencies, baths, machine.configuration)

    slowest = cycle.with_frequency(frequency[0])
    solver = Exact(POINTS).settled(damped(jnp.asarray(damping[-1])), slowest)

    def solved(damping: jax.Array, frequency: jax.Array) -> dict[str, jax.Array]:
        state = steady_state(damped(damping), cycle.with_frequency(frequency), solver)
        return {
            "power": state.power,
            "valves": state.work[0] + state.work[1],
            "heat": state.heat_currents[0],
            "entropy_production_rate": state.entropy_production_rate,
            "status": state.status,
        }

    found = common.on_grid(solved, damping, frequency, batch=1)
    dims = ("damping", "Omega")
    units = {name: {"units": "hbar omega_A^2"} for name in ("power", "valves", "heat")}
    made = {name: (dims, values, units.get(name, {})) for name, values in found.items()}
    return xarray.Dataset(made, {"damping": damping, "Omega": frequency})


def _front(config: files.Config, drive_set: AbstractDriveSpace, name: str, out: Path) -> xarray.Dataset:
    """The front over a set of protocols: from its file, or searched and stored there."""
    path = out / f"otto_engine-{name}.nc"
    key = f"# {name}\n{files.dumps(config)}"
    return _fronts.kept(
        lambda: replace(problem_of(config, "joint"), drive_set=drive_set), key, path, _dataset
    )


def _dataset(front: Front) -> xarray.Dataset:
    rows = np.array([front.row(point) for point in front.points]).reshape(-1, len(front.columns))
    made = xarray.Dataset({name: ("point", row) for name, row in zip(front.columns, rows.T, strict=True)})
    if front.points:
        made["shape"] = (("point", "drive", "phase"), np.stack([_shapes(point) for point in front.points]))
    return made


def _shapes(point: FrontPoint) -> np.ndarray:
    phase = np.arange(SAMPLES) / SAMPLES
    return np.asarray(point.drive(2.0 * np.pi * phase / point.frequency)).T


def _draw(data: dict[str, xarray.Dataset], config: files.Config, out: Path) -> None:
    made = new_figure(178.0, 110.0)
    (power, front), (efficiency, duration) = made.subplots(2, 2)
    table = data["map"]
    best = table["power"].argmin("Omega")
    strongest = table.isel(Omega=best)
    hot, cold = (float(t) for t in config.machine.temperatures)
    low, high = bounds(config)
    otto = 1.0 - np.sqrt((1.0 + low) / (1.0 + high))
    style_panel(power, None, r"extracted power $-P$ ($\hbar\omega_A^2$)")
    style_panel(efficiency, r"damping $\gamma/\omega_A$", r"efficiency $\eta$")
    engine = strongest["power"] < 0.0
    x = table["damping"].where(engine)
    for panel in (power, efficiency):
        panel.set_xscale("log")
    shown = (("with the work of the valves", strongest["power"], BLUE, "-"),
             ("frequency alone", strongest["power"] - strongest["valves"], ORANGE, "--"))  # fmt: skip
    for label, work, colour, line in shown:
        power.plot(x, -work, line, color=colour, label=label)
        efficiency.plot(x, -work / strongest["heat"], line, color=colour, label=label)
    power.set_yscale("log")
    efficiency.axhline(otto, color=BLACK, lw=0.6, ls=":", label=r"$1-\omega_</\omega_>$")
    efficiency.set_ylim(0.0, 1.0 - cold / hot)
    style_panel(duration, r"duration of the cycle $2\pi/\Omega$ ($1/\omega_A$)", r"efficiency $\eta$")
    for value, colour in ((0.01, GREEN), (0.1, BLUE), (1.0, ORANGE)):
        part = table.sel(damping=value, method="nearest")
        works = part["power"] < 0.0
        eta = (-part["power"] / part["heat"]).where(works)
        duration.plot(
            2.0 * np.pi / part["Omega"], eta, color=colour, label=rf"$\gamma={float(part['damping']):.2g}$"
        )
    duration.axhline(otto, color=BLACK, lw=0.6, ls=":")
    duration.set_xscale("log")
    duration.xaxis.set_minor_formatter(NullFormatter())
    duration.set_ylim(0.0, 1.0 - cold / hot)
    style_panel(front, r"efficiency $\eta$", r"extracted power $-P$ ($\hbar\omega_A^2$)")
    for name, colour, label in (("textbook", BLACK, "four strokes"), ("searched", BLUE, "any protocol")):
        if name in data:
            part = data[name]
            front.plot(part["efficiency"], part["output"], ".-", color=colour, label=label)
    for panel in (power, efficiency, duration, front):
        if panel.get_legend_handles_labels()[0]:
            panel.legend(fontsize=SMALL_FONT_SIZE, frameon=False)
        else:
            panel.set_axis_off()
    common.write(made, out, "otto_engine")
