"""What a client says of a todo: whether it keeps to the fields and their bounds, and if not, what is wrong with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any, Final, TypeVar, get_type_hints
from urllib.parse import quote

import msgspec

from chalicelib.todos import ids, instants, recurrence, rules, texts, zones
from chalicelib.todos.events import DEFAULTS, READ_ONLY_FIELDS, dump_json
from chalicelib.todos.fields import (
    MAX_LIST_BYTES,
    MAX_LIST_LENGTH,
    MAX_METADATA_BYTES,
    MAX_NESTING,
    MAX_NOTES_BYTES,
    MAX_ORDER,
    Content,
)

# A text can have many more errors; these show what is wrong with it.
MAX_ERRORS: Final = 100
LONE_SURROGATE: Final = "holds a lone surrogate, which is no character"
_CONTAINERS: Final = (dict, list)
_NUL: Final = "\\u0000"
_NUL_IN_BYTES: Final = _NUL.encode()
# As a number: `in` finds that faster than a text of one byte.
_BACKSLASH: Final = ord("\\")
_encode: Final = msgspec.json.Encoder().encode
# The lengths within which a field's text is composed. The bounds of `Content` are these or narrower.
_TEXT_LIMITS: Final = {"notes": MAX_NOTES_BYTES}
_OTHER_TEXT_LIMIT: Final = 500
# A longer array is refused, so that there is no use in composing it.
_MAX_COMPOSED_ITEMS: Final = 100


Kind = TypeVar("Kind")


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
    accepted = accept_plain(value)
    return validate_closely(value) if accepted is None else complete(accepted[0])


def accept_plain(value: dict[str, Any]) -> tuple[Content, int] | None:
    """The content that `value` states, and its bytes as JSON, if it is seen at once that nothing is wrong with it.

    That is so of nearly all: they are short, their texts are composed already, and a rule at most asks for one look. Of
    any other, also of a wrong one, it is None, and `validate_closely` decides.
    """
    try:
        encoded = _encode(value)
        # Asked of all texts at once. No escape hides what is not composed.
        if (
            len(encoded) > MAX_NOTES_BYTES
            or (_BACKSLASH in encoded and _NUL_IN_BYTES in encoded)
            or not (encoded.isascii() or texts.is_composed(encoded))
        ):
            return None
        found = msgspec.convert(value, Content)
    except (msgspec.ValidationError, ValueError, TypeError, RecursionError):
        return None
    # Only metadata has levels.
    if found.metadata is not None and encoded.count(b"{") + encoded.count(b"[") > MAX_NESTING:
        return None
    return None if found.repeat is not None or _plain_error(found) else (found, len(encoded))


def _plain_error(found: Content) -> str | None:
    """What a rule says against a short content that does not repeat, whose texts are Unicode without a NUL character.

    Each is asked for by itself: a loop over `_RULES` takes several times as long.
    """
    tags = "".join(found.tags) if found.tags else ""
    return (
        # The type has checked its length.
        (_list_name_error(found.list) if found.list is not None else None)
        or (None if tags.isprintable() else name_error(tags))
        or (instant_error(found.due) if found.due is not None else None)
        or (instant_error(found.remind_at) if found.remind_at is not None else None)
        or (None if found.order is None or -MAX_ORDER <= found.order <= MAX_ORDER else _order(found.order))
        or (zones.zone_error(found.time_zone) if found.time_zone is not None else None)
        or (_parent(found.parent) if found.parent is not None else None)
        or (_metadata(found.metadata) if found.metadata is not None else None)
    )


def complete(content: Content) -> dict[str, Any]:
    """All fields of a valid content, with the defaults of those that are never null, and each tag once."""
    fields = msgspec.structs.asdict(content)
    for name in _NEVER_NULL:
        if fields[name] is None:
            fields[name] = DEFAULTS[name]
    if fields["tags"]:
        fields["tags"] = list(dict.fromkeys(fields["tags"]))
    return fields


def validate_closely(value: dict[str, Any]) -> dict[str, Any]:
    """As `validate`, with a look at everything.

    Raises
    ------
    InvalidContent
    """
    too_deep = [name for name, member in value.items() if isinstance(member, _CONTAINERS) and is_too_deep(member)]
    too_deep = [name for name in too_deep if name not in READ_ONLY_FIELDS]
    if too_deep:
        detail = f"nested deeper than {MAX_NESTING} levels"
        raise InvalidContent([FieldError(pointer(name), detail) for name in too_deep])
    stated, errors = compose_fields(
        {name: member for name, member in value.items() if name not in READ_ONLY_FIELDS}, _TEXT_LIMITS
    )
    if errors:
        found = {error.pointer for error in errors}
        others = struct_errors(stated, Content, rule=_field_errors)
        raise InvalidContent(errors + [error for error in others if error.pointer not in found])
    try:
        content = convert(stated, Content)
    except msgspec.ValidationError:
        raise InvalidContent(struct_errors(stated, Content, rule=_field_errors)) from None
    return _complete_and_check(content)


@cache
def _fields_of(struct: type[msgspec.Struct]) -> tuple[dict[str, Any], list[str]]:
    """The types of a struct's fields by name, and the names of those that must be there; each takes a while to find."""
    types = get_type_hints(struct, localns={"list": list}, include_extras=True)
    return types, [field.name for field in msgspec.structs.fields(struct) if field.required]


def is_acceptable(name: str, value: object) -> bool:
    """Whether a field may be set to a value; what an older event has may not be any more."""
    stated, errors = compose_fields({name: value}, _TEXT_LIMITS)
    return not (errors or struct_errors({"title": "-", **stated}, Content, rule=_field_errors))


def _complete_and_check(content: Content) -> dict[str, Any]:
    """Fill in the defaults of a well-typed content, and check the rules that its types cannot express.

    Raises
    ------
    InvalidContent
        With an error for each value that breaks such a rule.
    """
    fields = complete(content)
    errors = [
        FieldError(pointer(name), error)
        for name, rule in _RULES.items()
        if (value := fields[name]) is not None and (error := rule(value)) is not None
    ]
    if content.tags:
        errors += _field_errors("tags", content.tags)
    if (
        not errors
        and fields["repeat"] is not None
        and not recurrence.goes_on(fields["repeat"], fields["due"], fields["time_zone"])
    ):
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
        convert(value, annotation)
    except msgspec.ValidationError as error:
        detail, _, place = str(error).partition(" - at `$")
        return FieldError(pointer(*path, *re.findall(r"\d+", place)), detail)
    return None


def struct_errors(
    value: Mapping[str, object],
    struct: type[msgspec.Struct],
    *path: str | int,
    choices: Mapping[str, Sequence[str]] | None = None,
    rule: Callable[[str, Any], list[FieldError]] | None = None,
) -> list[FieldError]:
    """Everything that keeps an object at `path` from being such a struct; the decoder itself stops at the first.

    Parameters
    ----------
    choices : mapping, optional
        The values of enumerated fields, for the message if a field has another.
    rule : callable, optional
        Finds the errors of a field whose value has the right type.
    """
    types, required = _fields_of(struct)
    errors = [FieldError(pointer(*path, name), "required") for name in required if name not in value]
    for name, member in value.items():
        if len(errors) >= MAX_ERRORS:
            # These show what is wrong; the sender chooses how many there are.
            break
        if name not in types:
            errors.append(FieldError(pointer(*path, name), "unknown field"))
            continue
        error = type_error(types[name], member, *path, name)
        if error and choices and name in choices and error.detail.startswith("Invalid enum value"):
            error = replace(error, detail=f"expected one of {', '.join(choices[name])}")
        if error:
            errors.append(error)
        elif rule is not None:
            errors += rule(name, member)
    return errors


def convert(value: object, kind: type[Kind]) -> Kind:
    """The value as a type: the one way from what a client sent to a struct.

    Raises
    ------
    msgspec.ValidationError
        It is not of the type, or holds a lone surrogate, on which the decoder itself fails otherwise.
    """
    try:
        return msgspec.convert(value, kind)
    except UnicodeEncodeError:
        raise msgspec.ValidationError(LONE_SURROGATE) from None


def compose_fields(members: Mapping[str, Any], limits: Mapping[str, int]) -> tuple[dict[str, Any], list[FieldError]]:
    """The members of an object with their texts, also those in an array, in Unicode's composed form (NFC).

    Inner objects stay as they are: metadata is the caller's own.

    Parameters
    ----------
    limits : mapping
        How long the text of a member may be, if it may be longer than `_OTHER_TEXT_LIMIT`.

    Returns
    -------
    dict
    list of FieldError
        For each text that is not composed, because it is too long or has too many combining marks.
    """
    fields: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, member in members.items():
        if isinstance(member, str) and not member.isascii():
            member = _compose(member, limits.get(name, _OTHER_TEXT_LIMIT), errors, name)
        elif isinstance(member, list) and len(member) <= _MAX_COMPOSED_ITEMS:
            member = [
                _compose(item, _OTHER_TEXT_LIMIT, errors, name, position)
                if isinstance(item, str) and not item.isascii()
                else item
                for position, item in enumerate(member)
            ]
        fields[name] = member
    return fields, errors


def compose_member(name: str, value: Any) -> tuple[Any, list[FieldError]]:
    """A value that a field may get, or an item of it, as `compose_fields` has it."""
    stated, errors = compose_fields({name: value}, _TEXT_LIMITS)
    return stated[name], errors


def _compose(text: str, limit: int, errors: list[FieldError], *path: str | int) -> str:
    try:
        return texts.compose(text, limit)
    except ValueError as error:
        errors.append(FieldError(pointer(*path), str(error)))
        return text


def _field_errors(name: str, value: Any) -> list[FieldError]:
    """What a field's rule says against a value of the right type."""
    if name == "tags":
        found = [(position, name_error(tag)) for position, tag in enumerate(value or ())]
        return [FieldError(pointer(name, position), error) for position, error in found if error]
    rule = _RULES.get(name)
    error = rule(value) if rule is not None and value is not None else None
    return [FieldError(pointer(name), error)] if error else []


def _text(value: str) -> str | None:
    if "\0" in value:
        return "holds a NUL character"
    return None if is_unicode(value) else LONE_SURROGATE


def is_unicode(value: str) -> bool:
    """Whether a text can be encoded: it holds no lone surrogate."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def name_error(value: str) -> str | None:
    """What keeps a text from naming something, its length aside, or None."""
    if _is_plain_name(value):
        return None
    if not value.isprintable() and any(unicodedata.category(character) == "Cc" for character in value):
        return "holds a control character"
    return _text(value)


def _is_plain_name(value: str) -> bool:
    """Whether a text, as nearly all names, needs no closer look: what is printable holds no control character."""
    return value.isascii() and value.isprintable()


def _notes(value: str) -> str | None:
    return _text(value) or _too_long(value, MAX_NOTES_BYTES)


def _too_long(value: str, limit: int) -> str | None:
    # A character takes at most four bytes, so that most texts need no counting.
    if 4 * len(value) <= limit:
        return None
    size = len(value.encode())
    return f"{size} bytes of UTF-8 where {limit} are allowed" if size > limit else None


def list_name_error(value: str) -> str | None:
    """What keeps a text from being a list's name, or None."""
    if not 1 <= len(value) <= MAX_LIST_LENGTH:
        return f"a list's name has 1 to {MAX_LIST_LENGTH} characters"
    return _list_name_error(value)


# A cache holds what it was asked for, so that only what has a bounded length may reach one.
@lru_cache(maxsize=1024)
def _list_name_error(value: str) -> str | None:
    if value in (".", ".."):
        return "a list cannot be named . or .. (URLs take them for steps)"
    return name_error(value) or _too_long(value, MAX_LIST_BYTES)


def instant_error(value: str) -> str | None:
    """What keeps a text from being an instant that a caller may state, or None."""
    if len(value) > instants.MAX_LENGTH:
        return instants.TOO_LONG
    return _instant_error(value)


# The same dates come again and again, in a load above all.
@lru_cache(maxsize=1024)
def _instant_error(value: str) -> str | None:
    try:
        instants.parse_stated(value)
    except ValueError as error:
        return str(error)
    return None


def _order(value: int | float) -> str | None:
    return None if -MAX_ORDER <= value <= MAX_ORDER else f"out of range: at most {MAX_ORDER} either way"


def _parent(value: str) -> str | None:
    return None if ids.is_todo_id(value) else "expected a todo's id: a UUID in lower case"


def _metadata(value: dict[str, Any]) -> str | None:
    try:
        text = dump_json(value)
    except (ValueError, RecursionError):
        return "holds a number or a nesting that JSON cannot carry"
    if _NUL in text or not is_unicode(text):
        # The first may also be a backslash before the same characters.
        for each in _strings(value):
            if error := _text(each):
                return error
    return _too_long(text, MAX_METADATA_BYTES)


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


_NEVER_NULL: Final = ("completed", "list", "priority")
_RULES: Final[dict[str, Callable[[Any], str | None]]] = {
    "title": _text,
    "notes": _notes,
    "list": list_name_error,
    "due": instant_error,
    "remind_at": instant_error,
    "order": _order,
    "repeat": rules.rule_error,
    "time_zone": zones.zone_error,
    "parent": _parent,
    "source": _text,
    "metadata": _metadata,
}
