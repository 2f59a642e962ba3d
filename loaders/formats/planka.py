"""A Planka board as its API writes it (`GET /api/boards/ID`): the board in `item`, its parts in `included`.

Planka's ids are unique beyond the board, and a card keeps its id when it moves to another one.

- A card becomes a todo in its list. `position` is its order, `description` its notes, its labels are tags: their
  names, or the colours of those without one. `dueDate` is an instant.
- A card is done if its due date is completed (`isDueCompleted`, `isDueDateCompleted` before version 2), or if it is in
  a list of closed cards (`isClosed`).
- A card in the archive or in the trash is loaded as completed; its list's kind is in the metadata as `archived`.
- Each task of a card becomes a todo whose parent is the card's, in the order of the card's task lists.
- Comments, where the file has them, follow the description in the notes.
- Members, attachments (their names and addresses), custom fields, the stopwatch, the board's name and other data stay
  in the metadata; what only serves Planka's own pages is left out.

A board is read whole before its first card is loaded (`loaders.rows.board`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from loaders.formats import Certainty
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.board import (
    Part,
    add_comments,
    gather,
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

NAME = "planka"
SYSTEM = "planka"

_PARTS: Final = {
    "lists": Part("list"),
    "labels": Part("label"),
    "users": Part("user"),
    "cards": Part("card", below="listId", are_rows=True),
    "cardLabels": Part("card label", below="cardId"),
    "cardMemberships": Part("membership", below="cardId"),
    "taskLists": Part("task list", below="cardId"),
    # Before version 2, tasks belong to their card.
    "tasks": Part("task", below="taskListId", or_below="cardId", are_rows=True),
    "attachments": Part("attachment", below="cardId"),
    "comments": Part("comment", below="cardId"),
    "customFields": Part("field"),
    "customFieldValues": Part("field value", below="cardId"),
}
_OUT_OF_SIGHT: Final = ("archive", "trash")
# What only the app's own pages need, or what another value of the card says already.
_OF_THE_PAGES: Final = (
    *("boardId", "listId", "prevListId", "creatorUserId", "coverAttachmentId", "isSubscribed", "commentsTotal"),
    *("listChangedAt", "isClosed", "isDueDateCompleted", "isDueCompleted", "type", "taskListId"),
)
_SPARE: Final = ("attachments", "customFields", "members")


def recognise(head: bytes) -> Certainty:
    paths = paths_in(head)
    has_parts = ("included", "cards") in paths or {("included", "lists"), ("included", "boardMemberships")} <= paths
    is_cut = ("included",) in paths and ("item", "projectId") in paths
    return Certainty.CERTAIN if ("included",) in paths and (has_parts or is_cut) else Certainty.NO


def read_rows(file: Input, how: ReadOptions) -> Iterator[Row | BadRow]:
    board: dict[str, Any] = {"name": None}
    with Spool() as spool:
        reader = JsonReader(file)
        for name in reader.object():
            if name == "included" and reader.peek() == "{":
                yield from gather(reader, spool, _PARTS)
            elif name == "item" and reader.peek() == "{":
                yield from gather(reader, spool, {}, board)
            else:
                reader.skip()
        reader.finish()
        for line, card in spool.all("card"):
            yield from _rows(line, card, board["name"], spool, how)
        for line, task in spool.all("task"):
            card_id = (spool.get("task list", task.get("taskListId")) or task).get("cardId")
            if spool.get("card", card_id) is None:
                yield row_of(line, {**task, "cardId": card_id}, how)


def _rows(line: int, card: dict[str, Any], board: Any, spool: Spool, how: ReadOptions) -> Iterator[Row | BadRow]:
    own_id = card.get("id")
    own_list = spool.get("list", card.get("listId")) or {}
    # The archive and the trash have no names; such a card comes from another list.
    named = text_of(own_list.get("name")) or text_of((spool.get("list", card.get("prevListId")) or {}).get("name"))
    place = {"list": named} if named else {}
    label_ids = [each.get("labelId") for each in joined(spool, "card label", own_id)]
    member_ids = [each.get("userId") for each in joined(spool, "membership", own_id)]
    more: dict[str, Any] = {
        **place,
        "board": board,
        "labels": names_of(spool, "label", label_ids, "name", "color"),
        "members": names_of(spool, "user", member_ids, "name", "username"),
        "attachments": [_attachment(each) for each in joined(spool, "attachment", own_id)],
        "customFields": _custom_fields(spool, own_id),
        "comments": [
            {"by": user.get("name"), "date": each.get("createdAt"), "text": each.get("text")}
            for each in joined(spool, "comment", own_id)
            for user in (spool.get("user", each.get("userId")) or {},)
        ],
    }
    if own_list.get("type") in _OUT_OF_SIGHT:
        more["archived"] = own_list["type"]
    elif own_list.get("type") == "closed":
        more["isClosed"] = True
    yield row_of(line, {**card, **more}, how)
    lists = (each for _, each in spool.parts("task list", own_id))
    position = 0
    for task_list in chain(lists, ({"id": own_id},)):
        for at, task in spool.parts("task", task_list.get("id")):
            position += 1
            about = {"cardId": own_id, "taskList": task_list.get("name"), **place, "order": position}
            yield row_of(at, {**task, **about}, how)


def _attachment(attachment: dict[str, Any]) -> dict[str, Any]:
    data = attachment.get("data")
    url = attachment.get("url") or (data.get("url") if isinstance(data, dict) else None)
    return {name: value for name, value in (("name", attachment.get("name")), ("url", url)) if value}


def _custom_fields(spool: Spool, card_id: Any) -> dict[str, Any]:
    """The values of the board's own fields by their names."""
    found: dict[str, Any] = {}
    for each in joined(spool, "field value", card_id):
        about = spool.get("field", each.get("customFieldId")) or {}
        found[text_of(about.get("name")) or str(each.get("customFieldId"))] = each.get("content")
    return found


def row_of(line: int, original: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    """The row of a card or of one of its tasks, which includes what the board's other parts say of it."""
    return _task(line, original) if "cardId" in original else _card(line, original, how)


def _card(line: int, card: dict[str, Any], how: ReadOptions) -> Row | BadRow:
    record = Record(line, card, card)
    record.take("title", "name")
    record.take("notes", "description")
    record.take("list", "list")
    record.take("tags", "labels")
    record.take("due", "dueDate", lambda value: read_date(value, how.time_zone))
    take_order(record, "position")
    record.take("created_at", "createdAt")
    done = [card.get(name) for name in ("isDueCompleted", "isDueDateCompleted", "isClosed")]
    if any(each is not None for each in done):
        record.fields["completed"] = True in done
    add_comments(record, objects_of(record.rest.pop("comments", None)))
    take_archived(record, "archived")
    record.drop(*_OF_THE_PAGES)
    make_room(record, spare=_SPARE)
    return record.row("id")


def _task(line: int, task: dict[str, Any]) -> Row | BadRow:
    record = Record(line, task, task)
    record.take("title", "name")
    record.take("list", "list")
    record.take("completed", "isCompleted")
    record.take("order", "order")
    record.take("created_at", "createdAt")
    record.drop(*_OF_THE_PAGES, "position")
    make_room(record)
    return record.row("id", "cardId")
