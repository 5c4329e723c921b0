"""Brute force (discrete modes, no open-system theory) against the exact solver and the weak formula of D."""

import numpy as np
import pytest

from qtopt.solvers import Exact, steady_state
from tests.helpers.discretised import MACHINES, Brute
from tests.helpers.machines import Case, drude
from tests.references.discretised_baths import (
    ClosedSystem,
    Rates,
    Setting,
    bath_modes,
    covariance_of_forms,
    discretised_baths,
    one_period,
    symplectic_form,
    work_forms,
)
from tests.references.model import StaticMachine, coth, kernel, spectral_density

TINY = Setting(modes=12, scale=2.0, limit=8.0, points=400, wait=0, window=1)


def closed_system(case: Case, setting: Setting) -> ClosedSystem:
    harmonics = dict(enumerate(case.harmonics))
    return ClosedSystem(list(case.frequencies), list(case.baths), case.drive_frequency, harmonics, setting)


def hamiltonian_form(system: ClosedSystem) -> np.ndarray:
    """h of H(0) = z^T h z/2, straight from theory (1.2): squares of X_k - c_k q/w_k^2."""
    degrees = system.frequencies.size
    h = np.diag(np.concatenate([np.zeros(degrees), np.ones(degrees)]))
    for l in range(system.size):
        h[l, l] = system.frequencies[l] ** 2
    for nu, g in enumerate(system.couplings(0.0)):
        h += bath_form(system, nu, g, kinetic=False)
    return h


def bath_form(system: ClosedSystem, nu: int, g: np.ndarray, kinetic: bool = True) -> np.ndarray:
    """Form of H_nu = sum_k {P_k^2 + w_k^2 (X_k - c_k q_nu/w_k^2)^2}/2."""
    degrees = system.frequencies.size
    h = np.zeros((2 * degrees, 2 * degrees))
    for k in np.flatnonzero(system.bath_couplings[nu]):
        w, row = system.frequencies[k], np.zeros(2 * degrees)
        row[k], row[: system.size] = w, -system.bath_couplings[nu, k] * g / w
        h += np.outer(row, row)
        h[degrees + k, degrees + k] += float(kinetic)
    return h


@pytest.mark.parametrize("temperature", [0.05, 0.4, 3.0])
def test_energy_variance_of_a_thermal_oscillator(temperature: float) -> None:
    w = 0.7
    momentum = 0.5 * w * float(coth(np.array(w / (2.0 * temperature))))
    energy = np.diag([w**2, 1.0])
    variance = covariance_of_forms(energy, energy, np.array([momentum / w**2, momentum]))
    np.testing.assert_allclose(variance, (0.5 * w / np.sinh(0.5 * w / temperature)) ** 2, rtol=1e-10)


def test_covariance_of_forms_is_the_sum_over_pairings() -> None:
    """Cov = sum B_ij B'_kl (G_ik G_jl + G_il G_jk)/4, symmetrised, G = sigma + i Omega/2."""
    rng = np.random.default_rng(3)
    left, right = (m + m.T for m in rng.normal(size=(2, 6, 6)))
    sigma = rng.uniform(0.5, 2.0, 6)
    g = np.diag(sigma) + 0.5j * symplectic_form(3)
    pairings = np.einsum("ij,kl,ik,jl->", left, right, g, g) + np.einsum("ij,kl,il,jk->", left, right, g, g)
    np.testing.assert_allclose(covariance_of_forms(left, right, sigma), pairings.real / 4.0, rtol=1e-12)


def test_modes_carry_the_spectral_density() -> None:
    """chi_B(i s) = sum_k c_k^2/(w_k^2 + s^2), and chi_B(0) - chi_B(is) = K(is)."""
    bath = drude(0.7, 5.0, 0.3)
    w, c = bath_modes(bath, 200, 4.0, 4000.0)
    for s in (0.3, 2.0):
        modes = np.sum(c**2 / w**2 - c**2 / (w**2 + s**2))
        np.testing.assert_allclose(modes, kernel(bath, 1j * s).real, rtol=1e-6)


def test_propagator_is_symplectic_and_of_fourth_order() -> None:
    systems = [closed_system(MACHINES["two harmonics"].case, TINY._replace(modes=8))] * 3
    coarse, middle, fine = (one_period(s, k).propagator for s, k in zip(systems, (40, 80, 160), strict=True))
    ratio = np.abs(coarse - middle).max() / np.abs(middle - fine).max()
    assert 13.0 < ratio < 20.0, ratio
    omega = symplectic_form(systems[0].frequencies.size)
    np.testing.assert_allclose(coarse.T @ omega @ coarse, omega, atol=1e-12)


@pytest.mark.parametrize("name", ["two harmonics", "both driven", "peak"])
def test_work_is_the_change_of_the_hamiltonian(name: str) -> None:
    """As operators: S^T h S - h = sum_l B_l (the drive is periodic), and int F dq/dt = -(change of H_nu)."""
    system = closed_system(MACHINES[name].case, TINY)
    rows, step = one_period(system, TINY.points), 2.0 * np.pi / system.drive_frequency / TINY.points
    times = step * np.arange(TINY.points)
    slopes = np.stack([system.slopes(t) for t in times])
    s = rows.propagator
    ends = rows._replace(  # the trapezoidal rule: half of the last point less half of the first
        positions=np.stack([rows.positions[0], rows.positions[0] @ s]),
        forces=np.stack([rows.forces[0], rows.forces[0] @ s]),
    )
    signs = 0.5 * np.array([-1.0, 1.0])[:, None, None]
    work = work_forms(rows, slopes, step) + work_forms(ends, signs * slopes[:1], step)
    h = hamiltonian_form(system)
    np.testing.assert_allclose(work.sum(axis=0), s.T @ h @ s - h, atol=1e-4 * np.abs(h).max())
    for nu, g in enumerate(system.couplings(0.0)):
        weights = np.full(TINY.points, step)
        forces, velocities = rows.forces[:, nu], rows.velocities[:, nu]
        half = (weights[:, None] * forces).T @ velocities
        for sign, at in ((-0.5, np.eye(len(s))), (0.5, s)):
            half += sign * step * np.outer(forces[0] @ at, velocities[0] @ at)
        b = bath_form(system, nu, g)
        np.testing.assert_allclose(half + half.T, b - s.T @ b @ s, atol=3e-4 * np.abs(b).max())


def run(machine: Brute, setting: Setting) -> Rates:
    case = machine.case
    harmonics = dict(enumerate(case.harmonics))
    return discretised_baths(
        list(case.frequencies), list(case.baths), case.drive_frequency, harmonics, setting
    )


def compare(machine: Brute, setting: Setting) -> Rates:
    """Local powers within 1e-3 of each, heat currents within 1e-3 of the largest."""
    case, rates = machine.case, run(machine, setting)
    state = steady_state(case.machine, case.drive, Exact(129).settled(case.machine, case.drive)).check()
    heat = np.asarray(state.heat_currents)
    np.testing.assert_allclose(rates.local_powers, state.local_powers, rtol=1e-3)
    np.testing.assert_allclose(rates.heat_currents, heat, atol=1e-3 * np.abs(heat).max())
    np.testing.assert_allclose(rates.covariance, state.covariance, rtol=1e-3)
    assert rates.symplectic_error < 1e-11
    return rates


@pytest.mark.slow
def test_strong_coupling_against_the_exact_solver() -> None:
    machine = MACHINES["hot and cold"]
    rates = compare(machine, machine.setting._replace(modes=250, points=200, wait=4, window=4))
    np.testing.assert_allclose(rates.fluctuations, machine.fluctuations, rtol=3e-3)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", MACHINES)
def test_every_machine_against_the_exact_solver(name: str) -> None:
    machine = MACHINES[name]
    rates = compare(machine, machine.setting)
    scale = np.abs(machine.fluctuations).max()
    np.testing.assert_allclose(rates.fluctuations, machine.fluctuations, rtol=1e-3, atol=1e-4 * scale)


WEAK = Setting(modes=220, scale=4.0, limit=25.0, points=120, wait=6, window=6)


def weak_fluctuations(case: Case) -> np.ndarray:
    """D_ll' = sum_n (n Omega)^2 int dw/2pi J_1 [coth coth - 1] Re g*_ln chi''_ll'(w_n) g_l'n, (L, L)."""
    bath, static = case.baths
    machine = StaticMachine(list(case.frequencies), [static])
    w = np.linspace(-20.0, 20.0, 40000)  # never zero; the integrand decays exponentially
    total = np.zeros((len(case.frequencies),) * 2)
    for n in range(1, len(case.harmonics)):
        g, wn = case.harmonics[n], w + n * case.drive_frequency
        quanta = coth(w / (2.0 * bath["temperature"])) * coth(wn / (2.0 * static["temperature"])) - 1.0
        weight = (n * case.drive_frequency) ** 2 * spectral_density(bath, w) * quanta
        loss = np.imag(machine.response(wn.astype(np.longdouble))[0]).astype(float)
        integral = np.einsum("k,klm->lm", weight, loss) * (w[1] - w[0]) / (2.0 * np.pi)
        total += 2.0 * (np.conj(g)[:, None] * g).real * integral  # -n gives the same as n
    return total


@pytest.mark.parametrize("temperatures", [(1.0, 0.3), pytest.param((0.15, 0.15), marks=pytest.mark.slow)])
def test_weak_coupling_formula_of_fluctuations(temperatures: tuple[float, float]) -> None:
    """D/gamma_1 extrapolated from two strengths; theory (3.16)."""
    case, ratios, expected = MACHINES["hot and cold"].case, [], np.zeros((2, 2))
    for damping in (0.003, 0.006):
        baths = (drude(damping, 3.0, temperatures[0]), drude(0.7, 5.0, temperatures[1], [1.0, 1.0]))
        weak = Brute(Case(case.frequencies, baths, 0.8, case.harmonics), WEAK, expected)
        ratios.append(run(weak, WEAK).fluctuations / damping)
        expected = weak_fluctuations(weak.case) / damping
    np.testing.assert_allclose(2.0 * ratios[0] - ratios[1], expected, atol=2e-3 * np.abs(expected).max())
