"""A TOML table that knows where it sits in the file, so that every error can name the key.

Paths count from zero, as Python does: `machine.baths[0]` is the first bath of the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import InputError
from ._units import UnitSystem
from ._words import listed, show, suggestion


@dataclass(frozen=True)
class Scope:
    """What the keys of a file share.

    Attributes:
        folder: directory that file names are relative to; empty: the working directory.
        sizes: the length that every symbol of a shape ("L", "N") stands for, and the key that said so.
        units: what numbers mean in the laboratory, where the file says so.
    """

    folder: str = ""
    sizes: dict[str, tuple[int, str]] = field(default_factory=dict)
    units: UnitSystem | None = None

    def size(self, symbol: str) -> int | None:
        """The length a symbol stands for; None where it is still open."""
        return int(symbol) if symbol.isdigit() else self.sizes.get(symbol, (None, ""))[0]


@dataclass(frozen=True)
class Table:
    """One table of the file and its path, such as `machine.baths[1].spectral_density` (empty: the file)."""

    content: Mapping[str, object]
    path: str = ""
    scope: Scope = field(default_factory=Scope)

    def __contains__(self, key: str) -> bool:
        return key in self.content

    def at(self, key: str) -> str:
        """The full path of a key."""
        return f"{self.path}.{key}" if self.path else key

    def only(self, *allowed: str) -> None:
        """Refuse every key but these. Called first: a misspelt key is also a missing one."""
        for key in self.content:
            if key not in allowed:
                hint = suggestion(key, allowed)
                where = f"in `{self.path}`" if self.path else "at the top level"
                shown = self.at(key if key.isprintable() else show(key))
                names = f"allowed {where}: {listed(allowed, 'and')}"
                raise InputError(f"unknown key `{shown}`; {hint}{' ' * bool(hint)}{names}")

    def missing(self, key: str, must: str) -> InputError:
        """The error for a key that is not there."""
        return InputError(f"`{self.at(key)}` is missing; it must be {must}")
