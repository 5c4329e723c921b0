"""The cache of compiled programs: what cannot be read is replaced, what cannot be written is told."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys, warnings, zlib
from pathlib import Path
warnings.simplefilter("error")
import qtopt
qtopt.configure()
import jax, numpy as np

events = []
jax.monitoring.register_event_listener(lambda event, **more: events.append(event.rpartition("/")[2]))
program = jax.jit(lambda x: np.pi * x @ x)

def once():
    events.clear()
    jax.clear_caches()
    found = float(program(np.arange(5.0)))
    return found, "cache_hits" in events

value, hit = once()
assert not hit
(entry,) = Path(sys.argv[1]).glob("*-cache")
good = entry.read_bytes()
half = len(good) // 2
flipped = good[:half] + bytes([good[half] ^ 0xFF]) + good[half + 1:]
for broken in (flipped, good[:half], b"", zlib.compress(b"another program, of 42 bytes or so " * 9)):
    entry.write_bytes(broken)
    assert once() == (value, False)
    assert entry.read_bytes() != broken
    assert once() == (value, True)
print("replaced")
"""


def test_what_cannot_be_read_is_replaced(tmp_path: Path) -> None:
    environment = {**os.environ, "QTOPT_CACHE_DIR": str(tmp_path), "JAX_COMPILATION_CACHE_DIR": ""}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("replaced\n", "")


UNWRITABLE = """
import shutil, sys, warnings
from pathlib import Path
warnings.simplefilter("error")
import qtopt
qtopt.configure()
import jax, numpy as np

jax.jit(lambda x: x + 1.0)(np.ones(5))
shutil.rmtree(sys.argv[1])
Path(sys.argv[1]).touch()  # nobody can write below a file
for factor in (2.0, 3.0):
    assert jax.jit(lambda x: factor * x @ x)(np.ones(5)) == 5.0 * factor
"""


def test_what_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    """A full disk, or a cache that is only read: results are the same."""
    cache = tmp_path / "cache"
    environment = {**os.environ, "QTOPT_CACHE_DIR": str(cache), "JAX_COMPILATION_CACHE_DIR": ""}
    done = subprocess.run(
        [sys.executable, "-c", UNWRITABLE, str(cache)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"qtopt: warning: programs are not kept, because {cache} cannot be written (")
