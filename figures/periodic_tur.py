"""The uncertainty relation of periodic driving, D S/(X - Omega dX/dOmega)^2 >= 2, violated by X = P_A."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import xarray
from matplotlib.colors import LogNorm

import qtopt
from qtopt import files
from qtopt.observables import Current, periodic_product, uncertainty_product
from qtopt.plots.style import (
    BLACK,
    BLUE,
    FONT_SIZE,
    GREY,
    SMALL_FONT_SIZE,
    VERMILLION,
    figure as new_figure,
    style_panel,
)

from . import _common as common

CUTOFF = 12.0
DAMPINGS = {"0.01": VERMILLION, "100": BLUE}
SPAN = 1e4
NAMES = {"following": "weight follows $\\Omega$", "fixed": "fixed amplitudes"}
"""of the derivatives"""


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """Drives cos(Omega t) and (Omega/omega_c) cos(Omega t + pi/2), weak theory.

    The derivative in Omega keeps the amplitudes ("fixed", the bound as it was derived) or lets the weight of
    the second drive follow Omega ("following").
    """
    points = 13 if quick else 120
    config = common.converter(cutoff=CUTOFF)
    key = (
        f"# g_B weighted by Omega/omega_c, {points} points, gamma_2 = {list(DAMPINGS)}\n{files.dumps(config)}"
    )
    both = common.stored(key, out / "periodic_tur.nc", lambda: _products(points))
    data = {damping: both.sel(gamma_2=float(damping)) for damping in DAMPINGS}
    made = new_figure(178.0, 70.0)
    left, right = made.subplots(1, 2)
    shown = data["100"]["following"]
    mesh = common.draw_map(left, shown, LogNorm(2.0 / SPAN, 2.0 * SPAN), "PuOr_r")
    left.contour(
        shown["Omega"], shown["T"], np.log(shown.T / 2.0), levels=[0.0], colors=BLACK, linewidths=0.9
    )
    left.set_xlabel(common.FREQUENCY_LABEL, fontsize=FONT_SIZE)
    left.set_ylabel(common.TEMPERATURE_LABEL, fontsize=FONT_SIZE)
    left.set_title(r"$\gamma_2=100$, weight follows $\Omega$; line: the bound 2", fontsize=FONT_SIZE)
    label = r"$D_{P_A}\dot S/(P_A-\Omega\,\partial_\Omega P_A)^2$"
    common.colour_bar(made, mesh, left, label, extend="both")
    style_panel(right, common.FREQUENCY_LABEL, label)
    for damping, colour in DAMPINGS.items():
        row = data[damping].sel(T=0.1, method="nearest")
        for name, style in (("following", "-"), ("fixed", "--")):
            text = rf"{NAMES[name]}, $\gamma_2={damping}$"
            right.plot(row["Omega"], row[name], style, color=colour, lw=1.2, label=text)
    right.axhline(2.0, color=GREY, lw=0.6)
    right.set_xscale("log")
    right.set_yscale("log")
    right.set_ylim(1e-4, 1e6)
    right.set_title(rf"$T={float(data['100']['T'].sel(T=0.1, method='nearest')):.2g}$", fontsize=FONT_SIZE)
    right.legend(fontsize=SMALL_FONT_SIZE, frameon=False, loc="lower right")
    common.write(made, out, "periodic_tur")
    return data


def _products(points: int) -> xarray.Dataset:
    def products(gamma_2, frequency, temperature):
        driven = qtopt.Bath("driven", temperature, qtopt.Drude(0.01, CUTOFF), "driven")
        static = qtopt.Bath("static", temperature, qtopt.Ohmic(gamma_2), jnp.ones(2))
        machine = qtopt.Machine([1.0, 0.6], (driven, static), "joint")

        def weighted(omega, weight):
            return qtopt.MonochromaticDrive(omega, jnp.stack([1.0, weight]), [0.0, jnp.pi / 2])

        here = frequency, frequency / CUTOFF
        noise = qtopt.fluctuations(machine, weighted(*here))

        def local_currents(along):
            state, rates = jax.jvp(
                lambda *numbers: qtopt.steady_state(machine, weighted(*numbers)), here, (jnp.ones(()), along)
            )
            entropy = state.entropy_production_rate
            mean, slope = state.local_powers, rates.local_powers
            return state, Current(mean, noise.local_powers, entropy, frequency, slope)

        state, local = local_currents(jnp.zeros(()))
        _, other = local_currents(jnp.full((), 1.0 / CUTOFF))
        found = {
            "classical": uncertainty_product(local)[0],
            "fixed": periodic_product(local)[0],
            "following": periodic_product(other)[0],
        }
        return {**found, "local_power": local.mean[0], "entropy": state.entropy_production_rate}

    axes = {
        "gamma_2": np.array([float(damping) for damping in DAMPINGS]),
        "Omega": np.geomspace(1e-2, 1e2, points),
        "T": np.geomspace(1e-2, 1e1, points),
    }
    found = common.on_grid(products, *axes.values())
    units = {"local_power": "hbar omega_A^2", "entropy": "k_B omega_A"}
    variables = {
        name: (tuple(axes), values, {"units": units.get(name, "1")}) for name, values in found.items()
    }
    return xarray.Dataset(variables, axes, {"title": "uncertainty products of P_A under weighted drives"})
