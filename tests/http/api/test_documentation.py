"""The contract and the pages about it: public, whole without any other host, and small enough to be answered."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from chalicelib.api.openapi.document import document
from chalicelib.api.problem_types import TYPES
from chalicelib.api.routes import ROUTES
from chalicelib.api.web import ASSETS
from tests.support.client import Client, problem, problem_name

MAX_ANSWER_BYTES = 6_000_000
PAGES = ["/", "/docs", "/problems", "/problems/not-found"]


@pytest.fixture
def anyone(client: Client) -> Client:
    return Client(client.url, None)


class References(HTMLParser):
    """The addresses that a page loads or leads to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attributes if name in ("href", "src", "data-contract")]


def test_the_contract_is_answered_with_the_address_that_it_was_asked_at(anyone: Client) -> None:
    answer = anyone.get("/openapi.json")

    assert answer.status_code == 200
    assert answer.json() == document(anyone.url, ROUTES)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_leads_nowhere_but_to_this_service(anyone: Client, path: str) -> None:
    page = anyone.get(path)
    assert page.status_code == 200

    references = [each for each in References(page.text).found if not each.startswith("data:")]
    assert references
    for each in references:
        assert each.startswith(anyone.url + "/")
        assert anyone.get(urlsplit(each).path).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_load_nothing_from_elsewhere(anyone: Client, path: str) -> None:
    stated = anyone.get(path).headers["Content-Security-Policy"].split("; ")
    policy = dict(directive.split(" ", 1) for directive in stated)

    assert policy["default-src"] == "'none'"
    sources = {source for name, allowed in policy.items() if "trusted" not in name for source in allowed.split()}
    assert sources <= {"'none'", "'self'", "data:", anyone.url}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_nothing_inline_that_its_policy_forbids(anyone: Client, path: str) -> None:
    forbidden = r"<script(?![^>]* src=)(?! type=\"application/json\")|<style|\son\w+=|\sstyle=|\{[a-z]+\}"
    assert re.findall(forbidden, anyone.get(path).text) == []


@pytest.mark.parametrize("name", ASSETS)
def test_each_part_of_the_page_fits_into_an_answer(anyone: Client, name: str) -> None:
    part = anyone.get(f"/docs/{name}")

    assert part.status_code == 200
    assert part.headers["Content-Type"] == f"{ASSETS[name].media_type}; charset=utf-8"
    assert "max-age" in part.headers["Cache-Control"]
    assert 0 < len(part.content) < MAX_ANSWER_BYTES


def test_the_page_has_no_other_parts(anyone: Client) -> None:
    for name in ("home.html", "..%2Fauth.py", "swagger-ui", "%00"):
        problem(anyone.get(f"/docs/{name}"), 404)


def test_each_problem_type_of_the_contract_has_its_page(anyone: Client) -> None:
    responses = document(anyone.url, ROUTES)["components"]["responses"].values()
    documented = {problem_name(each["content"]["application/problem+json"]["example"]) for each in responses}
    assert documented <= set(TYPES)

    index = References(anyone.get("/problems").text).found
    for kind in TYPES.values():
        page = anyone.get(f"/problems/{kind.name}")
        assert page.status_code == 200
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        text = html.unescape(re.sub("</?code>", "`", page.text))
        assert kind.title in text
        assert kind.meaning in text
        assert kind.remedy in text
        assert kind.url(anyone.url) in index


def test_an_unknown_problem_type_has_no_page(anyone: Client) -> None:
    for name in ("nonsense", "NOT-FOUND", "..%2F..%2Fhealth", "%3Cb%3E"):
        problem(anyone.get(f"/problems/{name}"), 404)
