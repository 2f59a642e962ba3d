"""The bases of this service's exceptions, by what a caller can do about them. Each room has its own in an `errors`."""

from __future__ import annotations


class ServiceError(Exception):
    """Any exception of this service's own."""


class Transient(ServiceError):
    """The same call may succeed later: it lost a race, or something could not be reached."""


class Unavailable(Transient):
    """A part of this service could not do its work for now; what was asked may or may not have happened."""


class Permanent(ServiceError):
    """The same call fails again, whenever it is made."""


class Poison(Permanent):
    """A record that no retry can help: it cannot be decoded, or what it says is impossible. It is quarantined."""


class TooMuchWork(Permanent):
    """What was asked for together takes more work than it may; each part of it may be done alone."""
