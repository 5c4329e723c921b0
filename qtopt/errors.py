"""The errors that qtopt raises on purpose."""


class InputError(ValueError):
    """Something that the user gave is wrong.

    The message is one clear line: which key, what it must be, what was given, and what to do about it.
    The command line prints it and exits with status 2.
    """


class ProcessLost(RuntimeError):
    """The scheduler of a cluster has died or cannot be reached; what is on disk is kept.

    The command line prints the message and exits with status 3.
    """

    def __init__(self, address: str) -> None:
        super().__init__(
            f"the scheduler {address} ended or cannot be reached; what is finished is kept: continue with "
            "--resume, on any cluster or without one."
        )
