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
# # Exact against weak
#
# The weak theory is second order in the driven bath: powers are proportional to its strength $d$. The exact
# theory holds at any strength. Where do they part, and can one know beforehand? ($\hbar = k_B = m = 1$.)

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
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

from qtopt.solvers import Exact, steady_state

QUICK = os.environ.get("QTOPT_QUICK") == "1"  # smaller sizes, for tests


def machine(strength, damping=100.0):
    hot = qtopt.Bath("hot", 1.0, qtopt.Lorentzian(strength, peak=1.25, width=0.01), "driven")
    cold = qtopt.Bath("cold", 0.2, qtopt.Ohmic(damping), coupling=[1.0, 1.0])
    return qtopt.Machine([1.0, 0.6], (hot, cold), "joint")


drive = qtopt.MonochromaticDrive(0.45, [1.0, 1.0], [0.0, np.pi])

# %% [markdown]
# ## The same engine, stronger and stronger
#
# The exact solver must be settled, which fixes the compiled program; one serves all strengths.

# %%
strengths = np.geomspace(1e-6, 1e-1, 5 if QUICK else 21)
solver = Exact().settled(machine(strengths[-1]), drive)
exact = jax.jit(lambda d: jax.lax.map(lambda x: steady_state(machine(x), drive, solver), d))(strengths)
weak = jax.jit(jax.vmap(lambda d: qtopt.steady_state(machine(d), drive).power))(strengths)
validity = np.array([qtopt.weak_validity(machine(d), drive) for d in strengths])
assert (np.asarray(exact.status) == 0).all()  # 0: resolved and stable

figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 3.2), layout="constrained")
left.loglog(strengths, -np.asarray(weak), "--", label="weak")
left.loglog(strengths, np.where(exact.power < 0.0, -exact.power, np.nan), "o-", label="exact")
left.set(xlabel="strength $d$", ylabel="extracted power $-P$", ylim=(1e-7, 1e-3))
left.legend()
right.loglog(validity, abs(1.0 - np.asarray(exact.power) / np.asarray(weak)), "o-")
right.loglog(validity, validity / (1.0 + validity), "k--", lw=0.8, label="$v/(1+v)$")
right.axvline(0.1, color="0.6", lw=0.8)
right.set(xlabel="weak validity $v$", ylabel="|1 - exact/weak|")
right.legend()
plt.show()

# %% [markdown]
# The power saturates and is lost: the driven bath widens the narrow antiphase resonance that does the work.
# `weak_validity` $v$ compares exactly these linewidths; below 0.1 (grey line) the two theories agree to ten
# per cent.

# %%
small = validity < 0.1
error = abs(1.0 - np.asarray(exact.power) / np.asarray(weak))[small]
print(f"largest difference where v < 0.1: {error.max():.1%}")
assert small.any() and error.max() < 0.12

# %% [markdown]
# ## What the exact solver knows more
#
# Any number of driven baths, parametric instability, and the state at every moment of the period. Here both
# baths are modulated, which no weak theory covers.

# %%
hot, cold = machine(1e-4).baths
both = qtopt.Machine([1.0, 0.6], (hot, qtopt.Bath("cold", 0.2, qtopt.Drude(0.5, 10.0), "driven")), "joint")
switched = qtopt.BoundedDrive(0.45, jnp.array([0.8, 0.8]), jnp.array([[0.4], [-0.4]]), jnp.zeros((2, 1)))
state = jax.jit(steady_state, static_argnums=2)(both, switched, Exact().settled(both, switched))
print(f"power {state.power:.3e}, spectral radius {state.spectral_radius:.4f} (stable below 1)")
print(f"first law: {abs(state.power + state.heat_currents.sum()) / abs(state.power):.0e} of the power")
figure, axes = plt.subplots(figsize=(5.0, 2.8), layout="constrained")
axes.plot(np.asarray(state.times) * 0.45 / (2.0 * np.pi), state.pearson_in_time)
axes.set(xlabel=r"$\Omega t/2\pi$", ylabel="synchronisation $C(t)$")
plt.show()
