"""`qtopt COMMAND`: the registered commands behind one entry point."""

import sys

from .. import __version__
from ..registry import register
from ._audit import Audit
from ._command import carry_out
from ._evaluate import Evaluate
from ._example import Example
from ._explore import Explore
from ._export import Export
from ._fit import Fit
from ._pareto import Pareto
from ._reduce import Reduce
from ._reproduce import Reproduce
from ._scan import Scan
from ._schema import Schema
from ._simulate import Simulate

COMMANDS = (Evaluate, Pareto, Scan, Simulate, Explore, Fit, Reduce, Audit, Export, Reproduce, Example, Schema)
for command in COMMANDS:
    register(command)


def main(arguments: list[str] | None = None) -> None:
    """The entry point of the command line.

    Exit status: 0 done, 2 bad input (one line on standard error says what), 3 the scheduler of a cluster
    ended, 130 interrupted, 143 stopped by SIGTERM; `audit` and `reproduce` have their own.

    Args:
        arguments: what follows `qtopt` on the command line; None: what the process was given.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments in (["--version"], ["-V"]):
        print(f"qtopt {__version__}")
    else:
        carry_out(arguments, "qtopt", "Optimal drives of quantum thermal machines.")
