"""The section [jobs]: who computes."""

import re
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..jobs import KINDS, LOCAL, ClusterOptions
from ..schema import AbstractType, Scope, Table, parameter, read, suggestion, wrong


@dataclass(frozen=True)
class Workers(AbstractType):
    """A number of workers, or a range of two."""

    def must(self, scope: Scope) -> str:
        return "a whole number of at least 0, or a range [lowest, highest] of two"

    def read(self, value: object, path: str, scope: Scope) -> int | tuple[int, int]:
        numbers: list[Any] = value if isinstance(value, list) and len(value) == 2 else [value]
        if any(isinstance(x, bool) or not isinstance(x, int) or x < 0 for x in numbers):
            raise wrong(path, self.must(scope), value)
        if len(numbers) == 1:
            return numbers[0]
        if not numbers[0] < numbers[1]:
            raise wrong(path, self.must(scope), value)
        return numbers[0], numbers[1]

    def plain(self, value: Any) -> object:
        return list(value) if isinstance(value, tuple) else value

    def schema(self) -> dict[str, Any]:
        number = {"type": "integer", "minimum": 0}
        pair = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
        return {"anyOf": [number, pair]}


@dataclass(frozen=True)
class Lines(AbstractType):
    """A list of texts, one line each."""

    def must(self, scope: Scope) -> str:
        return "a list of texts, one line each"

    def read(self, value: object, path: str, scope: Scope) -> tuple[str, ...]:
        if not isinstance(value, list) or any(not isinstance(x, str) or "\n" in x for x in value):
            raise wrong(path, self.must(scope), value)
        return tuple(value)

    def plain(self, value: Any) -> object:
        return list(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string"}}


@dataclass(frozen=True)
class JobsSection:
    """Who computes: this process, workers on this machine, or those of a cluster."""

    workers: int | tuple[int, int] = parameter(
        help="how many, or [lowest, highest]: as many as there is work for; 0: this process computes",
        type=Workers(),
        default=0,
    )
    cluster: str = parameter(
        help=f'"{LOCAL}": workers on this machine; the address of a scheduler such as "tcp://node01:8786", '
        f"or its file (.json); {', '.join(KINDS)}: a queueing system that starts workers",
        must="a text",
        default=LOCAL,
    )
    cores: int | None = parameter(help="of a worker; by default an equal share of this machine", default=None)
    gpus: int = parameter(help="of a worker", least=0, default=0)
    memory: str | None = parameter(help="of a worker, such as 16GB", must="a text such as 16GB", default=None)
    walltime: str = parameter(
        help="of the job of a worker, hours:minutes:seconds",
        must="a text such as 01:00:00",
        default="01:00:00",
    )
    queue: str | None = parameter(help="in which these jobs wait", must="a text", default=None)
    account: str | None = parameter(help="that pays for these jobs", must="a text", default=None)
    directives: tuple[str, ...] = parameter(
        help="further options of these jobs, as in job scripts", type=Lines(), default=()
    )
    prologue: tuple[str, ...] = parameter(
        help="shell commands of these jobs before a worker starts", type=Lines(), default=()
    )
    interface: str | None = parameter(help="network interface of the nodes", must="a text", default=None)

    def check_table(self, table: Table) -> None:
        """Raise `InputError` where there is no such cluster, or nobody would work."""
        known = (LOCAL, *KINDS)
        if self.cluster not in known and not is_scheduler(self.cluster):
            must = f"{', '.join(known)}, or the address or the file of a scheduler"
            raise wrong(table.at("cluster"), must, self.cluster, suggestion(self.cluster, known))
        if self.cluster in KINDS and not self.workers:
            raise wrong(table.at("workers"), "at least 1 where a queueing system starts them", self.workers)
        if self.memory is not None and not re.fullmatch(r"\d+(\.\d+)? ?[kMGT]i?B", self.memory):
            raise wrong(table.at("memory"), "a number with its unit, such as 16GB", self.memory)
        if not re.fullmatch(r"\d+:[0-5]\d:[0-5]\d", self.walltime):
            raise wrong(table.at("walltime"), "hours:minutes:seconds, such as 01:00:00", self.walltime)

    @property
    def options(self) -> ClusterOptions:
        """The same as `jobs.cluster` takes it."""
        return ClusterOptions(**{item.name: getattr(self, item.name) for item in fields(self)})

    def chosen(self, workers: int | None, cluster: str | None) -> "JobsSection":
        """This section with what the options --workers and --cluster of the command line say instead.

        Raises:
            InputError: no such cluster, or a file that does not describe one.
        """
        section = self
        if cluster is not None and cluster.endswith(".toml"):
            section = _load(cluster)
        elif cluster is not None:
            if cluster not in KINDS and not is_scheduler(cluster):
                raise InputError(
                    "--cluster must be the address of a scheduler such as tcp://node01:8786, its file "
                    f"(.json), or a file (.toml) with a section [jobs], but it is {cluster}."
                )
            section = replace(self, cluster=cluster)
        if workers is not None:
            if workers < 0:
                raise InputError(f"--workers must be a whole number of at least 0, but it is {workers}.")
            section = replace(section, workers=workers)
        return section


def is_scheduler(text: str) -> bool:
    """Whether a text is the address of a scheduler, or the name of its file."""
    return bool(re.fullmatch(r"[a-z]+://[^\s/]+", text)) or text.endswith(".json")


def _load(path: str) -> JobsSection:
    """The section [jobs] of a file that may have other sections too."""
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"--cluster: {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"--cluster: {path} is not valid TOML: {error}") from None
    if "jobs" not in content:
        raise InputError(f"--cluster: {path} must have a section [jobs].")
    try:
        return read(_JobsOnly, Table({"jobs": content["jobs"]})).jobs
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


@dataclass(frozen=True)
class _JobsOnly:
    jobs: JobsSection = parameter(help="who computes", must="a table, the section [jobs]")
