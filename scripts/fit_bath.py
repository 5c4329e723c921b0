"""Fit sub- and super-Ohmic baths, or a table, by poles: prints the reports, draws the fits.

For a table alone, `qtopt fit` does more.

python scripts/fit_bath.py [TABLE.csv] [--tolerance 1e-4] [--out PICTURE.png]
"""

import argparse

from qtopt import configure

configure()

import matplotlib.pyplot as plt
import numpy as np

from qtopt import fit_spectral_density
from qtopt.model.fitting import read_columns

EXAMPLES = {
    "sub-Ohmic": lambda w: np.sqrt(w) * np.exp(-w),
    "super-Ohmic": lambda w: w**3 * np.exp(-w),
}

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("table", nargs="?")
parser.add_argument("--tolerance", type=float, default=1e-4)
parser.add_argument("--out")
options = parser.parse_args()
given = {options.table: read_columns(options.table)[:2]} if options.table else None
for name, (omega, density) in (given or {k: ((1e-3, 30.0), f) for k, f in EXAMPLES.items()}).items():
    bath, report = fit_spectral_density(omega, density, options.tolerance)
    print(f"{name}: {report}\n")
    wide = np.geomspace(report.window[0] / 10.0, report.window[1] * 10.0, 2000)
    plt.loglog(wide, np.real(bath.density(wide)), label=f"{name}, {len(report.poles)} poles")
    points = np.geomspace(*report.window, 60) if callable(density) else np.asarray(omega)
    plt.loglog(points, density(points) if callable(density) else density, "k.", markersize=3)
plt.xlabel(r"$\omega$")
plt.ylabel(r"$J(\omega)$")
plt.ylim(bottom=1e-12)
plt.legend()
if options.out:
    plt.savefig(options.out, dpi=150)
