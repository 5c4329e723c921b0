"""Fits of random spectral densities: none may fail, none may be non-passive, errors at most twice the noise.

    python -m benchmarks.spectral_fits [--quick] [--count 10000] [--first 0] [--out FILE] [--shapes]

Density number i is drawn from the generator with seed i: 1 to 40 terms (three of four Lorentzian peaks, the
rest Drude), on 20 to 2,000 rows (even in omega or in its logarithm), with relative noise of 0 to 5 %, in
units from 1e-6 to 1e6. Widths are at least two distances of rows: what falls between rows is no data. A fit
is counted as good where its root mean square deviation from the density without noise, over the rows and
relative to J or to 1 % of its maximum, is at most twice the noise, or twice the tolerance of 1e-3 where the
noise is smaller.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import qtopt

qtopt.configure()

from benchmarks._measure import RESULTS, print_table, provenance
from qtopt.model import Rational, fit_spectral_density

TOLERANCE = 1e-3
QUICK, WHOLE = 20, 10000


def density_number(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, int]:
    """omega, J with noise, J without, the noise, and the number of terms."""
    rng = np.random.default_rng(seed)
    count, rows = int(rng.integers(1, 41)), round(20 * 100 ** rng.uniform())
    noise = float(rng.choice([0.0, rng.uniform(0.0, 0.05)], p=[0.1, 0.9]))
    x = np.geomspace(0.01, 5.0, rows) if rng.uniform() < 0.5 else np.linspace(5.0 / rows, 5.0, rows)
    true = np.zeros(rows)
    for _ in range(count):
        place, height = float(x[rng.integers(rows)]), 10.0 ** rng.uniform(-1.5, 0.0)
        spacing = float(np.interp(place, x, np.gradient(x)))
        if rng.uniform() < 0.75:
            width = 2.0 * spacing * 10.0 ** rng.uniform(0.0, 1.5)
            square = (place**2 - x**2) ** 2 + (width * x) ** 2
            true += height * width**2 * place * x / square
        else:
            true += height * 2.0 * place * x / (place**2 + x**2)
    unit, size = 10.0 ** rng.uniform(-6.0, 6.0), 10.0 ** rng.uniform(-6.0, 6.0)
    scatter = 1.0 + noise * rng.standard_normal(rows)
    return unit * x, size * true * scatter, size * true, noise, count


def density_of(bath: Rational, omega: np.ndarray) -> np.ndarray:
    """J by (1.14) in NumPy: programs compiled for every number of rows would take longer than the fits."""
    logarithm = np.log(float(bath.scale)) + np.log(omega)
    for sign, decays, pairs in (
        (1.0, bath.zero_decays, bath.zero_pairs),
        (-1.0, bath.decays, bath.pairs),
    ):
        a, b = np.asarray(pairs).T[:, :, None]
        logarithm += sign * np.sum(np.log(omega**2 + np.asarray(decays)[:, None] ** 2), axis=0)
        logarithm += sign * np.sum(np.log((omega - a) ** 2 + b**2), axis=0)
        logarithm += sign * np.sum(np.log((omega + a) ** 2 + b**2), axis=0)
    return np.exp(logarithm)


def outcome(seed: int) -> dict[str, Any]:
    """What became of one density."""
    omega, values, true, noise, count = density_number(seed)
    begin = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            bath, report = fit_spectral_density(omega, values, TOLERANCE)
        except Exception as error:
            return {"seed": seed, "exception": repr(error)}
    seconds = time.process_time() - begin
    far = np.geomspace(1e-6, 1e6, 2001) * omega[-1]
    smallest = float(np.min(density_of(bath, far) / far))
    scale = np.maximum(true, 0.01 * true.max())
    deviation = (density_of(bath, omega) - true) / scale
    decaying = bool(np.all(np.imag(report.poles) < 0.0))
    return {
        "seed": seed,
        "terms": count,
        "rows": len(omega),
        "noise": noise,
        "poles": len(report.poles),
        "error": float(np.sqrt(np.mean(deviation**2))),
        "scatter": report.noise,
        "passive": decaying and smallest >= 0.0 and report.passivity >= 0.0,
        "seconds": seconds,
    }


SHAPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sub-Ohmic, w^(1/2) exp(-w)": lambda w: np.sqrt(w) * np.exp(-w),
    "Ohmic, w exp(-w)": lambda w: w * np.exp(-w),
    "super-Ohmic, w^3 exp(-w)": lambda w: w**3 * np.exp(-w),
    "Gaussian, w exp(-w^2/4)": lambda w: w * np.exp(-(w**2) / 4.0),
    "gap, (w^2-1)^(1/2) exp(-w/3) above 1": lambda w: np.sqrt(np.maximum(w**2 - 1.0, 0.0)) * np.exp(-w / 3.0),
    "step, w below 3": lambda w: np.where(w < 3.0, w, 0.0),
}


def shapes(rows: int = 50, tolerance: float = 1e-3) -> list[dict[str, Any]]:
    """Errors of fits of shapes that no sum of poles has, tabulated evenly in log omega, 0.01 <= omega <= 30.

    Errors are the largest ones relative to J or to 1 % of its maximum: at the rows, and between them at 5,001
    points.
    """
    found = []
    omega, fine = np.geomspace(0.01, 30.0, rows), np.geomspace(0.01, 30.0, 5001)
    for name, shape in SHAPES.items():
        for noise in (0.0, 0.01):
            scatter = 1.0 + noise * np.random.default_rng(0).standard_normal(rows)
            bath, report = fit_spectral_density(omega, shape(omega) * scatter, tolerance)
            errors = {}
            for where, x in (("at the rows", omega), ("between", fine)):
                true = shape(x)
                errors[where] = np.abs(density_of(bath, x) - true) / np.maximum(true, 0.01 * true.max())
            found.append(
                {
                    "J": name,
                    "noise": noise,
                    "poles": len(report.poles),
                    "largest at the rows": float(np.max(errors["at the rows"])),
                    "largest between": float(np.max(errors["between"])),
                    "median between": float(np.median(errors["between"])),
                }
            )
    return found


def counts(results: list[dict[str, Any]]) -> dict[str, Any]:
    """How many of them were what."""
    done = [result for result in results if "exception" not in result]
    ratio = np.asarray([result["error"] / max(result["noise"], TOLERANCE) for result in done])
    seconds = np.asarray([result["seconds"] for result in done])
    resolved = np.asarray([result["rows"] >= 4 * result["terms"] for result in done])
    return {
        "densities": len(results),
        "exceptions": len(results) - len(done),
        "not passive": sum(not result["passive"] for result in done),
        "error above twice the noise": int(np.sum(ratio > 2.0)),
        "of them with at least four rows per term": int(np.sum((ratio > 2.0) & resolved)),
        "with at least four rows per term": int(np.sum(resolved)),
        "median of error / noise": float(np.median(ratio)),
        "99th percentile of error / noise": float(np.quantile(ratio, 0.99)),
        "median poles": float(np.median([result["poles"] for result in done])),
        "processor seconds, median": float(np.median(seconds)),
        "processor seconds, largest": float(np.max(seconds)),
    }


def main() -> None:
    """Results go to a file line by line, so that an interrupted run goes on where it stopped."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} densities, nothing stored")
    parser.add_argument("--count", type=int, default=WHOLE)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--out", type=Path, help="lines of JSON, one for each density, to be continued")
    parser.add_argument("--shapes", action="store_true", help="only the table of shapes on 50 rows")
    options = parser.parse_args()
    if options.shapes:
        print_table(shapes())
        return
    count = QUICK if options.quick else options.count
    known: dict[int, dict[str, Any]] = {}
    if options.out and options.out.exists():
        known = {item["seed"]: item for item in map(json.loads, options.out.read_text().splitlines())}
    for done, seed in enumerate(range(options.first, options.first + count), start=1):
        if seed not in known:
            known[seed] = outcome(seed)
            if options.out:
                with options.out.open("a") as file:
                    file.write(json.dumps(known[seed]) + "\n")
        if done % 100 == 0 or done == count:
            print(json.dumps(counts(list(known.values()))), flush=True)
    found = counts(list(known.values()))
    print_table([{"what": key, "number": value} for key, value in found.items()])
    if not options.quick:
        content = {"benchmark": "spectral_fits", **provenance(), "counts": found}
        (RESULTS / "spectral_fits_cpu.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
