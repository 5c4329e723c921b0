"""The list of tables [[pareto.drives]]: what a search may move, and how far."""

from dataclasses import dataclass

from ..model import BATHS, PAIRS, SPRINGS, TARGET, Pairs
from ..schema import Table, parameter, wrong


@dataclass(frozen=True, kw_only=True)
class SearchedDrive:
    """One drive of the protocols that a front searches: low <= g(t) <= high for each of its shapes."""

    target: str = parameter(help="what moves, as in [[drives]]", type=TARGET, default=BATHS)
    low: float = parameter(help="lower bound of every shape at all times")
    high: float = parameter(help="upper bound of every shape at all times")
    pairs: Pairs = parameter(help="the oscillators that driven springs join", type=PAIRS, default=())
    harmonics: int | None = parameter(help="of its shapes; by default pareto.harmonics", default=None)

    def check_table(self, table: Table) -> None:
        """Raise `InputError` where the bounds are in the wrong order, or springs join nothing."""
        if not self.low < self.high:
            raise wrong(table.at("high"), f"above `{table.at('low')}`, {self.low:g}", self.high)
        if self.target == SPRINGS and not self.pairs:
            raise table.missing("pairs", PAIRS.must(table.scope))
