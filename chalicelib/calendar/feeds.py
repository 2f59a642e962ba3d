"""Calendar feeds: which of an owner's todos a token shows, read-only. They lie in the settings table alone.

A token is the feed's id and a secret. The id leads to the feed, whoever asks, by an item under a partition key that no
owner's can equal; of the token the table has only a hash, so that nobody who reads the table can use it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from chalicelib.aws import errors, settings_table
from chalicelib.todos import ids, instants

MAX_FEEDS: Final = 20
SECRET_BYTES: Final = 32

_PREFIX: Final = "feed#"
_COUNT_KEY: Final = "feeds"
# An owner's partition never holds a "#" (keys.partition_of).
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
    owner : str
        The token's ``sub`` of whoever made it.
    name : str, optional
        What a calendar program is to call it.
    lists : tuple of str, optional
        Of which lists it shows the todos; None for all.
    """

    owner: str
    feed_id: str
    name: str | None
    lists: tuple[str, ...] | None
    created_at: str
    request_hash: str | None = None


class TooManyFeeds(Exception):
    """The owner has as many feeds as there may be."""


class KeyReused(Exception):
    """The idempotency key was used before, for another feed."""


def new_id() -> str:
    """A random id (UUIDv4) for a feed."""
    return str(uuid.uuid4())


def id_for_key(owner: str, idempotency_key: str) -> str:
    """The id of the feed that a POST with this key creates: the same for every repeat."""
    return str(uuid.uuid5(ids.NAMESPACE, f"{ids.partition_of(owner)}#{_PREFIX}{idempotency_key}"))


def create(
    owner: str,
    feed_id: str,
    *,
    name: str | None = None,
    lists: Collection[str] | None = None,
    request_hash: str | None = None,
) -> tuple[Feed, str]:
    """A feed and its token, which is told this once.

    A feed that has this id already gets a new token instead, and the one before it ends: whoever repeats the request
    has lost the answer, and the token cannot be told again.

    Raises
    ------
    TooManyFeeds, KeyReused, Unavailable
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
        **settings_table.key(_BY_ID_PREFIX + feed_id, _BY_ID_KEY),
        "feed_owner": {"S": partition},
        "token_hash": {"S": _hash(token)},
    }
    taken, _, full = settings_table.transact(
        [
            settings_table.put(_item(partition, feed)),
            settings_table.put(by_id),
            settings_table.count(partition, _COUNT_KEY, 1, most=MAX_FEEDS),
        ]
    )
    if taken:
        return _with_new_token(feed, token), token
    if full:
        raise TooManyFeeds
    return feed, token


def of_owner(owner: str) -> list[Feed]:
    """The feeds of an owner, oldest first, by a strongly consistent read.

    Raises
    ------
    Unavailable
    """
    found = [_feed(item) for item in settings_table.beginning_with(ids.partition_of(owner), _PREFIX)]
    return sorted(found, key=lambda feed: (feed.created_at, feed.feed_id))


def of_token(token: str) -> Feed | None:
    """The feed that a token shows, by strongly consistent reads; None for one that is wrong or revoked.

    Raises
    ------
    Unavailable
    """
    feed_id = _id_in(token)
    if feed_id is None:
        return None
    by_id = settings_table.find(_BY_ID_PREFIX + feed_id, _BY_ID_KEY)
    if by_id is None or not hmac.compare_digest(by_id["token_hash"]["S"], _hash(token)):
        return None
    item = settings_table.find(by_id["feed_owner"]["S"], _PREFIX + feed_id)
    return None if item is None else _feed(item)


def delete(owner: str, feed_id: str) -> bool:
    """Revoke a feed's token, at once; whether there was such a feed.

    Raises
    ------
    Unavailable
    """
    partition = ids.partition_of(owner)
    gone, *_ = settings_table.transact(
        [
            settings_table.delete(partition, _PREFIX + feed_id),
            settings_table.delete(_BY_ID_PREFIX + feed_id, _BY_ID_KEY),
            settings_table.count(partition, _COUNT_KEY, -1),
        ]
    )
    return not gone


def _with_new_token(feed: Feed, token: str) -> Feed:
    item = settings_table.find(ids.partition_of(feed.owner), _PREFIX + feed.feed_id)
    if item is not None:
        found = _feed(item)
        if found.request_hash != feed.request_hash:
            raise KeyReused
        hashed = {":hash": {"S": _hash(token)}}
        sk = _BY_ID_PREFIX + feed.feed_id
        if settings_table.update_standing(sk, _BY_ID_KEY, "SET token_hash = :hash", hashed):
            return found
    raise errors.Unavailable("the feed was deleted a moment ago")


def _new_token(feed_id: str) -> str:
    return base64.urlsafe_b64encode(uuid.UUID(feed_id).bytes + secrets.token_bytes(SECRET_BYTES)).decode()


def _id_in(token: str) -> str | None:
    """The id of the feed that a token claims to be of; None for what is no token."""
    if len(token) != _TOKEN_LENGTH:
        return None
    try:
        content = base64.b64decode(token, altchars=b"-_", validate=True)
    except ValueError:
        return None
    return str(uuid.UUID(bytes=content[:_ID_BYTES])) if len(content) == _ID_BYTES + SECRET_BYTES else None


def _hash(token: str) -> str:
    # A secret of 256 random bits is beyond guessing; what slows guesses down, as for passwords, would add nothing.
    return hashlib.sha256(token.encode()).hexdigest()


def _item(partition: str, feed: Feed) -> dict[str, dict[str, str]]:
    item = {**settings_table.key(partition, _PREFIX + feed.feed_id), "created_at": {"S": feed.created_at}}
    if feed.name is not None:
        item["name"] = {"S": feed.name}
    if feed.lists is not None:
        item["lists"] = {"S": json.dumps(feed.lists)}
    if feed.request_hash is not None:
        item["request_hash"] = {"S": feed.request_hash}
    return item


def _feed(item: settings_table.Item) -> Feed:
    def text(attribute: str) -> str | None:
        return item[attribute]["S"] if attribute in item else None

    lists = text("lists")
    return Feed(
        owner=ids.owner_of(item["owner"]["S"]),
        feed_id=item["sk"]["S"].removeprefix(_PREFIX),
        name=text("name"),
        lists=None if lists is None else tuple(json.loads(lists)),
        created_at=item["created_at"]["S"],
        request_hash=text("request_hash"),
    )
