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
# # Your own drive family and your own bath
#
# A drive family is one class, a bath with any spectral density one call. Both then work everywhere: in the
# weak and the exact solver, under gradients and in batches. ($\hbar = k_B = m = 1$.)

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

import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import optax
from jaxtyping import Array, Float

from qtopt.schema import parameter

QUICK = os.environ.get("QTOPT_QUICK") == "1"  # smaller sizes, for tests

# %% [markdown]
# ## A drive: Gaussian pulses
#
# Each oscillator is coupled for a short while once in a period. A drive says how many oscillators it has,
# what $g_l(t)$ is, its Fourier coefficients $g_{l,n}$ ($g_l(t) = \sum_n g_{l,n} e^{-in\Omega t}$) and its
# mean square. For a train of pulses of width $w$ centred at $t_l$ (in periods) all of them are closed
# formulas: $g_{l,n} = \sqrt{2\pi}\, w\, e^{-(2\pi n w)^2/2} e^{2\pi i n t_l}$. `parameter` declares its
# numbers with their units, so that it can be written in other units and files; every drive has a frequency.


# %%
class PulseDrive(qtopt.AbstractDrive):
    centre: Float[Array, " L"] = parameter(help="middle of each pulse, in periods")
    width: Float[Array, ""] = parameter(help="width of the pulses, in periods", positive=True)

    @property
    def size(self):
        return self.centre.shape[-1]

    @property
    def default_harmonics(self):
        return 24

    def harmonics(self, count):
        n = jnp.arange(count + 1)[:, None]
        size = jnp.sqrt(2.0 * jnp.pi) * self.width * jnp.exp(-((2.0 * jnp.pi * n * self.width) ** 2) / 2.0)
        return size * jnp.exp(2j * jnp.pi * n * self.centre)

    def __call__(self, time):
        phase = jnp.asarray(time)[..., None] * self.frequency / (2.0 * jnp.pi) - self.centre
        distance = phase[..., None] - jnp.round(phase)[..., None] + jnp.arange(-2, 3)
        return jnp.sum(jnp.exp(-((distance / self.width) ** 2) / 2.0), axis=-1)

    def mean_square(self):
        found = self.harmonics(4 * self.default_harmonics)
        return jnp.abs(found[0]) ** 2 + 2.0 * jnp.sum(jnp.abs(found[1:]) ** 2, axis=0)


drive = PulseDrive(jnp.asarray(0.45), jnp.asarray([0.0, 0.5]), jnp.asarray(0.1))

# %% [markdown]
# Check a new family once: its coefficients must be those of its values.

# %%
times = np.arange(256) / 256 * 2.0 * np.pi / 0.45
by_transform = np.fft.ifft(np.asarray(drive(times)), axis=0)[:9]
print("largest difference:", abs(by_transform - np.asarray(drive.harmonics(8))).max())
assert abs(by_transform - np.asarray(drive.harmonics(8))).max() < 1e-10

# %% [markdown]
# ## A bath: any spectral density
#
# `fit_spectral_density` takes a function or a table and returns a bath made of poles, with a report that
# says how good it is. Here: a sub-Ohmic bath, $J(\omega) \propto \sqrt\omega\, e^{-\omega/2}$.

# %%
density, report = qtopt.fit_spectral_density(
    (1e-3, 20.0), lambda w: 2e-5 * np.sqrt(w) * np.exp(-w / 2.0), tolerance=1e-3
)
print(report)
w = np.geomspace(1e-3, 20.0, 300)
figure, axes = plt.subplots(figsize=(5.0, 3.0), layout="constrained")
axes.loglog(w, np.real(density.density(w)), label="fit")
axes.loglog(w, 2e-5 * np.sqrt(w) * np.exp(-w / 2.0), "k--", lw=0.8, label="wanted")
axes.set(xlabel=r"$\omega$", ylabel=r"$J(\omega)$")
axes.legend()
plt.show()

# %% [markdown]
# ## Both in a machine
#
# Like any machine: hot bath with this density, driven by pulses; the cold bath is static.

# %%
hot = qtopt.Bath("hot", 2.0, density, "driven")
cold = qtopt.Bath("cold", 0.2, qtopt.Drude(damping=0.05, cutoff=5.0), coupling=[1.0, 1.0])
machine = qtopt.Machine([1.0, 0.6], (hot, cold), "joint")
state = qtopt.evaluate(machine, drive)
print(f"{state.mode}: power {state.power:.3e}, weak validity {state.weak_validity:.3f}")

# %% [markdown]
# ## Gradients reach into your family
#
# The drive pays. Which pulses cost least, for their mean square? The gradient with respect to centres,
# width and frequency is one call away; Adam finds slow and wide pulses in turn, as it must: quasistatic
# driving is free.


# %%
def loss(drive):
    return 1e5 * qtopt.steady_state(machine, drive).power / jnp.sum(drive.mean_square())


@eqx.filter_jit
def step(drive, memory):
    value, slope = jax.value_and_grad(loss)(drive)
    moves, memory = adam.update(slope, memory)
    return jax.tree.map(jnp.add, drive, moves), memory, value


adam = optax.adam(0.01)
memory, history, best = adam.init(eqx.filter(drive, eqx.is_array)), [], drive
for _ in range(15 if QUICK else 150):
    best, memory, value = step(best, memory)
    history.append(float(value))
print(f"power over mean square: {history[0]:.3f} -> {history[-1]:.3f}")
print(f"Omega {best.frequency:.3f}, delay {best.centre[1] - best.centre[0]:.3f}, width {best.width:.3f}")
assert history[-1] < history[0]

phase = np.linspace(0.0, 1.0, 400)
figure, axes = plt.subplots(figsize=(5.0, 3.0), layout="constrained")
for shown, style in ((drive, ":"), (best, "-")):
    values = shown(2.0 * np.pi * phase / shown.frequency)
    for l in range(2):
        axes.plot(phase, values[:, l], style, color=f"C{l}", label=f"$g_{l + 1}$" if style == "-" else None)
axes.set(xlabel=r"$\Omega t/2\pi$", ylabel="drive (dotted: first)")
axes.legend()
plt.show()
