"""What the search maximises is what the solver says: rates from the table of forms, and their slopes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import qtopt
from qtopt import Bath, FourierDrive, Lorentzian, Machine, Ohmic
from qtopt.fronts.rates import FormRates, Output, machine_forms

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
