"""BibTeX of the methods and papers that a result rests on."""

import re
from collections.abc import Callable, Iterator
from importlib import resources
from typing import NamedTuple

from .. import __version__
from ..files import Config
from ..fronts import Front, PowerEfficiencyConstancy
from ..jobs import revision
from ..model import Machine, Tabulated
from ..observables import Evaluation
from ..solvers.time_domain import Trajectory


class _Used(NamedTuple):
    """What a result used, as the table asks."""

    machines: tuple[Machine, ...]
    noisy: bool = False
    entangled: bool = False
    constancy: bool = False
    simulated: bool = False

    @property
    def shared(self) -> bool:
        """Whether oscillators share their baths."""
        return any(len(machine.groups()) < machine.size for machine in self.machines)

    @property
    def tables(self) -> bool:
        """Whether a spectral density was fitted to a table."""
        densities = (bath.spectral_density for machine in self.machines for bath in machine.baths)
        return any(isinstance(density, Tabulated) for density in densities)


REASONS: dict[str, tuple[str, Callable[[_Used], bool]]] = {
    "qtopt": ("the program", lambda used: True),
    "jax": ("compilation and derivatives", lambda used: True),
    "caldeira1983": ("the model and its counter-term", lambda used: True),
    "ford1988": ("quantum Langevin equations", lambda used: True),
    "esposito2010": ("entropy production at any coupling strength", lambda used: True),
    "carrega2024": ("machines whose oscillators share their baths", lambda used: used.shared),
    "razzoli2024": ("local currents that are more precise than bounds allow", lambda used: used.noisy),
    "barato2015": ("the uncertainty relation", lambda used: used.noisy),
    "koyuk2019": ("its form for periodic drives", lambda used: used.noisy),
    "timpanaro2019": ("its form by exchange fluctuation theorems", lambda used: used.noisy),
    "pietzonka2018": ("power, efficiency and constancy", lambda used: used.constancy or used.noisy),
    "vidal2002": ("logarithmic negativity", lambda used: used.entangled),
    "nakatsukasa2018": ("spectral densities from tables", lambda used: used.tables),
    "hu1992": ("exact dynamics from product states", lambda used: used.simulated),
}
"""By the key of references.bib, in the order of the output: what for, and whether a result used it."""


def citation(result: Evaluation | Front | Trajectory | Config) -> str:
    """BibTeX entries for what a result rests on: the program, the theory and the bounds that it used.

    Each entry has a comment in front that says what it is cited for; sources and formulas are in
    docs/theory.md. The entry of qtopt has its version and, for a source tree, the git revision.

    Args:
        result: an evaluation, a front, a trajectory, or a configuration (all that it could ask for).

    Returns:
        Text for a .bib file.

    Raises:
        TypeError: the result is none of these.
    """
    used = _used(result)
    entries = dict(_entries(resources.files(__spec__.parent).joinpath("references.bib").read_text("utf-8")))
    found = []
    for key, (reason, is_used) in REASONS.items():
        if is_used(used):
            found.append(f"% {reason}\n{entries[key]}")
    where = revision()
    text = "\n\n".join(found).replace("VERSION", __version__)
    return text.replace("REVISION", f"git revision {where}" if where else f"version {__version__}") + "\n"


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """Key and text of every entry."""
    for entry in re.split(r"\n\n(?=@)", text.strip()):
        head = re.match(r"@\w+\{([^,]+),", entry)
        assert head is not None
        yield head[1], entry


def _used(result: object) -> _Used:
    if isinstance(result, Evaluation):
        noisy, entangled = (
            result.values.get(name) is not None for name in ("power_fluctuations", "logarithmic_negativity")
        )
        return _Used((result.machine,), noisy, entangled)
    if isinstance(result, Front):
        machines = tuple(point.machine for point in result.points)
        constancy = isinstance(result.tradeoff, PowerEfficiencyConstancy)
        return _Used(machines, result.tradeoff.needs_noise, constancy=constancy)
    if isinstance(result, Trajectory):
        return _Used((), simulated=True)
    if isinstance(result, Config):
        return _Used((result.machine,), result.drive is not None)
    raise TypeError(
        "citation needs an evaluation, a front, a trajectory or a configuration, but got "
        f"{type(result).__name__}."
    )
