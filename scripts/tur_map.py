"""Map of Q = D S/P_A^2 of a local power over drive frequency and temperature: where a machine is precise.

    python scripts/tur_map.py [--points 100] [--out tur_map.png]    (51 s on two busy cores)

One compiled program solves all machines of the map. Change `product` to your own machine and quantity.
"""

import tyro

import qtopt

qtopt.configure()  # float64 and the compilation cache; before anything imports jax

import jax
import matplotlib.pyplot as plt
import numpy as np


def product(frequency: jax.Array, temperature: jax.Array) -> jax.Array:
    driven = qtopt.Bath("driven", temperature, qtopt.Drude(damping=0.01, cutoff=12.0), "driven")
    static = qtopt.Bath("static", temperature, qtopt.Ohmic(damping=100.0), coupling=[1.0, 1.0])
    machine = qtopt.Machine([1.0, 0.6], (driven, static), "joint")
    drive = qtopt.MonochromaticDrive(frequency, amplitudes=[1.0, 1.0], phases=[0.0, np.pi / 2])
    state, noise = qtopt.steady_state(machine, drive), qtopt.fluctuations(machine, drive)
    return noise.local_powers[0] * state.entropy_production_rate / state.local_powers[0] ** 2


def main(points: int = 100, out: str = "tur_map.png") -> None:
    x, y = np.geomspace(1e-2, 1e2, points), np.geomspace(1e-2, 1e1, points)
    grid = [part.ravel() for part in np.meshgrid(x, y)]
    found = jax.jit(lambda grid: jax.lax.map(lambda at: product(*at), grid, batch_size=64))(grid)
    found = np.asarray(found).reshape(points, points)
    plt.pcolormesh(x, y, found, norm="log", cmap="PuOr_r", clim=(2e-4, 2e4), shading="nearest")
    plt.colorbar(label=r"$Q=D\dot S/P_A^2$, classical bound 2", extend="both")
    plt.gca().set(xlabel=r"frequency $\Omega$", ylabel="temperature $T$", xscale="log", yscale="log")
    plt.savefig(out, dpi=200)
    print(f"Q < 2 on {np.mean(found < 2.0):.0%} of the map; smallest {found.min():.1e}")


tyro.cli(main, description=__doc__)
