"""What somebody has written into FILE.rejected.jsonl is never deleted; a file that nobody has touched is replaced."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from loaders.output import previous
from loaders.output.rejected import RejectedRows
from loaders.rows.row import Origin, bad_row
from tests.loaders.loading import PLAINLY

ORIGIN = Origin("csv", "file", PLAINLY)


@pytest.fixture
def rejected(tmp_path: Path) -> Path:
    return tmp_path / "list.csv.rejected.jsonl"


def write(path: Path, *reasons: str) -> list[str]:
    """Write rejected rows as a run does; what it warns of."""
    warnings: list[str] = []
    rows = RejectedRows(path, ORIGIN, warnings.append)
    rows.begin()
    for number, reason in enumerate(reasons):
        rows.add(bad_row(number, {"title": "Ä" * number}, reason))
    rows.close()
    return warnings


def others(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir() if each != path)


def test_a_file_that_nobody_touched_is_replaced(rejected: Path) -> None:
    for reasons in (["a"], ["a", "b", "c"], [], ["d"], ["e"] * 50):
        assert write(rejected, *reasons) == []
        written = rejected.read_text().splitlines() if rejected.exists() else []
        assert [json.loads(line)["reason"] for line in written] == reasons
        assert others(rejected) == []


EDITS: list[Callable[[bytes], bytes]] = [
    lambda content: content.replace(b'"reason": "b"', b'"reason": "B"'),
    lambda content: content.replace(b'"title": ""', b'"title": "A"'),
    lambda content: content.replace(b'{"digest": "', b'{"digest": "1', 1),
    lambda content: content.replace(b'"digest"', b'"Digest"'),
    lambda content: content.split(b"\n", 1)[1],
    lambda content: content.rstrip(b"\n").rpartition(b"\n")[0] + b"\n",
    lambda content: content + content,
    lambda content: content.rstrip(b"\n"),
    lambda content: content.replace(b"\n", b"\r\n"),
    lambda content: b"\xef\xbb\xbf" + content,
    lambda content: json.dumps([json.loads(line) for line in content.splitlines()], indent=2).encode(),
    lambda content: b"\n".join(reversed(content.splitlines())),
    lambda content: b"x",
    lambda content: b'{"digest": "',
]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("reasons", [["a"], []])
def test_whatever_somebody_did_to_it_is_set_aside_and_said(
    rejected: Path, edit: Callable[[bytes], bytes], reasons: list[str]
) -> None:
    write(rejected, "a", "b", "c")
    edited = edit(rejected.read_bytes())
    rejected.write_bytes(edited)
    [warning] = write(rejected, *reasons)
    aside = rejected.with_name("list.csv.rejected.edited-1.jsonl")
    assert aside.read_bytes() == edited
    assert warning == f"{rejected} was edited since it was written, so it is kept as {aside}: load that file, too"
    assert rejected.exists() == bool(reasons)


def test_edits_of_several_times_are_all_kept(rejected: Path) -> None:
    for text in ("one", "two", "three"):
        rejected.write_text(text)
        write(rejected, "a")
        rejected.unlink()
    kept = [rejected.with_name(f"list.csv.rejected.edited-{number}.jsonl").read_text() for number in (1, 2, 3)]
    assert kept == ["one", "two", "three"]


def test_a_file_of_an_earlier_version_is_set_aside_since_nobody_knows(rejected: Path) -> None:
    rejected.write_text('{"line": 2, "format": "csv", "source": "file", "reason": "x", "errors": [], "row": {}}\n')
    assert len(write(rejected)) == 1


def test_a_file_that_is_emptied_has_nothing_to_keep(rejected: Path) -> None:
    write(rejected, "a")
    rejected.write_text("")
    assert write(rejected) == []
    assert others(rejected) == []


def test_a_run_that_was_killed_leaves_a_file_that_is_kept(rejected: Path) -> None:
    rows = RejectedRows(rejected, ORIGIN)
    rows.begin()
    rows.add(bad_row(1, {"title": ""}, "a"))
    content = rejected.read_bytes()
    [_] = write(rejected)
    assert rejected.with_name("list.csv.rejected.edited-1.jsonl").read_bytes() == content


def test_two_runs_at_once_and_an_edit_between_lose_no_row(rejected: Path) -> None:
    one, other = RejectedRows(rejected, ORIGIN), RejectedRows(rejected, ORIGIN)
    for rows in (one, other):
        rows.begin()
    one.add(bad_row(1, {}, "of the one"))
    other.add(bad_row(1, {}, "of the other"))
    one.add(bad_row(2, {}, "once more"))
    for rows in (one, other):
        rows.close()
    everything = "".join(each.read_text() for each in rejected.parent.iterdir())
    assert [everything.count(f'"reason": "{reason}"') for reason in ("of the one", "of the other", "once more")] == [
        1,
        1,
        1,
    ]


def test_what_is_saved_while_the_file_is_looked_at_stays(rejected: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(rejected, "a")
    look = previous._is_untouched

    def look_while_somebody_saves(file: Path) -> bool:
        rejected.write_text("edited")
        monkeypatch.setattr(previous, "_is_untouched", look)
        return look(file)

    monkeypatch.setattr(previous, "_is_untouched", look_while_somebody_saves)
    write(rejected, "b")
    assert "edited" in [each.read_text() for each in rejected.parent.iterdir()]
