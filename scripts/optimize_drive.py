"""A drive that is best for your own `objective`: here E = -P - T_c S, much power at little dissipation.

python scripts/optimize_drive.py [--steps 300] [--out drive.png]    (46 s on two busy cores)
"""

import tyro

import qtopt

qtopt.configure()  # float64 and the compilation cache; before anything imports jax

import jax
import matplotlib.pyplot as plt
import numpy as np
import optax

hot = qtopt.Bath("hot", 1.0, qtopt.Lorentzian(strength=1e-5, peak=2.0, width=0.1), "driven")
cold = qtopt.Bath("cold", 0.2, qtopt.Ohmic(damping=0.1), coupling=[1.0, 1.0])
machine = qtopt.Machine([1.0, 0.6], (hot, cold), "joint")
first = qtopt.BoundedDrive(1.1, np.zeros(2), np.array([[1.0, 0.1, 0.1], [-1.0, 0.1, 0.1]]), np.zeros((2, 3)))


def objective(drive: qtopt.AbstractDrive) -> jax.Array:
    state = qtopt.steady_state(machine, drive)
    return -(state.power + cold.temperature * state.entropy_production_rate) / 1e-5


def main(steps: int = 300, out: str = "drive.png") -> None:
    drive, adam = jax.tree.map(jax.numpy.asarray, first), optax.adam(optax.linear_schedule(0.03, 0.0, steps))
    memory, slope = adam.init(drive), jax.jit(jax.grad(lambda drive: -objective(drive)))
    for _ in range(steps):
        moves, memory = adam.update(slope(drive), memory)
        drive = jax.tree.map(jax.numpy.add, drive, moves)
    print(f"E/d from {objective(first):.4f} to {objective(drive):.4f} at Omega = {drive.frequency:.4f}")
    plt.plot(np.arange(500) / 500, drive.samples(500), label=["$g_A$", "$g_B$"])
    plt.legend(title="one period")
    plt.savefig(out, dpi=200)


tyro.cli(main, description=__doc__)
