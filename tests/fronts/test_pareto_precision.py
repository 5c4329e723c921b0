"""Fronts of precision and constancy: tables, certificate, search: theory, sections 3, 9 and 11."""

from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qtopt import Bath, Drude, Machine, Ohmic, evaluate
from qtopt.errors import InputError
from qtopt.fronts import (
    Front,
    FrontProblem,
    FrontSettings,
    Peak,
    PowerEfficiencyConstancy,
    PowerPrecision,
    PrecisionCertifier,
    Rms,
    Variation,
    machine_forms,
    trace,
)
from qtopt.fronts.certificates import SUPPORTS
from qtopt.fronts.rates import AbstractForms, FormRates
from qtopt.jobs import Store
from qtopt.solvers import Exact
from qtopt.solvers.weak import fluctuations
from tests.helpers.machines import converter, converter_drive, drude, engine, machine_of, ohmic, solve

RANGE = (0.1, 0.6)
HARMONICS = 6


def forms_of(frequency: tuple[float, float], harmonics: int) -> AbstractForms:
    """The forms of the converter's first oscillator."""
    return machine_forms(converter(), PowerPrecision(0).output(2), frequency, harmonics, noise=True)


@pytest.fixture(scope="module")
def model() -> FormRates:
    return FormRates(forms_of(RANGE, HARMONICS))


def test_tabulated_rates_are_those_of_the_solver(model: FormRates) -> None:
    power, noise, entropy = model.rates(converter_drive())
    state = solve(converter(), converter_drive())
    found = eqx.filter_jit(fluctuations)(converter(), converter_drive())
    np.testing.assert_allclose(power, -state.local_powers[0], rtol=1e-8)
    np.testing.assert_allclose(noise, found.local_powers[0], rtol=1e-8)
    np.testing.assert_allclose(entropy, state.entropy_production_rate, rtol=1e-8)


def test_no_drive_beats_the_certificate(model: FormRates) -> None:
    """Random drives with mean(g_l^2) <= 1 and tuned ones; the best single harmonic reaches the smallest Q."""
    space = Rms(HARMONICS, RANGE)
    keys = jax.random.split(jax.random.key(0), 2)
    frequencies = jnp.exp(jax.random.uniform(keys[0], (400,), minval=np.log(0.1), maxval=np.log(0.6)))
    drives = jax.vmap(space.drive)(space.random(keys[1], frequencies, 2))
    power, noise, entropy = (np.asarray(x) for x in jax.jit(jax.vmap(model.rates))(drives))
    product = noise * entropy / power**2
    useful = power > 0.0
    assert useful.sum() > 20
    powers = np.quantile(power[useful], [0.1, 0.5, 0.9])
    certificate = PrecisionCertifier(model.forms, "rms", RANGE)
    assert np.all(product[useful] >= certificate.smallest_product * (1.0 - 1e-6))
    for least, bound in zip(powers, certificate.at(powers).bound, strict=True):
        assert np.all(product[power >= least] >= bound * (1.0 - 1e-3))
    assert power.max() <= certificate.largest_power
    forms = model.forms.at(jnp.asarray(certificate.harmonic_frequency))
    x, d, s = (
        np.real(np.conj(certificate.pattern) @ np.asarray(form[1]) @ certificate.pattern) for form in forms
    )
    np.testing.assert_allclose(d * s / x**2, certificate.smallest_product, rtol=1e-4)
    # That harmonic at the bound, sum_l 2|g_l|^2 = 1, extracts 2 X: up to there no tighter bound can hold.
    reached = float(x) / float(np.sum(np.abs(certificate.pattern) ** 2))
    low = certificate.at(np.array([0.3, 0.95]) * reached)
    np.testing.assert_allclose(low.bound, certificate.smallest_product, rtol=1e-3)


@pytest.mark.slow
def test_fixed_frequency_cannot_improve_much_on_the_cosines() -> None:
    """At Omega = 0.2 no shape has less than 85 % of the published Q of 4.43e-3 at the same power."""
    certificate = PrecisionCertifier(forms_of((0.2, 0.2), 16), "peak", (0.2, 0.2)).at(np.array([3.942e-4]))
    assert 0.85 * 4.433e-3 < certificate.mean_square_bound[0] <= certificate.bound[0] < 4.433e-3


@pytest.mark.slow
def test_precision_front_reaches_its_certificate_at_low_power() -> None:
    front = trace(FrontProblem(converter(), PowerPrecision(0), Peak(4), settings=FrontSettings(8, 8)))
    products, bounds = front.values("uncertainty_product"), front.values("bound")
    assert np.all(products >= bounds * (1.0 - 1e-6)) and products[0] < 1.02 * bounds[0]
    # At least the published power, at a smaller product than the published cosines.
    better = [p for p in front.points if p.output_power <= -3.942e-4]
    assert len(better) > 2


@pytest.mark.slow
def test_desiderata_are_not_dominated() -> None:
    machine = engine(1e-5)
    tradeoff = PowerEfficiencyConstancy.of(machine)
    front = trace(FrontProblem(machine, tradeoff, Peak(3, (0.2, 0.8)), settings=FrontSettings(9, 4)))
    assert len(front.points) >= 3
    for p in front.points:
        product = p.output_fluctuations * (0.8 / p.efficiency - 1.0) / (-p.power * 0.2)
        np.testing.assert_allclose(p.uncertainty_product, product, rtol=1e-8)


def test_outputs_that_do_not_exist_are_refused() -> None:
    with pytest.raises(InputError, match="one of the 2 oscillators"):
        PowerPrecision.of(converter(), 2)


def test_harmonics_of_bounded_shapes() -> None:
    """Square waves have the largest fundamental, 8/pi^2; cosines (1/2) the largest one without company."""
    weights = np.zeros((3, 9))
    weights[:, 1] = 1.0
    weights[1, 2:] = -0.5
    weights[2] = 1.0
    square, penalised, total = SUPPORTS["peak"].largest(weights)
    np.testing.assert_allclose(square, 8.0 / np.pi**2, rtol=1e-3)
    np.testing.assert_allclose(total, 1.0, rtol=1e-6)
    assert 0.5 < penalised < square
    # The best clipped cosine, by brute force over where it is clipped.
    angle = 2.0 * np.pi * np.arange(4096) / 4096
    shapes = np.clip(np.linspace(1.0, 30.0, 2000)[:, None] * np.cos(angle), -1.0, 1.0)
    first = 2.0 * np.mean(shapes * np.cos(angle), axis=1) ** 2
    best = np.max(first - 0.5 * (np.mean(shapes**2, axis=1) - first))
    np.testing.assert_allclose(penalised, best, rtol=2e-3)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_three_times_less_than_the_cosines_is_out_of_reach(model: FormRates) -> None:
    """Bounded drives at the published power: above a third of the published Q, below what is reached."""
    certifier = PrecisionCertifier(model.forms, "peak", (0.15, 0.2))
    power = 3.942e-4
    found = certifier.at(np.array([power]))
    assert found.mean_square_bound[0] < found.bound[0] and 4.433e-3 / 3.0 < found.bound[0] < 3.26e-3
    space = Peak(4, (0.15, 0.2))
    keys = jax.random.split(jax.random.key(1), 2)
    frequencies = jax.random.uniform(keys[0], (2000,), minval=0.15, maxval=0.2)
    drives = jax.vmap(space.drive)(space.random(keys[1], frequencies, 2))
    extracted, noise, entropy = (np.asarray(x) for x in jax.jit(jax.vmap(model.rates))(drives))
    able = extracted >= power
    assert np.all((noise * entropy / extracted**2)[able] >= found.bound[0])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_colder_converters_are_more_precise(tmp_path) -> None:
    """With its temperature free between 0.05 and 0.2 the converter cools down, at the same power."""

    def build(numbers: jax.Array) -> Machine:
        baths = (
            Bath("driven", numbers[0], Drude(0.01, 12.0), "driven"),
            Bath("static", numbers[0], Ohmic(100.0), [1.0, 1.0]),
        )
        return Machine([1.0, 0.6], baths)

    tradeoff = PowerPrecision(0, (3.0e-4, 3.942e-4))

    def front(variation: Variation | None) -> Front:
        drives, settings = Peak(2, (0.1, 0.4)), FrontSettings(2, 8)
        return trace(FrontProblem(converter(), tradeoff, drives, settings=settings, variation=variation))

    fixed, varied = front(None), front(Variation(build, (0.1,), ((0.05, 0.2),)))
    assert varied.certificate is None
    for point in varied.points:
        # Output power counts as extracted where it is negative.
        rivals = [p for p in fixed.points if p.output_power <= point.output_power * 0.98]
        assert rivals and all(point.uncertainty_product < 0.6 * p.uncertainty_product for p in rivals)
        assert 0.05 <= point.numbers[0] < 0.06
        assert point.uncertainty_product >= point.bound * (1.0 - 1e-6)
        state = solve(build(jnp.asarray(point.numbers)), point.drive)
        np.testing.assert_allclose(float(state.local_powers[0]), point.output_power, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.timeout(1800)  # compiles exact fluctuations and their gradient
@pytest.mark.parametrize("output", [0, None])
def test_exact_fronts_improve_on_weak_drives(output: int | None, tmp_path: Path) -> None:
    """In the exact theory, at ten times the published strength; points are what the solver says."""
    if output is None:
        machine = engine(1e-4)
    else:
        baths = (drude(0.1, 12.0, 0.1), ohmic(100.0, 0.1, (1.0, 1.0)))
        machine = machine_of((1.0, 0.6), baths)
    tradeoff = PowerEfficiencyConstancy.of(machine) if output is None else PowerPrecision(output)
    problem = FrontProblem(machine, tradeoff, Peak(1, (0.2, 0.5)), Exact(), FrontSettings(2, 4))
    path = tmp_path / "state.part"
    front = trace(problem, Store(path, "x"))
    weak = front.begun_from
    assert weak is not None and front.certificate is None and len(front.points) >= 1
    for point in front.points:
        found = evaluate(machine, point.drive, Exact())
        power = found.power if output is None else found.local_powers[output]
        product = found.tur if output is None else (found.local_tur or [])[output]
        assert power == pytest.approx(point.output_power, rel=1e-9)
        assert product == pytest.approx(point.uncertainty_product, rel=1e-7)
    if output is not None:
        for start in weak.points:
            old = evaluate(machine, start.drive, Exact())
            product = (old.local_tur or [])[output]
            rivals = [p for p in front.points if -p.output_power >= -old.local_powers[output] * (1.0 - 1e-9)]
            assert product is not None
            assert rivals and min(p.uncertainty_product for p in rivals) <= product * (1.0 + 1e-6)
    again = trace(problem, Store(path, "x"))
    assert [p.output_power for p in again.points] == [p.output_power for p in front.points]


def test_variations_are_checked() -> None:
    def build(numbers):
        return converter()

    with pytest.raises(InputError, match="must have 0 < lowest < highest, but it is"):
        Variation(build, (0.1,), ((0.2, 0.05),))
    with pytest.raises(InputError, match=r"must begin within its range, but 0\.3 is outside"):
        Variation(build, (0.3,), ((0.05, 0.2),))
    with pytest.raises(InputError, match="one range for each number"):
        Variation(build, (0.3, 1.0), ((0.05, 0.2),))
    with pytest.raises(InputError, match="powers to aim at must be above 0"):
        PowerPrecision(0, (1e-4, 0.0))
