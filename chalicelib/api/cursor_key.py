"""The key that cursors are signed with: one for each deployment, made when it is first needed.

A cursor's position goes into a query of the caller's own partition as it is. So it could not reach another owner's
items, but a forged one could make DynamoDB refuse the query. The key lies in the settings table, which is backed up; if
it is deleted, cursors that are in use are refused, and clients begin again.
"""

from __future__ import annotations

import secrets
from typing import Final

from chalicelib.aws import settings_table
from chalicelib.aws.memory import remembered
from chalicelib.todos.errors import Unavailable
from chalicelib.todos.ids import Partition

# No token's sub can equal it: in those, a "#" is percent-encoded.
_PARTITION: Final = Partition("#cursors")
_SORT_KEY: Final = "key"
_KEY_BYTES: Final = 32


@remembered
def cursor_key() -> bytes:
    """The key, by one read for each process.

    Raises
    ------
    Unavailable
    """
    item = settings_table.find(_PARTITION, _SORT_KEY)
    if item is None:
        made = {"secret": {"S": secrets.token_hex(_KEY_BYTES)}}
        # Another process may be faster; the first one's counts.
        settings_table.put_new({**settings_table.key(_PARTITION, _SORT_KEY), **made})
        item = settings_table.find(_PARTITION, _SORT_KEY)
    if item is None:
        raise Unavailable("the key of cursors was deleted a moment ago")
    return bytes.fromhex(item["secret"]["S"])
