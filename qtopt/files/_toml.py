"""Read and write configuration files. Numbers survive the round trip exactly."""

import os
import tomllib
from pathlib import Path

import tomli_w

from ..errors import InputError
from ..jobs import read_input, write_atomically
from ..schema import Scope, Table, plain
from ._config import Config, known_solver, read_config


def load(path: str | os.PathLike[str], solver: str | None = None) -> Config:
    """Read the configuration in a TOML file.

    Args:
        path: of the file; names of files in it are relative to its folder.
        solver: kind of the solver to take in place of the section [solver]; the rules of that one hold.

    Returns:
        The configuration, with its machine, drive, solver and sections as objects.

    Raises:
        InputError: one sentence that names the file and the key, what was given and what is allowed.
    """
    data = read_input(path, "a TOML configuration")
    try:
        text = data.decode("utf-8-sig")  # some editors begin a file with a byte-order mark
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: must be UTF-8 text, and is not from byte {error.start} on") from None
    try:
        return loads(text, Path(path).parent, solver)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def loads(text: str, folder: str | os.PathLike[str] = "", solver: str | None = None) -> Config:
    """The configuration in a TOML text; names of files in it are relative to `folder`."""
    try:
        content = tomllib.loads(text)
    except RecursionError:
        raise InputError("this is not valid TOML: brackets are nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError is one; so are integers of thousands of digits
        raise InputError(f"this is not valid TOML: {error}") from None
    if solver is not None:
        content["solver"] = {"kind": known_solver(solver)}
    return read_config(Table(content, scope=Scope(os.fspath(folder))))


def dumps(config: Config) -> str:
    """The TOML text of a configuration. What `loads` would refuse is refused here, before it is written."""
    content = plain(config)
    read_config(Table(content))
    return tomli_w.dumps(content)


def save(config: Config, path: str | os.PathLike[str]) -> None:
    """Write a configuration as a TOML file: whole or not at all, also where the program is interrupted.

    Args:
        config: what to write; numbers survive the round trip exactly.
        path: of the file.

    Raises:
        InputError: the configuration is one that `load` would refuse.
    """
    write_atomically(path, dumps(config))
