"""`due` and `remind_at`: RFC 3339 dates and date-times, of days that exist, and nothing else."""

from __future__ import annotations

import pytest

from tests.unit.scenarios import complaints, content_of

VALID = [
    "2026-12-01",
    "2024-02-29",
    "2000-02-29",
    "0001-01-01",
    "9999-12-31",
    "2026-12-01T09:00:00Z",
    "2026-12-01T09:00:00.5Z",
    "2026-12-01T09:00:00.123456789Z",
    "2026-12-01T09:00:00+02:00",
    "2026-12-01T09:00:00-11:30",
    "2026-12-01T09:00:00+23:59",
    "2026-12-01T09:00:00-00:00",
    "2026-12-01t09:00:00z",
    "2026-12-01T23:59:59Z",
    "2024-02-29T00:00:00+14:00",
    "0001-01-01T00:00:00-01:00",
    "9999-12-31T23:59:59+01:00",
]

INVALID = [
    "",
    " ",
    "soon",
    "2026",
    "2026-12",
    "2026-12-1",
    "20261201",
    "2026-W49-2",
    "2026-335",
    "2026-13-01",
    "2026-00-01",
    "2026-12-00",
    "2026-12-32",
    "2026-02-29",
    "1900-02-29",
    "2026-04-31",
    "0000-01-01",
    "-2026-12-01",
    "+2026-12-01",
    "2026-12-01T09:00:00",
    "2026-12-01T09:00Z",
    "2026-12-01T09Z",
    "2026-12-01 09:00:00Z",
    "2026-12-01T09:00:00 Z",
    "2026-12-01T24:00:00Z",
    "2026-12-01T09:60:00Z",
    "2026-12-01T09:00:61Z",
    "2026-12-01T09:00:00.Z",
    "2026-12-01T09:00:00,5Z",
    "2026-12-01T09:00:00+0200",
    "2026-12-01T09:00:00+02",
    "2026-12-01T09:00:00+24:00",
    "2026-12-01T09:00:00+99:00",
    "2026-12-01T09:00:00+02:00:30",
    "2026-12-01T09:00:00UTC",
    "2026-12-01\n",
    "2026-12-01T09:00:00Z\n",
    "\u0662\u0660\u0662\u0666-12-01",
    "2026-12-01T09:00:0\uff10Z",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
]


@pytest.mark.parametrize("field", ["due", "remind_at"])
@pytest.mark.parametrize("text", VALID)
def test_an_instant_is_kept_as_it_was_written(field: str, text: str) -> None:
    assert content_of(**{field: text})[field] == text


@pytest.mark.parametrize("field", ["due", "remind_at"])
@pytest.mark.parametrize("text", INVALID, ids=ascii)
def test_anything_else_is_refused(field: str, text: str) -> None:
    assert list(complaints(**{field: text})) == [f"#/{field}"]


@pytest.mark.parametrize("text", ["2026-12-01T09:00:00+02:60", "2026-12-01T09:00:00-00:99"])
def test_an_offset_has_less_than_sixty_minutes(text: str) -> None:
    assert list(complaints(due=text)) == ["#/due"]


@pytest.mark.parametrize("value", [20261201, 1.5, True, ["2026-12-01"], {}])
def test_an_instant_is_text(value: object) -> None:
    assert list(complaints(due=value)) == ["#/due"]
