"""`qtopt scan`."""

from dataclasses import dataclass
from typing import ClassVar

from ..errors import InputError
from ._output import progress, warn
from ._resumable import AbstractResumable


@dataclass(frozen=True, kw_only=True)
class Scan(AbstractResumable):
    """Every quantity over one or two parameters; draw and store the map (scan.nc, scan.png)."""

    kind: ClassVar[str] = "scan"
    state_name: ClassVar[str] = ".scan"

    solver: str | None = None
    """kind of the solver to use instead of the one in the file, such as weak or exact"""
    share: str | None = None
    """K/N: solve only this share of the machines, beside other processes with the same --out (K from 1 to N);
    afterwards the same command with --resume instead writes the files"""

    def run(self) -> None:
        """An interruption keeps the chunks that are done."""
        if self.share is not None and self.distributed is not None:
            raise InputError("--share is for processes that do not know each other: leave out --distributed.")
        from .. import files
        from ..jobs import Share, first
        from ..plots import scan_figure
        from ..plots.style import save
        from ..scan import FILE, parameter_scan, remarks, scan_share, write_dataset

        config = files.load(self.file, self.solver)
        self.meet(config)
        share = None if self.share is None else Share.read(self.share)
        state = self.state(keep=self.resume or share is not None)
        with progress("machines") as report:
            if share is not None:
                scan_share(config, state, share, report)
                print(f"share {self.share} is done; when all are, --resume writes the files")
                return
            data = parameter_scan(config, state, report)
        if not first():
            return
        warn(remarks(data))
        table = write_dataset(data, self.out / FILE)
        figure = self.out / "scan.png"
        save(scan_figure(data), figure, files.origin(config, files.SECTIONS[self.kind]))
        files.write_record(self.out, self.kind, config, (table, figure))
        print(f"data    {table}")
        print(f"figure  {figure}")
