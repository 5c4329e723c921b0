"""What a drive moves, as configuration files name it."""

from dataclasses import dataclass
from typing import Any

from ...schema import AbstractType, Scope, is_whole, suggestion, wrong

BATHS, FREQUENCIES, SPRINGS, FORCES = "baths", "frequencies", "springs", "forces"
TARGETS = (BATHS, FREQUENCIES, SPRINGS, FORCES)
Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Target(AbstractType):
    """ "baths", "baths.NAME", "frequencies", "springs" or "forces"."""

    def must(self, scope: Scope) -> str:
        return '"baths.NAME" with the name of a driven bath, "frequencies", "springs" or "forces"'

    def read(self, value: object, path: str, scope: Scope) -> str:
        known = isinstance(value, str) and (value in TARGETS or value.startswith(f"{BATHS}."))
        if not known:
            raise wrong(path, self.must(scope), value, suggestion(value, TARGETS))
        return str(value)

    def plain(self, value: Any) -> object:
        return None if value == BATHS else value

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"enum": list(TARGETS)}, {"type": "string", "pattern": r"^baths\.."}]}


@dataclass(frozen=True)
class _Pairs(AbstractType):
    """Pairs of oscillators, counted from 1."""

    def must(self, scope: Scope) -> str:
        return "a list of pairs of different oscillators, counted from 1, such as [[1, 2]]"

    def read(self, value: object, path: str, scope: Scope) -> Pairs:
        rows: list[Any] = value if isinstance(value, list) else []
        good = all(isinstance(row, list) and len(row) == 2 and all(map(is_whole, row)) for row in rows)
        if not rows or not good or any(min(row) < 1 or row[0] == row[1] for row in rows):
            raise wrong(path, self.must(scope), value)
        return tuple((int(first), int(second)) for first, second in rows)

    def plain(self, value: Any) -> object:
        return [list(pair) for pair in value] or None

    def schema(self) -> dict[str, Any]:
        number = {"type": "integer", "minimum": 1}
        pair = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
        return {"type": "array", "items": pair, "minItems": 1}


TARGET, PAIRS = _Target(), _Pairs()
