"""The fields of a todo that a client sets: their types, their bounds, and what the API's contract says of them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from chalicelib.todos import ids, instants, zones
from chalicelib.todos.rules import MAX_LENGTH as MAX_RULE_LENGTH

MAX_NOTES_BYTES: Final = 16 * 1024
MAX_LIST_LENGTH: Final = 100
MAX_LIST_BYTES: Final = 300
MAX_METADATA_BYTES: Final = 4 * 1024
# JSON may nest without end, its readers' stacks do not: everybody who handles a todo must be able to follow it.
MAX_NESTING: Final = 100
# Beyond these a double no longer holds every integer (RFC 8259, section 6).
MAX_ORDER: Final = 2**53 - 1

# What holds beyond lengths: the rules below check it, and the API's contract states it.
_NO_NUL: Final = {"pattern": "^[^\\u0000]*$"}
NO_CONTROLS: Final = {"pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"}
_INSTANT: Final = {"maxLength": instants.MAX_LENGTH, "anyOf": [{"format": "date"}, {"format": "date-time"}]}

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
        description=(
            "When it is due: an RFC 3339 date, which counts as its 00:00 in `time_zone` (UTC without one), "
            "or date-time."
        ),
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
        max_length=MAX_RULE_LENGTH,
        description=(
            "How it recurs: the value of an RFC 5545 RRULE. Completing it makes the next occurrence. SKIP (RFC 7529) "
            "says what happens where a month has no such day: OMIT (the default), BACKWARD or FORWARD; "
            "RSCALE=GREGORIAN is implied."
        ),
        examples=["FREQ=WEEKLY;BYDAY=MO", "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD"],
        extra_json_schema={"format": "rrule"},
    ),
]
RepeatFrom = Annotated[
    Literal["due", "completion", "next_future"],
    Meta(
        description=(
            "What the next occurrence is counted from: `due` (also if null), the `completion`, or `next_future`: "
            "`due`, but the first date after the completion, however late that is."
        ),
        examples=["next_future"],
    ),
]
TimeZone = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=zones.MAX_LENGTH,
        description=(
            "The IANA name of the time zone that its dates are in. A bare date is then the day's first moment there, "
            "and `repeat` follows the clocks there, also when they change. The instant of a date-time stays what its "
            "offset says."
        ),
        examples=["Europe/Berlin"],
        extra_json_schema={"format": "iana-time-zone"},
    ),
]
Parent = Annotated[
    str,
    Meta(
        description="The id of the todo that it is a part of; not its own. It need not exist.",
        examples=["0197e1f0-0000-7000-8000-00000000000a"],
        extra_json_schema={"format": "uuid", "pattern": ids.TODO_ID_PATTERN},
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
    repeat_from: RepeatFrom | None = None
    time_zone: TimeZone | None = None
    parent: Parent | None = None
    source: Source | None = None
    metadata: Metadata | None = None
