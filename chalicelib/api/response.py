"""An answer as the handlers give it; routing makes the framework's of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Response:
    """An answer to a request.

    Attributes
    ----------
    body : object
        A text, or a JSON value, which routing turns into text; None for an empty body.
    headers : dict
        By name; each has one value.
    """

    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    status_code: int = 200
