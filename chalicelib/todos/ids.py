"""How keys name owners, todos, lists and operations: encoded, so that no name can reach into another owner's keys."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from functools import lru_cache
from typing import NewType
from urllib.parse import quote, unquote

# A token's `sub`, as it is.
Owner = NewType("Owner", str)
# An owner as every key has it: percent-encoded, so that it never holds a "#".
Partition = NewType("Partition", str)

# Derived ids (RFC 9562, version 5) live in a namespace of this service's own, so that they never equal another's.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "todo-ledger")
SOURCE_NAMESPACE = uuid.uuid5(NAMESPACE, "source")
# A separate one, since an idempotency key could look like a todo's id.
OCCURRENCE_NAMESPACE = uuid.uuid5(NAMESPACE, "occurrence")

# The service's own actors have names that begin so, and no owner has: `sub` is any text, so some must be reserved.
SERVICE_PREFIX = "urn:todo-ledger:"
# Who appends what a file says, and who reminds.
LOADER = f"{SERVICE_PREFIX}loader"
REMIND = f"{SERVICE_PREFIX}remind"

# The operations that the service names itself begin so, and no caller's do.
MINTED_PREFIX = "~"
OPERATION = "[!-~]{1,64}"
STATED_OPERATION = "[!-}][!-~]{0,63}"
# Over so many keys of the index the events of a load's operation are spread: one key takes 1,000 writes a second, and
# an index that is throttled throttles the ledger.
OPERATION_SHARDS = 16

# Percent-encoding at most triples them, and a partition key has room for 2,048.
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
    if not 1 <= size <= MAX_OWNER_BYTES:
        return f"an owner has 1 to {MAX_OWNER_BYTES} bytes"
    # URNs are compared without regard to the case of their first parts (RFC 8141, section 3.1).
    if owner[: len(SERVICE_PREFIX)].lower() == SERVICE_PREFIX:
        return f"names that begin with {SERVICE_PREFIX} are the service's own"
    return None


@lru_cache(maxsize=1024)
def partition_of(owner: Owner) -> Partition:
    """The owner as every key has it: RFC 3986 unreserved characters and ``%`` only, hence never a ``#``."""
    return Partition(quote(owner, safe="", errors="surrogatepass"))


def owner_of(partition: Partition) -> Owner:
    """The owner that a partition belongs to: the inverse of `partition_of`."""
    return Owner(unquote(partition, errors="surrogatepass"))


def group_of(partition: Partition) -> str:
    """The message group of an owner: by it a standard queue hands the owners' messages over fairly.

    A group's name has at most 128 characters, and a partition may have more.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """
    # Only what sends messages needs it.
    import hashlib

    return hashlib.sha256(partition.encode()).hexdigest()


def stream_id(partition: Partition, todo_id: str) -> str:
    """The events-table partition of one todo: ``{owner}#{todo_id}``."""
    # Quoting would leave a UUID as it is, but takes ten times as long to find that out.
    is_plain = todo_id.isascii() and todo_id.replace("-", "").isalnum()
    return f"{partition}#{todo_id if is_plain else quote(todo_id, safe='')}"


def split_stream_id(value: str) -> tuple[Partition, str]:
    """The (owner's partition, todo id) that a stream id names.

    Raises
    ------
    ValueError
        For any other text.
    """
    partition, separator, todo_id = value.rpartition("#")
    if not (partition and separator and todo_id):
        raise ValueError(f"{value!r} is not a stream id")
    return Partition(partition), unquote(todo_id)


def operation_key(partition: Partition, operation: str, shard: int = 0) -> str:
    """The key of an operation's events in the ledger's index: ``{owner}#{operation}#{shard}``, percent-encoded parts.

    At most 961 bytes, for an owner of 255 and an operation of 64 characters, where a key has room for 2,048.
    """
    return f"{partition}#{quote(operation, safe='')}#{shard}"


def operation_shard(todo_id: str) -> int:
    """The shard of a load's events of one todo."""
    # Only a load needs it.
    import zlib

    return zlib.crc32(todo_id.encode()) % OPERATION_SHARDS


def operation_in(key: str) -> str:
    """The operation that a key of the index names.

    Raises
    ------
    ValueError
        For any other text.
    """
    _, operation, _ = key.split("#")
    return unquote(operation)


def new_uuid() -> str:
    """A UUIDv7 (RFC 9562): ids that one process makes one after the other sort that way, as its clock goes.

    The system's random bits make it unique. Nothing is kept from one call to the next, which two processes that start
    from one snapshot would share.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    # The second half of one of version 4: two bits for the variant, and 62 of the system's.
    random = uuid.uuid4().hex[16:]
    return f"{milliseconds >> 16:08x}-{milliseconds & 0xFFFF:04x}-7{fraction:03x}-{random[:4]}-{random[4:]}"


def mint_operation(unique: str) -> str:
    """The name of an operation for which the caller states none; `unique` has at most 63 visible ASCII characters."""
    return MINTED_PREFIX + unique


def id_for_key(owner: Owner, idempotency_key: str) -> str:
    """The id of the todo that a POST with this key creates: the same for every repeat."""
    return str(uuid.uuid5(NAMESPACE, f"{partition_of(owner)}#{idempotency_key}"))


def id_for_source(owner: Owner, system: str, source_id: str) -> str:
    """The id of the todo that a loader makes of a row: the same however often the file is loaded.

    Raises
    ------
    UnicodeEncodeError
        The row's id contains a lone surrogate, which cannot be encoded.
    """
    return _ids_for_source(owner, system)(source_id)


@lru_cache(maxsize=16)
def _ids_for_source(owner: Owner, system: str) -> Callable[[str], str]:
    # Takes a tenth of the standard library's time, for each row of a file. Only loaders have it, and call this.
    import uuid_utils

    make = uuid_utils.uuid5
    namespace = uuid_utils.UUID(int=SOURCE_NAMESPACE.int)
    prefix = f"{partition_of(owner)}#{quote(system, safe='')}#"

    def id_of(source_id: str) -> str:
        try:
            return str(make(namespace, prefix + source_id))
        except TypeError:
            # That is what it makes of a text that cannot be encoded. With bytes it takes five times as long.
            source_id.encode()
            raise

    return id_of


def id_for_next(todo_id: str) -> str:
    """The id of the first todo after a repeating one: one todo is one occurrence, and has one next, whatever changes.

    Neither the owner nor a date is part of it. An owner's streams are apart from others' in any case.
    """
    return str(uuid.uuid5(OCCURRENCE_NAMESPACE, todo_id))


@lru_cache(maxsize=1024)
def encode_list(name: str) -> str:
    """A list's name as keys have it; at most 900 bytes for the 300 of a name, so it fits a sort key (1,024)."""
    return quote(name, safe="")


def decode_list(encoded: str) -> str:
    """The inverse of `encode_list`."""
    return unquote(encoded)
