"""Named lists: names that an owner keeps also while no todo is in them. Only the settings table holds them.

The ledger cannot tell which lists once had todos: the projection skips versions, and a rebuild sees only the newest. So
a name is kept because its owner asked for that. Commands on todos do not touch the names.
"""

from __future__ import annotations

from typing import Any, Final

from chalicelib.aws import settings_table
from chalicelib.aws.owned_collection import OwnedItems, attributes_of
from chalicelib.todos import ids, instants
from chalicelib.todos.ids import Owner, Partition

# A page of `GET /lists` reads as many names as it may have rows; all of them take 0.5 MB at most.
MAX_NAMED_LISTS: Final = 500

_PREFIX: Final = "list#"
_COUNT_KEY: Final = "lists"
_COLLECTION: Final = OwnedItems(_PREFIX, _COUNT_KEY, MAX_NAMED_LISTS)

_JUST_BEHIND: Final = " "
_BEHIND_ALL: Final = "\x7f"


def add(owner: Owner, name: str) -> bool:
    """Keep a list's name; False if it is kept already.

    Raises
    ------
    CollectionFull, Unavailable
    """
    return _COLLECTION.add(_item(ids.partition_of(owner), name))


def remove(owner: Owner, name: str) -> bool:
    """Forget a list's name; False if it is not kept.

    Raises
    ------
    Unavailable
    """
    return _COLLECTION.remove(ids.partition_of(owner), ids.encode_list(name))


def page(owner: Owner, *, after: str | None, limit: int) -> tuple[list[str], str | None]:
    """The names that an owner keeps, in the order of their sort keys, by a strongly consistent read.

    Parameters
    ----------
    after : str, optional
        The sort key (``list#`` and the encoded name, as the views have it) behind which the page begins.

    Returns
    -------
    list of str
    str or None
        The last sort key, if there may be more.

    Raises
    ------
    Unavailable
    """
    low = after + _JUST_BEHIND if after else _PREFIX
    items, last = settings_table.page_between(ids.partition_of(owner), low, _PREFIX + _BEHIND_ALL, limit)
    return [ids.decode_list(_COLLECTION.id_of(item)) for item in items], last


def writes_of_renaming(partition: Partition, name: str, to: str) -> list[dict[str, Any]]:
    """A transaction's writes that give a kept name's place to another; none if it is not kept, or the same.

    Their conditions fail if one of both names was kept or forgotten since they were read here.

    Raises
    ------
    Unavailable
    """
    if name == to or settings_table.find(partition, _PREFIX + ids.encode_list(name)) is None:
        return []
    removal = settings_table.delete(partition, _PREFIX + ids.encode_list(name))
    if settings_table.find(partition, _PREFIX + ids.encode_list(to)) is None:
        return [removal, settings_table.put(_item(partition, to))]
    return [removal, settings_table.count(partition, _COUNT_KEY, -1)]


def _item(partition: Partition, name: str) -> Any:
    return _COLLECTION.item(partition, ids.encode_list(name), attributes_of(created_at=instants.instant_after(None)))
