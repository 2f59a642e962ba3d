"""ZIP backups: each file in one is loaded as if it were given alone, and nothing is unpacked onto the disk."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loaders.cli import main
from loaders.reading import archive
from tests.loaders.loading import lines

TODOIST = b"TYPE,CONTENT,PRIORITY,INDENT,DATE\n"
TICKTICK = b'"Date: 2026-11-20+0000"\n"Version: 7.2"\nList Name,Title,Status,Is All Day,taskId\n'
TAKEOUT = b'{"kind": "tasks#taskLists", "items": [{"title": "Shop", "items": [{"id": "a", "title": "Milk"}]}]}'
BACKUP = {
    "Garden [220474322].csv": TODOIST + b"task,Rake the leaves,1,1,\ntask,Oil the gate,4,1,\n",
    "Work [5].csv": TODOIST + b"task,Oil the gate,4,1,\n",
}


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as into:
        for name, content in files.items():
            into.writestr(zipfile.ZipInfo(name, (2026, 11, 20, 9, 0, 0)), content, compress_type=method)
    return packed.getvalue()


Loaded = tuple[int, dict[str, Any], str]


@pytest.fixture
def load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Loaded]:
    """Load a ZIP with some files, or with some bytes; the exit code, the summary and what was printed."""

    def load(files: dict[str, bytes] | bytes, *options: str) -> Loaded:
        file = tmp_path / "backup.zip"
        file.write_bytes(files if isinstance(files, bytes) else zipped(files))
        code = main([str(file), "--owner", "ann", "--dry-run", "--offline", *options])
        text = capsys.readouterr()
        main([str(file), "--owner", "ann", "--dry-run", "--offline", "--json", *options])
        found = json.loads(capsys.readouterr().out)["files"]
        assert [each.name for each in tmp_path.iterdir()] == ["backup.zip"], "nothing is unpacked"
        return code, found[0] if found else {}, text.out + text.err

    return load


def members(summary: dict[str, Any]) -> dict[str, tuple[str, int]]:
    return {each["member"]: (each["format"], each["read"]) for each in summary["members"]}


def test_the_projects_of_a_backup_are_read_one_by_one(load: Callable[..., Loaded]) -> None:
    code, summary, said = load(BACKUP)
    assert (code, summary["read"], summary["added"]) == (0, 3, 3)
    assert members(summary) == {"Garden [220474322].csv": ("todoist", 2), "Work [5].csv": ("todoist", 1)}
    assert "from 2 files in it: Garden [220474322].csv, Work [5].csv" in said
    assert "left out" not in said


@pytest.mark.parametrize(
    ("files", "read"),
    [
        ({"TickTick-backup.csv": TICKTICK + b"Home,Milk,0,false,1\n"}, {"TickTick-backup.csv": ("ticktick", 1)}),
        (
            {
                "Takeout/archive_browser.html": b"<html>",
                "Takeout/Tasks/Tasks.json": TAKEOUT,
                "Takeout/Photos/IMG_1.jpg": b"\xff\xd8\xff\0",
                "Takeout/Photos/IMG_1.jpg.json": b'{"title": "IMG_1.jpg"}',
                "Takeout/Calendar/ann.ics": b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n",
            },
            {"Takeout/Tasks/Tasks.json": ("google-tasks", 1)},
        ),
        (
            {"a.csv": b"title\nMilk\n", "b.jsonl": lines({"title": "Bread"}), "c/": b"", "__MACOSX/._a.csv": b"\0"},
            {"a.csv": ("csv", 1), "b.jsonl": ("jsonl", 1)},
        ),
    ],
    ids=["ticktick", "takeout", "plain lists"],
)
def test_files_of_any_format_are_found_among_others(
    load: Callable[..., Loaded], files: dict[str, bytes], read: dict[str, tuple[str, int]]
) -> None:
    code, summary, _ = load(files)
    assert (code, members(summary)) == (0, read)


def test_what_is_not_read_is_said_in_one_line_with_the_reason(load: Callable[..., Loaded]) -> None:
    others = {"photo.jpg": b"\xff\xd8", "old.zip": zipped(BACKUP), "photo.json": b'{"title": "photo.jpg"}'}
    code, summary, said = load({**BACKUP, **others, "empty.csv": b""})
    assert code == 0
    assert (
        "4 other files in it were left out: empty.csv (it is empty), old.zip (a ZIP in a ZIP), photo.jpg, photo.json"
        " (read only with --format)"
    ) in said
    assert (summary["left_out"], summary["left_out_files"][2]) == (
        4,
        {"member": "photo.jpg", "reason": "no format reads it"},
    )


def test_a_format_that_is_named_is_that_of_all_files_that_can_have_it(load: Callable[..., Loaded]) -> None:
    files = {"a.dat": b"title\nMilk\n", "b.json": b'{"title": "Bread"}', "page.html": b"<html>"}
    code, summary, said = load(files, "--format", "csv")
    assert (code, members(summary)) == (0, {"a.dat": ("csv", 1)})
    assert "page.html (" in said


@pytest.mark.parametrize(
    "files",
    [{}, {"photo.jpg": b"\xff\xd8"}, {"notes.csv": b""}, {"empty.csv": TODOIST}, {"inner.zip": zipped(BACKUP)}],
    ids=["nothing", "a photo", "empty", "no rows", "another ZIP"],
)
def test_a_zip_of_which_nothing_is_read_is_refused(load: Callable[..., Loaded], files: dict[str, bytes]) -> None:
    code, summary, said = load(files)
    assert (code, summary) == (2, {})
    assert "no file in it has todos" in said


@pytest.mark.parametrize(
    "name", ["[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF"], ids=["workbook", "document", "program"]
)
def test_a_workbook_is_refused_as_one(load: Callable[..., Loaded], name: str) -> None:
    code, _, said = load({name: b"x", "data.csv": b"title\nMilk\n"})
    assert code == 2
    assert "it is a zip archive or a workbook: unpack it, or save the sheet as CSV" in said


@pytest.mark.parametrize(
    "name",
    ["../../Garden.csv", "/etc/Garden.csv", "C:\\lists\\Garden.csv", "..\\Garden.csv", "a\x1b[2J/Garden.csv"],
)
def test_a_name_that_leads_elsewhere_is_only_a_name(load: Callable[..., Loaded], name: str) -> None:
    code, summary, said = load({name: BACKUP["Work [5].csv"]})
    assert (code, summary["added"]) == (0, 1)
    assert "\x1b" not in said


@pytest.mark.parametrize("raw", ["Gärten.csv".encode(), "Gärten.csv".encode("cp437")], ids=["UTF-8", "DOS"])
def test_a_name_that_does_not_say_its_encoding_is_read(load: Callable[..., Loaded], raw: bytes) -> None:
    plain = "x" * (len(raw) - 4) + ".csv"
    code, summary, _ = load(zipped({plain: TODOIST + b"task,A,1,1,\n"}).replace(plain.encode(), raw))
    assert (code, list(members(summary))) == (0, ["Gärten.csv"])


def test_of_two_files_with_one_name_the_last_is_read(load: Callable[..., Loaded]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as into:
        into.writestr("a.csv", b"title\nOld\n")
        with pytest.warns(UserWarning, match="Duplicate name"):
            into.writestr("a.csv", b"title\nNew\nNewer\n")
    code, summary, said = load(packed.getvalue())
    assert (code, summary["read"]) == (0, 2)
    assert "a.csv (another file of this name replaces it)" in said


def test_a_link_is_not_followed(load: Callable[..., Loaded]) -> None:
    link = zipfile.ZipInfo("link.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    packed = io.BytesIO(zipped(BACKUP))
    with zipfile.ZipFile(packed, "a") as into:
        into.writestr(link, "/etc/passwd")
    code, _, said = load(packed.getvalue())
    assert (code, "link.csv (a link to another file)" in said) == (0, True)


def test_a_large_archives_own_fields_are_read(load: Callable[..., Loaded]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as into, into.open("a.csv", "w", force_zip64=True) as file:
        file.write(b"title\nMilk\n")
    assert load(packed.getvalue())[0] == 0


def encrypted(content: bytes) -> bytes:
    """The same archive, of which each file says that it is encrypted."""
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        parts = content.split(mark)
        content = mark.join([parts[0], *(part[: offset - 4] + b"\1" + part[offset - 3 :] for part in parts[1:])])
    return content


DAMAGED: dict[str, tuple[bytes, str]] = {
    "cut off": (zipped(BACKUP)[:-30], "its ZIP data is damaged, or its end is missing"),
    "only a beginning": (b"PK\x03\x04", "its ZIP data is damaged, or its end is missing"),
    "encrypted": (encrypted(zipped(BACKUP)), "encrypted: unpack the ZIP with its password"),
    "another method": (zipped(BACKUP, zipfile.ZIP_LZMA), "packed by a method that is not read"),
    "torn": (zipped(BACKUP).replace(b"Rake", b"Rak", 1)[:60] + b"?" * 40 + zipped(BACKUP)[100:], "damaged"),
    "names that are not UTF-8": (zipped({"ä.csv": b"title\n"}).replace("ä".encode(), b"\xff\xff"), "not UTF-8"),
}


@pytest.mark.parametrize(("content", "explanation"), DAMAGED.values(), ids=DAMAGED)
def test_what_cannot_be_unpacked_ends_it_with_2_and_a_sentence(
    load: Callable[..., Loaded], content: bytes, explanation: str
) -> None:
    code, _, said = load(content)
    assert code == 2
    assert explanation in said
    assert "Traceback" not in said


def test_a_damaged_file_stops_no_other_one(load: Callable[..., Loaded]) -> None:
    content = zipped(BACKUP, zipfile.ZIP_STORED).replace(b"Oil the gate", b"Oil the gatf", 1)
    code, summary, said = load(content)
    assert (code, members(summary)) == (2, {"Work [5].csv": ("todoist", 1)})
    assert "Garden [220474322].csv: its ZIP data is damaged: Bad CRC-32" in said


def test_of_a_file_that_is_damaged_far_behind_its_beginning_the_rows_before_are_loaded(
    load: Callable[..., Loaded],
) -> None:
    rows = b"".join(b"task,Todo %d %s,1,1,\n" % (number, b"." * 300) for number in range(3_000))
    content = zipped({"a.csv": TODOIST + rows}, zipfile.ZIP_STORED).replace(b"Todo 2999", b"Todo 299?")
    code, summary, said = load(content)
    assert (code, summary["read"] > 1000) == (2, True)
    assert "a.csv: the rest of the file cannot be read: its ZIP data is damaged: Bad CRC-32" in said


def test_what_is_packed_too_well_is_not_unpacked_to_its_end(
    load: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_ANY_RATIO_BYTES", 1000)
    monkeypatch.setattr(archive, "MAX_RATIO", 10)
    code, _, said = load({"a.csv": b"title\n" + b"Milk\n" * 50_000})
    assert (code, "it unpacks to more than 10 times its size in the ZIP" in said) == (2, True)


def test_all_files_together_are_bounded(load: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 1500)
    code, summary, said = load(dict.fromkeys(("a.csv", "b.csv"), TODOIST + b"task,A,1,1,\n" * 80))
    assert (code, "the ZIP unpacks to more than" in said, len(summary["members"])) == (2, True, 1)


@pytest.mark.parametrize("bound", ["MAX_FILES", "MAX_DIRECTORY_BYTES"])
def test_the_number_of_files_is_bounded_before_they_are_listed(
    load: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(archive, bound, 100)
    code, _, said = load({f"{number}.csv": b"" for number in range(200)})
    assert (code, "unpack it, and load those that have todos" in said) == (2, True)


def test_a_pipe_is_copied_as_far_as_is_reasonable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    for bound, code in ((1_000_000, 0), (100, 2)):
        monkeypatch.setattr(archive, "MAX_COPIED_BYTES", bound)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Pipe(zipped(BACKUP))))
        assert main(["-", "--owner", "ann", "--dry-run", "--offline"]) == code
    assert "is read only from a file" in capsys.readouterr().err
