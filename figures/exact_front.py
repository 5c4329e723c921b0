"""The power-efficiency front at any coupling strength: what the drives of the weak front really give."""

from dataclasses import replace
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray

import qtopt
from qtopt import files
from qtopt.fronts import Front, FrontProblem, improved
from qtopt.model import Machine
from qtopt.plots.style import (
    BLACK,
    BLUE,
    LINE_WIDTH,
    OTHER_LOOKS,
    SMALL_FONT_SIZE,
    figure as new_figure,
    style_panel,
)
from qtopt.solvers import Exact, ExactSteadyState, steady_state

from . import _common as common, _fronts as fronts
from .pareto_fronts import front, settings_of

STRENGTHS = (1e-6, 1e-5, 1e-4)
"""d; the weak front in -P/d is the same for all of them"""
CASE = (0.6, 100.0)
"""omega_B and gamma_2"""
POINTS, STARTS = 513, 6
"""points of time in a period; drives of the weak front from which the exact search starts"""


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """Joint engine, omega_B = 0.6, gamma_2 = 100, |g_l(t)| <= 1: the drives of the weak front in the exact
    theory at three strengths d, and (not with --quick) the exact front at the largest, by exact gradients.
    """
    weak = front("joint", *CASE, quick, out)
    data = {"weak": weak}
    for strength in STRENGTHS:
        config = exact_config(strength, quick)
        key = f"# the drives of the weak front, {POINTS} points of time\n{files.dumps(config)}"
        path = out / f"exact_front-same-{strength:g}.nc"
        data[f"same-{strength:g}"] = common.stored(key, path, lambda c=config: _same_drives(c, weak))
    if not quick:

        def search(problem: FrontProblem, *more) -> Front:
            start = fronts.restored(weak, problem.machine, STRENGTHS[-1])
            some = np.unique(np.linspace(0, len(start.points) - 1, STARTS).round().astype(int))
            start = replace(start, points=tuple(start.points[i] for i in some))
            return improved(problem, start, *more)

        config = exact_config(STRENGTHS[-1], quick)
        data["searched"] = fronts.searched(config, out / "exact_front-searched.nc", search)
    made = new_figure(86.0, 72.0)
    axes = made.subplots()
    style_panel(axes, r"efficiency $\eta$", r"extracted power $-P/d$ ($\hbar/\omega_A^2$)")
    bound = weak["bound_efficiency"], weak["bound_output"]
    axes.plot(*bound, "--", color=BLACK, lw=LINE_WIDTH, label="weak: no drive exceeds")
    axes.plot(weak["efficiency"], -weak["power"], ".-", color=BLACK, lw=0.6, ms=4.0, label="weak: found")
    for strength, drawn in zip(STRENGTHS, OTHER_LOOKS, strict=False):
        part, text = data[f"same-{strength:g}"], common.power_of_ten(strength)
        label = rf"the same drives, exact, $d={text}$"
        axes.plot(
            part["efficiency"], -part["power"] / strength, lw=0.6, label=label, **drawn.marker_style(3.0)
        )
    if "searched" in data:
        found, label = data["searched"], rf"exact front, $d={common.power_of_ten(STRENGTHS[-1])}$"
        axes.plot(
            found["efficiency"],
            -found["power"] / STRENGTHS[-1],
            "x-",
            color=BLUE,
            lw=0.8,
            ms=5.0,
            label=label,
        )
    axes.set_yscale("log")
    axes.legend(fontsize=SMALL_FONT_SIZE, frameon=False, loc="lower left")
    common.write(made, out, "exact_front")
    return data


def exact_config(strength: float, quick: bool) -> files.Config:
    """The engine with this driven bath, for the exact solver, and the settings of its weak front."""
    engine = files.with_solver(common.engine(CASE[1], omega_b=CASE[0], strength=strength), "exact")
    return replace(engine, drive=None, pareto=settings_of("joint", quick))


@eqx.filter_jit
def _states(machine: Machine, drives: qtopt.BoundedDrive, solver: Exact) -> ExactSteadyState:
    """The exact states of one machine under many drives."""
    return jax.lax.map(lambda drive: steady_state(machine, drive, solver), drives)


def _same_drives(config: files.Config, weak: xarray.Dataset) -> xarray.Dataset:
    """Exact currents of the machine under every drive of a weak front; not a number where it is no engine."""
    machine = config.machine
    drives = [point.drive for point in fronts.restored(weak, machine).points]
    slowest = min(drives, key=lambda drive: float(drive.frequency))
    solver = Exact(POINTS).settled(machine, slowest)
    batch = jax.tree.map(lambda *leaves: jnp.stack(leaves), *drives)
    state = _states(machine, batch, solver)
    power, heat = np.asarray(state.power), np.asarray(state.heat_currents)
    absorbed = np.where(heat > 0.0, heat, 0.0).sum(axis=1)
    rates = {
        "power": (power, "hbar omega_A^2"),
        "efficiency": (np.where(power < 0.0, -power / absorbed, np.nan), "1"),
        "entropy_production_rate": (np.asarray(state.entropy_production_rate), "k_B omega_A"),
        "truncation_error": (np.asarray(state.truncation_error), "hbar omega_A^2"),
    }
    columns = {name: ("point", values, {"units": unit}) for name, (values, unit) in rates.items()}
    return xarray.Dataset({**columns, "status": ("point", np.asarray(state.status))})
