"""Several processes that `jax.distributed` connects: same results, and what is left when one dies."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray

from qtopt import files
from qtopt.cli import main
from qtopt.fronts import Rms
from qtopt.fronts.rates import AbstractRates
from qtopt.fronts.search import explore
from qtopt.fronts.tradeoffs import EfficiencyTarget
from qtopt.model import AbstractDrive
from qtopt.observables import CURRENTS
from qtopt.scan import parameter_scan
from tests.helpers.texts import MACHINE, SOLVER
from tests.scan.test_scan import DAMPING, FREQUENCY, QUICK, SOFT, machines_of, scan_text

HOME = str(Path(__file__).parents[2])
LOST = "qtopt: another process ended or cannot be reached; what is finished is kept: start them all again, or"


def free_port(ports: Iterable[int] = (0,)) -> int:
    """The first free one of them; 0 stands for any."""
    for port in ports:
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return one.getsockname()[1]
    raise OSError("no free port")


def start(commands: Sequence[Sequence[str]], devices: Sequence[int] = (1, 1)) -> list[subprocess.Popen]:
    """Each with as many CPU devices as said."""
    started = []
    for command, count in zip(commands, devices, strict=True):
        flags = f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count={count}"
        environment = {**os.environ, "XLA_FLAGS": flags}
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment))
    return started


ROUND_OFF = {"first_law_residual", "truncation_error", *(f"{name}_error" for name in CURRENTS)}


def ends(started: Sequence[subprocess.Popen]) -> list[tuple[int, str, str]]:
    """(status, standard output, standard error) of each."""
    try:
        texts = [process.communicate(timeout=250) for process in started]
    finally:
        for process in started:
            process.kill()
    return [(process.returncode, *text) for process, text in zip(started, texts, strict=True)]


def together(arguments: Sequence[str], count: int = 2) -> list[list[str]]:
    """The commands of processes that do this together."""
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "qtopt", *arguments, "--distributed"]
    return [[*command, f"{address},{k}/{count}"] for k in range(1, count + 1)]


def numbers(folder: Path) -> np.ndarray:
    with (folder / "front.csv").open() as file:
        rows = list(csv.reader(file))[1:]
    return np.array([[float(cell) for cell in row[1:-1]] for row in rows])


def assert_same(found: xarray.Dataset, expected: xarray.Dataset) -> None:
    assert list(found.data_vars) == list(expected.data_vars)
    for name in expected.data_vars:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=1e-15, err_msg=str(name))


# Fronts -----------------------------------------------------------------------------------------------------

SEARCH = """
import json, sys, pathlib
import qtopt
qtopt.configure()
import jax
jax.distributed.initialize(sys.argv[1], 2, int(sys.argv[2]), coordinator_bind_address=sys.argv[1])
import jax.numpy as jnp
from qtopt.jobs import Store
sys.path.insert(0, sys.argv[4])
from tests.jobs.test_processes import improved
rates = improved()
path = pathlib.Path(sys.argv[3])
mine = Store(path if jax.process_index() == 0 else path.with_stem("other"), "mine")
mine.save(7, (jnp.arange(3.0) + jax.process_index(),))
chunk, (leaf,) = mine.load((jnp.zeros(3),))
print(json.dumps([rates, chunk, leaf.tolist(), len(jax.local_devices()), len(jax.devices())]))
"""


class Resonances(AbstractRates):
    """Quadratic forms that compile in no time."""

    def rates(self, drive: AbstractDrive) -> tuple[jax.Array, jax.Array]:
        strength = jnp.sum(jnp.abs(drive.harmonics(2)) ** 2, axis=1)
        return jnp.sum(strength * jnp.array([0.0, 1.0, 0.5])), jnp.sum(strength * jnp.array([1.0, 3.0, 0.2]))


def improved() -> list[list[float]]:
    """Rates of five candidates after some steps of Adam."""
    space = Rms(2, (0.45, 0.45))
    targets = EfficiencyTarget(jnp.linspace(0.5, 2.0, 5), jnp.ones(5), jnp.full(5, 0.1))
    parameters = space.random(jax.random.key(1), jnp.full(5, 0.45), 2)
    return [np.asarray(rate).tolist() for rate in explore(Resonances(), space, targets, parameters)[1]]


def test_candidates_are_shared_and_checkpoints_belong_to_the_first(tmp_path: Path) -> None:
    """A library user's two processes, of one and two devices: five candidates as in one process."""
    address, path = f"127.0.0.1:{free_port()}", tmp_path / "state.part"
    commands = [[sys.executable, "-c", SEARCH, address, str(k), str(path), HOME] for k in range(2)]
    found = ends(start(commands, (1, 2)))
    assert [status for status, _, _ in found] == [0, 0], found
    here = improved()
    for devices, (_, text, _) in zip((1, 2), found, strict=True):
        rates, *rest = json.loads(text.splitlines()[-1])
        np.testing.assert_allclose(rates, here, rtol=1e-9)
        assert rest == [7, [0.0, 1.0, 2.0], devices, 3]
    assert [made.name for made in tmp_path.iterdir()] == ["state.part"]


FRONT = """
[pareto]
points = 2
harmonics = 1
starts = 16
bound = "peak"
frequency = [0.4, 0.5]
configurations = ["joint"]
"""
PRECISE = FRONT.replace("peak", "rms") + 'objectives = ["power", "precision"]\n'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "tolerance"),
    [(MACHINE + FRONT, 2e-3), (MACHINE + PRECISE, 1e-9)],
    ids=["efficiency", "precision"],
)
def test_two_processes_find_the_same_front(text: str, tolerance: float, tmp_path: Path) -> None:
    """The whole command: the front of one process, written by the first alone.

    The search for peak-bounded drives stops before it has converged, which amplifies round-off; with two
    starts instead of sixteen it may even end in another optimum.
    """
    path = tmp_path / "machine.toml"
    path.write_text(text)
    whole, out = tmp_path / "whole", tmp_path / "out"
    main(["pareto", str(path), "--out", str(whole)])
    one, two = ends(start(together(["pareto", str(path), "--out", str(out)])))
    assert one[0] == two[0] == 0, (one, two)
    assert f"front   {out / 'front.csv'}" in one[1] and two[1:] == ("", "")
    assert len(numbers(whole)) > 0
    # Rates, frequency and bound; a gap is a small difference of two of them.
    found, expected = numbers(out)[:, :6], numbers(whole)[:, :6]
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=1e-4 * tolerance)


@pytest.mark.slow
def test_a_front_goes_on_after_a_process_died(tmp_path: Path) -> None:
    """The second is killed: the first ends within the heartbeat's time, and one alone finishes its search."""
    path, out, whole = tmp_path / "machine.toml", tmp_path / "out", tmp_path / "whole"
    path.write_text(MACHINE + FRONT.replace("harmonics = 1", "harmonics = 8"))
    started = start(together(["pareto", str(path), "--out", str(out)]))
    wait_for(lambda: (out / ".search" / "joint.part").exists(), started)
    started[1].send_signal(signal.SIGKILL)
    died, (status, _, errors) = time.monotonic(), ends(started)[0]
    assert status == 3 and errors.splitlines()[-1].startswith(LOST) and "Check failure" not in errors
    assert time.monotonic() - died < 60.0
    main(["pareto", str(path), "--out", str(out), "--resume"])
    main(["pareto", str(path), "--out", str(whole)])
    np.testing.assert_allclose(numbers(out), numbers(whole), rtol=1e-6, atol=1e-9)


def wait_for(happened, started: Sequence[subprocess.Popen]) -> None:
    for _ in range(40000):
        if happened() or any(process.poll() is not None for process in started):
            return
        time.sleep(0.005)
    raise TimeoutError


# Scans ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("victim", "then"), [(0, 2), pytest.param(1, 1, marks=pytest.mark.slow)], ids=["first", "second"]
)
def test_a_map_is_the_same_also_after_a_process_died(victim: int, then: int, tmp_path: Path) -> None:
    """`kill -9` of either: the other one ends with one line; two or one solve what is missing and no more."""
    path, out = tmp_path / "scan.toml", tmp_path / "out"
    axes = FREQUENCY.replace("points = 5", "points = 60"), DAMPING.replace("points = 4", "points = 50")
    path.write_text(scan_text(*axes, more=f"chunk = 20\n{QUICK}"))
    scan = ["scan", str(path), "--out", str(out)]
    started = start(together(scan))
    wait_for(lambda: len(list((out / ".scan").glob("machines-*.part"))) > 2, started)
    started[victim].send_signal(signal.SIGKILL)
    status, printed, errors = ends(started)[1 - victim]
    lines = [line for line in errors.splitlines() if line.startswith("qtopt: ")]
    assert status == 3 and printed == "" and len(lines) == 1 and lines[0].startswith(LOST)
    assert errors.splitlines()[-1] == lines[0] and "Check failure" not in errors
    before = {part: part.stat().st_mtime_ns for part in (out / ".scan").glob("machines-*.part")}
    assert 2 < len(before) < 150 and not (out / "scan.nc").exists()

    if then == 1:
        path.write_text(path.read_text().replace("chunk = 20\n", ""))  # of another size
    first, *others = ends(start(together([*scan, "--resume"], then), [1] * then))
    assert first[0] == 0 and all(other == (0, "", "") for other in others), (first, others)
    assert first[1].splitlines() == [f"data    {out / 'scan.nc'}", f"figure  {out / 'scan.png'}"]
    assert "3000/3000" in first[2] and LOST not in first[2]
    assert all(part.stat().st_mtime_ns == time for part, time in before.items())
    assert sorted(machines_of(out, path)) == list(range(3000))  # none was solved again
    with xarray.open_dataset(out / "scan.nc") as found:
        assert found.attrs["devices"].startswith(f"{then} x ")
        assert_same(found, parameter_scan(files.load(path)))


UNEQUAL = """
import pathlib, sys
import qtopt
qtopt.configure()
import jax
jax.distributed.initialize(sys.argv[1], 3, int(sys.argv[2]), coordinator_bind_address=sys.argv[1])
from qtopt import files
from qtopt.scan import parameter_scan, write_dataset
data = parameter_scan(files.load(sys.argv[3]), pathlib.Path(sys.argv[4]) / "state")
write_dataset(data, pathlib.Path(sys.argv[4]) / f"{sys.argv[2]}.nc")
"""


@pytest.mark.slow
@pytest.mark.parametrize("solver", ["weak", "exact"])
def test_processes_of_different_sizes(solver: str, tmp_path: Path) -> None:
    """With 1, 3 and 2 devices the chunks differ; no machine is forgotten, and all have the same data."""
    path = tmp_path / "scan.toml"
    path.write_text(scan_text(FREQUENCY, DAMPING, base=SOFT + SOLVER.replace("weak", solver)))
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-c", UNEQUAL, address]
    found = ends(start([[*command, str(k), str(path), str(tmp_path)] for k in range(3)], (1, 3, 2)))
    assert [status for status, _, _ in found] == [0, 0, 0], found
    expected = parameter_scan(files.load(path))
    expected = expected.drop_vars([name for name in expected if name in ROUND_OFF])
    for k in range(3):
        with xarray.open_dataset(tmp_path / f"{k}.nc") as data:
            data = data.drop_vars([name for name in data if name in ROUND_OFF])
            for name in expected.data_vars:
                scale = float(np.nanmax(np.abs(expected[name]), initial=0.0))
                np.testing.assert_allclose(
                    data[name], expected[name], rtol=1e-12, atol=1e-12 * scale, err_msg=str(name)
                )


# Errors -----------------------------------------------------------------------------------------------------

WRONG = (
    '--distributed must be "auto" or HOST:PORT,K/N, process K of N from 1 with the first at HOST:PORT, but it'
)
TEXTS = {
    "nonsense": WRONG,
    "127.0.0.1:99999,1/2": WRONG,
    ":47800,1/2": WRONG,
    "127.0.0.1:47800,3/2": 'a share must be K/N, number K of N from 1, but it is "3/2"',
    "127.0.0.1:47800,2": 'a share must be K/N, number K of N from 1, but it is "2"',
}


@pytest.mark.parametrize("text", TEXTS)
def test_bad_options_are_one_line_and_status_2(text: str, tmp_path: Path, capsys) -> None:
    path = tmp_path / "scan.toml"
    path.write_text(scan_text(FREQUENCY))
    with pytest.raises(SystemExit) as stop:
        main(["scan", str(path), "--out", str(tmp_path / "out"), "--distributed", text])
    error = capsys.readouterr().err
    assert stop.value.code == 2 and error.count("\n") == 1 and TEXTS[text] in error
    with pytest.raises(SystemExit) as stop:
        main(["scan", str(path), "--out", str(tmp_path), "--share", "1/2", "--distributed", text])
    assert "leave out --distributed" in capsys.readouterr().err


def alone(path: Path, text: str, program: Sequence[str] = ("-m", "qtopt")) -> tuple[int, str]:
    """Status and only line of a process that finds no other."""
    command = [sys.executable, *program, "scan", str(path), "--out", str(path.parent), "--distributed", text]
    ((status, printed, errors),) = ends(start([command], [1]))
    assert printed == "" and len(errors.splitlines()) == 1, errors
    return status, errors


def test_without_others(tmp_path: Path) -> None:
    """No cluster, and an address in use."""
    path = tmp_path / "scan.toml"
    path.write_text(scan_text(FREQUENCY))
    status, line = alone(path, "auto")
    assert status == 2 and "must be HOST:PORT,K/N where neither SLURM nor MPI started the processes" in line
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]},1/2"
        status, line = alone(path, address)
    assert status == 2 and f'one at which process 1 can listen, but it is "{address}"' in line


IMPATIENT = "import sys, qtopt.jobs._join as j; j.MEETING = 2; from qtopt.cli import main; main(sys.argv[1:])"


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2])
def test_processes_that_do_not_meet(number: int, tmp_path: Path) -> None:
    path = tmp_path / "scan.toml"
    path.write_text(scan_text(FREQUENCY))
    status, line = alone(path, f"127.0.0.1:{free_port()},{number}/2", ("-c", IMPATIENT))
    assert status == 3 and line.startswith("qtopt: the 2 processes did not all meet within 2 s; were they")


def test_processes_must_do_the_same(tmp_path: Path) -> None:
    """All of them fail with one line. One says why; another may only hear that it has ended."""
    path, other = tmp_path / "scan.toml", tmp_path / "other.toml"
    path.write_text(scan_text(FREQUENCY))
    other.write_text(scan_text(FREQUENCY.replace("points = 5", "points = 6")))
    commands = together(["scan", str(path), "--out", str(tmp_path / "out")])
    commands[1] = [str(other) if part == str(path) else part for part in commands[1]]
    why = "qtopt: all processes must be given the same file and the same options, but at least one of these"
    found = ends(start(commands))
    assert max(status for status, _, _ in found) <= 3 and min(status for status, _, _ in found) == 2, found
    for status, printed, errors in found:
        lines = errors.splitlines()  # an empty one ends the bar that a process may have had
        assert printed == "" and [line for line in lines if line] == lines[-1:], errors
        assert lines[-1].startswith({2: why, 3: LOST}[status])
    assert not (tmp_path / "out" / "scan.nc").exists()
