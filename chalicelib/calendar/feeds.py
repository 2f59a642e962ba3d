"""Calendar feeds: which of an owner's todos a token shows, read-only. Only the settings table holds them.

A token consists of the feed's id and a secret. An item under a partition key that no owner's can equal leads from the
id to the feed, whoever asks. The table has only a hash of the token, so that nobody who reads the table can use it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from chalicelib.aws import settings_table
from chalicelib.aws.owned_collection import OwnedItems, attributes_of, dump_names, names_of, text_of
from chalicelib.aws.settings_table import Item
from chalicelib.todos import ids, instants
from chalicelib.todos.errors import Permanent, Unavailable
from chalicelib.todos.ids import Owner, Partition

MAX_FEEDS: Final = 20
SECRET_BYTES: Final = 32

_COLLECTION: Final = OwnedItems("feed#", "feeds", MAX_FEEDS)
# An owner's partition never holds a "#" (`ids.partition_of`).
_BY_ID_PREFIX: Final = "#feed#"
_BY_ID_KEY: Final = "feed"

_ID_BYTES: Final = 16
# Base64 of a multiple of three bytes has no padding.
_TOKEN_LENGTH: Final = (_ID_BYTES + SECRET_BYTES) // 3 * 4


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed of an owner.

    Attributes
    ----------
    name : str, optional
        What a calendar program calls it.
    lists : tuple of str, optional
        The lists whose todos it shows; None for all.
    """

    owner: Owner
    feed_id: str
    name: str | None
    lists: tuple[str, ...] | None
    created_at: str
    request_hash: str | None = None


class KeyReused(Permanent):
    """The idempotency key was used before, for another feed."""


def new_id() -> str:
    """The id of a feed that is created without an idempotency key."""
    return str(uuid.uuid4())


def id_for_key(owner: Owner, idempotency_key: str) -> str:
    """The id of the feed that a POST with this key creates: the same for every repeat."""
    return _COLLECTION.id_for_key(owner, idempotency_key)


def create(
    owner: Owner,
    feed_id: str,
    *,
    name: str | None = None,
    lists: Collection[str] | None = None,
    request_hash: str | None = None,
) -> tuple[Feed, str]:
    """Create a feed; returns it with its token, which is never shown again.

    A feed that has this id already gets a new token, and its old token ends: a client that repeats the request has
    lost the answer.

    Raises
    ------
    CollectionFull, KeyReused, Unavailable
    """
    feed = Feed(
        owner=owner,
        feed_id=feed_id,
        name=name,
        lists=tuple(lists) if lists is not None else None,
        created_at=instants.instant_after(None),
        request_hash=request_hash,
    )
    token = _new_token(feed_id)
    partition = ids.partition_of(owner)
    by_id = {
        **settings_table.key(_by_id(feed_id), _BY_ID_KEY),
        **attributes_of(feed_owner=partition, token_hash=_hash(token)),
    }
    if _COLLECTION.add(_item(partition, feed), settings_table.put(by_id)):
        return feed, token
    return _with_new_token(feed, token), token


def of_owner(owner: Owner) -> list[Feed]:
    """The feeds of an owner, oldest first, by a strongly consistent read.

    Raises
    ------
    Unavailable
    """
    return [_feed(item) for item in _COLLECTION.of_partition(ids.partition_of(owner))]


def of_token(token: str) -> Feed | None:
    """The feed that a token shows, by strongly consistent reads; None if the token is wrong or revoked.

    Raises
    ------
    Unavailable
    """
    feed_id = _id_in(token)
    if feed_id is None:
        return None
    by_id = settings_table.find(_by_id(feed_id), _BY_ID_KEY)
    if by_id is None or not hmac.compare_digest(by_id["token_hash"]["S"], _hash(token)):
        return None
    item = _COLLECTION.find(Partition(by_id["feed_owner"]["S"]), feed_id)
    return None if item is None else _feed(item)


def delete(owner: Owner, feed_id: str) -> bool:
    """Revoke a feed's token at once; False if there is no such feed.

    Raises
    ------
    Unavailable
    """
    by_id = settings_table.delete(_by_id(feed_id), _BY_ID_KEY)
    return _COLLECTION.remove(ids.partition_of(owner), feed_id, by_id)


def _with_new_token(feed: Feed, token: str) -> Feed:
    item = _COLLECTION.find(ids.partition_of(feed.owner), feed.feed_id)
    if item is not None:
        found = _feed(item)
        if found.request_hash != feed.request_hash:
            raise KeyReused
        hashed = {":hash": {"S": _hash(token)}}
        if settings_table.update(_by_id(feed.feed_id), _BY_ID_KEY, "SET token_hash = :hash", hashed):
            return found
    raise Unavailable("the feed was deleted a moment ago")


def _by_id(feed_id: str) -> Partition:
    """The partition of the item that leads from a feed's id to its owner."""
    return Partition(_BY_ID_PREFIX + feed_id)


def _new_token(feed_id: str) -> str:
    return base64.urlsafe_b64encode(uuid.UUID(feed_id).bytes + secrets.token_bytes(SECRET_BYTES)).decode()


def _id_in(token: str) -> str | None:
    """The feed's id in a token; None for a text that is not a token."""
    if len(token) != _TOKEN_LENGTH:
        return None
    try:
        content = base64.b64decode(token, altchars=b"-_", validate=True)
    except ValueError:
        return None
    return str(uuid.UUID(bytes=content[:_ID_BYTES])) if len(content) == _ID_BYTES + SECRET_BYTES else None


def _hash(token: str) -> str:
    # A secret of 256 random bits is beyond guessing; a slow hash, as for passwords, would add nothing.
    return hashlib.sha256(token.encode()).hexdigest()


def _item(partition: Partition, feed: Feed) -> Item:
    attributes = attributes_of(
        created_at=feed.created_at, name=feed.name, lists=dump_names(feed.lists), request_hash=feed.request_hash
    )
    return _COLLECTION.item(partition, feed.feed_id, attributes)


def _feed(item: Item) -> Feed:
    return Feed(
        owner=ids.owner_of(Partition(item["owner"]["S"])),
        feed_id=_COLLECTION.id_of(item),
        name=text_of(item, "name"),
        lists=names_of(item, "lists"),
        created_at=item["created_at"]["S"],
        request_hash=text_of(item, "request_hash"),
    )
