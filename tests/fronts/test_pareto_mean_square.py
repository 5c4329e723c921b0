"""The exact front under sum_l mean(g_l^2) <= L/2: closed forms, dense duals, random drives, machines."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st

from qtopt import (
    Bath,
    FourierDrive,
    FrontProblem,
    FrontSettings,
    Lorentzian,
    Machine,
    Ohmic,
    PowerEfficiency,
    Rms,
    trace,
)
from qtopt.fronts import machine_forms
from qtopt.fronts.certificates import MeanSquareCertifier
from qtopt.fronts.certificates.attained import BestDrives, MeanSquareFront
from qtopt.fronts.rates import AbstractForms, FixedForms, TabulatedForms
from qtopt.model._machine import Configuration
from tests.fronts.test_pareto_certificate import engine

ENGINE = PowerEfficiency(hot=1.0, cold=0.2)


def bumps(nu: np.ndarray, centres: np.ndarray, widths: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """sum_i matrix_i/(1 + ((nu - centre_i)/width_i)^2), (..., L, L)."""
    shape = 1.0 / (1.0 + ((nu[..., None] - centres) / widths) ** 2)
    return np.einsum("...i,ilm->...lm", shape, matrices)


def landscape(
    span: tuple[float, float], harmonics: int, centres, widths, gains, costs, size: int = 1, seed: int = 0
) -> AbstractForms:
    """Resonances with the given largest outputs and ratios S/X, on a loss that every frequency has.

    With several oscillators every resonance has a direction and a phase of its own.
    """
    generator = np.random.default_rng(seed)
    vectors = generator.normal(size=(len(centres), size)) + 1j * generator.normal(size=(len(centres), size))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    projectors = vectors[:, :, None] * np.conj(vectors[:, None, :])
    gain = np.asarray(gains)[:, None, None] * projectors
    cost = np.asarray(costs)[:, None, None] * gain

    def evaluate(nu: np.ndarray) -> np.ndarray:
        output = bumps(nu, np.asarray(centres), np.asarray(widths), gain) - 0.01 * np.eye(size)
        entropy = bumps(nu, np.asarray(centres), 2.0 * np.asarray(widths), cost) + 0.02 * np.eye(size)
        return np.stack([output, entropy])

    return TabulatedForms.of(evaluate, span[1] * harmonics * 1.001, harmonics, 1e-12)


def dense_dual(forms: AbstractForms, slope: float, frequencies: np.ndarray) -> np.ndarray:
    """L/2 min over lambda of max_n (top eigenvalue of X_n + lambda (kappa X_n - S_n)) at each frequency."""
    output, entropy = forms.read(frequencies[:, None] * np.arange(1, forms.kept_harmonics + 1))

    def dual(share: np.ndarray) -> np.ndarray:
        multiplier = (share / (1.0 - share))[:, None, None, None]
        values = np.linalg.eigvalsh(output + multiplier * (slope * output - entropy))
        return np.maximum(values[..., -1].max(axis=1), 0.0)

    low, high = np.zeros(len(frequencies)), np.full(len(frequencies), 1.0 - 1e-12)
    section = (np.sqrt(5.0) - 1.0) / 2.0
    for _ in range(60):
        left, right = high - section * (high - low), low + section * (high - low)
        up = dual(left) > dual(right)
        low, high = np.where(up, left, low), np.where(up, high, right)
    return forms.size / 2.0 * np.minimum(dual((low + high) / 2.0), dual(np.zeros(len(low))))


def rates(forms: AbstractForms, best: BestDrives, i: int) -> tuple[float, float]:
    """(output, entropy rate) of the drive that is said to reach a point of the front."""
    amplitude = best.amplitude[i]
    return tuple(
        2.0 * np.einsum("nl,nlm,nm->", np.conj(amplitude), form, amplitude).real
        for form in forms.read(best.drive_frequency[i] * best.order[i])
    )


def check_drives(
    forms: AbstractForms, span: tuple[float, float], efficiency: np.ndarray, best: BestDrives
) -> None:
    """Every drive obeys the bound, lies in the range, is as efficient and yields as much as claimed."""
    assert np.all((best.drive_frequency >= span[0]) & (best.drive_frequency <= span[1]))
    assert np.all((best.order >= 1) & (best.order <= forms.kept_harmonics))
    square = 2.0 * np.sum(np.abs(best.amplitude) ** 2, axis=(1, 2))
    np.testing.assert_allclose(square, forms.size / 2.0, rtol=1e-12)
    for i in range(len(efficiency)):
        output, entropy = rates(forms, best, i)
        np.testing.assert_allclose(output, best.output[i], rtol=1e-10)
        assert ENGINE.efficiency(entropy / output) >= efficiency[i] * (1.0 - 1e-10)


WIDE, TWO, LESS, DEAR = (0.6, 1.3), [1.0, 2.1], [1.0, 0.3], [3.0, 0.5]
CASES: dict[str, tuple[Any, ...]] = {
    "two resonances of one frequency, one oscillator": (WIDE, 2, [1.0, 2.0], [0.1, 0.1], LESS, DEAR, 1),
    "two resonances nearly of one frequency": (WIDE, 3, TWO, [0.1, 0.05], LESS, DEAR, 2),
    "three oscillators": (WIDE, 3, TWO, [0.1, 0.05], LESS, DEAR, 3),
    "only the third harmonic reaches the resonance": ((0.3, 0.4), 4, [1.0], [0.05], [1.0], [1.0], 2),
    "a narrow one far above a wide one": ((0.2, 1.0), 6, [0.5, 2.3], [0.2, 0.002], [1.0, 0.2], [4.0, 0.5], 2),
}


def check_front(forms: AbstractForms, span: tuple[float, float], shares: np.ndarray, grid: int) -> BestDrives:
    """Every output is the largest dual of a dense grid and of frequencies near the drive's own."""
    front = MeanSquareCertifier(forms, ENGINE, span)
    ends = front.efficiency_range()
    assert ends is not None
    efficiency = ends[0] + (ends[1] - ends[0]) * shares
    best = front.best(efficiency)
    check_drives(forms, span, efficiency, best)
    # Where one drive is both the strongest and the thriftiest, the dual drops within a last digit beyond it.
    for i, slope in enumerate(ENGINE.kappa(efficiency * (1.0 - 1e-14))):
        near = best.drive_frequency[i] * (1.0 + 1e-3 * np.linspace(-1.0, 1.0, 11))
        frequencies = np.concatenate([np.linspace(*span, grid), np.clip(near, *span)])
        expected = dense_dual(forms, slope, frequencies).max()
        np.testing.assert_allclose(best.output[i], expected, rtol=1e-8)
    return best


def mixed(best: BestDrives) -> np.ndarray:
    """Which drives have two harmonics."""
    return np.linalg.norm(best.amplitude[:, 0], axis=1) > 0.0


@pytest.mark.parametrize("case", CASES)
def test_front_is_the_dense_dual(case: str) -> None:
    """The dual at a frequency bounds all of its drives, and the drive of the front reaches the largest."""
    span, *rest = CASES[case]
    best = check_front(landscape(span, *rest), span, np.array([0.0, 0.2, 0.5, 0.8, 0.96]), 300)
    assert np.any(mixed(best)) == ("two" in case or "three" in case or "wide" in case)
    if "third" in case:
        assert np.all(best.order == 3)


def fixed_forms(output: np.ndarray, entropy: np.ndarray) -> FixedForms:
    """Of (N+1, L, L) forms at Omega = 0.7."""
    return FixedForms(output.shape[0] - 1, jnp.asarray(np.stack([output, entropy]) + 0j), 0.7)


def test_two_harmonics_of_a_fixed_frequency_meet_the_efficiency() -> None:
    """One oscillator: harmonic 1 yields 1 for 3, harmonic 2 yields 0.3 for 0.15, the third only costs."""
    output, entropy = np.array([0.0, 1.0, 0.3, -0.1]), np.array([0.1, 3.0, 0.15, 0.1])
    forms = fixed_forms(output[:, None, None], entropy[:, None, None])
    front = MeanSquareFront(forms, (0.7, 0.7))
    ends = front.kappa_range()
    assert ends is not None
    np.testing.assert_allclose(ends, [3.0, 0.5], rtol=1e-12)
    slope = np.array([3.0, 2.0, 1.0, 0.5, 0.4])
    best = front.best(slope)
    share = (0.3 * slope[:4] - 0.15) / (0.3 * slope[:4] - 0.15 - slope[:4] + 3.0)
    np.testing.assert_allclose(best.output[:4], 0.5 * (share + 0.3 * (1.0 - share)), rtol=1e-12, atol=0.0)
    assert best.output[4] == 0.0 and not np.any(best.amplitude[4])
    check_drives(forms, (0.7, 0.7), ENGINE.efficiency(slope[:4]), BestDrives(*(part[:4] for part in best)))


@pytest.mark.parametrize("cost", [0.3, 1.1, 2.7, 3.3, 7.1])
def test_a_single_state_reaches_its_own_efficiency(cost: float) -> None:
    """One oscillator and one harmonic: the front is a point, and round-off does not lose it."""
    forms = fixed_forms(np.array([0.0, 0.7]).reshape(2, 1, 1), np.array([0.1, 0.7 * cost]).reshape(2, 1, 1))
    front = MeanSquareFront(forms, (0.7, 0.7))
    ends = front.kappa_range()
    assert ends is not None
    np.testing.assert_allclose(front.best(np.array(ends)).output, 0.35, rtol=1e-12)


def test_two_patterns_of_one_frequency_are_one_drive() -> None:
    """Private oscillators, one strong and one thrifty: the kink's mixture is a single pattern of both."""
    output, entropy = np.diag([1.0, 0.3]), np.diag([3.0, 0.15])
    forms = fixed_forms(np.stack([0.0 * output, output]), np.stack([entropy, entropy]))
    slope = np.array([2.0, 1.0])
    best = MeanSquareFront(forms, (0.7, 0.7)).best(slope)
    share = (0.3 * slope - 0.15) / (0.3 * slope - 0.15 - slope + 3.0)
    np.testing.assert_allclose(best.output, share + 0.3 * (1.0 - share), rtol=1e-12)
    np.testing.assert_allclose(2.0 * np.abs(best.amplitude[:, 1, 0]) ** 2, share, rtol=1e-12)
    assert not np.any(mixed(best))


def test_no_output_no_front() -> None:
    forms = landscape((0.6, 1.3), 2, [1.0], [0.1], [-1.0], [-1.0])
    front = MeanSquareFront(forms, (0.6, 1.3))
    assert front.kappa_range() is None
    assert np.all(front.best(np.array([35.0, 3.0])).output == 0.0)


@given(st.integers(0, 2**31 - 1), st.integers(1, 3))
@hypothesis_settings(max_examples=4, deadline=None)
def test_no_drive_beats_the_front(seed: int, size: int) -> None:
    """2,000 random drives of three harmonics near a machine's resonances, one of them turned up at random."""
    generator = np.random.default_rng(seed)
    span, centres = (0.3, 1.2), generator.uniform(0.4, 2.5, 3)
    widths, gains, costs = (generator.uniform(*ends, 3) for ends in ((0.02, 0.2), (0.1, 1.0), (0.3, 4.0)))
    forms = landscape(span, 3, centres, widths, gains, costs, size, seed)
    count, order = 2000, np.arange(1, 4)
    drawn = generator.choice(centres, count) * (1.0 + 0.05 * generator.normal(size=count))
    frequency = np.clip(drawn / generator.integers(1, 4, count), *span)
    shape = (count, 3, size)
    amplitude = (generator.normal(size=shape) + 1j * generator.normal(size=shape)) * generator.pareto(
        1.0, (count, 3, 1)
    )
    square = 2.0 * np.sum(np.abs(amplitude) ** 2, axis=(1, 2), keepdims=True)
    amplitude *= np.sqrt(size / 2.0 / square)
    tables = forms.read(frequency[:, None] * order)
    output, entropy = (
        2.0 * np.einsum("knl,knlm,knm->k", np.conj(amplitude), form, amplitude).real for form in tables
    )
    strongest = np.argsort(-output)[:16]
    strongest = strongest[output[strongest] > 0.0]
    assert len(strongest) > 4
    best = MeanSquareFront(forms, span).best(entropy[strongest] / output[strongest])
    assert np.all(output[strongest] <= best.output * (1.0 + 1e-9))


Configured = tuple[Configuration, float, tuple[float, float]]
KINKS: dict[str, Configured] = {
    "joint": ("joint", 1.0, (0.05, 1.0)),
    "independent": ("independent", 0.1, (0.12, 0.14)),
}


@pytest.mark.parametrize("case", KINKS)
def test_machines_with_two_resonances_mix_harmonics(case: str) -> None:
    """Oscillators at 1 and 0.6, a hot peak at 1.25: differences near 0.25 and 0.65 fit to one frequency."""
    configuration, damping, span = KINKS[case]
    forms = machine_forms(engine(damping, configuration), ENGINE.output(2), span, 3)
    best = check_front(forms, span, np.array([0.0, 0.3, 0.5, 0.9]), 300)
    assert mixed(best).sum() >= 2


FRONTS: dict[str, tuple[Machine, Rms, list[int]]] = {
    "mixed": (engine(1.0), Rms(3), [1, 2, 3]),
    "fixed": (engine(1.0), Rms(3, (0.22, 0.22)), [1, 2, 3]),
    "third harmonic": (engine(), Rms(3, (0.1, 0.15)), [3]),
    "out of reach": (engine(), Rms(1, (0.1, 0.3)), [1]),
}


@pytest.mark.parametrize("case", FRONTS)
def test_points_lie_on_the_certified_front(case: str) -> None:
    machine, drives, orders = FRONTS[case]
    front = trace(FrontProblem(machine, ENGINE, drives, settings=FrontSettings(6)))
    assert len(front.points) == 6
    assert front.certificate is not None and np.all(np.diff(front.certificate.bound) <= 0.0)
    for point in front.points:
        assert abs(point.gap) < 1e-6
        assert isinstance(point.drive, FourierDrive)
        np.testing.assert_allclose(np.sum(point.drive.mean_square()), 1.0, rtol=1e-12)
        present = np.flatnonzero(np.linalg.norm(np.asarray(point.drive.harmonics(drives.harmonics)), axis=1))
        assert set(present) <= set(orders) and len(present) <= 2
        assert drives.frequency_range[0] <= point.frequency <= drives.frequency_range[1]


def test_one_oscillator_has_a_front() -> None:
    hot, cold = (
        Bath("hot", 1.0, Lorentzian(1e-5, 1.25, 0.01), "driven"),
        Bath("cold", 0.2, Ohmic(0.01), [1.0]),
    )
    front = trace(FrontProblem(Machine([1.0], (hot, cold)), ENGINE, Rms(2), settings=FrontSettings(6)))
    assert len(front.points) == 6
    assert max(abs(point.gap) for point in front.points) < 1e-6
