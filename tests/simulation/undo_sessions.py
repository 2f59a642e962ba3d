"""A session of three actors, whose operations are undone through the API and by the model of undo."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Final

from chalicelib.ledger import ledger
from chalicelib.todos import ids
from chalicelib.todos.decide import Delete, Patch, Restore, Revert
from chalicelib.todos.events import OFF, Event
from tests.support.in_process import InProcess
from tests.support.reset import forget_todos
from tests.unit.todos.undo_model import InForce, Rules, World, some_command

# Each has one operation.
ACTORS: Final = ("ann", "bob", "carol")
COMMANDS: Final = 100


def play(seed: int, api: InProcess) -> None:
    """Commands of the actors, with edits by others in between; then each operation undone, and one undo undone.

    Raises
    ------
    AssertionError
        Some todo is not what the model makes of the same streams, or a field is not its newest standing write.
    """
    chosen = random.Random(seed)
    known: list[str] = []
    for _ in range(COMMANDS):
        _some_request(chosen, api, known)
    actors = chosen.sample(ACTORS, len(ACTORS))
    undos: list[str] = []
    for actor in actors:
        undos.append(_undo_beside(_model_of(api, known), api, actor))
    model = _model_of(api, known)
    model.undos[undos[0]] = actors[0], OFF
    model.in_force[actors[0]] = InForce(undos[0], OFF, is_done=True)
    _undo_beside(model, api, undos[0])


def _undo_beside(model: World, api: InProcess, operation: str) -> str:
    claimed = model.claim(operation)
    assert claimed is not None
    for _ in model.run(claimed):
        pass
    answer = api.post(f"/operations/{operation}/undo", {})
    assert answer.status_code == 200, answer.text
    forget_todos()
    real = _model_of(api, model.streams)
    real.check()
    assert real.snapshot() == model.snapshot()
    name: str = answer.json()["undo"]
    return name


def _model_of(api: InProcess, known: Iterable[str]) -> World:
    """The streams of these todos, and of their next occurrences, as the model has them."""
    world = World(random.Random(0), Rules())
    for todo_id in known:
        while todo_id not in world.streams and (events := _events(api, todo_id)):
            world.streams[todo_id] = events
            todo_id = ids.id_for_next(todo_id)
    return world


def _events(api: InProcess, todo_id: str) -> list[Event]:
    return ledger.history(ids.stream_id(ids.partition_of(api.owner), todo_id))


def _some_request(chosen: random.Random, api: InProcess, known: list[str]) -> None:
    """A command of one of the actors as part of the actor's operation, or an edit by another."""
    operation = chosen.choice([*ACTORS, None])
    if len(known) < 3 or chosen.random() < 0.05:
        body = {"title": "0", **chosen.choice([{}, {"repeat": "FREQ=DAILY", "due": "2026-12-01"}])}
        known.append(api.post("/todos", body, operation_id=operation).json()["id"])
        return
    todo_id = chosen.choice(known)
    events = _events(api, todo_id)
    command = some_command(chosen, events)
    path = f"/todos/{todo_id}"
    match command:
        case Delete():
            api.delete(path, operation_id=operation)
        case Restore():
            api.post(f"{path}/restore", operation_id=operation)
        case Revert():
            version = chosen.randint(1, len(events))
            api.post(f"{path}/revert", {"to_version": version}, operation_id=operation)
        case Patch():
            answer = api.patch(path, command.patch, operation_id=operation)
            link = answer.headers.get("Link", "")
            if "next-occurrence" in link and (following := link.partition("/todos/")[2][:36]) not in known:
                known.append(following)
