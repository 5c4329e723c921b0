"""`qtopt export`."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tyro.conf import Positional

from ._command import AbstractCommand
from ._output import warn

ABOVE = 1e-3
"""share of the mean square above half the rate of which a warning says so"""
PERIOD = 1e-6
"""relative error of the period of which a warning says so"""


@dataclass(frozen=True, kw_only=True)
class Export(AbstractCommand):
    """Write the drive of a configuration as samples for an arbitrary waveform generator."""

    kind: ClassVar[str] = "export"

    file: Positional[Path]
    """configuration file (TOML), such as a point of a front"""
    awg: Path
    """CSV file for the samples, with a header of scale, period, clipping and content above half the rate"""
    rate: str
    """samples per second, such as 1GS/s, where the file has units; a plain number: samples per 1/omega_A"""
    bits: int | None = None
    """of the generator: samples are then whole numbers; without it they are couplings"""
    scale: float | None = None
    """the coupling at the largest code; by default the largest of the drive"""

    def run(self) -> None:
        from .. import files
        from ..jobs import revision

        config = files.load(self.file)
        made = files.waveform(config, files.sample_rate(self.rate, config), self.bits, self.scale)
        about = {"revision": revision(), "fingerprint": files.fingerprint(config, ("drive",))}
        about["time"] = "1/omega_A" if config.units is None else "s"
        files.write_waveform(made, self.awg, about)
        lost = []
        if made.clipped:
            lost.append(
                f"{made.clipped} samples are beyond the scale {made.scale:g} and clipped; raise --scale."
            )
        if made.above_nyquist > ABOVE:
            lost.append(
                f"{made.above_nyquist:.2g} of the drive's mean square lies above half the rate and folds "
                "back; raise --rate."
            )
        if abs(made.period_error) > PERIOD:
            lost.append(
                f"the loop is {made.period_error:+.1e} longer than the period; another --rate fits it."
            )
        warn(lost)
        print(f"samples {self.awg} ({len(made.values)} of {len(made.names)} shapes, {made.periods} periods)")
