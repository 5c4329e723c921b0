"""What all commands share, and how one is carried out and ends."""

import abc
import argparse
import atexit
import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NoReturn, Union

import tyro

from ..errors import InputError, ProcessLost
from ..plugins import load_plugin
from ..registry import class_of, kinds
from ..runtime import configure, cores
from ._signals import Stopped, stopped_by_signals

FAMILY = "command"
BAD_INPUT, LOST, INTERRUPTED, CLOSED_PIPE = 2, 3, 130, 141
"""exit statuses; lost: the scheduler of a cluster"""
SELDOM = 100_000
"""So many new objects before the garbage collector looks for cycles: imports make twice as many, all kept."""


@dataclass(frozen=True, kw_only=True)
class AbstractCommand(abc.ABC):
    """A command: its fields are the options, their docstrings the help, `run` carries it out.

    A command is one final frozen dataclass, registered with `qtopt.register`. Options are keyword-only, so
    that inherited ones may have defaults; `tyro.conf.Positional` makes one positional.
    """

    family: ClassVar[str] = FAMILY
    kind: ClassVar[str]
    """what it is called on the command line"""
    on_all_cores: ClassVar[bool] = False
    """whether each core of the CPU becomes a device of jax, which is faster where work is shared out"""
    continued_by: ClassVar[str] = ""
    """what continues the command after an interruption; empty where nothing does"""

    plugin: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """a Python file (.py) or module that registers classes of your own, imported first; may be repeated"""

    @abc.abstractmethod
    def run(self) -> None:
        """Carry the command out: results to standard output, progress and warnings to standard error.

        Raises:
            InputError: the user gave something wrong; the one line that says what is printed, and the exit
                status is 2.
        """


def carry_out(
    arguments: Sequence[str] | None,
    prog: str,
    description: str,
    alone: type[AbstractCommand] | None = None,
) -> None:
    """Read the arguments, run the command that they name, and end the process where it cannot go on.

    SIGTERM and SIGHUP end it as SIGINT does, with a sentence; what is finished is kept.

    Args:
        arguments: what follows the name of the program; None: what the process was given.
        prog: the name of the program in its help.
        description: the first line of its help.
        alone: the only command of the program; None: every registered command is a subcommand.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    gc.set_threshold(SELDOM, *gc.get_threshold()[1:])
    atexit.register(gc.freeze)  # a process that ends need not look through all it has for cycles: 0.2 s
    command = alone
    try:
        with stopped_by_signals():
            _check(arguments)
            _load_plugins(arguments, prog, alone)
            if alone is None:
                _check_name(arguments)
            command = tyro.cli(alone or _subcommands(), prog=prog, args=arguments, description=description)
            configure(_devices(command))
            command.run()
            sys.stdout.flush()
    except BrokenPipeError:  # who reads the results has had enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(CLOSED_PIPE)
    except InputError as error:
        _leave(BAD_INPUT, f"qtopt: {error}")
    except ProcessLost as error:
        _leave(LOST, f"qtopt: {error}")
    except (KeyboardInterrupt, Stopped) as stop:
        more = command and command.continued_by and f" ({command.continued_by})"
        by, status = ("interrupted", INTERRUPTED) if isinstance(stop, KeyboardInterrupt) else stop.args
        _leave(status, f"qtopt: {by}{more or ''}")
    except Exception as error:
        known = _ending(error)
        if known is None:
            raise
        _leave(1, known)


def _check(arguments: Sequence[str]) -> None:
    """Refuse arguments that are empty: a directory of that name would be the working directory."""
    for before, argument in zip(("", *arguments), arguments, strict=False):
        if argument == "" or (argument.startswith("--") and argument.endswith("=")):
            after = f" after {before}" if before else ""
            raise InputError(f"no argument may be empty, but one{after} is: is a shell variable unset?")


def _check_name(arguments: Sequence[str]) -> None:
    """Refuse a command that does not exist."""
    known, given = kinds(FAMILY), next((a for a in arguments if not a.startswith("-")), None)
    if given is not None and given == arguments[0] and given not in known:
        from ..schema import listed, show, suggestion

        hint = suggestion(given, known)
        raise InputError(
            f"there is no command {show(given)}; {hint}{' ' * bool(hint)}commands: {listed(known, 'and')}, "
            "and those of your own after --plugin."
        )


def _ending(error: Exception) -> str | None:
    """The sentence for an error that is nobody's mistake in a file: no memory, no room."""
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error):
        return (
            "qtopt: this needs more memory than there is: take fewer oscillators, harmonics, points of time, "
            "or machines in one chunk."
        )
    if isinstance(error, OSError):
        return f"qtopt: {error.filename or 'the output'} cannot be used: {error.strerror or error}"
    return None


def _load_plugins(arguments: Sequence[str], prog: str, alone: type[AbstractCommand] | None) -> None:
    """Import what --plugin names before anything else is read: it may add commands and options."""
    parser = argparse.ArgumentParser(prog=prog, add_help=False, allow_abbrev=False)
    parser.add_argument("--plugin", action="append", default=[])
    names = parser.parse_known_args(arguments)[0].plugin
    if names:
        named = [class_of(FAMILY, kind) for kind in kinds(FAMILY) if kind in arguments]
        configure(_devices((alone, *named)[-1]))  # plug-ins may import jax
    for name in names:
        load_plugin(name)


def _devices(command: "AbstractCommand | type[AbstractCommand] | None") -> int | None:
    return cores() if command is not None and command.on_all_cores else None


def _subcommands() -> Any:
    """Every registered command, as tyro understands them."""
    commands = [class_of(FAMILY, kind) for kind in kinds(FAMILY)]
    return Union[tuple(Annotated[c, tyro.conf.subcommand(c.kind)] for c in commands)]  # noqa: UP007


def _leave(status: int, line: str) -> NoReturn:
    """Say this and end."""
    print(line, file=sys.stderr)
    sys.exit(status)
