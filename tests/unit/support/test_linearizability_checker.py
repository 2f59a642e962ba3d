"""The checker of recorded histories: it lets pass what an order explains, and objects to what none does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.linearizability import UNSET, Attempt, violations


def events(*changes: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"version": version, "event_id": str(version), "type": f"Todo{kind}", "change": change}
        for version, (kind, change) in enumerate(changes, start=1)
    ]


def todo(version: int, **fields: Any) -> dict[str, Any]:
    return {**UNSET, "version": version, **fields}


Case = tuple[Sequence[Attempt], Sequence[tuple[str, dict[str, Any]]]]

CREATED = ("Created", {"title": "a"})
EDITED = ("Edited", {"title": "b"})
DELETED: tuple[str, dict[str, Any]] = ("Deleted", {})
RESTORED: tuple[str, dict[str, Any]] = ("Restored", {})

CREATE = Attempt("create", "create", 0, 1, 201, 1, todo(1, title="a"), {"title": "a"})


def patch(name: str, began: float, ended: float, version: int | None, **more: Any) -> Attempt:
    return Attempt(name, "patch", began, ended, **{"status": 200, "version": version, "body": {"title": "b"}, **more})


def read(began: float, ended: float, version: int | None, status: int = 200) -> Attempt:
    return Attempt(f"at {began}", "read", began, ended, status, version)


def lost(name: str, verb: str, began: float, **more: Any) -> Attempt:
    return Attempt(name, verb, began, **more)


LINEARIZABLE: dict[str, Case] = {
    "one after the other": ([CREATE, read(2, 3, 1), patch("p", 4, 5, 2), read(6, 7, 2)], [CREATED, EDITED]),
    "an edit of a todo that comes from elsewhere": (
        [CREATE, patch("p", 2, 3, 2, todo=todo(2, title="b"))],
        [("Created", {"title": "a", "created_at": "2019-05-04T10:00:00.000Z"}), EDITED],
    ),
    "a read beside a write sees it": ([CREATE, patch("p", 2, 9, 2), read(3, 4, 2)], [CREATED, EDITED]),
    "a read beside a write does not see it": ([CREATE, patch("p", 2, 9, 2), read(3, 4, 1)], [CREATED, EDITED]),
    "writes at once, in either order": (
        [CREATE, patch("p", 2, 9, 3, body={"notes": "n"}), patch("q", 2, 9, 2)],
        [CREATED, EDITED, ("Edited", {"notes": "n"})],
    ),
    "an answer lost, and its effect later": (
        [CREATE, lost("p", "patch", 2, body={"title": "b"}), read(3, 4, 1), read(5, 6, 2)],
        [CREATED, EDITED],
    ),
    "an answer lost, and no effect": ([CREATE, lost("p", "patch", 2, body={"title": "b"}), read(3, 4, 1)], [CREATED]),
    "a repeat with its key, after another": (
        [
            CREATE,
            lost("p", "patch", 2, body={"title": "b"}, keyed=True),
            patch("q", 3, 4, 3, body={"notes": "n"}),
            patch("p", 5, 6, 2, keyed=True),
        ],
        [CREATED, EDITED, ("Edited", {"notes": "n"})],
    ),
    "a repeat without a key that changes nothing any more": (
        [CREATE, lost("p", "patch", 2, body={"title": "b"}), patch("q", 3, 4, 2)],
        [CREATED, EDITED],
    ),
    "a key remembers what changed nothing": (
        [CREATE, patch("p", 2, 3, 2, body={"title": "a"}, keyed=True)],
        [CREATED, ("Edited", {})],
    ),
    "refusals": (
        [
            read(-3, -2, None, 404),
            CREATE,
            patch("p", 2, 3, 1, status=412, accepts=frozenset({7})),
            Attempt("d", "delete", 4, 5, 204, 2),
            read(6, 7, None, 410),
            Attempt("r", "restore", 8, 9, 200, 3),
            Attempt("v", "read_version", 10, 11, 410, None, asked=2),
            Attempt("w", "read_version", 10, 11, 404, None, asked=4),
        ],
        [CREATED, DELETED, RESTORED],
    ),
    "of two lost deletions one was too late": (
        [CREATE, lost("d", "delete", 2), lost("e", "delete", 2), Attempt("r", "restore", 3, 4, 200, 3)],
        [CREATED, DELETED, RESTORED],
    ),
    "a revert": (
        [CREATE, patch("p", 2, 3, 2), Attempt("r", "revert", 4, 5, 200, 3, todo(3, title="a"), asked=1)],
        [CREATED, EDITED, ("Reverted", {"title": "a"})],
    ),
}

NOT_LINEARIZABLE: dict[str, Case] = {
    "a lost update: two made the same version": (
        [CREATE, patch("p", 2, 3, 2), patch("q", 2, 3, 2, body={"notes": "n"})],
        [CREATED, EDITED],
    ),
    "a lost update: one undid the other's field": (
        [CREATE, patch("p", 2, 3, 2), patch("q", 2, 3, 3, body={"notes": "n"})],
        [CREATED, EDITED, ("Edited", {"title": "a", "notes": "n"})],
    ),
    "an answered write without its event": ([CREATE, patch("p", 2, 3, 2)], [CREATED]),
    "a doubled effect of a keyed command": (
        [
            CREATE,
            lost("p", "patch", 2, body={"order": 1}, keyed=True),
            patch("p", 3, 4, 3, body={"order": 1}, keyed=True),
        ],
        [CREATED, ("Edited", {"order": 1}), ("Edited", {})],
    ),
    "a doubled effect of a deletion": (
        [CREATE, Attempt("d", "delete", 2, 3, 204, 2), Attempt("r", "restore", 4, 5, 200, 3)],
        [CREATED, DELETED, RESTORED, DELETED],
    ),
    "an event that nobody asked for": ([CREATE], [CREATED, EDITED]),
    "an effect before its request": (
        [CREATE, read(2, 3, 2), lost("p", "patch", 4, body={"title": "b"})],
        [CREATED, EDITED],
    ),
    "a version that goes back in real time": (
        [CREATE, patch("p", 2, 3, 3, body={"notes": "n"}), patch("q", 4, 5, 2)],
        [CREATED, EDITED, ("Edited", {"notes": "n"})],
    ),
    "a stale read": ([CREATE, patch("p", 2, 3, 2), read(4, 5, 1)], [CREATED, EDITED]),
    "a read behind another's": ([CREATE, patch("p", 2, 9, 2), read(3, 4, 2), read(5, 6, 1)], [CREATED, EDITED]),
    "a stale refusal": (
        [CREATE, patch("p", 2, 3, 2), patch("q", 4, 5, 1, status=412, accepts=frozenset({7}))],
        [CREATED, EDITED],
    ),
    "a stale 'nothing to change'": (
        [CREATE, patch("p", 2, 3, 2), patch("q", 4, 5, 1, body={"title": "a"})],
        [CREATED, EDITED],
    ),
    "not found after it was made": ([CREATE, read(2, 3, None, 404)], [CREATED]),
    "gone while it lived": ([CREATE, read(2, 3, None, 410), Attempt("d", "delete", 4, 5, 204, 2)], [CREATED, DELETED]),
    "gone after it was restored": (
        [CREATE, Attempt("d", "delete", 2, 3, 204, 2), Attempt("r", "restore", 4, 5, 200, 3), read(6, 7, None, 410)],
        [CREATED, DELETED, RESTORED],
    ),
    "a version unknown after it was written": (
        [CREATE, patch("p", 2, 3, 2), Attempt("v", "read_version", 4, 5, 404, None, asked=2)],
        [CREATED, EDITED],
    ),
    "a precondition that did not hold": ([CREATE, patch("p", 2, 3, 2, accepts=frozenset({7}))], [CREATED, EDITED]),
    "a refusal of what is accepted": (
        [CREATE, patch("p", 2, 3, 1, status=412, accepts=frozenset({1}))],
        [CREATED],
    ),
    "a repeat that is answered otherwise": (
        [CREATE, patch("p", 2, 3, 2, keyed=True), patch("p", 4, 5, 1, keyed=True)],
        [CREATED, EDITED],
    ),
    "another content than the version's": (
        [CREATE, patch("p", 2, 3, 2, todo=todo(2, title="c"))],
        [CREATED, EDITED],
    ),
    "a batch out of its order": (
        [
            CREATE,
            patch("p", 2, 3, 3, place=("b", 0), body={"notes": "n"}),
            patch("q", 2, 3, 2, place=("b", 1)),
        ],
        [CREATED, EDITED, ("Edited", {"notes": "n"})],
    ),
    "an answer of no meaning": ([CREATE, patch("p", 2, 3, None, status=500)], [CREATED]),
}


@pytest.mark.parametrize("name", LINEARIZABLE)
def test_what_an_order_explains_passes(name: str) -> None:
    attempts, changes = LINEARIZABLE[name]
    assert violations(attempts, events(*changes)) == []


@pytest.mark.parametrize("name", NOT_LINEARIZABLE)
def test_what_no_order_explains_is_objected_to(name: str) -> None:
    attempts, changes = NOT_LINEARIZABLE[name]
    assert violations(attempts, events(*changes))


@pytest.mark.parametrize("versions", [[1, 3], [1, 1], [2, 1]])
def test_a_history_with_a_gap_is_objected_to(versions: list[int]) -> None:
    broken = [{**event, "version": version} for event, version in zip(events(CREATED, EDITED), versions, strict=True)]
    assert violations([CREATE, patch("p", 2, 3, 2)], broken)


def test_an_event_that_occurs_twice_is_a_violation() -> None:
    twice = [{**event, "event_id": "1"} for event in events(CREATED, EDITED)]
    assert violations([CREATE, patch("p", 2, 3, 2)], twice)
