"""Figures of the results: fronts, the drives along them, trajectories, scans."""

from ._drives import drives_figure as drives_figure
from ._fit import fit_figure as fit_figure
from ._front import front_figure as front_figure
from ._scan import scan_figure as scan_figure
from ._search import search_figure as search_figure
from ._trajectory import trajectory_figure as trajectory_figure
from .style import save as save
