"""Where a modulated oscillator beside a bath has a steady state: Mathieu's tongues, damped."""

from math import factorial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray
from matplotlib.colors import TwoSlopeNorm
from numpy.typing import ArrayLike, NDArray

import qtopt
from qtopt import files
from qtopt.model import AbstractSpectralDensity, Machine, susceptibility
from qtopt.plots.style import BLACK, BLUE, GREEN, ORANGE, SMALL_FONT_SIZE, figure as new_figure, style_panel
from qtopt.solvers import Exact, steady_state

from . import _common as common

DAMPING, CUTOFF = 0.02, 0.5
"""J(omega)/omega at the oscillator's frequency, of both baths; memory rate of the slow one"""
FREQUENCIES, DEPTHS = (0.4, 2.6), (0.0, 0.5)
ORDERS, WEAKEST, STRONGEST = (1, 2, 3), 5e-3, 0.1
"""tongues whose thresholds are searched, and over which damping"""
HALVINGS = 24
"""of the depths between which a threshold lies"""


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """Largest Floquet exponent of omega^2 (1 + 2 h cos Omega t) over Omega and h beside an Ohmic bath and one
    with memory; smallest h of the first three tongues over the damping.
    """
    sizes = (45, 21, 3, 9) if quick else (331, 151, 9, 41)
    slow = qtopt.Drude(DAMPING * (1.0 + CUTOFF**-2), CUTOFF)
    data = {}
    for name, density in (("ohmic", qtopt.Ohmic(DAMPING)), ("memory", slow)):
        key = f"# {sizes}, {FREQUENCIES}, {DEPTHS}\n{_text(density)}"
        data[name] = common.stored(
            key, out / f"stability_map-{name}.nc", lambda d=density: _map(d, *sizes[:2])
        )
    key = f"# {sizes}, {ORDERS}, {WEAKEST}, {STRONGEST}\n{_text(qtopt.Ohmic(1.0))}"
    data["thresholds"] = common.stored(
        key, out / "stability_map-thresholds.nc", lambda: _thresholds(*sizes[2:])
    )
    _draw(data, slow, out)
    return data


def middle(order: int, q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where a tongue lies in a = 4 omega^2/Omega^2, theory (13.18)."""
    return 1.0 - q**2 / 8.0 if order == 1 else order**2 + q**2 / (2.0 * (order**2 - 1.0))


def tongue(order: int, frequency: ArrayLike, depth: ArrayLike, damping: ArrayLike) -> NDArray[np.float64]:
    """Positive inside a tongue beside an Ohmic bath (omega = 1), theory (13.18); NaN far away from it."""
    frequency, depth, damping = map(np.asarray, (frequency, depth, damping))
    a, q = (4.0 - damping**2) / frequency**2, 4.0 * depth / frequency**2
    width = q**order / (2.0 ** (2 * order - 3) * factorial(order - 1) ** 2)
    inside = (0.5 * width) ** 2 - (a - middle(order, q)) ** 2 - (2.0 * order * damping / frequency) ** 2
    return np.where(abs(2.0 / frequency - order) < 0.5, inside, np.nan)


def threshold(order: int, damping: ArrayLike) -> NDArray[np.float64]:
    """Smallest depth of a tongue beside an Ohmic bath (omega = 1), theory (13.19)."""
    factor = (factorial(order - 1) * (2.0 / order) ** (order - 1)) ** 2
    return (factor * np.asarray(damping)) ** (1.0 / order)


def first_tongue(density: AbstractSpectralDensity, frequency: ArrayLike) -> NDArray[np.float64]:
    """Edge of the first tongue beside any bath (omega = 1), theory (13.17)."""
    half = 0.5 * np.asarray(frequency, complex)
    return 1.0 / abs(np.asarray(susceptibility(_machine(density), half))[0, 0])  # pyright: ignore[reportArgumentType]


def _machine(density: AbstractSpectralDensity) -> Machine:
    return Machine([1.0], [qtopt.Bath("bath", 0.5, density, [1.0])])


def _drive(frequency: Any, depth: Any) -> qtopt.MonochromaticDrive:
    return qtopt.MonochromaticDrive(frequency, jnp.reshape(2.0 * depth, 1), [0.0], target="frequencies")


def _text(density: AbstractSpectralDensity) -> str:
    """The machine as a configuration file."""
    return files.dumps(files.Config(_machine(density), solver=Exact(), drives=(_drive(2.0, 0.1),)))


def _exponent(
    solver: Exact, density: AbstractSpectralDensity, frequency: jax.Array, depth: jax.Array
) -> jax.Array:
    """Real part of the largest Floquet exponent; negative where there is a steady state."""
    state = steady_state(_machine(density), _drive(frequency, depth), solver)
    return jnp.log(state.spectral_radius) * frequency / (2.0 * jnp.pi)  # pyright: ignore[reportAttributeAccessIssue]


def _settled(density: AbstractSpectralDensity) -> Exact:
    return Exact(33).settled(_machine(density), _drive(0.5 * FREQUENCIES[0], DEPTHS[1]))


def _map(density: AbstractSpectralDensity, frequencies: int, depths: int) -> xarray.Dataset:
    frequency, depth = np.linspace(*FREQUENCIES, frequencies), np.linspace(*DEPTHS, depths)
    solver = _settled(density)
    found = common.on_grid(
        lambda f, h: {"exponent": _exponent(solver, density, f, h)}, frequency, depth, batch=64
    )
    return xarray.Dataset({"exponent": (("Omega", "h"), found["exponent"])}, {"Omega": frequency, "h": depth})


def _thresholds(dampings: int, near: int) -> xarray.Dataset:
    """Smallest depth that amplifies at the frequencies near the middle of each tongue, by halving."""
    damping, offset = np.geomspace(WEAKEST, STRONGEST, dampings), np.linspace(-0.5, 0.5, near)
    expected = np.array([threshold(n, damping) for n in ORDERS])
    around = [middle(n, n**2 * h) for n, h in zip(ORDERS, expected, strict=True)]
    wide = damping / np.array(ORDERS)[:, None]
    frequency = np.sqrt((4.0 - damping**2) / np.array(around))[..., None] + wide[..., None] * offset
    solver = _settled(qtopt.Ohmic(STRONGEST))

    def edge(point: jax.Array) -> jax.Array:
        frequency, gamma, start = point

        def halve(_: int, ends: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            depth = 0.5 * (ends[0] + ends[1])
            grows = _exponent(solver, qtopt.Ohmic(gamma), frequency, depth) > 0.0
            return jnp.where(grows, ends[0], depth), jnp.where(grows, depth, ends[1])

        ends = jax.lax.fori_loop(0, HALVINGS, halve, (0.5 * start, 2.0 * start))
        return 0.5 * (ends[0] + ends[1])

    parts = np.broadcast_arrays(frequency, damping[:, None], expected[..., None])
    run = jax.jit(lambda points: jax.lax.map(edge, points, batch_size=64))
    depth = np.asarray(run(np.stack([p.ravel() for p in parts], axis=-1))).reshape(frequency.shape)
    best = np.take_along_axis(frequency, depth.argmin(-1)[..., None], -1)[..., 0]
    dims = ("order", "damping")
    made = {"h": (dims, depth.min(-1)), "Omega": (dims, best)}
    return xarray.Dataset(made, {"order": np.array(ORDERS), "damping": damping})


def _draw(data: dict[str, xarray.Dataset], slow: AbstractSpectralDensity, out: Path) -> None:
    made = new_figure(178.0, 62.0)
    ohmic, memory, thresholds = made.subplots(1, 3)
    largest = float(data["ohmic"]["exponent"].max())
    norm, mesh = TwoSlopeNorm(0.0, -0.6 * DAMPING, largest), None
    for panel, name in ((ohmic, "ohmic"), (memory, "memory")):
        exponent = data[name]["exponent"]
        frequency, depth = exponent["Omega"].values, exponent["h"].values
        mesh = common.draw_map(panel, exponent, norm, "RdBu_r", log=False)
        panel.contour(frequency, depth, exponent.T, levels=[0.0], colors=BLACK, linewidths=0.8)
        style_panel(panel, r"frequency $\Omega/\omega$", r"depth $h$")
        if name == "ohmic":
            for order in ORDERS:
                inside = tongue(order, frequency, depth[:, None], DAMPING)
                panel.contour(frequency, depth, inside, levels=[0.0], colors=GREEN, linewidths=0.8,
                              linestyles="--")  # fmt: skip
        else:
            near = frequency[abs(2.0 / frequency - 1.0) < 0.5]
            panel.plot(near, first_tongue(slow, near), "--", color=GREEN, lw=0.8)
        panel.set_ylim(*DEPTHS)
    common.colour_bar(made, mesh, [ohmic, memory], r"Floquet exponent ($\omega$)")
    style_panel(thresholds, r"damping $\gamma/\omega$", r"smallest depth $h_n$")
    table = data["thresholds"]
    for order, colour in zip(ORDERS, (BLUE, ORANGE, GREEN), strict=True):
        found = table["h"].sel(order=order)
        thresholds.plot(found["damping"], found, "o", ms=2.5, color=colour, label=f"$n={order}$")
        thresholds.plot(found["damping"], threshold(order, found["damping"]), color=colour, lw=0.8)
    thresholds.set_xscale("log")
    thresholds.set_yscale("log")
    thresholds.legend(fontsize=SMALL_FONT_SIZE, frameon=False)
    common.write(made, out, "stability_map")
