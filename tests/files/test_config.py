"""Configuration files: the example of the contract, exact round trips, and the text of every error."""

import dataclasses
import os
import tomllib
from collections.abc import Sequence
from pathlib import Path

import equinox as eqx
import numpy as np
import pytest
from hypothesis import given, strategies as st

from qtopt.errors import InputError
from qtopt.files import (
    Config,
    ParetoSection,
    SimulationSection,
    dumps,
    fingerprint,
    load,
    loads,
    require_drive,
    save,
    with_solver,
)
from qtopt.model import (
    AbstractDrive,
    Bath,
    BoundedDrive,
    Drude,
    FourierDrive,
    Lorentzian,
    Machine,
    MonochromaticDrive,
    Ohmic,
    PiecewiseDrive,
    Rational,
    SqueezedState,
    Tabulated,
)
from qtopt.solvers import AbstractSolver, Exact, Weak
from tests.helpers.texts import BOUNDED, FOURIER, MACHINE, PIECEWISE, TWO_DRIVEN

TABLE = Path(__file__).parents[1] / "data" / "drude.csv"
EXAMPLE = Path(__file__).parents[2] / "scripts" / "machines" / "collective_engine.toml"


def test_example_of_the_contract() -> None:
    """The example loads to what it says."""
    config = load(EXAMPLE)
    assert config == Config(
        machine=Machine(
            frequencies=[1.0, 0.6],
            configuration="joint",
            baths=(
                Bath("hot", 1.0, Lorentzian(strength=1e-5, peak=1.25, width=0.01), "driven"),
                Bath("cold", 0.2, Ohmic(damping=100.0), "static"),
            ),
        ),
        drive=MonochromaticDrive(frequency=0.45, amplitudes=[1.0, 1.0], phases=[0.0, np.pi]),
        solver=Weak(),
        pareto=ParetoSection(30, 8, "peak", (0.05, 1.0), ("joint", "independent"), 0),
    )
    assert require_drive(config) is config.drive


def test_defaults_are_those_of_the_example() -> None:
    """A file with nothing but its machine means the solver and the search of the example."""
    config = loads(MACHINE)
    assert config.drive is None
    assert (config.solver, config.pareto) == (load(EXAMPLE).solver, load(EXAMPLE).pareto)
    assert loads(MACHINE + "[pareto]\npoints = 5").pareto == ParetoSection(points=5)


def test_every_drive() -> None:
    """Each kind of drive becomes its own class."""
    series = [0.0, 0.1], [[1.0, 0.5, 0.2]] * 2, [[1.0, 0.5, 0.2]] * 2
    assert loads(MACHINE + FOURIER).drive == FourierDrive(0.45, *series)
    assert loads(MACHINE + BOUNDED).drive == BoundedDrive(0.45, *series)
    assert loads(MACHINE + PIECEWISE).drive == PiecewiseDrive(0.45, [[1.0, -1.0], [0.0, 0.5]])


def test_whole_numbers_are_numbers() -> None:
    """`temperature = 1` means 1.0."""
    config = loads(MACHINE.replace("temperature = 1.0", "temperature = 1"))
    assert np.asarray(config.machine.baths[0].temperature).dtype == np.float64
    assert config == loads(MACHINE)


def test_couplings() -> None:
    """The forms of a coupling; what is 1 for all is written as "static"."""
    machine = loads(MACHINE.replace('coupling = "static"', "coupling = [1, -0.5]")).machine
    assert [bath.driven for bath in machine.baths] == [True, False]
    assert np.asarray(machine.static_baths[0].coupling).tolist() == [1.0, -0.5]
    assert np.asarray(loads(MACHINE).machine.static_baths[0].coupling).tolist() == [1.0, 1.0]
    assert loads(MACHINE.replace('coupling = "static"', "coupling = [1, 1]")) == loads(MACHINE)


def test_frequency_range() -> None:
    """One number fixes the drive frequency."""
    assert ParetoSection().frequency_range == (0.05, 1.0)
    assert loads(MACHINE + "[pareto]\nfrequency = 0.3").pareto.frequency_range == (0.3, 0.3)


def test_with_solver() -> None:
    """The solver of the command line replaces that of the file, under its own rules."""
    config = loads(MACHINE)
    assert with_solver(config, "exact").solver == Exact()
    both = loads(TWO_DRIVEN + '[solver]\nkind = "exact"\n')
    with pytest.raises(
        InputError, match='exactly one driven bath for the solver "weak"; got 2: "hot" and "w"'
    ):
        with_solver(both, "weak")
    message = r'`--solver` must be "weak" or "exact"; got "exat" \(did you mean "exact"\?\)'
    with pytest.raises(InputError, match=message):
        with_solver(config, "exat")


# Round trips ------------------------------------------------------------------------------------------------

finite = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
names = st.text(min_size=1, max_size=10).filter(lambda name: name.isprintable() and bool(name.strip()))


def lists(*lengths: int) -> st.SearchStrategy[Sequence]:
    """Nested lists of numbers, of a shape."""
    inner = finite if len(lengths) == 1 else lists(*lengths[1:])
    return st.lists(inner, min_size=lengths[0], max_size=lengths[0])


densities = st.one_of(
    st.builds(Ohmic, positive),
    st.builds(Drude, positive, positive),
    st.builds(Lorentzian, positive, positive, positive),
    st.builds(Tabulated, st.just(str(TABLE)), st.sampled_from([1e-2, 1e-4])),
    st.builds(
        Rational,
        positive,
        st.lists(positive, min_size=1, max_size=3),
        st.lists(st.tuples(positive, positive).map(list), max_size=2),
        st.just([]),
        st.just([]),
    ),
)


@st.composite
def drives(draw: st.DrawFn, oscillators: int) -> AbstractDrive:
    """Any drive of so many oscillators."""
    each, rows = lists(oscillators), lists(oscillators, draw(st.integers(1, 4)))
    kinds = [
        st.builds(MonochromaticDrive, positive, each, each),
        st.builds(FourierDrive, positive, each, rows, rows),
        st.builds(BoundedDrive, positive, each, rows, rows),
        st.builds(PiecewiseDrive, positive, rows),
    ]
    return draw(st.one_of(*kinds))


@st.composite
def configs(draw: st.DrawFn) -> Config:
    """Any valid configuration."""
    size = draw(st.integers(1, 3))
    solver: AbstractSolver = draw(st.sampled_from((Weak(), Exact())))
    static = st.just("static") | lists(size).filter(any)
    count = draw(st.integers(2, 4))
    driven = 1 if isinstance(solver, Weak) else draw(st.integers(1, count - 1))
    order = draw(st.permutations([True] * driven + [False] * (count - driven)))
    baths = tuple(
        Bath(name, draw(positive), draw(densities), "driven" if follows else draw(static))  # pyright: ignore
        for name, follows in zip(
            draw(st.lists(names, min_size=count, max_size=count, unique=True)), order, strict=True
        )
    )
    frequencies = st.lists(positive, min_size=size, max_size=size)
    machine = Machine(draw(frequencies), baths, draw(st.sampled_from(["joint", "independent"])))
    band = st.tuples(positive, positive).filter(lambda pair: pair[0] < pair[1])
    pareto = st.builds(
        ParetoSection,
        st.integers(2, 10**6),
        st.integers(1, 100),
        st.sampled_from(["peak", "rms"]),
        positive | band,
        st.sampled_from([("joint",), ("independent",), ("joint", "independent"), ("independent", "joint")]),
        st.integers(0, 2**32 - 1),
        st.integers(1, 100),
    )
    return Config(machine, draw(st.none() | drives(size)), solver, draw(pareto))


@given(configs())
def test_round_trip(config: Config) -> None:
    """What is written reads back equal, every float to the last bit."""
    text = dumps(config)
    assert loads(text) == config
    assert dumps(loads(text)) == text


def test_numpy_numbers_are_written_as_numbers() -> None:
    """NumPy's float64 is a float, whose repr is no TOML."""
    drive = MonochromaticDrive(np.float64(0.1), [np.float64(0.3), 1.0], np.zeros(2))
    config = dataclasses.replace(loads(MACHINE), drive=drive)
    assert loads(dumps(config)).drive == drive


def test_invalid_configurations_are_not_written(tmp_path: Path) -> None:
    """`dumps` and `save` refuse what `load` would refuse; the old file stays."""
    path = tmp_path / "machine.toml"
    save(loads(MACHINE), path)
    drive = MonochromaticDrive(0.45, [1.0, 1.0], [0.0, 0.0])
    with pytest.raises(InputError, match=r"MonochromaticDrive.amplitudes must be a finite number"):
        MonochromaticDrive(0.45, [1.0, float("nan")], [0.0, 0.0])
    drive = eqx.tree_at(lambda d: d.amplitudes, drive, np.array([1.0, np.nan]))  # nobody looks there
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


# The room ---------------------------------------------------------------------------------------------------


def test_example_is_the_contract() -> None:
    """The values of the example, as plain TOML: other people's scripts rely on these keys."""
    content = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert list(content) == ["machine", "drive", "solver", "pareto"]
    assert [bath["coupling"] for bath in content["machine"]["baths"]] == ["driven", "static"]


def test_simulation_survives_the_round_trip() -> None:
    """Initial states have kinds, like baths."""
    text = (
        MACHINE + '[simulation]\nperiods = 3\ninitial = { kind = "squeezed", squeezing = 0.5, angle = 1.0 }\n'
    )
    config = loads(text)
    assert config.simulation == SimulationSection(3, 64, SqueezedState(0.5, 1.0))
    assert loads(dumps(config)) == config


def test_fingerprints_know_what_matters() -> None:
    """Not how much is worked on at once, nor sections that are not asked for; everything else."""
    config = loads(MACHINE)
    same = fingerprint(config, ("pareto",), "1")
    chunked = dataclasses.replace(config, pareto=dataclasses.replace(config.pareto, chunk=8))
    assert fingerprint(chunked, ("pareto",), "1") == same
    other = dataclasses.replace(config, pareto=dataclasses.replace(config.pareto, seed=1))
    assert fingerprint(other, ("pareto",), "1") != same
    assert fingerprint(other, ("drive",), "1") == fingerprint(config, ("drive",), "1")
    colder = dataclasses.replace(config, machine=dataclasses.replace(config.machine, frequencies=[1.0, 0.61]))
    assert fingerprint(colder, ("pareto",), "1") != same
    assert fingerprint(with_solver(config, "exact"), ("pareto",), "1") != same
    assert fingerprint(config, ("pareto",), "2") != same
