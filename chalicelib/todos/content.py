"""What a client may say of a todo: the fields, their bounds, and what is wrong with a value that breaks them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, get_type_hints
from urllib.parse import quote

import msgspec
from msgspec import Meta

from chalicelib import keys
from chalicelib.todos import instants, recurrence
from chalicelib.todos.events import READ_ONLY_FIELDS, UNSET, dump_json

MAX_NOTES_BYTES: Final = 16 * 1024
MAX_LIST_LENGTH: Final = 100
MAX_LIST_BYTES: Final = 300
MAX_METADATA_BYTES: Final = 4 * 1024
# JSON may nest without end, its readers' stacks do not: everybody who handles a todo must be able to follow it.
MAX_NESTING: Final = 100
_CONTAINERS: Final = (dict, list)
# Beyond these a double no longer holds every integer (RFC 8259, section 6).
MAX_ORDER: Final = 2**53 - 1
LONE_SURROGATE: Final = "holds a lone surrogate, which is no character"

# What holds beyond lengths: the rules below check it, and the API's contract states it.
_NO_NUL: Final = {"pattern": "^[^\\u0000]*$"}
NO_CONTROLS: Final = {"pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"}
_INSTANT: Final = {"anyOf": [{"format": "date"}, {"format": "date-time"}]}

Title = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=500,
        description="What is to be done.",
        examples=["Buy milk"],
        extra_json_schema=_NO_NUL,
    ),
]
Notes = Annotated[
    str,
    Meta(
        description=f"Free text of at most {MAX_NOTES_BYTES} bytes of UTF-8.",
        examples=["Two bottles."],
        extra_json_schema={**_NO_NUL, "maxLength": MAX_NOTES_BYTES},
    ),
]
Completed = Annotated[bool, Meta(description="Whether it is done.")]
ListName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_LIST_LENGTH,
        description=f"The list it is in: any name of at most {MAX_LIST_BYTES} bytes of UTF-8 but `.` and `..`.",
        examples=["groceries"],
        extra_json_schema={"pattern": "^(?!\\.{1,2}$)[^\\u0000-\\u001f\\u007f-\\u009f]*$"},
    ),
]
Tag = Annotated[str, Meta(min_length=1, max_length=64, extra_json_schema=NO_CONTROLS)]
Tags = Annotated[list[Tag], Meta(max_length=32, description="Labels, each kept once.", examples=[["home", "weekly"]])]
Priority = Annotated[Literal["none", "low", "medium", "high"], Meta(description="How much it matters.")]
Due = Annotated[
    str,
    Meta(
        description="When it is due: an RFC 3339 date, which counts as its 00:00 UTC, or date-time.",
        examples=["2026-12-01T09:00:00+01:00"],
        extra_json_schema=_INSTANT,
    ),
]
RemindAt = Annotated[
    str,
    Meta(
        description="When to remind of it, once: an RFC 3339 date or date-time.",
        examples=["2026-11-30"],
        extra_json_schema=_INSTANT,
    ),
]
Order = Annotated[
    int | float,
    Meta(
        description="Its place within the list, ascending.",
        examples=[10],
        extra_json_schema={"minimum": -MAX_ORDER, "maximum": MAX_ORDER},
    ),
]
Repeat = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=500,
        description="How it recurs: the value of an RFC 5545 RRULE. Completing it makes the next occurrence.",
        examples=["FREQ=WEEKLY;BYDAY=MO"],
        extra_json_schema={"format": "rrule"},
    ),
]
Parent = Annotated[
    str,
    Meta(
        description="The id of the todo that it is a part of.",
        examples=["0197e1f0-0000-7000-8000-00000000000a"],
        extra_json_schema={"format": "uuid", "pattern": keys.TODO_ID_PATTERN},
    ),
]
Source = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=500,
        description="Where it was taken from.",
        examples=["todo.txt#12"],
        extra_json_schema=_NO_NUL,
    ),
]
Metadata = Annotated[
    dict[str, Any],
    Meta(
        description=f"The caller's own data: at most {MAX_METADATA_BYTES} bytes of JSON, {MAX_NESTING} levels deep.",
        examples=[{"colour": "green"}],
    ),
]


class Content(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The fields of a todo that a client sets, unset (None) where not given; only `title` must be there."""

    title: Title
    notes: Notes | None = None
    completed: Completed | None = None
    list: ListName | None = None
    tags: Tags | None = None
    priority: Priority | None = None
    due: Due | None = None
    remind_at: RemindAt | None = None
    order: Order | None = None
    repeat: Repeat | None = None
    parent: Parent | None = None
    source: Source | None = None
    metadata: Metadata | None = None


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with an input: where (a JSON pointer as a URI fragment, RFC 6901 section 6) and what."""

    pointer: str
    detail: str


class InvalidContent(Exception):
    """The input breaks the bounds of at least one field."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(f"{error.pointer}: {error.detail}" for error in errors))
        self.errors = errors


def pointer(*path: str | int) -> str:
    """A JSON pointer to a place in the input, as a URI fragment (RFC 6901, sections 3 and 6)."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "#" + "".join("/" + quote(step, safe="~", errors="replace") for step in steps)


def validate(value: object) -> dict[str, Any]:
    """The whole content that `value` states: every field of `CONTENT_FIELDS`, unset ones included.

    Fields that only the ledger sets are ignored, so that what was read can be edited and sent back.

    Raises
    ------
    InvalidContent
        With an error for each field that is unknown, of the wrong type or out of its bounds.
    """
    if not isinstance(value, dict):
        raise InvalidContent([FieldError("#", "expected an object")])
    too_deep = [name for name, member in value.items() if isinstance(member, _CONTAINERS) and is_too_deep(member)]
    too_deep = [name for name in too_deep if name not in READ_ONLY_FIELDS]
    if too_deep:
        detail = f"nested deeper than {MAX_NESTING} levels"
        raise InvalidContent([FieldError(pointer(name), detail) for name in too_deep])
    stated = {
        name: member if isinstance(member, str) and member.isascii() else composed(member)
        for name, member in value.items()
        if name not in READ_ONLY_FIELDS
    }
    try:
        content = msgspec.convert(stated, Content)
    except (msgspec.ValidationError, UnicodeEncodeError):
        raise InvalidContent(_explain(stated)) from None
    return settle(content)


def settle(content: Content) -> dict[str, Any]:
    """The fields of a well-typed content, defaults filled in.

    Raises
    ------
    InvalidContent
        When a value breaks a rule that its type cannot tell.
    """
    fields = msgspec.structs.asdict(content)
    for name in ("completed", "list", "priority"):
        if fields[name] is None:
            fields[name] = UNSET[name]
    errors = [
        FieldError(pointer(name), complaint)
        for name, rule in _RULES.items()
        if (value := fields[name]) is not None and (complaint := rule(value))
    ]
    if fields["tags"]:
        fields["tags"] = list(dict.fromkeys(fields["tags"]))
    if not errors and fields["repeat"] is not None and not recurrence.goes_on(fields["repeat"], fields["due"]):
        detail = f"has no next date within reach, counted from {fields['due'] or 'a completion'}"
        errors.append(FieldError(pointer("repeat"), detail))
    if errors:
        raise InvalidContent(errors)
    return fields


def merge_patch(target: object, patch: object) -> Any:
    """`patch` applied to `target` (RFC 7396, section 2); neither is changed."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    pending = [(merged, patch)]
    while pending:
        into, changes = pending.pop()
        for name, value in changes.items():
            if value is None:
                into.pop(name, None)
            elif isinstance(value, dict):
                before = into.get(name)
                into[name] = dict(before) if isinstance(before, dict) else {}
                pending.append((into[name], value))
            else:
                into[name] = value
    return merged


def is_too_deep(value: object, levels: int = MAX_NESTING) -> bool:
    """Whether arrays and objects stand in each other more than so many levels deep."""
    level = [value] if value and isinstance(value, _CONTAINERS) else []
    while level and levels:
        levels -= 1
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if inner and isinstance(inner, _CONTAINERS)
        ]
    return bool(level)


def type_error(annotation: Any, value: object, *path: str | int) -> FieldError | None:
    """What keeps a value, which stands at `path`, from being of a type, in the decoder's words; None where nothing."""
    try:
        msgspec.convert(value, annotation)
    except msgspec.ValidationError as error:
        detail, _, place = str(error).partition(" - at `$")
        return FieldError(pointer(*path, *re.findall(r"\d+", place)), detail)
    except UnicodeEncodeError:
        return FieldError(pointer(*path), LONE_SURROGATE)
    return None


def composed(value: Any) -> Any:
    """Strings, also in an array, in Unicode's composed form (NFC), so that what looks the same compares the same.

    Objects stay as they are: metadata is the caller's own.
    """
    if isinstance(value, str):
        return value if value.isascii() else unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [composed(item) for item in value]
    return value


def _explain(stated: Mapping[str, object]) -> list[FieldError]:
    """Everything that keeps `stated` from being a `Content`; the decoder itself stops at the first."""
    types = get_type_hints(Content, localns={"list": list}, include_extras=True)
    errors = [] if "title" in stated else [FieldError(pointer("title"), "required")]
    for name, value in stated.items():
        if name not in types:
            errors.append(FieldError(pointer(name), "unknown field"))
            continue
        wrong_type = type_error(types[name], value, name)
        errors += [wrong_type] if wrong_type else _complaint(name, value)
    return errors


def _complaint(name: str, value: Any) -> list[FieldError]:
    """What a field's rule says against a value of the right type."""
    if name == "tags":
        found = [(position, name_complaint(tag)) for position, tag in enumerate(value or ())]
        return [FieldError(pointer(name, position), complaint) for position, complaint in found if complaint]
    rule = _RULES.get(name)
    complaint = rule(value) if rule is not None and value is not None else None
    return [FieldError(pointer(name), complaint)] if complaint else []


def _text(value: str) -> str | None:
    if "\0" in value:
        return "holds a NUL character"
    return None if value.isascii() or _is_unicode(value) else LONE_SURROGATE


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def name_complaint(value: str) -> str | None:
    """What keeps a text from naming something, its length aside, or None."""
    # Printable text holds no control character, and is what nearly all names are.
    if value.isprintable() and value.isascii():
        return None
    if not value.isprintable() and any(unicodedata.category(character) == "Cc" for character in value):
        return "holds a control character"
    return _text(value)


def _notes(value: str) -> str | None:
    return _text(value) or _too_long(value, MAX_NOTES_BYTES)


def _too_long(value: str, limit: int) -> str | None:
    # A character takes at most four bytes, so that most texts need no counting.
    if 4 * len(value) <= limit:
        return None
    size = len(value.encode())
    return f"{size} bytes of UTF-8 where {limit} are allowed" if size > limit else None


def list_name_complaint(value: str) -> str | None:
    """What keeps a text from being a list's name, or None."""
    if not 1 <= len(value) <= MAX_LIST_LENGTH:
        return f"a list's name has 1 to {MAX_LIST_LENGTH} characters"
    if value in (".", ".."):
        return "a list cannot be named . or .. (URLs take them for steps)"
    return name_complaint(value) or _too_long(value, MAX_LIST_BYTES)


def _instant(value: str) -> str | None:
    try:
        instants.parse(value)
    except ValueError as error:
        return str(error)
    return None


def _order(value: int | float) -> str | None:
    return None if -MAX_ORDER <= value <= MAX_ORDER else f"out of range: at most {MAX_ORDER} either way"


def _parent(value: str) -> str | None:
    return None if keys.is_todo_id(value) else "expected a todo's id: a UUID in lower case"


def _metadata(value: dict[str, Any]) -> str | None:
    try:
        text = dump_json(value)
    except (ValueError, RecursionError):
        return "holds a number or a nesting that JSON cannot carry"
    return next((found for each in _strings(value) if (found := _text(each))), None) or _too_long(
        text, MAX_METADATA_BYTES
    )


def _strings(value: object) -> Iterator[str]:
    """Every string in a JSON value, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from _strings(member)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


_RULES: Final[dict[str, Callable[[Any], str | None]]] = {
    "title": _text,
    "notes": _notes,
    "list": list_name_complaint,
    "due": _instant,
    "remind_at": _instant,
    "order": _order,
    "repeat": recurrence.complaint,
    "parent": _parent,
    "source": _text,
    "metadata": _metadata,
}
