"""Read and write configuration files. Numbers survive the round trip exactly."""

import dataclasses
import os
import tomllib
from pathlib import Path

import tomli_w

from ..errors import InputError
from ..jobs import write_atomically
from ._model import Config, read_config
from ._table import Table


def load(path: str | os.PathLike[str]) -> Config:
    """The configuration in a file; every error names the file and the key."""
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")  # some editors begin a file with a byte-order mark
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; give the path of a TOML configuration") from None
    except IsADirectoryError:
        raise InputError(
            f"{path}: this is a directory; give the path of a TOML configuration in it"
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: must be UTF-8 text, and is not from byte {error.start} on") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise InputError(f"{path}: cannot be read: {reason}") from None
    try:
        return loads(text, Path(path).parent)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def loads(text: str, folder: str | os.PathLike[str] = "") -> Config:
    """The configuration in a TOML text; names of files in it are relative to `folder`."""
    try:
        content = tomllib.loads(text)
    except RecursionError:
        raise InputError("this is not valid TOML: brackets are nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError is one; so are integers of thousands of digits
        raise InputError(f"this is not valid TOML: {error}") from None
    return read_config(Table(content, "", os.fspath(folder)))


def dumps(config: Config) -> str:
    """The TOML text of a configuration. What `loads` would refuse is refused here, before it is written."""
    content = plain(config)
    assert isinstance(content, dict)
    read_config(Table(content, ""))
    return tomli_w.dumps(content)


def save(config: Config, path: str | os.PathLike[str]) -> None:
    """Write a configuration file: whole or not at all, also where the program is interrupted."""
    write_atomically(path, dumps(config))


def plain(value: object) -> object:
    """Tables, lists and plain numbers: dataclasses with a `kind` get it as their first key, None is left out.

    A field goes by its name, or by the `key` in its metadata where Python reserves the word.
    """
    if dataclasses.is_dataclass(value):
        items = [(item.metadata.get("key", item.name), item.name) for item in dataclasses.fields(value)]
        if hasattr(value, "kind") and ("kind", "kind") not in items:
            items.insert(0, ("kind", "kind"))
        found = {key: plain(getattr(value, name)) for key, name in items}
        return {key: item for key, item in found.items() if item is not None}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(value)  # also from NumPy's float64, which writes itself as np.float64(...)
    return value
