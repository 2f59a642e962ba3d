"""TickTick's CSV: the preamble is skipped, and every column comes in."""

import pytest

from loaders.errors import UnreadableFile
from tests.loaders.loading import FILES, errors_of, read, stated, titles


def test_every_field_of_the_fixture_becomes_one_of_a_todo_or_metadata() -> None:
    assert stated(FILES / "ticktick.csv") == [
        {
            "title": "Plant the garlic",
            "notes": 'Cloves are\nin the "shed"',
            "list": "Garden",
            "tags": ["outdoor", "autumn"],
            "priority": "high",
            "due": "2026-12-01",
            "order": -1099511627776,
            "repeat": "FREQ=YEARLY;INTERVAL=1",
            "source": "ticktick:a1",
            "metadata": {
                "Folder Name": "Home",
                "Kind": "TEXT",
                "Is Check list": "N",
                "Start Date": "2026-11-30T23:00:00+0000",
                "Reminder": "-PT30M",
                "Created Time": "2026-11-20T15:04:27+0000",
                "Timezone": "Europe/Berlin",
                "Is All Day": "true",
                "Is Floating": "false",
                "View Mode": "list",
            },
        },
        {
            "title": "Pack the books 🎁",
            "notes": "▫Salon\n▪Kitchen",
            "list": "Inbox",
            "priority": "medium",
            "due": "2026-12-10T09:30:00+01:00",
            "order": 2,
            "parent": "Plant the garlic",
            "source": "ticktick:a2",
            "metadata": {
                "Kind": "CHECKLIST",
                "Is Check list": "Y",
                "Repeat": "ERULE:NAME=CUSTOM;BYDATE=20261210",
                "Created Time": "2026-11-20T15:04:27+0000",
                "Timezone": "Europe/Berlin",
                "Is All Day": "false",
                "Is Floating": "true",
                "Column Name": "Doing",
                "Column Order": "1",
                "View Mode": "kanban",
            },
        },
        {
            "title": "Hire a van",
            "completed": True,
            "list": "Inbox",
            "priority": "low",
            "due": "2026-12-10T08:30:00Z",
            "parent": "not here",
            "source": "ticktick:a3",
            "metadata": {
                "Kind": "TEXT",
                "Is Check list": "N",
                "Created Time": "2026-11-20T15:04:27+0000",
                "Completed Time": "2026-11-21T09:00:00+0000",
                "Timezone": "Nowhere/Nowhere",
                "Is All Day": "false",
                "Is Floating": "false",
                "View Mode": "list",
                "Order": "99999999999999999999",
            },
        },
        {
            "title": "Old",
            "completed": True,
            "list": "Inbox",
            "order": 4,
            "source": "ticktick:a4",
            "metadata": {
                "Kind": "NOTE",
                "Is Check list": "N",
                "Created Time": "2026-11-20T15:04:27+0000",
                "Completed Time": "2026-11-21T09:00:00+0000",
                "View Mode": "list",
                "Status": "2",
            },
        },
        {
            "title": "Never mind",
            "completed": True,
            "list": "Inbox",
            "order": 5,
            "source": "ticktick:a5",
            "metadata": {
                "Kind": "TEXT",
                "Is Check list": "N",
                "Created Time": "2026-11-20T15:04:27+0000",
                "View Mode": "list",
                "Status": "-1",
            },
        },
    ]


HEADER = b"Title,List Name,Status,Is All Day,Order,taskId\n"


@pytest.mark.parametrize(
    ("row", "pointer", "detail"),
    [
        (b"B,L,7", "#/Status", "expected one of 0, 1, 2, -1, not '7'"),
        (b"B,L,0,false,first", "#/Order", "expected a whole number"),
        (b",L,0", "#/Title", "required"),
    ],
)
def test_a_bad_value_is_pointed_at(row: bytes, pointer: str, detail: str) -> None:
    content = HEADER + b"A,L,0\n" + row + b"\nC,L,0\n"
    assert errors_of(content) == [(3, pointer, detail)]
    assert titles(content) == ["A", "C"]


def test_a_file_with_nothing_but_a_preamble_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="no header"):
        read(b'"Date: 2026-11-20+0000"\n"Version: 7.2"\n', "ticktick")
