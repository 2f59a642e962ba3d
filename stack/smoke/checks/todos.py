"""Commands on todos: each of them once, with what makes a repeat and a race safe."""

from __future__ import annotations

import json
import uuid
from typing import Final
from urllib.parse import quote

from stack.smoke.outcome import expect
from stack.smoke.run import Run, timed

# Functions that have just been created first go through what the stream still has, of a day at most.
_CATCH_UP_SECONDS: Final = 180


def life(run: Run) -> str:
    """A todo is made, read, completed, deleted, restored and reverted, each as an event of its own."""
    made = run.create("a life").json()
    path = f"/todos/{made['id']}"
    expect(made["url"] == run.url + path, f"the todo's url is {made['url']}, not below {run.url}")
    read = run.api.get(path).expect(200)
    expect(read.json() == made, f"{read} differs from what was answered when it was made")
    run.api.get(path, if_none_match=read.headers["etag"]).expect(304)
    run.api.patch(path, {"completed": True}).expect(200)
    run.api.delete(path).expect(204)
    run.api.get(path).expect_problem(410)
    run.api.post(f"{path}/restore", {}).expect(200)
    reverted = run.api.post(f"{path}/revert", {"to_version": 1}).expect(200).json()
    expect(reverted["completed"] is False, "it is completed after it was reverted to version 1")
    events = [event["type"] for event in run.api.get(f"{path}/events").expect(200).json()]
    wanted = ["TodoCreated", "TodoCompleted", "TodoDeleted", "TodoRestored", "TodoReverted"]
    expect(events == wanted, f"its events are {', '.join(events)}")
    return ""


def repeated(run: Run) -> str:
    """A POST that is repeated with its Idempotency-Key makes one todo; another request with the key is 422."""
    key = {"idempotency_key": f"{run.name}-{uuid.uuid4()}"}
    first, second = (run.create("once", headers=key) for _ in range(2))
    expect(first.json() == second.json(), "the repeat has another answer")
    expect(first.headers["etag"] == second.headers["etag"], "the repeat has another ETag")
    run.api.post("/todos", {"title": f"{run.name}: another"}, **key).expect_problem(422)
    return ""


def patches(run: Run) -> str:
    """Two merge patches of different fields both survive, and null unsets."""
    path = f"/todos/{run.create('patched', notes='to be unset').json()['id']}"
    for fields in ({"priority": "high"}, {"tags": ["a"]}):
        run.api.patch(path, fields, content_type="application/merge-patch+json").expect(200)
    todo = run.api.patch(path, {"notes": None}).expect(200).json()
    found = (todo["priority"], todo["tags"], todo["notes"], todo["version"])
    expect(found == ("high", ["a"], None, 4), f"priority, tags, notes and version are {found}")
    return ""


def stale(run: Run) -> str:
    """A write with a stale If-Match is 412, with the todo and the events since."""
    made = run.create("raced")
    path = f"/todos/{made.json()['id']}"
    run.api.patch(path, {"priority": "low"}).expect(200)
    answer = run.api.patch(path, {"priority": "high"}, if_match=made.headers["etag"])
    document = answer.expect_problem(412)
    expect(document["todo"]["version"] == 2, f"{answer} has another todo")
    versions = [event["version"] for event in document["events"]]
    expect(versions == [2], f"the events since have the versions {versions}")
    run.api.request("PUT", path, {"title": f"{run.name}: put"}).expect_problem(428)
    return ""


def batch(run: Run) -> str:
    """A batch answers each command by its own."""
    commands = [
        {"op": "create", "body": {"title": f"{run.name}: of a batch", "list": run.list_name()}},
        {"op": "patch", "id": str(uuid.uuid4()), "body": {"title": "of nobody"}},
    ]
    results = run.api.post("/batch", {"commands": commands}).expect(200).json()["results"]
    for result in results:
        if "todo" in result:
            run.delete_at_end(result["todo"]["id"])
    statuses = [result["status"] for result in results]
    expect(statuses == [201, 404], f"the statuses are {statuses}")
    return ""


def seen(run: Run) -> str:
    """A write that waits for the views is answered when the list has it."""

    def lag() -> float | None:
        with timed() as seconds:
            made = run.create("seen", headers={"prefer": "wait=10"})
            took = seconds()
        if "preference-applied" not in made.headers:
            return None
        shown = run.api.quiet.get(f"{run.list_path()}?limit=200").expect(200).json()
        expect(made.json() in shown, "the list does not have it")
        return took

    # The first may come while functions start.
    took = run.wait_for("a write that the views have within 10 s", lag, seconds=_CATCH_UP_SECONDS)
    return f"{took * 1000:.0f} ms until the views had it"


def past(run: Run) -> str:
    """A list as it was has a todo that was deleted since, with the title that it had."""
    made = run.create("as it was").json()
    path = f"/todos/{made['id']}"
    run.api.patch(path, {"title": f"{run.name}: as it is"}).expect(200)
    run.api.delete(path).expect(204)
    then = quote(made["updated_at"])

    def listed() -> bool:
        return made in run.api.quiet.get(f"{run.list_path()}?at={then}&limit=200").expect(200).json()

    run.wait_for("the todo in the list as it was", listed, seconds=_CATCH_UP_SECONDS)
    return ""


def undone(run: Run) -> str:
    """What an operation changed is taken back, and what was changed since stays."""
    made = run.create("undone").json()
    path = f"/todos/{made['id']}"
    operation = str(uuid.uuid4())
    run.api.patch(path, {"title": f"{run.name}: done", "priority": "high"}, operation_id=operation).expect(200)
    run.api.patch(path, {"priority": "low"}).expect(200)

    def is_known() -> bool:
        return run.api.quiet.get(f"/operations/{operation}").expect(200, 404).status == 200

    run.wait_for("the operation in the ledger's index", is_known, seconds=_CATCH_UP_SECONDS)
    answer = run.api.post(f"/operations/{operation}/undo", {}).expect(200).json()
    expect(answer["conflict_count"] == 1, f"{answer['conflict_count']} todos have conflicts, not the one")
    todo = run.api.get(path).expect(200).json()
    found, wanted = (todo["title"], todo["priority"]), (made["title"], "low")
    expect(found == wanted, f"it is {' and '.join(found)}, and should be {' and '.join(wanted)}")
    return ""


def hidden(run: Run) -> str:
    """What is nobody's is 404, and bad input names the field."""
    run.api.get(f"/todos/{uuid.uuid4()}").expect_problem(404)
    document = run.api.post("/todos", {"title": ""}).expect_problem(400)
    pointers = [error["pointer"] for error in document["errors"]]
    expect(pointers == ["#/title"], f"the errors are at {json.dumps(pointers)}")
    return ""
