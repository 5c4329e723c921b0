"""What a compiled program asks of a GPU, read from the text of its optimised HLO."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

BYTES = {"pred": 1, "s8": 1, "u8": 1, "f32": 4, "s32": 4, "u32": 4, "f64": 8, "s64": 8, "u64": 8, "c64": 8}
BYTES |= {"c128": 16}
NO_KERNEL = frozenset(
    "parameter constant tuple get-tuple-element bitcast after-all partition-id replica-id opt-barrier".split()
)
MOVES = frozenset("broadcast reshape transpose slice concatenate pad iota reverse gather copy".split())
MOVES |= {"dynamic-slice", "dynamic-update-slice", "bitcast-convert"}
EXPENSIVE = {"divide": 10, "sqrt": 12, "rsqrt": 12, "exponential": 20, "log": 25, "cosine": 40, "sine": 40}
EXPENSIVE |= {
    "exponential-minus-one": 30,
    "log-plus-one": 35,
    "tan": 50,
    "tanh": 40,
    "power": 80,
    "atan2": 60,
}
"""FP64 instructions of one element, roughly; everything else is one."""
LAUNCH, OPERATIONS_PER_SECOND, BYTES_PER_SECOND = 4e-6, 34e12, 3.35e12
"""Seconds that one kernel takes at least; FP64 rate (without tensor cores) and memory of an H100 SXM."""
HEAD = re.compile(r"^(ENTRY )?%?([\w.\-]+) \(.*\{$")
LINE = re.compile(r"^\s+(ROOT )?%?([\w.\-]+) = (\((?:[^()]|\([^()]*\))*\)|\S+) ([\w\-]+)\((.*)$")
SHAPE = re.compile(r"(\w+)\[([\d,]*)\]")
NAME = re.compile(r"%([\w.\-]+)")


class Instruction(NamedTuple):
    """One line of HLO: `rest` is what follows its operands."""

    name: str
    shape: str
    opcode: str
    operands: list[str]
    rest: str
    root: bool

    def called(self, key: str) -> list[str]:
        """The computations that an attribute names."""
        found = re.search(rf"{key}=(\{{[^}}]*\}}|%[\w.\-]+)", self.rest)
        return NAME.findall(found.group(1)) if found else []

    @property
    def trips(self) -> int | None:
        """How often a loop runs, where that is known."""
        found = re.search(r'"known_trip_count":\{"n":"(\d+)"', self.rest)
        return int(found.group(1)) if found else None


def sizes(shape: str) -> list[tuple[str, int]]:
    """(type, elements) of the arrays of a shape."""
    found = [(kind, [int(n) for n in numbers.split(",") if n]) for kind, numbers in SHAPE.findall(shape)]
    return [(kind, int(np.prod(lengths))) for kind, lengths in found if kind in BYTES]


def elements(shape: str) -> int:
    return sum(count for _, count in sizes(shape))


def bytes_of(shape: str) -> int:
    return sum(BYTES[kind] * count for kind, count in sizes(shape))


@dataclass
class Loop:
    """A loop: how often it runs in all, and the launches of one pass (those of loops within apart)."""

    trips: int | None
    passes: int
    launches: int
    depth: int


@dataclass
class Cost:
    """What a program asks of a GPU.

    Attributes:
        launches: kernels and copies, all loops counted.
        operations: FP64 instructions.
        moved: bytes that kernels read and write.
        seconds: sum over the launches of the longest of LAUNCH, arithmetic and memory traffic.
        loops: those of the program; one with an unknown number of passes counts as one pass.
        custom_calls: by target.
    """

    launches: int = 0
    operations: float = 0.0
    moved: float = 0.0
    seconds: float = 0.0
    loops: list[Loop] = field(default_factory=list)
    custom_calls: Counter[str] = field(default_factory=Counter)

    @property
    def host_loops(self) -> int:
        """Loops whose condition is read by the host after every pass."""
        return sum(loop.trips is None for loop in self.loops)


class Program:
    """The computations of an optimised HLO module."""

    def __init__(self, text: str) -> None:
        self.computations: dict[str, dict[str, Instruction]] = {}
        self.entry, now = "", ""
        for line in text.splitlines():
            if head := HEAD.match(line):
                now = head.group(2)
                self.computations[now] = {}
                self.entry = now if head.group(1) else self.entry
            elif now and (found := LINE.match(line)):
                root, name, shape, opcode, rest = found.groups()
                end = _closing(rest)
                made = Instruction(
                    name, shape, opcode, NAME.findall(rest[:end]), rest[end:], root is not None
                )
                self.computations[now][name] = made

    def cost(self) -> Cost:
        """Of the whole program."""
        total = Cost()
        self._add(total, self.entry, 1, 0)
        return total

    def _add(self, total: Cost, computation: str, passes: int, depth: int) -> int:
        """Add a computation that runs so often; the launches of one pass without loops within."""
        own = 0
        for made in self.computations[computation].values():
            if made.opcode in NO_KERNEL or made.opcode.endswith("-done"):
                continue
            if made.opcode == "while":
                trips = made.trips
                runs = passes * (1 if trips is None else trips)
                loop = Loop(trips, runs, 0, depth)
                total.loops.append(loop)
                loop.launches = self._add(total, made.called("body")[0], runs, depth + 1)
                if trips is None:
                    loop.launches += self._add(total, made.called("condition")[0], runs, depth + 1)
                continue
            if made.opcode in ("call", "conditional"):
                for key in ("to_apply", "branch_computations", "true_computation", "false_computation"):
                    own += sum(self._add(total, name, passes, depth) for name in made.called(key))
                continue
            if made.opcode == "custom-call":
                target = re.search(r'custom_call_target="([^"]+)"', made.rest)
                total.custom_calls[target.group(1) if target else "?"] += 1
            own += 1
            operations, moved = self._operations(made), self._moved(made, computation)
            total.launches += passes
            total.operations += passes * operations
            total.moved += passes * moved
            total.seconds += passes * max(
                LAUNCH, operations / OPERATIONS_PER_SECOND, moved / BYTES_PER_SECOND
            )
        return own

    def _operations(self, made: Instruction) -> float:
        """Instructions of one kernel; what it computes twice counts once."""
        if made.opcode in NO_KERNEL or made.opcode in MOVES:
            return 0.0
        if inner := made.called("calls"):
            return sum(self._operations(part) for name in inner for part in self.computations[name].values())
        weight = EXPENSIVE.get(made.opcode, 1) * (4 if re.match(r"\(?c(64|128)\[", made.shape) else 1)
        return float(weight * elements(made.shape))

    def _moved(self, made: Instruction, computation: str) -> float:
        """Bytes that one kernel reads and writes; of what it slices or gathers, only that."""
        around = self.computations[computation]
        if not (inner := made.called("calls")):
            read = [around[name].shape for name in made.operands if name in around]
            return bytes_of(made.shape) + sum(bytes_of(shape) for shape in read)
        body, total = self.computations[inner[0]], 0.0
        updated = set()
        for part in body.values():
            if part.opcode == "dynamic-update-slice" and part.operands[0] in body:
                updated.add(part.operands[0])
                total += 2 * bytes_of(body[part.operands[1]].shape)
        if not updated:
            total += bytes_of(made.shape)
        for part in body.values():
            if part.opcode != "parameter" or part.name in updated:
                continue
            users = [user for user in body.values() if part.name in user.operands]
            picks = all(user.opcode in ("dynamic-slice", "slice", "gather") for user in users)
            read = sum(bytes_of(user.shape) for user in users) if picks else np.inf
            total += min(read, bytes_of(part.shape))
        return total


def _closing(text: str) -> int:
    """Where the parenthesis closes that was opened before."""
    depth = 1
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return place
    return len(text)
