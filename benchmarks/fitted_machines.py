"""What fits do to machines: currents beside those of the true density, and cost against the number of poles.

    python -m benchmarks.fitted_machines [--quick]

"currents": the medium of scripts/machines/collective_engine.toml with a hot bath of 30 peaks between 30 and
1,500 cm^-1 and a Drude background, tabulated every 1 cm^-1 with 0 and 1 % noise; the frequency 1 is 200
cm^-1. The true currents are those of the sum of its 31 terms, in the weak theory. "costs": processor seconds
of a warm steady state beside a bath of so many poles, and of the fit of 1,500 clean rows. "reductions": the
exact solver beside the bath of 100 poles, cut by `qtopt.model.reduced`, and how far its currents are then.
"""

import time
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

import qtopt

qtopt.configure()

from benchmarks._measure import print_table, run
from qtopt import (
    AbstractSolver,
    AbstractSpectralDensity,
    Bath,
    Drude,
    Exact,
    Lorentzian,
    Machine,
    MonochromaticDrive,
    Ohmic,
    Weak,
    fit_spectral_density,
    steady_state,
)
from qtopt.model import PoleExpansion, reduced

WAVE_NUMBER = 200.0
"""cm^-1, the frequency 1"""
KELVIN = 0.6950348
"""k_B in cm^-1/K"""
DRIVE = MonochromaticDrive(0.45, [1.0, 1.0], [0.0, np.pi])


class Sum(AbstractSpectralDensity):
    """The sum of other densities, for the weak theory."""

    kind: ClassVar[str] = "sum"
    parts: tuple[AbstractSpectralDensity, ...]

    def density(self, omega):
        return sum(part.density(omega) for part in self.parts)

    def response(self, omega):
        return sum(part.response(omega) for part in self.parts)

    def memory_kernel(self, omega):
        return sum(part.memory_kernel(omega) for part in self.parts)

    def memory_kernel_slope(self, a, b):
        return sum(part.memory_kernel_slope(a, b) for part in self.parts)

    def expansion(self):
        found = [part.expansion() for part in self.parts]
        poles, residues = (jnp.concatenate([part[i] for part in found]) for i in (2, 3))
        return PoleExpansion(sum(part[0] for part in found), jnp.zeros(()), poles, residues)  # pyright: ignore

    def memory(self):
        raise NotImplementedError("the weak theory needs none")


def thirty_peaks() -> Sum:
    """Heights of 1e-5 to 1e-4 and widths of 8 to 30 cm^-1, with a broad background."""
    rng = np.random.default_rng(30)
    places = np.sort(rng.uniform(30.0, 1500.0, 30)) / WAVE_NUMBER
    widths, heights = rng.uniform(8.0, 30.0, 30) / WAVE_NUMBER, rng.uniform(0.1, 1.0, 30) * 1e-4
    peaks = zip(heights, places, widths, strict=True)
    return Sum((*(Lorentzian(h * w * g, w, g) for h, w, g in peaks), Drude(1e-4, 0.5)))


def engine_currents(density: AbstractSpectralDensity, temperature: float) -> np.ndarray:
    """Power, local powers and heat currents."""
    cold = Bath("cold", 0.6 * temperature, Ohmic(100.0), "static")
    machine = Machine([1.0, 0.6], (Bath("hot", temperature, density, "driven"), cold))
    state = steady_state(machine, DRIVE, Weak())
    return np.r_[state.power, state.local_powers, state.heat_currents]


def currents() -> list[dict[str, Any]]:
    """Largest relative deviation of any current, at 77 to 300 K."""
    truth, omega = thirty_peaks(), np.arange(2.0, 1802.0) / WAVE_NUMBER
    density, found = np.real(np.asarray(truth.density(omega))), []
    for noise in (0.0, 0.01):
        scatter = 1.0 + noise * np.random.default_rng(0).standard_normal(len(omega))
        bath, report = fit_spectral_density(omega, density * scatter, 1e-4)
        for kelvin in (77, 150, 225, 300):
            temperature = kelvin * KELVIN / WAVE_NUMBER
            deviation = engine_currents(bath, temperature) / engine_currents(truth, temperature) - 1.0
            found.append(
                {
                    "noise": noise,
                    "poles": len(report.poles),
                    "T/K": kelvin,
                    "largest deviation": float(np.max(np.abs(deviation))),
                }
            )
    return found


def costs(quick: bool) -> list[dict[str, Any]]:
    """Processor seconds against the number of poles."""
    found = []
    for poles in (2, 10) if quick else (2, 10, 30, 60, 100):
        omega, density = narrow_peaks(poles)
        begin = time.process_time()
        bath, report = fit_spectral_density(omega, density, 1e-8)
        row = {"poles": len(report.poles), "fit": time.process_time() - begin, "error": report.error}
        machine = between_baths(bath)
        found.append(row | {solver.kind: warm(machine, solver)[0] for solver in (Weak(), Exact())})
    return found


def narrow_peaks(poles: int) -> tuple[np.ndarray, np.ndarray]:
    """omega and J of so many poles, half as many resonances, on 1,500 rows."""
    rng, count = np.random.default_rng(poles), poles // 2
    places, widths = np.sort(rng.uniform(0.1, 5.0, count)), rng.uniform(0.03, 0.1, count)
    heights, omega = rng.uniform(0.1, 1.0, count) * 1e-4, np.linspace(0.01, 6.0, 1500)
    peaks = zip(heights, places, widths, strict=True)
    return omega, np.real(
        np.asarray(Sum(tuple(Lorentzian(h * w * g, w, g) for h, w, g in peaks)).density(omega))
    )


def between_baths(bath: AbstractSpectralDensity) -> Machine:
    """Two oscillators, the hot bath driven."""
    cold = Bath("cold", 0.2, Drude(100.0, 12.0), "static")
    return Machine([1.0, 0.6], (Bath("hot", 1.0, bath, "driven"), cold))


def warm(machine: Machine, solver: AbstractSolver) -> tuple[float, Any]:
    """Processor seconds of a steady state that is compiled, and the state."""
    settled = solver.settled(machine, DRIVE)
    state, times = jax.block_until_ready(steady_state(machine, DRIVE, settled)), []
    for _ in range(3):
        begin = time.process_time()
        jax.block_until_ready(steady_state(machine, DRIVE, settled))
        times.append(time.process_time() - begin)
    return float(np.median(times)), state


REDUCED = ((1e-4, None), (1e-2, None), (1e-3, (0.0, 2.0)), (1e-2, (0.0, 2.0)), (1e-1, (0.0, 2.0)))


def reductions(quick: bool) -> list[dict[str, Any]]:
    """What `qtopt.model.reduced` spares of a bath of many narrow peaks, and what that changes."""
    bath, _ = fit_spectral_density(*narrow_peaks(10 if quick else 100), 1e-8)
    found, whole = [], np.zeros(0)
    for tolerance, used in ((0.0, None), *(REDUCED[:1] if quick else REDUCED)):
        fewer = reduced(bath, tolerance, used)[0] if tolerance else bath
        seconds, state = warm(between_baths(fewer), Exact())
        currents = np.r_[state.power, state.heat_currents]
        whole = whole if len(whole) else currents
        change = float(np.max(np.abs(currents - whole)) / np.max(np.abs(whole)))
        row = {"tolerance": tolerance, "range": used, "poles": len(fewer.poles)}
        found.append(row | {"exact": seconds, "change": change})
    return found


def measure(quick: bool) -> dict[str, Any]:
    """All tables."""
    result = {"currents": currents(), "costs": costs(quick), "reductions": reductions(quick)}
    for rows in result.values():
        print_table(rows)
    return result


if __name__ == "__main__":
    run("fitted_machines", __doc__, measure)
