"""What one front is about: a machine, a trade-off, a set of drives, a solver."""

from dataclasses import dataclass, field, replace

from .. import files
from ..errors import InputError
from ..jobs import CACHED, check_memory
from ..model import Configuration, Machine, MonochromaticDrive, undamped_modes
from ..registry import class_of
from ..solvers import AbstractSolver, Weak, check_damped
from ._vary import variation_of
from .drive_sets import AbstractDriveSet, AbstractDriveSpace, AbstractProtocols, Peak, Protocols, Variation
from .rates import one_driven_bath
from .tradeoffs import AbstractTradeoff

COPIES = 40
"""of the parameters of a candidate while it is searched: pairs of L-BFGS, moments, gradients"""
DERIVATIVES = {True: 2.5, False: 4.6}
"""copies of the derivatives of a candidate's harmonics while its Hessian is formed, where the shapes of
oscillators are separate and where they are not; measured: 2.1 to 2.3, 4.3 to 4.8"""


@dataclass(frozen=True)
class FrontSettings:
    """How hard a front is searched.

    Attributes:
        points: points aimed at on the front.
        starts: random starts for each point.
        seed: of the random starts.
        chunk: candidates (starts of all points) that one device works on side by side, which bounds its
            memory; None: 16 on a CPU, what fits elsewhere.
    """

    points: int = files.ParetoSection.points
    starts: int = files.ParetoSection.starts
    seed: int = files.ParetoSection.seed
    chunk: int | None = None


@dataclass(frozen=True)
class FrontProblem:
    """One front: trade-off x drive set x theory of one machine.

    Attributes:
        machine: one driven bath, static baths at one temperature; any machine for protocols.
        tradeoff: what is traded off, made for this machine by its `of`.
        drive_set: the drives that are allowed.
        solver: evaluates the points. One without quadratic forms improves the front of `Weak()`; protocols
            need one.
        settings: how hard to search.
        variation: numbers of the machine that are searched with the drive, or None.

    Raises:
        InputError: numbers vary though the trade-off compares machines with the same numbers, or though the
            solver is exact; exact fluctuations that do not exist; a motion that no static bath damps; more or
            fewer than one driven bath, or protocols that the solver or the trade-off does not know.
    """

    machine: Machine
    tradeoff: AbstractTradeoff
    drive_set: AbstractDriveSpace = field(default_factory=Peak)
    solver: AbstractSolver = field(default_factory=Weak)
    settings: FrontSettings = FrontSettings()
    variation: Variation | None = None

    def __post_init__(self) -> None:
        protocols = isinstance(self.drive_set, AbstractProtocols)
        if not protocols:
            one_driven_bath(self.machine)
        if self.variation is None and not protocols:  # numbers that vary may damp it, and so may valves
            check_damped(Weak(), [mode._replace(driven=True) for mode in undamped_modes(self.machine)])
        count = self.settings.points * self.settings.starts
        at_once = min(count, self.settings.chunk or CACHED)
        check_memory(
            8.0 * count * self._numbers * COPIES + (0.0 if protocols else at_once * self.candidate_bytes),
            f"a search of {count} candidates",
            "take fewer points, starts or harmonics, or a smaller `chunk`",
        )
        if self.variation is not None and not self.tradeoff.may_vary:
            raise InputError(
                f"`pareto.vary` must go with a front on which machines with other numbers compare, but "
                f"{list(self.tradeoff.objectives)} compares machines with the same numbers."
            )
        if isinstance(self.drive_set, AbstractProtocols):
            self._check_protocols(self.drive_set)
        if self.solver.quadratic:
            return
        if self.variation is not None:
            raise InputError(
                f'`pareto.vary` must go with solver.kind = "weak", but it is "{self.solver.kind}": search '
                "with the weak solver first, then one of its points with the exact one."
            )
        if self.tradeoff.needs_noise and not isinstance(self.drive_set, AbstractProtocols):
            ones = [1.0] * self.machine.size
            self.solver.check_fluctuations(self.machine, MonochromaticDrive(1.0, ones, ones))

    @property
    def _numbers(self) -> int:
        """Parameters of one candidate."""
        return self.machine.size * (2 * getattr(self.drive_set, "harmonics", 1) + 1) + 1

    @property
    def candidate_bytes(self) -> float:
        """Memory of one candidate while its Hessian is formed, theory (9.25): J for its kept harmonics."""
        entries = 2.0 * self._numbers * (self.couplings.kept_harmonics + 1) * self.machine.size
        return 8.0 * entries * DERIVATIVES[self.couplings.separate]

    @property
    def couplings(self) -> AbstractDriveSet:
        """The drives of the couplings to one bath, where it is these that are searched."""
        assert isinstance(self.drive_set, AbstractDriveSet)
        return self.drive_set

    def _check_protocols(self, protocols: AbstractProtocols) -> None:
        if self.solver.quadratic:
            raise InputError(
                f'`pareto.drives` must go with solver.kind = "exact", but it is "{self.solver.kind}".'
            )
        if self.tradeoff.needs_forms:
            self.tradeoff.goal_of((), 0)
        self.solver.check(self.machine, protocols.example)
        if self.tradeoff.needs_noise:
            self.solver.check_fluctuations(self.machine, protocols.example)


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
        _drives_of(wanted, machine),
        config.solver,
        FrontSettings(wanted.points, wanted.starts, wanted.seed, wanted.chunk),
        variation_of(config, machine),
    )


def _drives_of(wanted: files.ParetoSection, machine: Machine) -> AbstractDriveSpace:
    """The protocols of [[pareto.drives]], or the drives within `bound` where there are none."""
    if not wanted.drives:
        return class_of(AbstractDriveSet.family, wanted.bound)(wanted.harmonics, wanted.frequency_range)
    most = max(drive.harmonics or wanted.harmonics for drive in wanted.drives)
    drives = tuple(replace(drive, harmonics=drive.harmonics or wanted.harmonics) for drive in wanted.drives)
    return Protocols(most, wanted.frequency_range, drives, machine.size)
