"""The numbers of a configuration that a precision search may change: reading, errors, storing."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import qtopt
from qtopt import InputError, files
from qtopt.fronts import variation_of, with_varied
from qtopt.fronts.rates import Output, VariedRates
from qtopt.model import FourierDrive

BOTH = 'keys = ["machine.baths.driven.temperature", "machine.baths.static.temperature"]'
DAMPING = 'key = "machine.baths.static.spectral_density.damping"'


EXAMPLE = Path(__file__).parents[2] / "scripts" / "machines" / "work_converter.toml"
MACHINE = EXAMPLE.read_text().split("[pareto]")[0]


def converter_file(vary: str, objectives: str = '["power", "precision"]') -> files.Config:
    return files.loads(f"{MACHINE}[pareto]\nobjectives = {objectives}\nvary = {vary}\n")


def test_numbers_go_where_their_keys_say() -> None:
    config = converter_file(f"[{{ {BOTH}, range = [0.02, 0.2] }}, {{ {DAMPING}, range = [1.0, 200.0] }}]")
    variation = variation_of(config, config.machine)
    assert variation is not None and variation.start == (0.1, 100.0)
    changed = variation.build(jnp.array([0.05, 10.0]))
    np.testing.assert_array_equal([b.temperature for b in changed.baths], [0.05, 0.05])
    assert float(changed.static_baths[0].spectral_density.expansion().viscosity) == 10.0
    stored = with_varied(config, (0.05, 10.0))
    np.testing.assert_array_equal([b.temperature for b in stored.machine.baths], [0.05, 0.05])
    assert stored.pareto == config.pareto
    assert variation.names == (
        "machine.baths.driven.temperature",
        "machine.baths.static.spectral_density.damping",
    )
    assert files.loads(files.dumps(config)) == config


def test_the_rates_of_private_baths_are_those_of_the_solver() -> None:
    """The machine, read from a file, is closed over by the traced rates: its arrays are NumPy's."""
    config = converter_file(f"[{{ {DAMPING}, range = [1.0, 200.0] }}]")
    variation = variation_of(config, config.machine.with_configuration("independent"))
    assert variation is not None
    drive, numbers = FourierDrive(0.2, [0.0, 0.0], [[0.9], [0.0]], [[0.0], [0.9]]), jnp.array([30.0])
    output = Output(jnp.array([-1.0, 0.5]), jnp.zeros(()))
    rates = VariedRates(variation.build, output, 1)
    found = jax.jit(lambda candidate: rates.rates(candidate))((drive, numbers))
    machine = variation.build(numbers)
    state, noise = qtopt.steady_state(machine, drive), qtopt.fluctuations(machine, drive)
    entropy = state.entropy_production_rate
    wanted = output.rate(state.local_powers, entropy), output.variance(noise.local_power_covariance), entropy
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_nothing_varies_by_default() -> None:
    config = converter_file("[]")
    assert variation_of(config, config.machine) is None
    assert files.loads(files.dumps(config)) == config


@pytest.mark.parametrize(
    ("vary", "objectives", "message"),
    [
        (f"[{{ {DAMPING}, range = [1.0, 9.0] }}]", '["power", "efficiency"]', "must go with objectives"),
        (f"[{{ {DAMPING}, range = [9.0, 1.0] }}]", '["power", "precision"]', "swap the two"),
        (f"[{{ {DAMPING}, range = [0.0, 1.0] }}]", '["power", "precision"]', "above 0"),
        (f"[{{ {DAMPING} }}]", '["power", "precision"]', "range"),
        ("3", '["power", "precision"]', "a list of tables"),
    ],
)
def test_the_section_is_checked(vary: str, objectives: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        converter_file(vary, objectives)
    assert "pareto.vary" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        (f"[{{ {DAMPING}, range = [1.0, 9.0] }}]", "must hold the number of the file, 100.0"),
        ('[{ key = "machine.baths.static.damp", range = [1.0, 9.0] }]', "must name a number"),
        ('[{ key = "pareto.points", range = [1.0, 9.0] }]', "says how to compute"),
        (
            '[{ keys = ["machine.frequencies[0]", "machine.frequencies[1]"], range = [0.5, 2.0] }]',
            "numbers that are equal in the file",
        ),
        (
            f"[{{ {DAMPING}, range = [1.0, 200.0] }}, {{ {DAMPING}, range = [1.0, 200.0] }}]",
            "must name another number",
        ),
    ],
)
def test_the_keys_are_checked(vary: str, message: str) -> None:
    config = converter_file(vary)
    with pytest.raises(InputError, match=message) as caught:
        variation_of(config, config.machine)
    assert "pareto.vary" in str(caught.value) and "\n" not in str(caught.value)
