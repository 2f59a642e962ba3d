"""Assistants that add errands and lose answers, on a clock of their own: a model of `repeats` and of simpler rules.

An intent is one errand that a person has in mind. Its call is made again, with a new id, while its answer is lost. Each
errand has one of few texts, so that the same text is often meant twice. Others complete what was added.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.mcp import repeats
from chalicelib.mcp.repeats import Call, Claim, Entry

LOST = 0.2
TEXTS = 40


class Memory:
    """The settings table: an item stays after its time, as in DynamoDB, until it is replaced."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def find(self, name: str) -> Entry | None:
        return self._entries.get(name)

    def put(self, name: str, entry: Entry, seconds: int, *, made_until: int, nonce: str | None) -> bool:
        found = self._entries.get(name)
        if found is not None and found.made_at > made_until and found.nonce != nonce:
            return False
        self._entries[name] = entry
        return True


@dataclass
class World:
    """What there is: todos by id, with whether they are completed."""

    completed: dict[str, bool] = field(default_factory=dict)
    entries: Memory = field(default_factory=Memory)


# What a call of a text at a time (milliseconds) adds or finds: the todo's id, and whether it is told as repeated.
Rule = Callable[[World, str, int], tuple[str, bool]]


def no_rule(world: World, text: str, now: int) -> tuple[str, bool]:
    """Each call adds."""
    return _added(world, f"{text} {len(world.completed)}"), False


def by_the_minute(world: World, text: str, now: int) -> tuple[str, bool]:
    """The id follows from the text and the minute."""
    return _added(world, f"{text} {now // 60_000}"), False


def without_touch(world: World, text: str, now: int) -> tuple[str, bool]:
    """These rules, but what was completed since counts as the first, too."""
    claim = repeats.claim(world.entries, _call(text), now)
    return _added(world, claim.nonce), not claim.is_first


def these_rules(world: World, text: str, now: int) -> tuple[str, bool]:
    """As the tool `add` does."""
    claim: Claim = repeats.claim(world.entries, _call(text), now)
    if not claim.is_first and world.completed.get(claim.nonce):
        claim = repeats.claim(world.entries, _call(text), now, instead_of=claim.nonce)
    return _added(world, claim.nonce), not claim.is_first


@dataclass
class Counts:
    """What became of the intents."""

    intents: int = 0
    # More todos than one, and those of them within five minutes of the first.
    doubled: int = 0
    doubled_soon: int = 0
    # No todo of its own; of these, those that were not told, and those whose first was completed already.
    swallowed: int = 0
    untold: int = 0
    swallowed_after_done: int = 0


def run(rule: Rule, seed: int, intents: int) -> Counts:
    """Errands one after the other, each until its answer arrives or the assistant gives up."""
    chance = random.Random(seed)
    world, counts, now = World(), Counts(), 1_800_000_000_000
    owners: dict[str, int] = {}
    for intent in range(intents):
        now += round(chance.expovariate(1 / 90) * 1000)
        text = f"text {chance.randrange(TEXTS)}"
        counts.intents += 1
        own: set[str] = set()
        told = was_done = False
        first, soon = now, False
        while True:
            before = dict(world.completed)
            todo, is_repeated = rule(world, text, now)
            if owners.setdefault(todo, intent) == intent:
                soon = soon or (todo not in own and bool(own) and now - first <= 300_000)
                first = first if own else now
                own.add(todo)
            else:
                was_done = was_done or before.get(todo, False)
            told = told or is_repeated
            if chance.random() >= LOST:
                break
            # Most clients call again at once; a person comes back after minutes.
            now += round((chance.expovariate(1 / 20) if chance.random() < 0.8 else chance.uniform(60, 600)) * 1000)
        counts.doubled += len(own) > 1
        counts.doubled_soon += soon
        if not own:
            counts.swallowed += 1
            counts.untold += not told
            counts.swallowed_after_done += was_done
        for todo in list(world.completed):
            if not world.completed[todo] and chance.random() < 0.02:
                world.completed[todo] = True
    return counts


def _call(text: str) -> Call:
    return repeats.call_of([{"title": text}], actor="agent", client="claude", operation=None, key=None)


def _added(world: World, todo: str) -> str:
    world.completed.setdefault(todo, False)
    return todo
