"""Signing in: with a token issuer, by the code flow of OpenID Connect with PKCE (RFC 7636); and one after another."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from stack.local.issuer import ISSUER
from stack.local.local_stack import LocalStack
from tests.browser.visitor import Visitor
from tests.support.client import Client
from tests.support.waiting import shows

BLOCK = re.compile(r'(<script type="application/json" id="configuration">).*?(</script>)', re.DOTALL)
ENDPOINTS = {"authorization_endpoint": f"{ISSUER}authorize", "token_endpoint": f"{ISSUER}token"}


class Issuer:
    """An issuer whose users always agree."""

    def __init__(self, stack: LocalStack, owner: str) -> None:
        self._stack = stack
        self._owner = owner
        self.challenge = ""
        self.state = ""
        self.exchanged = 0

    def answer(self, route: Route) -> None:
        address = urlsplit(route.request.url)
        cors = {"Access-Control-Allow-Origin": self._stack.url}
        if address.path.endswith("openid-configuration"):
            route.fulfill(json=ENDPOINTS, headers=cors)
        elif address.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(address.query).items()}
            assert asked["client_id"] == "the-page"
            assert asked["redirect_uri"] == f"{self._stack.url}/"
            assert asked["code_challenge_method"] == "S256"
            self.challenge = asked["code_challenge"]
            location = f"{asked['redirect_uri']}?code=abc&state={self.state or asked['state']}"
            # Where a redirect leads is not intercepted again.
            script = f"<script>location.replace({json.dumps(location)})</script>"
            route.fulfill(content_type="text/html", body=script)
        else:
            form = parse_qs(route.request.post_data or "")
            digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
            assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.challenge
            assert form["code"] == ["abc"]
            self.exchanged += 1
            route.fulfill(json={"access_token": self._stack.token(self._owner)}, headers=cors)


@pytest.fixture
def issuer(stack: LocalStack, owner: str) -> Issuer:
    return Issuer(stack, owner)


@pytest.fixture
def page(browser: Browser, stack: LocalStack, issuer: Issuer) -> Iterator[Page]:
    """The page of a deployment with that issuer."""
    # A worker would answer for the page, and would not have what is changed here.
    context = browser.new_context(service_workers="block")
    page = context.new_page()

    def configured(route: Route) -> None:
        answer = route.fetch()
        configuration = {"issuer": ISSUER, "client_id": "the-page", "audience": None, "scopes": "openid", "waits": True}
        text = BLOCK.sub(lambda found: f"{found[1]}{json.dumps(configuration)}{found[2]}", answer.text())
        policy = answer.headers["content-security-policy"].replace("connect-src", f"connect-src {ISSUER.rstrip('/')}")
        route.fulfill(response=answer, body=text, headers={**answer.headers, "content-security-policy": policy})

    page.route(re.compile(rf"^{re.escape(stack.url)}/(\?.*)?$"), configured)
    page.route(f"{ISSUER}**", issuer.answer)
    page.goto(f"{stack.url}/")
    yield page
    context.close()


def test_a_person_leaves_for_the_issuer_and_comes_back_signed_in(page: Page, issuer: Issuer) -> None:
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Today")).to_be_visible()
    expect(page.locator(".app > nav").get_by_role("status")).to_have_text(re.compile("^All saved"))
    assert "code=" not in page.url
    assert issuer.exchanged == 1


def test_the_token_is_kept_only_if_that_is_chosen(page: Page, owner: str) -> None:
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".app > nav").get_by_role("status")).to_have_text(re.compile("^All saved"))
    page.reload()
    expect(page.locator(".banner")).to_contain_text("Signed out.")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".app > nav").get_by_role("status")).to_have_text(re.compile("^All saved"))


def test_an_answer_to_another_question_is_not_taken(page: Page, issuer: Issuer) -> None:
    issuer.state = "of-an-attacker"
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert issuer.exchanged == 0


def test_what_waits_of_one_person_is_never_sent_or_shown_for_another(
    visitor: Visitor, client: Client, client_of: Callable[..., Client], stack: LocalStack, owner: str
) -> None:
    page, other = visitor.page, f"{owner}-other"

    def enter(who: str) -> None:
        page.goto(stack.sign_in_link(who))
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1, name="Today")).to_be_visible()
        visitor.go("inbox")

    visitor.go("inbox")
    visitor.add_signed_out("Of the first")
    page.unroute("**/batch")
    enter(other)
    visitor.saved()
    expect(page.locator("main .row")).to_have_count(0)
    visitor.add("Of the other")
    visitor.saved()
    shows(lambda: [todo["title"] for todo in client_of(other).rows("/todos")], ["Of the other"])
    assert client.rows("/todos") == []

    enter(owner)
    visitor.saved()
    expect(page.locator("main .row .title")).to_have_text(["Of the first"])
    shows(lambda: [todo["title"] for todo in client.rows("/todos")], ["Of the first"])
