"""Random schedules of what an owner changes, events that come late and again, and tries whose answers come late.

Each rule is held against ways to do it that are not enough, which must be caught.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from chalicelib.aws.owned_collection import OwnedItems
from chalicelib.todos.errors import Permanent
from chalicelib.todos.ids import Partition
from chalicelib.todos.instants import format_milliseconds
from chalicelib.webhooks import changes, health, subscriptions, versions
from chalicelib.webhooks.changes import Change
from chalicelib.webhooks.versions import Version
from chalicelib.webhooks.webhook import GONE, Webhook

SCHEDULES = 400
START = 1_800_000_000_000
# Clocks differ by less than the delay: each is at most so far from the true time.
SKEW = 4_900
LISTS = ("garden", "inbox", "work")

Decide = Callable[[tuple[Version, ...], str, str], bool]


@dataclass
class Happened:
    """An event: when it was written, what its writer's clock said, and how each handling of it decided."""

    at: int
    occurred_at: str
    list_name: str
    decided: list[bool] = field(default_factory=list)


def wants(known: tuple[Version, ...], occurred_at: str, list_name: str) -> bool:
    return versions.wants(
        known, event_type="TodoEdited", occurred_at=occurred_at, list_name=list_name, previous_list=lambda: None
    )


def wrong_recipients(seed: int, decide: Decide) -> bool:
    """Whether a schedule ends with an event that found two sets of recipients, or another than it should.

    An event written before a change was asked for is the old version's; one from the stated instant on is the new's.
    """
    draw = random.Random(seed)
    now, events = START, list[Happened]()
    known: tuple[Version, ...] = ()
    asked: list[tuple[int, Version]] = []
    for _ in range(draw.randint(10, 40)):
        now += draw.choice((1, 500, 3_000, 15_000))
        step = draw.random()
        if step < 0.2:
            before = known
            known = versions.with_change(
                known,
                types=None,
                lists=(draw.choice(LISTS),),
                enabled=draw.random() < 0.8,
                now=now + draw.randint(-SKEW, SKEW),
            )
            if known != before:
                asked.append((now, known[-1]))
        elif step < 0.6:
            clock = now + draw.randint(-SKEW, SKEW)
            events.append(Happened(now, format_milliseconds(clock), draw.choice(LISTS)))
        elif events:
            event = draw.choice(events)
            event.decided.append(decide(known, event.occurred_at, event.list_name))
    return any(len(set(event.decided)) > 1 or not _is_as_stated(event, asked) for event in events)


def _is_as_stated(event: Happened, asked: list[tuple[int, Version]]) -> bool:
    """Whether an event was decided by a version that may decide it."""
    stated = [version for at, version in asked if version.since <= event.occurred_at]
    possible = {wants((version,), version.since, event.list_name) for version in stated[-1:]} or {False}
    late = [version for at, version in asked if at >= event.at and version.since <= event.occurred_at]
    return set(event.decided) <= possible and not late


def at_each_try(known: tuple[Version, ...], occurred_at: str, list_name: str) -> bool:
    """What is wanted when the message is handled."""
    return bool(known) and wants(known[-1:], known[-1].since, list_name)


def since_it_was_made(known: tuple[Version, ...], occurred_at: str, list_name: str) -> bool:
    """What is wanted now, of events since the first version."""
    return bool(known) and occurred_at >= known[0].since and at_each_try(known, occurred_at, list_name)


def by_the_newest_alone(known: tuple[Version, ...], occurred_at: str, list_name: str) -> bool:
    """As if only the newest version were kept."""
    return wants(known[-1:], occurred_at, list_name)


def test_every_handling_of_an_event_finds_the_recipients_that_were_stated() -> None:
    assert [seed for seed in range(SCHEDULES) if wrong_recipients(seed, wants)] == []


@pytest.mark.parametrize("mutant", [at_each_try, since_it_was_made, by_the_newest_alone])
def test_another_way_to_find_recipients_is_caught(mutant: Decide) -> None:
    assert any(wrong_recipients(seed, mutant) for seed in range(50))


def test_a_change_that_is_in_force_at_once_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "DELAY_MILLISECONDS", 0)
    assert any(wrong_recipients(seed, wants) for seed in range(50))


Look = Callable[[random.Random, int, int], int]


def lost_events(seed: int, look: Look) -> bool:
    """Whether `publish` finds no webhook for an event that one receives: it comes and is verified around that time."""
    draw = random.Random(seed)
    written = START
    published = written + draw.choice((0, 50, 5_000, 60_000))
    created = written + draw.randint(-20_000, 20_000)
    verified = created + draw.choice((0, 50, 5_000))
    clock = verified + draw.randint(-SKEW, SKEW)
    known = versions.with_change((), types=None, lists=None, enabled=True, now=clock)
    occurred_at = format_milliseconds(written + draw.randint(-SKEW, SKEW))
    is_marked = look(draw, written, published) < created
    return is_marked and wants(known, occurred_at, "inbox")


def after_the_event(draw: random.Random, written: int, published: int) -> int:
    return draw.randint(written, published)


def remembered_for_a_minute(draw: random.Random, written: int, published: int) -> int:
    return published - draw.randint(0, 60_000)


def test_an_event_is_marked_only_if_no_webhook_will_ever_receive_it() -> None:
    assert not any(lost_events(seed, after_the_event) for seed in range(50 * SCHEDULES))


def test_an_older_look_for_webhooks_is_caught() -> None:
    assert any(lost_events(seed, remembered_for_a_minute) for seed in range(SCHEDULES))


@dataclass
class Store:
    """One webhook; a try knows it as it was when the try began.

    Attributes
    ----------
    is_conditional : bool
        False is a mutant: what a try writes takes effect whatever has changed.
    """

    webhook: Webhook
    is_conditional: bool = True

    def replace_unless_changed(self, before: Webhook, after: Webhook) -> Webhook | None:
        if before.revision != self.webhook.revision and self.is_conditional:
            return None
        self.webhook = replace(after, revision=self.webhook.revision + 1)
        return self.webhook

    def change(self, _: Partition, __: str, expression: str, values: dict[str, Any], ___: str) -> bool:
        """What `health` writes beside: of it only that tries fail."""
        known = values.get(":revision", {"N": "0"})["N"]
        if int(known) != self.webhook.revision and self.is_conditional:
            return False
        if "failing_since = " in expression:
            self.webhook = replace(self.webhook, failing_since=values[":since"]["S"])
        return True


@contextmanager
def store(*, is_conditional: bool) -> Iterator[Store]:
    url = "https://hooks.example/0"
    kept = Store(Webhook(Partition("alice"), "1", url, None, None, "whsec_eA==", "2026"), is_conditional)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subscriptions, "replace_unless_changed", kept.replace_unless_changed)
        patch.setattr(OwnedItems, "change", lambda _, *given: kept.change(*given))
        yield kept


# What the receivers at the URLs do: the first is gone, the second repeats challenges and accepts, the third fails.
ANSWERS = {"https://hooks.example/0": "gone", "https://hooks.example/1": "well", "https://hooks.example/2": "failing"}


def wrong_state(seed: int, *, is_conditional: bool) -> bool:
    """Whether a schedule ends with a webhook of which something is noted that the receiver of another URL did."""
    draw = random.Random(seed)
    with store(is_conditional=is_conditional) as kept:
        under_way: list[Webhook] = []
        for number in range(draw.randint(5, 30)):
            step = draw.random()
            if step < 0.3:
                wanted = Change(draw.choice(list(ANSWERS)), None, None, enabled=draw.random() < 0.9)
                try:
                    changed = changes.with_change(kept.webhook, wanted, START + number * 3_600_000)
                except Permanent:
                    continue
                kept.replace_unless_changed(kept.webhook, changed)
            elif step < 0.6:
                under_way.append(kept.webhook)
            elif under_way:
                _answer(under_way.pop(draw.randrange(len(under_way))))
            if _is_wrong(kept.webhook):
                return True
    return False


def _answer(tried: Webhook) -> None:
    answer = ANSWERS[tried.url]
    if answer == "gone":
        health.disable(tried, GONE)
    elif answer == "failing":
        health.failed(tried, kept_waiting=False)
    elif tried.verified_at is None:
        health.verified(tried)


def _is_wrong(webhook: Webhook) -> bool:
    answer = ANSWERS[webhook.url]
    return (
        (webhook.disabled_reason == GONE and answer != "gone")
        or (webhook.verified_at is not None and answer != "well")
        or (webhook.failing_since is not None and answer != "failing")
        or (webhook.active_from is not None and webhook.verified_at is None)
    )


def test_what_a_try_writes_is_of_the_url_that_it_tried() -> None:
    assert [seed for seed in range(SCHEDULES) if wrong_state(seed, is_conditional=True)] == []


def test_a_late_410_of_the_old_url_that_disables_the_mended_one_is_caught() -> None:
    assert any(wrong_state(seed, is_conditional=False) for seed in range(50))
