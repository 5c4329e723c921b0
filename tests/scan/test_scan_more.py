"""What only machines with memory have."""

import numpy as np
import pytest

from qtopt import files
from qtopt.model import logarithmic_negativity, normal_modes
from qtopt.scan import parameter_scan
from qtopt.solvers.weak import phase_space_covariance
from tests.scan.test_scan import SOFT, config_of


def test_negativity_and_modes_of_a_soft_bath() -> None:
    """A static bath with memory: momenta have a variance, so the scan knows the entanglement."""
    base = SOFT.replace(
        '{ kind = "ohmic", damping = 0.5 }', '{ kind = "drude", damping = 0.5, cutoff = 9.0 }'
    )
    assert base != SOFT
    axis = '{ key = "machine.baths.cold.temperature", values = [1e-3, 0.3] }'
    data = parameter_scan(config_of(axis, base=base))
    config = files.loads(base.replace("temperature = 0.2", "temperature = 1e-3"))
    machine = config.machine
    assert float(machine.baths[1].temperature) == 1e-3
    expected = float(logarithmic_negativity(phase_space_covariance(machine)))
    np.testing.assert_allclose(data["logarithmic_negativity"], [expected, 0.0], atol=1e-12)
    assert float(data["slowest_mode_phase"][0]) == pytest.approx(normal_modes(machine)[0].antiphase)
