"""One script for each published result: `python -m benchmarks.figures [NAME...] [--quick] --out DIR`."""

NAMES = (
    "synchronisation",
    "precision_maps",
    "precision_synchronisation",
    "work_conversion",
    "power_map",
    "maximum_power",
    "periodic_tur",
)
