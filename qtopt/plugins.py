"""Modules of users that register classes: spectral densities, drives, trade-offs, commands, ..."""

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

from .errors import InputError
from .registry import foreign_modules

PREFIX = "qtopt_plugin_"
"""of the names of modules that are single files"""


def plugin_names() -> tuple[str, ...]:
    """What `load_plugin` needs in another process: the modules of all registered classes of users."""
    return tuple(str(path) if name.startswith(PREFIX) else name for name, path in foreign_modules().items())


def load_plugin(name: str) -> ModuleType:
    """Import a module of the user, so that what it registers can be named in files and on the command line.

    Args:
        name: a Python file (it ends in .py), or a module as `import` names it.

    Raises:
        InputError: there is none, or it raises an error (which, and on which of its lines).
    """
    file = Path(name)
    if name.endswith(".py") and not file.is_file():
        raise InputError(f"--plugin must be a Python file or a module, but there is no file {name}.")
    try:
        return _import_file(file.resolve()) if name.endswith(".py") else importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise InputError(_told(name, error)) from None
        raise InputError(
            f"--plugin must be a Python file or a module, but there is no module {name}: give the path of a "
            "file that ends in .py, or install the module."
        ) from None
    except SystemExit as error:
        raise InputError(
            f"the plug-in {name} cannot be used: it ends the program ({error.code!r})."
        ) from None
    except Exception as error:
        raise InputError(_told(name, error)) from None


def _import_file(path: Path) -> ModuleType:
    """Import a file once, under a name that no other module has."""
    module = f"{PREFIX}{path.stem}"
    if module in sys.modules and sys.modules[module].__file__ == str(path):
        return sys.modules[module]
    spec = importlib.util.spec_from_file_location(module, path)
    assert spec is not None and spec.loader is not None
    made = sys.modules[module] = importlib.util.module_from_spec(spec)  # dataclasses look themselves up there
    try:
        spec.loader.exec_module(made)
    except BaseException:
        del sys.modules[module]
        raise
    return made


def _told(name: str, error: Exception) -> str:
    """What went wrong in a plug-in, in one line."""
    calls = traceback.extract_tb(error.__traceback__)
    own = [call for call in calls if call.filename == str(Path(name).resolve())]
    line = error.lineno if isinstance(error, SyntaxError) else (own or calls)[-1].lineno
    text = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
    return f"the plug-in {name} cannot be used: {type(error).__name__} on line {line}: {text}"
