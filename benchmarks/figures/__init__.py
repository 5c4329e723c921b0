"""One script for each figure: `python -m benchmarks.figures [NAME...] [--quick] --out DIR`."""

NAMES = (
    "synchronisation",
    "precision_maps",
    "precision_synchronisation",
    "work_conversion",
    "power_map",
    "maximum_power",
    "periodic_tur",
    "pareto_fronts",
    "optimal_drives",
    "three_desiderata",
    "exact_front",
    "exact_precision_map",
    "converter_front",
    "refrigerator_front",
)
