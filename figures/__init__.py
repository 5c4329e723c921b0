"""One script for each figure: `python -m figures [NAME...] [--quick] --out DIR`."""

MAPS = (
    "synchronisation",
    "precision_maps",
    "precision_synchronisation",
    "work_conversion",
    "exact_precision_map",
    "power_map",
    "maximum_power",
    "periodic_tur",
    "converter_front",
    "otto_engine",
    "parametric_refrigerator",
    "stability_map",
    "transducer",
    "chain",
)
FRONTS = (
    "pareto_fronts",
    "optimal_drives",
    "exact_front",
    "refrigerator_front",
    "three_desiderata",
)
NAMES = (*MAPS, *FRONTS)
"""In the order in which they are drawn: neighbours share data or programs."""
