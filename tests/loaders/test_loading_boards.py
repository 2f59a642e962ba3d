"""Boards of Trello, Wekan and Planka: cards, checklists, comments and the archive."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from loaders.errors import UnreadableFile
from loaders.formats import Certainty, choose_format, formats
from loaders.reading.options import ReadOptions
from loaders.rows.row import BadRow, Row
from tests.loaders.loading import FILES, errors_of, plan, read, stated, titles

ARCHIVED = "what is archived or in the trash was loaded as completed"


def trello(*cards: dict[str, Any], **parts: Any) -> bytes:
    board = {"id": "b", "name": "B", "lists": [{"id": "l", "name": "L"}], **parts}
    return json.dumps({**board, "cards": [{"idList": "l", **card} for card in cards]}).encode()


def wekan(*cards: dict[str, Any], **parts: Any) -> bytes:
    board = {"_format": "wekan-board-1.0.0", "title": "B", "lists": [{"_id": "l", "title": "L"}], **parts}
    return json.dumps({**board, "cards": [{"listId": "l", **card} for card in cards]}).encode()


def planka(*cards: dict[str, Any], **parts: Any) -> bytes:
    included = {"lists": [{"id": "l", "name": "L", "type": "active"}], **parts}
    included["cards"] = [{"listId": "l", **card} for card in cards]
    return json.dumps({"item": {"name": "B", "projectId": "1"}, "included": included}).encode()


def rows(content: bytes, how: ReadOptions | None = None) -> list[Row]:
    found = read(content, how=how or ReadOptions())
    assert [row for row in found if isinstance(row, BadRow)] == []
    return [row for row in found if isinstance(row, Row)]


ITEMS = {
    "Dig": {"completed": True, "order": 1},
    "Rake": {"order": 2},
    "Water": {"order": 3},
}


@pytest.mark.parametrize("name", ["trello", "wekan", "planka"])
def test_a_board_becomes_todos_in_its_lists_with_the_items_of_checklists_as_subtasks(name: str) -> None:
    found = {todo["title"]: todo for todo in stated(FILES / f"{name}.json")}
    garlic = found["Plant the garlic"]
    assert (garlic["list"], garlic["due"], garlic.get("completed")) == ("To do", "2036-12-01T09:00:00.000Z", None)
    assert garlic["tags"][0] == "outdoor"
    assert garlic["metadata"]["board"] == "Allotment 🌱"
    assert garlic["metadata"]["attachments"][0]["name"] == "plan.pdf"
    assert garlic["metadata"]["customFields"]["Bags"] in (3, "3")
    assert garlic["notes"].startswith("Pointed end **up**.\n\n")
    assert "2026-11-01: Cloves are in the shed." in garlic["notes"]
    for title, expected in ITEMS.items():
        item = found[title]
        assert (item["list"], item["parent"], item["order"]) == ("To do", "Plant the garlic", expected["order"])
        assert item.get("completed") == expected.get("completed")
    assert found["Buy compost"]["completed"] is True


@pytest.mark.parametrize("name", ["trello", "wekan", "planka"])
def test_what_is_archived_is_loaded_as_completed_and_said(name: str) -> None:
    loaded = {row.fields["title"]: row for row in rows((FILES / f"{name}.json").read_bytes())}
    archived = [loaded["Paint the hut"], *([loaded["Last year's beans"]] if "Last year's beans" in loaded else [])]
    for row in archived:
        assert row.fields["completed"] is True
        assert row.loss is not None
        assert ARCHIVED in row.loss.notices
        assert {"closed", "archived"} & row.fields["metadata"].keys()


def test_trellos_own_words_become_fields() -> None:
    garlic, *_ = stated(FILES / "trello.json")
    assert garlic == {
        "title": "Plant the garlic",
        "notes": "Pointed end **up**.\n\nlou, 2026-11-01: Cloves are in the shed.\nTop shelf.\n\n"
        "Zoë Field, 2026-11-03: The second bag is open.",
        "list": "To do",
        "tags": ["outdoor", "red"],
        "due": "2036-12-01T09:00:00.000Z",
        "remind_at": "2036-11-30T09:00:00Z",
        "order": 65535,
        "source": "trello:65f0c0de0000000000000c01",
        "metadata": {
            "idShort": 1,
            "start": "2036-11-30T09:00:00.000Z",
            "dateLastActivity": "2026-11-03T10:00:00.000Z",
            "url": "https://trello.com/c/wxyz/1-plant-the-garlic",
            "board": "Allotment 🌱",
            "members": ["Zoë Field"],
            "customFields": {"Bags": "3", "Bed": "North"},
            "attachments": [{"name": "plan.pdf", "url": "https://example.com/plan.pdf"}],
        },
    }


def test_a_trello_card_was_created_when_its_id_says_and_completed_when_an_action_does() -> None:
    compost = next(row for row in rows((FILES / "trello.json").read_bytes()) if row.fields["title"] == "Buy compost")
    assert compost.fields["created_at"] == "2024-03-12T20:53:50Z"
    assert compost.fields["completed_at"] == "2026-11-02T09:30:00.000Z"


def test_parts_may_come_in_any_order() -> None:
    board = json.loads((FILES / "trello.json").read_bytes())
    turned = json.dumps(dict(reversed(board.items()))).encode()
    expected = sorted((row.own_id or "", str(row.fields)) for row in rows((FILES / "trello.json").read_bytes()))
    assert sorted((row.own_id or "", str(row.fields)) for row in rows(turned)) == expected


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (
            trello(
                {"id": "c", "name": "A"},
                checklists=[{"id": "k", "idCard": "gone", "checkItems": [{"id": "i", "name": "X"}]}],
            ),
            "X",
        ),
        (wekan({"_id": "c", "title": "A"}, checklistItems=[{"_id": "i", "title": "X", "checklistId": "gone"}]), "X"),
        (planka({"id": "c", "name": "A"}, tasks=[{"id": "i", "name": "X", "taskListId": "gone"}]), "X"),
        (planka({"id": "c", "name": "A"}, tasks=[{"id": "i", "name": "X", "cardId": "c"}]), "X"),
    ],
)
def test_an_item_whose_card_is_not_in_the_file_is_a_todo_all_the_same(content: bytes, title: str) -> None:
    assert titles(content) == ["A", title]


def test_tasks_of_an_older_planka_belong_to_their_card() -> None:
    tasks = [
        {"id": "2", "name": "Y", "cardId": "c", "position": 2},
        {"id": "1", "name": "X", "cardId": "c", "position": 1},
    ]
    _, *items = rows(planka({"id": "c", "name": "A"}, tasks=tasks))
    assert [(row.fields["title"], row.parent, row.fields["order"]) for row in items] == [("X", "c", 1), ("Y", "c", 2)]


def test_a_card_of_wekan_is_done_at_its_end_unless_that_was_a_plan() -> None:
    past = {"_id": "1", "title": "A", "endAt": "2026-11-02T09:00:00Z", "dateLastActivity": "2026-11-02T08:00:00Z"}
    planned = {"_id": "2", "title": "B", "endAt": "2026-11-09T09:00:00Z", "dateLastActivity": "2026-11-02T08:00:00Z"}
    done, still_open = rows(wekan(past, planned))
    assert (done.fields["completed"], done.fields["completed_at"]) == (True, "2026-11-02T09:00:00Z")
    assert still_open.fields.get("completed") is None
    assert still_open.fields["metadata"]["endAt"] == planned["endAt"]


@pytest.mark.parametrize("made", [trello, wekan, planka])
def test_files_in_a_board_of_any_size_are_passed_over(made: Callable[..., bytes]) -> None:
    key = "_id" if made is wekan else "id"
    title = "title" if made is wekan else "name"
    blob = {"file": '\\"]}' + "QUJD" * 1_000_000, key: "a", "cardId": "c", "name": "big.pdf"}
    parts = {"attachments": [blob]} if made is wekan else {"prefs": {}, "labelNames": {}, "pluginData": [blob]}
    [row] = rows(made({key: "c", title: "A"}, **parts))
    assert row.fields["title"] == "A"
    if made is wekan:
        assert row.fields["metadata"]["attachments"] == [{"name": "big.pdf"}]


def test_what_a_card_may_have_and_a_todo_not_does_not_lose_the_card() -> None:
    labels = [{"name": "x" * 65}, *({"name": f"t{number}"} for number in range(40))]
    [row] = rows(trello({"id": "c", "name": "n" * 600, "desc": "D", "labels": labels, "pos": 1e300}))
    [planned] = plan(trello({"id": "c", "name": "n" * 600, "desc": "D", "labels": labels, "pos": 1e300}))
    assert not isinstance(planned, BadRow)
    assert row.fields["title"] == "n" * 499 + "…"
    assert row.fields["notes"] == "n" * 600 + "\n\nD"
    assert len(row.fields["tags"]) == 32
    assert "x" * 65 in row.fields["metadata"]["labels"]
    assert row.fields["metadata"]["pos"] == 1e300
    assert row.loss is not None
    assert len(row.loss.notices) == 2


def test_a_list_with_a_name_that_no_list_may_have_is_shortened_and_said() -> None:
    [row] = rows(trello({"id": "c", "name": "A"}, lists=[{"id": "l", "name": "ä" * 200}]))
    assert row.fields["list"] == "ä" * 100
    assert row.fields["metadata"]["list"] == "ä" * 200


def test_attachments_that_the_metadata_has_no_room_for_are_left_out_and_said() -> None:
    attachments = [{"name": "a" * 100, "url": f"https://example.com/{number}"} for number in range(100)]
    [row] = rows(trello({"id": "c", "name": "A", "attachments": attachments, "idShort": 7}))
    assert row.fields["metadata"] == {"board": "B", "idShort": 7}
    assert row.loss is not None
    assert row.loss.notices == ("left out, as metadata has room for 4096 bytes: attachments",)


def test_comments_beyond_the_room_of_the_notes_are_left_out_and_said() -> None:
    actions = [
        {
            "type": "commentCard",
            "idMemberCreator": "m",
            "date": f"2026-11-{day:02}",
            "data": {"text": "y" * 4000, "card": {"id": "c"}},
        }
        for day in range(1, 20)
    ]
    [row] = rows(trello({"id": "c", "name": "A"}, actions=actions))
    assert row.fields["notes"].count("2026-11-") == 4
    assert row.loss is not None
    assert row.loss.notices == ("comments that the notes have no room for were left out",)


@pytest.mark.parametrize("value", [None, 7, "x", {}, {"id": 7}, [7], [None, "x", []]])
@pytest.mark.parametrize("made", [trello, wekan, planka])
def test_parts_of_another_kind_than_expected_are_passed_over(made: Callable[..., bytes], value: Any) -> None:
    key, title = ("_id", "title") if made is wekan else ("id", "name")
    names = [
        "lists",
        "labels",
        "checklists",
        "checklistItems",
        "comments",
        "actions",
        "users",
        "taskLists",
        "cardLabels",
    ]
    card = {key: "c", title: "A", "labelIds": value, "idMembers": value, "members": value, "attachments": value}
    content = made(card, **dict.fromkeys(names, value))
    assert titles(content) in (["A"], []) or errors_of(content)


def test_a_board_that_breaks_off_loads_nothing() -> None:
    content = trello({"id": "1", "name": "A"}, {"id": "2", "name": "B"})
    with pytest.raises(UnreadableFile, match="the file ends where"):
        read(content[:-2], "trello")


@pytest.mark.parametrize(
    "content",
    [
        b'{"id": "b", "name": "B", "lists": [{"id": "l", "name": "L", "cards": [{"id": "c", "name": "C"}]}]}',
        b'{"id": "b", "name": "B", "lists": [], "cards": [{"id": 1, "title": "x"}]}',
        b'{"title": "A", "lists": 7, "cards": 8}',
        b'{"item": "A", "included": true}',
        b'{"title": "A", "included": {"x": 1}}',
    ],
)
def test_what_resembles_a_board_is_not_taken_for_one(content: bytes) -> None:
    boards = [formats()[name] for name in ("trello", "wekan", "planka")]
    assert [board.NAME for board in boards if board.recognise(content) is not Certainty.NO] == []


def test_a_board_is_known_by_its_actions_if_its_cards_lie_beyond_the_head() -> None:
    actions = [{"id": "a", "idMemberCreator": "m", "data": {"text": "x" * 1000}, "type": "x"}] * 100
    whole = json.dumps({"id": "b", "name": "B", "actions": actions, "cards": [], "lists": []}).encode()
    assert choose_format(whole[: 64 * 1024]).NAME == "trello"
    assert choose_format(json.dumps({"actions": actions}).encode()[: 64 * 1024]).NAME == "trello"
