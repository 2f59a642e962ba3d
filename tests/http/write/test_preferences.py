"""`/preferences`: a JSON object that the clients of an owner keep together, with a version of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.client import Client, pointers, problem
from tests.support.faults import just_before, lost_answers
from tests.support.in_process import InProcess
from tests.support.waiting import at_once

PATH = "/preferences"


def test_they_are_empty_until_something_is_stored(client: Client) -> None:
    before = client.get(PATH)
    stored = client.put(PATH, {"lists": ["inbox", "é", "🌱"], "": [None, 1.5, True, {"a": {}}]}, if_none_match="*")
    after = client.get(PATH)

    assert (before.status_code, before.json()) == (200, {})
    assert before.headers["ETag"].startswith("W/")
    assert (stored.status_code, stored.headers["ETag"]) == (201, '"1"')
    assert stored.headers["Location"] == f"{client.url}{PATH}"
    assert (after.json(), after.headers["ETag"]) == (stored.json(), '"1"')
    assert after.json() == {"lists": ["inbox", "é", "🌱"], "": [None, 1.5, True, {"a": {}}]}
    assert client.get(PATH, if_none_match='"1"').status_code == 304


def test_a_device_does_not_overwrite_what_it_has_not_seen(client: Client) -> None:
    client.put(PATH, {"a": 1})
    mine, theirs = (client.put(PATH, {"a": number}, if_match='"1"') for number in (2, 3))

    assert (mine.status_code, mine.headers["ETag"]) == (200, '"2"')
    refused = problem(theirs, 412)
    assert (refused["preferences"], theirs.headers["ETag"]) == ({"a": 2}, '"2"')
    assert client.put(PATH, {"a": 3}, if_match='"2"').headers["ETag"] == '"3"'
    problem(client.put(PATH, {"a": 4}, if_none_match="*"), 412)
    problem(client.put(PATH, {"a": 4}, if_none_match="*", if_match='"3"'), 412)
    problem(client.put(PATH, {"a": 4}, if_none_match='"2"'), 400)
    assert client.put(PATH, {"a": 4}, if_match="*").json() == {"a": 4}
    assert client.put(PATH, {"a": 5}).headers["ETag"] == '"5"'


@pytest.mark.parametrize("if_match", ["*", '"1"', 'W/"1"'])
def test_a_version_of_what_was_never_stored_is_refused(client: Client, if_match: str) -> None:
    refused = client.put(PATH, {"a": 1}, if_match=if_match)

    empty = client.get(PATH)
    assert problem(refused, 412)["preferences"] == empty.json() == {}
    assert refused.headers["ETag"] == empty.headers["ETag"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("operation", "condition"), [("PutItem", "if_none_match"), ("UpdateItem", "if_match")])
def test_a_lost_answer_is_healed_and_the_request_may_be_sent_again(
    here: InProcess, operation: str, condition: str
) -> None:
    conditions = {"if_none_match": {"if_none_match": "*"}, "if_match": {"if_match": '"1"'}}[condition]
    if condition == "if_match":
        here.put(PATH, {"a": 1})

    with lost_answers(operation, 1):
        answer = here.put(PATH, {"a": 2}, **conditions)

    again = here.put(PATH, {"a": 2}, **conditions)
    assert answer.status_code == again.status_code == (201 if condition == "if_none_match" else 200)
    assert answer.headers["ETag"] == again.headers["ETag"] == here.get(PATH).headers["ETag"]


def test_true_is_not_one(client: Client) -> None:
    client.put(PATH, {"a": 1})

    assert client.put(PATH, {"a": True}).headers["ETag"] == '"2"'
    assert client.get(PATH).json() == {"a": True}


def test_a_writer_in_between_is_seen(here: InProcess, client: Client) -> None:
    here.put(PATH, {"a": 1})

    with just_before("UpdateItem", lambda: client.put(PATH, {"a": "another's"})):
        refused = problem(here.put(PATH, {"a": 2}, if_match='"1"'), 412)
    with just_before("UpdateItem", lambda: client.put(PATH, {"a": "another's again"})):
        last = here.put(PATH, {"a": 3})

    assert refused["preferences"] == {"a": "another's"}
    assert (last.status_code, last.headers["ETag"], client.get(PATH).json()) == (200, '"4"', {"a": 3})


def test_of_many_first_writers_one_is_first(client: Client) -> None:
    answers: list[Any] = []

    def store(number: int) -> None:
        answers.append(client.another().put(PATH, {"number": number}, if_none_match="*"))

    at_once([lambda number=number: store(number) for number in range(4)])  # type: ignore[misc]

    assert sorted(answer.status_code for answer in answers) == [201, 412, 412, 412]
    (first,) = (answer.json() for answer in answers if answer.status_code == 201)
    assert client.get(PATH).json() == first


def test_nobody_sees_anothers(client: Client, client_of: Callable[..., Client], owner: str) -> None:
    client.put(PATH, {"a": 1})

    for name in (f"{owner}#", f"{owner}2", owner.upper()):
        assert client_of(name).get(PATH).json() == {}


def test_the_largest_can_be_read_and_stored_again(client: Client) -> None:
    largest = {"a": "x" * (16 * 1024 - len('{"a":""}'))}

    stored = client.put(PATH, json.dumps(largest, separators=(",", ":")).encode())

    assert stored.status_code == 201
    assert client.put(PATH, client.get(PATH).text.encode()).headers["ETag"] == '"1"'
    problem(client.put(PATH, {"a": largest["a"] + "x"}), 413)


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


def test_what_is_as_deep_as_it_may_be_is_kept(client: Client) -> None:
    assert client.put(PATH, nested(101)).status_code == 201
    assert client.get(PATH).text.encode() == nested(101)
    problem(client.put(PATH, nested(102)), 400)


@pytest.mark.parametrize("number", ["1e308", "-0.0", "5e-324", str(2**63), "9" * 300, "0.1", "1E5"])
def test_a_number_that_a_double_can_hold_is_kept(client: Client, number: str) -> None:
    assert client.put(PATH, f'{{"a":{number}}}'.encode()).status_code == 201
    assert client.get(PATH).json() == {"a": json.loads(number)}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"[]", {"#"}),
        (b"null", {"#"}),
        (b"7", {"#"}),
        (b'{"a": 1, "a": 2}', {"#/a"}),
        (b'{"a": 1e999}', {"#/a"}),
        (b'{"a": NaN}', {"#/a"}),
        (b'{"a": ' + b"9" * 400 + b"}", {"#/a"}),
        (b'{"a": ["\\ud800"]}', {"#"}),
        (b'{"\\udc00": 1}', {"#"}),
    ],
)
def test_what_cannot_be_stored_is_refused(client: Client, body: bytes, expected: set[str]) -> None:
    assert pointers(client.put(PATH, body)) == expected
    assert client.get(PATH).json() == {}


def test_numbers_that_are_written_longer_here_count_as_long(client: Client) -> None:
    body = ('{"a":[' + ",".join(["1e15"] * 2_000) + "]}").encode()
    assert len(body) < 16 * 1024

    problem(client.put(PATH, body), 413)
