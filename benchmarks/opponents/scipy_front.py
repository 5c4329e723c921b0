"""A power-efficiency front as a script would trace it: SciPy L-BFGS-B, one scalarised target after the other.

Drives of two oscillators: N harmonics, scaled to sum_l mean(g_l^2) = 1 ("rms"), or g = tanh of a series of N
harmonics ("peak"), of which KEPT harmonics count. No mean: 4N + 1 parameters with the frequency. Every target
starts from the best drive of its neighbour in the first round, and from a random one in all later rounds.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from . import numpy_panels

PENALTY = 40.0
KEPT = 64
STEP = 1.5e-8
"""of the forward differences: the default of SciPy"""


class Targets(NamedTuple):
    """What qtopt aims at too: ``-x/x_i + (PENALTY/2) max(0, (s - kappa_i x)/(w_i x_i))^2``."""

    slope: np.ndarray
    power: np.ndarray
    width: np.ndarray


class Problem:
    """Rates of a drive by quadrature on panels, with their derivatives.

    Plain: forward differences, one evaluation for each parameter, as SciPy does without `jac`. Sharp: as an
    expert would. Rates are quadratic in the harmonics, so that only the frequency needs differences (of
    quadratures on the same panels); everything else follows by the chain rule.
    """

    def __init__(
        self, machine: dict, frequency: tuple[float, float], harmonics: int, bound: str, sharp: bool
    ) -> None:
        self.machine, self.found = machine, numpy_panels.resonances(machine)
        self.frequency, self.harmonics, self.bound, self.sharp = frequency, harmonics, bound, sharp
        self.count = harmonics if bound == "rms" else KEPT
        hot, cold = machine["driven_temperature"], machine["static_temperature"]
        # (P_A, P_B, J_1) -> (-P, S), with J_2 = -J_1 - P
        self.columns = np.array([[-1.0, 1.0 / cold], [-1.0, 1.0 / cold], [0.0, 1.0 / cold - 1.0 / hot]])
        angle = 2.0 * np.pi * np.arange(4 * self.count) / (4 * self.count)
        turns = np.outer(angle, np.arange(self.count + 1))
        waves = [function(turns[:, 1 : harmonics + 1]) for function in (np.cos, np.sin)]
        self.series = np.concatenate(waves, axis=1)
        self.analysis = np.exp(1j * turns.T) / len(angle)

    def random(self, generator: np.random.Generator) -> np.ndarray:
        """Amplitudes that fall as 1/n, and any frequency."""
        order = np.tile(np.arange(1, self.harmonics + 1), 2)[:, None]
        return np.append(
            (2.0 * generator.normal(size=(len(order), 2)) / order).ravel(), generator.uniform(-2, 2)
        )

    def drive(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """g_n, (n, 2), and their derivatives by the 4N numbers of the series, (n, 2, 4N)."""
        series = parameters[:-1].reshape(-1, 2)
        unit = np.eye(2)
        if self.bound == "peak":
            shape = np.tanh(self.series @ series)
            slope = np.einsum("nt,tl,tk->nlk", self.analysis, 1.0 - shape**2, self.series, optimize=True)
            return self.analysis @ shape, (slope[..., None] * unit[:, None, :]).reshape(*slope.shape[:2], -1)
        factor = np.sqrt(2.0 / np.sum(series**2))
        flat = factor * series.ravel()
        half = self.analysis @ self.series
        jacobian = (half[:, None, :, None] * unit[None, :, None, :]).reshape(self.count + 1, 2, -1)
        return jacobian @ flat, factor * (jacobian - (jacobian @ flat)[..., None] * flat / 2.0)

    def drive_frequency(self, parameters: np.ndarray) -> tuple[float, float]:
        """low (high/low)^sigmoid, and its derivative."""
        low, high = self.frequency
        fraction = 1.0 / (1.0 + np.exp(-parameters[-1]))
        value = low * (high / low) ** fraction
        return value, value * np.log(high / low) * fraction * (1.0 - fraction)

    def rates(self, parameters: np.ndarray) -> np.ndarray:
        """(extracted power, entropy production rate)."""
        frequency, _ = self.drive_frequency(parameters)
        found = numpy_panels.evaluate(self.machine, frequency, self.drive(parameters)[0], self.found)
        return np.append(found["local_powers"], found["heat_currents"][0]) @ self.columns

    def rates_and_slopes(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rates and their (2, 4N+1) derivatives."""
        if not self.sharp:
            rates = self.rates(parameters)
            moves = STEP * np.maximum(1.0, np.abs(parameters))
            bumped = [self.rates(parameters + move) for move in np.diag(moves)]
            return rates, (np.array(bumped) - rates).T / moves
        (frequency, stretch), (harmonics, slopes) = self.drive_frequency(parameters), self.drive(parameters)
        step = 3e-4 * (self.found[0][1].min() + self.found[1][1].min()) / self.count
        orders = np.arange(self.count + 1)
        tables = numpy_panels.moments(
            self.machine, self.found, orders, np.full(len(orders), frequency), (0.0, step, -step), nodes=14
        )
        forms = tables @ self.columns
        (a, b), (da, db) = harmonics.T, slopes.swapaxes(0, 1)
        cross, moved = a.conj() * b, da.conj() * b[:, None] + a.conj()[:, None] * db
        features = np.stack([abs(a) ** 2, abs(b) ** 2, cross.real, cross.imag], axis=1)
        changes = np.stack(
            [
                2.0 * (a.conj()[:, None] * da).real,
                2.0 * (b.conj()[:, None] * db).real,
                moved.real,
                moved.imag,
            ],
            axis=1,
        )
        value = np.einsum("nk,nkq->q", features, forms[0])
        by_frequency = np.einsum("nk,nkq->q", features, forms[1] - forms[2]) / (2.0 * step) * stretch
        by_shape = np.einsum("nkp,nkq->qp", changes, forms[0])
        return value, np.concatenate([by_shape, by_frequency[:, None]], axis=1)


def trace(problem: Problem, targets: Targets, seed: int, steps: int = 200) -> Iterator[Sequence[np.ndarray]]:
    """All rates found so far, after every minimisation, round after round without end."""
    generator, found = np.random.default_rng(seed), []
    count = len(targets.slope)
    previous = problem.random(generator)
    first = True
    while True:
        for i in range(count):
            start = previous if first else problem.random(generator)
            end = minimize(
                _score(problem, targets, i), start, jac=True, method="L-BFGS-B", options={"maxiter": steps}
            )
            previous = end.x if first else previous
            found.append(problem.rates(end.x))
            yield found
        first = False


def _score(problem: Problem, targets: Targets, i: int) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    slope, power, width = targets.slope[i], targets.power[i], targets.width[i]

    def score(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        (x, s), (dx, ds) = problem.rates_and_slopes(parameters)
        excess = max(0.0, s - slope * x) / (width * power)
        pull = PENALTY * excess / (width * power)
        return -x / power + 0.5 * PENALTY * excess**2, -dx / power + pull * (ds - slope * dx)

    return score
