"""Which changes of the API's contract `make contract` refuses."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract import breaking
from tests.contract.compare import breaking_changes, is_released_as_breaking
from tests.support.paths import ROOT

Change = Callable[[dict[str, Any]], object]
CONTRACT = json.loads((ROOT / breaking.CONTRACT).read_text())


def changed(change: Change) -> list[str]:
    revision = copy.deepcopy(CONTRACT)
    change(revision)
    assert revision != CONTRACT
    return breaking_changes(CONTRACT, revision)


def schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


def listing(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/todos"]["get"]
    return found


REFUSED: dict[str, tuple[Change, str]] = {
    "a path is removed": (lambda doc: doc["paths"].pop("/stats"), "GET /stats: removed"),
    "a method is removed": (lambda doc: doc["paths"]["/todos"].pop("post"), "POST /todos: removed"),
    "a status is removed": (lambda doc: listing(doc)["responses"].pop("200"), "GET /todos: the status 200 was removed"),
    "a field of an answer is removed": (
        lambda doc: schema(doc, "Todo")["properties"].pop("due"),
        "GET /todos: 200, items: the field due was removed",
    ),
    "a field of an answer may be absent": (
        lambda doc: schema(doc, "Todo")["required"].remove("title"),
        "GET /todos: 200, items: the field title may be absent",
    ),
    "a field of an answer has another type": (
        lambda doc: schema(doc, "Todo")["properties"]["completed"].update(type="string"),
        "GET /todos: 200, items, field completed: type 'boolean' became 'string'",
    ),
    "a field of an answer may be null": (
        lambda doc: schema(doc, "Todo")["properties"].update(
            completed={"anyOf": [{"type": "boolean"}, {"type": "null"}]}
        ),
        "GET /todos: 200, items, field completed: other alternatives",
    ),
    "an answer has more values of an enumeration": (
        lambda doc: schema(doc, "Todo")["properties"]["priority"]["enum"].append("urgent"),
        "GET /todos: 200, items, field priority: enum",
    ),
    "a header of an answer is removed": (
        lambda doc: listing(doc)["responses"]["200"]["headers"].pop("ETag"),
        "GET /todos: 200: the header ETag was removed",
    ),
    "a media type is removed": (
        lambda doc: doc["paths"]["/todos/{todo_id}/events"]["get"]["responses"]["200"]["content"].popitem(),
        "GET /todos/{todo_id}/events: 200: application/",
    ),
    "a field of a request is removed": (
        lambda doc: schema(doc, "TodoContent")["properties"].pop("due"),
        "POST /todos: the request body: the field due was removed",
    ),
    "a field of a request becomes required": (
        lambda doc: schema(doc, "TodoContent")["required"].append("due"),
        "POST /todos: the request body: the field due became required",
    ),
    "a field of a request is bounded more": (
        lambda doc: schema(doc, "TodoContent")["properties"]["title"].update(maxLength=400),
        "POST /todos: the request body, field title: maxLength 500 became 400",
    ),
    "a parameter is removed": (
        lambda doc: listing(doc)["parameters"].pop(0),
        "GET /todos: the query parameter completed was removed",
    ),
    "a parameter becomes required": (
        lambda doc: listing(doc)["parameters"][0].update(required=True),
        "GET /todos: the query parameter completed became required",
    ),
    "a new parameter is required": (
        lambda doc: listing(doc)["parameters"].append(
            {"name": "new", "in": "query", "required": True, "schema": {"type": "string"}}
        ),
        "GET /todos: the query parameter new became required",
    ),
    "another scope is needed": (
        lambda doc: listing(doc)["security"][0]["bearer"].append("todos:write"),
        "GET /todos: other security",
    ),
    "what no rule knows": (
        lambda doc: schema(doc, "TodoContent")["properties"]["title"].update(dependentRequired={"a": ["b"]}),
        "POST /todos: the request body, field title: dependentRequired None became",
    ),
}
ALLOWED: dict[str, Change] = {
    "a path is added": lambda doc: doc["paths"].update({"/new": listing(doc)}),
    "a method is added": lambda doc: doc["paths"]["/stats"].update(post=doc["paths"]["/todos"]["post"]),
    "a status is added": lambda doc: listing(doc)["responses"].update({"418": listing(doc)["responses"]["200"]}),
    "an optional field is added": lambda doc: [
        schema(doc, name)["properties"].update(colour={"type": "string"}) for name in ("Todo", "TodoContent")
    ],
    "a field of every answer is added": lambda doc: (
        schema(doc, "OwnerCounts")["properties"].update(archived={"type": "integer"}),
        schema(doc, "OwnerCounts")["required"].append("archived"),
    ),
    "a parameter is added": lambda doc: listing(doc)["parameters"].append(
        {"name": "new", "in": "query", "required": False, "schema": {"type": "string"}}
    ),
    "a parameter takes more": lambda doc: listing(doc)["parameters"][2]["schema"]["enum"].append("urgent"),
    "a request may be longer": lambda doc: schema(doc, "RenameTo")["properties"]["to"].update(maxLength=1000),
    "a description is reworded": lambda doc: schema(doc, "Todo").update(description="Another."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_breaks_a_client_is_refused(name: str) -> None:
    change, line = REFUSED[name]
    assert any(found.startswith(line) for found in changed(change)), changed(change)


@pytest.mark.parametrize("name", ALLOWED)
def test_what_breaks_no_client_is_not_refused(name: str) -> None:
    assert changed(ALLOWED[name]) == []


@pytest.mark.parametrize(
    ("before", "after", "is_released"),
    [
        ("0.1.0", "0.1.1", False),
        ("0.1.0", "0.2.0", True),
        ("0.9.0", "1.0.0", True),
        ("1.2.0", "1.3.0", False),
        ("1.2.0", "2.0.0", True),
        ("2.0.0", "1.9.0", False),
        ("0.1.0", "0.1.0", False),
    ],
)
def test_a_version_may_say_that_clients_break(before: str, after: str, is_released: bool) -> None:
    assert is_released_as_breaking({"info": {"version": before}}, {"info": {"version": after}}) is is_released


def test_a_schema_may_contain_itself() -> None:
    def grow(document: dict[str, Any]) -> None:
        schema(document, "Todo")["properties"]["parts"] = {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Todo"},
        }

    base = copy.deepcopy(CONTRACT)
    grow(base)
    revision = copy.deepcopy(base)
    schema(revision, "Todo")["properties"].pop("due")
    assert "GET /todos: 200, items: the field due was removed" in breaking_changes(base, revision)


def run(repository: Path, base: str) -> subprocess.CompletedProcess[str]:
    code = f"""
import pathlib, sys
from tests.contract import breaking
breaking.ROOT = pathlib.Path({str(repository)!r})
sys.argv = ["breaking", "--base", {base!r}]
sys.exit(breaking.main())
"""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_gate_compares_with_a_commit(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    contract = tmp_path / breaking.CONTRACT
    contract.parent.mkdir(parents=True)
    contract.write_text(json.dumps(CONTRACT))
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "base")
    assert run(tmp_path, "HEAD").returncode == 0
    revision = copy.deepcopy(CONTRACT)
    del revision["paths"]["/stats"]
    contract.write_text(json.dumps(revision))
    refused = run(tmp_path, "HEAD")
    assert refused.returncode == 1
    assert refused.stdout.startswith("GET /stats: removed\n")
    revision["info"]["version"] = "99.0.0"
    contract.write_text(json.dumps(revision))
    assert run(tmp_path, "HEAD").returncode == 0
    unknown = run(tmp_path, "nowhere")
    assert unknown.returncode == 1
    assert "nowhere" in unknown.stderr
