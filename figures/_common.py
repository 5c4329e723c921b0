"""The two machines of the published results, their stored scans, and what the figures share.

Units: hbar = k_B = m = 1, frequencies and temperatures in units of the first oscillator.
"""

import hashlib
import math
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

import qtopt
from qtopt import files
from qtopt.cli import progress
from qtopt.jobs import revision
from qtopt.model import Configuration
from qtopt.plots.style import SMALL_FONT_SIZE, THIN_LINE_WIDTH, save, style_panel, style_ticks
from qtopt.scan import parameter_scan, write_dataset

Arrays = dict[str, NDArray[np.float64]]

OMEGA = "drive.frequency"
TEMPERATURES = ("machine.baths.driven.temperature", "machine.baths.static.temperature")
GAMMA_2 = "machine.baths.static.spectral_density.damping"
OMEGA_1 = "machine.baths.driven.spectral_density.peak"
FREQUENCY_LABEL = r"drive frequency $\Omega/\omega_A$"
TEMPERATURE_LABEL = r"temperature $k_B T/\hbar\omega_A$"
GAMMA_2_LABEL = r"static damping $\gamma_2/\omega_A$"
SYNCHRONISATION_LABEL = r"synchronisation $C$"
PRECISION_LABEL = r"$Q_{P_A}=D_{P_A}\dot S/P_A^2$"


def converter(
    gamma_1: float = 0.01,
    cutoff: float = 12.0,
    gamma_2: float = 100.0,
    temperature: float = 0.1,
    frequency: float = 0.2,
    phase: float = math.pi / 2,
) -> files.Config:
    """The isothermal machine of the precision results: driven Drude bath, static Ohmic bath, cosines."""
    return _machine(qtopt.Drude(gamma_1, cutoff), temperature, gamma_2, temperature, frequency, phase)


def engine(
    gamma_2: float = 100.0,
    configuration: Configuration = "joint",
    peak: float = 1.25,
    frequency: float = 0.45,
    phase: float = math.pi,
    omega_b: float = 0.6,
    strength: float = 1.0,
) -> files.Config:
    """The engine of the power results: driven Lorentzian bath at T = 1, static Ohmic bath at T = 0.2.

    The strength d = 1 is no statement about coupling: weak powers are proportional to it.
    """
    hot = qtopt.Lorentzian(strength, peak, 0.01)
    return _machine(hot, 1.0, gamma_2, 0.2, frequency, phase, configuration, omega_b)


def _machine(
    density: qtopt.AbstractSpectralDensity,
    driven_temperature: float,
    gamma_2: float,
    static_temperature: float,
    frequency: float,
    phase: float,
    configuration: Configuration = "joint",
    omega_b: float = 0.6,
) -> files.Config:
    baths = (
        qtopt.Bath("driven", driven_temperature, density, "driven"),
        qtopt.Bath("static", static_temperature, qtopt.Ohmic(gamma_2), "static"),
    )
    drive = qtopt.MonochromaticDrive(frequency, [1.0, 1.0], [0.0, phase])
    return files.Config(qtopt.Machine([1.0, omega_b], baths, configuration), drive)


def axis(
    name: str, keys: str | tuple[str, ...], start: float, stop: float, points: int, scale: files.Scale = "log"
) -> files.AxisSection:
    """One axis of a scan."""
    keys = (keys,) if isinstance(keys, str) else keys
    return files.AxisSection(keys=keys, start=start, stop=stop, points=points, scale=scale, name=name)


def solved(config: files.Config, path: Path) -> xarray.Dataset:
    """The scan of a configuration: from its file, if that is the same scan, or made and stored there."""

    parts = parts_of(path, files.dumps(config))

    def make() -> xarray.Dataset:
        with progress(path.stem) as report:
            return parameter_scan(config, parts, report)

    found = stored(files.dumps(config), path, make)
    shutil.rmtree(parts, ignore_errors=True)
    return found


def parts_of(path: Path, configuration: str) -> Path:
    """The folder of what is finished of these data, until all is."""
    return path.with_suffix(f".{hashlib.sha256(configuration.encode()).hexdigest()[:8]}.parts")


def stored(configuration: str, path: Path, make: Callable[[], xarray.Dataset]) -> xarray.Dataset:
    """A dataset from its file, if that has this configuration and version, or made and written there."""
    if path.exists():
        with xarray.open_dataset(path, engine="h5netcdf") as file:
            wanted = {"configuration": configuration, "qtopt_version": qtopt.__version__}
            if all(file.attrs.get(key) == value for key, value in wanted.items()):
                return file.load()
    path.parent.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    made = make()
    made.attrs |= {"configuration": configuration, "qtopt_version": qtopt.__version__}
    made.attrs |= {"git_revision": revision(), "jax_version": jax.__version__}
    made.attrs |= {"wall_time": f"{time.perf_counter() - start:.1f} s, since the last interruption"}
    made.attrs.setdefault("devices", f"{jax.local_device_count()} x {jax.local_devices()[0].device_kind}")
    made.attrs.setdefault("date", datetime.now(UTC).isoformat(timespec="seconds"))
    write_dataset(made, path)
    return made


def on_grid(function: Callable[..., dict[str, Any]], *axes: NDArray[np.float64], batch: int = 16) -> Arrays:
    """Results of a function of numbers on the grid of the axes, one compiled program."""
    points = [jnp.asarray(part.ravel()) for part in np.meshgrid(*axes, indexing="ij")]
    run = jax.jit(lambda *inputs: jax.lax.map(lambda one: function(*one), inputs, batch_size=batch))
    shape = tuple(len(part) for part in axes)
    return {name: np.asarray(part).reshape(shape) for name, part in run(*points).items()}


def power_of_ten(value: float) -> str:
    """A power of ten in mathematical notation."""
    return f"10^{{{round(math.log10(value))}}}"


def write(made: Figure, out: Path, name: str) -> None:
    """The figure as PNG and PDF."""
    for kind in ("png", "pdf"):
        save(made, out / f"{name}.{kind}")


def draw_map(axes: Axes, data: xarray.DataArray, norm: Normalize, colours: str, log: bool = True) -> Any:
    """A map with x along the first dimension of the data; returns what a colour bar needs."""
    style_panel(axes)
    x, y = (data[dim].values for dim in data.dims)
    if log:
        axes.set_xscale("log")
        axes.set_yscale("log")
    return axes.pcolormesh(x, y, data.values.T, norm=norm, cmap=colours, shading="nearest", rasterized=True)


def colour_bar(made: Figure, mesh: Any, axes: Any, label: str, **options: Any) -> Any:
    """A colour bar with a label, in the style of the panels."""
    bar = made.colorbar(mesh, ax=axes, pad=0.02, aspect=24, **options)
    bar.set_label(label, fontsize=SMALL_FONT_SIZE + 1.0)
    style_ticks(bar.ax)
    bar.outline.set_linewidth(THIN_LINE_WIDTH)  # pyright: ignore
    return bar
