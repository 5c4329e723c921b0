"""Audit anything: a configuration, what was evaluated, a front, a directory with one."""

import os
from pathlib import Path

from ..errors import InputError
from ..files import Config, load
from ..fronts import POINTS, Front
from ..observables import Audit, Case, Evaluation, Searched, audited, case_of, evaluate


def audit(subject: Config | Evaluation | Front | str | os.PathLike[str]) -> Audit:
    """What makes a model mean something else than its user may think.

    Every registered check looks at the machine, its drive and what the solver says of them: weak coupling
    that is not weak, modes that nobody damps, momenta beside strictly Ohmic baths, counter-terms, drives
    faster than their bath, parametric instability near, truncation, digits of efficiencies, searches that
    end at the edge of their range, numbers that nobody has published. A check of your own is one class,
    registered with `qtopt.register` (docs/how-to/audit.md).

    Args:
        subject: a configuration or the path of one; an evaluation; a front, or the directory in which
            `qtopt pareto` wrote fronts. Of many points each finding is listed once, with the worst of them.

    Returns:
        The findings, the worst first: `print` shows them, `as_dict()` gives plain data, `status` is 0 for
        nothing serious, 1 for warnings and 3 where the model does not apply.

    Raises:
        InputError: the path leads to no configuration and no front, or the file is wrong.

    Source: theory (2.4), (3.25), (3.27), (3.28), (5.16), (7.1).
    """
    if isinstance(subject, Evaluation | Front):
        return subject.audit()
    if isinstance(subject, Config):
        return audited(_evaluated(subject))
    path = Path(subject)
    return _of_directory(path) if path.is_dir() else audited(_evaluated(load(path)))


def _evaluated(config: Config) -> Case:
    """A configuration, evaluated where it has a drive and the solver does not refuse."""
    driving = config.driving
    case = Case(config.machine, config.solver, driving)
    if driving is None:
        return case
    try:
        return case_of(evaluate(config.machine, driving, config.solver))
    except InputError as error:
        return Case(config.machine, config.solver, driving, refusal=str(error))


def _of_directory(folder: Path) -> Audit:
    """The fronts that `qtopt pareto` wrote."""
    configs = [load(path) for path in sorted((folder / POINTS).glob("*.toml"))]
    if not configs:
        raise InputError(
            f"{folder} must hold a front that `qtopt pareto` wrote, but there is no {POINTS}/*.toml in it; "
            "give its --out, or a TOML file."
        )
    fronts: dict[str, list[Config]] = {}
    for config in configs:
        fronts.setdefault(config.machine.configuration, []).append(config)
    wholes = []
    for own in fronts.values():
        drives = tuple(config.drive for config in own if config.drive is not None)
        searched = Searched(drives, own[0].pareto.frequency_range, own[0].pareto.harmonics)
        wholes.append(Case(own[0].machine, own[0].solver, searched=searched))
    return audited(*map(_evaluated, configs), wholes=wholes)
