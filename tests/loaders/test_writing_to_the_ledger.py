"""Events are appended in full transactions, tried again while that can help, and nothing is dropped."""

from typing import Any

import pytest

from chalicelib.aws.errors import Refusal, Unconfigured
from chalicelib.ledger import codec
from chalicelib.ledger.errors import LedgerUnavailable
from chalicelib.ledger.ledger import MAX_TRANSACTION_BYTES
from chalicelib.ledger.model import EventItem
from loaders.into.changes import ChangePolicy
from loaders.into.ledger import LedgerDestination
from loaders.into.writer import MAX_TRIES, Writer, split_into_groups
from loaders.planner import Planned
from tests.loaders.loading import GroupLedger, lines, load, plan, rows


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loaders.into.writer.CEILING_SECONDS", 0.0)


def unavailable(code: str, **more: Any) -> LedgerUnavailable:
    error = LedgerUnavailable(code)
    answer: Any = {"Error": {"Code": code, "Message": code}, **more}
    error.__cause__ = Refusal(answer, "TransactWriteItems")
    return error


@pytest.mark.parametrize("concurrency", [1, 4])
def test_every_row_is_added_in_transactions_of_a_hundred(concurrency: int) -> None:
    ledger = GroupLedger()
    summary, _ = load(rows(950), ledger, concurrency)
    assert (summary.read, summary.added, summary.already, summary.is_all_in) == (950, 950, 0, True)
    assert sorted(ledger.groups) == [50] + [100] * 9
    assert {event.type for event in ledger.events.values()} == {"TodoCreated"}
    assert {(event.version, event.actor) for event in ledger.events.values()} == {(1, "urn:todo-ledger:loader")}


def test_a_transaction_stays_within_the_bytes_that_dynamodb_takes() -> None:
    content = lines(*({"id": number, "title": "A", "notes": "\n" * 12_000} for number in range(300)))
    groups = list(split_into_groups(one for one in plan(content) if isinstance(one, Planned)))
    sizes = [sum(codec.size_of(one.event) for one in group) for group in groups]
    assert sum(map(len, groups)) == 300
    assert max(sizes) <= MAX_TRANSACTION_BYTES
    assert min(sizes[:-1]) > MAX_TRANSACTION_BYTES * 0.9


def test_loading_again_adds_nothing() -> None:
    ledger = GroupLedger()
    load(rows(250), ledger)
    before = dict(ledger.events)
    summary, _ = load(rows(250), ledger)
    assert (summary.added, summary.already, summary.is_all_in) == (0, 250, True)
    assert ledger.events == before


def test_only_the_new_rows_of_a_file_that_has_grown_are_added() -> None:
    ledger = GroupLedger()
    load(rows(130), ledger)
    summary, _ = load(rows(260), ledger)
    assert (summary.added, summary.already) == (130, 130)
    assert len(ledger.events) == 260


def test_throttling_is_waited_out() -> None:
    ledger = GroupLedger()
    ledger.failures = [unavailable("ThrottlingException")] * 5
    summary, _ = load(rows(10), ledger)
    assert (summary.added, summary.is_all_in, len(ledger.groups)) == (10, True, 6)


def test_a_write_whose_answer_was_lost_counts_as_added() -> None:
    ledger = GroupLedger()
    ledger.answers_lost = 1
    summary, _ = load(rows(10), ledger)
    assert (summary.added, summary.already) == (10, 0)


def test_an_outage_ends_the_run_and_every_row_read_is_accounted_for() -> None:
    ledger = GroupLedger()
    ledger.failures = [LedgerUnavailable("connection refused")] * 1000
    summary, reported = load(rows(5000), ledger)
    assert summary.added == 0
    assert summary.stopped_by is not None
    assert summary.read == summary.unwritten + 1 < 5000
    assert len(reported) == summary.unwritten
    assert sorted(reported)[0] == (1, "not written: connection refused")
    # Three groups were under way when the first was given up; nothing is tried without end.
    assert len(ledger.groups) <= 3 * MAX_TRIES


def test_what_no_try_can_help_is_tried_once() -> None:
    without_credentials = LedgerUnavailable("no credentials")
    without_credentials.__cause__ = Unconfigured()
    for failure in (unavailable("ResourceNotFoundException"), without_credentials):
        ledger = GroupLedger()
        ledger.failures = [failure] * 10
        summary, _ = load(rows(50), ledger)
        assert (summary.unwritten, len(ledger.groups)) == (50, 1)


def test_a_row_that_dynamodb_refuses_is_found_and_the_others_are_added() -> None:
    ledger = GroupLedger()
    whole = ledger.append

    def refusing(group: list[Any]) -> dict[int, Any]:
        if any(event.state["title"] == "Todo 37" for event in group):
            raise unavailable("ValidationException")
        return whole(group)

    ledger.append = refusing  # type: ignore[method-assign]
    summary, reported = load(rows(100), ledger)
    assert (summary.added, summary.unwritten, summary.stopped_by) == (99, 1, None)
    assert reported == [(38, "refused by DynamoDB: ValidationException")]


def test_a_file_that_breaks_off_is_loaded_as_far_as_it_goes() -> None:
    ledger = GroupLedger()
    summary, _ = load(b'[{"title": "A"},\n{"title": "B"},\n{"title": ', ledger)
    assert (summary.added, summary.is_all_in) == (2, False)
    assert "line 3" in str(summary.stopped_by)


def test_an_event_is_sent_as_the_model_would_send_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTS_TABLE", "events")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    [planned] = plan(lines({"title": "Ä", "metadata": {"a": None}, "tags": ["x"]}))
    assert isinstance(planned, Planned)
    assert codec.encode(planned.event) == EventItem(**codec.attributes_of(planned.event)).serialize()


def test_a_stopped_writer_tries_each_group_once_more_and_reports_it() -> None:
    ledger = GroupLedger()
    ledger.failures = [LedgerUnavailable("connection refused")] * 10
    group = [one for one in plan(rows(5)) if isinstance(one, Planned)]
    with Writer(1, LedgerDestination(1, ChangePolicy("update", is_sure=True), ledger)) as writer:
        writer.stop()
        done = [*writer.write(group), *writer.finish()]
    assert [len(written.failed) for written in done] == [5]
    assert len(ledger.groups) == 1
