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
# # Driven quadratic machines
#
# Whatever moves in a quadratic Hamiltonian, couplings to baths, frequencies, springs, forces, the exact
# theory solves it at any strength. Three machines: an Otto engine with valves, a refrigerator of a driven
# spring, and an oscillator that is modulated until it amplifies. ($\hbar = k_B = m = 1$.)

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

# %% [markdown]
# ## A protocol: Otto's engine
#
# A drive has a `target`, and a `Protocol` is several drives with one frequency. Here two valves, between
# closed (0) and open (1), and the squared frequency $\omega^2(1 + g)$ with $g$ between $-1/2$ and $1/2$:
# high while the hot valve is open.

# %%
baths = [
    qtopt.Bath("hot", 1.0, qtopt.Drude(0.2, 3.0), "driven"),
    qtopt.Bath("cold", 0.3, qtopt.Drude(0.2, 3.0), "driven"),
]
engine = qtopt.Machine([1.0], baths, "joint")


def shape(target, low, high, mean, cosine, sine):
    return qtopt.BoundedDrive(0.15, [mean], [[cosine]], [[sine]], low=low, high=high, target=target)


cycle = qtopt.Protocol(
    [
        shape("baths.hot", 0.0, 1.0, 0.6, 2.4, 0.0),
        shape("baths.cold", 0.0, 1.0, 0.8, -2.5, -0.7),
        shape("frequencies", -0.5, 0.5, -0.4, 2.1, -1.7),
    ]
)
cycle

# %%
print(qtopt.evaluate(engine, cycle, Exact()))

# %% [markdown]
# Valves are not free. `work` has one entry for each shape, in the order of the protocol: what the valves
# take is a large part of what the frequency yields, the more the faster the cycle, until nothing is left.

# %%
pace = np.geomspace(0.03, 0.4, 4 if QUICK else 12)
states = [qtopt.steady_state(engine, cycle.with_frequency(w), Exact()) for w in pace]
work = np.array([state.work for state in states])
figure, axes = plt.subplots(figsize=(4.5, 3.2), layout="constrained")
axes.plot(pace, -work[:, 2], "o--", label="frequency alone")
axes.plot(pace, -work.sum(axis=1), "o-", label="with the valves")
axes.axhline(0.0, color="0.6", lw=0.8)
axes.set(xlabel=r"frequency of the cycle $\Omega$", ylabel="extracted power $-P$")
axes.legend()
plt.show()

# %% [markdown]
# ## A driven spring that cools
#
# A slow oscillator beside a cold bath, a fast one beside a hot bath, and nothing between them but a spring
# $\kappa\cos\Omega t$. At the difference of their frequencies it lifts quanta from slow to fast: heat
# leaves the cold bath.


# %%
def refrigerator(cold, hot):
    slow = qtopt.Bath("cold", cold, qtopt.Ohmic(0.002), [1.0, 0.0])
    fast = qtopt.Bath("hot", hot, qtopt.Ohmic(0.05), [0.0, 1.0])
    return qtopt.Machine([0.2, 1.0], [slow, fast], "joint")


def spring(frequency, kappa):
    return qtopt.MonochromaticDrive(frequency, [kappa], [0.0], target="springs", pairs=((1, 2),))


print(qtopt.evaluate(refrigerator(0.3, 0.5), spring(0.8, 0.02), Exact()))

# %% [markdown]
# How cold can it get? The heat from the cold bath vanishes where cold quanta are as few as hot ones,
# $T_c/T_h = \omega_c/\omega_h$, unless created pairs of quanta heat more: beside a hot bath of 0.1 the
# machine stops long before 0.02.

# %%
solver = Exact(33).settled(refrigerator(0.3, 0.5), spring(0.4, 0.02))
heat = jax.jit(
    lambda points: jax.lax.map(
        lambda p: steady_state(refrigerator(p[0], p[1]), spring(0.8, 0.02), solver).heat_currents[0], points
    )
)
temperatures = np.geomspace(0.01, 0.5, 20 if QUICK else 60)
figure, axes = plt.subplots(figsize=(4.5, 3.2), layout="constrained")
for hot in (0.5, 0.1):
    drawn = np.asarray(heat(np.stack([temperatures, np.full_like(temperatures, hot)], axis=1)))
    first = np.flatnonzero(drawn > 0.0)[0]
    axes.semilogx(temperatures, drawn, label=f"hot bath at {hot}")
    print(
        f"T_h = {hot}: cools from T_c = {temperatures[first]:.3f} on; without pairs from {0.2 * hot:.3f} on"
    )
axes.axhline(0.0, color="0.6", lw=0.8)
axes.set_yscale("symlog", linthresh=1e-6)
axes.set(xlabel="temperature of the cold bath $T_c$", ylabel="heat from the cold bath")
axes.legend()
plt.show()

# %% [markdown]
# ## A Mathieu tongue
#
# Modulated at twice its frequency, $\omega^2(1 + 2h\cos\Omega t)$, an oscillator amplifies if $h$ exceeds
# its damping, $h^2\omega^2 > \gamma^2 + (\Omega - 2\omega)^2$. Beyond, there is no steady state; the
# largest Floquet multiplier says so.


# %%
def oscillator(gamma):
    return qtopt.Machine([1.0], [qtopt.Bath("bath", 0.5, qtopt.Ohmic(gamma), [1.0])])


def modulation(frequency, h):
    return qtopt.MonochromaticDrive(frequency, jnp.reshape(2.0 * h, 1), [0.0], target="frequencies")


gamma, size = 0.05, 21 if QUICK else 61
frequencies, depths = np.linspace(1.7, 2.3, size), np.linspace(0.0, 0.2, size)
grid = np.stack(np.meshgrid(frequencies, depths), axis=-1).reshape(-1, 2)
settled = Exact(33).settled(oscillator(gamma), modulation(1.7, 0.2))
radius = jax.jit(
    lambda points: jax.lax.map(
        lambda p: steady_state(oscillator(gamma), modulation(p[0], p[1]), settled).spectral_radius, points
    )
)(grid)
growth = np.log(np.asarray(radius)).reshape(size, size) * frequencies / (2.0 * np.pi)

figure, axes = plt.subplots(figsize=(4.8, 3.2), layout="constrained")
mesh = axes.pcolormesh(frequencies, depths, growth, cmap="RdBu_r", vmin=-0.05, vmax=0.05, shading="nearest")
axes.contour(frequencies, depths, growth, levels=[0.0], colors="k")
axes.plot(frequencies, np.hypot(gamma, frequencies - 2.0), "--", color="tab:green", label="weak damping")
axes.set(xlabel=r"$\Omega/\omega$", ylabel="depth $h$", ylim=(0.0, 0.2))
axes.legend(loc="lower left")
figure.colorbar(mesh, label="largest Floquet exponent")
plt.show()

# %%
try:
    qtopt.steady_state(oscillator(gamma), modulation(2.0, 0.06), Exact()).check()
except qtopt.InputError as error:
    print(error)

# %% [markdown]
# More of these are in the gallery, `docs/figures.md`. Files to begin with: `qtopt example otto_engine`,
# `parametric_refrigerator`, `transducer` and `chain`.
