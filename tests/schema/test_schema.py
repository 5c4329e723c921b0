"""Classes as their own schema: the JSON schema, kinds of users, keys as paths, what `print` shows."""

import json
import re
import tomllib
from functools import partial
from pathlib import Path
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jsonschema
import numpy as np
import pytest
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float, Inexact

import qtopt
from qtopt import files
from qtopt.errors import InputError
from qtopt.model import AbstractDrive, AbstractSpectralDensity, Drude, Memory, PoleExpansion
from qtopt.numerics import to_array
from qtopt.scan import parameter_scan
from qtopt.schema import in_units, parameter, placed, placed_each
from tests.helpers.texts import BOUNDED, FOURIER, MACHINE, MONOCHROMATIC, OHMIC, PARETO, PIECEWISE, SOLVER

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "qtopt.schema.json"
EXAMPLES = sorted((ROOT / "scripts" / "machines").glob("*.toml"))
TABLE = Path(__file__).parents[1] / "data" / "drude.csv"
SCAN = '[scan]\naxes = [{ key = "drive.frequency", from = 0.1, to = 1.0, points = 5, scale = "log" }]\n'
SIMULATION = '[simulation]\nperiods = 3\ninitial = { kind = "squeezed", squeezing = 0.5 }\n'
VARY = '{ key = "machine.baths.hot.temperature", range = [0.5, 2.0] }'
SEARCH = f'[pareto]\nobjectives = ["power", "precision"]\nvary = [{VARY}]\n'


def checker() -> jsonschema.Draft202012Validator:
    schema = files.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


# JSON schema ------------------------------------------------------------------------------------------------


def test_the_committed_schema_is_that_of_the_classes() -> None:
    """Editors find it by the first line of the examples."""
    assert json.loads(COMMITTED.read_text()) == files.json_schema(), "run: qtopt schema > qtopt.schema.json"
    assert len(EXAMPLES) >= 4
    for path in EXAMPLES:
        first = path.read_text().splitlines()[0]
        assert (path.parent / first.removeprefix("#:schema ")).resolve() == COMMITTED, path


@pytest.mark.parametrize(
    "text",
    [
        *(path.read_text() for path in EXAMPLES),
        MACHINE,
        *(MACHINE + drive for drive in (MONOCHROMATIC, FOURIER, BOUNDED, PIECEWISE)),
        MACHINE + SOLVER + PARETO + SIMULATION,
        MACHINE + "[solver]\n[simulation]\ninitial = {}\n",
        MONOCHROMATIC + MACHINE + SCAN,
        MACHINE + SEARCH,
        MACHINE.replace(OHMIC, f'spectral_density = {{ kind = "table", file = "{TABLE}" }}'),
        MACHINE.replace('"static"', "[1.0, -0.5]"),
    ],
)
def test_what_the_reader_takes_the_schema_takes(text: str) -> None:
    files.loads(text)
    checker().validate(tomllib.loads(text))
    checker().validate(json.loads(json.dumps(tomllib.loads(files.dumps(files.loads(text))))))


BAD = [
    ("[machine]", "[macine]"),
    ("frequencies =", "frequences ="),
    ("[1.0, 0.6]", "[]"),
    ("[1.0, 0.6]", "1.0"),
    ("[1.0, 0.6]", "[1.0, 0.0]"),
    ('"joint"', '"jont"'),
    ("temperature = 0.2", "temperature = -0.2"),
    ("temperature = 0.2", 'temperature = "0.2"'),
    ("temperature = 0.2", ""),
    ('"lorentzian"', '"lorenzian"'),
    ('kind = "ohmic", damping', 'kind = "ohmic", cutoff = 1.0, damping'),
    ('kind = "ohmic", damping = 100.0', 'kind = "ohmic"'),
    ('kind = "ohmic", ', ""),
    ('"static"', '"statc"'),
    ('kind = "monochromatic"', 'kind = "fourier"'),
    ("amplitudes = [1.0, 1.0]", "amplitudes = [1.0, true]"),
    ("frequency = 0.45", "frequency = [0.1, 0.2]"),
    ('kind = "weak"', 'kind = "exakt"'),
    ("points = 30", "points = 1"),
    ("seed = 0", "seed = 4294967296"),
    ('"peak"', '"pick"'),
    ('["joint", "independent"]', '["joint", "joint"]'),
    ("starts = 16", 'starts = 16\nobjectives = ["power", "speed"]'),
    ("starts = 16", 'starts = 16\nvary = [{ key = "a" }]'),
    ("[0.05, 1.0]", "[0.0, 1.0]"),
    ("periods = 3", "periods = 0"),
    (", squeezing = 0.5", ""),
    ('key = "drive.frequency"', 'key = "drive.frequency", keys = ["b"]'),
    ("points = 5, ", ""),
    ("points = 5", "points = 5, values = [1.0]"),
]


@pytest.mark.parametrize(("old", "new"), BAD, ids=range(len(BAD)))
def test_what_the_reader_refuses_the_schema_refuses(old: str, new: str) -> None:
    """Everything but what ties keys together."""
    text = MONOCHROMATIC + MACHINE + SOLVER + PARETO + SIMULATION + SCAN
    assert old in text and not list(checker().iter_errors(tomllib.loads(text)))
    head, _, tail = text.partition(old)
    broken = head + new + tail
    with pytest.raises(InputError):
        files.loads(broken)
    assert list(checker().iter_errors(tomllib.loads(broken)))


# Kinds of users ---------------------------------------------------------------------------------------------


class HalfDrude(AbstractSpectralDensity):
    """J(omega) = (gamma/2) omega / (1 + omega^2/omega_c^2): a Drude bath by another name."""

    kind: ClassVar[str] = "half-drude"

    damping: Float[Array, ""] = parameter(help="gamma", unit="frequency", positive=True, converter=to_array)
    cutoff: Float[Array, ""] = parameter(help="omega_c", unit="frequency", positive=True, converter=to_array)

    @property
    def whole(self) -> Drude:
        return Drude(self.damping / 2.0, self.cutoff)

    def density(self, omega: ArrayLike) -> Inexact[Array, "..."]:
        return self.whole.density(omega)

    def response(self, omega: ArrayLike) -> Complex[Array, "..."]:
        return self.whole.response(omega)

    def memory_kernel(self, omega: ArrayLike) -> Complex[Array, "..."]:
        return self.whole.memory_kernel(omega)

    def memory_kernel_slope(self, a: ArrayLike, b: ArrayLike) -> Complex[Array, "..."]:
        return self.whole.memory_kernel_slope(a, b)

    def expansion(self) -> PoleExpansion:
        return self.whole.expansion()

    def memory(self) -> Memory:
        return self.whole.memory()


class ShiftedDrive(AbstractDrive):
    """g_l(t) = cos(Omega (t - delays_l)): equal cosines, each with a delay."""

    kind: ClassVar[str] = "shifted"

    delays: Float[Array, " L"] = parameter(help="delays of the couplings", least=0.0, converter=to_array)

    @property
    def same(self) -> qtopt.MonochromaticDrive:
        return qtopt.MonochromaticDrive(
            self.frequency, jnp.ones_like(self.delays), -self.frequency * self.delays
        )

    @property
    def size(self) -> int:
        return self.delays.shape[-1]

    @property
    def default_harmonics(self) -> int:
        return 1

    def __call__(self, time: ArrayLike) -> Float[Array, "... L"]:
        return self.same(time)

    def harmonics(self, count: int) -> Complex[Array, "count+1 L"]:
        return self.same.harmonics(count)

    def mean_square(self) -> Float[Array, " L"]:
        return self.same.mean_square()


OWN = MACHINE.replace(OHMIC, 'spectral_density = { kind = "half-drude", damping = 4.0, cutoff = 12.0 }') + (
    '[drive]\nkind = "shifted"\nfrequency = 0.45\ndelays = [0.0, 3.0]\n'
)


@pytest.fixture
def own_kinds(own_registry: None) -> None:
    """Registered for one test: the committed schema knows the kinds of the package only."""
    for own in (HalfDrude, ShiftedDrive):
        qtopt.register(own)


@pytest.mark.usefixtures("own_kinds")
def test_kinds_of_users_are_read_written_found_and_evaluated(tmp_path: Path) -> None:
    """From outside the package: TOML, its JSON schema, the round trip, keys with their units, results."""
    config = files.loads(OWN)
    checker().validate(tomllib.loads(OWN))
    bath, drive = config.machine.baths[1].spectral_density, files.require_drive(config)
    assert isinstance(bath, HalfDrude) and isinstance(drive, ShiftedDrive)
    files.save(config, tmp_path / "own.toml")
    assert files.load(tmp_path / "own.toml") == config
    places = files.number_keys(config)
    assert {"machine.baths.cold.spectral_density.damping", "drive.delays[1]"} <= places.keys()
    assert places["machine.baths.cold.spectral_density.damping"].unit == "frequency"
    other = files.with_number(config, places["drive.delays[1]"], 2.5)
    assert files.number_at(other, places["drive.delays[1]"]) == 2.5
    assert files.fingerprint(other, ("drive",)) != files.fingerprint(config, ("drive",))
    found = qtopt.evaluate(config.machine, drive)
    known = files.loads(
        MACHINE.replace(OHMIC, 'spectral_density = { kind = "drude", damping = 2.0, cutoff = 12.0 }')
    )
    expected = qtopt.evaluate(known.machine, drive.same)
    np.testing.assert_allclose(found.power, expected.power, rtol=1e-12)
    np.testing.assert_allclose(found.heat_currents, expected.heat_currents, rtol=1e-12)
    np.testing.assert_array_equal(bath.in_units(2.0).damping, 8.0)


@pytest.mark.slow
@pytest.mark.usefixtures("own_kinds")
def test_kinds_of_users_are_scanned() -> None:
    axis = '{ key = "drive.delays[1]", values = [2.0, 3.0] }'
    config = files.loads(f"{OWN}[scan]\nfluctuations = false\naxes = [{axis}]\n")
    found = parameter_scan(config)["power"]
    assert found.dims == ("drive_delays_1",)
    power = qtopt.evaluate(config.machine, files.require_drive(config)).power
    np.testing.assert_allclose(found[1], power, rtol=1e-9)


@pytest.mark.usefixtures("own_kinds")
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "damping = 4.0",
            "damping = 0",
            "spectral_density.damping` must be a finite number above 0; got 0",
        ),
        (
            "damping",
            "dampin",
            'spectral_density.dampin`; did you mean "damping"?',
        ),
        (
            "[0.0, 3.0]",
            "[0.0]",
            "`drive.delays` must be a list of 2 numbers, one for each oscillator; got",
        ),
        ("[0.0, 3.0]", "[0.0, -1]", "`drive.delays[1]` must be a finite number of at least 0; got -1"),
        (
            '"half-drude"',
            '"half-drud"',
            '"table" or "half-drude"; got "half-drud" (did you mean',
        ),
    ],
)
def test_errors_of_kinds_of_users(old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        files.loads(OWN.replace(old, new))


@pytest.mark.usefixtures("own_kinds")
def test_kinds_are_registered_once_and_whole() -> None:
    """What has no kind or takes another's is refused; what is not registered is not written."""
    with pytest.raises(TypeError, match=r"the kind 'ohmic' of Other belongs to qtopt\.model"):
        qtopt.register(type("Other", (HalfDrude,), {"kind": "ohmic"}))
    with pytest.raises(TypeError, match="must be a dataclass with the class attributes family"):
        qtopt.register(type("Nothing", (), {}))
    unknown = type("Unknown", (HalfDrude,), {"kind": "unknown"})(1.0, 2.0)
    machine = qtopt.Machine(
        [1.0], (qtopt.Bath("a", 1.0, unknown, "driven"), qtopt.Bath("b", 1.0, unknown, 1.0))
    )
    with pytest.raises(InputError, match=r"must be registered to be written .* put `@qtopt.register` above"):
        files.dumps(files.Config(machine))


# Keys -------------------------------------------------------------------------------------------------------


def test_keys_are_paths() -> None:
    """Replacing a number by its key gives what the file with that number gives, however it is done."""
    text = MONOCHROMATIC + MACHINE.replace('"static"', "[1.0, 0.5]")
    config = files.loads(text)
    changes = {
        "machine.frequencies[1]": ("0.6]", "0.7]", 0.7),
        "machine.baths.hot.temperature": ("temperature = 1.0", "temperature = 1.5", 1.5),
        "machine.baths[0].spectral_density.peak": ("1.25", "1.75", 1.75),
        "machine.baths.cold.coupling[1]": ("[1.0, 0.5]", "[1.0, 0.25]", 0.25),
        "drive.phases[1]": ("3.0]", "2.0]", 2.0),
    }
    units = ["frequency", "temperature", "frequency", "1", "rad"]
    places = [files.find_number(config, key, "key") for key in changes]
    assert [place.unit for place in places] == units
    for place, (old, new, value) in zip(places, changes.values(), strict=True):
        expected = files.loads(text.replace(old, new))
        assert expected != config and files.number_at(expected, place) == value
        assert files.with_number(config, place, value) == expected
        model, wanted = files.driven_machine(config), files.driven_machine(expected)
        traced = jax.jit(partial(placed, model, [[place]]))(jnp.array([value]))
        assert eqx.tree_equal(traced, jax.tree.map(jnp.asarray, wanted))
        batch = placed_each(model, [[place]], np.array([[files.number_at(config, place)], [value]]))
        assert eqx.tree_equal(jax.tree.map(lambda leaf: leaf[1], batch), wanted)
        assert eqx.tree_equal(jax.tree.map(lambda leaf: leaf[0], batch), model)


def test_scanned_values_obey_the_rules_of_the_file() -> None:
    config = files.loads(MONOCHROMATIC + MACHINE)
    with pytest.raises(
        InputError, match=r"`machine.frequencies\[1\]` must be a finite number above 0; got -1"
    ):
        files.with_number(config, files.find_number(config, "machine.frequencies[1]", "key"), -1.0)


def test_tables_are_part_of_the_fingerprint(tmp_path: Path) -> None:
    """The numbers in the file count, not only its name; a long run and its --resume read the same ones."""
    path = tmp_path / "bath.csv"
    path.write_text(TABLE.read_text())
    text = MACHINE.replace(
        OHMIC, f'spectral_density = {{ kind = "table", file = "{path}", tolerance = 1e-2 }}'
    )
    before = files.fingerprint(files.loads(text), ("drive",))
    assert files.fingerprint(files.loads(text), ("drive",)) == before
    first, last = path.read_text().rsplit("\n", 2)[:2]
    omega, density = last.replace(",", " ").split()
    path.write_text(f"{first}\n{omega}, {float(density) * (1.0 + 1e-9)!r}\n")
    assert files.fingerprint(files.loads(text), ("drive",)) != before


# What print shows -------------------------------------------------------------------------------------------


def test_machines_and_drives_print_their_numbers_with_units() -> None:
    config = files.loads(MONOCHROMATIC + MACHINE)
    shown = str(config.machine)
    for line in (
        r"frequencies +\[1, 0.6\]  frequency +omega_l",
        r"hot.temperature +1  temperature +T",
        r"hot.spectral_density +lorentzian",
        r"hot.spectral_density.strength +1e-05  frequency\^4 +d",
        r"hot.coupling +driven",
        r"cold.coupling +\[1, 1\]",
    ):
        assert re.search(rf"^  {line}", shown, re.MULTILINE), line
    assert re.search(r"phases +\[0, 3\]  rad", str(config.drive))
    assert str(config.machine.baths[0]).startswith("Bath hot: ")
    assert repr(config.machine.baths[1].spectral_density) == "Ohmic(damping=100)"
    assert "\n" not in repr(config.machine) and "<td>frequency^4</td>" in config.machine._repr_html_()


def test_what_has_no_numbers_yet_prints_its_shape() -> None:
    """Under jit, and for a class that declares nothing; long lists are shortened."""
    config = files.loads(MONOCHROMATIC + MACHINE)
    seen = []

    @jax.jit
    def look(machine: qtopt.Machine) -> Array:
        seen.append(f"{machine}\n{machine!r}\n{machine._repr_html_()}")
        return machine.frequencies

    look(config.machine)
    assert "float64[2]" in seen[0]
    drive = qtopt.PiecewiseDrive(0.1, [np.arange(30.0).tolist()])
    assert repr(drive) == "PiecewiseDrive(frequency=0.1, values=[[0, 1, 2, 3, 4, 5, 6, 7, ... (30)]])"

    class Undeclared(AbstractDrive):
        frequency: Array
        size = default_harmonics = 1  # pyright: ignore
        __call__ = harmonics = mean_square = lambda self, of=None: of  # pyright: ignore

    undeclared = Undeclared(jnp.asarray(0.5))
    assert "f64[]" in repr(undeclared) and str(undeclared) == repr(undeclared)


def test_numbers_without_a_unit_are_asked_for() -> None:
    """A class of a user whose numbers are plain fields cannot be written in another unit."""

    class Plain(qtopt.MonochromaticDrive):
        frequency: Array
        centre: Array

    drive = Plain(frequency=0.4, amplitudes=[1.0], phases=[0.0], centre=np.array(0.1))  # pyright: ignore
    with pytest.raises(
        InputError, match='Plain must be declared with their units, but "frequency" and "centre"'
    ):
        in_units(drive, 2.0)
