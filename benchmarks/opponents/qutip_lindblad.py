"""Opponent in the Markovian limit: one weakly damped oscillator, the Lindblad equation solved by qutip.

Both baths are Ohmic. Memoryless and slowly driven (Omega << omega), the driven one acts at the rate gamma
g(t)^2:

    d rho/dt = sum_b gamma_b g_b(t)^2 { (n_b + 1) D[a] + n_b D[a^dagger] } rho,   n_b = 1/(exp(omega/T_b) -
    1).
"""

from typing import Any

import numpy as np
import qutip  # pyright: ignore[reportMissingImports]


def heat_from_static(
    omega: float,
    dampings: tuple[float, float],
    temperatures: tuple[float, float],
    frequency: float,
    periods: int,
    levels: int,
) -> float:
    """Heat per time out of the static bath (the second), averaged over the last period; g = cos(Omega t)."""
    lowering: Any = qutip.destroy(levels)
    occupations = [1.0 / np.expm1(omega / temperature) for temperature in temperatures]
    operators = []
    for b, (damping, n) in enumerate(zip(dampings, occupations, strict=True)):
        for operator, rate in ((lowering, damping * (n + 1.0)), (lowering.dag(), damping * n)):
            jump = np.sqrt(rate) * operator
            operators.append([jump, lambda t: np.cos(frequency * t)] if b == 0 else jump)
    period = 2.0 * np.pi / frequency
    last = period * (periods - 1.0 + np.arange(65) / 64.0)
    found: Any = qutip.mesolve(
        omega * lowering.dag() * lowering,
        qutip.thermal_dm(levels, occupations[1]),
        np.concatenate([[0.0], last]),
        c_ops=operators,
        e_ops=[lowering.dag() * lowering],
        options={"nsteps": 10**7, "rtol": 1e-8, "atol": 1e-10},
    )
    mean = np.mean(found.expect[0][2:])
    return float(omega * dampings[1] * (occupations[1] - mean))
