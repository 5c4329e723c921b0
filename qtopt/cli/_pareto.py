"""`qtopt pareto`."""

from dataclasses import dataclass
from typing import Any, ClassVar

from .. import __version__
from ._output import progress, warn
from ._resumable import AbstractResumable


@dataclass(frozen=True, kw_only=True)
class Pareto(AbstractResumable):
    """Search the Pareto fronts of a machine; certify, draw and store them: front.csv, bounds.csv, points/,
    search.nc, front.png, drives.png, search.png."""

    kind: ClassVar[str] = "pareto"
    state_name: ClassVar[str] = ".search"

    def run(self) -> None:
        """Search, then write what was found."""
        from .. import files
        from ..fronts import (
            ROUNDS,
            Front,
            front_text,
            problem_of,
            search_remarks,
            trace,
            write_front,
            write_history,
        )
        from ..jobs import Store, first
        from ..plots import drives_figure, front_figure, search_figure
        from ..plots.style import save

        config = files.load(self.file)
        self.meet(config)
        problems = {name: problem_of(config, name) for name in config.pareto.configurations}
        state = self.state(keep=self.resume)
        fronts: dict[Any, Front] = {}
        for name, problem in problems.items():
            key = files.fingerprint(config, ("pareto",), name, __version__)
            with progress(name) as report:
                fronts[name] = trace(problem, Store(state / f"{name}.part", key), report)
        if not first():
            return
        for name, front in fronts.items():
            warn(f"{name}: {remark}" for remark in search_remarks(problems[name], front))
        table = write_front(fronts, config, self.out)
        history = write_history(fronts, config, self.out / ROUNDS)
        begun = {f"{name}, weak": f.begun_from for name, f in fronts.items() if f.begun_from is not None}
        unit = config.machine.driven_baths[0].spectral_density.prefactor()
        save(front_figure({**fronts, **begun}, *unit), self.out / "front.png")
        save(drives_figure(fronts, 4, *unit), self.out / "drives.png")
        searched = search_figure(fronts)
        if searched is not None:
            save(searched, self.out / "search.png")
        print(front_text(fronts))
        print(f"front   {table}")
        print(f"figure  {self.out / 'front.png'}")
        print(f"drives  {self.out / 'drives.png'}")
        if history is not None:
            print(f"search  {history}")
        print(f"points  {self.out / 'points'}")
