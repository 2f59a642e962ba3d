"""Which of a row's names means which field of a todo; they are matched loosely."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

# By field, the names that files have for it, the likeliest first. A column is used for one field only.
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "id": ("id", "uuid", "uid", "guid"),
    "title": ("title", "task", "name", "summary", "subject", "todo", "taskname", "content"),
    "notes": ("notes", "note", "description", "details", "body", "comment", "comments", "content"),
    "completed": ("completed", "done", "complete", "iscompleted", "isdone", "checked", "finished", "status"),
    "list": ("list", "listname", "project", "category", "folder"),
    "tags": ("tags", "labels", "tag", "label", "categories", "keywords"),
    "priority": ("priority", "importance"),
    "due": ("due", "duedate", "dueat", "dueon", "deadline"),
    "remind_at": ("remindat", "reminder", "remind"),
    "order": ("order", "position"),
    "repeat": ("repeat", "recurrence", "rrule"),
    "repeat_from": ("repeatfrom",),
    "time_zone": ("timezone",),
    "parent": ("parent", "parentid"),
    "source": ("source",),
    "created_at": (
        *("createdat", "created", "datecreated", "createddate", "creationdate", "createdon", "createdtime"),
        *("creationtime", "createddatetime", "dateadded", "addedat", "addedon", "addeddate", "added"),
    ),
    "completed_at": (
        *("completedat", "datecompleted", "completeddate", "completiondate", "completedon", "completedtime"),
        *("completiontime", "completeddatetime", "datedone", "donedate", "doneat", "doneon"),
        *("datefinished", "finisheddate", "finishedat", "finishedon", "dateclosed", "closeddate", "closedat"),
        "closedon",
    ),
    "metadata": ("metadata",),
}
FIELDS: Final = tuple(NAMES)
_BETWEEN_WORDS: Final = re.compile(r"[\s_-]+")
# Shown to a person whose row has none of them.
TITLES: Final = ("title", "task", "name", "summary", "subject")


def normalise_name(name: str) -> str:
    """A name without differences in case, spaces, hyphens and underscores."""
    return _BETWEEN_WORDS.sub("", name).casefold()


def has_title(names: Iterable[str]) -> bool:
    """Whether `match` finds one that means the title, where the user gives none."""
    accepted = NAMES["title"]
    return any(normalise_name(name) in accepted for name in names)


def match(names: Iterable[str], given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """By field, the row's name for it, and the names that are left.

    Parameters
    ----------
    given : mapping
        By field, the names that the user gives (``--map``).
    """
    free = {name: normalise_name(name) for name in names}
    found = {field: name for field, name in given.items() if free.pop(name, None) is not None}
    for field, accepted in NAMES.items():
        if field in given:
            continue
        candidates = [(accepted.index(plain), name) for name, plain in free.items() if plain in accepted]
        if candidates:
            found[field] = min(candidates, key=lambda candidate: candidate[0])[1]
            del free[found[field]]
    return found, list(free)
