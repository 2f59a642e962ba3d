"""The files of a journal: what is read is what was written, whatever a crash left, and compacting changes nothing."""

from __future__ import annotations

import errno
import gc
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stack.local.journal import compaction, lines
from stack.local.journal.contents import Contents
from stack.local.journal.files import Files, InUse, NoRoom
from stack.local.journal.journal import Journal
from stack.local.journal.lines import Damaged, Record
from tests.support import thorough
from tests.support.waiting import PATIENCE_SECONDS

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/t"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"


def random_record(draw: random.Random) -> Record:
    key = ["p", str(draw.randrange(5))]
    choices: list[Callable[[], Record]] = [
        lambda: ["item", TABLE, *key, {"v": {"N": str(draw.random())}}],
        lambda: ["gone", TABLE, *key],
        lambda: ["stream", TABLE, "INSERT", *key, 1],
        lambda: ["sent", QUEUE, {"id": key[1], "body": str(draw.random())}],
        lambda: ["taken", QUEUE, key[1]],
        lambda: ["table", TABLE, {"table": {"v": draw.random()}}],
        lambda: ["emptied", TABLE],
        lambda: ["dropped", TABLE],
        lambda: ["closed"],
        lambda: ["started"],
    ]
    return draw.choices(choices, [20, 5, 20, 5, 5, 1, 1, 1, 1, 1])[0]()


def write(files: Files, segment: int, first: int, batches: list[list[Record]]) -> None:
    files.directory.mkdir(exist_ok=True)
    written = [lines.line(first + index, [*map(lines.encode, batch)]) for index, batch in enumerate(batches)]
    files.segment(segment).write_bytes(b"".join(written))


def state(contents: Contents) -> dict[str, Any]:
    """What counts: a table without items is as good as none in some of the dictionaries."""
    found = vars(contents).copy()
    for name in ("items", "queues"):
        found[name] = {key: value for key, value in found[name].items() if value}
    found["streams"] = {key: value for key, value in found["streams"].items() if value.records or value.horizon}
    return found


def read(files: Files) -> dict[str, Any]:
    return state(files.read()[0])


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "journal")


@pytest.mark.parametrize("seed", range(thorough.many(20)))
def test_compacting_anywhere_changes_nothing(files: Files, seed: int) -> None:
    draw = random.Random(seed)
    batches = [[random_record(draw) for _ in range(draw.randrange(1, 5))] for _ in range(30)]
    expected = Contents()
    for number, batch in enumerate(batches, 1):
        expected.apply([*map(list, batch)])
        expected.last = number
    for segment in range(3):
        write(files, segment + 1, 10 * segment + 1, batches[10 * segment : 10 * segment + 10])
    assert read(files) == state(expected)
    for number in (2, 3, 4):
        compaction.compact(files, number)
        assert (files.bases(), min(files.segments(), default=number)) == ([number], number)
        assert read(files) == state(expected)


def test_another_process_compacts_what_has_outgrown_its_base(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "_LEAST_BYTES", 1000)
    write(files, 1, 1, [[["item", TABLE, "p", "s", {}]]])
    assert not compaction.is_due(files, 2)
    write(files, 2, 2, [[["item", TABLE, "p", "s", {"a": {"S": 1000 * "x"}}]]])
    assert compaction.is_due(files, 3)
    before = read(files)
    assert compaction.start(files, 3).wait(PATIENCE_SECONDS) == 0
    assert (files.bases(), files.segments()) == ([3], [])
    assert not compaction.is_due(files, 4)
    assert read(files) == before


def test_records_that_every_mapping_has_read_are_dropped(files: Files) -> None:
    streamed: list[Record] = [["stream", TABLE, "INSERT", "p", str(number), 1] for number in range(5)]
    write(files, 1, 1, [streamed, [["read", TABLE, "a", 4], ["read", TABLE, "b", 3]]])
    compaction.compact(files, 2)
    stream = files.read()[0].streams[TABLE]
    assert (stream.horizon, [record[2] for record in stream.records]) == (3, ["3", "4"])
    assert stream.positions == {"a": 4, "b": 3}


def test_a_mapping_that_is_gone_keeps_nothing(files: Files) -> None:
    read_by: list[Record] = [["read", TABLE, "a", 0], ["read", TABLE, "b", 1], ["read", TABLE, "a", None]]
    write(files, 1, 1, [[["stream", TABLE, "INSERT", "p", "s", 1], *read_by]])
    compaction.compact(files, 2)
    assert not files.read()[0].streams[TABLE].records


def test_a_batch_that_was_written_again_counts_once(files: Files) -> None:
    record: Record = ["stream", TABLE, "INSERT", "p", "s", 1]
    write(files, 1, 1, [[record], [record]])
    write(files, 2, 2, [[record], [record]])
    assert len(files.read()[0].streams[TABLE].records) == 3


def test_a_segment_that_is_missing_is_noticed(files: Files) -> None:
    for segment in (1, 2, 3):
        write(files, segment, segment, [[["item", TABLE, "p", "s", {}]]])
    files.segment(2).unlink()
    with pytest.raises(Damaged, match="batches 2 to 2 are missing"):
        files.read()
    assert files.read(salvage=True)[0].last == 3


@pytest.mark.parametrize(("damage", "left"), [("end", 1000), ("middle", 800)])
def test_a_damaged_base_is_noticed(files: Files, damage: str, left: int) -> None:
    write(files, 1, 1, [[["item", TABLE, "p", str(number), {"a": {"S": "x"}}] for number in range(1000)]])
    compaction.compact(files, 2)
    base = files.base(2).read_bytes()
    files.base(2).write_bytes(base[:-10] if damage == "end" else base.replace(b'"500"', b'"501"'))
    with pytest.raises(Damaged):
        files.read()
    assert len(files.read(salvage=True)[0].items[TABLE]) == left


def test_a_full_disk_leaves_everything_as_it_was(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    write(files, 1, 1, [[["item", TABLE, "p", "s", {}]]])
    before = read(files)

    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space"):
        compaction.compact(files, 2)
    assert read(files) == before
    assert not list(files.directory.glob("base*"))


def test_a_disk_that_is_full_at_the_start_is_said(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    write(files, 1, 1, [[["item", TABLE, "p", "s", {}]]])
    Journal(files.directory)
    gc.enable()

    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(NoRoom, match=r"nothing can be kept: writing to .* failed .No space left on device"):
        Journal(files.directory)
    assert not (files.directory / "probe").exists()


def test_a_second_engine_is_refused(files: Files) -> None:
    with files.held_by_writer(), pytest.raises(InUse, match="another engine uses"), files.held_by_writer():
        pass
