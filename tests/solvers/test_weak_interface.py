"""What users meet before any physics: errors, float64, import cost, one compilation per structure."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qtopt.errors import InputError
from qtopt.model import FourierDrive, Machine, MonochromaticDrive
from qtopt.solvers import Weak
from qtopt.solvers.weak import kernels, steady_state
from tests.helpers.machines import engine, engine_drive, lorentzian, machine_of, ohmic, solve

HOT, COLD = lorentzian(1.0, 1.25, 0.01, 1.0), ohmic(100.0, 0.2, (1.0, 1.0))


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | environment,
        check=False,
    )


def test_unknown_configuration() -> None:
    with pytest.raises(InputError, match=r"configuration must be \"joint\" or \"independent\".*'shared'"):
        Machine(np.ones(2), engine().baths, "shared")  # pyright: ignore[reportArgumentType]


def test_couplings_of_a_wrong_length() -> None:
    with pytest.raises(
        InputError, match=r"coupling of bath 'bath 1'.*one number per oscillator \(3\).*\(2,\)"
    ):
        machine_of((1.0, 0.6, 0.8), (HOT, COLD))


def test_missing_baths() -> None:
    with pytest.raises(InputError, match="at least one bath"):
        machine_of((1.0, 0.6), ())
    with pytest.raises(InputError, match='exactly one driven bath for the solver "weak"; got 0'):
        steady_state(machine_of((1.0, 0.6), (COLD,)), engine_drive())
    with pytest.raises(InputError, match="must have a static bath"):
        steady_state(machine_of((1.0, 0.6), (HOT,)), engine_drive())


def test_two_driven_baths() -> None:
    with pytest.raises(
        InputError, match=r'exactly one driven bath for the solver "weak"; got 2: .*solver\.kind'
    ):
        steady_state(machine_of((1.0, 0.6), (HOT, HOT, COLD)), engine_drive())


def test_drive_of_a_wrong_size() -> None:
    with pytest.raises(InputError, match=r"one shape per oscillator \(2\), but it has 3"):
        steady_state(engine(), MonochromaticDrive(0.4, np.ones(3), np.zeros(3)))


def test_float32_is_refused_with_the_line_to_add() -> None:
    code = """
import numpy as np
from qtopt.model import Bath, Ohmic
from qtopt.model import MonochromaticDrive
from qtopt.model import Machine
from qtopt.solvers.weak import steady_state
baths = (Bath("a", 1.0, Ohmic(1.0), "driven"), Bath("b", 0.5, Ohmic(1.0), [1.0]))
try:
    steady_state(Machine([1.0], baths), MonochromaticDrive(0.4, [1.0], [0.0]))
except RuntimeError as error:
    print(error)
"""
    done = run_python(code, JAX_ENABLE_X64="0")
    assert "float64" in done.stdout and "jax_enable_x64" in done.stdout, done.stdout + done.stderr


def test_import_is_cheap() -> None:
    code = "import sys, qtopt; print(*sorted(sys.modules))"
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    before = run_python("import sys, jax; print(*sorted(sys.modules))").stdout.split()
    loaded = set(done.stdout.split()) - set(before)
    # scipy counts only where jax does not already load it
    assert not loaded & {"matplotlib", "diffrax", "scipy", "optax", "tyro", "optimistix", "lineax", "tqdm"}


def test_an_evaluation_loads_only_what_it_needs() -> None:
    """Modules that take longer to load than a machine to solve wait until something uses them."""
    file = Path(__file__).parents[2] / "scripts" / "machines" / "collective_engine.toml"
    code = f"import sys, qtopt.cli; qtopt.cli.main(['evaluate', {str(file)!r}]); print(*sorted(sys.modules))"
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.splitlines()[-1].split())
    slow = {"scipy.linalg", "scipy.signal", "scipy.stats", "scipy.optimize", "scipy.integrate", "optax"}
    slow |= {"matplotlib", "diffrax", "xarray", "distributed", "dask", "pint", "plotly"}
    assert "qtopt.model" in loaded and not loaded & slow


def test_many_drives_of_one_structure_are_traced_once() -> None:
    # the module-level jit of other tests must not count: a fresh function each time
    program = eqx.filter_jit(eqx.debug.assert_max_traces(lambda m, d: steady_state(m, d).power, max_traces=1))
    rng = np.random.default_rng(0)
    machine, powers = engine(), []
    for _ in range(10):
        drive = FourierDrive(rng.uniform(0.1, 1.0), rng.normal(size=2), *rng.normal(size=(2, 2, 3)))
        powers.append(float(program(machine, drive)))
    for strength in (1e-3, 2.0):
        program(machine_of((1.1, 0.7), ({**HOT, "strength": strength}, COLD)), drive)
    assert len(set(powers)) == 10


def test_results_do_not_depend_on_batching() -> None:
    drives = [MonochromaticDrive(f, np.ones(2), np.array([0.0, np.pi])) for f in (0.3, 0.45, 0.6)]
    batch = jax.tree.map(lambda *x: jnp.stack(x), *drives)
    batched = jax.jit(jax.vmap(lambda d: steady_state(engine(), d).power))(batch)
    single = jax.jit(lambda d: steady_state(engine(), d).power)
    np.testing.assert_allclose(batched, [single(drive) for drive in drives], rtol=1e-9)


def test_kernels_may_close_over_a_machine_of_private_baths() -> None:
    """Couplings are then NumPy arrays that a trace takes apart."""
    machine = machine_of(
        (1.0, 0.6), (ohmic(0.1, 1.0), ohmic(2.0, 0.2, np.array([1.0, 0.5])))
    ).with_configuration("independent")
    nu = jnp.array([0.3, 0.7])
    for closed, given in zip(jax.jit(lambda x: kernels(machine, x))(nu), kernels(machine, nu), strict=True):
        np.testing.assert_allclose(closed, given, rtol=1e-12, atol=1e-18)


def test_unresolved_conduction_is_an_error_not_a_number() -> None:
    """Heat between static baths is computed twice, in other units; where they differ there is none."""
    baths = (ohmic(0.1, 1.0), ohmic(2.0, 0.2, (1.0, 0.5)), ohmic(0.3, 0.5, (1.0, 1.0)))
    machine = machine_of((1.0, 0.6), baths)
    state = solve(machine, engine_drive())
    Weak().verify(machine, engine_drive(), state)
    wrong = replace(state, heat_currents=state.heat_currents.at[1].multiply(1.0 + 1e-5))
    with pytest.raises(InputError, match="must be resolved to 1e-6, but with these rates float64 gives them"):
        Weak().verify(machine, engine_drive(), wrong)
