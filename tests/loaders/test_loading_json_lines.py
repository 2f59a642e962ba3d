"""JSON Lines: one object a line; a bad line is rejected, and the others load."""

import base64

import pytest

from loaders.reading.input import MAX_ROW_BYTES
from loaders.rows.row import BadRow
from tests.loaders.loading import errors_of, plan, read, titles, todos

GOOD = b'{"title": "Good"}\n'


def test_each_line_is_a_todo_and_blank_lines_are_none() -> None:
    assert titles(b'{"title": "A"}\n\n  \r\n{"title": "B"}') == ["A", "B"]


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        (b'{"title": "A"', "not JSON"),
        (b"{'title': 'A'}", "not JSON"),
        (b'{"title": NaN}', "NaN is not a JSON number"),
        (b'{"title": "A", "order": 1e999}', "1e999 is larger than a double can hold"),
        (b'{"title": "A", "order": ' + b"9" * 5000 + b"}", "99999999999999999999… is larger than a double can hold"),
        (b'["A"]', "expected an object"),
        (b'"A"', "expected an object"),
        (b'{"title": "A", "title": "B"}', "the member 'title' is given twice"),
        (b'{"title": "A", "title" : "B"}', "the member 'title' is given twice"),
        (b'{"title": "A", "metadata": {"a": 1, "a": 2}}', "the member 'a' is given twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"title": "A", "metadata": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}", "nested too deeply"),
        (b"caf\xe9", "not UTF-8"),
        (b'{"title": "caf\xe9"}', "not UTF-8"),
        (b"{", "each object on one line"),
        (b'{"title": "\\ud800"}', "holds a lone surrogate, which is no character"),
        (b'{"title": "A", "id": "\\ud800"}', "holds a lone surrogate, which is no character"),
        (b'{"title": "A", "parent": "\\ud800"}', "holds a lone surrogate, which is no character"),
    ],
)
def test_a_bad_line_is_rejected_alone(line: bytes, detail: str) -> None:
    content = GOOD + line + b"\n" + GOOD.replace(b"Good", b"Next")
    [(number, pointer, found)] = errors_of(content)
    assert (number, pointer) == (2, "#")
    assert detail in found
    assert titles(content) == ["Good", "Next"]


def test_a_colon_in_a_value_does_not_begin_a_member() -> None:
    assert titles(b'{"title": "say \\"A\\": B", "metadata": {"a": {"a": 1}}}\n') == ['say "A": B']


def test_a_line_of_a_megabyte_is_rejected_with_its_content() -> None:
    content = b'{"title": "' + b"a" * 1_000_000 + b'"}\n' + GOOD
    [bad, _] = plan(content)
    assert isinstance(bad, BadRow)
    assert bad.errors[0].pointer == "#/title"
    assert len(bad.original["title"]) == 1_000_000
    assert titles(content) == ["Good"]


def test_only_the_beginning_of_an_endless_line_is_kept_and_the_next_line_is_read() -> None:
    content = b'{"title": "' + b"a" * (2 * MAX_ROW_BYTES) + b'"}\n' + GOOD
    [bad, good] = read(content, "jsonl")
    assert isinstance(bad, BadRow)
    assert len(str(bad.original)) < 2000
    assert (good.line, titles(content, "jsonl")) == (2, ["Good"])


def test_bytes_that_are_no_text_are_kept_as_they_are() -> None:
    [bad] = plan(b'{"title": "caf\xe9"}\r\n')
    assert isinstance(bad, BadRow)
    assert base64.b64decode(bad.original["base64"]) == b'{"title": "caf\xe9"}'


def test_every_field_of_a_todo_can_be_stated() -> None:
    [todo] = todos(
        b'{"title": "T", "notes": "N", "completed": true, "list": "L", "tags": ["a", "b"], "priority": "high",'
        b' "due": "2026-12-01", "remind_at": "2026-11-30T09:00:00Z", "order": 1.5, "repeat": "FREQ=DAILY",'
        b' "repeat_from": "completion", "time_zone": "Europe/Berlin", "source": "elsewhere", "metadata": {"m": [1]}}\n'
    )
    assert todo["completed_at"] == todo["created_at"]
    del todo["created_at"], todo["updated_at"], todo["completed_at"], todo["reminded"], todo["next"]
    assert todo == {
        "title": "T",
        "notes": "N",
        "completed": True,
        "list": "L",
        "tags": ["a", "b"],
        "priority": "high",
        "due": "2026-12-01",
        "remind_at": "2026-11-30T09:00:00Z",
        "order": 1.5,
        "repeat": "FREQ=DAILY",
        "repeat_from": "completion",
        "time_zone": "Europe/Berlin",
        "parent": None,
        "source": "elsewhere",
        "metadata": {"m": [1]},
        "deleted": False,
    }
