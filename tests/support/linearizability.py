"""Whether what clients saw of one todo is linearizable (Herlihy and Wing, 1990).

That is: one order of all requests explains every answer and fits real time. The ledger's events are the witness of the
order of the writes, which makes the check simple. A write that made version v stands at point v, and whoever saw v
stands between v and v + 1. Every order of the points that respects real time is then a linearization, so it suffices
that no request stands before one that had ended when it began.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Final

UNSET: Final[dict[str, Any]] = {
    "title": "", "notes": None, "completed": False, "list": "inbox", "tags": None, "priority": "none", "due": None,
    "remind_at": None, "order": None, "repeat": None, "repeat_from": None, "time_zone": None, "parent": None,
    "source": None, "metadata": None,
}  # fmt: skip
# What the change of a load says beside a todo's content.
OF_THE_SOURCE: Final = frozenset({"created_at", "completed_at"})
WRITES: Final = frozenset({"create", "put", "patch", "delete", "restore", "revert"})


@dataclass(frozen=True)
class State:
    """The todo after an event."""

    content: dict[str, Any]
    deleted: bool


@dataclass(frozen=True)
class Attempt:
    """A request, or a command of a batch, as its client saw it.

    Attributes
    ----------
    command : str
        Attempts with the same are repeats with one key: they have one effect at most, and one answer.
    verb : str
        One of `WRITES`, `read`, or `read_version`.
    ended : float
        Infinite where no answer was seen: then it happened at any time after it began, or not at all.
    version : int, optional
        The answer's ETag.
    todo : dict, optional
        The todo that was answered.
    accepts : set of int, optional
        What `If-Match` named; None where there was none, or ``*``.
    asked : int, optional
        The version that `read_version` reads or `revert` goes back to.
    place : (str, int), optional
        In which batch, and where in it.
    """

    command: str
    verb: str
    began: float
    ended: float = inf
    status: int | None = None
    version: int | None = None
    todo: dict[str, Any] | None = None
    body: Any = None
    keyed: bool = False
    accepts: frozenset[int] | None = None
    asked: int | None = None
    place: tuple[str, int] | None = None

    @property
    def succeeded(self) -> bool:
        return self.status is not None and self.status < 300

    def __str__(self) -> str:
        return f"{self.verb} {self.command} ({self.status}, version {self.version})"


@dataclass(frozen=True)
class Point:
    """Where in the order of versions something can have happened, and when in real time it did."""

    what: str
    allowed: Sequence[float]
    began: float
    ended: float
    place: tuple[str, int] | None = None

    def precedes(self, other: Point) -> bool:
        if self.place and other.place and self.place[0] == other.place[0]:
            return self.place[1] < other.place[1]
        return self.ended < other.began


def violations(attempts: Iterable[Attempt], events: Sequence[dict[str, Any]]) -> list[str]:
    """Everything that keeps these attempts on one todo, whose whole history `events` is, from being linearizable."""
    history = _History(events)
    history.judge(list(attempts))
    return history.found


def fold(events: Sequence[dict[str, Any]]) -> list[State | None]:
    """The states by version; at 0 there is no todo."""
    states: list[State | None] = [None]
    for event in events:
        before = states[-1].content if states[-1] else UNSET
        is_deleted = states[-1] is not None and states[-1].deleted
        if event["type"] == "TodoDeleted":
            is_deleted = True
        elif event["type"] in ("TodoCreated", "TodoRestored", "TodoReverted"):
            is_deleted = False
        content = {name: value for name, value in event["change"].items() if name not in OF_THE_SOURCE}
        states.append(State({**before, **content}, is_deleted))
    return states


def merged(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


class _History:
    def __init__(self, events: Sequence[dict[str, Any]]) -> None:
        self.found: list[str] = []
        self.states = fold(events)
        if [event["version"] for event in events] != list(range(1, len(events) + 1)):
            self.found.append("the versions of the history are not 1, 2, 3 …")
        if len({event["event_id"] for event in events}) != len(events):
            self.found.append("an event stands twice in the history")

    def judge(self, attempts: list[Attempt]) -> None:
        for attempt in attempts:
            self._judge_answer(attempt)
        if self.found:
            # Nothing can be said of the order of what is not in the history.
            return
        points = [point for attempt in attempts if (point := self._seen(attempt)) is not None]
        commands: dict[str, list[Attempt]] = defaultdict(list)
        for attempt in attempts:
            if attempt.verb in WRITES and (attempt.succeeded or attempt.status is None):
                commands[attempt.command].append(attempt)
        points += self._effects(commands, attempts)
        self._order(points)

    def _judge_answer(self, attempt: Attempt) -> None:
        """An answer must be true of the version that it names, and a refusal of the todo."""
        if attempt.version is None:
            return
        if not 1 <= attempt.version < len(self.states):
            self.found.append(f"{attempt}: there is no such version")
            return
        state = self.states[attempt.version]
        assert state is not None
        if attempt.todo is not None:
            told = {name: attempt.todo[name] for name in UNSET}
            # A refusal since it is deleted tells its last state.
            if (
                state.deleted != (attempt.status == 410)
                or told != state.content
                or attempt.todo["version"] != attempt.version
            ):
                self.found.append(f"{attempt}: not what the todo was at that version")
        if attempt.status == 412 and attempt.verb != "create" and attempt.version in (attempt.accepts or ()):
            self.found.append(f"{attempt}: refused a version that it accepts")

    def _seen(self, attempt: Attempt) -> Point | None:
        """Where an attempt can stand that saw the todo and left it as it was; None for one that may have changed it."""
        versions = range(len(self.states))
        asked = attempt.asked or 0
        match attempt.verb, attempt.status:
            case _, None:
                return None
            case "read_version", 200:
                seen = [version for version in versions if version >= asked]
            case "read_version", 404:
                seen = [version for version in versions if version < asked]
            case "read_version", 410:
                seen = [version for version in versions if version >= asked and self._is_deleted(asked)]
            case _, 404:
                seen = [0]
            case _, 410:
                seen = [version for version in versions if self._is_deleted(version)]
            case "read", 200 | 304:
                seen = [attempt.version or -1]
            case _, 412:
                seen = [attempt.version or -1]
            case _:
                if not attempt.succeeded:
                    self.found.append(f"{attempt}: nobody should be answered so")
                return None
        allowed = [version + 0.5 for version in seen]
        return Point(str(attempt), allowed, attempt.began, attempt.ended, attempt.place)

    def _effects(self, commands: dict[str, list[Attempt]], attempts: list[Attempt]) -> list[Point]:
        """The points of the commands: each event has one that made it, and a command makes one event at most."""
        authors: dict[int, str] = {}
        optional: dict[str, list[Attempt]] = {}
        for name, tries in commands.items():
            answers = [each for each in tries if each.succeeded]
            if len({(each.status, each.version, str(each.todo)) for each in answers}) > 1:
                self.found.append(f"{answers[0]}: its repeat was answered otherwise")
            elif answers and self._must_have_made_its_version(answers[0]):
                version = answers[0].version
                assert version is not None
                if version in authors:
                    self.found.append(f"{answers[0]}: {authors[version]} made that version")
                elif not self._leads_to(answers[0], version):
                    self.found.append(f"{answers[0]}: does not lead from version {version - 1} to what follows it")
                authors[version] = name
            else:
                optional[name] = tries
        self._match(authors, optional, attempts)
        made = {name: version for version, name in authors.items()}
        return [
            _point_of(tries, [float(made[name])] if name in made else [(tries[0].version or -1) + 0.5])
            for name, tries in commands.items()
            if name in made or tries[0].succeeded
        ]

    def _must_have_made_its_version(self, answered: Attempt) -> bool:
        # What has a key is recorded even where it changes nothing.
        if answered.keyed or answered.status in (201, 204):
            return True
        state = self.states[answered.version or 0]
        return self._after(answered, state) != state

    def _match(self, authors: dict[int, str], optional: dict[str, list[Attempt]], attempts: list[Attempt]) -> None:
        """Find the makers of the other events, among what had no answer or may have changed nothing (Kuhn, 1955)."""
        wanted = [version for version in range(1, len(self.states)) if version not in authors]
        candidates = {
            version: [name for name, tries in optional.items() if self._may_have_made(tries, version, attempts)]
            for version in wanted
        }
        made: dict[str, int] = {}

        def place(version: int, tried: set[str]) -> bool:
            for name in candidates[version]:
                if name not in tried:
                    tried.add(name)
                    if name not in made or place(made[name], tried):
                        made[name] = version
                        return True
            return False

        for version in wanted:
            if not place(version, set()):
                self.found.append(f"version {version}: nobody made it, or a command made it that made another too")
        authors |= {version: name for name, version in made.items()}

    def _may_have_made(self, tries: list[Attempt], version: int, attempts: list[Attempt]) -> bool:
        began = min(each.began for each in tries)
        is_answered_otherwise = any(each.succeeded and each.version != version for each in tries)
        stood_before = any(each.ended < began and (each.version or 0) >= version for each in attempts)
        return not is_answered_otherwise and not stood_before and self._leads_to(tries[0], version)

    def _leads_to(self, attempt: Attempt, version: int) -> bool:
        before = self.states[version - 1]
        if attempt.accepts is not None and version - 1 not in attempt.accepts:
            return False
        return self._after(attempt, before) == self.states[version]

    def _after(self, attempt: Attempt, before: State | None) -> State | None:
        """What a command makes of a state; None where it is refused."""
        is_live = before is not None and not before.deleted
        if attempt.verb == "create":
            return None if is_live else State({**UNSET, **attempt.body}, deleted=False)
        if before is None or not (is_live or attempt.verb in ("restore", "revert")):
            return None
        match attempt.verb:
            case "put":
                return State({**UNSET, **attempt.body}, deleted=False)
            case "patch":
                stated = {name: value for name, value in before.content.items() if value is not None}
                return State({**UNSET, **merged(stated, attempt.body)}, deleted=False)
            case "delete":
                return State(before.content, deleted=True)
            case "restore":
                return State(before.content, deleted=False)
            case _:
                then = self.states[attempt.asked or 0] if (attempt.asked or 0) < len(self.states) else None
                return State(then.content, deleted=False) if then and not then.deleted else None

    def _is_deleted(self, version: int) -> bool:
        state = self.states[version] if version < len(self.states) else None
        return state is not None and state.deleted

    def _order(self, points: list[Point]) -> None:
        """Give each the first place that it may have behind all that precede it; the earliest is best for others."""
        placed: list[tuple[Point, float]] = []
        for point in sorted(points, key=lambda each: (each.began, each.place or ("", 0))):
            behind = max(
                ((position, other.what) for other, position in placed if other.precedes(point)), default=(0.0, "")
            )
            position = next((allowed for allowed in sorted(point.allowed) if allowed >= behind[0]), None)
            if position is None:
                self.found.append(f"{point.what}: cannot come after {behind[1] or 'the beginning'}, which had ended")
            else:
                placed.append((point, position))


def _point_of(tries: list[Attempt], allowed: list[float]) -> Point:
    first = min(tries, key=lambda each: each.began)
    return Point(str(tries[0]), allowed, first.began, min(each.ended for each in tries), first.place)
