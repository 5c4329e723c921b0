"""Process-wide settings of the command line and the scripts: made once, before jax is imported."""

import os
import sys
from pathlib import Path

SCHEDULER_FLAG = "--xla_cpu_enable_concurrency_optimized_scheduler=false"


def configure() -> None:
    """float64, the compilation cache on disk, and the flag that keeps LAPACK solves from deadlocking on CPU.

    The cache lies in `$QTOPT_CACHE_DIR`, or in `~/.cache/qtopt`; jax's own `JAX_COMPILATION_CACHE_DIR`
    takes precedence. Call before anything imports jax: the XLA flag is read once, at that import.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if "jax" not in sys.modules and "xla_cpu_enable_concurrency_optimized_scheduler" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {SCHEDULER_FLAG}".strip()
    import jax

    jax.config.update("jax_enable_x64", True)
    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "qtopt"
        jax.config.update("jax_compilation_cache_dir", os.environ.get("QTOPT_CACHE_DIR", str(default)))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
