"""How much more precise than cosines a work converter can be at the same extracted power, and how much not.

    python -m benchmarks.converter_precision [--quick]

The machine of scripts/machines/work_converter.toml. Searches drives with |g_l(t)| <= 1 and their frequency,
with 1, 3 and 12 harmonics; then also both temperatures; and computes two lower bounds on Q = D S/P_1^2 of
every bounded drive that extracts as much.
"""

import json
import sys
import time
from typing import Any

import qtopt
from qtopt.runtime import cores

qtopt.configure(cores())

import jax
import numpy as np

from benchmarks._measure import HERE, run
from qtopt import files
from qtopt.fronts import (
    Front,
    FrontProblem,
    FrontSettings,
    Peak,
    PowerPrecision,
    PrecisionCertifier,
    Variation,
    machine_forms,
    trace,
)

FREQUENCY = (0.05, 1.0)
TEMPERATURES = (0.02, 0.2)
RELATIVE_POWERS = (0.8, 0.9, 1.0, 1.02, 1.1)
"""of the cosines' power; several, because neighbours help each other"""


def measure(quick: bool) -> dict[str, Any]:
    config = files.load(HERE.parent / "scripts" / "machines" / "work_converter.toml")
    machine, cosines = config.machine, files.require_drive(config)
    published = qtopt.evaluate(machine, cosines)
    local = published.local_tur or []
    power, product = -published.local_powers[0], local[0]
    assert product is not None
    result: dict[str, Any] = {"power": power, "cosines": product, "searched": {}, "seconds": {}}
    tradeoff = PowerPrecision(0, tuple(power * factor for factor in RELATIVE_POWERS))

    def best(front: Front) -> float:
        return min(p.uncertainty_product for p in front.points if p.output >= power)

    for harmonics in (1,) if quick else (1, 3, 12):
        start = time.perf_counter()
        drives, settings = Peak(harmonics, FREQUENCY), FrontSettings(starts=24)
        found = best(trace(FrontProblem(machine, tradeoff, drives, settings=settings)))
        result["searched"][f"{harmonics} harmonics"] = found
        result["seconds"][f"{harmonics} harmonics"] = time.perf_counter() - start
        print(f"{harmonics} harmonics: {found:.4e}", file=sys.stderr)
    forms = machine_forms(machine, tradeoff.output(machine.size), FREQUENCY, 64, noise=True)
    certifier = PrecisionCertifier(forms, "peak", FREQUENCY)
    start = time.perf_counter()
    bound = certifier.at(np.array([power]))
    result["mean_square_certificate"] = float(bound.mean_square_bound[0])
    result["peak_certificate"] = float(bound.bound[0])
    result["peak_certificate_frequency"] = float(bound.drive_frequency[0])
    result["seconds"]["peak certificate"] = time.perf_counter() - start
    start = time.perf_counter()
    drives, settings = Peak(2, FREQUENCY), FrontSettings(starts=8)
    front = trace(FrontProblem(machine, tradeoff, drives, settings=settings, variation=vary(config)))
    point = min((p for p in front.points if p.output >= power), key=lambda p: p.uncertainty_product)
    result["searched"]["2 harmonics and the temperature"] = point.uncertainty_product
    result["temperature"] = point.numbers[0]
    result["seconds"]["temperature"] = time.perf_counter() - start
    print(json.dumps(result, indent=1))
    return result


def vary(config: files.Config) -> Variation:
    """Both temperatures at once, by the number in front."""

    def build(numbers: jax.Array) -> qtopt.Machine:
        driven, static = config.machine.baths
        baths = (
            qtopt.Bath("driven", numbers[0], driven.spectral_density, "driven"),
            qtopt.Bath("static", numbers[0], static.spectral_density, static.coupling),
        )
        return qtopt.Machine(config.machine.frequencies, baths)

    return Variation(build, (float(config.machine.baths[0].temperature),), (TEMPERATURES,))


if __name__ == "__main__":
    run("converter_precision", __doc__, measure)
