"""`qtopt pareto`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from .. import __version__
from ..errors import InputError
from ._output import progress
from ._resumable import AbstractResumable

if TYPE_CHECKING:
    from ..files import Config
    from ..fronts import Front, FrontSettings


@dataclass(frozen=True, kw_only=True)
class Pareto(AbstractResumable):
    """Search the Pareto fronts of a machine; certify, draw and store them: front.csv, front.png, drives.png,
    points/."""

    kind: ClassVar[str] = "pareto"
    state_name: ClassVar[str] = ".search"

    def run(self) -> None:
        """Search, then write what was found."""
        from .. import files
        from ..assembly import build_settings

        config = files.load(self.file)
        self.meet(config)
        settings = build_settings(config.pareto)
        state = self.state(keep=self.resume)
        if {"precision", "constancy"} & set(config.pareto.objectives):
            run_precision(config, settings, state, self.out)
        else:
            run_pareto(config, settings, state, self.out)


def run_pareto(config: "Config", settings: "FrontSettings", state: Path, out: Path) -> None:
    """`qtopt pareto` with neither "precision" nor "constancy" among the objectives."""
    from .. import files
    from ..assembly import build_machine, write_front
    from ..files import LorentzianConfig, TableConfig
    from ..fronts import exact_front, pareto_front
    from ..jobs import Store, first
    from ..plots import drives_figure, front_figure
    from ..plots.style import save
    from ._text import front_text

    fronts: dict[str, Front] = {}
    weak_fronts: dict[str, Front] = {}
    for configuration in config.pareto.configurations:
        machine = build_machine(config.machine).with_configuration(configuration)
        key = files.fingerprint(config, ("pareto",), configuration, __version__)
        checkpoint = Store(state / f"{configuration}.part", key)
        with progress(configuration) as report:
            fronts[configuration] = pareto_front(machine, settings, checkpoint, report)
        if config.solver.kind == "exact":
            weak_fronts[f"{configuration}, weak"] = fronts[configuration]
            checkpoint = checkpoint.beside("exact")
            with progress(f"{configuration}, exact") as report:
                fronts[configuration] = exact_front(
                    machine, settings, fronts[configuration], checkpoint, report
                )
    if not first():
        return
    table = write_front(fronts, config, out)
    density = config.machine.driven_baths[0].spectral_density
    if isinstance(density, LorentzianConfig):
        strength, symbol = density.strength, "d"
    elif isinstance(density, TableConfig):
        strength, symbol = None, ""
    else:
        strength, symbol = density.damping, "gamma_1"
    save(front_figure({**fronts, **weak_fronts}, strength, symbol), out / "front.png")
    save(drives_figure(fronts, strength=strength, symbol=symbol), out / "drives.png")
    print(front_text(fronts))
    print(f"front   {table}")
    print(f"figure  {out / 'front.png'}")
    print(f"drives  {out / 'drives.png'}")
    print(f"points  {out / 'points'}")


def run_precision(config: "Config", settings: "FrontSettings", state: Path, out: Path) -> None:
    """`qtopt pareto` with "precision" or "constancy" among the objectives."""
    from .. import files
    from ..assembly import build_machine, build_variation, names, write_precise_front
    from ..fronts import (
        PreciseFront,
        check_exact_precise_front,
        desiderata_front,
        exact_precise_front,
        precision_front,
    )
    from ..jobs import Store, first
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
        checkpoint = Store(state / f"{configuration}.part", key)
        with progress(configuration) as report:
            if output is not None:
                vary = build_variation(config, machine)
                fronts[configuration] = precision_front(
                    machine, settings, output, checkpoint, report, variation=vary
                )
            else:
                fronts[configuration] = desiderata_front(machine, settings, checkpoint, report)
        if exact:
            weak_fronts[f"{configuration}, weak"] = fronts[configuration]
            with progress(f"{configuration}, exact") as report:
                fronts[configuration] = exact_precise_front(
                    machine, settings, fronts[configuration], output, checkpoint.beside("exact"), report
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
