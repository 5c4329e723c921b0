"""`qtopt pareto`."""

import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from .. import __version__
from ._output import progress, warn, writable_directory
from ._resumable import AbstractResumable

if TYPE_CHECKING:
    from ..explore import Live
    from ..files import Config
    from ..fronts import Front

Fronts = dict[Any, "Front"]
LOOKS = 3
"""points of each front that the page of a search audits; `qtopt explore` audits all"""


@dataclass(frozen=True, kw_only=True)
class Pareto(AbstractResumable):
    """Search the Pareto fronts of a machine; certify, draw and store them: explorer.html to look at,
    front.csv, bounds.csv, points/, search.nc, front.png, drives.png, search.png."""

    kind: ClassVar[str] = "pareto"
    state_name: ClassVar[str] = ".search"
    writes: ClassVar[tuple[str, ...]] = (
        *("front.csv", "bounds.csv", "explorer.html", "search.nc", "front.png", "drives.png", "search.png"),
        *("provenance.json", "points/*.toml"),
    )

    watch: bool = False
    """show the page while the search goes on, to browsers of this machine, at the address that is printed"""

    def run(self) -> None:
        """Search, then write what was found."""
        from .. import files
        from ..explore import write_explorer
        from ..fronts import POINTS, front_text, problem_of, search_remarks

        config = files.load(self.file)
        warn(config.machine.remarks())
        problems = {name: problem_of(config, name) for name in config.pareto.configurations}
        with ExitStack() as stack:
            live = self._live(config, stack) if self.watch else None
            state = stack.enter_context(self.state(config.jobs))
            writable_directory(self.out / POINTS, self.out)
            with self.shared(config.jobs):
                fronts = self._searched(config, problems, live, state)
            remarks = [f"{n}: {r}" for n, front in fronts.items() for r in search_remarks(problems[n], front)]
            warn(remarks)
            written = self._write(fronts, config, remarks)
            with progress("explorer") as report:
                page, data = write_explorer(self.out, None, report, LOOKS)
            if live is not None:
                live.update(data)
        print(front_text(fronts))
        for name, path in {**written, "explorer": page}.items():
            print(f"{name:8}  {path}")

    def _searched(
        self, config: "Config", problems: dict[Any, Any], live: "Live | None", state: Path
    ) -> Fronts:
        from .. import files
        from ..explore import searching_data
        from ..fronts import trace
        from ..jobs import Store

        fronts, title = {}, self.out.resolve().name

        def show(name: str, found: "Front") -> None:
            if live is not None:
                rounds = 0 if found.history is None else len(found.history.stages)
                words = f"Searching: {name}, {rounds} rounds done. The bounds come when a search has ended."
                live.update(searching_data({**fronts, name: found}, config, title, words))

        for name, problem in problems.items():
            key = files.fingerprint(config, ("pareto",), name, __version__)
            watch = None if live is None else lambda found, name=name: show(name, found)
            with progress(name) as report:
                fronts[name] = trace(problem, Store(state / f"{name}.part", key), report, watch)
            show(name, fronts[name])
        return fronts

    def _live(self, config: "Config", stack: ExitStack) -> "Live":
        """Serve the page until the command ends."""
        from ..explore import Live, searching_data

        live = Live(searching_data({}, config, self.out.resolve().name, "The search has begun."))
        stack.callback(live.close)
        print(f"explorer  {live.address}", file=sys.stderr)
        return live

    def _write(self, fronts: Fronts, config: "Config", remarks: list[str]) -> dict[str, Any]:
        """The files of the fronts but for the page, by what the last lines of the command call them."""
        import shutil

        from .. import files
        from ..explore import BEGUN
        from ..fronts import POINTS, ROUNDS, write_front, write_history
        from ..plots import drives_figure, front_figure, search_figure
        from ..plots.style import save
        from ..solvers import Weak

        written: dict[str, Any] = {"front": write_front(fronts, config, self.out)}
        begun = {name: f.begun_from for name, f in fronts.items() if f.begun_from is not None}
        if (self.out / BEGUN).is_dir():
            shutil.rmtree(self.out / BEGUN)
        if begun:
            write_front(begun, replace(config, solver=Weak()), self.out / BEGUN)
        history = write_history(fronts, config, self.out / ROUNDS, remarks)
        about = files.origin(config, files.SECTIONS[self.kind])
        driven = () if config.pareto.drives else config.machine.driven_baths
        unit = driven[0].spectral_density.prefactor() if driven else (None, "")
        drawn = {f"{name}, weak": front for name, front in begun.items()}
        figures = {
            "figure": (front_figure({**fronts, **drawn}, *unit), "front.png"),
            "drives": (drives_figure(fronts, 4, *unit), "drives.png"),
            "rounds": (search_figure(fronts), "search.png"),
        }
        for name, (made, file) in figures.items():
            if made is not None:
                save(made, self.out / file, about)
                written[name] = self.out / file
        if history is not None:
            written["search"] = history
        points = self.out / POINTS
        paths = (*written.values(), *sorted(points.glob("*.toml")))
        files.write_record(self.out, self.kind, config, paths)
        return {**written, "points": points}
