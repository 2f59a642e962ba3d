"""The loader's errors: each message tells a person what to do about it."""


class CannotLoad(Exception):
    """The run cannot go on. Shown as one message without a traceback."""


class UnreadableFile(CannotLoad):
    """The file, or the rest of it, cannot be read."""


class GaveUp(CannotLoad):
    """The service refuses to take the todos, or did not take them in all tries."""
