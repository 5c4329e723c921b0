"""Process-wide settings of the command line and the scripts: made once, before jax is imported."""

import os
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .errors import InputError

SCHEDULER_FLAG = "--xla_cpu_enable_concurrency_optimized_scheduler=false"
"""With two or more cores jax 0.10 can hang in a program with two independent batched LAPACK calls."""
LIBRARY_FLAG = "--xla_cpu_experimental_ynn_fusion_type="
"""No sums and products by YNNPACK: on a processor with AVX-512 its kernels fail or crash in programs of the
exact solver (jaxlib 0.10.2)."""
EMITTERS_FLAG = "--xla_cpu_use_fusion_emitters=false"
"""Kernels are written for LLVM at once, not through MLIR: programs compile in 60 % of the time. They run as
fast or faster, but for the weak gradient of many harmonics, a quarter slower."""
KNOWN_SINCE, TRIED = (0, 9), (0, 10)
"""jaxlib knows both flags since the one version, and ends where it does not; the flag that only saves time is
not set beyond the other, the last one that was tried."""
DEVICES_FLAG = "--xla_force_host_platform_device_count"
GRAPHS_FLAG = "--xla_gpu_enable_command_buffer=+WHILE,+CONDITIONAL"
PER_GPU, GRAPHS, FRACTION = "QTOPT_PROCESSES_PER_GPU", "QTOPT_CUDA_GRAPHS", "XLA_PYTHON_CLIENT_MEM_FRACTION"
KEEP = "QTOPT_KEEP_PROGRAMS"
SHARED = 0.9
"""Of the memory of a GPU, for all processes together: what is left takes CUDA itself."""

_TRACED: list[Path] = []
_TOLD: list[str] = []


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_flags(jaxlib: str = "") -> list[str]:
    """The flags of XLA without which programs hang or crash on some processors, and compile slowly on all.

    Args:
        jaxlib: its version; by default the one that is installed.
    """
    number = tuple(map(int, (jaxlib or version("jaxlib")).split(".")[:2]))
    known = [(LIBRARY_FLAG, number >= KNOWN_SINCE), (EMITTERS_FLAG, KNOWN_SINCE <= number <= TRIED)]
    return [SCHEDULER_FLAG, *(flag for flag, is_known in known if is_known)]


def for_cuda(environment: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The flags of XLA and the variables that processes on NVIDIA GPUs want, from those that are set.

    With QTOPT_PROCESSES_PER_GPU=n every process takes 1/n of 90 % of a card; by default jax takes 75 % for
    each, and the second finds nothing left. XLA_PYTHON_CLIENT_MEM_FRACTION takes precedence. With
    QTOPT_CUDA_GRAPHS=1 XLA records whole loops as CUDA graphs, so that a search of many small kernels does
    not wait for the host to launch each. Off by default: it needs a driver of CUDA 12.4, and was never run.

    Raises:
        InputError: QTOPT_PROCESSES_PER_GPU is no positive integer.
    """
    several, variables = environment.get(PER_GPU, ""), {}
    if several and FRACTION not in environment:
        if not several.isdecimal() or int(several) == 0:
            raise InputError(f"{PER_GPU} must be a positive integer, but it is '{several}': set it to 1.")
        variables[FRACTION] = f"{SHARED / int(several):.3f}"
    return [GRAPHS_FLAG] if environment.get(GRAPHS) == "1" else [], variables


def configure(cpu_devices: int | None = None) -> None:
    """Prepare jax: float64, the compilation cache on disk, the flags of `cpu_flags`.

    With one CPU device, programs also run in the thread that calls them (no asynchronous dispatch).

    Args:
        cpu_devices: the number of devices as which jax shall see the CPU, by default one. One for each core
            is faster where work is shared among devices, as scans do.

    Where several processes share an NVIDIA GPU, see `for_cuda`.

    The cache lies in `$QTOPT_CACHE_DIR`, or in `~/.cache/qtopt`; jax's own `JAX_COMPILATION_CACHE_DIR`
    takes precedence. It holds machine code: who can write it can make you run anything. It is made for you
    alone, and one that another user owns or that others may write is not used, with a warning. Entries that
    cannot be read are compiled again and replaced. Beside machine code lie programs as jax has traced them,
    see `qtopt.programs.kept_program`; QTOPT_KEEP_PROGRAMS=0 traces them in every process. Call before
    anything imports jax: the XLA flag is read once, at that import.
    """
    wanted = cpu_flags()
    if cpu_devices is not None:
        wanted.append(f"{DEVICES_FLAG}={cpu_devices}")
    if "jax" not in sys.modules:
        more, variables = for_cuda(os.environ)
        os.environ.update(variables)
        for flag in [*wanted, *more]:
            flags = os.environ.get("XLA_FLAGS", "")
            if flag.split("=")[0] not in flags:
                os.environ["XLA_FLAGS"] = f"{flags} {flag}".strip()
    import jax

    jax.config.update("jax_enable_x64", True)
    # Handing a program to another thread takes as long as one evaluation; several devices need it.
    jax.config.update("jax_cpu_enable_async_dispatch", DEVICES_FLAG in os.environ.get("XLA_FLAGS", ""))
    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "qtopt"
        cache = Path(os.environ.get("QTOPT_CACHE_DIR", default))
        reason = unsafe(cache)
        if reason:
            print(f"qtopt: warning: programs are not kept, because {cache} {reason}", file=sys.stderr)
        else:
            jax.config.update("jax_compilation_cache_dir", str(cache))
            _guard_cache()
            if os.environ.get(KEEP) != "0":
                _TRACED.append(cache)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def traced_programs() -> Path | None:
    """Where programs are kept as jax has traced them: beside those that are compiled, where `configure` has
    chosen and checked the directory; else None."""
    return _TRACED[-1] if _TRACED else None


def tell_not_kept(cache: str | os.PathLike[str], reason: str) -> None:
    """Say once in a process that programs cannot be written."""
    if not _TOLD:
        print(f"qtopt: warning: programs are not kept, because {cache} {reason}.", file=sys.stderr)
        _TOLD.append(reason)


def _guard_cache() -> None:
    """Have jax replace what it cannot read in its cache, and say once that nothing can be written there.

    By itself it compiles broken entries with a warning at every start, never replaces a file, and warns for
    every program that it cannot write: on a full disk, or in a cache that users only read. It has no setting
    for this, so the two functions that read and write entries are wrapped, where this jax has them.
    """
    from jax._src import compilation_cache, config

    read = getattr(compilation_cache, "get_executable_and_time", None)
    write = getattr(compilation_cache, "put_executable_and_time", None)
    if read is None or write is None or getattr(read, "drops_unreadable", False):
        return

    def read_or_drop(key: str, *context: Any) -> Any:
        try:
            return read(key, *context)
        except Exception:  # a broken archive, a program of another kind: whatever it is, it is no entry
            with suppress(OSError):
                Path(str(config.compilation_cache_dir.value), f"{key}-cache").unlink()
            return None, None

    def write_or_tell(*entry: Any) -> None:
        try:
            write(*entry)
        except OSError as error:
            cache = config.compilation_cache_dir.value
            tell_not_kept(str(cache), f"cannot be written ({error.strerror or error})")

    read_or_drop.drops_unreadable = True  # pyright: ignore[reportFunctionMemberAccess]
    compilation_cache.get_executable_and_time = read_or_drop
    compilation_cache.put_executable_and_time = write_or_tell


def unsafe(cache: Path) -> str:
    """Why compiled programs must not be loaded from a directory, which is made if there is none; or nothing.

    A directory of root counts as one's own: an administrator may provide one that users only read.
    """
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = cache.stat()
    except OSError as error:
        return f"cannot be used ({error.strerror}): set QTOPT_CACHE_DIR to a directory of your own."
    if hasattr(os, "getuid") and status.st_uid not in (os.getuid(), 0):
        return (
            "belongs to another user, who could change them: set QTOPT_CACHE_DIR to a directory of your own."
        )
    if os.name == "posix" and status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "can be written by others, who could change them: `chmod go-w` it."
    return ""
