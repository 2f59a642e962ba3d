"""Every parser of what a caller sends reads or refuses any input, with work and memory for its length alone.

Inputs are built of the pieces that a parser looks for, one of them many times: so a loop within a loop shows. Work is
counted in calls of functions, in Python or in C, and memory by the allocator: neither depends on the machine.
`--thorough 200` looks at 200 times as many inputs of each parser.
"""

from __future__ import annotations

import base64
import json
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.api import bodies, filters, headers, negotiation, pages, routing
from chalicelib.api.problems import Problem, problem_of
from chalicelib.api.resources import batch_commands, feeds, lists, webhooks
from chalicelib.mcp import arguments, protocol
from chalicelib.mcp.arguments import InvalidArguments
from chalicelib.mcp.errors import RpcError
from chalicelib.todos import content, decide, instants, strict_json, zones
from chalicelib.todos.content import InvalidContent
from chalicelib.views.sync.position import Position
from tests.support.thorough import many
from tests.unit.api.requests_given import a_request
from tests.unit.scenarios import Stream, content_of

pytestmark = pytest.mark.slow

KEY = b"the deployment's own"
# What a parser may do whatever its input is, and for each of its characters.
CALLS, CALLS_EACH = 3_000, 25
BYTES, BYTES_EACH = 100_000, 200
# An answer says of a hundred errors where they are and what they are.
LARGEST_ANSWER = 120_000


@dataclass
class Parser:
    """A parser, and the pieces that its inputs are built of."""

    parse: Callable[[Any], object]
    pieces: list[Any]
    # Those that its caller takes for a refusal.
    refusals: tuple[type[Exception], ...] = (Problem, InvalidContent, decide.Refusal)
    longest: int = 8_000


def a_body(text: bytes, **more: Any) -> Any:
    return a_request(body=text, headers={"content-type": "application/json"}, **more)


def parsed(text: bytes) -> Any:
    """A body's JSON; refused as the API refuses it."""
    return bodies.read_json(a_body(text))


VALUE = (ValueError,)
TODO = Stream().after(decide.Create(content_of(metadata={"a": {"b": 1}}, tags=["x"], notes="n")))

DIGITS = ["0", "9", "2026-12-01", "T09:00:00", ".", "7", "Z", "+01:00", "-", ":", " ", "\u0661", "t", "z", "é"]
JSON_PIECES = [
    b"[", b"]", b"{", b"}", b'"a":', b'"b":1,', b"1,", b"-0.5e3,", b"NaN,", b"1e999,", b'"', b'"x",', b"\\u0301",
    b'"\\ud800",', b'"\\u0000",', b"\xff", b"\xcc\x81", b"\xef\xbb\xbf", b" ", b"null,", b"true", b",", b'"title":"x",',
]  # fmt: skip
CONTENT_PIECES = [
    b'"title":"x",', b'"notes":"', b"\\u0301", b"\\u0316", b"\xcd\xb3", b'",', b'"tags":["a","a"],', b'"metadata":{',
    b'"order":1e5,', b'"due":"2026-12-01",', b'"due":"', b"7", b'"parent":"x",', b'"list":"', b'"completed":null,',
    b"{", b"}", b"[", b"]", b'"a":', b"1,", b'"z%d":1,', b'"\\ud800":1,', b'"repeat":"FREQ=DAILY",', b"null,",
]  # fmt: skip
BATCH_PIECES = [
    b'{"commands":[', b'{"op":"create",', b'"op":"patch",', b'"id":"x",', b'"key":"k",', b'"if_match":"\\"1\\"",',
    b'"body":{"title":"x"}', b"},", b"]", b"}", b"{},", b"1,", b'{"op":"\\ud800"},', b'{"\\ud800":1},', b'"a":1,',
]  # fmt: skip
MESSAGE_PIECES = [
    b'{"jsonrpc":"2.0",', b'"id":"\\ud800",', b'"id":1,', b'"id":null,', b'"method":"tools/call",', b'"params":{',
    b'"_meta":{', b'{"id":"x",', b'"if_version":1,', b'"clear":["due",', b'"zz":1,', b'"\\ud800":1,', b"},",
    b"{},", b"]",
]  # fmt: skip
LIST_PIECES = ["a", " ", ".", "/", "%", "\0", "\x85", "é", "e\u0301", "\u0316", "\u0f73", "漢", "😀", "\ud800"]
HEADER_PIECES = [
    ",",
    ";",
    '"',
    "\\",
    '"1"',
    'W/"',
    "*",
    "a/b",
    "q=0.5",
    "q=",
    "wait=",
    "9",
    "=",
    " ",
    "\t",
    "\xff",
    "x",
]
CURSOR_PIECES = ["A", "W10", "=", "-", "_", "é", "\0", "WyJ", "IiwgIg", "\ud800"]
POSITION_PIECES = ["[", "]", '"g"', ",", "1", "9", "null", '"', "{", " ", "e9", "-"]
PATH_PIECES = ["%", "%2F", "%FF", "%C3%A9", "/", "a", "%00", "é", "..", "%F0%9F", "%zz"]


def _patch(body: bytes) -> object:
    stated = parsed(body)
    merged = content.merge_patch(decide.content_of(TODO.todo), stated)  # type: ignore[arg-type]
    TODO.decide(decide.Patch(stated))
    return merged


PARSERS: dict[str, Parser] = {
    "instants": Parser(instants.parse_stated, DIGITS, VALUE),
    "instants of a todo": Parser(content.instant_error, DIGITS),
    "instants of a query": Parser(filters.parse_instant, DIGITS, VALUE),
    "time zones": Parser(zones.zone_error, ["Europe", "/", "Berlin", "..", "UTC", "+", "-", "_", "\0", "\n", "é", "9"]),
    "stored instants": Parser(instants.sortable, DIGITS, VALUE),
    "cursors": Parser(lambda text: pages.position_of(a_request(), {"cursor": text}), CURSOR_PIECES),
    "what a cursor has": Parser(
        lambda text: pages.position_of(
            a_request(), {"cursor": base64.urlsafe_b64encode(text.encode(errors="replace")).decode()}
        ),
        [*POSITION_PIECES, "é"],
    ),
    "positions of the feed": Parser(Position.parse, POSITION_PIECES, (ValueError, RecursionError)),
    "Prefer": Parser(headers.parse_wait, HEADER_PIECES),
    "Accept": Parser(lambda text: negotiation.preferred(text, "text/csv", "application/json"), HEADER_PIECES),
    "If-Match": Parser(headers.parse_if_match, HEADER_PIECES),
    "If-None-Match": Parser(headers.parse_if_none_match, HEADER_PIECES),
    "If-None-Match of a read": Parser(lambda text: headers.is_not_modified(text, '"1"'), HEADER_PIECES),
    "Idempotency-Key": Parser(headers.parse_idempotency_key, HEADER_PIECES),
    "X-Request-Id": Parser(headers.parse_request_id, HEADER_PIECES),
    "JSON": Parser(parsed, JSON_PIECES),
    "JSON of the loader": Parser(strict_json.parse_bytes, JSON_PIECES, (strict_json.JsonError, UnicodeDecodeError)),
    "a todo": Parser(lambda text: content.validate(parsed(text)), CONTENT_PIECES),
    "a merge patch": Parser(_patch, CONTENT_PIECES),
    "a webhook": Parser(lambda text: webhooks._load(parsed(text)), [b'"url":"https://a.b/', *CONTENT_PIECES]),
    "a new name of a list": Parser(lambda text: lists._new_name(parsed(text)), [b'"to":"', *CONTENT_PIECES]),
    "a feed": Parser(lambda text: feeds._load(parsed(text)), [b'"name":"', b'"lists":["a",', *CONTENT_PIECES]),
    "a batch": Parser(lambda text: batch_commands.read_plans(a_body(text)), BATCH_PIECES),
    "a message of an assistant": Parser(
        lambda text: protocol.read(parsed(text), {}), MESSAGE_PIECES, (RpcError, Problem)
    ),
    "what an assistant changes": Parser(
        lambda text: arguments.load(arguments.Change, parsed(b'{"todos":[' + text + b"]}")),
        [*MESSAGE_PIECES, *CONTENT_PIECES],
        (InvalidArguments, Problem),
    ),
    "Mcp-Name": Parser(protocol.decode, ["=?base64?", "?=", "Zm9v", "=", "A", "é", "\0", "\n", "find"]),
    "list names": Parser(pages.parse_list_name, LIST_PIECES, VALUE),
    "texts that are sought": Parser(filters.parse_text(filters.MAX_SOUGHT_LENGTH), LIST_PIECES, VALUE),
    "limits": Parser(pages.parse_limit, DIGITS, VALUE),
    "paths": Parser(lambda text: routing._path_parameters(f"/lists/{text}/todos", "/lists/{name}/todos"), PATH_PIECES),
}


@st.composite
def inputs(draw: st.DrawFn, parser: Parser) -> Any:
    """Some pieces, then one or two of them again and again, then some more."""
    some = st.lists(st.sampled_from(parser.pieces), max_size=6)
    repeated = draw(st.lists(st.sampled_from(parser.pieces), min_size=1, max_size=3))
    empty = parser.pieces[0][:0]
    unit = empty.join(repeated)
    times = draw(st.sampled_from([0, 1, 30, 31, 99, parser.longest // len(unit)]))
    found = empty.join(draw(some)) + unit * times + empty.join(draw(some))
    if isinstance(found, bytes) and draw(st.booleans()):
        # What is one object, at least at its ends.
        return b"{" + found.rstrip(b",") + b"}"
    return found


class Work:
    """Counts the calls of functions while it is entered, and the bytes that are allocated at most."""

    calls = 0
    allocated = 0

    def __enter__(self) -> Work:
        tracemalloc.start()
        self._before, _ = tracemalloc.get_traced_memory()
        sys.setprofile(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        self.allocated = tracemalloc.get_traced_memory()[1] - self._before
        tracemalloc.stop()

    def _count(self, _: Any, event: str, __: Any) -> None:
        if event in ("call", "c_call"):
            self.calls += 1


def outcome_of(parser: Parser, given_input: Any) -> Exception | None:
    """What a parser refuses an input with; anything but a refusal is an error of the parser."""
    try:
        parser.parse(given_input)
    except parser.refusals as refused:
        return refused
    return None


EXAMPLES = 30


@pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS)
def test_any_input_is_read_or_refused_with_bounded_work(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "cursor_key", lambda: KEY)
    for piece in parser.pieces:
        # What is made once for a process is not the input's.
        outcome_of(parser, b"{" + piece.rstrip(b",") + b"}" if isinstance(piece, bytes) else piece)

    @settings(max_examples=many(EXAMPLES))
    @given(given_input=inputs(parser))
    def look(given_input: Any) -> None:
        with Work() as work:
            refused = outcome_of(parser, given_input)
        assert work.calls <= CALLS + CALLS_EACH * len(given_input), given_input[:200]
        assert work.allocated <= BYTES + BYTES_EACH * len(given_input), given_input[:200]
        if isinstance(refused, Problem | InvalidContent):
            problem = problem_of(refused)
            assert problem.status < 500
            assert len(json.dumps(problem.document("https://api"), ensure_ascii=False).encode()) <= LARGEST_ANSWER

    look()


SURROGATES = [
    ("a batch", b'{"commands":[{"op":"\\ud800"}]}'),
    ("a batch", b'{"\\ud800":1}'),
    ("a batch", b'{"commands":[{"op":"create","key":"\\ud800"}]}'),
    ("a batch", b'{"commands":[{"op":"create","id":"\\ud800"}]}'),
    ("a batch", b'{"commands":[{"op":"delete","id":"x","if_match":"\\ud800"}]}'),
    ("a batch", b'{"commands":[{"op":"delete","id":"x","\\ud800":1}]}'),
    ("a todo", b'{"title":"x","priority":"\\ud800","\\ud800":1}'),
    ("a merge patch", b'{"priority":"\\ud800"}'),
    ("a webhook", b'{"url":"https://a.example","types":["\\ud800"]}'),
    ("a feed", b'{"name":"x","\\ud800":{"\\ud800":1}}'),
    ("a new name of a list", b'{"to":"\\ud800"}'),
]


@pytest.mark.parametrize(("name", "body"), SURROGATES)
def test_a_lone_surrogate_is_an_error_of_the_body(name: str, body: bytes) -> None:
    refused = outcome_of(PARSERS[name], body)
    assert isinstance(refused, Problem | InvalidContent)
    problem = problem_of(refused)
    assert problem.status == 400
    assert json.dumps(problem.document("https://api"), ensure_ascii=False).encode()


def test_errors_take_little_more_memory_than_what_they_are_in() -> None:
    for piece in (b"NaN,", b"1e999,", b'{"a":1,"a":1},'):
        body = b"[" + piece * (120_000 // len(piece)) + b"0]"
        with Work() as work:
            refused = outcome_of(PARSERS["JSON"], body)
        assert isinstance(refused, Problem)
        assert work.allocated < 30 * len(body), piece


def test_brackets_are_counted_before_a_body_is_read() -> None:
    body = b"[" + b"{}," * bodies.MAX_BRACKETS + b"0]"
    with Work() as work:
        refused = outcome_of(Parser(lambda text: batch_commands.read_plans(a_body(text)), []), body)
    assert isinstance(refused, Problem)
    assert refused.status == 413
    assert (work.calls < 100, work.allocated < 20_000) == (True, True)


def test_this_would_notice_a_loop_within_a_loop() -> None:
    def quadratic(text: str) -> int:
        return sum(text.count(each) for each in text for _ in text)

    with Work() as work:
        quadratic("x" * 300)
    assert work.calls > CALLS + CALLS_EACH * 300


def test_this_would_notice_memory() -> None:
    with Work() as work:
        [bytes(10) for _ in range(100_000)]
    assert work.allocated > BYTES + BYTES_EACH * 1_000
