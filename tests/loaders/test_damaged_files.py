"""A file of any format that is damaged in any way loads as far as it goes: no row is lost without a word.

Each damaged file is made of a valid one. `--thorough 100` looks at a hundred times as many of each format.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
from contextlib import redirect_stderr
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.todos.ids import Owner, partition_of
from loaders.cli import main
from loaders.errors import UnreadableFile
from loaders.formats import choose_format, formats, system_of
from loaders.histories.reader import TakeoutReader
from loaders.into.changes import ChangePolicy
from loaders.into.ledger import LedgerDestination
from loaders.into.writer import Writer
from loaders.load import HistoriesLoad, Load
from loaders.output.progress import TextProgress
from loaders.output.rejected import RejectedRows
from loaders.output.summary import Summary
from loaders.planner import Planner
from loaders.reading.input import Input
from loaders.reading.options import ReadOptions
from loaders.rows.row import Origin
from loaders.rows.seen import Seen
from tests.loaders.loading import FILES, OWNER, GroupLedger, lines, nothing_opened
from tests.loaders.samples import SAMPLES
from tests.loaders.takeouts import NOW, history, takeout
from tests.loaders.test_loading_archives import BACKUP, TAKEOUT, zipped
from tests.support.thorough import many

pytestmark = pytest.mark.slow

EXAMPLES = 15

TODO_ID = "0190c3a0-0000-7000-8000-00000000000%d"
OWN = [{"id": TODO_ID % number, "version": 1, "title": f"Todo {number}", "tags": ["a"]} for number in range(3)]
ENTRY = {"line": 2, "format": "jsonl", "source": "file", "reason": "no title", "errors": [], "row": {"title": "Mended"}}
# What formats have no sample file for, because they are this service's own.
MADE = {
    "todo-ledger": [lines(*OWN)],
    "rejected": [lines(ENTRY, {**ENTRY, "key": "content:a#1", "row": {"id": 1}})],
    "takeout": [takeout(history(4, todo_id=TODO_ID % 1), history(2, todo_id=TODO_ID % 2))],
}


@cache
def valid() -> dict[str, list[bytes]]:
    """Valid files of each format."""
    found = {name: list(contents) for name, contents in MADE.items()}
    for file in sorted(FILES.iterdir()):
        content = file.read_bytes()
        found.setdefault(choose_format(Input(io.BytesIO(content)).head).NAME, []).append(content)
    for sample in SAMPLES:
        rows = [sample.row(f"T {number}", **({"id": str(number)} if sample.has_ids else {})) for number in range(4)]
        found.setdefault(sample.name, []).append(sample.file(*rows, rows[0]))
    return found


ODD = [
    *(b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", "\u2028".encode(), "\x85".encode(), "İ\u0301\u202e".encode()),
    *(b'"', b"'", b"\\", b"\r", b"\n", b"\r\n", b"\t", b",", b";", b"," * 20, b":", b"{", b"}", b"[", b"]"),
    *(b"null", b"true", b"{}", b"[]", b"[[]]", b'{"a": {"b": [1]}}', b"NaN", b"-Infinity", b"1e999", b"-0", b"1.5"),
    *(b"9" * 30, b"9" * 5000, b"[" * 3000, b'{"a":' * 3000, b'"\\ud800"', b'"\\u0000"', b"\\n", b"\x0b", b"\x1b[2J"),
    *(b"0000-00-00", b"9999-12-31T23:59:59Z", b"0001-01-01T00:00:00Z", b"2026-02-30", b"20261301T250000", b"P999999D"),
    *(b"2026-12-01T09:00:00+23:59", b"99999999999999", b"-62135596801000", b"FREQ=SECONDLY;COUNT=0", b"Mars/Olympus"),
    *(b"BEGIN:VTODO\n", b"END:VTODO\n", b"END:VCALENDAR\n", b"x ", b"(A) ", b"- [ ] ", b"@", b"+", b"due:", b"a" * 600),
]
TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*"|[\w.+-]+|[^\s\w]')

Damage = tuple[str, float, float, bytes]
DAMAGES = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "remove", "double", "swap", "insert", "replace", "replace", "replace"]),
        st.floats(0, 1, exclude_max=True),
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(ODD),
    ),
    min_size=1,
    max_size=4,
)


def damaged(content: bytes, damages: list[Damage]) -> bytes:
    for how, one, other, odd in damages:
        at = int(one * len(content))
        to = min(len(content), at + int(other * 80))
        if how == "flip":
            content = content[:at] + bytes([content[at] ^ 1 << int(other * 8)]) + content[at + 1 :]
        elif how == "cut":
            content = content[: max(1, at)]
        elif how == "remove":
            content = content[:at] + content[to:]
        elif how == "double":
            content = content[:to] + content[at:]
        elif how == "insert":
            content = content[:at] + odd + content[at:]
        elif how == "swap":
            parts = content.splitlines(keepends=True)
            first, second = int(one * len(parts)), int(other * len(parts))
            parts[first], parts[second] = parts[second], parts[first]
            content = b"".join(parts)
        elif tokens := list(TOKEN.finditer(content)):
            token = tokens[int(one * len(tokens))]
            content = content[: token.start()] + odd + content[token.end() :]
        if not content:
            return b"\n"
    return content


def load(content: bytes, name: str | None, ledger: GroupLedger, rejected_path: Path) -> Summary | None:
    """Load a file as the loader does; None if not even its beginning can be read."""
    how = ReadOptions(file_name="damaged")
    try:
        file = Input(io.BytesIO(content))
        chosen = formats()[name] if name else choose_format(file.head)
        system = system_of(chosen, file.head)
    except UnreadableFile:
        return None
    rejected = RejectedRows(rejected_path, Origin(chosen.NAME, system, how))
    destination = LedgerDestination(1, ChangePolicy("update", is_sure=True), ledger)
    progress = TextProgress(nothing_opened())
    with Writer(1, destination) as writer, Seen() as seen, Seen() as contents, redirect_stderr(io.StringIO()):
        if hasattr(chosen, "HAS_HISTORIES"):
            reader = TakeoutReader(partition_of(Owner(OWNER)), NOW, seen)
            summary = HistoriesLoad(None, rejected, progress).load_histories(reader.read(file))
        else:
            planner = Planner(Owner(OWNER), system, seen, contents, how)
            summary = Load(planner, writer, rejected, progress).load_rows(chosen.read_rows(file, how))
    rejected.close()
    assert rejected.count == summary.rejected + summary.reported
    counted = (summary.added, summary.updated, summary.already, summary.kept, summary.reported, summary.rejected)
    assert (sum(counted), summary.unwritten) == (summary.read, 0)
    return summary


def test_each_format_has_a_valid_file_to_be_damaged() -> None:
    assert valid().keys() == formats().keys()


@pytest.mark.parametrize("name", sorted(formats()))
def test_of_a_damaged_file_every_row_is_loaded_or_rejected_and_can_be_read_again(
    name: str,
) -> None:
    @settings(max_examples=many(EXAMPLES), suppress_health_check=list(HealthCheck))
    @given(content=st.sampled_from(valid()[name]), damages=DAMAGES, is_told=st.booleans())
    def hold(content: bytes, damages: list[Damage], is_told: bool) -> None:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "rejected.jsonl"
            ledger = GroupLedger()
            load(content, name, ledger, path)
            path.unlink(missing_ok=True)
            summary = load(damaged(content, damages), name if is_told else None, ledger, path)
            if summary is None or not path.exists():
                return
            for _ in range(2):
                left = path.read_bytes()
                again = load(left, "rejected", ledger, path)
                assert again is not None
                assert again.read == len(left.splitlines()), "each rejected row is read again"
                assert again.stopped_by is None
                assert [json.loads(line)["row"] for line in path.read_bytes().splitlines()], "unmended rows stay"

    hold()


def test_of_a_damaged_zip_every_row_that_is_read_is_loaded_or_rejected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = zipped({**BACKUP, "Takeout/Tasks/Tasks.json": TAKEOUT, "photo.jpg": b"\xff\xd8" * 50})
    file = tmp_path / "damaged.zip"

    @settings(max_examples=5 * many(EXAMPLES), suppress_health_check=list(HealthCheck))
    @given(damages=DAMAGES)
    def hold(damages: list[Damage]) -> None:
        file.write_bytes(damaged(content, damages))
        code = main([str(file), "--owner", OWNER, "--dry-run", "--offline", "--json"])
        for summary in json.loads(capsys.readouterr().out)["files"]:
            assert summary["read"] == summary["added"] + summary["rejected"]
            assert summary["read"] == sum(member["read"] for member in summary.get("members", [summary]))
            assert code == (2 if summary["stopped_by"] else 1 if summary["rejected"] else 0)
        assert list(tmp_path.iterdir()) == [file]

    hold()
