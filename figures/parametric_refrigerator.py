"""A parametric refrigerator: how cold it gets, and the created pairs of quanta that stop it."""

from pathlib import Path

import numpy as np
import xarray

from qtopt import files
from qtopt.plots.style import BLACK, BLUE, GREEN, ORANGE, SMALL_FONT_SIZE, figure as new_figure, style_panel

from . import _common as common, _pair as pair

MACHINE = Path(__file__).parents[1] / "scripts" / "machines" / "parametric_refrigerator.toml"
HOT = (0.5, 0.1, 0.02)
"""temperatures of the hot bath"""
EQUAL, FROZEN = 0.3, 1e-3
"""of both baths: where the heat is shown, and where nothing is left but created pairs"""
FREQUENCIES, AMPLITUDES = (0.25, 1.2), (1e-4, 0.1)
OFF_RESONANCE = 0.5
"""another frequency, at which pairs are created at low temperature"""
FREQUENCY_LABEL, SPRING_LABEL = r"frequency of the spring $\Omega/\omega_h$", r"spring $\kappa/\omega_h^2$"
COLDEST_LABEL = r"coldest $k_BT_c/\hbar\omega_h$"


def figure(quick: bool, out: Path) -> dict[str, xarray.Dataset]:
    """Coldest temperature of the cold bath and heat drawn from it over the frequency of the spring; heat that
    the spring puts into frozen baths, and the coldest temperature at resonance, over its strength.
    """
    config = files.load(MACHINE)
    sizes = (20, 7) if quick else (191, 41)
    key = f"# {sizes}, {FREQUENCIES}, {AMPLITUDES}, {HOT}, {EQUAL}, {FROZEN}\n{files.dumps(config)}"
    currents = pair.Currents(config)
    (spring,) = config.drives
    resonance, given = float(spring.frequency), float(spring.amplitudes[0])  # pyright: ignore[reportAttributeAccessIssue]

    def over_frequency() -> xarray.Dataset:
        frequency = np.linspace(*FREQUENCIES, sizes[0])
        found = currents(EQUAL, EQUAL, frequency, given)
        made = xarray.Dataset({name: ("Omega", values) for name, values in found.items()})
        cold = currents.coldest(np.array(HOT)[:, None], frequency, given)
        limit = [pair.sideband_limit(currents.machine(EQUAL, hot), frequency) for hot in HOT]
        made["coldest"], made["sideband"] = (("T_h", "Omega"), cold), (("T_h", "Omega"), np.array(limit))
        return made.assign_coords(Omega=frequency, T_h=np.array(HOT))

    def over_amplitude() -> xarray.Dataset:
        amplitude, tuned = np.geomspace(*AMPLITUDES, sizes[1]), np.array([resonance, OFF_RESONANCE])
        cold = currents.coldest(np.array(HOT)[:, None], resonance, amplitude)
        heating = currents(FROZEN, FROZEN, tuned[:, None], amplitude)
        frozen = currents.machine(FROZEN, FROZEN)
        second = [pair.heat_from_first(frozen, omega, 1.0) for omega in tuned]
        made = xarray.Dataset({name: (("Omega", "kappa"), values) for name, values in heating.items()})
        made["coldest"] = (("T_h", "kappa"), cold)
        made["second_order"] = (("Omega", "kappa"), np.outer(second, amplitude**2))
        return made.assign_coords(Omega=tuned, kappa=amplitude, T_h=np.array(HOT))

    data = {
        name: common.stored(f"# {name}\n{key}", out / f"parametric_refrigerator-{name}.nc", make)
        for name, make in (("frequency", over_frequency), ("amplitude", over_amplitude))
    }
    _draw(data, config, out)
    return data


def _draw(data: dict[str, xarray.Dataset], config: files.Config, out: Path) -> None:
    made = new_figure(178.0, 110.0)
    (cold, heat), (heating, strength) = made.subplots(2, 2)
    slow, fast = np.asarray(config.machine.frequencies)
    frequency, amplitude = data["frequency"], data["amplitude"]
    style_panel(cold, FREQUENCY_LABEL, COLDEST_LABEL)
    style_panel(heat, FREQUENCY_LABEL, r"heat from the cold bath ($\hbar\omega_h^2$)")
    style_panel(heating, SPRING_LABEL, r"heat into the cold bath ($\hbar\omega_h^2$)")
    style_panel(strength, SPRING_LABEL, COLDEST_LABEL)
    for hot, colour, width in zip(HOT, (ORANGE, BLUE, GREEN), (1.2, 2.4, 1.0), strict=True):
        part = frequency.sel(T_h=hot)
        cold.plot(part["Omega"], part["coldest"], color=colour, lw=width, label=rf"$T_h={hot:g}$")
        cold.plot(part["Omega"], part["sideband"], "--", color=BLACK, lw=0.6)
        strength.plot(amplitude["kappa"], amplitude["coldest"].sel(T_h=hot), color=colour, lw=width)
        for panel in (cold, strength):
            panel.axhline(hot * slow / fast, color=colour, lw=0.6, ls=":")
    cold.set_yscale("log")
    heat.plot(frequency["Omega"], frequency["first"], color=BLUE)
    heat.set_yscale("symlog", linthresh=1e-6)
    heat.axhline(0.0, color=BLACK, lw=0.6)
    for panel in (cold, heat):
        for resonance in (fast - slow, fast + slow):
            panel.axvline(resonance, color=BLACK, lw=0.4, ls=":")
    for omega, colour in zip(amplitude["Omega"].values, (BLUE, ORANGE), strict=True):
        part = amplitude.sel(Omega=omega)
        heating.plot(part["kappa"], -part["first"], color=colour, label=rf"$\Omega={omega:g}$")
        heating.plot(part["kappa"], -part["second_order"], "--", color=BLACK, lw=0.6)
    for panel in (heating, strength):
        panel.set_xscale("log")
        panel.set_yscale("log")
    for panel in (cold, heating):
        panel.legend(fontsize=SMALL_FONT_SIZE, frameon=False)
    common.write(made, out, "parametric_refrigerator")
