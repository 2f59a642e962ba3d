"""The media type of an answer is the one that the caller wants most of those on offer."""

from __future__ import annotations

import pytest

from chalicelib.api.negotiation import preferred

JSON = "application/json"
BATCH = "application/cloudevents-batch+json"


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        (None, JSON),
        ("", JSON),
        (" , ", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (BATCH, BATCH),
        (BATCH.upper(), BATCH),
        (f"{BATCH};q=0.5, {JSON}", JSON),
        (f"{BATCH}, {JSON};q=0.5", BATCH),
        (f"{BATCH}, */*;q=0.1", BATCH),
        (f"text/html, {BATCH} ; q=0.8", BATCH),
        (f"{JSON};q=0, */*", BATCH),
        (f"application/*;q=0.2, {BATCH};q=0.1", JSON),
        (f"{JSON};charset=utf-8", JSON),
        (f"{JSON};q=0", None),
        (f'text/html;x="a, {JSON}", {BATCH}', BATCH),
        (f'{JSON};x="a;q=0", {BATCH};q=0.5', JSON),
        ("text/html", None),
        ("text/*, image/png", None),
    ],
)
def test_the_most_specific_range_decides_an_offers_weight_and_the_first_of_equals_is_taken(
    accept: str, answer: str | None
) -> None:
    assert preferred(accept, JSON, BATCH) == answer


@pytest.mark.parametrize("accept", [";", ";;;", " ; ,;", ",;,", ";q=1"])
def test_an_element_without_a_media_range_is_none(accept: str) -> None:
    assert preferred(accept, JSON, BATCH) == JSON
