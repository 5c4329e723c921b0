"""qtopt: optimal periodic drives for quantum thermal machines.

The public names stand in `__init__.pyi`. Every one is loaded on first use, so `import qtopt` costs nothing.
Units: hbar = k_B = m = 1.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
