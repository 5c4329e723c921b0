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
# # Exploring results in one page
#
# `qtopt pareto` writes `explorer.html` beside its tables: one page without server or network, which opens
# from a mail attachment, too. A click on a point shows its drive, its energy flows, its precision and its
# configuration. This notebook makes such a page and checks that it shows what the table says.

# %% [markdown]
# On a machine without qtopt, such as Colab, the next cell installs it.

# %%
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("qtopt") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "qtopt"], check=True)

# %%
import csv
import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

QUICK = os.environ.get("QTOPT_QUICK") == "1"  # smaller sizes, for tests
folder = Path(tempfile.mkdtemp())


def qtopt(*arguments):
    command = [sys.executable, "-m", "qtopt", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


# %% [markdown]
# ## A front
#
# The example that comes with qtopt, with bounded mean squares and few points, so that it takes seconds.

# %%
text = (
    qtopt("example", "collective_engine").replace('"peak"', '"rms"').replace("harmonics = 8", "harmonics = 1")
)
text = text.replace("points = 30", "points = 3" if QUICK else "points = 8").replace(', "independent"]', "]")
(folder / "machine.toml").write_text(text)
print(qtopt("pareto", "machine.toml", "--out", "front"))
figure, axes = plt.subplots(figsize=(8.0, 4.2), layout="constrained")
axes.imshow(plt.imread(folder / "front" / "front.png"))
axes.axis("off")
plt.show()

# %% [markdown]
# ## The page
#
# Open it with a double click, or here with `IPython.display.IFrame`. `qtopt explore DIR` makes it anew for
# any finished front, scan or simulation, `qtopt explore DIR --solver exact` adds the same drives in the exact
# theory, and `qtopt pareto FILE --out DIR --watch` shows it while the search runs.

# %%
page = folder / "front" / "explorer.html"
print(f"{page.name}: {page.stat().st_size / 1e6:.1f} MB")
assert page.stat().st_size < 5e6

# %% [markdown]
# The numbers of the page are those of `front.csv`:

# %%
with open(folder / "front" / "front.csv") as file:
    points = list(csv.DictReader(file))
shown = page.read_text(encoding="utf-8")
for point in points:
    print(f"efficiency {float(point['efficiency']):.4f}, output {float(point['output']):.3e}")
assert all(point["efficiency"] in shown for point in points)
