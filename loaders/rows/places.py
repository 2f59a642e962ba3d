"""The place of a row in its file as the order of its todo, where neither the row nor the format has an order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from loaders.rows.row import BadRow, Row

_FIELD: Final = "order"


def with_places(rows: Iterable[Row | BadRow]) -> Iterator[Row | BadRow]:
    """The rows of a file, each with its place as its order, counted from 1, unless it states an order.

    Only the creation of a todo takes it. A line that is added or removed moves all lines behind it, which would change
    each of their todos, and a todo may have been moved here since. So a reload leaves the order as it is, and gives
    none to todos that were loaded without.
    """
    for place, row in enumerate(rows, 1):
        # A name for it is also that of an order which the row leaves empty.
        if isinstance(row, BadRow) or _FIELD in row.names or _FIELD in row.fields:
            yield row
        else:
            row.fields[_FIELD] = place
            yield msgspec.structs.replace(row, unstated=(*row.unstated, _FIELD))
