"""`Prefer` (RFC 7240) and `Idempotency-Key`: what is asked for, and what is not understood."""

from __future__ import annotations

import pytest

from chalicelib.api.headers import parse_idempotency_key, parse_wait
from tests.unit.api.requests_given import Refused, a_request


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("wait=5", 5),
        ("wait=10", 10),
        ("wait=11", 10),
        ("wait=" + "9" * 400, 10),
        ("wait=0", 0),
        ("WAIT=3", 3),
        ('wait="3"', 3),
        ("wait = 3", 3),
        ("return=minimal, wait=3", 3),
        ("respond-async, wait=3; foo=bar, handling=lenient", 3),
        ("wait=2, wait=7", 2),
        ('foo="a,wait=5"', 0),
        ('foo="a\\",wait=5", wait=2', 2),
        ('foo="a;b", wait=4; x="1,wait=9"', 4),
        ('foo="never closed, wait=5', 0),
        ("", 0),
        ("wait", 0),
        ("wait=", 0),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("wait=x", 0),
        ("wait=\u0663", 0),
        ("await=5", 0),
        ("return=wait", 0),
    ],
)
def test_a_caller_may_be_ready_to_wait(header: str, seconds: int) -> None:
    assert parse_wait(header) == seconds


@pytest.mark.parametrize(("header", "seconds"), [("wait=11", 11), ("wait=21", 20), ("wait=99999", 20)])
def test_where_it_is_worth_it_a_caller_may_wait_longer(header: str, seconds: int) -> None:
    assert parse_wait(header, at_most=20) == seconds


def test_leading_zeros_do_not_shorten_the_wait() -> None:
    assert parse_wait("wait=0005") == 5


@pytest.mark.parametrize("key", ["k", "!", "~", "a-b_c/d#e%20", '"quoted"', "x" * 255])
def test_a_key_is_taken_as_it_is(key: str) -> None:
    assert parse_idempotency_key(key) == key


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x\n", "\x7f", "x" * 256, "\u0663"])
def test_other_keys_are_refused(key: str) -> None:
    with Refused() as refused:
        parse_idempotency_key(key)
    assert refused.status == 400


def test_a_header_may_be_left_out() -> None:
    assert a_request().header("idempotency-key", parse_idempotency_key) is None
    assert a_request(headers={"idempotency-key": "k"}).header("idempotency-key", parse_idempotency_key) == "k"
