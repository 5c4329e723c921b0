"""`qtopt fit`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from tyro.conf import Positional

from ._command import AbstractCommand
from ._output import own_directory

WRITES = "fit.png", "report.txt", "bath.toml"


@dataclass(frozen=True, kw_only=True)
class Fit(AbstractCommand):
    """Describe a table of J(omega) by poles: a picture, a report, and the lines for a configuration file."""

    kind: ClassVar[str] = "fit"

    table: Positional[Path]
    """text file with the columns omega and J(omega), and the error of J if there is a third"""
    out: Path
    """directory for fit.png, report.txt and bath.toml"""
    tolerance: float = 1e-4
    """largest error that is asked for, relative to J"""
    poles: int | None = None
    """number of poles, instead of the best one"""
    max_poles: int = 100
    """more poles are not tried"""
    weights: Literal["auto", "relative", "absolute"] = "auto"
    """what the errors of rows are proportional to, without a third column: J, 1, or judged from them"""
    below: Literal["ohmic", "zero"] = "ohmic"
    """how J goes on below the first row"""
    beyond: Literal["cut-off", "zero"] = "cut-off"
    """how J goes on beyond the last row"""
    range: tuple[float, float] | None = None
    """lowest and highest frequency that matter: elsewhere errors may be ten times as large"""
    columns: tuple[str, ...] = ()
    """omega, J and its error, by name or by number from 1"""
    decimal: Literal[".", ","] | None = None
    """the sign before decimals, where it cannot be guessed"""
    units: tuple[str, ...] = ()
    """units of the columns, such as cm^-1 cm^-1"""
    reference: str | None = None
    """the frequency 1 of the machine, such as "200 cm^-1", where units are given"""
    quantity: Literal["density", "spectrum", "classical spectrum", "correlation", "classical correlation"] = (
        "density"
    )
    """what the second column is; the first is a time for a correlation function"""
    reference_temperature: float | None = None
    """T at which a spectrum or correlation function was taken, in units of the machine"""

    def run(self) -> None:
        from ..jobs import write_atomically
        from ..model.fitting import FitSettings, TableFormat, fit_rows, read_columns
        from ..plots import fit_figure, save
        from ..plots.style import literal
        from ..schema import plain

        columns = tuple(int(c) if c.isdigit() else c for c in self.columns)
        form = TableFormat(
            columns, self.decimal, self.units, self.reference, self.quantity, self.reference_temperature
        )
        settings = FitSettings(
            self.tolerance,
            self.max_poles,
            self.poles,
            self.weights,
            self.below,
            self.beyond,
            self.range,
        )
        settings.check()
        rows = read_columns(self.table, form)
        with own_directory(self.out, self.table, WRITES):
            bath, report = fit_rows(rows, settings)
            figure, text, fragment = (self.out / name for name in WRITES)
            save(fit_figure(rows, bath, report, literal(self.table.name)), figure)
            write_atomically(text, f"{self.table}: {report}\n")
            values = ", ".join(f"{key} = {json.dumps(value)}" for key, value in plain(bath).items())
            line = f"spectral_density = {{ {values} }}"  # numbers and strings of JSON are TOML
            write_atomically(fragment, f"# {self.table.name}: {report.quality}\n{line}\n")
        print(report)
        print(f"figure  {figure}\nreport  {text}\npoles   {fragment}")
