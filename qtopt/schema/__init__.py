"""Classes that are their own schema: declared once, read, written, checked, found by key and shown."""

from typing import TYPE_CHECKING

from ._fields import (
    Family as Family,
    fields_of as fields_of,
    in_units as in_units,
    missing as missing,
    plain as plain,
    read as read,
    symbol as symbol,
)
from ._json import json_schema as json_schema
from ._paths import (
    Place as Place,
    key_of as key_of,
    number as number,
    placed as placed,
    placed_each as placed_each,
    values_of as values_of,
    with_numbers as with_numbers,
)
from ._show import Shown as Shown, number_text as number_text
from ._sketch import Curve as Curve, sketch as sketch
from ._table import Scope as Scope, Table as Table
from ._types import (
    SYMBOLS as SYMBOLS,
    AbstractType as AbstractType,
    Choices as Choices,
    Kind as Kind,
    Numbers as Numbers,
    Text as Text,
)
from ._units import UnitSystem as UnitSystem, in_si as in_si
from ._words import (
    is_number as is_number,
    is_whole as is_whole,
    listed as listed,
    show as show,
    suggestion as suggestion,
    wrong as wrong,
)

if TYPE_CHECKING:
    from equinox import field as parameter  # type checkers then know converters and defaults
else:
    from ._fields import parameter as parameter
