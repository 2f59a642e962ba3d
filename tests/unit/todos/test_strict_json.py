"""JSON read strictly: values as they are, and every error with its place."""

from __future__ import annotations

import random
from typing import Any

import pytest

from chalicelib.todos import content, strict_json
from chalicelib.todos.strict_json import AmbiguousJson, JsonError, NotJson, StrictDecoder, parse, parse_bytes


@pytest.mark.parametrize("read", [parse, lambda text: parse_bytes(text.encode("utf-8"))], ids=["text", "bytes"])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        (" {} \r\n", {}),
        ('{"a": [1, -1.5, true, null, "x"]}', {"a": [1, -1.5, True, None, "x"]}),
        ('{"a": "\\ud83d"}', {"a": "\ud83d"}),
        ('{"a": {"x": 1}, "b": {"x": 2}, "c": "\\":"}', {"a": {"x": 1}, "b": {"x": 2}, "c": '":'}),
        ("1e308", 1e308),
        ("1" + "0" * 30, 10**30),
    ],
)
def test_json_is_read(read: Any, text: str, value: Any) -> None:
    assert read(text) == value


@pytest.mark.parametrize("read", [parse, lambda text: parse_bytes(text.encode("utf-8"))], ids=["text", "bytes"])
@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("", NotJson, "not JSON: Expecting value (character 1)"),
        ("{'a': 1}", NotJson, "not JSON: Expecting property name enclosed in double quotes (character 2)"),
        ("{} {}", NotJson, "not JSON: Extra data (character 3)"),
        ("[" * 60_000, JsonError, "nested too deeply"),
        ('{"a": NaN}', AmbiguousJson, "NaN is not a JSON number"),
        ("-Infinity", AmbiguousJson, "-Infinity is not a JSON number"),
        ("[1e400]", AmbiguousJson, "1e400 is larger than a double can hold"),
        ("1" + "0" * 5_000, AmbiguousJson, "10000000000000000000… is larger than a double can hold"),
        ('[{"a": 1, "\\u0061": 1}]', AmbiguousJson, "the member 'a' is given twice"),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_what_is_refused_is_named(read: Any, text: str, kind: type[JsonError], message: str) -> None:
    with pytest.raises(JsonError) as refused:
        read(text)
    assert (type(refused.value), str(refused.value)) == (kind, message)


def test_an_integer_is_compared_with_the_largest_double() -> None:
    assert parse("1" + "0" * 308) == 10**308
    with pytest.raises(AmbiguousJson, match=r"^20000000000000000000… is larger than a double can hold$"):
        parse("2" + "0" * 308)


def test_every_error_has_its_place_in_the_texts_order() -> None:
    with pytest.raises(AmbiguousJson) as refused:
        parse('{"a": [0, NaN, {"b/c": 1, "b/c": 2}], "d": 1e400, "d": Infinity}')
    assert [error.pointer for error in refused.value.errors] == ["#/d", "#/a/1", "#/a/2/b~1c", "#/d"]


@pytest.mark.parametrize("text", ["[" + "NaN," * 500 + "1]", "[" * 900 + "NaN" + "]" * 900], ids=["many", "deep"])
def test_errors_are_listed_however_many_or_deep_they_are(text: str) -> None:
    with pytest.raises(AmbiguousJson) as refused:
        parse(text)
    assert 1 <= len(refused.value.errors) <= content.MAX_ERRORS


def test_a_decoder_tells_the_errors_of_one_value_alone() -> None:
    decoder = StrictDecoder()
    text = '{"a": 1, "a": 2} {"b": 1}'
    _, end, error = decoder.decode(text)
    assert (str(error), text[end:]) == ("the member 'a' is given twice", ' {"b": 1}')
    assert decoder.decode(text, end + 1) == ({"b": 1}, len(text), None)


class Name(str):
    """A name that counts how often it is compared."""

    comparisons = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Name.comparisons += 1
        return str.__eq__(self, other)


def test_finding_the_name_takes_hardly_any_work() -> None:
    """A body of 128 KB has room for 14,000 names: comparing each with each takes a second of CPU."""
    names = [str(number) for number in (*range(2_000), 1_999)]
    assert strict_json.first_duplicate(Name(name) for name in names) == "1999"
    assert Name.comparisons < 10 * len(names)


PLAIN_VALUES = ["1", "-2.5", "null", "true", '"x"', '"a: b"', "[]", "{}", "1" + "0" * 307]
VALUES = [*PLAIN_VALUES, "1e400", '"\\": 1"', '"\\"\\t:"', '"é\\ud83d"']
PLAIN_NAMES = ["a", "b", "c:", "d", "é", ""]
NAMES = [*PLAIN_NAMES, "\\u0061", '\\":']


def json_text(chance: random.Random, levels: int) -> str:
    """JSON with names that may be given twice, at any level, and strings that look like the end of a name."""
    kind = chance.randrange(4) if levels else 0
    if kind < 2:
        return chance.choice(PLAIN_VALUES if chance.random() < 0.9 else VALUES)
    if kind == 2:
        return f"[{','.join(json_text(chance, levels - 1) for _ in range(chance.randrange(4)))}]"
    names = chance.choices(NAMES, k=3) if chance.random() < 0.2 else chance.sample(PLAIN_NAMES, 3)
    spaces = chance.choices(["", "", " ", "\t\r\n"], k=3)
    members = (f'"{name}"{space}: {json_text(chance, levels - 1)}' for name, space in zip(names, spaces, strict=True))
    return f"{{{','.join(members)}}}"


def outcome_of(read: Any, text: Any) -> Any:
    try:
        return repr(read(text))
    except JsonError as error:
        return type(error), str(error), getattr(error, "errors", None)


def test_bytes_are_read_as_their_text_is(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(25)
    slowly: list[str] = []

    def noted(text: str) -> Any:
        slowly.append(text)
        return parse(text)

    monkeypatch.setattr(strict_json, "parse", noted)
    given = [json_text(chance, levels) for levels in (2, 3, 4) for _ in range(1_500)]
    fast = 0
    for text in given:
        slowly.clear()
        read = outcome_of(parse_bytes, text.encode())
        is_nested = text.count("{") > 1 and text[0] == "{"
        fast += is_nested and not slowly
        assert read == outcome_of(parse, text), text
    assert fast > 100, "the cases reach objects in objects that are read once"


@pytest.mark.parametrize("inner", ["1" + "0" * 308, "2" + "0" * 308, "[-2" + "0" * 400 + "]"])
def test_an_integer_in_an_inner_object_is_compared_with_the_largest_double(inner: str) -> None:
    text = f'{{"a": {{"b": {inner}}}}}'
    assert outcome_of(parse_bytes, text.encode()) == outcome_of(parse, text)


@pytest.mark.parametrize("space", ["\f", "\v", "\u00a0", "\u2028"])
def test_what_json_does_not_call_space_is_none(space: str) -> None:
    for text in (space + "{}", "{}" + space):
        for read in (parse, lambda text: parse_bytes(text.encode())):
            with pytest.raises(NotJson):
                read(text)


@pytest.mark.parametrize("error", ["NaN", '{"a": 1, "a": 2}'])
def test_no_more_errors_are_marked_than_are_shown(error: str) -> None:
    """A mark takes a hundred times what it marks."""
    value, _, refusal = StrictDecoder().decode(f"[{','.join([error] * 500)}]")
    marked = [each for each in value if type(each) not in (float, dict)]

    assert refusal is not None
    assert len(marked) == len(refusal.errors) == content.MAX_ERRORS


def test_of_a_long_number_the_beginning_is_shown() -> None:
    whole, longer = "1" + "0" * 15 + "e400", "1" + "0" * 16 + "e400"
    for digits, shown in ((whole, whole), (longer, longer[:20] + "…")):
        with pytest.raises(AmbiguousJson, match=f"^{shown} is larger than a double can hold$"):
            parse(digits)
