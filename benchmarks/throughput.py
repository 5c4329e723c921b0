"""Machines and gradients per second against the batch, and how near that comes to the device's limits.

    python -m benchmarks.throughput [--quick]

Runs unchanged on a CPU and on a GPU, on the first device. All batches are one call (`jax.vmap`). Operations
and bytes are those that XLA counts for the compiled program; the limits of the device are measured here, by a
product of two matrices in float64 and by the sum of two long arrays. A kind saturates at the smallest batch
with more than 90 % of its largest throughput. XLA counts every operand as moved; shares of the bandwidth
above 1 are operands that came from the cache.
"""

from typing import Any

import qtopt

qtopt.configure()

import equinox as eqx
import jax
import jax.numpy as jnp

from benchmarks._hot_programs import power_of
from benchmarks._measure import median_seconds, print_table, run

ROUNDS = 5
LARGEST = {"cpu": {"weak": 4096, "exact": 64}, "gpu": {"weak": 262144, "exact": 16384}}


def limits(quick: bool) -> dict[str, float]:
    """Operations and bytes per second of this device."""
    cpu = jax.devices()[0].platform == "cpu"
    size, length = (1024, 10**7) if quick else (2048, 4 * 10**7) if cpu else (8192, 5 * 10**8)
    square, vector = jnp.ones((size, size)), jnp.ones(length)
    product, total = jax.jit(jnp.matmul), jax.jit(lambda x: x + 1.0)
    seconds = median_seconds(
        {"product": lambda: product(square, square), "sum": lambda: total(vector)}, ROUNDS
    )
    return {
        "operations_per_second": 2.0 * size**3 / seconds["product"],
        "bytes_per_second": 16.0 * length / seconds["sum"],
    }


def jobs(kind: str) -> dict[str, Any]:
    """name -> function of a batch of (machine, drive), and one pair."""
    power, pair = power_of(kind)
    return {
        f"{kind}, power": (power, pair),
        f"{kind}, power and gradient": (jax.value_and_grad(power, argnums=(0, 1)), pair),
    }


def sweep(function: Any, pair: Any, largest: int, peak: dict[str, float]) -> list[dict[str, Any]]:
    rows, batch = [], 1
    while batch <= largest:
        spread = 1.0 + 1e-3 * jnp.linspace(-1.0, 1.0, batch)
        machines, drives = jax.tree.map(
            lambda leaf, spread=spread: spread.reshape(-1, *[1] * leaf.ndim) * leaf, pair
        )
        program = eqx.filter_jit(eqx.filter_vmap(function)).lower(machines, drives).compile()
        seconds = median_seconds({"": lambda p=program, m=machines, d=drives: p(m, d)}, ROUNDS)[""]
        cost = program.compiled.cost_analysis() or {}
        operations, moved = cost.get("flops", 0.0) / seconds, cost.get("bytes accessed", 0.0) / seconds
        rows.append(
            {
                "batch": batch,
                "per_second": batch / seconds,
                "share_of_arithmetic": operations / peak["operations_per_second"],
                "share_of_bandwidth": moved / peak["bytes_per_second"],
            }
        )
        batch *= 4
    return rows


def saturation(rows: list[dict[str, Any]]) -> int:
    """Smallest batch with 90 % of the largest throughput."""
    best = max(row["per_second"] for row in rows)
    return next(row["batch"] for row in rows if row["per_second"] > 0.9 * best)


def measure(quick: bool) -> dict[str, Any]:
    platform = jax.devices()[0].platform
    largest = LARGEST.get(platform, LARGEST["gpu"])
    peak = limits(quick)
    print(f"{peak['operations_per_second']:.3g} operations/s, {peak['bytes_per_second']:.3g} bytes/s\n")
    found: dict[str, Any] = {"limits": peak}
    for kind in ("weak", "exact"):
        for name, (function, pair) in jobs(kind).items():
            rows = sweep(function, pair, 16 if quick else largest[kind], peak)
            print(f"{name}: saturates at a batch of {saturation(rows)}")
            print_table(rows)
            found[name] = {"rows": rows, "saturates_at": saturation(rows)}
    return found


if __name__ == "__main__":
    run("throughput", __doc__, measure)
