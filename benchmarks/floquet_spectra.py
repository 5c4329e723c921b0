"""The exact spectra: 33 harmonics at 4,096 frequencies, against the dense equations in NumPy.

    python -m benchmarks.floquet_spectra [--quick]

Two oscillators, a cosine drive, a Drude and an Ohmic bath. The value is the power, a sum over the frequencies
(they are nodes of a quadrature); the gradient is that to all parameters of machine and drive.
"""

from typing import Any

import qtopt
from qtopt.runtime import cores

qtopt.configure(cores())

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from benchmarks._measure import median_seconds, print_table, run
from qtopt.jobs._devices import over_devices
from qtopt.solvers.exact import spectra
from tests.references.exact_floquet import FloquetMachine

HARMONICS, CHUNK, FREQUENCY = 16, 512, 0.45
BATHS = [
    {"kind": "drude", "damping": 0.3, "cutoff": 3.0, "temperature": 1.0, "coupling": "driven"},
    {"kind": "ohmic", "damping": 0.5, "temperature": 0.2, "coupling": [1.0, 1.0]},
]
Pair = tuple[qtopt.Machine, qtopt.MonochromaticDrive]


def pair() -> Pair:
    """Machine and drive."""
    hot = qtopt.Bath("hot", 1.0, qtopt.Drude(0.3, 3.0), "driven")
    cold = qtopt.Bath("cold", 0.2, qtopt.Ohmic(0.5), [1.0, 1.0])
    drive = qtopt.MonochromaticDrive(FREQUENCY, [1.0, 1.0], [0.0, np.pi / 2.0])
    return qtopt.Machine([1.0, 0.6], (hot, cold)), drive


def rule(points: int) -> tuple[jax.Array, jax.Array]:
    """Frequencies and weights of int dw/2pi: w = 2 t/(1 - t^2), Gauss-Legendre in t."""
    t, weight = np.polynomial.legendre.leggauss(points)
    return jnp.asarray(2.0 * t / (1.0 - t**2)), jnp.asarray(weight * (1.0 + t**2) / (1.0 - t**2) ** 2 / np.pi)


def power(both: Pair, nodes: tuple[jax.Array, jax.Array]) -> jax.Array:
    """The part of the power that these frequencies carry."""
    omega, weight = nodes
    return jnp.sum(spectra(*both, omega, HARMONICS).power @ weight)


def in_chunks(function: Any, both: Pair, omega: jax.Array, weight: jax.Array) -> Any:
    """Sum of a function of (machine and drive, nodes) over chunks that stay in the cache, on every device."""
    chunk = min(CHUNK, omega.shape[0] // jax.local_device_count())
    nodes = omega.reshape(-1, chunk), weight.reshape(-1, chunk)

    def of_device(whole: Pair, mine: Any) -> Any:
        return jax.lax.map(lambda part: function(whole, part), mine)

    return jax.tree.map(lambda part: jnp.sum(part, axis=0), over_devices(of_device, both, nodes))


@eqx.filter_jit
def value(both: Pair, omega: jax.Array, weight: jax.Array) -> jax.Array:
    """The power."""
    return in_chunks(power, both, omega, weight)


@eqx.filter_jit
def value_and_gradient(both: Pair, omega: jax.Array, weight: jax.Array) -> tuple[jax.Array, Pair]:
    """The power and its gradient."""
    return in_chunks(jax.value_and_grad(power), both, omega, weight)


@eqx.filter_jit
def everything(both: Pair, omega: jax.Array) -> Any:
    """Every density at every frequency."""
    return spectra(*both, omega, HARMONICS)


def measure(quick: bool) -> dict[str, Any]:
    points = 512 if quick else 4096
    omega, weight = rule(points)
    both, nodes = pair(), np.asarray(omega)
    amplitudes = dict(enumerate(np.asarray(both[1].harmonics(1))))
    dense = FloquetMachine([1.0, 0.6], BATHS[0], BATHS[1:], FREQUENCY, amplitudes, HARMONICS, "transmission")

    def responses() -> None:
        """In chunks: all matrices at once would take 0.3 GB."""
        for part in np.split(nodes, points // 256):
            dense.responses(part, part[:, None] + dense.shifts)

    jobs = {
        "qtopt, power": lambda: value(both, omega, weight),
        "qtopt, power and gradient": lambda: value_and_gradient(both, omega, weight),
        "qtopt, all densities": lambda: everything(both, omega),
    }
    seconds = median_seconds({"dense NumPy, linear equations alone": responses}, 1 if quick else 3)
    seconds |= median_seconds(jobs, 5 if quick else 31)
    few = nodes[:: points // 256]
    expected = dense(few)[:2].sum(axis=0)
    found = np.asarray(everything(both, omega).power).sum(axis=0)[:: points // 256]
    result = {
        "frequencies": points,
        "harmonics": 2 * HARMONICS + 1,
        "parameters": sum(leaf.size for leaf in jax.tree.leaves(both)),
        "seconds": seconds,
        "largest_difference_of_densities": float(np.max(np.abs(found - expected)) / np.max(np.abs(expected))),
        "speed_up": seconds["dense NumPy, linear equations alone"] / seconds["qtopt, power"],
    }
    print_table([{"job": name, "ms": 1e3 * time} for name, time in seconds.items()])
    print_table([{"what": name, "value": result[name]} for name in result if name != "seconds"])
    return result


if __name__ == "__main__":
    run("floquet_spectra", __doc__, measure)
