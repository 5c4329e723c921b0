"""Two oscillators joined by a driven spring, each beside a bath of its own: exact, and to second order."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import jax
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import quad

import qtopt
from qtopt import files
from qtopt.model import Machine, susceptibility
from qtopt.solvers import Exact, fluctuations, steady_state

from ._common import Arrays

POINTS, CHUNK = 33, 64
"""points of time in a period; machines in one call of the compiled program"""
Response = Callable[[ArrayLike], NDArray[np.float64]]


class Currents:
    """Exact currents of a pair over its two temperatures and its spring kappa cos(Omega t), in one program.

    Args:
        config: two oscillators between a first and a second bath, and the spring.
        noisy: with the variance rate of the work.
    """

    def __init__(self, config: files.Config, noisy: bool = False) -> None:
        self.config = config
        (self.spring,) = config.drives
        self._solver = Exact(POINTS).settled(config.machine, self.spring.with_frequency(0.1))
        self._noisy = noisy
        self._run = jax.jit(lambda points: jax.lax.map(self._one, points))

    def machine(self, first: Any, second: Any) -> Machine:
        """The machine at these temperatures."""
        given = self.config.machine
        pairs = zip(given.baths, (first, second), strict=True)
        baths = [qtopt.Bath(b.name, t, b.spectral_density, b.coupling) for b, t in pairs]
        return Machine(given.frequencies, baths, given.configuration)

    def _one(self, point: jax.Array) -> dict[str, jax.Array]:
        first, second, frequency, amplitude = point
        machine = self.machine(first, second)
        drive = qtopt.MonochromaticDrive(
            frequency, amplitude[None], [0.0], target="springs", pairs=self.spring.pairs
        )
        state = steady_state(machine, drive, self._solver)
        found = {
            "first": state.heat_currents[0],
            "second": state.heat_currents[1],
            "power": state.power,
            "entropy_production_rate": state.entropy_production_rate,
            "spectral_radius": state.spectral_radius,  # pyright: ignore[reportAttributeAccessIssue]
            "status": state.status,
        }
        if self._noisy:
            found["power_fluctuations"] = fluctuations(machine, drive, self._solver).power
        return found

    def __call__(
        self, first: ArrayLike, second: ArrayLike, frequency: ArrayLike, amplitude: ArrayLike
    ) -> Arrays:
        """Heat out of both baths, power and more at these numbers, which broadcast."""
        numbers = np.broadcast_arrays(first, second, frequency, amplitude)
        points = np.stack([np.ravel(part) for part in numbers], axis=-1)
        padded = np.pad(points, ((0, -len(points) % CHUNK), (0, 0)), mode="edge").reshape(-1, CHUNK, 4)
        parts = [jax.device_get(self._run(part)) for part in padded]
        shape = numbers[0].shape
        return {
            name: np.concatenate([part[name] for part in parts])[: len(points)].reshape(shape)
            for name in parts[0]
        }

    def coldest(self, second: ArrayLike, frequency: ArrayLike, amplitude: ArrayLike) -> NDArray[np.float64]:
        """Temperature at which the first bath gives no heat, by secants in its quanta; NaN: at none."""
        own = float(self.config.machine.frequencies[0])

        def heat(n: ArrayLike) -> NDArray[np.float64]:
            return self(own / np.log1p(1.0 / np.asarray(n)), second, frequency, amplitude)["first"]

        shape = np.broadcast_shapes(*map(np.shape, (second, frequency, amplitude)))
        before, now = np.full(shape, 1e-3), np.full(shape, 10.0)
        q_before, q_now = heat(before), heat(now)
        cools = q_now > np.maximum(q_before, 0.0)
        for _ in range(4):
            with np.errstate(invalid="ignore", divide="ignore"):
                following = now - q_now * (now - before) / (q_now - q_before)
            following = np.where(cools & np.isfinite(following), np.clip(following, 1e-9, 1e3), now)
            before, q_before, now = now, q_now, following
            q_now = heat(now)
        assert (abs(q_now[cools]) <= 1e-4 * abs(heat(2.0 * now)[cools])).all(), "secants must converge"
        return np.where(cools, own / np.log1p(1.0 / now), np.nan)


def quanta(frequency: ArrayLike, temperature: ArrayLike) -> NDArray[np.float64]:
    """Thermal quanta n(y) = 1/(e^y - 1); n(-y) = -1 - n(y)."""
    with np.errstate(over="ignore", divide="ignore"):
        return 1.0 / np.expm1(np.divide(frequency, temperature))


def responses(machine: Machine) -> tuple[Response, Response]:
    """Im chi of either oscillator beside its own bath, the spring taken away."""

    def of(l: int) -> Response:
        def imaginary(omega: ArrayLike) -> NDArray[np.float64]:
            flat: Any = np.atleast_1d(np.asarray(omega, complex))
            return np.imag(np.asarray(susceptibility(machine, flat))[l, l]).reshape(np.shape(omega))

        return imaginary

    return of(0), of(1)


def heat_from_first(machine: Machine, frequency: float, amplitude: float) -> float:
    """Heat out of the first bath to second order in the spring, theory (13.15)."""
    one, two = responses(machine)
    t_one, t_two = np.asarray(machine.temperatures)
    w_one, w_two = np.asarray(machine.frequencies)

    def integrand(w: float) -> float:
        weight = w * one(w) * two(w + frequency)
        return float(weight * (quanta(w, t_one) - quanta(w + frequency, t_two)))

    edges = {-w_one, w_one, w_two - frequency, -w_two - frequency, 0.0, -frequency}
    far = 40.0 * max(t_one, t_two)
    ends = [min(edges) - far, *sorted(edges), max(edges) + far]
    ends = [a for a, b in pairwise(ends) if b - a > 1e-9] + ends[-1:]
    whole = sum(quad(integrand, a, b, limit=400, epsabs=0.0, epsrel=1e-6)[0] for a, b in pairwise(ends))
    return amplitude**2 / (2.0 * np.pi) * whole


def sideband_limit(machine: Machine, frequency: ArrayLike) -> NDArray[np.float64]:
    """Coldest temperature of a first bath of weak damping, theory (13.16); NaN where nothing is cooled."""
    _, two = responses(machine)
    own, hot = float(machine.frequencies[0]), float(machine.temperatures[1])
    above, below = np.add(frequency, own), np.subtract(frequency, own)
    gain, loss = two(below), two(above)
    with np.errstate(invalid="ignore", divide="ignore"):
        least = (loss * quanta(above, hot) + gain * (1.0 + quanta(below, hot))) / (loss - gain)
        return np.where(least > 0.0, own / np.log1p(1.0 / least), np.nan)
