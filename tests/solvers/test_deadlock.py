"""No LAPACK call and no host callback in the hot programs: they can hang on CPU (craft notes)."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from qtopt.model import FourierDrive, Machine
from qtopt.solvers.weak import kernels, steady_state
from tests.helpers.grid import FREQUENCIES, coupling, generic_harmonics
from tests.helpers.machines import Case, lorentzian, ohmic

FORBIDDEN = re.compile(r"lapack|callback|cusolver|blas", re.IGNORECASE)
BATCH = 4

HANGS = """
import threading
import jax, jax.numpy as jnp, numpy as np
from qtopt.model import Bath, Lorentzian, Ohmic
from qtopt.model import FourierDrive
from qtopt.model import Machine
from qtopt.solvers.weak import steady_state
machine = Machine(np.array([1.0, 0.6, 0.8]), (
    Bath("hot", 1.0, Lorentzian(1.0, 1.25, 0.01), "driven"),
    Bath("cold", 0.2, Ohmic(100.0), np.ones(3))))
rng = np.random.default_rng(0)
drives = [FourierDrive(f, *rng.normal(size=3)[None], rng.normal(size=(3, 3)), rng.normal(size=(3, 3)))
          for f in rng.uniform(0.1, 1.0, size=256)]
batch = jax.tree.map(lambda *x: jnp.stack(x), *drives)
program = jax.jit(jax.vmap(jax.value_and_grad(lambda d: steady_state(machine, d).power)))
jax.block_until_ready(program(batch))
def repeat():
    for _ in range(8):
        jax.block_until_ready(program(batch))
threads = [threading.Thread(target=repeat) for _ in range(2)]
[t.start() for t in threads]
[t.join() for t in threads]
print("finished")
"""


def example(size: int) -> Case:
    baths = (lorentzian(1.0, 1.25, 0.01, 1.0), ohmic(100.0, 0.2, coupling(size, 0)))
    return Case(FREQUENCIES[:size], baths, 0.45, generic_harmonics(size, 2, 0))


def power(drive: FourierDrive, machine: Machine) -> jax.Array:
    return steady_state(machine, drive).power


def batched_gradient(drives: FourierDrive, machine: Machine) -> Any:
    return jax.vmap(jax.value_and_grad(power), in_axes=(0, None))(drives, machine)


def batched_state(drives: FourierDrive, machine: Machine) -> Any:
    return jax.vmap(steady_state, in_axes=(None, 0))(machine, drives)


def kernel_table(drives: FourierDrive, machine: Machine) -> Any:
    return kernels(machine, drives.frequency)


PROGRAMS: list[Callable[[FourierDrive, Machine], Any]] = [kernel_table, batched_state, batched_gradient]


def lowered(program: Callable[..., Any], size: int) -> jax.stages.Lowered:
    case = example(size)
    drives = jax.tree.map(lambda x: jnp.stack([x] * BATCH), case.drive)
    return jax.jit(program).lower(drives, case.machine)


def check(text: str) -> None:
    assert len(text) > 1000
    targets = set(re.findall(r'custom_call @(\S+?)\(|custom_call_target="([^"]+)"', text))
    found = sorted({name for pair in targets for name in pair if FORBIDDEN.search(name)})
    assert not found, found
    assert not re.search(r"\b(infeed|outfeed)\(", text)


def test_the_check_finds_a_lapack_call() -> None:
    program = jax.jit(jnp.linalg.inv).lower(jnp.eye(3))
    with pytest.raises(AssertionError, match="lapack"):
        check(program.as_text() + " " * 1000)
    with pytest.raises(AssertionError, match="lapack"):
        check((program.compile().as_text() or "") + " " * 1000)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("program", PROGRAMS)
def test_lowered_programs(program: Callable[..., Any], size: int) -> None:
    """LAPACK calls are custom calls of the program before XLA compiles it."""
    check(lowered(program, size).as_text())


@pytest.mark.parametrize("program", [kernel_table, batched_gradient])
def test_compiled_programs(program: Callable[..., Any]) -> None:
    check(lowered(program, 2).compile().as_text() or "")


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("size", [1, 3, 6])
@pytest.mark.parametrize("program", PROGRAMS)
def test_more_compiled_programs(program: Callable[..., Any], size: int) -> None:
    check(lowered(program, size).compile().as_text() or "")


def test_two_threads_finish() -> None:
    """Batched value and gradient from two host threads, without the XLA flag that hides the deadlock."""
    environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"} | {"JAX_ENABLE_X64": "1"}
    done = subprocess.run(
        [sys.executable, "-c", HANGS],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        check=False,
    )
    assert done.stdout.strip() == "finished", done.stderr
