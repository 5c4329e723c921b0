"""What the search maximises is what the solver says: rates from the table of forms, and their slopes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import qtopt
from qtopt import Bath, FourierDrive, Lorentzian, Machine, Ohmic
from qtopt.fronts.rates import FormRates, Output, _forms, machine_forms
from qtopt.model._machine import Configuration

HARMONICS = 3


@pytest.mark.parametrize("size", [1, 2, 3])
def test_rates_of_the_table_are_those_of_the_solver(size: int) -> None:
    """Output and entropy production of generic drives, between the nodes of the table, to its tolerance."""
    hot = Bath("hot", 1.0, Lorentzian(1e-2, 1.25, 0.1), "driven")
    machine = Machine([1.0, 0.6, 0.8][:size], (hot, Bath("cold", 0.2, Ohmic(2.0), np.ones(size))))
    output = Output(-jnp.ones(size), jnp.zeros(()))
    model = FormRates(machine_forms(machine, output, (0.05, 1.0), HARMONICS))
    rng = np.random.default_rng(size)
    mean, cosine, sine = (rng.normal(size=shape) for shape in (size, (size, HARMONICS), (size, HARMONICS)))

    @jax.jit
    def rates(omega: jax.Array, cosine: jax.Array) -> jax.Array:
        return jnp.stack(model.rates(FourierDrive(omega, mean, cosine, sine)))

    for omega in (0.0713, 0.45, 0.9321):
        state = qtopt.steady_state(machine, FourierDrive(omega, mean, cosine, sine))
        wanted = np.array([-float(state.power), float(state.entropy_production_rate)])
        np.testing.assert_allclose(rates(jnp.asarray(omega), cosine), wanted, rtol=1e-9)

    slopes = jax.jacrev(rates, argnums=(0, 1))(jnp.asarray(0.45), cosine)
    step = 1e-4
    along = np.asarray(rates(0.45 + step, cosine) - rates(0.45 - step, cosine)) / (2.0 * step)
    np.testing.assert_allclose(slopes[0], along, atol=1e-5 * np.abs(along).max())
    turn = rng.normal(size=cosine.shape)
    across = (rates(jnp.asarray(0.45), cosine + turn) - rates(jnp.asarray(0.45), cosine - turn)) / 2.0
    np.testing.assert_allclose(np.tensordot(slopes[1], turn, 2), across, rtol=1e-9)


@pytest.mark.parametrize("noise", [False, True])
@pytest.mark.parametrize("configuration", ["joint", "independent"])
def test_tables_of_numpy_are_the_compiled_ones(
    configuration: Configuration, noise: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small groups of oscillators are tabulated without compiling: the same panels and polynomials."""
    hot = Bath("hot", 1.0, Lorentzian(1e-2, 1.25, 0.1), "driven")
    machine = Machine([1.0, 0.6], (hot, Bath("cold", 0.2, Ohmic(2.0), np.ones(2))), configuration)
    tables = []
    for small in (2, 0):
        monkeypatch.setattr(_forms, "SMALL", small)
        tables.append(machine_forms(machine, Output.extracted(2), (0.05, 1.0), HARMONICS, noise))
    here, compiled = tables
    np.testing.assert_array_equal(here.panels, compiled.panels)
    largest = np.abs(compiled.coefficients).max(axis=(0, 1, 3), keepdims=True)
    np.testing.assert_allclose(
        here.coefficients / largest, compiled.coefficients / largest, rtol=0.0, atol=1e-13
    )


def test_forms_read_on_the_host_are_those_that_are_traced() -> None:
    """The phases between oscillators, too: the output of one of two has complex forms."""
    hot = Bath("hot", 1.0, Lorentzian(1e-2, 1.25, 0.1), "driven")
    machine = Machine([1.0, 0.6], (hot, Bath("cold", 0.2, Ohmic(2.0), np.ones(2))))
    forms = machine_forms(machine, Output.extracted(2, 0), (0.05, 1.0), HARMONICS)
    here, traced = forms.read(0.45 * np.arange(HARMONICS + 1)), forms.at(jnp.asarray(0.45))
    assert np.abs(np.imag(here)).max() > 1e-2 * np.abs(here).max()
    np.testing.assert_allclose(here, traced, rtol=0.0, atol=1e-12 * np.abs(here).max())
