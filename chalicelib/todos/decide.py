"""The commands, and what each makes of a todo: an event, nothing where nothing would change, or a refusal.

Pure: a decision may be taken again on a newer state, and is whenever another writer was faster.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.todos import content, instants, json_patch, zones
from chalicelib.todos.events import (
    COMPLETED,
    CONTENT_FIELDS,
    CREATED,
    DEFAULTS,
    DELETED,
    EDITED,
    READ_ONLY_FIELDS,
    REMINDED,
    REOPENED,
    RESTORED,
    REVERTED,
    Change,
    Todo,
    canonical_json,
)


@dataclass(frozen=True, slots=True)
class Create:
    """A todo with this content, where there is none or a deleted one (PUT with If-None-Match: *, POST)."""

    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Replace:
    """This content in place of the todo's whole content (PUT with If-Match)."""

    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Patch:
    """A JSON Merge Patch (RFC 7396) of the todo's content."""

    patch: object


@dataclass(frozen=True, slots=True)
class JsonPatch:
    """A JSON Patch (RFC 6902) of the todo as it is answered.

    Attributes
    ----------
    names : mapping
        The todo's fields that the caller sees and its state does not have: `id` and `url`.
    """

    operations: tuple[json_patch.Operation, ...]
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Delete:
    """The todo's end."""


@dataclass(frozen=True, slots=True)
class Move:
    """The todo goes from one list to another; whatever else it has stays, also what newer rules would refuse."""

    from_list: str
    to_list: str


@dataclass(frozen=True, slots=True)
class Restore:
    """A deleted todo, back as it was."""


@dataclass(frozen=True, slots=True)
class Revert:
    """The content as it was after an earlier event; `then` is the state after that."""

    then: Todo


@dataclass(frozen=True, slots=True)
class Remind:
    """The owner is to be reminded of the todo, whose time has come: `remind_at` (RFC 3339) is when that was."""

    remind_at: str


Command = Create | Replace | Patch | JsonPatch | Move | Delete | Restore | Revert | Remind


@dataclass(frozen=True, slots=True)
class Decision:
    """An event to be: its type and the fields that it changes."""

    type: str
    change: Change


# What a command that changes nothing becomes where its idempotency key must be remembered.
NOTHING_CHANGED: Final = Decision(EDITED, {})


@dataclass(frozen=True, slots=True)
class IfMatch:
    """The versions that a caller accepts (RFC 9110, section 13.1.1); None accepts any, as ``*`` does."""

    versions: frozenset[int] | None

    def accepts(self, version: int) -> bool:
        """Whether the todo may be changed at this version."""
        return self.versions is None or version in self.versions


@dataclass(frozen=True, slots=True)
class IfNoneMatch:
    """The versions that a caller does not want to change (RFC 9110, section 13.1.2); None is any, as ``*`` is."""

    versions: frozenset[int] | None

    def refuses(self, version: int) -> bool:
        """Whether the todo may not be changed at this version."""
        return self.versions is None or version in self.versions


class Refusal(Exception):
    """The todo as it is does not allow the command."""


class TodoNotFound(Refusal):
    """There never was such a todo."""


class TodoIsDeleted(Refusal):
    """The todo was deleted; its history and `restore` remain.

    Attributes
    ----------
    todo, version
        Its last state, and the version at which it was deleted.
    """

    def __init__(self, todo: Todo, version: int) -> None:
        super().__init__(f"deleted at version {version}")
        self.todo = todo
        self.version = version


class TodoExists(Refusal):
    """A todo was to be created where one lives."""


class VersionMismatch(Refusal):
    """The todo is not at a version that the caller accepts."""


class PatchDoesNotApply(Refusal):
    """A test of a JSON Patch failed, or an operation names what the todo does not have.

    Attributes
    ----------
    position : int
        The operation's, from 0.
    todo, version
        The todo that the patch was tried on.
    """

    def __init__(self, position: int, detail: str, todo: Todo, version: int) -> None:
        super().__init__(f"operation {position}: {detail}")
        self.position = position
        self.detail = detail
        self.todo = todo
        self.version = version


class NotInList(Refusal):
    """The todo is to be moved from a list that it is not in."""


class CannotRevertToDeletion(Refusal):
    """The version to go back to is one at which the todo was deleted."""


def decide(
    command: Command,
    todo: Todo | None,
    version: int,
    if_match: IfMatch | None = None,
    if_none_match: IfNoneMatch | None = None,
) -> Decision | None:
    """What `command` does to `todo`, which stands at `version` (None and 0: it never was).

    Raises
    ------
    Refusal
        One of its kinds, when the todo or the precondition does not allow the command.
    InvalidContent
        When a patch leads to a todo that breaks the bounds of a field.
    """
    if isinstance(command, Create):
        return _create(command, todo)
    if todo is None:
        raise TodoNotFound
    if todo["deleted"] and not isinstance(command, Restore | Revert | Remind):
        raise TodoIsDeleted(todo, version)
    _check_preconditions(todo, version, if_match, if_none_match)
    match command:
        case Replace() | Patch() | JsonPatch():
            return _edit(todo, _wanted(command, todo, version))
        case Move():
            return _move(command, todo)
        case Delete():
            return Decision(DELETED, {})
        case Restore():
            return Decision(RESTORED, {}) if todo["deleted"] else None
        case Revert():
            return _revert(command, todo)
        case Remind():
            return _remind(command, todo)


def _check_preconditions(todo: Todo, version: int, if_match: IfMatch | None, if_none_match: IfNoneMatch | None) -> None:
    if if_match is not None and not if_match.accepts(version):
        raise VersionMismatch
    # A deleted todo has nothing to show, and so nothing that could match.
    if if_none_match is not None and not todo["deleted"] and if_none_match.refuses(version):
        raise VersionMismatch


def content_of(todo: Todo) -> dict[str, Any]:
    """The fields of a todo that a client may set."""
    return {name: todo[name] for name in CONTENT_FIELDS}


def is_changed(todo: Todo, since: Todo) -> bool:
    """Whether a todo has another content than it had; a reminder is no change, nor is what was undone."""
    return bool(_difference(since, content_of(todo)))


def _create(command: Create, todo: Todo | None) -> Decision:
    if todo is None:
        return Decision(CREATED, {name: value for name, value in command.content.items() if value != DEFAULTS[name]})
    if todo["deleted"]:
        return Decision(RESTORED, _difference(todo, command.content))
    raise TodoExists


def _wanted(command: Replace | Patch | JsonPatch, todo: Todo, version: int) -> Mapping[str, Any]:
    """The whole content that the todo is to have."""
    match command:
        case Replace():
            return command.content
        case Patch():
            return _patched(todo, command.patch)
        case JsonPatch():
            return _json_patched(todo, version, command)


def _patched(todo: Todo, patch: object) -> dict[str, Any]:
    if not isinstance(patch, dict):
        raise content.InvalidContent([content.FieldError("#", "expected an object")])
    unknown = [name for name in patch if name not in CONTENT_FIELDS and name not in READ_ONLY_FIELDS]
    unknown = unknown[: content.MAX_ERRORS]
    if unknown:
        # A null for an unknown field would vanish in the merge, and with it the caller's mistake.
        raise content.InvalidContent([content.FieldError(content.pointer(name), "unknown field") for name in unknown])
    stated = {name: value for name, value in content_of(todo).items() if value is not None}
    return validated(content.merge_patch(stated, patch), stated, patch.keys())


def validated(patched: object, stated: Mapping[str, Any], written: Collection[str]) -> dict[str, Any]:
    """The content that a patch has made of what was `stated`, by writing some fields."""
    try:
        return content.validate(patched)
    except content.InvalidContent:
        # A field passed an older validation, and whoever completes the todo did not write it.
        kept = {
            name: value
            for name, value in stated.items()
            if name not in written and not content.is_acceptable(name, value)
        }
        if not kept or not isinstance(patched, dict):
            raise
    others = {name: value for name, value in patched.items() if name not in kept}
    if "title" in kept:
        # A todo has a title, whatever becomes of it.
        others["title"] = "-"
    return {**content.validate(others), **kept}


def _json_patched(todo: Todo, version: int, command: JsonPatch) -> dict[str, Any]:
    """The content after the patch: what it leaves out is unset, and fields that only the ledger sets are ignored.

    Raises
    ------
    PatchDoesNotApply
    InvalidContent
        Each error points to the last operation that wrote the field.
    """
    before = content_of(todo)
    hidden = {name: todo[name] for name in ("completed_at", "created_at", "updated_at")}
    try:
        patched = json_patch.apply({**command.names, "version": version, **before, **hidden}, command.operations)
    except json_patch.DoesNotApply as refused:
        raise PatchDoesNotApply(refused.position, refused.detail, todo, version) from None
    last = json_patch.last_writers(command.operations)
    stated = {name: value for name, value in before.items() if value is not None}
    try:
        return validated(patched, stated, before.keys() if "" in last else last.keys())
    except content.InvalidContent as invalid:
        raise content.InvalidContent(_at_operations(invalid.errors, last)) from None


def _at_operations(errors: list[content.FieldError], last: Mapping[str, int]) -> list[content.FieldError]:
    """The errors of what a patch has made, each at the last operation that wrote the field, which is in the detail."""
    found = []
    for error in errors:
        field = error.pointer.removeprefix("#/").partition("/")[0]
        position = max(last.get(field, -1), last.get("", -1))
        place = content.pointer(position) if position >= 0 else content.pointer()
        found.append(content.FieldError(place, f"{error.pointer}: {error.detail}"))
    return found


def _edit(todo: Todo, wanted: Mapping[str, Any]) -> Decision | None:
    change = _difference(todo, wanted)
    if not change:
        return None
    if "completed" in change:
        return Decision(COMPLETED if change["completed"] else REOPENED, change)
    return Decision(EDITED, change)


def _move(command: Move, todo: Todo) -> Decision | None:
    if todo["list"] != command.from_list:
        raise NotInList
    return Decision(EDITED, {"list": command.to_list}) if command.to_list != command.from_list else None


def _revert(command: Revert, todo: Todo) -> Decision | None:
    if command.then["deleted"]:
        raise CannotRevertToDeletion
    change = _difference(todo, content_of(command.then))
    return Decision(REVERTED, change) if change or todo["deleted"] else None


def _remind(command: Remind, todo: Todo) -> Decision | None:
    """The reminder, if it is still wanted: what found it may be minutes old, and others may have found it too."""
    if todo["deleted"] or todo["completed"] or todo["remind_at"] is None:
        return None
    if zones.instant_of(todo["remind_at"], todo["time_zone"]) > instants.parse(command.remind_at):
        # It was moved to a later time. An earlier one has come, too.
        return None
    return None if zones.is_same(todo["remind_at"], todo["reminded"], todo["time_zone"]) else Decision(REMINDED, {})


def _difference(todo: Todo, wanted: Mapping[str, Any]) -> Change:
    had = content_of(todo)
    return {name: value for name, value in wanted.items() if not same(had[name], value)}


def same(one: object, other: object) -> bool:
    """Equality as JSON has it: to Python, 1 == True, also deep inside an object."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one == other and canonical_json(one) == canonical_json(other)
    return one == other
