"""The event source mappings of functions, which Lambda changes in its own time."""

from __future__ import annotations

import time
from typing import Any, Final

from stack.errors import NotStable

POLL_SECONDS: Final = 1.0
STABLE_SECONDS: Final = 120.0


def of_function(client: Any, function: str) -> list[dict[str, Any]]:
    """Lambda's descriptions of a function's mappings; none if the function does not exist."""
    pages = client.get_paginator("list_event_source_mappings").paginate(FunctionName=function)
    try:
        return [mapping for page in pages for mapping in page["EventSourceMappings"]]
    except (client.exceptions.ResourceNotFoundException, client.exceptions.InvalidParameterValueException):
        # AWS documents the first, and is said to answer with the second; the local engine returns an empty list.
        return []


def update(client: Any, uuid: str, **settings: Any) -> None:
    """Change settings of a mapping, all in one call, and wait until they apply.

    Raises
    ------
    NotStable
        It took too long.
    """
    _wait_until_stable(client, uuid)
    client.update_event_source_mapping(UUID=uuid, **settings)
    _wait_until_stable(client, uuid)


def _wait_until_stable(client: Any, uuid: str) -> None:
    deadline = time.monotonic() + STABLE_SECONDS
    while client.get_event_source_mapping(UUID=uuid)["State"] not in ("Enabled", "Disabled"):
        if time.monotonic() > deadline:
            raise NotStable(f"the event source mapping {uuid} did not reach a stable state in {STABLE_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)
