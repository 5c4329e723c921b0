"""One weak-coupling evaluation, and its gradient: qtopt against the scripts a user would write instead.

Every job is timed side by side in one run, as the median of several rounds, and its error is measured
against qtopt at full precision (80 coth poles), which the test suite compares with refined quadrature.

    python -m benchmarks.weak_evaluation [--quick]
"""

from typing import Any

import numpy as np

from qtopt import configure

configure()

import equinox as eqx
import jax
import jax.numpy as jnp

from benchmarks._machines import FAST, FREQUENCY, batch, currents, example as machine
from benchmarks._measure import median_seconds, print_table, run
from benchmarks.opponents import numpy_panels, quadax_gk, scipy_quad
from qtopt import FourierDrive, Machine, MonochromaticDrive, steady_state

OPPONENT = {
    "frequencies": (1.0, 0.6),
    "driven": {"kind": "lorentzian", "strength": 1e-5, "peak": 1.25, "width": 0.01},
    "driven_temperature": 1.0,
    "static_damping": 100.0,
    "static_temperature": 0.2,
    "coupling": "joint",
}


@eqx.filter_jit
def evaluate_batch(machines: Machine, drives: MonochromaticDrive) -> jax.Array:
    """(B, 5) currents of B machines, chunk by chunk so that a chunk stays in the cache."""
    return jax.lax.map(lambda pair: currents(FAST.steady_state(*pair)), (machines, drives), batch_size=CHUNK)


CHUNK = 256


@jax.jit
def evaluate_one(m: Machine, drive: MonochromaticDrive) -> jax.Array:
    """(5,) currents of one machine."""
    return currents(FAST.steady_state(m, drive))


@eqx.filter_jit
def gradient_batch(m: Machine, drives: FourierDrive) -> tuple[jax.Array, FourierDrive]:
    """Power and its gradient with respect to every number of B Fourier drives."""
    power = jax.value_and_grad(lambda d: FAST.steady_state(m, d).power)
    return jax.lax.map(power, drives, batch_size=32)


def evaluation_rows(rounds: int, count: int) -> list[dict[str, Any]]:
    """One evaluation at one harmonic."""
    drive = MonochromaticDrive(FREQUENCY, [1.0, 1.0], [0.0, np.pi])
    one, many = (machine(), drive), batch(count)
    moved = jax.device_put(one)
    amplitudes = np.array([[0.0, 0.0], [0.5, -0.5]], dtype=complex)
    repeats = 8
    kronrod, harmonic = quadax_gk.evaluator(OPPONENT, FREQUENCY), jnp.asarray(amplitudes[1])
    jobs = {
        "SciPy quad with break points": lambda: scipy_quad.evaluate(OPPONENT, FREQUENCY, amplitudes),
        "SciPy quad_vec with break points": lambda: scipy_quad.evaluate_vector(
            OPPONENT, FREQUENCY, amplitudes
        ),
        "quadax quadgk with break points": lambda: kronrod(harmonic),
        "NumPy Gauss-Legendre panels": lambda: [
            numpy_panels.evaluate(OPPONENT, FREQUENCY, amplitudes) for _ in range(repeats)
        ],
        "qtopt, one warm call": lambda: [evaluate_one(*one) for _ in range(repeats)],
        "qtopt, one warm call of jax's numbers": lambda: [evaluate_one(*moved) for _ in range(repeats)],
        f"qtopt, batch of {count}": lambda: evaluate_batch(*many),
    }
    seconds = median_seconds(jobs, rounds)
    for name in list(jobs)[3:6]:
        seconds[name] /= repeats
    seconds[f"qtopt, batch of {count}"] /= count
    exact = np.asarray(currents(eqx.filter_jit(steady_state)(*one)))

    def flat(result: dict[str, Any]) -> np.ndarray:
        return np.concatenate([[result["power"]], result["local_powers"], result["heat_currents"]])

    values = [
        flat(scipy_quad.evaluate(OPPONENT, FREQUENCY, amplitudes)),
        flat(scipy_quad.evaluate_vector(OPPONENT, FREQUENCY, amplitudes)),
        np.asarray(kronrod(harmonic)),
        flat(numpy_panels.evaluate(OPPONENT, FREQUENCY, amplitudes)),
        *[np.asarray(evaluate_one(*one))] * 3,
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


def measure(quick: bool) -> dict[str, Any]:
    rounds, count, drives = (3, 1024, 64) if quick else (9, 8192, 512)
    rows = evaluation_rows(rounds, count) + gradient_rows(rounds, drives)
    for row in rows:
        row["slower_than_qtopt"] = row["seconds"] / min(r["seconds"] for r in rows if r["job"] == row["job"])
    print_table(rows)
    return {"rows": rows}


if __name__ == "__main__":
    run("weak_evaluation", __doc__, measure)
