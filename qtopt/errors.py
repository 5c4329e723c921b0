"""The errors that qtopt raises on purpose."""


class InputError(ValueError):
    """Something that the user gave is wrong.

    The message is one clear line: which key, what it must be, what was given, and what to do about it.
    The command line prints it and exits with status 2.
    """


class ProcessLost(RuntimeError):
    """Another of the processes that work together has died or cannot be reached; what is on disk is kept.

    The command line prints the message and exits with status 3.
    """

    def __init__(self) -> None:
        super().__init__(
            "another process ended or cannot be reached; what is finished is kept: start them all again, or "
            "one alone, with --resume."
        )
