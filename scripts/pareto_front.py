"""Power-efficiency front of an engine described in Python, with the bound that no drive can exceed.

    python scripts/pareto_front.py [--points 8] [--harmonics 3] [--out front.png]    (2 min on two busy cores)

Change `machine` to your own oscillators, baths and configuration.
"""

import tyro

import qtopt

qtopt.configure()  # float64 and the compilation cache; before anything imports jax

from qtopt.plots import front_figure
from qtopt.plots.style import save

STRENGTH = 1e-5


def machine(configuration) -> qtopt.Machine:
    hot = qtopt.Bath("hot", 1.0, qtopt.Lorentzian(STRENGTH, peak=1.25, width=0.01), "driven")
    cold = qtopt.Bath("cold", 0.2, qtopt.Ohmic(damping=100.0), coupling=[1.0, 1.0])
    return qtopt.Machine([1.0, 0.6], (hot, cold), configuration)


def main(points: int = 8, harmonics: int = 3, out: str = "front.png") -> None:
    drives = qtopt.Peak(harmonics, frequency_range=(0.05, 1.0))
    fronts = {}
    for name in ("joint", "independent"):
        own = machine(name)
        tradeoff, settings = qtopt.PowerEfficiency.of(own), qtopt.FrontSettings(points, starts=8)
        fronts[name] = qtopt.trace(qtopt.FrontProblem(own, tradeoff, drives, settings=settings))
        print(f"{name}\n{fronts[name]}")
    save(front_figure(fronts, STRENGTH), out)


tyro.cli(main, description=__doc__)
