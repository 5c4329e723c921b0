"""Pareto fronts: trade-off x drive set x rates, one search and one certificate.

The names of this room stand in `__init__.pyi`. Every one is loaded on first use: a configuration names drive
sets and trade-offs, and reading it needs no search.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
