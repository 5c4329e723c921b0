"""The errors that qtopt raises on purpose."""


class InputError(ValueError):
    """Something that the user gave is wrong.

    The message is one clear line: which key, what it must be, what was given, and what to do about it.
    The command line prints it and exits with status 2.
    """
