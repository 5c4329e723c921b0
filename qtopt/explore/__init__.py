"""One self-contained page to explore fronts, scans and simulations in a browser."""

from ._fronts import BEGUN as BEGUN
from ._gather import explorer_data as explorer_data, searching_data as searching_data
from ._page import FILE as FILE, LARGEST as LARGEST, page as page, write_explorer as write_explorer
from ._serve import Live as Live
