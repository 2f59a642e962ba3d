"""A file's format is told by its content."""

import io

import pytest

from loaders.errors import UnreadableFile
from loaders.formats import choose_format, formats
from loaders.reading.input import Input
from tests.loaders.loading import FILES, lines, titles


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b'[{"title": "A"}]', "json"),
        (b'\n\n  [\n{"title": "A"}]', "json"),
        (b'\xef\xbb\xbf[{"title": "A"}]', "json"),
        (b'{"title": "A"}\n', "jsonl"),
        (b'\xef\xbb\xbf\r\n{"title": "A"}\r\n', "jsonl"),
        (b"title,done\nA,no\n", "csv"),
        (b"\xef\xbb\xbftitle\r\nA\r\n", "csv"),
    ],
)
def test_the_beginning_tells_the_format_whatever_precedes_it(content: bytes, name: str) -> None:
    assert name == choose_format(Input(io.BytesIO(content)).head).NAME
    assert titles(content.replace(b"\r\n{", b"{")) == ["A"]


FIXTURES = {
    "apple-reminders.json": "apple-reminders",
    "asana.csv": "asana",
    "google-tasks.json": "google-tasks",
    "microsoft-to-do.json": "microsoft-to-do",
    "planka.json": "planka",
    "super-productivity.json": "super-productivity",
    "tasks-org.json": "tasks.org",
    "tasks.md": "markdown",
    "tasks.ics": "icalendar",
    "taskwarrior.json": "taskwarrior",
    "things.json": "things",
    "ticktick.csv": "ticktick",
    "todo.txt": "todo.txt",
    "todoist.csv": "todoist",
    "trello.json": "trello",
    "wekan.json": "wekan",
}


def test_there_is_a_fixture_of_each_format_of_another_program() -> None:
    assert {path.name for path in FILES.iterdir()} == FIXTURES.keys()


@pytest.mark.parametrize("file", FIXTURES)
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf"])
def test_each_fixture_is_most_surely_of_its_own_format(file: str, before: bytes) -> None:
    head = Input(io.BytesIO(before + (FILES / file).read_bytes())).head
    certainties = {name: each.recognise(head) for name, each in formats().items()}
    surest = max(certainties.values())
    assert [name for name, certainty in certainties.items() if certainty is surest] == [FIXTURES[file]]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        # What was loaded from elsewhere has that in its metadata, and is JSON Lines all the same.
        (b'{"title": "A", "metadata": {"kind": "tasks#task", "uuid": "x", "entry": "y"}, "value": 1}\n', "jsonl"),
        (b'[{"title": "A", "status": "pending", "description": "B", "uuid": "x"}]', "json"),
        (b'{"uuid": "x", "description": "A", "status": "pending", "entry": "y"}\n', "taskwarrior"),
        (b'[{"displayName": "L", "tasks": []}]', "microsoft-to-do"),
        (b'{"value": [{"title": "A"}]}', "microsoft-to-do"),
        (b"title,notes\nA,+b @c\nx,(A) b +c @d\n", "csv"),
        (b"TYPE,CONTENT,INDENT\n", "todoist"),
        (b"TYPE;CONTENT;INDENT\r\n", "todoist"),
        (b"(A) one\nplain\n", "todo.txt"),
        (b"Task, then ring the office @phone\nBuy milk @shop\n(A) Other thing +work\n", "todo.txt"),
        (b"Name, address and age\n@home one\n(A) two\n", "todo.txt"),
        (b"Task,Who is it\nMail @home,Bob\n(A) grade @school,Ann\n", "csv"),
        (b"Task\nBuy milk @shop\n(A) Other +work\n", "csv"),
        (b"one\ntwo\n", "csv"),
        (b"begin:vcalendar\n", "icalendar"),
    ],
)
def test_what_resembles_a_format_is_told_from_it(content: bytes, name: str) -> None:
    assert name == choose_format(content).NAME


def test_an_object_that_is_longer_than_the_beginning_is_recognised_by_its_first_members() -> None:
    task = {"uuid": "x", "status": "pending", "entry": "y", "description": "a" * 100_000}
    assert choose_format(Input(io.BytesIO(lines(task))).head).NAME == "taskwarrior"


@pytest.mark.parametrize(
    ("content", "explanation"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf \r\n", "it is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary"),
        ("title\nÄ\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04 an xlsx", "workbook"),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(content: bytes, explanation: str) -> None:
    with pytest.raises(UnreadableFile, match=explanation):
        Input(io.BytesIO(content))


def test_a_stream_that_trickles_is_read_whole() -> None:
    class Trickle(io.RawIOBase):
        def __init__(self, content: bytes) -> None:
            self._content = io.BytesIO(content)

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            chunk = self._content.read(min(3, len(buffer)))
            buffer[: len(chunk)] = chunk
            return len(chunk)

    content = b"".join(b'{"title": "%d"}\n' % number for number in range(20_000))
    file = Input(io.BufferedReader(Trickle(content)))
    assert b"".join(line for _, line, _ in file.lines()) == content
