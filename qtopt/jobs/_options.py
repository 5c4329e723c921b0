"""What is asked of a cluster."""

from dataclasses import dataclass

KINDS = "slurm", "pbs", "lsf", "sge"
"""queueing systems"""
LOCAL = "local"


@dataclass(frozen=True)
class ClusterOptions:
    """Where workers come from, and what each of them is.

    Attributes:
        workers: how many, or (lowest, highest): as many as there is work for.
        cluster: LOCAL, the address of a scheduler (tcp://HOST:PORT), its file (.json), or the queueing system
            that starts workers, one of KINDS.
        cores: of a worker; None: an equal share of this machine, and one elsewhere.
        gpus: of a worker; 0: one where this machine has any, and none elsewhere.
        memory: of a worker, such as "16GB"; None: an equal share of this machine, and 4 GB elsewhere.
        walltime: of the job of a worker, "hours:minutes:seconds".
        queue: in which these jobs wait.
        account: that pays for them.
        directives: further options of these jobs, as they stand in job scripts.
        prologue: shell commands of these jobs before the worker starts.
        interface: network interface of the nodes; None: the first.
    """

    workers: int | tuple[int, int] = 0
    cluster: str = LOCAL
    cores: int | None = None
    gpus: int = 0
    memory: str | None = None
    walltime: str = "01:00:00"
    queue: str | None = None
    account: str | None = None
    directives: tuple[str, ...] = ()
    prologue: tuple[str, ...] = ()
    interface: str | None = None
