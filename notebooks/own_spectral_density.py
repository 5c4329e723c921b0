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
# # Your own measured spectral density
#
# A bath is known as a table: frequencies, $J(\omega)$, and noise. What does such a bath do in a machine, and
# how much of the answer is noise? ($\hbar = k_B = m = 1$.)

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
# ## The data
#
# Replace this cell by `omega, measured, error = np.loadtxt("yours.csv", delimiter=",", unpack=True)`. Here a
# structured environment is made up, two vibrations on a broad background, and measured with errors of two
# per cent.


# %%
def truth(omega):
    peaks = ((2e-5, 1.25, 0.05), (8e-6, 1.9, 0.15))
    structured = sum(d * g * omega / ((w**2 - omega**2) ** 2 + (g * omega) ** 2) for d, w, g in peaks)
    return structured + 4e-6 * omega / (1.0 + (omega / 3.0) ** 2)


rng = np.random.default_rng(1)
omega = np.linspace(0.02, 8.0, 250)
error = 0.02 * truth(omega)
measured = truth(omega) + error * rng.standard_normal(omega.size)

# %% [markdown]
# ## The fit
#
# The bath of a machine is made of poles. `fit_spectral_density` chooses how many: with noise in the data as
# many as the data ask for, not as many as follow the noise. What it returns is passive whatever the data are.

# %%
density, report = qtopt.fit_spectral_density(omega, measured, errors=error)
print(report)

# %%
figure, (above, below) = plt.subplots(
    2, 1, figsize=(6.0, 4.5), sharex=True, layout="constrained", height_ratios=[2, 1]
)
fine = np.geomspace(0.01, 16.0, 1000)
above.semilogy(omega, measured, ".", color="0.6", label="measured")
above.semilogy(fine, np.real(density.density(fine)), label=f"fit, {len(report.poles)} poles")
above.set(ylabel=r"$J(\omega)$", xlim=(0.0, 8.0), ylim=(1e-7, 1e-3))
above.legend()
residual = (np.real(density.density(omega)) - measured) / error
below.plot(omega, residual, ".")
below.axhspan(-1.0, 1.0, color="0.9")
below.set(xlabel=r"$\omega$", ylabel="(fit - data)/error")
plt.show()
print(f"root mean square of the residuals: {np.sqrt(np.mean(residual**2)):.2f} (1 would be noise alone)")
assert 0.8 < np.sqrt(np.mean(residual**2)) < 1.2

# %% [markdown]
# No structure is left in the residuals.
#
# ## In a machine
#
# The fit is a bath like any other. In a configuration file the same is one line,
# `spectral_density = { kind = "table", file = "yours.csv" }`, and `qtopt fit yours.csv --out bath` makes the
# picture and the report.


# %%
def machine(density):
    hot = qtopt.Bath("hot", 1.0, density, "driven")
    cold = qtopt.Bath("cold", 0.2, qtopt.Ohmic(damping=100.0), coupling=[1.0, 1.0])
    return qtopt.Machine([1.0, 0.6], (hot, cold), "joint")


def power(machine, frequency):
    drive = qtopt.MonochromaticDrive(frequency, [1.0, 1.0], [0.0, np.pi])
    return qtopt.steady_state(machine, drive).power


drive = qtopt.MonochromaticDrive(0.42, [1.0, 1.0], [0.0, np.pi])
found = qtopt.evaluate(machine(density), drive)
found

# %% [markdown]
# ## How much of it is noise?
#
# Measure again and again: the power of every fit, over the frequency of the drive, beside that of the true
# density. All fits are asked for as many poles as the first one, so that one compiled program serves them.

# %%
frequencies = np.linspace(0.2, 0.7, 26 if QUICK else 101)
powers = jax.jit(jax.vmap(power, in_axes=(None, 0)))
exact_bath, _ = qtopt.fit_spectral_density((0.02, 8.0), truth, tolerance=1e-9)
wanted = np.asarray(powers(machine(exact_bath), frequencies))
again = []
for _ in range(2 if QUICK else 8):
    data = truth(omega) + error * rng.standard_normal(omega.size)
    fitted, _ = qtopt.fit_spectral_density(omega, data, errors=error, poles=len(report.poles))
    again.append(np.asarray(powers(machine(fitted), frequencies)))
again = np.array(again)

figure, axes = plt.subplots(figsize=(6.0, 3.4), layout="constrained")
axes.plot(frequencies, -1e6 * again.T, color="C0", lw=0.7, alpha=0.6)
axes.plot(frequencies, -1e6 * wanted, "k--", label="true density")
axes.plot([], [], color="C0", label="fits of noisy tables")
axes.set(xlabel=r"drive frequency $\Omega$", ylabel=r"extracted power $-P \cdot 10^6$")
axes.legend()
plt.show()
best = wanted.argmin()
spread = abs(again[:, best] / wanted[best] - 1.0)
print(
    f"largest power {-wanted[best]:.3e} at {frequencies[best]:.3f}; fits differ by at most {spread.max():.1%}"
)
assert spread.max() < 0.1

# %% [markdown]
# Two per cent of noise on each of 250 rows become less in the power, since the fit averages over rows. More
# about tables, units and correlation functions: the page on spectral densities of the documentation.
