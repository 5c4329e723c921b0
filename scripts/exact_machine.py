"""Any coupling strength: power of an engine over the strength of its driven bath, exact against weak theory.

python scripts/exact_machine.py [--points 25] [--out exact.png]    (26 s on two busy cores)
"""

import tyro

import qtopt

qtopt.configure()  # float64 and the compilation cache; before anything imports jax

import jax
import matplotlib.pyplot as plt
import numpy as np

from qtopt.solvers import Exact, steady_state

drive = qtopt.MonochromaticDrive(0.45, amplitudes=[1.0, 1.0], phases=[0.0, np.pi])


def machine(strength) -> qtopt.Machine:
    hot = qtopt.Bath("hot", 1.0, qtopt.Lorentzian(strength, peak=1.25, width=0.01), "driven")
    cold = qtopt.Bath("cold", 0.2, qtopt.Ohmic(damping=100.0), coupling=[1.0, 1.0])
    return qtopt.Machine([1.0, 0.6], (hot, cold), "joint")


def main(points: int = 25, out: str = "exact.png") -> None:
    d = np.geomspace(1e-6, 1e-1, points)
    solver = Exact().settled(machine(d[-1]), drive)  # of the compiled program: same for all strengths
    exact = jax.jit(lambda d: jax.lax.map(lambda x: steady_state(machine(x), drive, solver).power, d))(d)
    weak = jax.jit(lambda d: jax.lax.map(lambda x: qtopt.steady_state(machine(x), drive).power, d))(d)
    print(f"largest exact power {-np.nanmin(exact):.3e} at d = {d[np.nanargmin(exact)]:.1e}")
    plt.loglog(d, -np.asarray(exact), "o-", label="exact")
    plt.loglog(d, -np.asarray(weak), "--", label="weak coupling")
    plt.gca().set(xlabel="strength $d$ of the driven bath", ylabel="extracted power $-P$", ylim=(1e-7, 1e-3))
    plt.legend()
    plt.savefig(out, dpi=200)


tyro.cli(main, description=__doc__)
