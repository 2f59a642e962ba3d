"""Ways to do it that are not enough, each put into the place of the real one: the simulator must find every one."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from chalicelib.aws import dynamodb
from chalicelib.aws.errors import AWSError
from chalicelib.ledger import ledger
from chalicelib.publishing import topic
from chalicelib.rebuild import run, state
from chalicelib.todos import decide, ids
from chalicelib.todos.events import Todo
from chalicelib.views import codec, current, pointer, projection, schema
from chalicelib.views.errors import ViewsUnavailable
from chalicelib.views.pointer import Pointer
from chalicelib.views.sync import walk
from chalicelib.views.sync.position import Position
from tests.simulation import list_mutants, undo_mutants
from tests.simulation.delivery import Handler
from tests.simulation.reader import Reader
from tests.simulation.schedule import EVERYTHING, LISTS, SELDOM, SOMETIMES, UNDOS, Schedule
from tests.simulation.seams import VIEWS, Seat
from tests.simulation.world import World

COUNTERS = ("total", "open", "completed")


@dataclass(frozen=True)
class Mutant:
    """
    Attributes
    ----------
    name : str
        What it does instead.
    found_within : int
        After so many seeds at most the simulator has caught it.
    replaced : callable
        A context in which the code is changed.
    """

    name: str
    found_within: int
    signs: tuple[str, ...]
    replaced: Callable[[], Any] = nullcontext
    handler: Callable[[World], Handler] | None = None
    reader: type[Reader] = Reader
    checks: frozenset[str] = EVERYTHING
    always: frozenset[str] = frozenset()

    def schedule(self, seed: int, seat: Seat) -> list[str]:
        with self.replaced():
            return Schedule(
                seed, seat, handler=self.handler, reader=self.reader, checks=self.checks, always=self.always
            ).run()


def counted_by_add(world: World) -> Handler:
    """The usual recipe: counters moved by `ADD`, the batch's hash as ClientRequestToken against repeats.

    The state before each event is given to it for nothing, so that only the counting is judged.
    """

    def handle(event: dict[str, Any]) -> None:
        moves: dict[str, Counter[str]] = {}
        digest = hashlib.sha256()
        for record in event["Records"]:
            image = record["dynamodb"]["NewImage"]
            digest.update(image["event_id"]["S"].encode())
            stream, version = image["stream_id"]["S"], int(image["version"]["N"])
            history = world.events(stream)
            move = moves.setdefault(ids.split_stream_id(stream)[0], Counter())
            move.update(_counted(history[version - 1].state))
            move.subtract(_counted(history[version - 2].state) if version > 1 else [])
        actions = [_add(owner, move) for owner, move in moves.items() if any(move.values())]
        if actions:
            dynamodb.client().transact_write_items(TransactItems=actions, ClientRequestToken=digest.hexdigest()[:36])

    return handle


def _counted(todo: Todo) -> list[str]:
    return [] if todo["deleted"] else ["total", "completed" if todo["completed"] else "open"]


def _add(owner: str, move: Counter[str]) -> dict[str, Any]:
    update = {
        "TableName": VIEWS,
        "Key": {"owner": {"S": owner}, "sk": {"S": schema.TALLY_KEY}},
        "UpdateExpression": "ADD #total :total, #open :open, #completed :completed",
        "ExpressionAttributeNames": {f"#{name}": name for name in COUNTERS},
        "ExpressionAttributeValues": {f":{name}": {"N": str(move[name])} for name in COUNTERS},
    }
    return {"Update": update}


@contextmanager
def without_the_guard() -> Iterator[None]:
    with patch.object(projection, "is_behind", lambda row, head: True):
        yield


@contextmanager
def with_the_tallys_condition_alone() -> Iterator[None]:
    real = codec.writes

    def writes(*arguments: Any) -> Iterable[dict[str, Any]]:
        for write in real(*arguments):
            ((kind, body),) = write.items()
            if body.get("Item", body.get("Key"))["sk"]["S"] == schema.TALLY_KEY:
                yield write
            else:
                conditions = ("ConditionExpression", "ExpressionAttributeValues")
                yield {kind: {name: value for name, value in body.items() if name not in conditions}}

    with patch.object(codec, "writes", writes):
        yield


@contextmanager
def counting_one_event_of_each_todo() -> Iterator[None]:
    with patch.object(codec, "_events_brought", lambda old, new, now: 1):
        yield


@contextmanager
def looking_for_the_key_when_the_put_fails() -> Iterator[None]:
    with patch.object(ledger, "version_with_key", lambda stream, key: None):
        yield


class IndexReader(Reader):
    """A feed that asks an index for the rows of later revisions than the last it saw."""

    # A new views table has no such index.
    knows_generations = False
    _after = 0

    def page(self) -> bool:
        try:
            answer = dynamodb.client().query(
                TableName=VIEWS,
                IndexName="by_revision",
                KeyConditionExpression="#owner = :owner AND revision > :after",
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues={":owner": {"S": self.owner}, ":after": {"N": str(self._after)}},
                ConsistentRead=True,
            )
        except AWSError as error:
            raise ViewsUnavailable from error
        rows = [row for row in answer["Items"] if row["sk"]["S"].startswith(schema.TODO_PREFIX)]
        for row in rows:
            is_deleted = projection.is_deleted(row["state"]["S"])
            self.known[row["sk"]["S"].removeprefix(schema.TODO_PREFIX)] = int(row["version"]["N"]), is_deleted
            self._after = int(row["revision"]["N"])
        # Where a page ends within a revision, the rest of that has to come again.
        if "LastEvaluatedKey" in answer:
            self._after = int(answer["LastEvaluatedKey"]["revision"]["N"]) - 1
        return bool(rows) and "LastEvaluatedKey" in answer


class KeptCursorReader(Reader):
    """A feed whose cursor does not say of which generation of the views it is."""

    def _since(self) -> Position | None:
        position = super()._since()
        if position is None:
            return None
        return replace(position, generation=walk.generation_of(current.current_table()))


@contextmanager
def filled_and_switched_over_to() -> Iterator[None]:
    """A rebuild that writes the new table by its scan alone, until readers have it; and trusts that scan."""
    steps = {state.AUDIT: lambda this, until: this._go_to(state.SWITCH)}

    def readers_table() -> Pointer:
        reader = pointer.pointer().reader
        return Pointer(reader, (reader,))

    def waiting(this: run.Run, seconds: float, now: Pointer) -> dict[str, Any]:
        return {"resume_at": 0.0}

    with (
        patch.object(current, "current_pointer", readers_table),
        patch.object(run.Run, "_waiting", waiting),
        patch.dict(run._STEPS, steps),
    ):
        yield


@contextmanager
def settling_while_the_pointer_is_remembered() -> Iterator[None]:
    """A rebuild that fills its table when `project` may still know of one table only, and trusts its scan."""
    real = run.Run._waiting
    steps = {state.AUDIT: lambda this, until: this._go_to(state.SWITCH)}

    def waiting(this: run.Run, seconds: float, now: Pointer) -> dict[str, Any]:
        settles = this.state.step == state.MAKE
        return real(this, seconds, replace(now, remembered_seconds=0.0) if settles else now)

    with patch.object(run.Run, "_waiting", waiting), patch.dict(run._STEPS, steps):
        yield


@contextmanager
def switching_readers_and_project_at_once() -> Iterator[None]:
    real = run.Run._switch

    def switch(this: run.Run, until: float) -> state.Progress:
        progress = real(this, until)
        now = pointer.pointer()
        this._point(replace(now, tables=(now.reader,)), instead_of=now)
        return progress

    with patch.dict(run._STEPS, {state.SWITCH: switch}):
        yield


@contextmanager
def remembering_for_ever() -> Iterator[None]:
    with patch.object(current._Clocks, "seconds_since", lambda now, then: 0.0):
        yield


@contextmanager
def reminding_whenever_asked() -> Iterator[None]:
    real = decide._remind

    def remind(command: decide.Remind, todo: Todo) -> decide.Decision | None:
        return real(command, {**todo, "reminded": None})

    with patch.object(decide, "_remind", remind):
        yield


@contextmanager
def taking_a_batch_for_published() -> Iterator[None]:
    real = topic._send

    def send(batch: Sequence[topic.Message]) -> list[tuple[topic.Message, str]]:
        real(batch)
        return []

    with patch.object(topic, "_send", send):
        yield


WITH_LISTS = frozenset({LISTS})
WITH_UNDOS = frozenset({UNDOS, "publish"})
OURS = Mutant("ours", 0, ())
UNDOING = Mutant("operations undone, as here", 0, (), always=WITH_UNDOS)
FAILING_SELDOM_CALLS = Mutant(
    "failures at calls that are seldom made", 0, (), always=frozenset({SELDOM, LISTS, *SOMETIMES})
)
MUTANTS = (
    Mutant(
        "a counter by ADD, the batch's hash as token",
        20,
        ("tally", "nothing fails"),
        handler=counted_by_add,
        checks=frozenset({"tally"}),
    ),
    Mutant("no version guard", 100, ("rows", "tallies", "feed", "rebuild"), without_the_guard),
    Mutant(
        "a condition on the owner's tally alone",
        300,
        ("rows", "tallies", "feed", "log"),
        with_the_tallys_condition_alone,
    ),
    Mutant("an entry that counts one event of each todo", 50, ("log", "quarantine"), counting_one_event_of_each_todo),
    Mutant("a feed from an index by revision", 300, ("feed",), reader=IndexReader),
    Mutant(
        "the key looked for when the put fails", 20, ("key", "answer", "done"), looking_for_the_key_when_the_put_fails
    ),
    Mutant(
        "a new views table filled by a scan alone",
        150,
        ("rows", "tallies", "feed"),
        filled_and_switched_over_to,
        always=frozenset({"rebuild"}),
    ),
    Mutant(
        "a rebuild that settles while the pointer is remembered",
        100,
        ("memory", "rows", "tallies", "feed"),
        settling_while_the_pointer_is_remembered,
        always=frozenset({"rebuild"}),
    ),
    Mutant(
        "readers and project switched at once",
        100,
        ("memory",),
        switching_readers_and_project_at_once,
        always=frozenset({"rebuild"}),
    ),
    Mutant(
        "a pointer remembered for ever",
        100,
        ("memory", "rows", "tallies", "feed"),
        remembering_for_ever,
        always=frozenset({"rebuild"}),
    ),
    Mutant("a cursor kept over a rebuild", 50, ("feed",), reader=KeptCursorReader, always=frozenset({"rebuild"})),
    Mutant(
        "a reminder for each message that asks for it",
        50,
        ("reminders",),
        reminding_whenever_asked,
        always=frozenset({"remind"}),
    ),
    Mutant(
        "a published batch taken for whole",
        150,
        ("published",),
        taking_a_batch_for_published,
        always=frozenset({"publish"}),
    ),
    Mutant(
        "a list cleared of what was created before",
        200,
        ("changed since", "made"),
        list_mutants.clearing_what_was_created_before,
        always=WITH_LISTS,
    ),
    Mutant(
        "a list cleared at any version",
        200,
        ("changed since",),
        list_mutants.deleting_at_any_version,
        always=WITH_LISTS,
    ),
    Mutant(
        "nothing recorded where nothing was deleted",
        200,
        ("changed since", "now answered"),
        list_mutants.recording_nothing_where_nothing_was_deleted,
        always=WITH_LISTS,
    ),
    Mutant(
        "the set looked up at each try",
        200,
        ("changed since",),
        list_mutants.looking_the_set_up_at_each_try,
        always=WITH_LISTS,
    ),
    Mutant(
        "a list cleared at the rows' versions without a cut",
        200,
        ("changed since",),
        list_mutants.deleting_at_the_rows_version_without_a_cut,
        always=WITH_LISTS,
    ),
    Mutant(
        "a cut taken for another table's",
        600,
        ("changed since",),
        list_mutants.taking_a_cut_for_another_tables,
        always=WITH_LISTS | {"rebuild"},
    ),
    Mutant(
        "a cut by a remembered pointer",
        400,
        ("as it was", "behind"),
        list_mutants.taking_a_cut_by_a_remembered_pointer,
        always=WITH_LISTS | {"rebuild"},
    ),
    Mutant(
        "a list renamed by the rows' versions alone",
        200,
        ("behind",),
        list_mutants.moving_by_the_rows_version_alone,
        always=WITH_LISTS,
    ),
    Mutant(
        "whatever is in the list now is moved",
        600,
        ("after that",),
        list_mutants.moving_whatever_is_there_now,
        always=WITH_LISTS,
    ),
    Mutant(
        "a pass after the end",
        200,
        ("after that",),
        list_mutants.beginning_a_pass_after_the_end,
        always=WITH_LISTS,
    ),
    Mutant("a todo moved without a key", 1000, ("twice",), list_mutants.moving_without_a_key, always=WITH_LISTS),
    Mutant(
        "an undo that writes whether in force or not",
        200,
        ("undo",),
        undo_mutants.whether_in_force_or_not,
        always=WITH_UNDOS,
    ),
    Mutant(
        "an undo again although its event is there",
        200,
        ("undo",),
        undo_mutants.again_although_its_event_is_there,
        always=WITH_UNDOS,
    ),
    Mutant("a completion undone alone", 200, ("undo",), undo_mutants.a_completion_alone, always=WITH_UNDOS),
    Mutant(
        "an undo that deletes what others use", 200, ("undo",), undo_mutants.deleting_what_others_use, always=WITH_UNDOS
    ),
)
