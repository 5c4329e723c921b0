"""Configuration files: the example of the contract, exact round trips, and the text of every error."""

import dataclasses
import os
import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from qtopt.config import (
    BathConfig,
    BoundedConfig,
    Config,
    DrudeConfig,
    FourierConfig,
    LorentzianConfig,
    MachineConfig,
    MonochromaticConfig,
    OhmicConfig,
    ParetoConfig,
    PiecewiseConfig,
    SolverConfig,
    dumps,
    load,
    loads,
    require_drive,
    save,
    with_solver,
)
from qtopt.errors import InputError

EXAMPLE = Path(__file__).parents[1] / "scripts" / "machines" / "collective_engine.toml"

MACHINE = """
[machine]
frequencies = [1.0, 0.6]
configuration = "joint"
[[machine.baths]]
name = "hot"
temperature = 1.0
spectral_density = { kind = "lorentzian", strength = 1e-5, peak = 1.25, width = 0.01 }
coupling = "driven"
[[machine.baths]]
name = "cold"
temperature = 0.2
spectral_density = { kind = "ohmic", damping = 100.0 }
coupling = "static"
"""
MONOCHROMATIC = """
[drive]
frequency = 0.45
kind = "monochromatic"
amplitudes = [1.0, 1.0]
phases = [0.0, 3.0]
"""
FOURIER = """
[drive]
frequency = 0.45
kind = "fourier"
mean = [0.0, 0.1]
cosine = [[1.0, 0.5, 0.2], [1.0, 0.5, 0.2]]
sine = [[1.0, 0.5, 0.2], [1.0, 0.5, 0.2]]
"""
BOUNDED = FOURIER.replace("fourier", "bounded")
PIECEWISE = """
[drive]
frequency = 0.45
kind = "piecewise"
values = [[1.0, -1.0], [0.0, 0.5]]
"""
SOLVER = '[solver]\nkind = "weak"\n'
PARETO = """
[pareto]
points = 30
harmonics = 8
bound = "peak"
frequency = [0.05, 1.0]
configurations = ["joint", "independent"]
seed = 0
starts = 16
"""
DRUDE = 'spectral_density = { kind = "drude", damping = 100.0, cutoff = 12.0 }'
OHMIC = 'spectral_density = { kind = "ohmic", damping = 100.0 }'
LORENTZIAN = 'spectral_density = { kind = "lorentzian", strength = 1e-5, peak = 1.25, width = 0.01 }'


def test_example_of_the_contract() -> None:
    """The example loads to what it says."""
    config = load(EXAMPLE)
    assert config == Config(
        machine=MachineConfig(
            frequencies=(1.0, 0.6),
            configuration="joint",
            baths=(
                BathConfig("hot", 1.0, LorentzianConfig(strength=1e-5, peak=1.25, width=0.01), "driven"),
                BathConfig("cold", 0.2, OhmicConfig(damping=100.0), "static"),
            ),
        ),
        drive=MonochromaticConfig(frequency=0.45, amplitudes=(1.0, 1.0), phases=(0.0, np.pi)),
        solver=SolverConfig("weak"),
        pareto=ParetoConfig(30, 8, "peak", (0.05, 1.0), ("joint", "independent"), 0),
    )
    assert require_drive(config) is config.drive


def test_defaults_are_those_of_the_example() -> None:
    """A file with nothing but its machine means the solver and the search of the example."""
    config = loads(MACHINE)
    assert config.drive is None
    assert (config.solver, config.pareto) == (load(EXAMPLE).solver, load(EXAMPLE).pareto)
    assert loads(MACHINE + "[pareto]\npoints = 5").pareto == ParetoConfig(points=5)


def test_every_drive() -> None:
    """Each kind of drive becomes its own class."""
    series = (0.0, 0.1), ((1.0, 0.5, 0.2),) * 2, ((1.0, 0.5, 0.2),) * 2
    assert loads(MACHINE + FOURIER).drive == FourierConfig(0.45, *series)
    assert loads(MACHINE + BOUNDED).drive == BoundedConfig(0.45, *series)
    assert loads(MACHINE + PIECEWISE).drive == PiecewiseConfig(0.45, ((1.0, -1.0), (0.0, 0.5)))


def test_whole_numbers_are_numbers() -> None:
    """`temperature = 1` means 1.0."""
    config = loads(MACHINE.replace("temperature = 1.0", "temperature = 1"))
    assert type(config.machine.baths[0].temperature) is float
    assert config == loads(MACHINE)


def test_couplings() -> None:
    """The forms of a coupling, and what the machine says about its baths."""
    machine = loads(MACHINE.replace('coupling = "static"', "coupling = [1, -0.5]")).machine
    hot, cold = machine.baths
    assert (machine.oscillators, machine.driven_baths, machine.static_baths) == (2, (hot,), (cold,))
    assert cold.couplings(2) == (1.0, -0.5)
    assert loads(MACHINE).machine.baths[1].couplings(2) == (1.0, 1.0)
    with pytest.raises(InputError, match='the bath "hot" is driven: its couplings follow the drive'):
        hot.couplings(2)


def test_frequency_range() -> None:
    """One number fixes the drive frequency."""
    assert ParetoConfig().frequency_range == (0.05, 1.0)
    assert loads(MACHINE + "[pareto]\nfrequency = 0.3").pareto.frequency_range == (0.3, 0.3)


def test_with_solver() -> None:
    """The solver of the command line replaces that of the file, under its own rules."""
    config = loads(MACHINE)
    assert with_solver(config, "exact").solver == SolverConfig("exact")
    both = loads(_two_driven() + '[solver]\nkind = "exact"\n')
    with pytest.raises(
        InputError, match='exactly one driven bath for the solver "weak"; got 2: "hot" and "w"'
    ):
        with_solver(both, "weak")


def _two_driven() -> str:
    return MACHINE + f'[[machine.baths]]\nname = "w"\ntemperature = 1\n{DRUDE}\ncoupling = "driven"\n'


# Round trips -------------------------------------------------------------------------------------------------

finite = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
names = st.text(min_size=1, max_size=10).filter(lambda name: name.isprintable() and bool(name.strip()))
densities = st.one_of(
    st.builds(OhmicConfig, positive),
    st.builds(DrudeConfig, positive, positive),
    st.builds(LorentzianConfig, positive, positive, positive),
)


def _vectors(length: int) -> st.SearchStrategy[tuple[float, ...]]:
    return st.tuples(*[finite] * length)


@st.composite
def drives(draw: st.DrawFn, oscillators: int) -> object:
    """Any drive of so many oscillators."""
    row = _vectors(draw(st.integers(1, 4)))
    each = _vectors(oscillators)
    rows = st.tuples(*[row] * oscillators)
    kinds = [
        st.builds(MonochromaticConfig, positive, each, each),
        st.builds(FourierConfig, positive, each, rows, rows),
        st.builds(BoundedConfig, positive, each, rows, rows),
        st.builds(PiecewiseConfig, positive, rows),
    ]
    return draw(st.one_of(*kinds))


@st.composite
def configs(draw: st.DrawFn) -> Config:
    """Any valid configuration."""
    size = draw(st.integers(1, 3))
    kind = draw(st.sampled_from(["weak", "exact"]))
    static = st.one_of(st.just("static"), _vectors(size).filter(any))
    count = draw(st.integers(2, 4))
    driven = 1 if kind == "weak" else draw(st.integers(1, count - 1))
    order = draw(st.permutations([True] * driven + [False] * (count - driven)))
    baths = tuple(
        BathConfig(name, draw(positive), draw(densities), "driven" if follows else draw(static))
        for name, follows in zip(
            draw(st.lists(names, min_size=count, max_size=count, unique=True)), order, strict=True
        )
    )
    machine = MachineConfig(
        draw(st.tuples(*[positive] * size)), draw(st.sampled_from(["joint", "independent"])), baths
    )
    band = st.tuples(positive, positive).filter(lambda pair: pair[0] < pair[1])
    pareto = st.builds(
        ParetoConfig,
        st.integers(2, 10**6),
        st.integers(1, 100),
        st.sampled_from(["peak", "rms"]),
        positive | band,
        st.sampled_from([("joint",), ("independent",), ("joint", "independent"), ("independent", "joint")]),
        st.integers(0, 2**32 - 1),
        st.integers(1, 100),
    )
    return Config(machine, draw(st.none() | drives(size)), SolverConfig(kind), draw(pareto))


@given(configs())
def test_round_trip(config: Config) -> None:
    """What is written reads back equal, every float to the last bit."""
    text = dumps(config)
    assert loads(text) == config
    assert dumps(loads(text)) == text


def test_numpy_numbers_are_written_as_numbers() -> None:
    """NumPy's float64 is a float, whose repr is no TOML."""
    drive = MonochromaticConfig(np.float64(0.1), (np.float64(0.3), 1.0), (0.0, 0.0))
    config = dataclasses.replace(loads(MACHINE), drive=drive)
    assert loads(dumps(config)).drive == drive


def test_invalid_configurations_are_not_written(tmp_path: Path) -> None:
    """`dumps` and `save` refuse what `load` would refuse; the old file stays."""
    path = tmp_path / "machine.toml"
    save(loads(MACHINE), path)
    drive = MonochromaticConfig(0.45, (1.0, float("nan")), (0.0, 0.0))
    with pytest.raises(InputError, match=r"`drive.amplitudes\[1\]` must be a finite number; got nan"):
        save(dataclasses.replace(loads(MACHINE), drive=drive), path)
    assert load(path) == loads(MACHINE)


def test_save_is_atomic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interruption while writing leaves the old file and nothing else."""
    path = tmp_path / "machine.toml"
    save(loads(MACHINE), path)

    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save(loads(MACHINE + FOURIER), path)
    assert load(path) == loads(MACHINE)
    assert list(tmp_path.iterdir()) == [path]


def test_save_where_there_is_no_directory(tmp_path: Path) -> None:
    """A clear line instead of a traceback."""
    with pytest.raises(InputError, match=r"no/machine.toml: cannot be written: No such file or directory"):
        save(loads(MACHINE), tmp_path / "no" / "machine.toml")


# Errors: files -----------------------------------------------------------------------------------------------


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, a directory, not UTF-8, an impossible name."""
    with pytest.raises(InputError, match=r"^/no/such.toml: there is no such file; give the path of a TOML"):
        load("/no/such.toml")
    with pytest.raises(InputError, match="this is a directory; give the path of a TOML configuration in it"):
        load(tmp_path)
    path = tmp_path / "latin.toml"
    path.write_bytes(b"[machine]\n# \xe9")
    with pytest.raises(InputError, match=r"latin.toml: must be UTF-8 text, and is not from byte 12 on"):
        load(path)
    with pytest.raises(InputError, match="cannot be read: embedded null byte"):
        load("a\0b")


def test_errors_name_the_file(tmp_path: Path) -> None:
    """The file comes first, then the key; a byte-order mark is no error."""
    path = tmp_path / "machine.toml"
    path.write_text(MACHINE.replace("0.6", '"0.6"'), encoding="utf-8-sig")
    with pytest.raises(
        InputError,
        match=r'machine.toml: `machine.frequencies\[1\]` must be a finite number above 0; got "0.6"$',
    ):
        load(path)
    path.write_text(MACHINE, encoding="utf-8-sig")
    assert load(path) == loads(MACHINE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[machine]\nfrequencies = [1.0", "this is not valid TOML: Unclosed array (at end of document)"),
        ("a = 1\na = 2", "this is not valid TOML: Cannot overwrite a value (at line 2, column 6)"),
        ("a = " + "[" * 100000, "this is not valid TOML: brackets are nested too deeply"),
        ("a = " + "1" * 5000, "this is not valid TOML: Exceeds the limit"),
    ],
)
def test_not_toml(text: str, message: str) -> None:
    """Errors of syntax say the line."""
    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        loads(text)


# Errors: every key -------------------------------------------------------------------------------------------

_POSITIVE = "must be a finite number above 0; got"
_NUMBER = "must be a finite number; got"
HOT, COLD = "`machine.baths[0]", "`machine.baths[1]"

# (text to replace, replacement, error), in a file with every section and a monochromatic drive
MACHINE_ERRORS = [
    # keys
    (
        "[machine]",
        "[macine]",
        'unknown key `macine`; did you mean "machine"? allowed at the top level: "machine",',
    ),
    (
        "frequencies =",
        "frequences =",
        'unknown key `machine.frequences`; did you mean "frequencies"? allowed in',
    ),
    (
        '"joint"\n',
        '"joint"\nzzz = 1\n',
        'unknown key `machine.zzz`; allowed in `machine`: "frequencies", "conf',
    ),
    ('"joint"\n', '"joint"\n"a\\nb" = 1\n', 'unknown key `machine."a\\nb"`; allowed in `machine`'),
    ("temperature = 1.0", "temprature = 1.0", f'unknown key {HOT}.temprature`; did you mean "temperature"?'),
    ("damping", "dampin", f'unknown key {COLD}.spectral_density.dampin`; did you mean "damping"?'),
    ("frequencies = [1.0, 0.6]", "", "`machine.frequencies` is missing; it must be a list of numbers"),
    (
        'configuration = "joint"',
        "",
        '`machine.configuration` is missing; it must be "joint" or "independent"',
    ),
    ('name = "hot"', "", f"{HOT}.name` is missing; it must be a name, one line of text"),
    ("temperature = 0.2", "", f"{COLD}.temperature` is missing; it must be a finite number above 0"),
    (OHMIC, "", f'{COLD}.spectral_density` is missing; it must be a table with the kind "ohmic", "drude" or'),
    (
        "damping = 100.0",
        "",
        f"{COLD}.spectral_density.damping` is missing; it must be a finite number above 0",
    ),
    (
        'coupling = "static"',
        "",
        f'{COLD}.coupling` is missing; it must be "driven", "static" or a list of 2 numb',
    ),
    # oscillators
    (
        "[1.0, 0.6]",
        "1.0",
        "`machine.frequencies` must be a list of numbers above 0, one for each oscillator; got 1.0",
    ),
    (
        "[1.0, 0.6]",
        "[]",
        "`machine.frequencies` must be a list of numbers above 0, one for each oscillator; got []",
    ),
    ("0.6]", "0.0]", f"`machine.frequencies[1]` {_POSITIVE} 0.0"),
    ("0.6]", "nan]", f"`machine.frequencies[1]` {_POSITIVE} nan"),
    ("0.6]", "true]", f"`machine.frequencies[1]` {_POSITIVE} true"),
    ("0.6]", "1" + "0" * 400 + "]", f"`machine.frequencies[1]` {_POSITIVE} 1000"),
    ("0.6]", "0x1" + "0" * 5000 + "]", f"`machine.frequencies[1]` {_POSITIVE} a number too large to show"),
    (
        '"joint"',
        '"jont"',
        '`machine.configuration` must be "joint" or "independent"; got "jont" (did you mean "joint"?)',
    ),
    ('"joint"', "1", '`machine.configuration` must be "joint" or "independent"; got 1'),
    # baths
    (
        'name = "hot"',
        'name = " "',
        f'{HOT}.name` must be a name, one line of text that is not blank; got " "',
    ),
    (
        'name = "hot"',
        'name = "a\\nb"',
        f"{HOT}.name` must be a name, one line of text that is not blank; got",
    ),
    ('name = "hot"', "name = 1", f"{HOT}.name` must be a name, one line of text that is not blank; got 1"),
    ('name = "cold"', 'name = "hot"', f'{COLD}.name` must be different from {HOT}.name`; got "hot" for both'),
    ("temperature = 0.2", "temperature = 0", f"{COLD}.temperature` {_POSITIVE} 0"),
    ("temperature = 0.2", "temperature = -0.2", f"{COLD}.temperature` {_POSITIVE} -0.2"),
    ("temperature = 0.2", "temperature = inf", f"{COLD}.temperature` {_POSITIVE} inf"),
    ("temperature = 0.2", 'temperature = "0.2"', f'{COLD}.temperature` {_POSITIVE} "0.2"'),
    ("temperature = 0.2", "temperature = 2024-01-01", f"{COLD}.temperature` {_POSITIVE} datetime.date"),
    ("damping = 100.0", "damping = 0.0", f"{COLD}.spectral_density.damping` {_POSITIVE} 0.0"),
    ("strength = 1e-5", "strength = 0.0", f"{HOT}.spectral_density.strength` {_POSITIVE} 0.0"),
    ("peak = 1.25", "peak = 0", f"{HOT}.spectral_density.peak` {_POSITIVE} 0"),
    ("width = 0.01", "width = -1", f"{HOT}.spectral_density.width` {_POSITIVE} -1"),
    (OHMIC, DRUDE.replace("12.0", "0.0"), f"{COLD}.spectral_density.cutoff` {_POSITIVE} 0.0"),
    (OHMIC, DRUDE.replace(", cutoff = 12.0", ""), f"{COLD}.spectral_density.cutoff` is missing"),
    (
        OHMIC,
        DRUDE.replace("drude", "ohmic"),
        f"unknown key {COLD}.spectral_density.cutoff`; allowed in {COLD}",
    ),
    (
        OHMIC,
        "spectral_density = 1.0",
        f'{COLD}.spectral_density` must be a table with the kind "ohmic", "drude"',
    ),
    (
        OHMIC,
        "spectral_density = {}",
        f'{COLD}.spectral_density.kind` is missing; it must be "ohmic", "drude" or "l',
    ),
    (
        '"lorentzian"',
        '"lorenzian"',
        f'{HOT}.spectral_density.kind` must be "ohmic", "drude" or "lorentzian"; got "lorenzian" '
        '(did you mean "lorentzian"?)',
    ),
    # couplings
    (
        '"static"',
        '"statc"',
        f'{COLD}.coupling` must be "driven", "static" or a list of 2 numbers; got "statc" (did y',
    ),
    ('"static"', "1.0", f'{COLD}.coupling` must be "driven", "static" or a list of 2 numbers; got 1.0'),
    (
        '"static"',
        "[1.0]",
        f"{COLD}.coupling` must be a list of 2 numbers, one for each oscillator; got [1.0] (1 number)",
    ),
    ('"static"', "[1.0, inf]", f"{COLD}.coupling[1]` {_NUMBER} inf"),
    (
        '"static"',
        "[0.0, 0]",
        f"{COLD}.coupling` must be different from 0 for at least one oscillator; got [0.0, 0]",
    ),
    (
        '"static"',
        "[0.0, 0]",
        f"{COLD}.coupling` must be different from 0 for at least one oscillator; got [0.0, 0]",
    ),
    (
        '"driven"',
        '"static"',
        '`machine.baths` must have a driven bath; got none (set coupling = "driven" for the bath',
    ),
    (
        '"static"',
        '"driven"',
        "`machine.baths` must have a static bath, which damps the oscillators; got only driven",
    ),
]
DRIVE_ERRORS = [
    (MONOCHROMATIC, "drive = 1.0\n", "`drive` must be a table, the section [drive]; got 1.0"),
    (
        '"monochromatic"',
        '"monocromatic"',
        '`drive.kind` must be "monochromatic", "fourier", "piecewise" or "bounded"',
    ),
    (
        'kind = "monochromatic"',
        "",
        '`drive.kind` is missing; it must be "monochromatic", "fourier", "piecewise" or',
    ),
    ("frequency = 0.45", "", "`drive.frequency` is missing; it must be a finite number above 0"),
    ("frequency = 0.45", "frequency = 0", f"`drive.frequency` {_POSITIVE} 0"),
    ("frequency = 0.45", "frequency = [0.1, 0.2]", f"`drive.frequency` {_POSITIVE} [0.1, 0.2]"),
    ("amplitudes =", "amplitude =", 'unknown key `drive.amplitude`; did you mean "amplitudes"?'),
    (
        "amplitudes = [1.0, 1.0]",
        "",
        "`drive.amplitudes` is missing; it must be a list of 2 numbers, one for each osci",
    ),
    (
        "amplitudes = [1.0, 1.0]",
        "amplitudes = [1.0]",
        "`drive.amplitudes` must be a list of 2 numbers, one for each os",
    ),
    ("amplitudes = [1.0, 1.0]", "amplitudes = [1.0, nan]", f"`drive.amplitudes[1]` {_NUMBER} nan"),
    ("phases = [0.0, 3.0]", "phases = [0.0, 3.0, 1]", "got [0.0, 3.0, 1] (3 numbers)"),
    ("phases = [0.0, 3.0]", "phases = [0.0, [1.0]]", f"`drive.phases[1]` {_NUMBER} [1.0]"),
    (
        '"monochromatic"',
        '"fourier"',
        'unknown key `drive.amplitudes`; allowed in `drive`: "frequency", "kind", "mean",',
    ),
]
_ROW, _ROWS = "[1.0, 0.5, 0.2]", "[[1.0, 0.5, 0.2], [1.0, 0.5, 0.2]]"
SERIES_ERRORS = [
    (
        "mean = [0.0, 0.1]",
        "",
        "`drive.mean` is missing; it must be a list of 2 numbers, one for each oscillator",
    ),
    (f"sine = {_ROWS}", "", "`drive.cosine` is missing"),  # cuts "cosine = ..." down to "co"
    (
        f"cosine = {_ROWS}",
        f"cosine = {_ROW}",
        "`drive.cosine` must be a list of 2 lists of numbers, one for each os",
    ),
    (
        f"cosine = {_ROWS}",
        f"cosine = [{_ROW}]",
        "with one number for each harmonic; got [[1.0, 0.5, 0.2]] (1 list)",
    ),
    (
        f"cosine = {_ROWS}",
        "cosine = [[], []]",
        "`drive.cosine[0]` must be a list of numbers, with one number for",
    ),
    (
        f"cosine = {_ROWS}",
        f"cosine = [{_ROW}, [1.0]]",
        "`drive.cosine[1]` must be a list of 3 numbers, as many as in",
    ),
    (
        f"cosine = {_ROWS}",
        "cosine = [[1], [2]]",
        "`drive.sine` must be as long in every list as `drive.cosine`, 1; go",
    ),
    (f"cosine = {_ROWS}", "cosine = [[1, 2, 3], [1, true, 2]]", f"`drive.cosine[1][1]` {_NUMBER} true"),
]
PIECEWISE_ERRORS = [
    (
        "values",
        "value",
        'unknown key `drive.value`; did you mean "values"? allowed in `drive`: "frequency", "kind" and',
    ),
    (
        "values = [[1.0, -1.0], [0.0, 0.5]]",
        "",
        "`drive.values` is missing; it must be a list of 2 lists of numbers",
    ),
    (
        "[0.0, 0.5]]",
        "[0.0]]",
        "`drive.values[1]` must be a list of 2 numbers, as many as in `drive.values[0]`; got [0.0] (1",
    ),
]
SEARCH_ERRORS = [
    (SOLVER, "solver = 'weak'\n", '`solver` must be a table, the section [solver]; got "weak"'),
    (
        'kind = "weak"',
        'kind = "exakt"',
        '`solver.kind` must be "weak" or "exact"; got "exakt" (did you mean "exact"?)',
    ),
    ('kind = "weak"', 'name = "weak"', 'unknown key `solver.name`; allowed in `solver`: "kind"'),
    ("points = 30", "point = 30", 'unknown key `pareto.point`; did you mean "points"?'),
    ("points = 30", "points = 1", "`pareto.points` must be a whole number of at least 2; got 1"),
    ("points = 30", "points = 30.0", "`pareto.points` must be a whole number of at least 2; got 30.0"),
    ("points = 30", "points = true", "`pareto.points` must be a whole number of at least 2; got true"),
    ("harmonics = 8", "harmonics = 0", "`pareto.harmonics` must be a whole number of at least 1; got 0"),
    ("starts = 16", "starts = 0", "`pareto.starts` must be a whole number of at least 1; got 0"),
    (
        "seed = 0",
        "seed = -1",
        "`pareto.seed` must be a whole number of at least 0 and below 4294967296; got -1",
    ),
    (
        "seed = 0",
        "seed = 4294967296",
        "`pareto.seed` must be a whole number of at least 0 and below 4294967296; got",
    ),
    ('"peak"', '"pick"', '`pareto.bound` must be "peak" or "rms"; got "pick"'),
    (
        "[0.05, 1.0]",
        "[1.0, 0.05]",
        "`pareto.frequency` must be a range [lowest, highest]; got [1.0, 0.05] (swap the two)",
    ),
    (
        "[0.05, 1.0]",
        "[1.0, 1.0]",
        "range [lowest, highest] that is not empty; got [1.0, 1.0] (one number fixes the freq",
    ),
    ("[0.05, 1.0]", "[0.0, 1.0]", f"`pareto.frequency[0]` {_POSITIVE} 0.0"),
    (
        "[0.05, 1.0]",
        "[1.0]",
        "`pareto.frequency` must be a finite number above 0, or a range [lowest, highest] of two",
    ),
    (
        "[0.05, 1.0]",
        '"all"',
        "`pareto.frequency` must be a finite number above 0, or a range [lowest, highest] of two",
    ),
    ("[0.05, 1.0]", "-0.5", f"`pareto.frequency` {_POSITIVE} -0.5"),
    (
        '["joint", "independent"]',
        "[]",
        '`pareto.configurations` must be a list of one or both of "joint" and "indep',
    ),
    (
        '["joint", "independent"]',
        '"joint"',
        '`pareto.configurations` must be a list of one or both of "joint" and',
    ),
    (
        '["joint", "independent"]',
        '["join"]',
        '`pareto.configurations[0]` must be "joint" or "independent"; got "join"',
    ),
    (
        '["joint", "independent"]',
        '["joint", "joint"]',
        "`pareto.configurations` must name each configuration once",
    ),
]


def _expect(text: str, old: str, new: str, message: str) -> None:
    """Replace the last occurrence and read."""
    assert old in text
    head, _, tail = text.rpartition(old)
    with pytest.raises(InputError) as caught:
        loads(head + new + tail)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("old", "new", "message"), MACHINE_ERRORS)
def test_machine_errors(old: str, new: str, message: str) -> None:
    """Everything that can be wrong in [machine]."""
    _expect(MACHINE, old, new, message)


@pytest.mark.parametrize(("old", "new", "message"), DRIVE_ERRORS)
def test_drive_errors(old: str, new: str, message: str) -> None:
    """Everything that can be wrong in a monochromatic drive."""
    _expect(MONOCHROMATIC + MACHINE, old, new, message)


@pytest.mark.parametrize("kind", ["fourier", "bounded"])
@pytest.mark.parametrize(("old", "new", "message"), SERIES_ERRORS)
def test_series_errors(kind: str, old: str, new: str, message: str) -> None:
    """Everything that can be wrong in a Fourier series, bounded or not."""
    _expect(MACHINE + FOURIER.replace("fourier", kind), old, new, message)


@pytest.mark.parametrize(("old", "new", "message"), PIECEWISE_ERRORS)
def test_piecewise_errors(old: str, new: str, message: str) -> None:
    """Everything that can be wrong in a piecewise constant drive."""
    _expect(MACHINE + PIECEWISE, old, new, message)


@pytest.mark.parametrize(("old", "new", "message"), SEARCH_ERRORS)
def test_solver_and_pareto_errors(old: str, new: str, message: str) -> None:
    """Everything that can be wrong in [solver] and [pareto]."""
    _expect(SOLVER + PARETO + MACHINE, old, new, message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "`machine` is missing; it must be a table, the section [machine]"),
        ("machine = 1", "`machine` must be a table, the section [machine]; got 1"),
        (
            "[machine]\nfrequencies = [1]\nconfiguration = 'joint'",
            "`machine.baths` is missing; it must be a list of ta",
        ),
        (
            "[machine]\nfrequencies = [1]\nconfiguration = 'joint'\n[machine.baths]\nname = 'a'",
            "`machine.baths` must be a list of tables, one [[machine.baths]] for each bath; got a table",
        ),
        (
            _two_driven(),
            '`machine.baths` must have exactly one driven bath for the solver "weak"; got 2: "hot" and "w"',
        ),
    ],
)
def test_whole_file_errors(text: str, message: str) -> None:
    """Sections that are missing, of the wrong form, or do not fit together."""
    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        loads(text)


def test_no_drive_to_evaluate() -> None:
    """A file for `qtopt pareto` alone needs no drive; `qtopt evaluate` says what it misses."""
    with pytest.raises(
        InputError, match=r"the section \[drive\] is missing; it must give the drive to evaluate"
    ):
        require_drive(loads(MACHINE))


# The room ----------------------------------------------------------------------------------------------------


def test_example_is_the_contract() -> None:
    """The values of the example, as plain TOML: other people's scripts rely on these keys."""
    content = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert list(content) == ["machine", "drive", "solver", "pareto"]
    assert [bath["coupling"] for bath in content["machine"]["baths"]] == ["driven", "static"]


def test_config_needs_no_jax() -> None:
    """Bad input is refused before the seconds that importing jax takes: the room itself never imports it."""
    source = Path(__file__).parents[1] / "qtopt" / "config"
    for file in source.glob("*.py"):
        imports = re.findall(r"^(?:from|import) +(\S+)", file.read_text(encoding="utf-8"), re.MULTILINE)
        allowed = {*sys.stdlib_module_names, "tomli_w", "", "_table"}
        for name in imports:
            assert name.startswith("._") or name == "..errors" or name.split(".")[0] in allowed, (
                file.name,
                name,
            )
