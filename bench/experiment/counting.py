"""Counting for each event how often it was handed over and took effect, and how long that took.

Pure: the input is the ledger's events, the handlers' journal, the views' log, and what the webhooks' receiver received.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Appended:
    """An event of the ledger; `at` is in seconds since 1970, like all instants here."""

    event_id: str
    stream_id: str
    version: int
    at: float


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A version of a todo that a revision of the views wrote to its row."""

    stream_id: str
    version: int
    at: float


@dataclass(frozen=True)
class Stage:
    """The counts of one handler.

    Attributes
    ----------
    handed, effects : mapping of str to int
        By event id: how often it was handed to the handler, and how often it took effect.
    lags : list of (float, float)
        For each event: when it was appended, and the seconds until its first effect.
    lost : frozenset of str
        Events that never had an effect, not even through a newer one.
    """

    handed: Mapping[str, int]
    effects: Mapping[str, int]
    lags: list[tuple[float, float]]
    lost: frozenset[str]

    @property
    def times_handed(self) -> Counter[int]:
        """How many events were handed over never, once, twice, and so on."""
        return Counter(self.handed.values())

    @property
    def times_effective(self) -> Counter[int]:
        """How many events took effect never, once, and so on."""
        return Counter(self.effects.values())


def stages(
    events: Iterable[Appended],
    journal: Iterable[Mapping[str, Any]],
    log: Iterable[LogEntry],
    received: Iterable[tuple[str, float]],
) -> dict[str, Stage]:
    """The counts of `project`, `publish` and `deliver`, by these names.

    Parameters
    ----------
    journal : iterable of mapping
        The lines that `faults` wrote.
    received : iterable of (str, float)
        The events that took effect at the receiver, and when.
    """
    events = list(events)
    handed: defaultdict[str, Counter[str]] = defaultdict(Counter)
    # A message keeps its id when it is received again; the same event in another message was published again.
    messages: dict[str, tuple[str, float]] = {}
    for line in journal:
        if "records" in line and line["handler"] != "deliver":
            handed[line["handler"]].update(line["records"])
        elif "records" in line:
            for event_id, message, webhook in zip(line["records"], line["messages"], line["webhooks"], strict=True):
                if webhook is None:
                    messages.setdefault(message, (event_id, line["at"]))
                else:
                    handed["deliver"][event_id] += 1
    return {
        "project": _in_views(events, handed["project"], log),
        "publish": _outside(events, handed["publish"], messages.values()),
        "deliver": _outside(events, handed["deliver"], received),
    }


def faults(journal: Iterable[Mapping[str, Any]]) -> Counter[tuple[str, str]]:
    """How often each fault (handler, kind) happened."""
    return Counter((line["handler"], line["fault"]) for line in journal if "fault" in line)


def _in_views(events: list[Appended], handed: Counter[str], log: Iterable[LogEntry]) -> Stage:
    """An event takes effect by a log entry of its own version, or by that of a later version in the same batch."""
    entries: defaultdict[str, list[LogEntry]] = defaultdict(list)
    for entry in log:
        entries[entry.stream_id].append(entry)
    effects: dict[str, int] = {}
    lags: list[tuple[float, float]] = []
    lost = set()
    for event in events:
        of_stream = entries[event.stream_id]
        effects[event.event_id] = sum(entry.version == event.version for entry in of_stream)
        visible = [entry.at for entry in of_stream if entry.version >= event.version]
        if visible:
            lags.append((event.at, min(visible) - event.at))
        else:
            lost.add(event.event_id)
    return Stage({event.event_id: handed[event.event_id] for event in events}, effects, lags, frozenset(lost))


def _outside(events: list[Appended], handed: Counter[str], effects: Iterable[tuple[str, float]]) -> Stage:
    times: Counter[str] = Counter()
    first: dict[str, float] = {}
    for event_id, at in effects:
        times[event_id] += 1
        first[event_id] = min(at, first.get(event_id, at))
    return Stage(
        {event.event_id: handed[event.event_id] for event in events},
        {event.event_id: times[event.event_id] for event in events},
        [(event.at, first[event.event_id] - event.at) for event in events if event.event_id in first],
        frozenset(event.event_id for event in events if event.event_id not in first),
    )
