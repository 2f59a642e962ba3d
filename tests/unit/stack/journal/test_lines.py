"""Reading a journal's lines: what was cut was never acknowledged, what is damaged before others was."""

from __future__ import annotations

from pathlib import Path

import pytest

from stack.local.journal import lines
from stack.local.journal.lines import Cut, Damaged, Record

RECORDS: list[list[Record]] = [[["item", "t", "a", str(number), {"n": {"N": str(number)}}]] for number in range(4)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of four batches."""
    path = tmp_path / "segment"
    path.write_bytes(b"".join(whole()))
    return path


def whole() -> list[bytes]:
    return [lines.line(number, [*map(lines.encode, records)]) for number, records in enumerate(RECORDS, 1)]


def read(path: Path, *, salvage: bool = False) -> tuple[list[int], list[Cut]]:
    cuts: list[Cut] = []
    return [number for number, _ in lines.read(path, cuts, salvage=salvage)], cuts


def test_what_was_written_is_read(path: Path) -> None:
    cuts: list[Cut] = []
    assert list(lines.read(path, cuts)) == list(enumerate(RECORDS, 1))
    assert not cuts


@pytest.mark.parametrize("text", ["\ud800", "a\nb", "\x00", "ä€𝄞"])
def test_any_text_can_be_in_a_record(text: str) -> None:
    written = lines.line(7, [lines.encode(["item", text])])
    assert written.count(b"\n") == 1
    assert lines.parse(written[:-1]) == (7, [["item", text]])


def test_a_last_line_that_was_cut_anywhere_is_left_out(path: Path) -> None:
    complete = path.read_bytes()
    begin = len(b"".join(whole()[:3]))
    for end in range(begin + 1, len(complete)):
        path.write_bytes(complete[:end])
        assert read(path) == ([1, 2, 3], [Cut(path, begin)])


@pytest.mark.parametrize("hole", [b"\x00", b"\n"])
def test_a_last_batch_with_a_hole_is_left_out(path: Path, hole: bytes) -> None:
    complete = path.read_bytes()
    begin = len(b"".join(whole()[:3]))
    path.write_bytes(complete[: begin + 20] + 8 * hole + complete[begin + 28 :])
    assert read(path) == ([1, 2, 3], [Cut(path, begin)])


def test_any_changed_byte_of_an_earlier_line_is_found(path: Path) -> None:
    complete = path.read_bytes()
    first, second = whole()[:2]
    for place in range(len(first), len(first) + len(second)):
        path.write_bytes(complete[:place] + bytes([complete[place] ^ 1]) + complete[place + 1 :])
        with pytest.raises(Damaged, match=r"line 2 of .*restore-local FILE.*--salvage"):
            read(path)


def test_what_is_whole_can_be_salvaged(path: Path) -> None:
    complete = path.read_bytes()
    path.write_bytes(complete.replace(b'"N":"1"', b'"N":"X"'))
    assert read(path, salvage=True) == ([1, 3, 4], [Cut(path, len(whole()[0]))])
