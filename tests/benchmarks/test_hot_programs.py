"""What keeps the hot programs fast on a GPU, read from what jax hands over: nothing is compiled for one."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import equinox as eqx
import jax
import pytest

from benchmarks._hot_programs import PROGRAMS
from benchmarks._kernels import LAUNCH, Program

LARGE = {"exact_power", "exact_gradient", "exact_search"}
"""They take longer to trace."""
CONDITION = {"stablehlo.constant", "stablehlo.compare", "stablehlo.return"}
HOST = {"stablehlo.custom_call", "stablehlo.infeed", "stablehlo.outfeed", "stablehlo.send", "stablehlo.recv"}
LOOPS = {"ranking": [], "adam": [0, 1], "lbfgs": [0, 1], "newton": [0, 1, 2], "line_heights": []}
LOOPS |= {"fine_duals": [0, 0, 1, 1], "fine_duals_3": [0, 0, 1, 1, 1]}
"""How deep each loop of a program lies within others; searches have one over chunks around that of steps."""
CEILINGS = {"adam": 1300, "lbfgs": 1350}
"""Operations in one pass of the innermost loop, before any are fused; 1,214 and 1,238 now."""


class Loop(NamedTuple):
    """A `while`: how deep it lies, what its condition is made of, how many operations one pass has."""

    depth: int
    condition: set[str]
    operations: int


class Lowered:
    """What jax hands over of a hot program for CUDA."""

    def __init__(self, name: str) -> None:
        hot = PROGRAMS[name]
        function, arguments = hot.make(hot.few)
        arrays, static = eqx.partition(arguments, eqx.is_array)

        def plain(arrays: Any) -> Any:
            return eqx.filter(function(*eqx.combine(arrays, static)), eqx.is_array)

        traced = jax.jit(plain).trace(arrays)
        module: Any = traced.lower(lowering_platforms=("cuda",)).compiler_ir()
        self.functions = {op.attributes["sym_name"].value: op for op in module.body.operations}
        self.operations: Counter[str] = Counter()
        self.loops: list[Loop] = []
        self._walk(self.functions["main"], 0)

    def _walk(self, operation: Any, depth: int) -> int:
        """Count what is within an operation."""
        count = 0
        for child in _children(operation):
            name = child.operation.name
            self.operations[name] += 1
            if name == "stablehlo.while":
                condition = {part.operation.name for part in child.regions[0].blocks[0].operations}
                place = len(self.loops)
                self.loops.append(Loop(depth, condition, 0))
                inner = self._walk(child, depth + 1)
                self.loops[place] = Loop(depth, condition, inner)
                count += inner
            elif name in ("func.call", "call"):
                count += self._walk(self.functions[child.attributes["callee"].value], depth)
            else:
                count += 1 + self._walk(child, depth)
        return count


def _children(operation: Any) -> Iterator[Any]:
    for region in operation.regions:
        for block in region.blocks:
            yield from block.operations


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if n in LARGE else []) for n in PROGRAMS]
)
def test_hot_programs_stay_on_the_device(name: str) -> None:
    """No callback, no call of a library of linear algebra, no sorting; loops whose passes are known."""
    found = Lowered(name)
    assert found.operations.total() > 0
    assert not HOST & set(found.operations), found.operations
    assert found.operations["stablehlo.sort"] == 0
    assert all(loop.condition <= CONDITION for loop in found.loops), found.loops
    if name in LOOPS:
        assert [loop.depth for loop in found.loops] == LOOPS[name]
    if name in CEILINGS:
        assert found.loops[-1].operations <= CEILINGS[name]


HLO = """HloModule small, is_scheduled=true

%fused (a: f64[8], b: f64[8]) -> f64[8] {
  %a = f64[8]{0} parameter(0)
  %b = f64[8]{0} parameter(1)
  %quotient = f64[8]{0} divide(%a, %b)
  ROOT %sum = f64[8]{0} add(%quotient, %b)
}

%body (state: (s64[], f64[8])) -> (s64[], f64[8]) {
  %state = (s64[], f64[8]{0}) parameter(0)
  %i = s64[] get-tuple-element(%state), index=0
  %x = f64[8]{0} get-tuple-element(%state), index=1
  %next = s64[] add(%i, %i)
  %y = f64[8]{0} fusion(%x, %x), kind=kLoop, calls=%fused
  ROOT %pair = (s64[], f64[8]{0}) tuple(%next, %y)
}

%condition (state.1: (s64[], f64[8])) -> pred[] {
  %state.1 = (s64[], f64[8]{0}) parameter(0)
  %j = s64[] get-tuple-element(%state.1), index=0
  ROOT %less = pred[] compare(%j, %j), direction=LT
}

ENTRY %main (start: (s64[], f64[8])) -> f64[8] {
  %start = (s64[], f64[8]{0}) parameter(0)
  %loop = (s64[], f64[8]{0}) while(%start), condition=%condition, body=%body, backend_config=KNOWN
  %end = f64[8]{0} get-tuple-element(%loop), index=1
  ROOT %solved = f64[8]{0} custom-call(%end), custom_call_target="solver"
}
"""


@pytest.mark.parametrize(
    ("known", "launches", "host_loops"),
    [('{"known_trip_count":{"n":"5"}}', 5 * 2 + 1, 0), ("{}", 2 + 1 + 1, 1)],
)
def test_launches_are_counted(known: str, launches: int, host_loops: int) -> None:
    """Two kernels in each of five passes, and a call; a loop of unknown length asks its condition as well."""
    cost = Program(HLO.replace("KNOWN", known)).cost()
    assert (cost.launches, cost.host_loops) == (launches, host_loops)
    assert cost.custom_calls == {"solver": 1}
    assert cost.seconds == pytest.approx(launches * LAUNCH)
    passes = 1 if host_loops else 5
    # divide and add of 8 numbers, one counter; the call counts one for each of its results
    assert cost.operations == passes * (10 * 8 + 8 + 1) + 8 + host_loops
