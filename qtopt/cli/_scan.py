"""`qtopt scan`."""

from dataclasses import dataclass
from typing import ClassVar

from ._output import progress, warn
from ._resumable import AbstractResumable


@dataclass(frozen=True, kw_only=True)
class Scan(AbstractResumable):
    """Every quantity over one or two parameters; draw and store the map (scan.nc, scan.png)."""

    kind: ClassVar[str] = "scan"
    state_name: ClassVar[str] = ".scan"
    writes: ClassVar[tuple[str, ...]] = ("scan.nc", "scan.png", "provenance.json")

    solver: str | None = None
    """kind of the solver to use instead of the one in the file, such as weak or exact"""

    def run(self) -> None:
        """An interruption keeps the chunks that are done."""
        from .. import files
        from ..plots import scan_figure
        from ..plots.style import save
        from ..scan import FILE, parameter_scan, remarks, write_dataset

        config = files.load(self.file, self.solver)
        warn(config.machine.remarks())
        with self.state(config.jobs) as state:
            with self.shared(config.jobs), progress("machines") as report:
                data = parameter_scan(config, state, report)
            warn(remarks(data))
            table = write_dataset(data, self.out / FILE)
            figure = self.out / "scan.png"
            save(scan_figure(data), figure, files.origin(config, files.SECTIONS[self.kind]))
            files.write_record(self.out, self.kind, config, (table, figure))
        print(f"data    {table}")
        print(f"figure  {figure}")
