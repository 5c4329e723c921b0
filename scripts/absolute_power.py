"""Largest exact power of the collective engine against the strength d of its driven bath.

    python scripts/absolute_power.py --out results/absolute_power [--quick]

For every d: cosine drives on a grid of frequency and phase, then peak-bounded drives of four harmonics
improved by exact gradients; joint and independent. Writes data.json and power.png.
"""

import argparse
import json
from pathlib import Path

import qtopt

qtopt.configure()

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

from qtopt.fronts import maximise_power
from qtopt.solvers import Exact, steady_state

LOW, HIGH, HARMONICS = 0.1, 1.0, 4


def engine(strength: float, configuration) -> qtopt.Machine:
    hot = qtopt.Bath("hot", 1.0, qtopt.Lorentzian(strength, 1.25, 0.01), "driven")
    cold = qtopt.Bath("cold", 0.2, qtopt.Ohmic(100.0), [1.0, 1.0])
    return qtopt.Machine([1.0, 0.6], (hot, cold), configuration)


def cosine(frequency, phase) -> qtopt.MonochromaticDrive:
    return qtopt.MonochromaticDrive(frequency, jnp.ones(2), jnp.stack([jnp.zeros(()), phase]))


def best_cosine(
    strength: float, configuration, grid: tuple[np.ndarray, np.ndarray]
) -> tuple[float, float, float]:
    """(extracted power, frequency, phase), the best of a grid."""
    frequency, phase = (jnp.asarray(part.ravel()) for part in np.meshgrid(*grid))
    machine = engine(strength, configuration)
    solver = Exact(65).settled(machine, cosine(LOW, jnp.asarray(0.0)))
    power = np.asarray(_powers(machine, frequency, phase, solver))
    best = int(np.nanargmax(-power))
    return -float(power[best]), float(frequency[best]), float(phase[best])


def _all_powers(machine, frequency, phase, solver):
    def one(pair):
        return steady_state(machine, cosine(*pair), solver).power

    return jax.lax.map(one, (frequency, phase), batch_size=16)


_powers = jax.jit(_all_powers, static_argnums=3)


def fixed_cosines(strength: float) -> dict[str, float]:
    """The published protocol, Omega = 0.45 and phase pi: exact and weak power, and what validity predicts."""
    machine, drive = engine(strength, "joint"), cosine(0.45, jnp.pi)
    exact = jax.jit(steady_state, static_argnums=2)(machine, drive, Exact().settled(machine, drive))
    weak = jax.jit(qtopt.steady_state)(machine, drive)
    validity = qtopt.weak_validity(machine, drive)
    difference = abs(float(exact.power) / float(weak.power) - 1.0)
    powers = {"exact": -float(exact.power), "weak": -float(weak.power)}
    return {**powers, "validity": validity, "difference": difference}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="fewer strengths and frequencies")
    arguments = parser.parse_args()
    strengths = np.logspace(-6, 0, 7 if arguments.quick else 13)
    grid = (np.geomspace(LOW, HIGH, 12 if arguments.quick else 40), np.linspace(0.0, np.pi, 5))
    rows = [{"strength": float(d), **fixed_cosines(float(d))} for d in strengths]
    for configuration in ("joint", "independent"):
        start = None
        for d, row in zip(strengths, rows, strict=True):
            power, frequency, phase = best_cosine(float(d), configuration, grid)
            row[f"{configuration} cosines"], row[f"{configuration} frequency"] = power, frequency
            first = qtopt.BoundedDrive(
                frequency, jnp.zeros(2),
                jnp.zeros((2, HARMONICS)).at[:, 0].set(jnp.array([1.5, 1.5 * np.cos(phase)])),
                jnp.zeros((2, HARMONICS)).at[:, 0].set(jnp.array([0.0, -1.5 * np.sin(phase)])),
            )  # fmt: skip
            starts = [first] if start is None else [first, start]
            start, best = maximise_power(engine(float(d), configuration), starts, (LOW, HIGH))
            row[f"{configuration} optimised"] = best
            print(f"{configuration} d = {d:.1e}: cosines {power:.3e}, optimised {best:.3e}", flush=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "data.json").write_text(json.dumps(rows, indent=1))
    draw(rows, arguments.out / "power.png")


def draw(rows: list[dict], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(4.2, 3.2), layout="constrained")
    d = [row["strength"] for row in rows]
    for configuration, colour in (("joint", "C0"), ("independent", "C1")):
        for kind, style in (("cosines", "--"), ("optimised", "-")):
            power = np.array([row[f"{configuration} {kind}"] for row in rows])
            label = f"{configuration}, {kind}"
            axes.loglog(
                d, np.where(power > 0.0, power, np.nan), style, color=colour, marker="o", ms=3, label=label
            )
    axes.loglog(d, [row["weak"] for row in rows], ":", color="0.5", label=r"weak theory, $\Omega=0.45$")
    axes.set(
        xlabel=r"strength of the driven bath $d$ ($\omega_A^4$)",
        ylabel=r"extracted power ($\hbar\omega_A^2$)",
    )
    axes.legend(fontsize=7)
    figure.savefig(path, dpi=200)


if __name__ == "__main__":
    main()
