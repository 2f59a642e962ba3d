"""What the experiment counts: each event's times handed over, its effects, and their lag."""

from __future__ import annotations

from typing import Any

from bench.experiment.counting import Appended, LogEntry, Stage, faults, stages

STREAM = "alice#todo"
FIRST = Appended("e1", STREAM, 1, 10.0)
SECOND = Appended("e2", STREAM, 2, 11.0)


def handed(
    handler: str, *events: str, at: float = 12.0, messages: list[str] | None = None, webhook: str | None = None
) -> dict[str, Any]:
    return {
        "handler": handler,
        "at": at,
        "records": list(events),
        "messages": messages or [None] * len(events),
        "webhooks": [webhook] * len(events),
    }


def views(*log: LogEntry, journal: list[dict[str, Any]] | None = None) -> Stage:
    return stages([FIRST, SECOND], journal or [], log, [])["project"]


def test_a_batch_that_comes_again_is_handed_over_twice_and_takes_effect_once() -> None:
    journal = [handed("project", "e1", "e2"), handed("project", "e1", "e2"), handed("publish", "e1")]
    found = views(LogEntry(STREAM, 1, 12.0), LogEntry(STREAM, 2, 12.5), journal=journal)
    assert found.handed == {"e1": 2, "e2": 2}
    assert found.effects == {"e1": 1, "e2": 1}
    assert (found.times_handed, found.times_effective) == ({2: 2}, {1: 2})


def test_an_event_that_a_newer_one_of_its_batch_brings_along_has_no_effect_of_its_own_and_is_not_lost() -> None:
    found = views(LogEntry(STREAM, 2, 12.5))
    assert found.effects == {"e1": 0, "e2": 1}
    assert found.lags == [(10.0, 2.5), (11.0, 1.5)]
    assert not found.lost


def test_a_version_that_two_revisions_name_took_effect_twice() -> None:
    assert views(LogEntry(STREAM, 1, 12.0), LogEntry(STREAM, 1, 13.0), LogEntry(STREAM, 2, 14.0)).effects["e1"] == 2


def test_an_event_newer_than_all_that_the_log_names_is_lost() -> None:
    assert views(LogEntry(STREAM, 1, 12.0), LogEntry("alice#another", 2, 12.0)).lost == {"e2"}


def test_an_event_was_published_as_often_as_it_came_in_another_message() -> None:
    journal = [
        handed("deliver", "e1", "e2", at=12.0, messages=["m1", "m2"]),
        handed("deliver", "e1", at=13.0, messages=["m1"]),
        handed("deliver", "e1", at=14.0, messages=["m3"]),
        handed("deliver", "e1", "e2", at=15.0, messages=["m4", "m5"], webhook="w1"),
        handed("deliver", "e1", at=16.0, messages=["m4"], webhook="w1"),
    ]
    found = stages([FIRST, SECOND], journal, [], [])
    assert found["publish"].effects == {"e1": 2, "e2": 1}
    assert found["publish"].lags == [(10.0, 2.0), (11.0, 1.0)]
    assert found["deliver"].handed == {"e1": 2, "e2": 1}


def test_a_webhook_told_twice_counts_twice_and_its_lag_to_the_first_time() -> None:
    found = stages([FIRST, SECOND], [], [], [("e1", 15.0), ("e1", 12.0)])["deliver"]
    assert found.effects == {"e1": 2, "e2": 0}
    assert found.lags == [(10.0, 2.0)]
    assert found.lost == {"e2"}


def test_faults_are_counted_by_handler_and_kind() -> None:
    fault = {"handler": "project", "at": 1.0, "fault": "raised"}
    assert faults([fault, fault, handed("project", "e1")]) == {("project", "raised"): 2}
