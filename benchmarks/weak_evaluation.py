"""One weak-coupling evaluation, and its gradient: qtopt against the scripts a user would write instead.

Every job is timed side by side in one run, as the median of several rounds, and its error is measured
against qtopt at full precision (80 coth poles), which the test suite compares with refined quadrature.

    python -m benchmarks.weak_evaluation [--quick] [--out FILE]
"""

import argparse
import json
import platform
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from qtopt import configure

configure()

import equinox as eqx
import jax
import jax.numpy as jnp

from benchmarks.opponents import numpy_panels, scipy_quad
from qtopt import (
    DrivenBath,
    FourierDrive,
    Lorentzian,
    Machine,
    MonochromaticDrive,
    Ohmic,
    StaticBath,
    steady_state,
)
from qtopt.thermal import coth_poles

FREQUENCY = 0.45
POLES = coth_poles(2e-10)
"""Fewer poles for the timed runs; the error column says what that costs."""
OPPONENT = {
    "frequencies": (1.0, 0.6),
    "driven": {"kind": "lorentzian", "strength": 1e-5, "peak": 1.25, "width": 0.01},
    "driven_temperature": 1.0,
    "static_damping": 100.0,
    "static_temperature": 0.2,
    "coupling": "joint",
}


def machine() -> Machine:
    """The example engine."""
    hot = DrivenBath("hot", 1.0, Lorentzian(1e-5, 1.25, 0.01))
    return Machine([1.0, 0.6], (hot, StaticBath("cold", 0.2, Ohmic(100.0), [1.0, 1.0])))


def currents(state: Any) -> jax.Array:
    """(5,) power, two local powers, two heat currents."""
    return jnp.concatenate([state.power[None], state.local_powers, state.heat_currents])


def batch(count: int) -> tuple[Machine, MonochromaticDrive]:
    """`count` slightly different machines and drives: every number of both is batched."""
    spread = 1.0 + 1e-3 * jnp.linspace(-1.0, 1.0, count)
    drive = MonochromaticDrive(FREQUENCY, [1.0, 1.0], [0.0, np.pi])
    return jax.tree.map(lambda leaf: spread.reshape(-1, *[1] * leaf.ndim) * leaf, (machine(), drive))


@eqx.filter_jit
def evaluate_batch(machines: Machine, drives: MonochromaticDrive) -> jax.Array:
    """(B, 5) currents of B machines, chunk by chunk so that a chunk stays in the cache."""
    return jax.lax.map(
        lambda pair: currents(steady_state(*pair, poles=POLES)), (machines, drives), batch_size=CHUNK
    )


CHUNK = 256


@eqx.filter_jit
def evaluate_one(m: Machine, drive: MonochromaticDrive) -> jax.Array:
    """(5,) currents of one machine."""
    return currents(steady_state(m, drive, poles=POLES))


@eqx.filter_jit
def gradient_batch(m: Machine, drives: FourierDrive) -> tuple[jax.Array, FourierDrive]:
    """Power and its gradient with respect to every number of B Fourier drives."""
    power = jax.value_and_grad(lambda d: steady_state(m, d, poles=POLES).power)
    return jax.lax.map(power, drives, batch_size=32)


def median_seconds(jobs: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Median time of each job; the jobs take turns, so that a drifting machine slows all of them."""
    for job in jobs.values():
        jax.block_until_ready(job())
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            begin = time.perf_counter()
            jax.block_until_ready(job())
            times[name].append(time.perf_counter() - begin)
    return {name: float(np.median(values)) for name, values in times.items()}


def evaluation_rows(rounds: int, count: int) -> list[dict[str, Any]]:
    """One evaluation at one harmonic."""
    drive = MonochromaticDrive(FREQUENCY, [1.0, 1.0], [0.0, np.pi])
    one, many = (machine(), drive), batch(count)
    amplitudes = np.array([[0.0, 0.0], [0.5, -0.5]], dtype=complex)
    repeats = 8
    jobs = {
        "SciPy quad with break points": lambda: scipy_quad.evaluate(OPPONENT, FREQUENCY, amplitudes),
        "NumPy Gauss-Legendre panels": lambda: [
            numpy_panels.evaluate(OPPONENT, FREQUENCY, amplitudes) for _ in range(repeats)
        ],
        "qtopt, one warm call": lambda: evaluate_one(*one),
        f"qtopt, batch of {count}": lambda: evaluate_batch(*many),
    }
    seconds = median_seconds(jobs, rounds)
    seconds["NumPy Gauss-Legendre panels"] /= repeats
    seconds[f"qtopt, batch of {count}"] /= count
    exact = np.asarray(currents(eqx.filter_jit(steady_state)(*one)))

    def flat(result: dict[str, Any]) -> np.ndarray:
        return np.concatenate([[result["power"]], result["local_powers"], result["heat_currents"]])

    values = [
        flat(scipy_quad.evaluate(OPPONENT, FREQUENCY, amplitudes)),
        flat(numpy_panels.evaluate(OPPONENT, FREQUENCY, amplitudes)),
        np.asarray(evaluate_one(*one)),
        np.asarray(evaluate_one(*one)),
    ]
    return [
        {
            "job": "evaluation",
            "by": name,
            "seconds": seconds[name],
            "error": float(np.abs(v / exact - 1).max()),
        }
        for name, v in zip(jobs, values, strict=True)
    ]


def gradient_rows(rounds: int, count: int) -> list[dict[str, Any]]:
    """Power and its gradient at eight harmonics of two oscillators (35 parameters)."""
    generator = np.random.default_rng(0)
    cosine, sine = generator.normal(size=(2, 2, 8)) / np.arange(1, 9)
    drive = FourierDrive(FREQUENCY, np.zeros(2), cosine, sine)
    drives = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (count, *leaf.shape)), drive)
    jobs = {
        "NumPy panels, central differences": lambda: numpy_panels.value_and_gradient_fd(
            OPPONENT, FREQUENCY, cosine.T, sine.T
        ),
        f"qtopt, batch of {count}": lambda: gradient_batch(machine(), drives),
    }
    seconds = median_seconds(jobs, rounds)
    seconds[f"qtopt, batch of {count}"] /= count
    value, _ = gradient_batch(machine(), drives)
    exact = float(eqx.filter_jit(steady_state)(machine(), drive).power)
    panels, _ = numpy_panels.value_and_gradient_fd(OPPONENT, FREQUENCY, cosine.T, sine.T)
    errors = [abs(np.ravel(panels)[0] / exact - 1.0), float(np.abs(value / exact - 1.0).max())]
    return [
        {
            "job": "value and gradient, 8 harmonics",
            "by": name,
            "seconds": seconds[name],
            "error": float(error),
        }
        for name, error in zip(jobs, errors, strict=True)
    ]


def provenance() -> dict[str, Any]:
    """Machine and versions."""
    revision = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
        ]
        processor = f"{names[0]} x {len(names)}" if names else processor
    return {
        "device": str(jax.devices()[0].device_kind),
        "processor": processor,
        "python": platform.python_version(),
        "jax": jax.__version__,
        "numpy": np.__version__,
        "revision": revision.stdout.strip(),
    }


def main() -> None:
    """Run, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller batches")
    parser.add_argument("--out", type=Path, help="write the results there as JSON")
    options = parser.parse_args()
    rounds, count, drives = (3, 1024, 64) if options.quick else (9, 8192, 512)
    rows = evaluation_rows(rounds, count) + gradient_rows(rounds, drives)
    print(f"{'job':32} {'by':36} {'time':>12} {'error':>9} {'slower than qtopt':>18}")
    for row in rows:
        fastest = min(r["seconds"] for r in rows if r["job"] == row["job"])
        row["ratio"] = row["seconds"] / fastest
        print(
            f"{row['job']:32} {row['by']:36} {row['seconds'] * 1e6:9.1f} us {row['error']:9.1e} "
            f"{row['ratio']:17.1f}x"
        )
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps({**provenance(), "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
