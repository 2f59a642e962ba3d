"""JSON whose objects are not rows but hold them: lists and pages; and JSON that has no todos at all."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from loaders.cli import main
from loaders.errors import UnreadableFile
from loaders.formats import choose_format
from loaders.planner import Planned
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows import json_containers, json_stream
from loaders.rows.row import BadRow, Row
from tests.loaders.loading import PLAINLY, lines, plan, read, titles

A, B = {"id": 1, "title": "A"}, {"id": 2, "title": "B"}


def states(content: bytes, how: ReadOptions = PLAINLY) -> list[tuple[str, str]]:
    """Title and list of each todo."""
    return [
        (row.event.state["title"], row.event.state["list"]) if isinstance(row, Planned) else ("rejected", "")
        for row in plan(content, how=how)
    ]


def name_of(content: bytes) -> str:
    return choose_format(Input(io.BytesIO(content)).head).NAME


def dumps(value: Any) -> list[bytes]:
    """A value on one line, on several, and with the members in another order."""
    return [
        json.dumps(value).encode(),
        json.dumps(value, indent=1).encode(),
        json.dumps(value, sort_keys=True).encode(),
    ]


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ({"todos": [A, B]}, [("A", "inbox"), ("B", "inbox")]),
        ({"tasks": [A, B]}, [("A", "inbox"), ("B", "inbox")]),
        ({"items": [A, B], "total": 2}, [("A", "inbox"), ("B", "inbox")]),
        ({"data": [A, B], "status": "success", "meta": {"page": 1}}, [("A", "inbox"), ("B", "inbox")]),
        ({"results": [A, B], "links": [{"rel": "self", "name": "x"}]}, [("A", "inbox"), ("B", "inbox")]),
        ({"title": "My list", "todos": [A, B]}, [("A", "My list"), ("B", "My list")]),
        ({"name": "My list", "id": 7, "tasks": [A, {**B, "project": "other"}]}, [("A", "My list"), ("B", "other")]),
        ({"todos": [A], "zname": 1, "Title": "L"}, [("A", "L")]),
        ([{"name": "L", "tasks": [A]}, {"name": "M", "tasks": [B]}, {"name": "N", "tasks": []}],
         [("A", "L"), ("B", "M")]),
        ({"data": [{"name": "L", "items": [A]}, {"name": "M", "items": [B]}]}, [("A", "L"), ("B", "M")]),
        ({"todos": [7, A]}, [("rejected", ""), ("A", "inbox")]),
        ([{"name": "L", "tasks": [A]}, {"name": "M"}, 7], [("A", "L"), ("rejected", ""), ("rejected", "")]),
    ],
)  # fmt: skip
def test_the_todos_that_an_object_plainly_holds_are_read(held: Any, expected: list[tuple[str, str]]) -> None:
    for content in dumps(held):
        assert states(content) == expected


def test_objects_that_hold_todos_may_follow_one_another() -> None:
    first, second = {"name": "L", "todos": [A]}, {"name": "M", "todos": [B]}
    assert states(lines(first, second)) == [("A", "L"), ("B", "M")]
    assert states(b"\n".join(json.dumps(each, indent=2).encode() for each in (first, second))) == [
        ("A", "L"),
        ("B", "M"),
    ]


@pytest.mark.parametrize("content", [
    b'{\n  "title": "A",\n  "due": "2026-12-01"\n}\n',
    b'{"title": "A",\n "attachments": [{"url": "x", "name": "y"}]}',
    b'{"title": "A"}',
    b'{"title": "A", "tags": []}\n\n',
    b'[{"title": "A", "subtasks": [{"title": "B"}]}]',
    b'[{"title": "A", "due": "2026-12-01", "tasks": [{"title": "B"}]}]',
])  # fmt: skip
def test_an_object_that_is_a_todo_is_one(content: bytes) -> None:
    assert titles(content) == ["A"]


def test_objects_on_several_lines_each_are_read_one_after_the_other() -> None:
    content = b"\n".join(json.dumps({**each, "subtasks": [{"title": "S"}]}, indent=2).encode() for each in (A, B))
    assert titles(content) == ["A", "B"]
    assert [row.line for row in read(content)] == [1, 10]
    assert titles(content.replace(b"\n", b"\r\n")) == ["A", "B"]


@pytest.mark.parametrize(
    ("held", "named"),
    [
        ({"name": "Board", "cards": [{"name": "A"}], "lists": [{"name": "L"}]}, "it holds objects in `cards`, `lists`"),
        ({"title": "Party", "due": "2026-12-01", "tasks": [A]}, "it holds objects in `tasks`"),
        ({"todos": [A], "projects": [{"id": 1, "name": "P"}]}, "it holds objects in `todos`, `projects`"),
        ({"title": "A", "subtasks": [B]}, "it holds objects in `subtasks`"),
        ({"data": {"viewer": 1, "todos": [A]}}, "it holds objects in `data.todos`"),
        ({"features": [{"geometry": {}}]}, "it holds objects in `features`"),
        ({"first": A, "second": B}, "holds objects in `first`, `second`"),
        ({"My list": ["A", "B"]}, "none of its members is a title. It has `My list`"),
        ({"theme": "dark", "tabs": 4}, "none of its members is a title. It has `theme`, `tabs`"),
        ({}, "none of its members is a title"),
        ({"type": "FeatureCollection", "features": [{"type": "Feature", "name": "x"}]}, "it looks like GeoJSON"),
        ({"name": "app", "version": "1.0.0", "scripts": {}}, "package.json"),
        ({"name": "app", "description": "x", "dependencies": {"a": "1"}}, "package.json"),
        ({"error": {"code": 404, "message": "x"}}, "an API's answer that it failed"),
        ({"error": "invalid_token", "title": "x"}, "an API's answer that it failed"),
        ({"errors": [{"title": "x"}], "data": None}, "an API's answer that it failed"),
        ({"type": "about:blank", "title": "Not Found", "status": 404}, "an API's answer that it failed"),
        ({"message": "Bad credentials", "documentation_url": "https://x"}, "an API's answer that it failed"),
        ({"openapi": "3.1.0", "info": {"title": "x"}, "paths": {}}, "OpenAPI"),
        ({"nbformat": 4, "cells": [{"source": []}], "metadata": {}}, "Jupyter"),
        ({"log": {"version": "1.2", "entries": [{"title": "x"}]}}, "HAR"),
        (["Buy milk", "Call"], "its elements are texts, not objects: "),
        ([["title", "due"], ["A", "2026-12-01"]], "its elements are arrays, not objects: "),
        ([1, 2.5], "its elements are not objects"),
        ([None], "its elements are not objects"),
        (["A", 1], "its elements are not objects"),
    ],
)  # fmt: skip
def test_what_holds_no_todos_plainly_is_refused_with_the_names_of_what_it_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], held: Any, named: str
) -> None:
    for content in dumps(held)[:2]:
        assert name_of(content) == "json"
        with pytest.raises(UnreadableFile) as refused:
            read(content)
        assert named in str(refused.value)
    (tmp_path / "file").write_text(json.dumps(held))
    assert main([str(tmp_path / "file"), "--owner", "ann", "--dry-run"]) == 2
    assert "the file cannot be read: it" in capsys.readouterr().out


@pytest.mark.parametrize("beside", [
    {"nextLink": "https://x"}, {"@odata.nextLink": "https://x"}, {"nextPageToken": "x"}, {"next": "https://x"},
    {"has_more": True}, {"links": {"self": "x", "next": "https://x"}}, {"pagination": {"next_cursor": "x"}},
    {"page_info": {"hasNextPage": True}},
])  # fmt: skip
def test_one_page_of_several_is_said_to_be_one(beside: dict[str, Any]) -> None:
    for page in ({"items": [A, B], **beside}, {**beside, "items": [A, B]}, {"items": [A, B, 7], **beside}):
        for content in dumps(page):
            rows = read(content)
            notices = [row.loss.notices for row in rows if isinstance(row, Row) and row.loss is not None]
            assert len(notices) == 1
            assert notices[0][0].startswith("the file is one page of several: ")
            refused = [
                row for row in plan(content, strict=True) if isinstance(row, BadRow) and "page" in str(row.errors)
            ]
            assert len(refused) == 1


@pytest.mark.parametrize("beside", [
    {"nextLink": None}, {"next": ""}, {"has_more": False}, {"links": {"self": "x", "next": None}}, {"page": 1},
])  # fmt: skip
def test_the_last_page_is_not_said_to_be_one_of_several(beside: dict[str, Any]) -> None:
    assert all(
        isinstance(row, Row) and row.loss is None for row in read(json.dumps({"items": [A, B], **beside}).encode())
    )


def test_names_that_are_given_count(tmp_path: Path) -> None:
    how = ReadOptions(names={"title": "Aufgabe"})
    content = json.dumps({"todos": [{"Aufgabe": "A"}]}).encode()
    assert states(content, how) == [("A", "inbox")]
    [row] = read(b'{\n"Aufgabe": "A"}', how=how)
    assert isinstance(row, Row)


def test_a_name_that_comes_too_late_is_said_and_its_todos_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_containers, "MAX_HELD", 100)
    many = [{"id": number, "title": f"Todo {number}"} for number in range(100)]
    content = json.dumps({"todos": many, "name": "Late"}).encode()
    rows = read(content)
    assert [row.fields.get("list") for row in rows if isinstance(row, Row)] == [None] * 100
    assert isinstance(rows[-1], Row)
    assert rows[-1].loss is not None
    assert rows[-1].loss.notices == (json_containers.LATE_NAME,)


def test_it_makes_no_difference_how_such_a_file_is_cut_into_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    held = {
        "meta": {"next": None},
        "data": [{"todos": [A, {**B, "title": "é 💡"}], "name": "L"}, {"name": "M", "todos": [A]}],
    }
    content = json.dumps(held, indent=1, ensure_ascii=False).encode()
    whole = read(content)
    assert len(whole) == 3
    for size in (1, 2, 3, 7, 64):
        monkeypatch.setattr(json_stream, "_CHUNK_BYTES", size)
        assert read(content) == whole


def test_a_container_that_is_longer_than_the_beginning_is_read_to_its_end() -> None:
    many = [{"id": number, "title": f"Todo {number}"} for number in range(5_000)]
    for content in dumps({"title": "L", "todos": many})[:2]:
        assert name_of(content) == "json"
        assert len(read(content)) == 5_000
    with pytest.raises(UnreadableFile, match="the file ends where"):
        read(json.dumps({"title": "L", "todos": many}).encode()[:-2])


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"<!DOCTYPE html>\n<html><body>Log in</body></html>", "it is a web page (HTML)"),
        (b"\n  <html lang='en'>", "it is a web page (HTML)"),
        (b'<?xml version="1.0"?><tasks/>', "it is XML"),
        (b"%PDF-1.7\n", "it is a PDF"),
        (b"{\\rtf1\\ansi Buy milk}", "it is rich text (RTF)"),
    ],
)
def test_what_is_certainly_another_kind_of_file_is_named(content: bytes, named: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        choose_format(content)
    assert named in str(refused.value)
