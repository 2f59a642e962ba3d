"""How owners, todos and lists are named in keys: percent-encoded, so that no name can reach into another's."""

from __future__ import annotations

import re
import uuid
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote, unquote

# Derived ids (RFC 9562, version 5) live in a namespace of this service's own, so that they cannot meet anybody else's.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "todo-ledger")
SOURCE_NAMESPACE = uuid.uuid5(NAMESPACE, "source")
# Of its own, since an idempotency key could read like a todo's id and a date.
OCCURRENCE_NAMESPACE = uuid.uuid5(NAMESPACE, "occurrence")

# Percent-encoded it takes three times as many, and a partition key has room for 2,048.
MAX_OWNER_BYTES = 255

TODO_ID_PATTERN = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
# Whether a text is a UUID in its canonical form: lower case, with hyphens (RFC 9562, section 4).
is_todo_id = re.compile(TODO_ID_PATTERN).fullmatch


def owner_error(owner: str) -> str | None:
    """What keeps a text from being an owner, or None."""
    try:
        size = len(owner.encode())
    except UnicodeEncodeError:
        return "an owner is Unicode text"
    return None if 1 <= size <= MAX_OWNER_BYTES else f"an owner has 1 to {MAX_OWNER_BYTES} bytes"


@lru_cache(maxsize=1024)
def partition_of(owner: str) -> str:
    """The owner as it stands in every key: RFC 3986 unreserved characters and ``%`` only, hence never a ``#``."""
    return quote(owner, safe="", errors="surrogatepass")


def owner_of(partition: str) -> str:
    """The owner whose keys these are: the other way round."""
    return unquote(partition, errors="surrogatepass")


@lru_cache(maxsize=1024)
def stream_id(partition: str, todo_id: str) -> str:
    """The events-table partition of one todo: ``{owner}#{todo_id}``."""
    return f"{partition}#{quote(todo_id, safe='')}"


def split_stream_id(value: str) -> tuple[str, str]:
    """The (owner partition, todo id) that a stream id names; a ValueError for anything else."""
    partition, separator, todo_id = value.rpartition("#")
    if not (partition and separator and todo_id):
        raise ValueError(f"{value!r} is no stream id")
    return partition, unquote(todo_id)


def id_for_key(owner: str, idempotency_key: str) -> str:
    """The id of the todo that a POST with this key creates: the same for every repeat."""
    return str(uuid.uuid5(NAMESPACE, f"{partition_of(owner)}#{idempotency_key}"))


def id_for_source(owner: str, system: str, source_id: str) -> str:
    """The id of the todo that a loader makes of a row: the same however often the file is loaded."""
    # A tenth of the standard library's time, once for each row of a file; the stream's handlers never need it.
    import uuid_utils

    return str(uuid_utils.uuid5(_source_namespace(), f"{_prefix_of_source(owner, system)}{source_id}"))


@cache
def _source_namespace() -> Any:
    import uuid_utils

    return uuid_utils.UUID(int=SOURCE_NAMESPACE.int)


@lru_cache(maxsize=16)
def _prefix_of_source(owner: str, system: str) -> str:
    return f"{partition_of(owner)}#{quote(system, safe='')}#"


def id_for_occurrence(owner: str, todo_id: str, due: str) -> str:
    """The id of the todo that follows a repeating one, by the instant that it is due at: the same each time."""
    return str(uuid.uuid5(OCCURRENCE_NAMESPACE, f"{partition_of(owner)}#{todo_id}#{due}"))


def encode_list(name: str) -> str:
    """A list's name as it stands in keys; at most 900 bytes for the 300 of a name, so it fits a sort key (1,024)."""
    return quote(name, safe="")


def decode_list(encoded: str) -> str:
    return unquote(encoded)
