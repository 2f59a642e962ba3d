"""A Trello board as its menu exports it: "Print, export and share", "Export as JSON".

Names and values are those of Trello's API (developer.atlassian.com/cloud/trello/rest). Trello's ids are unique beyond
the board, and a card keeps its id when it moves to another one.

- A card becomes a todo in its list. `pos` is its order, `desc` its notes, its labels are tags: their names, or the
  colours of those without one.
- `due` is an instant, and `dueReminder`, in minutes before it, is when to remind. A card is done if `dueComplete` is
  set. It was created when its id says, and completed at `dateCompleted`, or when an action says so.
- An archived card, or a card in an archived list, is loaded as completed; `closed` in the metadata says that it was
  archived. A template card is marked as one.
- Each item of a card's checklists becomes a todo whose parent is the card's, in the order of the checklists.
- Comments (`actions`) follow the description in the notes, the oldest first; the export has the last 1,000 actions of
  the board.
- Custom fields, attachments (their names and addresses), members, `start`, `idShort`, `url`, the board's name and other
  data stay in the metadata; what only serves Trello's own pages is left out.

A board is read whole before its first card is loaded (`loaders.rows.board`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Final

from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.board import (
    Part,
    add_comments,
    array_of,
    gather,
    joined,
    names_of,
    take_archived,
    text_of,
)
from loaders.rows.dates import read_date
from loaders.rows.json_stream import JsonReader, paths_in
from loaders.rows.record import Record, one_of
from loaders.rows.room import make_room, take_order
from loaders.rows.row import BadRow, Row, bad_row
from loaders.rows.spool import Spool
from loaders.rows.zones import rfc_3339

NAME = "trello"
SYSTEM = "trello"

_PARTS: Final = {
    "lists": Part("list", place="pos"),
    "cards": Part("card", are_rows=True),
    "checklists": Part("checklist", below="idCard", place="pos"),
    "actions": Part("action"),
    "customFields": Part("field"),
    "members": Part("member"),
}
# What only the app's own pages need, or what another value of the card says already.
_OF_THE_PAGES: Final = (
    *("agent", "badges", "cardRole", "checkItemStates", "cover", "creationMethod", "creationMethodError"),
    *("creationMethodLoadingStartedAt", "descData", "email", "faviconUrl", "idAttachmentCover"),
    *("idBoard", "idChecklists", "idLabels", "idMembersVoted", "idOrganization", "isTemplate", "limits"),
    *("manualCoverAttachment", "mirrorSourceId", "nodeId", "pinned", "pluginData", "shortLink", "shortUrl"),
    *("stickers", "subscribed", "checklists", "actions", "nameData"),
)
_STATES: Final = {"incomplete": False, "complete": True}
_OBJECT_ID: Final = re.compile(r"[0-9a-f]{24}", re.ASCII)
_MARKS_OF_A_BOARD: Final = frozenset(
    {"labelNames", "prefs", "idOrganization", "shortLink", "memberships", "checklists"}
)
_MAX_FIELDS: Final = 100
# A reminder is at most some days before; -1 is none.
_MAX_MINUTES: Final = 366 * 24 * 60
_SPARE: Final = ("attachments", "customFields", "members")


def recognise(head: bytes) -> Certainty:
    paths = paths_in(head)
    names = {path[0] for path in paths if len(path) == 1}
    if ("cards", "[]", "id") in paths:
        is_board = ("cards", "[]", "idList") in paths
    else:
        # The cards of a large board come after its actions, beyond the head.
        has_names = {"id", "name"} <= names and ({"lists", "cards"} <= names or len(_MARKS_OF_A_BOARD & names) > 1)
        is_board = has_names or ("actions", "[]", "idMemberCreator") in paths
    return Certainty.CERTAIN if is_board else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    board: dict[str, Any] = {"name": None}
    with Spool() as spool, Spool() as acts:
        reader = JsonReader(file)
        yield from gather(reader, spool, _PARTS, board)
        reader.finish()
        for _, action in spool.all("action"):
            _note_action(acts, action)
        for line, card in spool.all("card"):
            yield from _rows(line, card, board["name"], spool, acts, how)
        for line, checklist in spool.all("checklist"):
            if spool.get("card", checklist.get("idCard")) is None:
                yield from _items(((line, checklist),), checklist.get("idCard"), {}, how)


def _note_action(acts: Spool, action: dict[str, Any]) -> None:
    """Keep what an action says of its card: a comment, or that it was completed."""
    data = action.get("data")
    card = data.get("card") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(card, dict):
        return
    date = text_of(action.get("date"), "")
    if action.get("type") in ("commentCard", "copyCommentCard"):
        by = action.get("memberCreator")
        name = text_of(by.get("fullName")) or text_of(by.get("username")) if isinstance(by, dict) else None
        acts.put("comment", None, {"by": name, "date": date, "text": data.get("text")}, below=card.get("id"))
    elif (
        action.get("type") == "updateCard"
        and card.get("dueComplete") is True
        and "dueComplete" in (data.get("old") or ())
    ):
        acts.put("completion", card.get("id"), date)


def _rows(
    line: int, card: dict[str, Any], board: Any, spool: Spool, acts: Spool, how: ReadOptions
) -> Iterator[Row | BadRow]:
    own_list = spool.get("list", card.get("idList")) or {}
    list_name = text_of(own_list.get("name"))
    place = {"list": list_name} if list_name else {}
    more: dict[str, Any] = {**place, "board": board}
    if own_list.get("closed") is True:
        more["closed"] = True
    if not card.get("dateCompleted") and (completed := acts.get("completion", card.get("id"))):
        more["dateCompleted"] = completed
    if comments := joined(acts, "comment", card.get("id")):
        more["comments"] = sorted(comments, key=lambda comment: str(comment["date"]))
    if members := names_of(spool, "member", array_of(card.get("idMembers")), "fullName", "username"):
        more["members"] = members
    if fields := _custom_fields(spool, card):
        more["customFields"] = fields
    yield row_of(line, {**card, **{name: value for name, value in more.items() if value}}, how)
    nested = ((line, each) for each in array_of(card.get("checklists")) if isinstance(each, dict))
    yield from _items(chain(nested, spool.parts("checklist", card.get("id"))), card.get("id"), place, how)


def _items(
    checklists: Iterable[tuple[int, dict[str, Any]]], card_id: Any, place: dict[str, Any], how: ReadOptions
) -> Iterator[Row | BadRow]:
    """The rows of the items of a card's checklists, in their order."""
    position = 0
    for line, checklist in checklists:
        for item in sorted(array_of(checklist.get("checkItems")), key=_place):
            position += 1
            if not isinstance(item, dict):
                yield bad_row(line, item, "expected an item of a checklist, an object")
                continue
            about = {"idCard": card_id, "checklist": checklist.get("name"), **place, "order": position}
            yield row_of(line, {**item, **about}, how)


def _place(item: Any) -> float:
    place = item.get("pos") if isinstance(item, dict) else None
    return float(place) if isinstance(place, int | float) else math.inf


def _custom_fields(spool: Spool, card: dict[str, Any]) -> dict[str, Any]:
    """The values of the board's own fields by their names."""
    found: dict[str, Any] = {}
    for item in array_of(card.get("customFieldItems"))[:_MAX_FIELDS]:
        if not isinstance(item, dict):
            continue
        about = spool.get("field", item.get("idCustomField")) or {}
        value = item.get("value")
        for option in array_of(about.get("options")):
            if isinstance(option, dict) and option.get("id") == item.get("idValue"):
                value = option.get("value")
        only = next(iter(value.values())) if isinstance(value, dict) and len(value) == 1 else value
        if only is not None:
            found[text_of(about.get("name")) or str(item.get("idCustomField"))] = only
    return found


def row_of(line: int, original: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    """The row of a card or of an item of a checklist, which includes what the board's other parts say of it."""
    is_item = "idCard" in original and "idList" not in original
    return _item(line, original, how) if is_item else _card(line, original, how)


def _card(line: int, card: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    record = Record(line, card, card)
    if card.get("isTemplate") is not True:
        record.rest.pop("isTemplate", None)
    _take_common(record, how)
    record.take("notes", "desc")
    record.take("completed", "dueComplete")
    record.take("tags", "labels", _labels)
    record.take("completed_at", "dateCompleted", lambda value: read_date(value, how.time_zone))
    _take_reminder(record)
    add_comments(record, record.take_value("comments", _objects) or [])
    take_archived(record, "closed")
    if attachments := _attachments(array_of(record.rest.pop("attachments", None))):
        record.rest["attachments"] = attachments
    record.drop(*_OF_THE_PAGES, "customFieldItems", "idMembers", *(("idList",) if "list" in card else ()))
    make_room(record, spare=_SPARE)
    return record.row("id")


def _item(line: int, item: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    record = Record(line, item, item)
    _take_common(record, how)
    record.take("completed", "state", one_of(_STATES))
    record.take("order", "order")
    record.drop(*_OF_THE_PAGES, "idChecklist", "pos")
    make_room(record)
    return record.row("id", "idCard")


def _take_common(record: Record, how: ReadOptions) -> None:
    record.take("title", "name")
    record.take("list", "list")
    record.take("due", "due", lambda value: read_date(value, how.time_zone))
    take_order(record, "pos")
    if created := _created(record.rest.get("id")):
        record.fields["created_at"] = created


def _created(own_id: Any) -> str | None:
    """When an id was made: its first eight digits are seconds since 1970."""
    if not isinstance(own_id, str) or not _OBJECT_ID.fullmatch(own_id):
        return None
    return rfc_3339(datetime.fromtimestamp(int(own_id[:8], 16), UTC))


def _take_reminder(record: Record) -> None:
    minutes, due = record.rest.pop("dueReminder", None), record.fields.get("due")
    if not isinstance(minutes, int) or not 0 <= minutes <= _MAX_MINUTES or not due:
        return
    with suppress(OverflowError):
        record.fields["remind_at"] = rfc_3339(datetime.fromisoformat(due) - timedelta(minutes=minutes))


def _labels(value: Any) -> list[str]:
    labels = _objects(value)
    return [name for label in labels if (name := text_of(label.get("name")) or text_of(label.get("color")))]


def _objects(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError("expected an array of objects")
    return value


def _attachments(value: list[Any]) -> list[dict[str, Any]]:
    return [
        {name: each[name] for name in ("name", "url") if each.get(name)} for each in value if isinstance(each, dict)
    ]
