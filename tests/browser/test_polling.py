"""Where the server does not wait for changes, the page asks now and then."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import Response, Route, expect

from tests.browser.test_tabs import hide
from tests.browser.visitor import Visitor
from tests.support.client import Client
from tests.support.waiting import eventually, shows

BLOCK = re.compile(r'(<script type="application/json" id="configuration">)(.*?)(</script>)')
MINUTE = 60_000


def test_the_page_asks_ever_more_rarely_and_not_at_all_when_it_is_hidden(
    visit: Callable[..., Visitor], owner: str, client: Client
) -> None:
    def configured(route: Route) -> None:
        answer = route.fetch()
        text = BLOCK.sub(
            lambda found: found[1] + json.dumps({**json.loads(found[2]), "waits": False}) + found[3], answer.text()
        )
        route.fulfill(response=answer, body=text)

    visitor = visit(owner)
    page = visitor.page
    # The worker would answer for the page, and would not have what is changed here.
    page.evaluate("navigator.serviceWorker.ready.then((registration) => registration.unregister())")
    page.route(re.compile(rf"^{re.escape(visitor.url)}/$"), configured)
    page.clock.install()
    page.reload()
    visitor.go("inbox")
    visitor.add("Something")
    visitor.saved()

    def asked() -> int:
        return sum("/changes" in address for address in visitor.requested)

    def ask(within: int) -> Response:
        with page.expect_response("**/changes*") as answer:
            page.clock.run_for(within)
        return answer.value

    shows(lambda: client.stats()["total"], 1)
    # What was done is in the answers by now; from the first that has nothing new, all are alike.
    eventually(lambda: ask(MINUTE).status == 304)
    assert {ask(MINUTE).status for _ in range(10)} == {304}
    expect(page.locator(".app > nav").get_by_role("status")).to_have_text(re.compile("^All saved"))
    before = asked()
    page.clock.run_for(MINUTE // 2)
    assert asked() == before

    hide(page, hidden=True)
    page.clock.run_for(20 * MINUTE)
    assert asked() == before
    with page.expect_response("**/changes*"):
        hide(page, hidden=False)
    # After something was done, soon again.
    visitor.add("Something else")
    visitor.saved()
    ask(MINUTE // 20)
