"""What all commands share, and how one is carried out and ends."""

import abc
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import tyro

from ..errors import InputError, ProcessLost
from ..runtime import configure, cores

BAD_INPUT, INTERRUPTED = 2, 130
"""exit statuses; that of a lost process is `jobs.LOST`"""


@dataclass(frozen=True, kw_only=True)
class AbstractCommand(abc.ABC):
    """A command: its fields are the options, their docstrings the help, `run` carries it out.

    A command is one final frozen dataclass. Options are keyword-only, so that inherited ones may have
    defaults; `tyro.conf.Positional` makes one positional.
    """

    family: ClassVar[str] = "command"
    kind: ClassVar[str]
    """what it is called on the command line"""
    on_all_cores: ClassVar[bool] = False
    """whether each core of the CPU becomes a device of jax, which is faster where work is shared out"""
    continued_by: ClassVar[str] = ""
    """what continues the command after an interruption; empty where nothing does"""

    @abc.abstractmethod
    def run(self) -> None:
        """Carry the command out: results to standard output, progress and warnings to standard error.

        Raises:
            InputError: the user gave something wrong; the one line that says what is printed, and the exit
                status is 2.
        """


def carry_out(commands: Any, arguments: Sequence[str] | None, prog: str, description: str) -> None:
    """Read the arguments, run the command that they name, and end the process where it cannot go on.

    Args:
        commands: a subclass of `AbstractCommand`, or a union of subcommands as `tyro` understands it.
        arguments: what follows the name of the program; None: what the process was given.
        prog: the name of the program in its help.
        description: the first line of its help.
    """
    command: AbstractCommand = tyro.cli(commands, prog=prog, args=arguments, description=description)
    configure(cores() if command.on_all_cores else None)
    from ..jobs import LOST, joined, leave

    try:
        command.run()
    except InputError as error:
        leave(BAD_INPUT, f"qtopt: {error}")
    except ProcessLost as error:
        leave(LOST, f"qtopt: {error}")
    except KeyboardInterrupt:
        more = command.continued_by and f" ({command.continued_by})"
        leave(INTERRUPTED, f"qtopt: interrupted{more}")
    except Exception:
        if not joined():
            raise
        leave(1, traceback.format_exc())
