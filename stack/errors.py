"""What goes wrong while operating the stack, said so that a person can act on it."""


class StackError(Exception):
    """A failure to show as one message, without a traceback."""


class PortTaken(StackError):
    """Another program listens on the port that the API was to have."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is taken by another program; choose another: PORT={port + 1} make up")


class NotRunning(StackError):
    """The local engine is not running, or has nothing deployed."""
