"""Where commands write: directories, progress and warnings."""

import errno
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ..errors import InputError

BAR = "{desc:>18} |{bar}| {n_fmt}/{total_fmt} {elapsed} {postfix}"


@contextmanager
def progress(name: str) -> Iterator[Callable[..., None]]:
    """A progress bar, moved by ``report(done, total, message="")``: on standard error, or a notebook's own.

    It appears with the first report, so that what is refused before there is anything to show has no bar::

        with qtopt.progress("front") as report:
            front = qtopt.trace(problem, progress=report)

    Args:
        name: what stands before the bar.
    """
    from tqdm.auto import tqdm

    with ExitStack() as shown:
        bar: Any = None

        def report(done: int, total: int, message: str = "") -> None:
            nonlocal bar
            if bar is None:
                bar = tqdm(desc=name, total=total, file=sys.stderr, bar_format=BAR, dynamic_ncols=True)
                shown.enter_context(bar)
            if total != bar.total:
                began = bar.start_t
                bar.reset(total)  # which a notebook needs; the time goes on
                bar.start_t = began
            bar.n = done
            bar.set_postfix_str(message)

        try:
            yield report
        except Exception:  # one sentence says what went wrong, without a bar above it
            if bar is not None:
                bar.leave = False
            raise


def warn(warnings: Iterable[str]) -> None:
    """Print each warning as one line on standard error."""
    for warning in warnings:
        print(f"qtopt: warning: {warning}", file=sys.stderr)


def writable_directory(path: Path, out: Path | None = None) -> Path:
    """A directory that exists from now on and can be written.

    Args:
        path: the directory.
        out: what the user called it, or the directory above it; None: `path`.

    Raises:
        InputError: it is a file, or cannot be made or written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise InputError(
            f"--out must be a directory that can be written, but {path if out is None else out} is not "
            f"({error.strerror}): choose another."
        ) from error
    return path
