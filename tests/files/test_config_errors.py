"""The text of every error that a configuration file can cause."""

import re
from pathlib import Path

import pytest

from qtopt.errors import InputError
from qtopt.files import load, loads, require_drive
from tests.helpers.texts import FOURIER, MACHINE, MONOCHROMATIC, OHMIC, PARETO, PIECEWISE, SOLVER, TWO_DRIVEN

Cases = list[tuple[str, str, str]]


def _each(cases: Cases) -> pytest.MarkDecorator:
    """One test for each case, named by its number: some texts are thousands of digits long."""
    return pytest.mark.parametrize(("old", "new", "message"), cases, ids=range(len(cases)))


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
    with pytest.raises(InputError, match=r"cannot be read: .*embedded null"):
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
        ("a = 1\na = 2\n", "this is not valid TOML: Cannot overwrite a value (at line 2"),
        ("a = " + "[" * 100000, "this is not valid TOML: brackets are nested too deeply"),
        ("a = " + "1" * 5000, "this is not valid TOML: Exceeds the limit"),
    ],
    ids=["unclosed", "twice", "nested", "digits"],
)
def test_not_toml(text: str, message: str) -> None:
    """Errors of syntax say the line."""
    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        loads(text)


# (text to replace, replacement, part of the error)
# fmt: off
MACHINE_ERRORS: Cases = [
    ("[machine]", "[macine]",
     'unknown key `macine`; did you mean "machine"? allowed at the top level: "machine",'),
    ("frequencies =", "frequences =",
     'unknown key `machine.frequences`; did you mean "frequencies"? allowed in'),
    ('"joint"\n', '"joint"\nzzz = 1\n',
     'unknown key `machine.zzz`; allowed in `machine`: "frequencies", "conf'),
    ('"joint"\n', '"joint"\n"a\\nb" = 1\n', 'unknown key `machine."a\\nb"`; allowed in `machine`'),
    ("temperature = 1.0", "temprature = 1.0",
     'unknown key `machine.baths[0].temprature`; did you mean "temperature"?'),
    ("damping", "dampin", 'unknown key `machine.baths[1].spectral_density.dampin`; did you mean "damping"?'),
    ("frequencies = [1.0, 0.6]", "", "`machine.frequencies` is missing; it must be a list of numbers"),
    ('configuration = "joint"', "",
     '`machine.configuration` is missing; it must be "joint" or "independent"'),
    ('name = "hot"', "",
     "`machine.baths[0].name` is missing; it must be a name, one line of text"),
    ("temperature = 0.2", "",
     "`machine.baths[1].temperature` is missing; it must be a finite number above 0"),
    (OHMIC, "",
     '`machine.baths[1].spectral_density` is missing; it must be a table with the kind "ohmic", "drude", "l'),
    (", damping = 100.0", "",
     "`machine.baths[1].spectral_density.damping` is missing; it must be a finite number above 0"),
    ('coupling = "static"', "",
     '`machine.baths[1].coupling` is missing; it must be "driven", "static" or a list of 2 numb'),
    ("[1.0, 0.6]", "1.0",
     "`machine.frequencies` must be a list of numbers above 0, one for each oscillator; got 1.0"),
    ("[1.0, 0.6]", "[]",
     "`machine.frequencies` must be a list of numbers above 0, one for each oscillator; got []"),
    ("0.6]", "0.0]", "`machine.frequencies[1]` must be a finite number above 0; got 0.0"),
    ("0.6]", "nan]", "`machine.frequencies[1]` must be a finite number above 0; got nan"),
    ("0.6]", "true]", "`machine.frequencies[1]` must be a finite number above 0; got true"),
    ("0.6]", "1" + "0" * 400 + "]",
     "`machine.frequencies[1]` must be a finite number above 0; got 1000"),
    ("0.6]", "0x1" + "0" * 5000 + "]",
     "`machine.frequencies[1]` must be a finite number above 0; got a number too large to show"),
    ('"joint"', '"jont"',
     '`machine.configuration` must be "joint" or "independent"; got "jont" (did you mean "joint"?)'),
    ('"joint"', "1", '`machine.configuration` must be "joint" or "independent"; got 1'),
    ('name = "hot"', 'name = " "',
     '`machine.baths[0].name` must be a name, one line of text that is not blank; got " "'),
    ('name = "hot"', 'name = "a\\nb"',
     "`machine.baths[0].name` must be a name, one line of text that is not blank; got"),
    ('name = "hot"', "name = 1",
     "`machine.baths[0].name` must be a name, one line of text that is not blank; got 1"),
    ('name = "cold"', 'name = "hot"',
     '`machine.baths[1].name` must be different from `machine.baths[0].name`; got "hot" for both'),
    ("temperature = 0.2", "temperature = 0",
     "`machine.baths[1].temperature` must be a finite number above 0; got 0"),
    ("temperature = 0.2", "temperature = -0.2",
     "`machine.baths[1].temperature` must be a finite number above 0; got -0.2"),
    ("temperature = 0.2", "temperature = inf",
     "`machine.baths[1].temperature` must be a finite number above 0; got inf"),
    ("temperature = 0.2", 'temperature = "0.2"',
     '`machine.baths[1].temperature` must be a finite number above 0; got "0.2"'),
    ("temperature = 0.2", "temperature = 2024-01-01",
     "`machine.baths[1].temperature` must be a finite number above 0; got the date 2024-01-01"),
    ("damping = 100.0", "damping = 0.0",
     "`machine.baths[1].spectral_density.damping` must be a finite number above 0; got 0.0"),
    ("strength = 1e-5", "strength = 0.0",
     "`machine.baths[0].spectral_density.strength` must be a finite number above 0; got 0.0"),
    ("peak = 1.25", "peak = 0",
     "`machine.baths[0].spectral_density.peak` must be a finite number above 0; got 0"),
    ("width = 0.01", "width = -1",
     "`machine.baths[0].spectral_density.width` must be a finite number above 0; got -1"),
    (OHMIC, 'spectral_density = { kind = "drude", damping = 100.0, cutoff = 0.0 }',
     "`machine.baths[1].spectral_density.cutoff` must be a finite number above 0; got 0.0"),
    (OHMIC, 'spectral_density = { kind = "drude", damping = 100.0 }',
     "`machine.baths[1].spectral_density.cutoff` is missing"),
    (OHMIC, 'spectral_density = { kind = "ohmic", damping = 100.0, cutoff = 12.0 }',
     "unknown key `machine.baths[1].spectral_density.cutoff`; allowed in `machine.baths[1]"),
    (OHMIC, "spectral_density = 1.0",
     '`machine.baths[1].spectral_density` must be a table with the kind "ohmic", "drude"'),
    (OHMIC, "spectral_density = {}",
     '`machine.baths[1].spectral_density.kind` is missing; it must be "ohmic", "drude", "lor'),
    ('"lorentzian"', '"lorenzian"',
     '`machine.baths[0].spectral_density.kind` must be "ohmic", "drude", "lorentzian", "rational" or "table"'
     '; got "lorenzian" (did you mean "lorentzian"?)'),
    ('"static"', '"statc"',
     '`machine.baths[1].coupling` must be "driven", "static" or a list of 2 numbers; got "statc" (did y'),
    ('"static"', "1.0",
     '`machine.baths[1].coupling` must be "driven", "static" or a list of 2 numbers; got 1.0'),
    ('"static"', "[1.0]",
     "`machine.baths[1].coupling` must be a list of 2 numbers, one for each oscillator; got [1.0] (1 numb"),
    ('"static"', "[1.0, inf]", "`machine.baths[1].coupling[1]` must be a finite number; got inf"),
    ('"static"', "[0.0, 0]",
     "`machine.baths[1].coupling` must be different from 0 for at least one oscillator; got [0.0, 0]"),
    ('"driven"', '"static"',
     '`machine.baths` must have a driven bath; got none (set coupling = "driven" for the bath'),
    ('"static"', '"driven"',
     "`machine.baths` must have a static bath, which damps the oscillators; got only driven"),
]
DRIVE_ERRORS: Cases = [
    (MONOCHROMATIC, "drive = 1.0\n", "`drive` must be a table, the section [drive]; got 1.0"),
    ('"monochromatic"', '"monocromatic"',
     '`drive.kind` must be "monochromatic", "fourier", "piecewise" or "bounded"'),
    ('kind = "monochromatic"', "",
     '`drive.kind` is missing; it must be "monochromatic", "fourier", "piecewise" or'),
    ("frequency = 0.45", "", "`drive.frequency` is missing; it must be a finite number above 0"),
    ("frequency = 0.45", "frequency = 0", "`drive.frequency` must be a finite number above 0; got 0"),
    ("frequency = 0.45", "frequency = [0.1, 0.2]",
     "`drive.frequency` must be a finite number above 0; got [0.1, 0.2]"),
    ("amplitudes =", "amplitude =", 'unknown key `drive.amplitude`; did you mean "amplitudes"?'),
    ("amplitudes = [1.0, 1.0]", "",
     "`drive.amplitudes` is missing; it must be a list of 2 numbers, one for each osci"),
    ("amplitudes = [1.0, 1.0]", "amplitudes = [1.0]",
     "`drive.amplitudes` must be a list of 2 numbers, one for each os"),
    ("amplitudes = [1.0, 1.0]", "amplitudes = [1.0, nan]",
     "`drive.amplitudes[1]` must be a finite number; got nan"),
    ("phases = [0.0, 3.0]", "phases = [0.0, 3.0, 1]", "got [0.0, 3.0, 1] (3 numbers)"),
    ("phases = [0.0, 3.0]", "phases = [0.0, [1.0]]", "`drive.phases[1]` must be a finite number; got [1.0]"),
    ('"monochromatic"', '"fourier"',
     'unknown key `drive.amplitudes`; allowed in `drive`: "kind", "frequency", "mean",'),
]
SERIES_ERRORS: Cases = [
    ("mean = [0.0, 0.1]", "",
     "`drive.mean` is missing; it must be a list of 2 numbers, one for each oscillator"),
    ("sine = [[1.0, 0.5, 0.2], [1.0, 0.5, 0.2]]", "",
     "`drive.sine` is missing; it must be a list of 2 lists of num"),
    ("cosine = [[1.0, 0.5, 0.2], [1.0, 0.5, 0.2]]", "cosine = [1.0, 0.5, 0.2]",
     "`drive.cosine` must be a list of 2 lists of numbers, one for each os"),
    ("cosine = [[1.0, 0.5, 0.2], [1.0, 0.5, 0.2]]", "cosine = [[1.0, 0.5, 0.2]]",
     "with one number for each harmonic; got [[1.0, 0.5, 0.2]] (1 list)"),
    ("cosine = [[1.0, 0.5, 0.2], [1.0, 0.5, 0.2]]", "cosine = [[], []]",
     "`drive.cosine[0]` must be a list of numbers, with one number for"),
    ("cosine = [[1.0, 0.5, 0.2], [1.0, 0.5, 0.2]]", "cosine = [[1.0, 0.5, 0.2], [1.0]]",
     "`drive.cosine[1]` must be a list of 3 numbers, as many as in"),
    ("cosine = [[1.0, 0.5, 0.2], [1.0, 0.5, 0.2]]", "cosine = [[1], [2]]",
     "`drive.sine` must be as long in every list as in `drive.cosine`, 1 number; got 3"),
    ("cosine = [[1.0, 0.5, 0.2], [1.0, 0.5, 0.2]]", "cosine = [[1, 2, 3], [1, true, 2]]",
     "`drive.cosine[1][1]` must be a finite number; got true"),
]
PIECEWISE_ERRORS: Cases = [
    ("values", "value",
     'unknown key `drive.value`; did you mean "values"? allowed in `drive`: "kind", "frequency" and'),
    ("values = [[1.0, -1.0], [0.0, 0.5]]", "",
     "`drive.values` is missing; it must be a list of 2 lists of numbers"),
    ("[0.0, 0.5]]", "[0.0]]",
     "`drive.values[1]` must be a list of 2 numbers, as many as in `drive.values[0]`; got [0.0] (1"),
]
SEARCH_ERRORS: Cases = [
    (SOLVER, "solver = 'weak'\n", '`solver` must be a table, the section [solver]; got "weak"'),
    ('kind = "weak"', 'kind = "exakt"',
     '`solver.kind` must be "weak" or "exact"; got "exakt" (did you mean "exact"?)'),
    ('kind = "weak"', 'name = "weak"', 'unknown key `solver.name`; allowed in `solver`: "kind"'),
    ("points = 30", "point = 30", 'unknown key `pareto.point`; did you mean "points"?'),
    ("points = 30", "points = 1", "`pareto.points` must be a whole number of at least 2; got 1"),
    ("points = 30", "points = 30.0", "`pareto.points` must be a whole number of at least 2; got 30.0"),
    ("points = 30", "points = true", "`pareto.points` must be a whole number of at least 2; got true"),
    ("harmonics = 8", "harmonics = 0", "`pareto.harmonics` must be a whole number of at least 1; got 0"),
    ("starts = 16", "starts = 0", "`pareto.starts` must be a whole number of at least 1; got 0"),
    ("seed = 0", "seed = 0\nchunk = 0", "`pareto.chunk` must be a whole number of at least 1; got 0"),
    ("seed = 0", "seed = -1",
     "`pareto.seed` must be a whole number of at least 0 and below 4294967296; got -1"),
    ("seed = 0", "seed = 4294967296",
     "`pareto.seed` must be a whole number of at least 0 and below 4294967296; got"),
    ('"peak"', '"pick"', '`pareto.bound` must be "peak" or "rms"; got "pick"'),
    ("points = 30", 'points = 30\nobjectives = ["power", "speed"]', "`pareto.objectives` must be one of"),
    ("points = 30", "points = 30\noutput = 0", "`pareto.output` must be a whole number of at least 1; got 0"),
    ("[0.05, 1.0]", "[1.0, 0.05]",
     "`pareto.frequency` must be a range [lowest, highest]; got [1.0, 0.05] (swap the two)"),
    ("[0.05, 1.0]", "[1.0, 1.0]",
     "range [lowest, highest] that is not empty; got [1.0, 1.0] (one number fixes the freq"),
    ("[0.05, 1.0]", "[0.0, 1.0]", "`pareto.frequency[0]` must be a finite number above 0; got 0.0"),
    ("[0.05, 1.0]", "[1.0]",
     "`pareto.frequency` must be a finite number above 0, or a range [lowest, highest] of two"),
    ("[0.05, 1.0]", '"all"',
     "`pareto.frequency` must be a finite number above 0, or a range [lowest, highest] of two"),
    ("[0.05, 1.0]", "-0.5", "`pareto.frequency` must be a finite number above 0; got -0.5"),
    ('["joint", "independent"]', "[]",
     '`pareto.configurations` must be a list of one or both of "joint" and "indep'),
    ('["joint", "independent"]', '"joint"',
     '`pareto.configurations` must be a list of one or both of "joint" and'),
    ('["joint", "independent"]', '["join"]',
     '`pareto.configurations[0]` must be "joint" or "independent"; got "join"'),
    ('["joint", "independent"]', '["joint", "joint"]',
     "`pareto.configurations` must name each configuration once"),
]
# fmt: on


def _expect(text: str, old: str, new: str, message: str) -> None:
    """Replace the last occurrence of `old`; the error is one line with the message."""
    assert old in text
    head, _, tail = text.rpartition(old)
    with pytest.raises(InputError) as caught:
        loads(head + new + tail)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@_each(MACHINE_ERRORS)
def test_machine_errors(old: str, new: str, message: str) -> None:
    """Everything that can be wrong in [machine]."""
    _expect(MACHINE, old, new, message)


@_each(DRIVE_ERRORS)
def test_drive_errors(old: str, new: str, message: str) -> None:
    """Everything that can be wrong in a monochromatic drive."""
    _expect(MONOCHROMATIC + MACHINE, old, new, message)


@pytest.mark.parametrize("kind", ["fourier", "bounded"])
@_each(SERIES_ERRORS)
def test_series_errors(kind: str, old: str, new: str, message: str) -> None:
    """Everything that can be wrong in a Fourier series, bounded or not."""
    _expect(MACHINE + FOURIER.replace("fourier", kind), old, new, message)


@_each(PIECEWISE_ERRORS)
def test_piecewise_errors(old: str, new: str, message: str) -> None:
    """Everything that can be wrong in a piecewise constant drive."""
    _expect(MACHINE + PIECEWISE, old, new, message)


@_each(SEARCH_ERRORS)
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
            TWO_DRIVEN,
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


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("periods = 0", "`simulation.periods` must be a whole number of at least 1; got 0"),
        ("period = 3", 'unknown key `simulation.period`; did you mean "periods"?'),
        (
            'initial = "vacuum"',
            '`simulation.initial` must be a table with the kind of the initial state; got "v',
        ),
        (
            'initial = { kind = "hot" }',
            '`simulation.initial.kind` must be "vacuum", "thermal" or "squeezed"; got',
        ),
        (
            'initial = { kind = "thermal" }',
            "`simulation.initial.temperature` is missing; it must be a finite numb",
        ),
        (
            'initial = { kind = "squeezed", squeezing = "r" }',
            "`simulation.initial.squeezing` must be a finite",
        ),
    ],
)
def test_simulation(line: str, message: str) -> None:
    """The section [simulation]."""
    with pytest.raises(InputError, match="^" + re.escape(message)):
        loads(f"{MACHINE}[simulation]\n{line}\n")
