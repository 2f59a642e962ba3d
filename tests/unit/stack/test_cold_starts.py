"""Every Lambda imports the one `app.py`; what its handlers do not need stays out of its cold start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from functools import cache

import pytest

from chalicelib.ledger import codec
from chalicelib.todos import ids
from chalicelib.todos.events import CREATED
from tests.support.events import following
from tests.support.gateway import api_event
from tests.support.lambda_events import stream_batch
from tests.support.paths import ROOT
from tests.support.tables import pointer_to

REPORT = "import json, sys, app; print(json.dumps([sorted(sys.modules), sorted(app.app.handler_map)]))"


@cache
def cold_start(handlers: str) -> tuple[frozenset[str], frozenset[str]]:
    """The modules that a fresh process has loaded and the handlers that it has registered."""
    loaded, registered = json.loads(run(REPORT, environment_of(handlers)))
    return frozenset(loaded), frozenset(registered)


def environment_of(handlers: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HANDLERS": handlers,
        "EVENTS_TABLE": "x",
        "SETTINGS_TABLE": "y",
    }


def run(code: str, environment: dict[str, str], given: str = "") -> str:
    """What a new process prints that runs this code."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, input=given,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


# The packages that are not Python's own and that a function imports at its start, by function.
STARTS = {
    "api": {"chalice", "msgspec"},
    "project": {"chalice"},
    "publish": {"chalice"},
    "authorize": {"chalice"},
}


@pytest.mark.parametrize("handlers", STARTS)
def test_what_a_function_imports_at_its_start(handlers: str) -> None:
    assert others(cold_start(handlers)[0]) == STARTS[handlers]


def others(modules: Iterable[str]) -> set[str]:
    """The packages that are neither Python's nor the service's own."""
    packages = {name.partition(".")[0] for name in modules if not name.startswith("_")}
    # Msgspec uses typing_extensions where it is installed and Python is old.
    return packages - sys.stdlib_module_names - {"app", "chalicelib", "typing_extensions"}


TODO_ID = "01a1fb26-8a01-76b7-8e28-d3d1e9c8a6a7"
STREAM = ids.stream_id(ids.partition_of(ids.Owner("alice")), TODO_ID)
IMAGE = codec.encode(following(None, STREAM, CREATED, {"title": "x"}, at="2026-11-20T22:00:00.000Z"))
ANSWERS = {
    "Query": {"Items": [IMAGE], "Count": 1},
    "GetItem": {"Item": pointer_to("views")},
    "BatchGetItem": {"Responses": {}, "UnprocessedKeys": {}},
    "PutItem": {},
    "TransactWriteItems": {},
    "PublishBatch": "<a><PublishBatchResult><Successful><member><Id>0</Id></member></Successful></PublishBatchResult></a>",  # noqa: E501
}
EVENTS = {
    "api": (
        "app",
        {
            **api_event("PATCH", f"/todos/{TODO_ID}", None, {}, owner="alice", expires_in=86_400),
            "body": '{"title": "y"}',
        },
    ),
    "project": ("project", stream_batch(IMAGE)),
    "publish": ("publish", stream_batch(IMAGE)),
}
FIRST_ANSWER = """
import json, sys, app
from chalicelib.aws.thin.http import Pool, Response
handler, event, answers = json.load(sys.stdin)
asked = []
def exchange(pool, request):
    operation = request.partition(b"x-amz-target:DynamoDB_20120810.")[2].partition(b"\\r")[0].decode() or "PublishBatch"
    asked.append(operation)
    answer = answers[operation]
    return Response(200, {}, (answer if operation == "PublishBatch" else json.dumps(answer)).encode())
Pool.exchange = exchange
getattr(app, handler)(event, None)
print(json.dumps([sorted(sys.modules), asked]))
"""


@pytest.mark.parametrize(
    ("handlers", "asked"),
    [
        ("api", ["Query", "PutItem"]),
        ("project", ["GetItem", "BatchGetItem", "TransactWriteItems"]),
        ("publish", ["Query", "PublishBatch"]),
    ],
)
def test_what_a_function_imports_until_its_first_answer(handlers: str, asked: list[str]) -> None:
    """Of a Lambda: its environment has the credentials."""
    environment = environment_of(handlers) | {
        "AWS_LAMBDA_FUNCTION_NAME": "x",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
        "EVENTS_TOPIC_ARN": "arn:aws:sns:us-east-1:1:events",
    }
    printed = run(FIRST_ANSWER, environment, json.dumps([*EVENTS[handlers], ANSWERS]))
    loaded, were_asked = json.loads(printed.splitlines()[-1])
    assert were_asked == asked, printed
    assert others(loaded) == STARTS[handlers] | {"msgspec"}


HEAVY = ["pynamodb", "jwt", "cryptography", "aws_lambda_powertools", "boto3", "botocore", "dateutil.rrule"]


@pytest.mark.parametrize(
    "unneeded", [*HEAVY, "chalicelib.api", "chalicelib.ledger.ledger", "chalicelib.commands.execute"]
)
def test_project_leaves_out(unneeded: str) -> None:
    assert unneeded not in cold_start("project")[0]


@pytest.mark.parametrize(
    "unneeded",
    [*HEAVY, "icalendar", "chalicelib.triggers"],
)
def test_api_leaves_out(unneeded: str) -> None:
    assert unneeded not in cold_start("api")[0]


@pytest.mark.parametrize(
    "unneeded", ["pynamodb", "botocore", "msgspec", "chalicelib.commands.execute", "chalicelib.triggers"]
)
def test_authorize_leaves_out(unneeded: str) -> None:
    assert unneeded not in cold_start("authorize")[0]


@pytest.mark.parametrize("unneeded", ["jwt", "cryptography", "aws_lambda_powertools", "boto3", "chalicelib.triggers"])
def test_mcp_leaves_out(unneeded: str) -> None:
    assert unneeded not in cold_start("mcp")[0]


def test_clear_leaves_out_the_http_side() -> None:
    assert "chalicelib.api" not in cold_start("clear")[0]


@pytest.mark.parametrize(
    ("handlers", "needed"),
    [
        ("project", "chalicelib.views.projector"),
        ("api", "chalicelib.api.resources.todos"),
        ("clear", "chalicelib.commands.clear_list"),
        ("mcp", "chalicelib.mcp.tools"),
    ],
)
def test_what_is_needed_is_there(handlers: str, needed: str) -> None:
    assert needed in cold_start(handlers)[0]


@pytest.mark.parametrize(
    ("handlers", "registered"),
    [
        ("project", {"project"}),
        ("clear", {"clear"}),
        ("authorize", {"authorize"}),
        ("project,clear", {"project", "clear"}),
    ],
)
def test_only_what_is_named_is_registered(handlers: str, registered: set[str]) -> None:
    assert cold_start(handlers)[1] == registered
