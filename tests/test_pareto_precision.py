"""Fronts of precision and constancy: tables, certificate, search (physics notes, sections 3, 6 and 8)."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers_machines import converter, converter_drive, engine, solve

from qtopt.errors import InputError
from qtopt.pareto import (
    FrontSettings,
    SearchSpace,
    certify_precision,
    desiderata_front,
    precision_front,
    precision_model,
)
from qtopt.pareto._precision_forms import PrecisionModel
from qtopt.weak import fluctuations

RANGE = (0.1, 0.6)
HARMONICS = 6


@pytest.fixture(scope="module")
def model() -> PrecisionModel:
    return precision_model(converter(), 0, RANGE, HARMONICS)


def test_tabulated_rates_are_those_of_the_solver(model: PrecisionModel) -> None:
    power, noise, entropy = model.rates(converter_drive())
    state = solve(converter(), converter_drive())
    found = eqx.filter_jit(fluctuations)(converter(), converter_drive())
    np.testing.assert_allclose(power, -state.local_powers[0], rtol=1e-8)
    np.testing.assert_allclose(noise, found.local_powers[0], rtol=1e-8)
    np.testing.assert_allclose(entropy, state.entropy_production_rate, rtol=1e-8)


def test_no_drive_beats_the_certificate(model: PrecisionModel) -> None:
    """Random drives with mean(g_l^2) <= 1 and tuned ones; the best single harmonic reaches the smallest Q."""
    space = SearchSpace("rms", 2, HARMONICS, RANGE)
    keys = jax.random.split(jax.random.key(0), 2)
    frequencies = jnp.exp(jax.random.uniform(keys[0], (400,), minval=np.log(0.1), maxval=np.log(0.6)))
    drives = jax.vmap(space.drive)(space.random(keys[1], frequencies))
    power, noise, entropy = (np.asarray(x) for x in jax.jit(jax.vmap(model.rates))(drives))
    product = noise * entropy / power**2
    useful = power > 0.0
    assert useful.sum() > 20
    powers = np.quantile(power[useful], [0.1, 0.5, 0.9])
    certificate = certify_precision(model, "rms", RANGE, powers)
    assert np.all(product[useful] >= certificate.smallest_product * (1.0 - 1e-6))
    for least, bound in zip(powers, certificate.product, strict=True):
        assert np.all(product[power >= least] >= bound * (1.0 - 1e-3))
    assert power.max() <= certificate.largest_power
    forms = model.forms(jnp.asarray(certificate.driving_frequency))
    x, d, s = (
        np.real(np.conj(certificate.pattern) @ np.asarray(form[1]) @ certificate.pattern) for form in forms
    )
    np.testing.assert_allclose(d * s / x**2, certificate.smallest_product, rtol=1e-4)


@pytest.mark.slow
def test_fixed_frequency_cannot_improve_much_on_the_cosines() -> None:
    """At Omega = 0.2 no shape has less than 85 % of the published Q of 4.43e-3 at the same power."""
    fixed = precision_model(converter(), 0, (0.2, 0.2), 16)
    certificate = certify_precision(fixed, "peak", (0.2, 0.2), np.array([3.942e-4]))
    assert 0.85 * 4.433e-3 < certificate.product[0] < 4.433e-3


@pytest.mark.slow
def test_precision_front_reaches_its_certificate_at_low_power() -> None:
    settings = FrontSettings(points=8, harmonics=4, frequency=(0.05, 1.0), starts=8)
    front = precision_front(converter(), settings, 0)
    products = np.array([p.uncertainty_product for p in front.points])
    bounds = np.array([p.certified_product for p in front.points])
    assert np.all(products >= bounds * (1.0 - 1e-6)) and products[0] < 1.02 * bounds[0]
    # At least the published power, at a smaller product than the published cosines.
    better = [p for p in front.points if p.output_power <= -3.942e-4]
    assert len(better) > 2


@pytest.mark.slow
def test_desiderata_are_not_dominated() -> None:
    settings = FrontSettings(points=9, harmonics=3, frequency=(0.2, 0.8), starts=4)
    front = desiderata_front(engine(1e-5), settings)
    assert len(front.points) >= 3
    for p in front.points:
        product = p.output_fluctuations * (0.8 / p.efficiency - 1.0) / (-p.power * 0.2)
        np.testing.assert_allclose(p.uncertainty_product, product, rtol=1e-8)


def test_outputs_that_do_not_exist_are_refused() -> None:
    with pytest.raises(InputError, match="one of the 2 oscillators"):
        precision_front(converter(), FrontSettings(points=2), 2)
