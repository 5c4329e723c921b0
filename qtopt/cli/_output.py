"""Where commands write: directories, progress and warnings."""

import errno
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr
from math import inf
from pathlib import Path
from typing import Any, TextIO

from ..errors import InputError

BAR = "{desc:>18} |{bar}| {n_fmt}/{total_fmt} {elapsed} {postfix}"
LINE = "{:>18} {}/{} {} {}"
PAUSE = 60.0
"""seconds between two lines of a log that only say how much is done"""
Progress = Callable[..., None]


@contextmanager
def progress(name: str) -> Iterator[Progress]:
    """Progress on standard error or in a notebook, moved by ``report(done, total, message="")``.

    It appears with the first report, so that what is refused before there is anything to show has none::

        with qtopt.progress("front") as report:
            front = qtopt.trace(problem, progress=report)

    A terminal and a notebook show a bar, which disappears where the block ends with an exception, so that the
    sentence about it stands alone; other lines on standard error go above the bar. A file or a pipe gets a
    line where it begins, where the message changes, once a minute, and at the end.

    Args:
        name: what stands before the bar.
    """
    from tqdm.auto import tqdm
    from tqdm.notebook import tqdm_notebook

    if sys.stderr.isatty() or issubclass(tqdm, tqdm_notebook):
        with _bar(name, tqdm) as report:
            yield report
    else:
        yield _lines(name, tqdm.format_interval)


@contextmanager
def _bar(name: str, tqdm: Any) -> Iterator[Progress]:
    stream, bar = sys.stderr, None
    with ExitStack() as shown:

        def report(done: int, total: int, message: str = "") -> None:
            nonlocal bar
            if bar is None:
                bar = tqdm(desc=name, total=total, file=stream, bar_format=BAR, dynamic_ncols=True)
                shown.enter_context(bar)
                if stream.isatty():
                    shown.enter_context(redirect_stderr(_Above(stream, bar)))  # pyright: ignore[reportArgumentType]
            if total != bar.total:
                began = bar.start_t
                bar.reset(total)  # which a notebook needs; the time goes on
                bar.start_t = began
            bar.n = done
            bar.set_postfix_str(message)

        try:
            yield report
        except BaseException:
            if bar is not None:
                bar.leave = False
            raise


class _Above:
    """A terminal on which whole lines appear above a bar."""

    def __init__(self, stream: TextIO, bar: Any) -> None:
        self._stream, self._bar, self._begun = stream, bar, ""

    def write(self, text: str) -> int:
        whole, end, self._begun = (self._begun + text).rpartition("\n")
        if end:
            with self._bar.external_write_mode(self._stream):
                self._stream.write(whole + end)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _lines(name: str, interval: Callable[[float], str]) -> Progress:
    began = time.monotonic()
    shown, last = (None, ""), -inf

    def report(done: int, total: int, message: str = "") -> None:
        nonlocal shown, last
        now = time.monotonic()
        if (total, message) != shown or done >= total or now - last >= PAUSE:
            print(LINE.format(name, done, total, interval(now - began), message).rstrip(), file=sys.stderr)
            shown, last = (total, message), now

    return report


def warn(warnings: Iterable[str]) -> None:
    """Print each warning as one line on standard error."""
    for warning in warnings:
        print(f"qtopt: warning: {warning}", file=sys.stderr)


def writable_directory(path: Path, out: Path | None = None, files: Iterable[str] = ()) -> Path:
    """A directory that exists from now on and can be written.

    Args:
        path: the directory.
        out: what the user called it, or the directory above it; None: `path`.
        files: that will be written there; a folder of such a name is in the way.

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
    for file in files:
        if (path / file).is_dir():
            raise InputError(
                f"{path / file} will be a file of results, but there is a folder of that name: remove it, or "
                "choose another --out."
            )
    return path


@contextmanager
def own_directory(out: Path, given: Path, files: Iterable[str] = ()) -> Iterator[Path]:
    """A writable directory into which no other process of qtopt writes within this block.

    Args:
        out: the directory.
        given: the file that the command reads, which is not overwritten.
        files: as in `writable_directory`, or patterns of them.

    Raises:
        InputError: as `writable_directory`, or another process holds it, or `given` is among `files`.
    """
    from ..jobs import held

    names = list(files)
    if any(path.samefile(given) for name in names for path in out.glob(name)):
        raise InputError(
            f"results must not overwrite what the command reads, but {given} would be: choose another --out."
        )
    writable_directory(out, files=names)
    with held(out):
        yield out
