"""Rational baths: consistency, state-space form, fits of tables and functions, configuration, solvers."""

import json
import re
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from qtopt.cli import main
from qtopt.errors import InputError
from qtopt.files import Config, dumps, load, loads, save
from qtopt.model import (
    AbstractSpectralDensity,
    Bath,
    Drude,
    Lorentzian,
    Machine,
    Memory,
    MonochromaticDrive,
    Ohmic,
    Rational,
    Tabulated,
    fit_spectral_density,
)
from qtopt.solvers import Exact, ExactSteadyState, WeakSteadyState, steady_state as exact_steady_state
from qtopt.solvers.weak import steady_state as weak_steady_state, weak_validity
from tests.helpers.texts import MACHINE, MONOCHROMATIC, OHMIC

BATHS = {
    "mixed": Rational(0.7, [0.3, 2.0], [[1.2, 0.1], [0.5, 0.4]], [0.9], [[1.7, 0.2]]),
    "drude": Rational(0.3 * 4.0, [2.0], [], [], []),
    "lorentzian": Rational(0.1, [], [[np.sqrt(1.25**2 - 0.05**2), 0.05]], [], []),
    "super-Ohmic": Rational(1.0, [0.5, 1.0, 1.5], [], [0.0], []),
    "touching zero": Rational(1.0, [0.5, 0.7], [[1.0, 0.3]], [], [[0.8, 0.0]]),
}
each_bath = pytest.mark.parametrize("bath", BATHS.values(), ids=BATHS.keys())
OMEGA = np.geomspace(1e-3, 1e2, 101)
UPPER = OMEGA + 0.3j * np.cos(np.arange(101)) ** 2


def transfer(memory: Memory, column: jax.Array, omega: np.ndarray) -> np.ndarray:
    """output (-i omega - dynamics)^-1 column."""
    return response(memory, memory.output, column, omega)


def response(memory: Memory, row: jax.Array, column: jax.Array, omega: np.ndarray) -> np.ndarray:
    """row (-i omega - dynamics)^-1 column."""
    dynamics, output = np.asarray(memory.dynamics), np.asarray(row)
    operators = -1j * omega[:, None, None] * np.eye(len(output)) - dynamics
    return (
        np.linalg.solve(
            operators, np.broadcast_to(np.asarray(column)[:, None], (len(omega), len(output), 1))
        )[..., 0]
        @ output
    )


@each_bath
def test_response_and_density(bath: Rational) -> None:
    """Im chi_B = J > 0, odd; K = chi_B(0) - chi_B; poles below the axis."""
    density, response = np.asarray(bath.density(OMEGA)), np.asarray(bath.response(OMEGA))
    scale = np.abs(response).max()
    np.testing.assert_allclose(np.imag(response), np.real(density), atol=1e-14 * scale, rtol=1e-12)
    np.testing.assert_allclose(np.imag(density), 0.0, atol=1e-14 * scale)
    assert np.all(np.real(density) >= 0.0)
    np.testing.assert_array_equal(np.real(bath.density(-OMEGA)), -np.real(density))
    difference = complex(bath.response(0.0)) - np.asarray(bath.response(UPPER))
    np.testing.assert_allclose(bath.memory_kernel(UPPER), difference, atol=1e-13 * scale)
    assert np.all(np.imag(bath.expansion().poles) < 0.0)


@each_bath
def test_small_frequencies_lose_no_digits(bath: Rational) -> None:
    """K(w)/w at w = 1e-12 is K'(0), also the divided difference there."""
    slope = complex(bath.memory_kernel_slope(0.0, 0.0))
    np.testing.assert_allclose(complex(bath.memory_kernel(1e-12)) / 1e-12, slope, rtol=1e-10, atol=1e-10)
    a, b = UPPER, UPPER[::-1] + 0.2
    quotient = (np.asarray(bath.memory_kernel(a)) - np.asarray(bath.memory_kernel(b))) / (a - b)
    np.testing.assert_allclose(bath.memory_kernel_slope(a, b), quotient, rtol=1e-9, atol=1e-12 * abs(slope))


@each_bath
def test_kramers_kronig(bath: Rational) -> None:
    """K(iy) = (2/pi) int_0^infinity J(w) y^2 / (w (w^2 + y^2)) dw, by mpmath."""
    density = jax.jit(lambda value: bath.density(value))
    for y in (0.3, 2.0):

        def integrand(w: mpmath.mpf, y: float = y) -> float:
            value = float(w)
            return float(np.real(density(value))) * y**2 / (value * (value**2 + y**2))

        knots = [1e-9, 0.1, 0.5, 0.8, 1.0, 1.15, 1.2, 1.25, 1.3, 2.0, 5.0, 50.0, 1e3, 1e5]
        integral = 2.0 / np.pi * complex(mpmath.quad(integrand, knots, maxdegree=5)).real  # pyright: ignore
        np.testing.assert_allclose(complex(bath.memory_kernel(1j * y)), integral, rtol=1e-6)


@each_bath
def test_memory_form(bath: Rational) -> None:
    """The memory variables give chi_B, K and, from one noise, J; a passive bath is stable."""
    memory = bath.memory()
    np.testing.assert_allclose(
        transfer(memory, memory.input, UPPER), bath.response(UPPER), rtol=1e-10, atol=1e-13
    )
    noise = np.abs(transfer(memory, memory.noise, OMEGA)) ** 2 * OMEGA
    density = np.real(bath.density(OMEGA))
    np.testing.assert_allclose(noise, density, rtol=1e-9, atol=1e-13 * float(density.max()))
    lag = jnp.linalg.solve(memory.dynamics, memory.input)
    absorbed = np.abs(response(memory, memory.outlet, lag, OMEGA)) ** 2 * OMEGA
    np.testing.assert_allclose(absorbed, density, rtol=1e-9, atol=1e-13 * float(density.max()))
    np.testing.assert_allclose(memory.static, complex(bath.response(0.0)).real, rtol=1e-13)
    assert np.linalg.eigvals(np.asarray(memory.dynamics)).real.max() < 0.0


@pytest.mark.parametrize(
    ("bath", "known"), [("drude", Drude(0.3, 2.0)), ("lorentzian", Lorentzian(1.0, 1.25, 0.1))]
)
def test_known_baths(bath: str, known: AbstractSpectralDensity) -> None:
    for of in ("density", "response", "memory_kernel"):
        np.testing.assert_allclose(getattr(BATHS[bath], of)(UPPER), getattr(known, of)(UPPER), rtol=1e-12)


@each_bath
def test_units(bath: Rational) -> None:
    """J(2 w) in doubled units is 4 J(w)."""
    np.testing.assert_allclose(bath.in_units(2.0).density(2.0 * OMEGA), 4.0 * bath.density(OMEGA), rtol=1e-12)


def test_derivatives_jit_and_vmap() -> None:
    """J is proportional to `scale`; gradients by every parameter are finite differences; vmap batches."""
    bath = BATHS["mixed"]

    def kernel(b: Rational) -> jax.Array:
        memory = b.memory()
        resolvent = jnp.linalg.solve(0.4 * jnp.eye(6) - memory.dynamics, memory.input)
        return memory.output @ resolvent + jnp.real(b.memory_kernel(0.3 + 0.2j))

    gradient = jax.jit(jax.grad(kernel))(bath)
    np.testing.assert_allclose(gradient.scale * bath.scale, kernel(bath), rtol=1e-10)
    for leaf in ("decays", "pairs", "zero_decays", "zero_pairs"):
        value, step = np.asarray(getattr(bath, leaf)), 1e-6
        for index in np.ndindex(value.shape):
            both = []
            for sign in (1.0, -1.0):
                moved = value.copy()
                moved[index] += sign * step
                both.append(
                    kernel(eqx.tree_at(lambda b, leaf=leaf: getattr(b, leaf), bath, jnp.asarray(moved)))
                )
            expected = (both[0] - both[1]) / (2.0 * step)
            np.testing.assert_allclose(getattr(gradient, leaf)[index], expected, rtol=1e-6, atol=1e-9)
    scaled = jax.vmap(lambda s: eqx.tree_at(lambda b: b.scale, bath, s).density(1.1))(jnp.array([0.7, 1.4]))
    np.testing.assert_allclose(scaled[1], 2.0 * scaled[0], rtol=1e-14)


def test_more_zeros_than_poles() -> None:
    with pytest.raises(
        InputError, match="must have more poles than zeros, so that it decays, but it has 1 more zeros"
    ):
        Rational(1.0, [1.0], [], [0.5, 0.6], [])


# Fits -------------------------------------------------------------------------------------------------------


def drude_table(count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    omega = np.geomspace(1e-2, 100.0, count)
    return omega, 0.3 * omega / (1.0 + omega**2 / 144.0)


def test_fit_of_a_drude_table_is_drude() -> None:
    bath, report = fit_spectral_density(*drude_table(), tolerance=1e-10)
    assert len(report.poles) == 1 and report.error < 1e-12
    np.testing.assert_allclose(report.poles[0], -12.0j, rtol=1e-12)
    np.testing.assert_allclose(bath.response(UPPER), Drude(0.3, 12.0).response(UPPER), rtol=1e-11)


def test_fit_of_a_narrow_peak() -> None:
    peak = Lorentzian(1.0, 1.25, 0.02)
    bath, report = fit_spectral_density((0.01, 5.0), lambda w: np.real(peak.density(w)), 1e-10)
    assert len(report.poles) == 2 and report.error < 1e-11
    np.testing.assert_allclose(bath.memory_kernel(UPPER), peak.memory_kernel(UPPER), rtol=1e-9)


SHAPES = {
    "sub-Ohmic": ((1e-3, 30.0), lambda w: np.sqrt(w) * np.exp(-w), 1e-3, 14),
    "sub-Ohmic, algebraic": ((1e-3, 100.0), lambda w: np.sqrt(w) / (1.0 + w**2), 1e-4, 16),
    "Ohmic": ((1e-2, 30.0), lambda w: w * np.exp(-w / 3.0), 1e-4, 12),
    "super-Ohmic": ((1e-2, 30.0), lambda w: w**3 * np.exp(-w), 1e-4, 13),
    "super-Ohmic, algebraic": ((1e-2, 100.0), lambda w: w**3 / (1.0 + w**2) ** 3, 1e-8, 3),
    "Gaussian": ((1e-2, 6.0), lambda w: w * np.exp(-(w**2)), 1e-6, 9),
}


@pytest.mark.parametrize(("window", "density", "tolerance", "poles"), SHAPES.values(), ids=SHAPES.keys())
def test_fit_of_functions(window, density, tolerance: float, poles: int) -> None:
    """The tolerance holds at points that were not fitted; J >= 0 everywhere; few poles; Im chi_B = J."""
    bath, report = fit_spectral_density(window, density, tolerance)
    assert len(report.poles) <= poles and report.error <= tolerance
    omega = np.geomspace(window[0], window[1], 7001)
    expected, fitted = density(omega), np.real(np.asarray(bath.density(omega)))
    assert np.max(np.abs(fitted - expected) / np.maximum(expected, 0.01 * expected.max())) < 1.5 * tolerance
    far = np.geomspace(1e-8, 1e8, 4001)
    assert np.all(np.real(np.asarray(bath.density(far))) > 0.0) and report.passivity > 0.0
    assert np.real(complex(bath.density(1e8))) < 1e-4 * expected.max()
    response = np.asarray(bath.response(omega))
    np.testing.assert_allclose(np.imag(response), fitted, atol=1e-8 * np.abs(response).max())


def test_report_reads_as_a_block() -> None:
    _, report = fit_spectral_density(*drude_table())
    text = str(report).splitlines()
    assert text[0] == "rational bath of 1 poles, fitted for 0.01 <= omega <= 100"
    assert text[-1].split() == ["pole", "0.000000e+00", "-1.200000e+01i"]
    assert report.window == (0.01, 100.0) and 0.0 < report.beyond < 1.0 and report.reached
    data, fit, whole = report.reorganisation
    np.testing.assert_allclose([fit / data, whole], [1.0, 0.3 * 12.0 / 2.0], rtol=1e-9)


# Solvers ----------------------------------------------------------------------------------------------------

DRIVE = MonochromaticDrive(0.45, [1.0, 0.8], [0.0, 2.0])


def weak(machine: Machine) -> WeakSteadyState:
    return eqx.filter_jit(weak_steady_state)(machine, DRIVE)


def exact(machine: Machine) -> ExactSteadyState:
    return eqx.filter_jit(exact_steady_state)(machine, DRIVE, Exact().settled(machine, DRIVE))


@pytest.mark.slow
@pytest.mark.parametrize("solver", [weak, exact])
def test_fitted_drude_gives_the_currents_of_drude(solver) -> None:
    """A table of Drude's J, fitted, in place of Drude itself, driven and static."""
    fitted, _ = fit_spectral_density(*drude_table(), tolerance=1e-8)

    def currents(density: AbstractSpectralDensity) -> np.ndarray:
        hot, cold = Bath("hot", 1.0, density, "driven"), Bath("cold", 0.2, density, [1.0, 1.0])
        baths = (hot, cold, Bath("warm", 0.5, Ohmic(0.2), [1.0, -0.5]))
        state = solver(Machine([1.0, 0.6], baths))
        return np.concatenate([state.local_powers, state.heat_currents])

    expected = currents(Drude(0.3, 12.0))
    np.testing.assert_allclose(currents(fitted), expected, atol=1e-9 * np.abs(expected).max(), rtol=1e-8)


@pytest.mark.slow
def test_weak_is_the_limit_of_exact_with_many_poles() -> None:
    """A super-Ohmic driven bath and a sub-Ohmic static one: exact -> weak, energy balance, validity."""
    hot, _ = fit_spectral_density((1e-2, 30.0), lambda w: w**3 * np.exp(-w), 1e-2)
    cold, _ = fit_spectral_density((1e-2, 30.0), lambda w: 0.4 * np.sqrt(w) * np.exp(-w), 1e-1)
    hot = eqx.tree_at(lambda b: b.scale, hot, hot.scale * 1e-5)
    machine = Machine([1.0, 0.6], (Bath("hot", 1.0, hot, "driven"), Bath("cold", 0.2, cold, [1.0, 1.0])))
    approximate, state = weak(machine), exact(machine)
    np.testing.assert_allclose(state.heat_currents, approximate.heat_currents, rtol=1e-3)
    np.testing.assert_allclose(state.power, approximate.power, rtol=1e-3)
    assert abs(jnp.sum(state.heat_currents) + state.power) < 1e-9 * jnp.max(jnp.abs(state.heat_currents))
    assert 0.0 < weak_validity(machine, DRIVE) < 1e-2


# Configuration ----------------------------------------------------------------------------------------------

TABLE = 'spectral_density = { kind = "table", file = "bath.csv", tolerance = 1e-6 }'


def write_table(folder: Path, header: str = "omega, J\n") -> Path:
    path = folder / "bath.csv"
    path.write_text(header + "".join(f"{w!r}, {j!r}\n" for w, j in np.transpose(drude_table()).tolist()))
    return path


def test_table_in_a_configuration(tmp_path: Path) -> None:
    """The path is relative to the configuration; what is written is absolute and loads anywhere."""
    table = write_table(tmp_path)
    source = tmp_path / "machine.toml"
    source.write_text(MACHINE.replace(OHMIC, TABLE))
    config = load(source)
    density = config.machine.baths[1].spectral_density
    assert isinstance(density, Tabulated) and (density.file, density.tolerance) == (str(table), 1e-6)
    assert loads(dumps(config)) == config
    (tmp_path / "elsewhere").mkdir()
    save(config, tmp_path / "elsewhere" / "copy.toml")
    assert load(tmp_path / "elsewhere" / "copy.toml") == config
    np.testing.assert_allclose(density.response(UPPER), Drude(0.3, 12.0).response(UPPER), rtol=1e-9)
    rough = load_text(tmp_path, TABLE.replace(", tolerance = 1e-6", "")).machine.baths[1].spectral_density
    assert isinstance(rough, Tabulated) and rough.tolerance == 1e-4


def load_text(folder: Path, density: str) -> Config:
    return loads(MACHINE.replace(OHMIC, density), folder)


@pytest.mark.parametrize("header", ["", "omega;J\n", "# a comment\n\nomega J\n", "\ufeffomega,J\n"])
def test_headers(tmp_path: Path, header: str) -> None:
    write_table(tmp_path, header)
    assert isinstance(load_text(tmp_path, TABLE).machine.baths[1].spectral_density, Tabulated)


KEY = "machine.baths[1].spectral_density"
CONFIG_ERRORS = [
    (
        TABLE,
        "1.0, 1.0, 1.0, 1.0\n",
        "has the columns 1 to 4, and it is not clear which are meant",
    ),
    (TABLE, "w, J\n1.0, 1.0\nthe end\n", "must have 2 numbers like the first row; got 'the end'"),
    (
        TABLE,
        None,
        "bath.csv cannot be read: No such file or directory; give a text file with rows",
    ),
    (
        TABLE.replace("1e-6", "0.0"),
        "1.0 1.0\n",
        f"`{KEY}.tolerance` must be a finite number above 0; got 0.0",
    ),
    (TABLE.replace("file", "flie"), "", f'unknown key `{KEY}.flie`; did you mean "file"?'),
    (
        'spectral_density = { kind = "table" }',
        "",
        f"`{KEY}.file` is missing; it must be the path of a file with the columns omega and J(omega)",
    ),
]


@pytest.mark.parametrize(("density", "content", "message"), CONFIG_ERRORS, ids=range(len(CONFIG_ERRORS)))
def test_errors_of_tables(tmp_path: Path, density: str, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "bath.csv").write_text(content)
    with pytest.raises(InputError) as caught:
        load_text(tmp_path, density)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_a_table_that_cannot_be_fitted_names_its_bath(tmp_path: Path) -> None:
    (tmp_path / "bath.csv").write_text("1.0 1.0\n2.0 -1.0\n1.5 -1.0\n3.0 -1.0\n4.0 1.0\n")
    with pytest.raises(InputError, match=f"`{re.escape(KEY)}` cannot be used: .*: J.omega. must be above 0"):
        load_text(tmp_path, TABLE)


@pytest.mark.slow
def test_evaluate_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`qtopt evaluate` of a driven table is that of the Drude bath it was made from."""
    write_table(tmp_path)
    results = []
    for density in (TABLE, 'spectral_density = { kind = "drude", damping = 0.3, cutoff = 12.0 }'):
        path = tmp_path / "machine.toml"
        lorentzian = MACHINE.split("temperature = 1.0\n")[1].split("\ncoupling")[0]
        path.write_text(MONOCHROMATIC + MACHINE.replace(lorentzian, density))
        main(["evaluate", str(path), "--json"])
        results.append(json.loads(capsys.readouterr().out))
    np.testing.assert_allclose(results[0]["heat_currents"], results[1]["heat_currents"], rtol=1e-8)
