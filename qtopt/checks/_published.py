"""Whether a machine of the published kind has numbers for which results were published."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ..model import Drude, Lorentzian, Ohmic
from ..observables import AbstractCheck, Case, Finding

PAPERS: dict[type, tuple[str, dict[str, tuple[float, float]]]] = {
    Lorentzian: (
        "Carrega et al. (2024)",
        {
            "frequency of oscillator 2": (0.3, 0.6),
            "damping of the static bath": (1e-4, 1e2),
            "peak of the driven bath": (0.5, 1.3),
            "drive frequency": (0.05, 1.0),
        },
    ),
    Drude: (
        "Razzoli et al. (2024)",
        {
            "frequency of oscillator 2": (0.3, 0.6),
            "damping of the static bath": (1e-2, 1e2),
            "cut-off of the driven bath": (12.0, 1e3),
            "drive frequency": (1e-2, 1e2),
            "temperature": (1e-2, 1e1),
        },
    ),
}
"""By the driven bath: the paper, and the ranges of its figures in units of the first frequency."""
ROUND_OFF = 1e-9


@dataclass(frozen=True)
class PublishedRange(AbstractCheck):
    """Two oscillators between a driven and an Ohmic bath whose numbers nobody has published."""

    kind: ClassVar[str] = "published range"

    def findings(self, case: Case) -> Iterator[Finding]:
        machine = case.machine
        if machine.size != 2 or len(machine.baths) != 2 or len(machine.driven_baths) != 1:
            return
        (driven,), (static,) = machine.driven_baths, machine.static_baths
        density, other = driven.spectral_density, static.spectral_density
        if type(density) not in PAPERS or not isinstance(other, Ohmic):
            return
        unit = float(machine.frequencies[0])
        numbers = {
            "frequency of oscillator 2": machine.frequencies[1],
            "damping of the static bath": other.damping,
            "peak of the driven bath": getattr(density, "peak", None),
            "cut-off of the driven bath": getattr(density, "cutoff", None),
            "temperature": static.temperature,
            "drive frequency": None if case.drive is None else case.drive.frequency,
        }
        paper, ranges = PAPERS[type(density)]
        for name, (low, high) in ranges.items():
            if numbers[name] is None:
                continue
            value = float(numbers[name]) / unit
            if not low * (1.0 - ROUND_OFF) <= value <= high * (1.0 + ROUND_OFF):
                yield self.finding(
                    "note",
                    f"the {name}, {value:.3g} in units of the first frequency, is outside the range "
                    f"[{low:g}, {high:g}] of {paper}: nobody has published such a machine.",
                    value,
                    "Nothing is wrong; do not cite the paper for it.",
                )
