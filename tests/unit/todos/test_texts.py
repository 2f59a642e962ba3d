"""Composing a text (NFC) is work that its sender could choose: it is bounded before any of it is done."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api import filters, pages, structs
from chalicelib.api.problems import Problem
from chalicelib.api.resources import feeds, lists, webhooks
from chalicelib.todos import content, texts
from chalicelib.todos.content import InvalidContent
from chalicelib.todos.fields import MAX_NOTES_BYTES
from tests.support.paths import ROOT

# A letter with marks that composing must sort: each half is in order, the whole is not.
MARKS = "\u0301" * 3_000 + "\u0316" * 3_000
HOSTILE = {
    "marks in two orders": "a" + MARKS,
    "marks alone": MARKS,
    "marks in turn": "a" + "\u0301\u0316" * 3_000,
    "marks of no combining class": "\u0f73" * 6_000,
    "marks that decompose": "a" + "\u0344" * 6_000,
    "one mark more than allowed": "a" + "\u0301" * 31,
    "letters between long runs": ("a" + "\u0316" * 40 + "\u0301" * 40) * 50,
    "a long run at the end": "é" * 900 + "\u0316" * 31,
}
# A letter may have up to three marks of its own.
LONGEST_RUN_AS_SORTED = texts.MAX_MARKS + 3


class Composing:
    """What reaches Unicode's algorithm, and how many steps its sorting takes at most: the squares of the runs."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def normalize(self, form: Literal["NFC"], text: str) -> str:
        self.given.append(text)
        assert form == "NFC"
        return unicodedata.normalize(form, text)

    @property
    def steps(self) -> int:
        return sum(steps_of(text) for text in self.given)


def runs_of(text: str) -> list[int]:
    """The lengths of the runs of marks, as they are when the text is decomposed."""
    marked = "".join("m" if unicodedata.combining(each) else " " for each in unicodedata.normalize("NFD", text))
    return [len(run) for run in marked.split()]


def steps_of(text: str) -> int:
    return len(text) + sum(length**2 for length in runs_of(text))


@pytest.fixture
def composing(monkeypatch: pytest.MonkeyPatch) -> Composing:
    counted = Composing()
    replaced = SimpleNamespace(normalize=counted.normalize, combining=unicodedata.combining)
    monkeypatch.setattr(texts, "unicodedata", replaced)
    return counted


def refused_content(**fields: Any) -> None:
    with pytest.raises(InvalidContent):
        content.validate({"title": "x", **fields})


def refused_body(load: Callable[[Any], object], body: dict[str, Any]) -> None:
    with pytest.raises(Problem) as refused:
        load(body)
    assert refused.value.status == 400


def refused_parameter(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match=r"characters|marks"):
        parse(text)


PLACES: dict[str, Callable[[str], None]] = {
    **{
        f"a todo's {field}": lambda text, field=field: refused_content(**{field: text})  # type: ignore[misc]
        for field in ("title", "notes", "list", "source", "due", "repeat", "parent", "priority")
    },
    "a todo's tags": lambda text: refused_content(tags=["fine", text]),
    "a webhook's URL": lambda text: refused_body(webhooks._load, {"url": text}),
    "a webhook's lists": lambda text: refused_body(webhooks._load, {"url": "https://a.example", "lists": [text]}),
    "a webhook's new URL": lambda text: refused_body(webhooks._load_patch, {"url": text}),
    "a webhook's new lists": lambda text: refused_body(webhooks._load_patch, {"lists": ["a", text]}),
    "a list's new name": lambda text: refused_body(lists._new_name, {"to": text}),
    "a feed's name": lambda text: refused_body(feeds._load, {"name": text}),
    "a feed's lists": lambda text: refused_body(feeds._load, {"lists": [text]}),
    "a list in a path": lambda text: refused_parameter(pages.parse_list_name, text),
    "a text that is sought": lambda text: refused_parameter(filters.parse_text(filters.MAX_SOUGHT_LENGTH), text),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("refuse", PLACES.values(), ids=PLACES)
def test_no_place_composes_a_text_that_takes_long(
    refuse: Callable[[str], None], text: str, composing: Composing
) -> None:
    refuse(text)
    assert text not in composing.given


@given(
    pieces=st.lists(st.sampled_from(["a", "é", "\u1f82", "\u0301", "\u0316", "\u0344", "\u0f73", "漢"]), max_size=90)
)
def test_what_is_composed_has_short_runs(pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        texts.compose(text, 500)
    except ValueError:
        assert max(runs_of(text)) > texts.MAX_MARKS
    else:
        assert all(length <= LONGEST_RUN_AS_SORTED for length in runs_of(text))


def test_the_worst_notes_that_are_composed_take_a_few_steps_for_each_character() -> None:
    worst = ("\u1f82" + "\u0f73" * 15) * (texts.LONGEST_DECOMPOSITION * MAX_NOTES_BYTES // 16)
    texts.compose(worst, MAX_NOTES_BYTES)
    assert steps_of(worst) < 70 * len(worst)


def test_a_text_that_is_far_too_long_is_not_looked_at(composing: Composing) -> None:
    with pytest.raises(ValueError, match="characters"):
        texts.compose("é" * 2_001, 500)
    assert composing.given == []


def test_a_text_may_be_sent_in_the_longest_way_there_is() -> None:
    # Each of these is one composed character, and four as sent.
    sent = unicodedata.normalize("NFD", "\u1f82") * 500
    assert len(sent) == 2_000
    assert texts.compose(sent, 500) == "\u1f82" * 500


def test_thirty_marks_are_enough_for_every_language() -> None:
    assert texts.compose("a" + "\u0316" * 30, 500)
    with pytest.raises(ValueError, match="30 combining marks"):
        texts.compose("a" + "\u0316" * 31, 500)


def test_everything_that_is_sorted_counts_as_so_many_marks() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        decomposed = unicodedata.normalize("NFD", character)
        marks = len(decomposed) if unicodedata.combining(decomposed[0]) else 0
        assert texts._marks_of(character) == marks, hex(code)


@given(
    text=st.text()
    | st.text(st.characters(max_codepoint=0x310, exclude_categories=["Cs"]))
    | st.lists(st.sampled_from(["a", "é", "\u02ff", "\u0301", "\u0344", "\u0f75", "漢"]), max_size=90).map("".join)
)
def test_a_text_is_composed_if_composing_leaves_it_as_it_is(text: str) -> None:
    try:
        is_left = texts.compose(text, len(text)) == text
    except ValueError:
        is_left = False
    assert texts.is_composed(text.encode()) == is_left


def test_each_character_that_composes_to_itself_is_composed() -> None:
    for code in range(0x3000):
        character = chr(code)
        assert texts.is_composed(character.encode()) == (unicodedata.normalize("NFC", character) == character), hex(
            code
        )


def test_nothing_else_composes() -> None:
    """One function composes: another would need the bounds again."""
    users = [
        str(path.relative_to(ROOT))
        for folder in ("chalicelib", "loaders")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"\bnormalize\(|is_normalized", path.read_text())
    ]
    assert users == ["chalicelib/todos/texts.py"]


def test_a_problem_names_each_text_that_is_refused() -> None:
    with pytest.raises(InvalidContent) as refused:
        content.validate({"title": "a" + MARKS, "tags": ["b", "c" + "\u0301" * 31], "color": 1, "priority": "x"})
    assert sorted(error.pointer for error in refused.value.errors) == ["#/color", "#/priority", "#/tags/1", "#/title"]


def test_texts_of_other_bodies_are_still_composed() -> None:
    assert structs.load_body({"name": "cafe\u0301"}, feeds.FeedRequest, "feed").name == "caf\u00e9"
