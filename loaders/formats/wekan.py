"""A Wekan board as its menu exports it ("Export board", JSON); names and values are those of Wekan's collections.

Wekan's ids are unique beyond the board, and a card keeps its id when it moves to another one.

- A card becomes a todo in its list. `sort` is its order, `description` its notes, its labels are tags: their names, or
  the colours of those without one. A card with a `parentId` is a subtask, also one of another board (`subtaskItems`).
- `dueAt` is an instant. A card is done if `dueComplete` is set, or at `endAt`, unless that was a plan: later than
  everything that happened to the card.
- An archived card, or a card in an archived list, is loaded as completed; `archived` in the metadata says so.
- Each item of a card's checklists becomes a todo whose parent is the card's, in the order of the checklists.
- Comments follow the description in the notes, the oldest first.
- Custom fields, names of attachments, members, assignees, the swimlane, other dates, the board's name and other data
  stay in the metadata; what only serves Wekan's own pages is left out. Activities and rules are not read.

A board is read whole before its first card is loaded (`loaders.rows.board`); the files in it are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.board import (
    Part,
    add_comments,
    array_of,
    gather_array,
    joined,
    names_of,
    objects_of,
    take_archived,
    text_of,
)
from loaders.rows.dates import read_date
from loaders.rows.json_stream import JsonReader, paths_in
from loaders.rows.record import Record
from loaders.rows.room import make_room, take_order
from loaders.rows.row import BadRow, Row
from loaders.rows.spool import Spool

NAME = "wekan"
SYSTEM = "wekan"

_PARTS: Final = {
    "lists": Part("list", key="_id", place="sort"),
    "swimlanes": Part("swimlane", key="_id", place="sort"),
    "labels": Part("label", key="_id"),
    "users": Part("user", key="_id"),
    "customFields": Part("field", key="_id"),
    "cards": Part("card", key="_id", below="parentId", place="sort", are_rows=True),
    "subtaskItems": Part("subtask", key="_id", are_rows=True),
    "checklists": Part("checklist", key="_id", below="cardId", place="sort"),
    "checklistItems": Part("item", key="_id", below="checklistId", place="sort", are_rows=True),
    "comments": Part("comment", key="_id", below="cardId"),
}
_OF_AN_ATTACHMENT: Final = ("_id", "cardId", "name", "url")
# What only the app's own pages need, or what another value of the card says already.
_OF_THE_PAGES: Final = (
    *("boardId", "color", "coverId", "dateLastActivity", "labelIds", "linkedId", "listId", "poker"),
    *("subtaskSort", "swimlaneId", "targetId_gantt", "linkType_gantt", "linkId_gantt", "vote", "stars", "userId"),
    *("isOvertime", "spentTime", "showActivities", "hideFinishedChecklistIfItemsAreHidden", "checklistId", "type"),
)
_SPARE: Final = ("attachments", "customFields", "members", "assignees")


def recognise(head: bytes) -> Certainty:
    paths = paths_in(head)
    is_board = b'"wekan-board-' in head[:1000] and ("_format",) in paths
    has_cards = {("cards", "[]", "_id"), ("cards", "[]", "listId")} <= paths
    is_cut = {("_id",), ("lists",), ("swimlanes",)} <= paths or {
        ("_id",),
        ("labels", "[]", "_id"),
        ("permission",),
    } <= paths
    return Certainty.CERTAIN if is_board or has_cards or is_cut else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    board = None
    with Spool() as spool:
        reader = JsonReader(file)
        for name in reader.object():
            if name in _PARTS and reader.peek() == "[":
                yield from gather_array(reader, spool, _PARTS[name])
            elif name == "attachments" and reader.peek() == "[":
                _keep_attachments(reader, spool)
            elif name == "title" and reader.peek() == '"':
                board = reader.value()[2]
            else:
                reader.skip()
        reader.finish()
        for line, card in spool.all("card"):
            yield from _rows(line, card, board, spool, how)
        for line, card in spool.all("subtask"):
            # Those of this board are among its cards.
            if spool.get("card", card.get("_id")) is None:
                yield from _rows(line, card, board, spool, how)
        for line, item in spool.all("item"):
            card_id = (spool.get("checklist", item.get("checklistId")) or item).get("cardId")
            if spool.get("card", card_id) is None and spool.get("subtask", card_id) is None:
                yield row_of(line, {**item, "cardId": card_id}, how)


def _keep_attachments(reader: JsonReader, spool: Spool) -> None:
    """Keep what the attachments are called; each has its file in a text of any length."""
    for _ in reader.array():
        if reader.peek() != "{":
            reader.skip()
            continue
        about: dict[str, Any] = {}
        for name in reader.object():
            if name in _OF_AN_ATTACHMENT:
                about[name] = reader.value()[2]
            else:
                reader.skip()
        kept = {name: about[name] for name in ("name", "url") if text_of(about.get(name))}
        spool.put("attachment", about.get("_id"), kept, below=about.get("cardId"))


def _rows(line: int, card: dict[str, Any], board: Any, spool: Spool, how: ReadOptions) -> Iterator[Row | BadRow]:
    own_id = card.get("_id")
    own_list = spool.get("list", card.get("listId")) or {}
    place = {"list": name} if (name := text_of(own_list.get("title"))) else {}
    more: dict[str, Any] = {
        **place,
        "board": board,
        "swimlane": (spool.get("swimlane", card.get("swimlaneId")) or {}).get("title"),
        "labels": names_of(spool, "label", array_of(card.get("labelIds")), "name", "color"),
        "members": names_of(spool, "user", array_of(card.get("members")), "username"),
        "assignees": names_of(spool, "user", array_of(card.get("assignees")), "username"),
        "attachments": joined(spool, "attachment", own_id),
        "customFields": _custom_fields(spool, card),
        "comments": [
            {"by": user.get("username"), "date": each.get("createdAt"), "text": each.get("text")}
            for each in joined(spool, "comment", own_id)
            for user in (spool.get("user", each.get("userId")) or {},)
        ],
    }
    if own_list.get("archived") is True:
        more["archived"] = True
    yield row_of(line, {**card, **more}, how)
    position = 0
    for _, checklist in spool.parts("checklist", own_id):
        for at, item in spool.parts("item", checklist.get("_id")):
            position += 1
            about = {"cardId": own_id, "checklist": checklist.get("title"), **place, "order": position}
            yield row_of(at, {**item, **about}, how)


def _custom_fields(spool: Spool, card: dict[str, Any]) -> dict[str, Any]:
    """The values of the board's own fields by their names."""
    found: dict[str, Any] = {}
    for item in array_of(card.get("customFields"))[:100]:
        if isinstance(item, dict) and item.get("value") not in (None, ""):
            about = spool.get("field", item.get("_id")) or {}
            value = item["value"]
            settings = about.get("settings")
            for option in array_of(settings.get("dropdownItems")) if isinstance(settings, dict) else ():
                if isinstance(option, dict) and option.get("_id") == value:
                    value = option.get("name")
            found[text_of(about.get("name")) or str(item.get("_id"))] = value
    return found


def row_of(line: int, original: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    """The row of a card or of an item of a checklist, which includes what the board's other parts say of it."""
    return _item(line, original) if "cardId" in original else _card(line, original, how)


def _card(line: int, card: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    record = Record(line, card, card)
    record.take("title", "title")
    record.take("notes", "description")
    record.take("list", "list")
    record.take("tags", "labels")
    record.take("due", "dueAt", lambda value: read_date(value, how.time_zone))
    record.take("completed", "dueComplete")
    take_order(record, "sort")
    record.take("created_at", "createdAt", lambda value: read_date(value, how.time_zone))
    if record.fields.get("completed") is not False and _has_ended(card):
        record.fields["completed"] = True
    if record.fields.get("completed") is True:
        record.take("completed_at", "endAt", lambda value: read_date(value, how.time_zone))
    add_comments(record, objects_of(record.rest.pop("comments", None)))
    take_archived(record, "archived")
    for name in _OF_THE_PAGES:
        if name not in ("spentTime", "isOvertime") or not card.get(name):
            record.rest.pop(name, None)
    make_room(record, spare=_SPARE)
    return record.row("_id", "parentId")


def _has_ended(card: dict[str, Any]) -> bool:
    """Whether the end of a card is not later than what happened to it, as of a plan."""
    end, last = text_of(card.get("endAt")), text_of(card.get("dateLastActivity")) or text_of(card.get("modifiedAt"))
    return end is not None and (last is None or end[:10] <= last[:10])


def _item(line: int, item: dict[str, Any]) -> Row | BadRow:
    record = Record(line, item, item)
    record.take("title", "title")
    record.take("list", "list")
    record.take("completed", "isFinished")
    record.take("order", "order")
    record.take("created_at", "createdAt")
    record.drop(*_OF_THE_PAGES, "sort")
    make_room(record)
    return record.row("_id", "cardId")
