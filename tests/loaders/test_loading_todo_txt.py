"""todo.txt: a line is a task, and what a line says becomes a field or metadata."""

import pytest

from tests.loaders.loading import FILES, errors_of, stated, titles


def test_every_field_of_the_fixture_becomes_one_of_a_todo_or_metadata() -> None:
    assert stated(FILES / "todo.txt") == [
        {
            "title": "Plant the garlic",
            "list": "Home",
            "tags": ["outdoor"],
            "priority": "high",
            "due": "2026-12-01",
            "source": "todo.txt",
            "metadata": {"creation_date": "2026-11-20"},
        },
        {
            "title": "Call Zoë 🎁 about https://example.com/a?b=c:d at 10:30",
            "list": "Work",
            "tags": ["phone"],
            "source": "todo.txt",
            "metadata": {"t": "2026-12-24", "projects": ["Calls"], "creation_date": "2026-11-20"},
        },
        {
            "title": "Pay the rent",
            "list": "Finance",
            "due": "2026-12-31",
            "repeat": "FREQ=MONTHLY;INTERVAL=1",
            "source": "todo.txt",
            "metadata": {"rec": "+1m"},
        },
        {
            "title": "Tell +Mom of @home things today",
            "list": "Mom",
            "tags": ["home"],
            "priority": "low",
            "due": "2026-12-02",
            "source": "todo.txt",
            "metadata": {"ticket": "42", "priority": "D"},
        },
        {"title": "2026-01-05 odd dates", "source": "todo.txt", "metadata": {"creation_date": "2026-11-20"}},
        {
            "title": 'Buy milk, bread & 2 "large" eggs',
            "completed": True,
            "tags": ["errand", "shop"],
            "priority": "medium",
            "source": "todo.txt",
            "metadata": {"pri": "B", "creation_date": "2026-11-20", "completion_date": "2026-11-21"},
        },
        {"title": "done without a date", "completed": True, "source": "todo.txt"},
        {"title": "(A)lso not a priority", "source": "todo.txt", "metadata": {"rec": "2b"}},
        {"title": "@home", "tags": ["home"], "source": "todo.txt"},
        {"title": "xylophone lesson", "source": "todo.txt"},
    ]


@pytest.mark.parametrize(
    ("line", "pointer", "detail"),
    [
        ("2026-13-45 B", "#", "a date that does not exist"),
        ("B due:someday", "#/due", "expected one date, such as 2026-12-01, not 'someday'"),
        ("B due:2026-12-01 due:2026-12-02", "#/due", "expected one date"),
        ("x B pri:AA", "#/pri", "expected one letter from A to Z, not 'AA'"),
        ("due:2026-12-01", "#/title", "length >= 1"),
        ("B +" + "l" * 101, "#/list", "length <= 100"),
    ],
)
def test_a_bad_line_is_rejected_alone(line: str, pointer: str, detail: str) -> None:
    content = f"(A) A\n{line}\n(B) C\n".encode()
    [(number, found_pointer, found)] = errors_of(content, "todo.txt")
    assert (number, found_pointer) == (2, pointer)
    assert detail in found
    assert titles(content, "todo.txt") == ["A", "C"]
