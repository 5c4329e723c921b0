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
# # A first machine in ten minutes
#
# Two quantum harmonic oscillators are coupled to a hot bath, whose coupling is switched periodically, and
# to a cold bath. Does the drive extract work? Units throughout: $\hbar = k_B = m = 1$, frequencies and
# temperatures in units of the first oscillator.
#
# `qtopt.configure()` sets float64 and the compilation cache; it comes before anything imports jax.

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

import jax
import matplotlib.pyplot as plt
import numpy as np

QUICK = os.environ.get("QTOPT_QUICK") == "1"  # smaller sizes, for tests

# %% [markdown]
# ## The model
#
# The hot bath is structured: its spectral density is a peak at 1.25. The cold one is Ohmic and damps the
# oscillators so strongly ($\gamma_2 = 100$) that each of them alone would be overdamped.

# %%
hot = qtopt.Bath("hot", 1.0, qtopt.Lorentzian(strength=1e-5, peak=1.25, width=0.01), "driven")
cold = qtopt.Bath("cold", 0.2, qtopt.Ohmic(damping=100.0), coupling=[1.0, 1.0])
machine = qtopt.Machine([1.0, 0.6], (hot, cold), "joint")
drive = qtopt.MonochromaticDrive(frequency=0.45, amplitudes=[1.0, 1.0], phases=[0.0, np.pi])
machine

# %% [markdown]
# A drive shows its couplings over a period:

# %%
drive

# %% [markdown]
# ## Its thermodynamics
#
# Powers are supplied by the drive, so a *negative* power is extracted. Heat currents count from bath to
# system.

# %%
found = qtopt.evaluate(machine, drive)
print(f"{found.mode}: power {found.power:.3e}, efficiency {found.efficiency:.3f}", end=" ")
print(f"(Carnot {found.carnot_efficiency:.1f})")
print("heat from", dict(zip(["hot", "cold"], found.heat_currents, strict=True)))
print(f"first law: {sum(found.heat_currents) + found.power:.1e}")

# %% [markdown]
# It is an engine. `weak_validity` says whether the theory behind these numbers, second order in the driven
# bath, can be trusted: it is the ratio of the linewidth that this bath adds to a resonance over the
# linewidth that is there without it, and should stay below 0.1.

# %%
print(f"weak validity {found.weak_validity:.3f}, synchronisation C = {found.pearson:.3f}")

# %% [markdown]
# ## Together or alone
#
# With `"independent"` every oscillator has baths of its own. The next cell follows the power over the
# frequency of the drive for both. `jax.vmap` turns the solver for one machine into a solver for many.


# %%
def power(frequency, machine):
    drive = qtopt.MonochromaticDrive(frequency, [1.0, 1.0], [0.0, np.pi])
    return qtopt.steady_state(machine, drive).power


frequencies = np.linspace(0.2, 0.7, 41 if QUICK else 401)
powers = jax.jit(jax.vmap(power, in_axes=(0, None)))
figure, axes = plt.subplots(figsize=(5.0, 3.2), layout="constrained")
for name in ("joint", "independent"):
    values = np.asarray(powers(frequencies, machine.with_configuration(name)))
    axes.plot(frequencies, -values / 1e-5, label=name)
    print(f"{name}: at most {-values.min() / 1e-5:.2e} d")
axes.axhline(0.0, color="0.6", lw=0.6)
axes.set(xlabel=r"drive frequency $\Omega$", ylabel="extracted power $-P/d$")
axes.legend()
plt.show()

# %% [markdown]
# The shared bath binds both oscillators into one antiphase mode that hardly feels the damping; that mode
# does the work. Its frequency is $\sqrt{(\omega_A^2+\omega_B^2)/2} = 0.825$, and the peak lies at 1.25
# minus that.
#
# ## Gradients
#
# Every result is differentiable in every parameter of machine and drive.

# %%
slope = jax.jit(jax.grad(lambda machine, drive: qtopt.steady_state(machine, drive).power, argnums=(0, 1)))
by_machine, by_drive = slope(machine, drive)
print("by oscillator frequencies:", by_machine.frequencies)
print("by drive frequency:       ", by_drive.frequency)
print("by phases:                ", by_drive.phases)

step = 1e-6
difference = (power(0.45 + step, machine) - power(0.45 - step, machine)) / (2.0 * step)
print(f"finite difference for the drive frequency: {difference:.6e}")
assert abs(difference / by_drive.frequency - 1.0) < 1e-4
