"""The hostile requests: each kind is drawn anew each time, as large as the service's bounds let it come, or larger."""

from __future__ import annotations

import base64
import json
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

JSON: Final = {"Content-Type": "application/json"}
MERGE_PATCH: Final = {"Content-Type": "application/merge-patch+json"}
MARKS: Final = "\u0301" * 12_000 + "\u0316" * 12_000
# As many as a letter may have, and in the order that takes the most sorting.
PERMITTED_MARKS: Final = "a" + "\u0301" * 15 + "\u0316" * 15
SURROGATE: Final = "\ud800"


@dataclass(frozen=True)
class HostileRequest:
    """A request as it is put on the wire; a header's value may have any byte."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Target:
    """What the requests are about: todos that exist, of which one has a long history of large versions."""

    todo_ids: list[str]
    large_id: str


Kind = Callable[[random.Random, Target], HostileRequest]


def _post(path: str, content: Any, **headers: str) -> HostileRequest:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return HostileRequest("POST", path, {**JSON, **headers}, body)


def _todo(draw: random.Random, target: Target) -> str:
    return f"/todos/{draw.choice(target.todo_ids)}"


def _marks(draw: random.Random, target: Target) -> HostileRequest:
    name = draw.choice(["title", "notes", "list", "source", "due", "repeat", "priority", "colour"])
    content: dict[str, Any] = {"title": "x", name: "a" + MARKS}
    return draw.choice(
        [
            _post("/todos", content),
            _post("/todos", {"title": "x", "tags": ["b" + MARKS] * 3}),
            _post("/webhooks", {"url": "https://a.example/" + MARKS, "lists": ["c" + MARKS]}),
            _post("/feeds", {"name": "d" + MARKS}),
            _post("/batch", {"commands": [{"op": "create", "body": content} for _ in range(10)]}),
            HostileRequest("PATCH", _todo(draw, target), MERGE_PATCH, json.dumps(content).encode()),
            _post("/lists/inbox/rename", {"to": "g" + MARKS}),
            HostileRequest("PUT", "/lists/" + quote("h" + MARKS[:600])),
            HostileRequest("GET", "/lists/" + quote("e" + MARKS[:600]) + "/todos"),
            HostileRequest("GET", "/todos?q=" + quote("f" + MARKS[:600]) + "&tag=" + quote(MARKS[:300])),
        ]
    )


def _permitted_marks(draw: random.Random, target: Target) -> HostileRequest:
    notes = PERMITTED_MARKS * draw.randint(1, 250)
    return HostileRequest("PATCH", _todo(draw, target), MERGE_PATCH, json.dumps({"notes": notes}).encode())


def _large_batch(draw: random.Random, target: Target) -> HostileRequest:
    piece = draw.choice([b"[],", b"{},", b'"\\u0301",', b"1e5,", b'{"a":1,"a":2},', b"NaN,", b'"\\ud800",'])
    members = piece * draw.choice([1_000, 100_000, 1_300_000])
    body = b'{"commands":[{"op":"create","body":{"title":"x","metadata":{"a":[' + members + b"0]}}}]}"
    return _post("/batch", body[:4_500_000])


def _conflicts(draw: random.Random, target: Target) -> HostileRequest:
    stale = {"op": "patch", "id": target.large_id, "if_match": '"1"', "body": {"title": "x"}}
    return _post("/batch", {"commands": [stale] * draw.randint(2, 100)})


def _surrogates(draw: random.Random, target: Target) -> HostileRequest:
    return draw.choice(
        [
            _post("/batch", {SURROGATE: 1}),
            _post("/batch", {"commands": [{"op": SURROGATE}]}),
            _post("/batch", {"commands": [{"op": "create", SURROGATE: SURROGATE}]}),
            _post(_todo(draw, target) + "/revert", {"to_version": SURROGATE}),
            _post("/todos", {"title": SURROGATE, SURROGATE: SURROGATE, "metadata": {SURROGATE: SURROGATE}}),
            _post("/webhooks", {"url": SURROGATE, "types": [SURROGATE], SURROGATE: 1}),
            _post("/feeds", {"name": SURROGATE, "lists": [SURROGATE]}),
            _post("/lists/inbox/rename", {"to": SURROGATE, SURROGATE: 1}),
            HostileRequest("PATCH", f"/webhooks/{uuid.uuid4()}", dict(MERGE_PATCH), b'{"\\ud800": "\\ud800"}'),
        ]
    )


def _instants(draw: random.Random, target: Target) -> HostileRequest:
    text = "2026-12-01T09:00:00." + "7" * draw.choice([9, 10, 3_000, 100_000]) + "Z"
    field_name = draw.choice(["due", "remind_at"])
    return draw.choice(
        [
            _post("/todos", {"title": "x", field_name: text}),
            HostileRequest("GET", f"/todos?due_before={quote(text[:6_000])}"),
            HostileRequest("GET", f"{_todo(draw, target)}?at={quote(text[:6_000])}"),
            _post(
                "/todos", {"title": "x", field_name: draw.choice(["9999-12-31T23:59:59-23:59", "0001-01-01", "\u0661"])}
            ),
        ]
    )


def _rules(draw: random.Random, target: Target) -> HostileRequest:
    rule = draw.choice(
        [
            "FREQ=HOURLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=" + ",".join(["2"] * 220),
            "FREQ=SECONDLY;INTERVAL=7919;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=MINUTELY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYSETPOS=366,-366",
            "FREQ=YEARLY;BYWEEKNO=53;BYYEARDAY=1;BYMONTH=12",
            "FREQ=DAILY;COUNT=" + "9" * 400,
            "FREQ=DAILY;INTERVAL=" + "9" * 400,
            "FREQ=YEARLY;BYHOUR=1,2;BYMINUTE=" + ",".join(map(str, range(60))) + ";BYSECOND=1,2,3",
            ";" * 500,
        ]
    )
    return _post("/todos", {"title": "x", "repeat": rule[:500], "due": "2026-12-01T09:00:00Z"})


def _cursors(draw: random.Random, target: Target) -> HostileRequest:
    position = draw.choice(["", "\0", "~" * 2_000, "list#", "\ud800", '["g",1,2,3,4,null]', "[" * 900])
    content = json.dumps(draw.choice([["0" * 32, position], ["é", position], [None, position], position])).encode()
    forged = draw.choice([base64.urlsafe_b64encode(content).decode().rstrip("="), "A" * 5_000, "%00", "é", "="])
    path = draw.choice(
        [
            "/todos?cursor=",
            "/lists?cursor=",
            "/changes?since=",
            "/export?cursor=",
            "/activity?cursor=",
            "/todos?sort=due&cursor=",
        ]
    )
    return HostileRequest("GET", path + quote(forged))


def _headers(draw: random.Random, target: Target) -> HostileRequest:
    name = draw.choice(
        ["Prefer", "Accept", "If-Match", "If-None-Match", "Idempotency-Key", "Operation-Id", "X-Request-Id", "Cookie"]
    )
    value = draw.choice(
        [
            "," * 6_000,
            '"' * 6_000,
            ("a/b;q=0.5," * 600),
            '"\\' * 3_000,
            ("wait=" + "9" * 5_000),
            ";" * 6_000,
            'W/"' + "x" * 5_000,
            '"1",' * 1_500,
            "\xff" * 3_000,
            "wait=1;" * 800,
            "*/*;q=" + "0" * 5_000,
            "\t " * 2_000,
        ]
    )
    if draw.random() < 0.5:
        return HostileRequest("GET", draw.choice(["/todos?limit=1", "/changes", "/lists", "/stats"]), {name: value})
    return HostileRequest("PATCH", _todo(draw, target), {**MERGE_PATCH, name: value}, b'{"title": "x"}')


def _json(draw: random.Random, target: Target) -> HostileRequest:
    depth = draw.choice([101, 900, 60_000])
    body = draw.choice(
        [
            b"[" * depth + b"]" * depth,
            b'{"a":' * min(depth, 20_000) + b"1" + b"}" * min(depth, 20_000),
            b"[" * 900 + b"1," * 50_000 + b"NaN" + b"]" * 900,
            b"{" + b",".join(b'"%d":1' % number for number in range(12_000)) + b"}",
            b'{"title":"x",' + b'"a":1,' * 20_000 + b'"a":1}',
            b'{"title":"' + b"x" * 130_000 + b'"}',
            b'{"' + b"n" * 120_000 + b'":1}',
            b'{"title":"x","order":' + b"9" * 100_000 + b"}",
            b'{"title":"x","order":1e' + b"9" * 100_000 + b"}",
            b"\xff\xfe" * 50_000,
            b'{"title":"' + b"\\u0301" * 20_000 + b'"}',
            b"",
            b'"',
        ]
    )
    method, path = draw.choice([("POST", "/todos"), ("PATCH", _todo(draw, target)), ("PUT", _todo(draw, target))])
    return HostileRequest(method, path, {**JSON, "If-Match": '"1"'} if method == "PUT" else dict(JSON), body)


def _queries(draw: random.Random, target: Target) -> HostileRequest:
    query = draw.choice(
        [
            "&".join(f"a{number}=1" for number in range(800)),
            "&".join(["limit=1"] * 800),
            "q=" + "%E2%84%AA" * 600,
            "q=" + "x" * 6_000,
            "limit=" + "9" * 6_000,
            "list=" + "%F0%9F%98%80" * 100,
            "=" * 3_000,
            "%" * 3_000,
            "q=%FF%FE",
            "sort=due&due_after=0001-01-01&due_before=9999-12-31",
        ]
    )
    return HostileRequest("GET", f"/todos?{query}")


def _paths(draw: random.Random, target: Target) -> HostileRequest:
    method = draw.choice(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
    path = draw.choice(
        [
            "/todos/" + "x" * 4_000,
            "/lists/%00/todos",
            "/lists/%/todos",
            "/lists/%FF/todos",
            "/lists/../todos",
            "/todos/%2e%2e/events",
            "//todos",
            "/nothing",
            "/lists/" + "%E2%82%AC" * 150 + "/todos",
            f"/todos/{uuid.uuid4()}/events?limit=200&cursor=x",
            "/webhooks/x",
            "/feeds/x",
            "/todos.ics?token=" + "A" * 4_000,
        ]
    )
    return HostileRequest(method, path, dict(JSON), b"{}" if method in ("POST", "PUT", "PATCH") else b"")


def _tokens(draw: random.Random, target: Target) -> HostileRequest:
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    token = draw.choice(["", "x", "a.b.c", f"{none}.{none}.", "." * 5_000, "é", "A" * 6_000, f"{none}.{'e' * 4_000}.x"])
    return HostileRequest("GET", "/todos", {"Authorization": f"Bearer {token}"})


def _media_types(draw: random.Random, target: Target) -> HostileRequest:
    headers = draw.choice(
        [
            {"Content-Type": "text/plain"},
            {"Content-Type": "application/json; charset=" + "x" * 4_000},
            {"Content-Encoding": "gzip", **JSON},
            {"Content-Encoding": "x" * 3_000, **JSON},
            {"Content-Type": "\xff" * 900},
        ]
    )
    return HostileRequest(
        "POST", "/todos", headers, draw.choice([b"{}", b"\x1f\x8b\x08" + b"\0" * 1_000, b"\0" * 9_000])
    )


def _growing(draw: random.Random, target: Target) -> HostileRequest:
    """What is accepted, as large as it may be: each is another todo, which a process may remember."""
    choices: list[dict[str, Any]] = [
        {"notes": "x" * 16_000},
        {"notes": "\n" * 14_000},
        {"notes": "😀" * 4_000},
        {"metadata": {"a": [[]] * 1_300}},
        {"tags": ["y" * 60 + str(number) for number in range(32)]},
        {"list": f"list {draw.random()}"},
        {"notes": "\n" * 16_000},
        {"notes": "\x01" * 16_000},
    ]
    return _post("/todos", {"title": str(draw.random()), **draw.choice(choices)})


def _changing(draw: random.Random, target: Target) -> HostileRequest:
    body = draw.choice([{"completed": True}, {"completed": False}, {"notes": None}, {"title": str(draw.random())}])
    return HostileRequest("PATCH", _todo(draw, target), MERGE_PATCH, json.dumps(body).encode())


def _reading(draw: random.Random, target: Target) -> HostileRequest:
    path = draw.choice(
        [
            "/todos?limit=200",
            "/changes?limit=200",
            f"/todos/{target.large_id}/events?limit=200",
            "/lists",
            "/export",
            "/todos?sort=due",
            "/todos?q=zzz",
            "/stats",
            "/health",
        ]
    )
    return HostileRequest("GET", path)


KINDS: Final[dict[str, Kind]] = {
    "combining marks": _marks,
    "as many marks as are allowed": _permitted_marks,
    "batches of megabytes": _large_batch,
    "batches of conflicts": _conflicts,
    "lone surrogates": _surrogates,
    "instants": _instants,
    "rules": _rules,
    "cursors": _cursors,
    "headers": _headers,
    "JSON": _json,
    "queries": _queries,
    "paths and methods": _paths,
    "tokens": _tokens,
    "media types and codings": _media_types,
    "the largest todos": _growing,
    "changes": _changing,
    "large reads": _reading,
}
