"""Text: composed form (NFC), and the characters that a field does not take."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.todos import content, texts
from tests.unit.scenarios import complaints, content_of

TEXTS = ["title", "notes", "list", "source"]


@pytest.mark.parametrize("field", TEXTS)
def test_text_is_kept_in_composed_form(field: str) -> None:
    assert content_of(**{field: "cafe\u0301"})[field] == "caf\u00e9"


def test_tags_are_kept_in_composed_form_and_compared_so() -> None:
    assert content_of(tags=["cafe\u0301", "caf\u00e9", "a"])["tags"] == ["caf\u00e9", "a"]


def test_bounds_count_the_composed_form() -> None:
    assert content_of(list="e\u0301" * 100)["list"] == "\u00e9" * 100


def test_metadata_stays_as_it_is() -> None:
    assert content_of(metadata={"e\u0301": "e\u0301"})["metadata"] == {"e\u0301": "e\u0301"}


@given(text=st.text(min_size=1, max_size=20))
def test_composing_twice_is_composing_once(text: str) -> None:
    once = texts.compose(text, 500)
    assert texts.compose(once, 500) == once == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "é\udc00b"])
def test_a_lone_surrogate_is_refused(field: str, text: str) -> None:
    assert list(complaints(**{field: text})) == [f"#/{field}"]


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("text", ["\0", "a\0b", "é\0"])
def test_nul_is_refused(field: str, text: str) -> None:
    assert list(complaints(**{field: text})) == [f"#/{field}"]


@pytest.mark.parametrize("text", ["\ud800", "\0", "\n", "\x1b", "\x7f", "\x85"])
def test_a_tag_takes_none_of_them(text: str) -> None:
    assert list(complaints(tags=["fine", "fine", text])) == ["#/tags/2"]


@pytest.mark.parametrize("value", ["\ud800", "a\0b", ["\ud800"], ["\0"], {"x": "\0"}, {"x": {"y": "\ud800"}}])
def test_metadata_takes_neither_nul_nor_surrogates_at_any_depth(value: Any) -> None:
    assert list(complaints(metadata={"a": value})) == ["#/metadata"]


@pytest.mark.parametrize("name", ["\0", "\ud800", "a\0"])
def test_nor_do_the_names_in_metadata(name: str) -> None:
    assert list(complaints(metadata={name: 1})) == ["#/metadata"]


def test_metadata_may_speak_of_nul() -> None:
    assert content_of(metadata={"a": "\\u0000"})["metadata"] == {"a": "\\u0000"}


@pytest.mark.parametrize("character", [chr(code) for code in [*range(1, 32), 0x7F, *range(0x80, 0xA0)]], ids=ascii)
def test_a_list_takes_no_control_character(character: str) -> None:
    assert list(complaints(list=f"a{character}b")) == ["#/list"]


@pytest.mark.parametrize("field", ["title", "notes"])
def test_lines_and_tabs_are_fine_in_prose(field: str) -> None:
    assert content_of(**{field: "a\n\tb\r\n"})[field] == "a\n\tb\r\n"


@given(name=st.text(alphabet=st.characters(exclude_categories=[]), max_size=110))
def test_a_path_and_a_body_agree_on_what_a_list_may_be_called(name: str) -> None:
    composed = texts.compose(name, 100)
    refused_in_body = bool(complaints(list=name))
    assert refused_in_body == bool(content.list_name_error(composed))
    if not refused_in_body:
        assert len(composed) <= 100
        assert len(composed.encode()) <= 300
        assert composed not in (".", "..")
