"""Rebuilding the views beside the live ones while writes go on: five steps, each of which may be cut off and repeated.

    make    the new table, and the pointer names both: from now on `project` writes both
    settle  one timeout of `project` passes: an invocation that knows of one table only has ended
    fill    every stream's head, by a scan of the ledger: what was written before the pointer named both
    audit   of the new table
    switch  the pointer names the new table alone, for readers and `project`
    drain   the longest timeout of a Lambda passes: nobody uses the old one any more
    drop    the old table

Or, until the switch: `abandon`, the pointer names the old table alone, and the new one is dropped.

How far it is stands in the settings table beside the pointer. Whoever is at it holds a lease, so that two do not do the
same work; what keeps them from harm is that each write of either names the claim that it was made under.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from chalicelib.audit.findings import Findings
from chalicelib.audit.scan import PATIENCE_SECONDS, Audit
from chalicelib.views import pointer
from chalicelib.views.backfill import Filling, without_old_deletions
from chalicelib.views.pointer import Outrun, Pointer, Record

# Timeouts in .chalice/config.json, which a Lambda cannot see: of `project`, and the longest of all that use views.
PROJECT_TIMEOUT_SECONDS: Final = 60.0
LONGEST_TIMEOUT_SECONDS: Final = 60.0

# After so much work the record is written, so that no more than this is done twice.
SLICE_SECONDS: Final = 5.0
# Longer than a slice takes with all its waiting; a run that was killed is taken up again after so long at most.
LEASE_SECONDS: Final = 60.0
TABLE_SECONDS: Final = 1.0

# As many as one can look at; the record, which carries them, may have 400 KB.
MAX_DIFFERENCES: Final = 50

MAKE: Final = "make"
SETTLE: Final = "settle"
FILL: Final = "fill"
AUDIT: Final = "audit"
SWITCH: Final = "switch"
DRAIN: Final = "drain"
DROP: Final = "drop"
DONE: Final = "done"
ABANDON: Final = "abandon"
ABANDONED: Final = "abandoned"


class Busy(Exception):
    """Another run is at the rebuild, or was killed a moment ago."""

    def __init__(self, record: Record, seconds: float) -> None:
        super().__init__(f"another run is at it, or was killed; its lease ends in {seconds:.0f} s")
        self.record = record
        self.seconds = seconds


class NothingToAbandon(Exception):
    """There is no rebuild under way, or its table is in use already."""


@dataclass
class State:
    """How far a rebuild is.

    Attributes
    ----------
    table : str
        The new views table.
    before : list of str
        The tables that the pointer named, to be dropped in the end.
    request : str
        Whose wish it is; who asks again in the same words gets the same rebuild.
    resume_at : float
        Until when (seconds since 1970) `settle` and `drain` wait.
    problem : str
        Why the audit did not pass.
    """

    table: str
    request: str = ""
    step: str = MAKE
    before: list[str] = field(default_factory=list)
    settle_seconds: float = PROJECT_TIMEOUT_SECONDS
    drain_seconds: float = LONGEST_TIMEOUT_SECONDS
    resume_at: float = 0.0
    problem: str = ""
    filling: dict[str, Any] | None = None
    audit: dict[str, Any] | None = None

    @property
    def is_over(self) -> bool:
        return self.step in (DONE, ABANDONED)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a rebuild stands after a slice; `wait_seconds` is how long nothing can be done."""

    table: str
    step: str
    wait_seconds: float = 0.0
    problem: str = ""
    counts: str = ""

    @property
    def is_over(self) -> bool:
        return self.step in (DONE, ABANDONED)


def status() -> tuple[Pointer, State | None]:
    """The pointer, and the rebuild under way, or the last one."""
    record = pointer.record()
    return pointer.pointer(), State(**json.loads(record.state)) if record else None


class Run:
    """One run of a rebuild: takes up the one under way, or begins one.

    Parameters
    ----------
    runner : str
        Who it is; the same may claim again what it holds.
    request : str
        See `State`.
    settle_seconds, drain_seconds : float
        How long steps 1 and 5 wait; of a new rebuild only.
    patience : float
        Seconds that the audit gives a lag to pass.
    despite_differences : bool
        Switch over whatever the audit finds.

    Raises
    ------
    Busy
        When another runner holds the lease.
    Outrun
        When another was faster to claim it.
    """

    def __init__(
        self,
        runner: str | None = None,
        *,
        request: str = "",
        lease_seconds: float = LEASE_SECONDS,
        settle_seconds: float = PROJECT_TIMEOUT_SECONDS,
        drain_seconds: float = LONGEST_TIMEOUT_SECONDS,
        patience: float = PATIENCE_SECONDS,
        despite_differences: bool = False,
        begins: bool = True,
    ) -> None:
        self._runner = runner or uuid.uuid4().hex
        self._lease_seconds = lease_seconds
        self._patience = patience
        self._despite_differences = despite_differences
        found = pointer.record()
        state = State(**json.loads(found.state)) if found else None
        if found is not None and state is not None and not state.is_over:
            left = found.lease_until / 1000 - time.time()
            if left > 0 and found.runner != self._runner:
                raise Busy(found, left)
        elif state is None or not request or state.request != request:
            if not begins:
                raise NothingToAbandon("no rebuild is under way")
            table = pointer.beside(pointer.pointer().reader)
            state = State(table, request, settle_seconds=settle_seconds, drain_seconds=drain_seconds)
        self.state: State = state
        self._record = self._claimed(found)

    def advance(self, until: float | None = None) -> Progress:
        """Do one slice of work, or of what there is until an instant of `time.monotonic`.

        Raises
        ------
        Outrun
            When another has taken over, or changed the pointer.
        ProjectionIncomplete
            When some owners could not be projected; the same again goes on.
        """
        if self.state.is_over:
            return self._progress()
        stop = time.monotonic() + SLICE_SECONDS
        progress = _STEPS[self.state.step](self, min(stop, until) if until is not None else stop)
        self._save(self._lease_seconds)
        return progress

    def abandon(self) -> Progress:
        """Begin to go back to the old table alone, and to drop the new one, or go on with it.

        Raises
        ------
        NothingToAbandon
            When the new table is in use already.
        Outrun
            When another has taken over, or changed the pointer.
        """
        if self.state.step not in (ABANDON, ABANDONED):
            table = self.state.table
            if pointer.pointer().reader == table:
                raise NothingToAbandon(f"the pointer names {table} already; the rebuild can only go on")
            # Before anything is undone: who takes over from here must not do it again.
            self.state = replace(self.state, step=ABANDON, filling=None, audit=None)
            self._save(self._lease_seconds)
        return self.advance()

    def keep(self, seconds: float) -> None:
        """Hold the lease on while nothing is done; 0 gives it up."""
        self._save(seconds)

    def _claimed(self, found: Record | None) -> Record:
        record = Record(self._words(), self._runner, uuid.uuid4().hex, self._lease_end(self._lease_seconds))
        pointer.write_record(record, instead_of=found)
        return record

    def _save(self, lease_seconds: float) -> None:
        lease = 0 if self.state.is_over else self._lease_end(lease_seconds)
        record = replace(self._record, state=self._words(), lease_until=lease)
        pointer.write_record(record, instead_of=self._record)
        self._record = record

    def _lease_end(self, seconds: float) -> int:
        return round((time.time() + seconds) * 1000) if seconds else 0

    def _words(self) -> str:
        return json.dumps(asdict(self.state))

    def _progress(self, wait_seconds: float = 0.0, counts: str = "") -> Progress:
        return Progress(self.state.table, self.state.step, wait_seconds, self.state.problem, counts)

    def _go_to(self, step: str, counts: str = "", **changes: Any) -> Progress:
        self.state = replace(self.state, step=step, problem="", **changes)
        return self._progress(counts=counts)

    def _make(self, _until: float) -> Progress:
        table = self.state.table
        if not pointer.make(table):
            return self._progress(TABLE_SECONDS)
        now = pointer.pointer()
        before = _without(now.tables, table)
        if table not in now.tables:
            self._point(Pointer(now.reader, (*now.tables, table)), instead_of=now)
        return self._go_to(SETTLE, before=list(before), resume_at=time.time() + self.state.settle_seconds)

    def _settle(self, _until: float) -> Progress:
        return self._waited(FILL, self.state.settle_seconds)

    def _fill(self, until: float) -> Progress:
        table = self.state.table
        if table not in pointer.pointer().tables:
            raise Outrun(f"the pointer does not name {table} any more")
        filling = Filling.from_json(dict(self.state.filling)) if self.state.filling else Filling()
        filling.advance(lambda: [table], without_old_deletions, until=until)
        counts = f"{filling.streams:,} streams"
        if filling.is_done:
            return self._go_to(AUDIT, counts, filling=None)
        self.state = replace(self.state, filling=filling.to_json())
        return self._progress(counts=counts)

    def _audit(self, until: float) -> Progress:
        self.state = replace(self.state, problem="")
        audit = Audit((self.state.table,), patience=self._patience, checks_streams=False)
        if self.state.audit:
            audit.take_up(self.state.audit)
        audit.findings.limit = MAX_DIFFERENCES
        audit.advance(until)
        found = audit.findings
        counts = f"{found.counts['streams']:,} streams, {found.counts['rows']:,} rows"
        if not audit.is_done:
            self.state = replace(self.state, audit=audit.to_json())
            return self._progress(counts=counts)
        if found.differences and not self._despite_differences:
            # The next run audits anew: somebody may have seen to what was wrong.
            self.state = replace(self.state, audit=None, problem=_described(found))
            return self._progress(counts=counts)
        return self._go_to(SWITCH, counts, audit=None)

    def _switch(self, _until: float) -> Progress:
        now, table = pointer.pointer(), self.state.table
        if table not in now.tables:
            raise Outrun(f"the pointer does not name {table} any more")
        alone = Pointer(table, (table,))
        if now != alone:
            self._point(alone, instead_of=now)
        return self._go_to(DRAIN, resume_at=time.time() + self.state.drain_seconds)

    def _drain(self, _until: float) -> Progress:
        return self._waited(DROP, self.state.drain_seconds)

    def _drop(self, _until: float) -> Progress:
        now = pointer.pointer()
        unused = [table for table in self.state.before if table != now.reader and table not in now.tables]
        gone = [pointer.drop(table) for table in unused]
        if not all(gone):
            return self._progress(TABLE_SECONDS)
        return self._go_to(DONE)

    def _abandon(self, _until: float) -> Progress:
        now, table = pointer.pointer(), self.state.table
        if now.reader == table:
            # A switch that was committed before this run's claim, and became visible after it.
            return self._go_to(DRAIN, resume_at=time.time() + self.state.drain_seconds)
        # Written also where it would say the same: what was read may be older than a change that is not visible yet,
        # and only a write meets that.
        self._point(Pointer(now.reader, _without(now.tables, table)), instead_of=now)
        return self._go_to(ABANDONED) if pointer.drop(table) else self._progress(TABLE_SECONDS)

    def _point(self, to: Pointer, *, instead_of: Pointer) -> None:
        pointer.point(to, instead_of=instead_of, under=self._record)

    def _waited(self, then: str, at_most: float) -> Progress:
        """Go on when the time has come; a clock that was set back does not make it longer than it is."""
        left = min(self.state.resume_at - time.time(), at_most)
        return self._progress(left) if left > 0 else self._go_to(then)


_STEPS: Final[dict[str, Callable[[Run, float], Progress]]] = {
    MAKE: Run._make,
    SETTLE: Run._settle,
    FILL: Run._fill,
    AUDIT: Run._audit,
    SWITCH: Run._switch,
    DRAIN: Run._drain,
    DROP: Run._drop,
    ABANDON: Run._abandon,
}


def work(until: float, **options: Any) -> Progress:
    """Work as a Lambda does, slice after slice, until an instant of `time.monotonic` or until there is a wait.

    Raises
    ------
    As `Run` and `Run.advance` do.
    """
    run = Run(**options)
    try:
        while True:
            progress = run.advance(until)
            if progress.is_over or progress.wait_seconds or progress.problem or time.monotonic() >= until:
                break
    except Exception:
        with suppress(Exception):
            run.keep(0)
        raise
    if not progress.is_over:
        run.keep(0 if progress.problem else progress.wait_seconds + LEASE_SECONDS)
    return progress


def _without(tables: tuple[str, ...], table: str) -> tuple[str, ...]:
    return tuple(each for each in tables if each != table)


def _described(findings: Findings) -> str:
    first = sorted(findings.differences)[0]
    return (
        f"the audit of the new table found {len(findings.differences)} differences, such as "
        f"{first.kind}: {first.subject}: {first.detail}"
    )
