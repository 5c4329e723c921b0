"""Figures of the results: power-efficiency fronts and the drives along them."""

from ._drives import drives_figure as drives_figure
from ._front import front_figure as front_figure
from ._style import save as save
