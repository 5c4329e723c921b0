# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Reading a Pareto front and its certificate
#
# No engine has both the largest power and the largest efficiency. The front is the set of drives of which
# none beats another in both; the *certificate* says how much better any other drive could be. ($\hbar = k_B
# = m = 1$.)

# %% [markdown]
# On a machine without qtopt, such as Colab, the next cell installs it.

# %%
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("qtopt") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "qtopt"], check=True)

# %%
import os

import qtopt

qtopt.configure()

import matplotlib.pyplot as plt
import numpy as np

QUICK = os.environ.get("QTOPT_QUICK") == "1"  # smaller sizes, for tests

# %% [markdown]
# ## The search
#
# The oscillators of [the first notebook](first_machine.ipynb). Searched are the shapes $g_l(t)$ with
# $|g_l(t)| \le 1$ at all times and the frequency $\Omega$; many starts for every point of the front advance
# at once.

# %%
STRENGTH = 1e-5
hot = qtopt.Bath("hot", 1.0, qtopt.Lorentzian(STRENGTH, peak=1.25, width=0.01), "driven")
cold = qtopt.Bath("cold", 0.2, qtopt.Ohmic(damping=100.0), coupling=[1.0, 1.0])
machine = qtopt.Machine([1.0, 0.6], (hot, cold), "joint")
tradeoff = qtopt.PowerEfficiency.of(machine)
drives = qtopt.Peak(harmonics=2 if QUICK else 6, frequency_range=(0.2, 0.8))
settings = qtopt.FrontSettings(points=3 if QUICK else 10, starts=2 if QUICK else 8)
problem = qtopt.FrontProblem(machine, tradeoff, drives, settings=settings)
with qtopt.progress("front") as report:
    front = qtopt.trace(problem, progress=report)
for point in front.points:
    print(
        f"efficiency {point.efficiency:.4f}  power {-point.power / STRENGTH:8.4f} d  "
        f"bound {point.bound / STRENGTH:8.4f} d  gap {point.gap:6.1%}  "
        f"validity {point.weak_validity:.2f}"
    )

# %% [markdown]
# A front by itself shows all its numbers:

# %%
front

# %% [markdown]
# ## What the bound means
#
# In the weak theory power and entropy production are sums over the harmonics of the drive. Lagrange duality
# then bounds the power of *every* periodic drive at a given efficiency, however many harmonics it has: the
# dashed line. A point on the line would be optimal; `gap` is the distance in units of the power found. What
# lies between is unknown: either a better drive exists, or the bound is not tight (for peak-bounded drives at
# low drive frequencies it is not).

# %%
figure, axes = plt.subplots(figsize=(5.0, 3.4), layout="constrained")
bound = front.certificate
assert bound is not None  # there are engines
axes.semilogy(bound.target, bound.bound / STRENGTH, "k--", label="no drive exceeds")
axes.semilogy(
    [p.efficiency for p in front.points], [-p.power / STRENGTH for p in front.points], "o-", label="found"
)
axes.set(xlabel=r"efficiency $\eta$", ylabel="extracted power $-P/d$")
axes.legend()
plt.show()
assert all(point.gap >= -1e-9 for point in front.points)

# %% [markdown]
# ## An exact front
#
# With the set of drives `Rms`, $\sum_l \overline{g_l^2} \le L/2$, the certificate *is* the front, and the
# drives that reach it come with it, of one harmonic or two: nothing is searched.

# %%
drives = qtopt.Rms(harmonics=2, frequency_range=(0.2, 0.8))
settings = qtopt.FrontSettings(points=3 if QUICK else 8)
exact = qtopt.trace(qtopt.FrontProblem(machine, tradeoff, drives, settings=settings))
print("gaps:", ", ".join(f"{point.gap:.0e}" for point in exact.points))
assert max(abs(point.gap) for point in exact.points) < 1e-4

# %% [markdown]
# ## The drives
#
# At the largest power the drives switch as hard as the bound allows, in antiphase: they push the antiphase
# mode that the shared bath leaves alone. Towards the largest efficiency they become softer and faster.

# %%
figure, panels = plt.subplots(1, 2, figsize=(7.0, 2.8), sharey=True, layout="constrained")
phase = np.linspace(0.0, 1.0, 500)
for panel, point in zip(panels, (front.points[0], front.points[-1]), strict=True):
    panel.plot(phase, point.drive(2.0 * np.pi * phase / point.frequency), label=["$g_1$", "$g_2$"])
    panel.set(
        xlabel=r"$\Omega t/2\pi$", title=rf"$\eta$ = {point.efficiency:.3f}, $\Omega$ = {point.frequency:.3f}"
    )
panels[0].legend()
plt.show()

# %% [markdown]
# ## Before you publish
#
# Look at `validity` above: where it exceeds 0.1 the weak theory promises too much, and the strongest points
# of this front are such. [Exact against weak](exact_against_weak.ipynb) says what remains.
