"""What one front is about: a machine, a trade-off, a set of drives, a solver."""

from dataclasses import dataclass, field

from .. import files
from ..errors import InputError
from ..jobs import check_memory
from ..model import Configuration, Machine, MonochromaticDrive, undamped_modes
from ..registry import class_of
from ..solvers import AbstractSolver, Weak, check_damped
from ._vary import variation_of
from .drive_sets import AbstractDriveSet, Peak, Variation
from .tradeoffs import AbstractTradeoff

COPIES = 40
"""of the parameters of a candidate while it is searched: pairs of L-BFGS, moments, gradients"""


@dataclass(frozen=True)
class FrontSettings:
    """How hard a front is searched.

    Attributes:
        points: points aimed at on the front.
        starts: random starts for each point.
        seed: of the random starts.
        chunk: candidates (starts of all points) that one device works on side by side, which bounds its
            memory; None: 32 on a CPU, what fits elsewhere.
    """

    points: int = files.ParetoSection.points
    starts: int = files.ParetoSection.starts
    seed: int = files.ParetoSection.seed
    chunk: int | None = None


@dataclass(frozen=True)
class FrontProblem:
    """One front: trade-off x drive set x theory of one machine.

    Attributes:
        machine: one driven bath, static baths at one temperature.
        tradeoff: what is traded off, made for this machine by its `of`.
        drive_set: the drives that are allowed.
        solver: evaluates the points. One without quadratic forms improves the front of `Weak()`.
        settings: how hard to search.
        variation: numbers of the machine that are searched with the drive, or None.

    Raises:
        InputError: numbers vary though the trade-off compares machines with the same numbers, or though the
            solver is exact; exact fluctuations that do not exist; a motion that no static bath damps.
    """

    machine: Machine
    tradeoff: AbstractTradeoff
    drive_set: AbstractDriveSet = field(default_factory=Peak)
    solver: AbstractSolver = field(default_factory=Weak)
    settings: FrontSettings = FrontSettings()
    variation: Variation | None = None

    def __post_init__(self) -> None:
        if self.variation is None:  # numbers that vary may damp it
            check_damped(Weak(), [mode._replace(driven=True) for mode in undamped_modes(self.machine)])
        numbers = self.machine.size * (2 * getattr(self.drive_set, "harmonics", 1) + 1) + 1
        count = self.settings.points * self.settings.starts
        check_memory(
            8.0 * count * numbers * COPIES,
            f"a search of {count} candidates",
            "take fewer points, starts or harmonics",
        )
        if self.variation is not None and not self.tradeoff.may_vary:
            raise InputError(
                f"`pareto.vary` must go with a front on which machines with other numbers compare, but "
                f"{list(self.tradeoff.objectives)} compares machines with the same numbers."
            )
        if self.solver.quadratic:
            return
        if self.variation is not None:
            raise InputError(
                f'`pareto.vary` must go with solver.kind = "weak", but it is "{self.solver.kind}": search '
                "with the weak solver first, then one of its points with the exact one."
            )
        if self.tradeoff.needs_noise:
            ones = [1.0] * self.machine.size
            self.solver.check_fluctuations(self.machine, MonochromaticDrive(1.0, ones, ones))


def problem_of(config: files.Config, configuration: Configuration) -> FrontProblem:
    """The front that a [pareto] section asks for, of one configuration.

    Raises:
        InputError: the machine does not suit the trade-off, or the solver does not.
    """
    wanted = config.pareto
    machine = config.machine.with_configuration(configuration)
    return FrontProblem(
        machine,
        files.tradeoff_of(wanted.objectives).of(machine, wanted.oscillator),
        class_of(AbstractDriveSet.family, wanted.bound)(wanted.harmonics, wanted.frequency_range),
        config.solver,
        FrontSettings(wanted.points, wanted.starts, wanted.seed, wanted.chunk),
        variation_of(config, machine),
    )
