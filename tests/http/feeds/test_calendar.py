"""`GET /todos.ics`: an owner's todos as an iCalendar that a program can poll."""

from __future__ import annotations

import uuid
from typing import Any

import icalendar
import pytest

from chalicelib.api.resources import calendar
from chalicelib.commands import execute
from chalicelib.todos import instants
from chalicelib.todos.decide import Create
from stack.local.local_stack import LocalStack
from tests.http.feeds.test_feeds import made, path_of
from tests.support.client import Client, problem
from tests.support.in_process import InProcess
from tests.support.waiting import shows


def vtodos(answer: Any) -> list[Any]:
    assert answer.status_code == 200, answer.text
    return list(icalendar.Calendar.from_ical(answer.text).walk("VTODO"))


def summaries(answer: Any) -> list[str]:
    return [str(found["SUMMARY"]) for found in vtodos(answer)]


def test_it_shows_each_todo_as_it_is(client: Client, stack: LocalStack) -> None:
    parent = client.created_and_seen("Garden", list="garden")
    todo = client.created_and_seen(
        "Plant; the, garlic", list="garden", notes="Cloves\nin the shed", tags=["outdoor", "a,b"], priority="high",
        due="2026-12-01T09:00:00+01:00", remind_at="2026-12-01", repeat="FREQ=WEEKLY;BYDAY=TU", parent=parent["id"],
    )  # fmt: skip
    anybody = Client(stack.url, None)

    answer = anybody.get(path_of(made(client, name="Phone")))

    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    parsed = icalendar.Calendar.from_ical(answer.text)
    assert (parsed["VERSION"], parsed["NAME"], parsed["X-WR-CALNAME"]) == ("2.0", "Phone", "Phone")
    found: dict[str, Any] = {str(each["UID"]): each for each in parsed.walk("VTODO")}
    assert found.keys() == {parent["id"], todo["id"]}
    mine = found[todo["id"]]
    assert mine["SUMMARY"] == todo["title"]
    assert mine["DESCRIPTION"] == todo["notes"]
    assert mine.categories == todo["tags"]
    assert (mine["PRIORITY"], mine["STATUS"], mine["SEQUENCE"]) == (1, "NEEDS-ACTION", 1)
    assert mine.decoded("DUE") == instants.parse(todo["due"])
    assert mine.decoded("CREATED") == instants.parse(todo["created_at"]).replace(microsecond=0)
    assert mine["RRULE"].to_ical().decode() == "FREQ=WEEKLY;BYDAY=TU"
    assert (mine["RELATED-TO"], mine["URL"]) == (parent["id"], todo["url"])
    assert [alarm.name for alarm in mine.subcomponents] == ["VALARM"]


def test_a_rule_that_would_be_refused_now_is_left_out_and_all_todos_are_shown(here: InProcess) -> None:
    """An older check let it in."""
    for number, repeat in enumerate(("FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=WEEKLY;BYDAY=1MO", "FREQ=DAILY")):
        command = Create({"title": str(number), "due": "2026-12-01", "order": number, "repeat": repeat})
        execute.execute(
            execute.CommandRequest(owner=here.owner, todo_id=str(uuid.uuid4()), command=command, actor=here.owner)
        )
    shows(lambda: here.stats()["open"], 3)

    found = vtodos(here.get(path_of(made(here))))  # type: ignore[arg-type]

    assert [str(each["SUMMARY"]) for each in found] == ["0", "1", "2"]
    assert [each["RRULE"].to_ical() if "RRULE" in each else None for each in found] == [None, None, b"FREQ=DAILY"]


def test_it_follows_completions_and_deletions(client: Client) -> None:
    path = path_of(made(client))
    done, gone = client.created_and_seen("done"), client.created_and_seen("gone")

    client.seen.patch(f"/todos/{done['id']}", {"completed": True})
    client.seen.delete(f"/todos/{gone['id']}")

    (found,) = vtodos(client.get(path))
    assert (found["SUMMARY"], found["STATUS"], found["PERCENT-COMPLETE"]) == ("done", "COMPLETED", 100)


def test_without_todos_it_is_a_calendar_all_the_same(client: Client) -> None:
    answer = client.get(path_of(made(client)))

    assert vtodos(answer) == []
    assert answer.text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")


def test_a_feed_of_some_lists_shows_only_these(client: Client) -> None:
    for number, name in enumerate(("garden", "a/b#c", "inbox")):
        client.created_and_seen(str(number), list=name)

    assert summaries(client.get(path_of(made(client, lists=["garden", "a/b#c"])))) == ["0", "1"]


def test_what_did_not_change_is_not_sent_again(client: Client) -> None:
    client.created_and_seen("one")
    path = path_of(made(client))
    first = client.get(path)

    again = client.get(path, if_none_match=first.headers["ETag"])
    assert (again.status_code, again.text) == (304, "")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert first.headers["Cache-Control"] == again.headers["Cache-Control"] == "private, no-cache"
    assert client.get(path, if_none_match=f'"other", {first.headers["ETag"]}').status_code == 304

    client.created_and_seen("two")
    changed = client.get(path, if_none_match=first.headers["ETag"])
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_head_has_the_headers_alone(client: Client) -> None:
    path = path_of(made(client))

    whole, head = client.get(path), client.head(path)

    assert (head.status_code, head.text) == (200, "")
    for name in ("ETag", "Content-Type", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize("accept", ["text/calendar", "text/*", "*/*", None])
def test_it_is_had_by_who_accepts_it(client: Client, accept: str | None) -> None:
    path = path_of(made(client))
    assert client.get(path, accept=accept).status_code == 200
    problem(client.get(path, accept="application/json"), 406)


@pytest.fixture
def filled(here: InProcess) -> InProcess:
    """Two completed todos, the newer one first, and three open ones."""
    for title in ("old", "new"):
        todo = here.create(title)
        here.patch(f"/todos/{todo['id']}", {"completed": True})
    for order, title in enumerate(("a", "b", "c")):
        here.create(title, order=order)
    shows(lambda: (here.stats()["open"], here.stats()["completed"]), (3, 2))
    return here


def test_open_todos_come_first_and_then_what_was_completed_last(filled: InProcess) -> None:
    assert summaries(filled.get(path_of(made(filled)))) == ["a", "b", "c", "new", "old"]  # type: ignore[arg-type]


@pytest.mark.parametrize(("bound", "value", "left"), [("MAX_TODOS", 4, 4), ("MAX_BYTES", 1200, 3), ("MAX_TODOS", 2, 2)])
def test_what_does_not_fit_is_left_out_from_the_end_and_said(
    filled: InProcess, monkeypatch: pytest.MonkeyPatch, bound: str, value: int, left: int
) -> None:
    path = path_of(made(filled))  # type: ignore[arg-type]
    assert "DESCRIPTION" not in icalendar.Calendar.from_ical(filled.get(path).text)
    monkeypatch.setattr(calendar, bound, value)

    answer = filled.get(path)

    assert summaries(answer) == ["a", "b", "c", "new", "old"][:left]
    assert str(left) in str(icalendar.Calendar.from_ical(answer.text)["DESCRIPTION"])


def test_reading_ends_after_so_many_pages(filled: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    path = path_of(made(filled))  # type: ignore[arg-type]
    monkeypatch.setattr("chalicelib.views.queries.MAX_EXAMINED_BYTES", 0)
    monkeypatch.setattr("chalicelib.views.queries.MAX_ANSWERED_BYTES", 400)
    assert len(summaries(filled.get(path))) == 5

    monkeypatch.setattr(calendar, "MAX_PAGES_READ", 1)

    assert 0 < len(summaries(filled.get(path))) < 5
    assert "DESCRIPTION" in icalendar.Calendar.from_ical(filled.get(path).text)


def test_what_was_completed_long_ago_is_no_longer_shown(filled: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    path = path_of(made(filled))  # type: ignore[arg-type]
    monkeypatch.setattr(calendar, "COMPLETED_DAYS", 0)

    assert summaries(filled.get(path)) == ["a", "b", "c"]
