"""What can fail while the stack is operated, each with a message that a person can act on.

``StackError`` covers them all: the command line shows its message without a traceback.

- ``Misconfigured``: .chalice/config.json or the app must be changed first.
- ``NotDeployed``: something must be deployed first; ``NotRunning``: the local stack must be started first.
- ``WouldLoseData``: nothing was done.
- ``DeploymentFailed``: CloudFormation or Chalice failed.
- ``Transient``: the same command can succeed later. ``AnotherRun``: another process does the same;
  ``Incomplete``: part of the work is done; ``NotStable``: AWS took too long.
"""


class StackError(Exception):
    """A failure to show as one message, without a traceback."""


class Misconfigured(StackError):
    """The configuration of a stage is missing, unknown or unsafe."""


class NotDeployed(StackError):
    """A stack, or a part of one, that is needed is not deployed."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(f"{what} is not deployed" + (f"; {advice}" if advice else ""))


class NotRunning(StackError):
    """The local engine is not running, or nothing is deployed on it."""


class PortTaken(StackError):
    """Another program listens on the port that the API needs."""

    def __init__(self, port: int) -> None:
        super().__init__(f"another program uses port {port}; choose another port: PORT={port + 1} make up")


class WouldLoseData(StackError):
    """A deployment would replace or remove a table, a bucket or a queue."""


class DeploymentFailed(StackError):
    """A stack could not be deployed or deleted, or the app could not be packaged."""


class Transient(StackError):
    """The same command can succeed later."""


class AnotherRun(Transient):
    """Another process is doing the same."""


class Incomplete(Transient):
    """Part of the work is done; running the command again does the rest."""


class NotStable(Transient):
    """A resource did not reach a stable state in time."""
