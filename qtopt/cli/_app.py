"""The command line: `qtopt evaluate`, `qtopt pareto`, `qtopt scan`, `qtopt simulate` and `qtopt figures`."""

import errno
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

from .. import __version__
from ..errors import InputError, ProcessLost
from ..runtime import configure, cores
from ._commands import Command, Evaluate, Figures, Pareto, Scan, Simulate

if TYPE_CHECKING:
    from ..files import Config
    from ..fronts import Front, FrontSettings


def main(arguments: list[str] | None = None) -> None:
    """Entry point. Exit status: 0 done, 2 bad input (one line says what), 3 another process ended, 130
    interrupted."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments in (["--version"], ["-V"]):
        print(f"qtopt {__version__}")
        return
    command = tyro.cli(Command, prog="qtopt", args=arguments, description=__doc__)  # pyright: ignore
    configure(cores() if isinstance(command, Pareto | Scan | Figures) else None)
    from ..jobs import LOST, joined, leave

    try:
        if isinstance(command, Pareto | Scan) and command.distributed is not None:
            _meet(command, command.distributed)
        if isinstance(command, Evaluate):
            run_evaluate(command)
        elif isinstance(command, Pareto):
            run_pareto(command)
        elif isinstance(command, Scan):
            run_scan(command)
        elif isinstance(command, Figures):
            run_figures(command)
        else:
            run_simulate(command)
    except InputError as error:
        leave(2, f"qtopt: {error}")
    except ProcessLost as error:
        leave(LOST, f"qtopt: {error}")
    except KeyboardInterrupt:
        again = {Pareto: " (continue with --resume)", Scan: " (continue with --resume)"}
        again[Figures] = " (the same command continues)"
        leave(130, f"qtopt: interrupted{again.get(type(command), '')}")
    except Exception:
        if not joined():
            raise
        leave(1, traceback.format_exc())


def _meet(command: Pareto | Scan, text: str) -> None:
    """Find the other processes; they must have been given the same."""
    from .. import files
    from ..jobs import first, join

    if isinstance(command, Scan) and command.share is not None:
        raise InputError("--share is for processes that do not know each other: leave out --distributed.")
    config = _loaded(command.file, None)
    options = repr(replace(command, file=Path(), distributed=None))
    join(text, files.fingerprint(config, ("drive", "pareto", "scan"), options, __version__))
    if not first():
        os.environ["TQDM_DISABLE"] = "1"


def _loaded(path: Path, solver: Literal["weak", "exact"] | None) -> "Config":
    from .. import files

    config = files.load(path)
    if solver is not None:
        config = files.with_solver(config, solver)
    return config


def run_evaluate(command: Evaluate) -> None:
    """`qtopt evaluate`."""
    from .. import files
    from ..assembly import build_drive, build_machine
    from ..observables import evaluate
    from ._text import evaluation_text

    config = _loaded(command.file, command.solver)
    drive = build_drive(files.require_drive(config))
    result = evaluate(build_machine(config.machine), drive, config.solver.kind)
    for warning in result.warnings():
        print(f"qtopt: warning: {warning}", file=sys.stderr)
    if command.json:
        print(json.dumps(result.as_dict(), indent=2, allow_nan=False))
    else:
        print(evaluation_text(result, [bath.name for bath in config.machine.baths]))


def run_pareto(command: Pareto) -> None:
    """`qtopt pareto`."""
    from tqdm import tqdm

    from .. import files
    from ..assembly import build_machine, build_settings, write_front
    from ..files import LorentzianConfig, TableConfig
    from ..fronts import exact_front, pareto_front
    from ..jobs import Checkpoint, first
    from ..plots import drives_figure, front_figure
    from ..plots.style import save
    from ._text import front_text

    config = _loaded(command.file, None)
    wanted, settings = config.pareto, build_settings(config.pareto)
    state = _prepared(command.out, command.resume)
    if {"precision", "constancy"} & set(wanted.objectives):
        run_precision(config, settings, state, command.out)
        return
    fronts: dict[str, Front] = {}
    weak_fronts: dict[str, Front] = {}
    for configuration in wanted.configurations:
        machine = build_machine(config.machine).with_configuration(configuration)
        key = files.fingerprint(config, ("pareto",), configuration, __version__)
        checkpoint = Checkpoint(state / f"{configuration}.npz", key)
        with tqdm(desc=configuration, file=sys.stderr, bar_format=BAR, dynamic_ncols=True) as bar:
            fronts[configuration] = pareto_front(machine, settings, checkpoint, _reporter(bar))
        if config.solver.kind == "exact":
            weak_fronts[f"{configuration}, weak"] = fronts[configuration]
            checkpoint = Checkpoint(state / f"{configuration}-exact.npz", key)
            with tqdm(
                desc=f"{configuration}, exact", file=sys.stderr, bar_format=BAR, dynamic_ncols=True
            ) as bar:
                fronts[configuration] = exact_front(
                    machine, settings, fronts[configuration], checkpoint, _reporter(bar)
                )
    if not first():
        return
    table = write_front(fronts, config, command.out)
    density = config.machine.driven_baths[0].spectral_density
    if isinstance(density, LorentzianConfig):
        strength, symbol = density.strength, "d"
    elif isinstance(density, TableConfig):
        strength, symbol = None, ""
    else:
        strength, symbol = density.damping, "gamma_1"
    save(front_figure({**fronts, **weak_fronts}, strength, symbol), command.out / "front.png")
    save(drives_figure(fronts, strength=strength, symbol=symbol), command.out / "drives.png")
    print(front_text(fronts))
    print(f"front   {table}")
    print(f"figure  {command.out / 'front.png'}")
    print(f"drives  {command.out / 'drives.png'}")
    print(f"points  {command.out / 'points'}")


def run_precision(config: "Config", settings: "FrontSettings", state: Path, out: Path) -> None:
    """`qtopt pareto` with "precision" or "constancy" among the objectives."""
    from tqdm import tqdm

    from .. import files
    from ..assembly import build_machine, build_variation, names, write_precise_front
    from ..fronts import (
        PreciseFront,
        check_exact_precise_front,
        desiderata_front,
        exact_precise_front,
        precision_front,
    )
    from ..jobs import Checkpoint, first
    from ..plots import desiderata_figure, precision_figure
    from ..plots.style import save
    from ._text import precise_front_text

    wanted = config.pareto
    exact = config.solver.kind == "exact"
    if exact and wanted.vary:
        raise InputError(
            '`pareto.vary` must go with solver.kind = "weak", but it is "exact": search with the weak solver '
            "first, then one of its points with the exact one."
        )
    output = wanted.output - 1 if "precision" in wanted.objectives else None
    fronts: dict[str, PreciseFront] = {}
    weak_fronts: dict[str, PreciseFront] = {}
    for configuration in wanted.configurations:
        machine = build_machine(config.machine).with_configuration(configuration)
        if exact:
            check_exact_precise_front(machine)
        key = files.fingerprint(config, ("pareto",), configuration, __version__)
        checkpoint = Checkpoint(state / f"{configuration}.npz", key)
        with tqdm(desc=configuration, file=sys.stderr, bar_format=BAR, dynamic_ncols=True) as bar:
            report = _reporter(bar)
            if output is not None:
                vary = build_variation(config, machine)
                fronts[configuration] = precision_front(
                    machine, settings, output, checkpoint, report, variation=vary
                )
            else:
                fronts[configuration] = desiderata_front(machine, settings, checkpoint, report)
        if exact:
            weak_fronts[f"{configuration}, weak"] = fronts[configuration]
            checkpoint, name = checkpoint.beside("exact"), f"{configuration}, exact"
            with tqdm(desc=name, file=sys.stderr, bar_format=BAR, dynamic_ncols=True) as bar:
                fronts[configuration] = exact_precise_front(
                    machine, settings, fronts[configuration], output, checkpoint, _reporter(bar)
                )
    if not first():
        return
    table = write_precise_front(fronts, config, out)
    drawn = {**fronts, **weak_fronts}
    if output is not None:
        drawing = precision_figure(drawn, wanted.output, names(config))
    else:
        temperatures = [bath.temperature for bath in config.machine.baths]
        drawing = desiderata_figure(drawn, 1.0 - min(temperatures) / max(temperatures))
    save(drawing, out / "front.png")
    print(precise_front_text(fronts))
    print(f"front   {table}")
    print(f"figure  {out / 'front.png'}")
    print(f"points  {out / 'points'}")


def run_scan(command: Scan) -> None:
    """`qtopt scan`: an interruption keeps the chunks that are done."""
    from tqdm import tqdm

    from ..jobs import Share, first
    from ..plots import scan_figure
    from ..plots.style import save
    from ..scan import FILE, parameter_scan, remarks, scan_share, write_dataset

    config = _loaded(command.file, command.solver)
    share = None if command.share is None else Share.read(command.share)
    state = _prepared(command.out, command.resume or share is not None, ".scan")
    with tqdm(desc="machines", file=sys.stderr, bar_format=BAR, dynamic_ncols=True) as bar:

        def report(done: int, total: int) -> None:
            _reporter(bar)(done, total, "")

        if share is not None:
            scan_share(config, state, share, report)
            print(f"share {share.number} of {share.count} is done; when all are, --resume writes the files")
            return
        data = parameter_scan(config, state, report)
    if not first():
        return
    for warning in remarks(data):
        print(f"qtopt: warning: {warning}", file=sys.stderr)
    table = write_dataset(data, command.out / FILE)
    save(scan_figure(data), command.out / "scan.png")
    print(f"data    {table}")
    print(f"figure  {command.out / 'scan.png'}")


def run_figures(command: Figures) -> None:
    """`qtopt figures`: the scripts lie beside the package in a checkout."""
    home = Path(__file__).parents[2]
    if not (home / "benchmarks" / "figures").is_dir():
        raise InputError(
            "`qtopt figures` needs a checkout of the repository, with benchmarks/figures beside the package, "
            f"but the package is installed in {home}."
        )
    sys.path.insert(0, str(home))
    from benchmarks.figures.__main__ import draw

    draw(command.names, command.quick, _directory(command.out))


def run_simulate(command: Simulate) -> None:
    """`qtopt simulate`: an interruption keeps the periods that are done."""
    from tqdm import tqdm

    from .. import files
    from ..assembly import build_drive, build_initial, build_machine, write_trajectory
    from ..model import has_friction
    from ..plots import trajectory_figure
    from ..plots.style import save
    from ..solvers.time_domain import joined, simulate_periods

    config = _loaded(command.file, None)
    machine, drive = build_machine(config.machine), build_drive(files.require_drive(config))
    wanted = config.simulation
    periods = _positive("--periods", command.periods, wanted.periods)
    points = _positive("--points-per-period", command.points_per_period, wanted.points_per_period)
    _directory(command.out)
    names, done = [bath.name for bath in config.machine.baths], []
    if has_friction(machine.baths):
        print(
            "qtopt: warning: velocities diverge logarithmically beside a strictly Ohmic bath, so the "
            "populations shown depend on the end of the rational coth; give the bath a Drude cut-off.",
            file=sys.stderr,
        )
    parts = simulate_periods(machine, drive, build_initial(wanted.initial, machine), periods, points)
    try:
        with tqdm(parts, "periods", periods, file=sys.stderr, bar_format=BAR, dynamic_ncols=True) as bar:
            for part in bar:
                done.append(part)
    finally:
        if done:
            trajectory = joined(done)
            table = write_trajectory(trajectory, names, command.out)
            figure = trajectory_figure(trajectory, float(drive.frequency), names)
            save(figure, command.out / "trajectory.png")
            print(f"data    {table}")
            print(f"figure  {command.out / 'trajectory.png'}")


def _positive(option: str, given: int | None, default: int) -> int:
    if given is not None and given < 1:
        raise InputError(f"{option} must be a whole number of at least 1, but it is {given}.")
    return default if given is None else given


BAR = "{desc:>18} |{bar}| {n_fmt}/{total_fmt} {elapsed} {postfix}"


def _prepared(out: Path, resume: bool, name: str = ".search") -> Path:
    """The directory of the state of a search or scan, emptied unless resuming."""
    from ..jobs import from_first

    state = out / name

    def prepare() -> bytes:
        if not resume and state.is_dir():
            shutil.rmtree(state)
        _directory(state, out)
        return b""

    from_first(prepare)
    return state


def _directory(path: Path, out: Path | None = None) -> Path:
    """A directory that exists; `out` is what the user called it."""
    out = path if out is None else out
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise InputError(
            f"--out must be a directory that can be written, but {out} is not ({error.strerror}): "
            "choose another."
        ) from error
    return path


def _reporter(bar) -> Callable[[int, int, str], None]:
    def report(done: int, total: int, message: str) -> None:
        bar.total, bar.n = total, done
        bar.set_postfix_str(message)

    return report
