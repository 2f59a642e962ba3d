"""What keeps the loader from going on, said so that a person can act on it."""


class CannotLoad(Exception):
    """A failure of the whole run, to show as one message without a traceback."""


class Unreadable(CannotLoad):
    """The file, or the rest of it, cannot be read."""
