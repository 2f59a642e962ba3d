"""What is plain takes a short way through validation and JSON, which ends where the long one does."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from chalicelib.todos import content, events, strict_json
from chalicelib.todos.content import InvalidContent

TEXTS = [
    "Call the bank", "", "x" * 500, "x" * 501, "a\nb", "a\0b", "\\u0000", "tab\tquote\"slash\\", "\x7f", "\x1f", "é",
    "e\u0301", "日本", "😀", "\ud800", ".", "..", "2026-12-01", "2026-13-01", "2026-12-01T09:00:00+01:00", "high",
    "x" + "\u0301" * 31, "\n\u0301", "\u0344", "\x85", "é" * 151, "é" * 8_193,
    "completion", "Europe/Berlin", "Mars/Base", "FREQ=DAILY", "FREQ=DAILY;COUNT=0", "n" * 5_000, "n" * 17_000, "{[{[",
    "0197e1f0-0000-7000-8000-00000000000a",
]  # fmt: skip
NUMBERS: list[Any] = [
    0,
    1,
    -1,
    True,
    False,
    2**53 - 1,
    2**53,
    2**64,
    -(2**70),
    0.5,
    1e16,
    1e-7,
    5.0,
    float("nan"),
    float("inf"),
]


def deep(levels: int) -> Any:
    return [] if levels == 0 else [deep(levels - 1)]


def nested(levels: int) -> Any:
    return {} if levels == 0 else {"b": levels, "a": nested(levels - 1)}


def value(chance: random.Random) -> Any:
    kind = chance.randrange(8)
    if kind < 4:
        return chance.choice(TEXTS)
    if kind == 4:
        return chance.choice(NUMBERS)
    if kind == 5:
        return [chance.choice(TEXTS + NUMBERS) for _ in range(chance.choice([0, 1, 2, 3, 33]))]
    if kind == 6:
        return {chance.choice(TEXTS): chance.choice([*TEXTS, *NUMBERS, [], ["a"], {}, deep(3)]) for _ in range(3)}
    return chance.choice([None, None, deep(99), deep(101)])


FITTING: dict[str, list[Any]] = {
    "title": ["Call", "é", "a\0"],
    "notes": [None, "Two\nlines", "n" * 4_097, "n" * 17_000],
    "completed": [None, True, False],
    "list": [None, "home", "a\tb", ".."],
    "tags": [None, [], ["a", "b", "a"], ["a\n"], ["é", "e\u0301"]],
    "priority": [None, "high", "none"],
    "due": [None, "2026-12-01", "2026-02-30"],
    "remind_at": [None, "2026-12-01T09:00:00Z"],
    "order": [None, 3, 2.5, 2**53, 1e300],
    "repeat": [None, None, "FREQ=DAILY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"],
    "time_zone": [None, "Europe/Berlin", "Mars/Base"],
    "parent": [None, "0197e1f0-0000-7000-8000-00000000000a", "X"],
    "metadata": [None, {"a": 1}, {"a": {"b": ["é", 1e16]}}, {"a": "\0"}, {"a": "x" * 5_000}, {"\ud800": 1}],
}
OTHER_NAMES = ["source", "repeat_from", "created_at", "url", "id", "colour", "é"]


def stated(chance: random.Random) -> dict[str, Any]:
    """A content that is right, or wrong in a place or two."""
    found = {name: chance.choice(values) for name, values in FITTING.items() if chance.random() < 0.4}
    if chance.random() < 0.9:
        found["title"] = "Call"
    if chance.random() < 0.3:
        found[chance.choice([*FITTING, *OTHER_NAMES])] = value(chance)
    return found


def outcome(validate: Any, given: dict[str, Any]) -> Any:
    try:
        fields = validate(given)
    except InvalidContent as error:
        return error.errors
    except UnicodeEncodeError:
        return UnicodeEncodeError
    # With the types, as 1 == True == 1.0, and NaN is not equal to itself.
    return repr(list(fields.items()))


def test_a_short_look_finds_what_a_close_one_does() -> None:
    chance = random.Random(18)
    short = 0
    for _ in range(1_500):
        given = stated(chance)
        assert outcome(content.validate, given) == outcome(content.validate_closely, given), given
        short += content.accept_plain(given) is not None
    assert short > 100, "the cases reach the short way"


@pytest.mark.parametrize("with_names_in_order", [False, True])
def test_json_is_written_as_the_standard_library_writes_it(with_names_in_order: bool) -> None:
    chance = random.Random(19)
    write = events.canonical_json if with_names_in_order else events.dump_json
    given: list[Any] = [{chr(code): chr(code) * 2 for code in range(0x3000)}]
    given += [{chance.choice(TEXTS): value(chance) for _ in range(chance.randrange(9))} for _ in range(500)]
    given += [{1: "a"}, {True: "b"}, {None: 1}, {0.5: 1}, [], "é", None, 5, {"a": ("b",)}, {"a": {"b": 1}}]
    given += [{"b": {"z": {"é": [1], "a": None}, "日": {}}}, {"a": {"b": {1: 2}}}, {"a": {"b": 1e16}}, nested(30)]
    for each in given:
        text: Any
        try:
            text = json.dumps(
                each, separators=(",", ":"), ensure_ascii=False, allow_nan=False, sort_keys=with_names_in_order
            )
        except (ValueError, TypeError) as error:
            text = type(error)
        try:
            written: Any = write(each)
        except (ValueError, TypeError) as error:
            written = type(error)
        assert written == text, each


def test_canonical_bytes_are_the_canonical_text_in_utf_8() -> None:
    chance = random.Random(20)
    given: list[Any] = [{chance.choice(TEXTS): value(chance) for _ in range(chance.randrange(9))} for _ in range(500)]
    for each in [*given, [], {}, "é", None, {"b": 1, "a": 1e16}, {"a": "\ud800"}, {"\ud800": 1.5}]:
        found = [_raised_or_made(make, each) for make in (events.canonical_bytes, _encoded_text)]
        assert found[0] == found[1], each


def _encoded_text(given: Any) -> bytes:
    return events.canonical_json(given).encode()


def _raised_or_made(make: Any, given: Any) -> Any:
    try:
        return make(given)
    except (ValueError, TypeError) as error:
        return type(error)


def test_a_colon_does_not_hide_a_name_that_is_given_twice() -> None:
    for text in [
        '{"a":1,"a":2}',
        '{"a" :1,"a"\t:2}',
        '{"a":{"b":1,"b":2}}',
        '{"a":1,"b":"x:y","a":2}',
        '[{"a":1,"a":2}]',
    ]:
        with pytest.raises(strict_json.AmbiguousJson):
            strict_json.parse_bytes(text.encode())
    for text in ['{"a":"b:c"}', '{"a:":"\\":"}', '{"a":{"a":1}}', '":"', "[]"]:
        assert strict_json.parse_bytes(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    "value",
    [
        {"title": "Call the bank"},
        {"title": "Café 日本", "tags": ["a", "b"]},
        {"title": 'Say \\ "hello"'},
        {"title": "a", "metadata": {"a": [1, {"b": None}]}, "due": "2026-12-01", "order": 1},
        {"title": "a", "notes": "{[" * 1_000},
    ],
    ids=ascii,
)
def test_what_is_plain_is_seen_at_once(value: dict[str, Any]) -> None:
    accepted = content.accept_plain(value)

    assert accepted is not None
    assert content.complete(accepted[0]) == content.validate_closely(value) == content.validate(value)
    assert accepted[1] == len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def test_what_is_written_by_the_faster_way() -> None:
    plain = {"a": "é", "b": 1, "c": None, "d": [True, "x"], "e": {"f": {}}}
    assert events._write_fast(plain, None) == json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    assert events._write_fast({"b": 1, "a": 2}, "sorted") == b'{"a":2,"b":1}'
    others: list[Any] = [[], "x", {"a": 0.5}, {"a": [0.5]}, {"a": [[]]}, {1: 2}, {"a": "\ud800"}, {"a": {"b": 0.5}}]
    for other in others:
        assert events._write_fast(other, None) is None
    assert events._write_fast(nested(10), None) is not None
    assert events._write_fast(nested(12), None) is None
