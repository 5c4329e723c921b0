"""Maximum power of the engine over the static damping: joint oscillators survive where single ones die."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import xarray
from numpy.typing import NDArray
from scipy.optimize import minimize

import qtopt
from qtopt import files
from qtopt.model import Configuration
from qtopt.plots.style import LOOKS, SMALL_FONT_SIZE, figure as new_figure, style_panel

from . import _common as common

CONFIGURATIONS: tuple[Configuration, ...] = ("joint", "independent")
OMEGA, OMEGA_1 = (0.02, 1.5), (0.5, 2.5)
"""searched: the best of a grid, then improved by gradients"""


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """max -P/d over Omega, omega_1 and phi for cosine drives, gamma_2 from 1e-4 to 1e2, weak theory."""
    points, step = (7, 0.05) if quick else (31, 0.02)
    data = {}
    for name in CONFIGURATIONS:
        about = f"search on steps of {step} in Omega {OMEGA} and omega_1 {OMEGA_1}, {points} dampings"
        key = f"# {about}\n{files.dumps(common.engine(configuration=name))}"
        dampings = np.geomspace(1e-4, 1e2, points)
        data[name] = common.stored(
            key, out / f"maximum_power-{name}.nc", lambda n=name, g=dampings, s=step: _search(n, g, s)
        )
    made = new_figure(86.0, 66.0)
    axes = made.subplots()
    style_panel(axes, common.GAMMA_2_LABEL, r"maximum power $-P/d$ ($\hbar/\omega_A^2$)")
    for name, part in data.items():
        shown = (-part["power"]).where(part["power"] < 0.0)
        axes.plot(part["gamma_2"], shown, "-", lw=1.0, **LOOKS[name].marker_style(3.0), label=name)
    axes.set_xscale("log")
    axes.set_ylim(0.0, None)
    axes.legend(fontsize=SMALL_FONT_SIZE, frameon=False)
    common.write(made, out, "maximum_power")
    return data


def _search(name: Configuration, dampings: NDArray[np.float64], step: float) -> xarray.Dataset:
    def power(gamma_2, frequency, peak, phase):
        hot = qtopt.Bath("driven", 1.0, qtopt.Lorentzian(1.0, peak, 0.01), "driven")
        cold = qtopt.Bath("static", 0.2, qtopt.Ohmic(gamma_2), jnp.ones(2))
        drive = qtopt.MonochromaticDrive(frequency, jnp.ones(2), jnp.stack([jnp.zeros(()), phase]))
        return qtopt.steady_state(qtopt.Machine([1.0, 0.6], (hot, cold), name), drive).power

    def waves(gamma_2, frequency, peak):
        # P = a + b cos(phi) + c sin(phi): three phases give the least of them all
        phases = jnp.array([0.0, jnp.pi / 2, jnp.pi])
        zero, quarter, half = jax.vmap(lambda phase: power(gamma_2, frequency, peak, phase))(phases)
        mean, cosine = (zero + half) / 2, (zero - half) / 2
        sine = quarter - mean
        return {"power": mean - jnp.hypot(cosine, sine), "phase": jnp.arctan2(-sine, -cosine)}

    frequencies, peaks = (np.arange(low, high + step / 2, step) for low, high in (OMEGA, OMEGA_1))
    slope = jax.jit(jax.value_and_grad(lambda x, gamma_2: power(gamma_2, *x)))
    best = []
    grid = common.on_grid(waves, dampings, frequencies, peaks)
    for i, gamma_2 in enumerate(dampings):
        at = np.unravel_index(np.argmin(grid["power"][i]), grid["power"][i].shape)
        start = np.array([frequencies[at[0]], peaks[at[1]], grid["phase"][i][at]])
        bounds = [OMEGA, OMEGA_1, (-2 * np.pi, 2 * np.pi)]

        def value(x, gamma_2=gamma_2):
            return tuple(np.asarray(part) for part in slope(x, gamma_2))

        found = minimize(value, start, jac=True, bounds=bounds, method="L-BFGS-B")
        best.append((float(found.fun), *found.x))
    names = ("power", "Omega", "omega_1", "phase")
    units = ("hbar omega_A^2", "omega_A", "omega_A", "rad")
    columns = zip(names, np.array(best).T, units, strict=True)
    return xarray.Dataset(
        {key: ("gamma_2", values, {"units": unit}) for key, values, unit in columns},
        {"gamma_2": ("gamma_2", dampings, {"units": "omega_A"})},
        {"title": f"least power of the {name} engine, strength of the driven bath d = 1"},
    )
