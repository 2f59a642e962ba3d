"""Making the checks of a run, one after the other, and removing what they made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.errors import AWSError
from stack.errors import StackError
from stack.smoke.check import Check
from stack.smoke.outcome import FAILED, PASSED, SKIPPED, CheckFailed, Outcome, Skipped, expect
from stack.smoke.recording import AREAS, compare, file_name
from stack.smoke.run import Run, timed

CLEANING: Final = ("clean-up", "what the run made is removed; its events stay in the ledger")


def outcomes(run: Run, checks: Sequence[Check]) -> Iterator[Outcome]:
    """Make the checks; the last outcome is that of the clean-up, which happens however the run ends.

    An exception of the caller, or Ctrl-C, ends the run. `Run.left` has what could not be removed then.
    """
    run.areas = frozenset(check.area for check in checks)
    errors: dict[Check, Outcome] = {}
    try:
        for check in checks:
            if check.begin is not None:
                begun = _outcome(check, run, check.begin)
                if begun.state != PASSED:
                    errors[check] = begun
        for check in checks:
            run.file = file_name(check.area, check.name) if check.area in AREAS else None
            yield errors.get(check) or _outcome(check, run, check.run)
    finally:
        run.file = None
        with timed() as seconds:
            try:
                run.left.extend(run.clean_up())
            finally:
                # Somebody who is out of patience interrupts the clean-up, too.
                run.left += run.still_made()
            took = seconds()
    yield Outcome(*CLEANING, FAILED if run.left else PASSED, "; ".join(run.left), took)


def comparison(run: Run, directory: Path) -> Outcome:
    """Whether the gateway has answered as it did when the directory was recorded."""
    check = Check("recording", "the gateway answers as recorded", lambda run: _compared(run, directory))
    return _outcome(check, run, check.run)


def _compared(run: Run, directory: Path) -> str:
    found = compare(run.recording, directory)
    expect(not found, "\n  ".join(["", *found]))
    return str(directory)


def _outcome(check: Check, run: Run, step: Callable[[Run], str | None]) -> Outcome:
    with timed() as seconds:
        try:
            state, detail = PASSED, step(run) or ""
        except Skipped as skipped:
            state, detail = SKIPPED, str(skipped)
        except (CheckFailed, StackError, AWSError, ClientError, BotoCoreError) as error:
            state, detail = FAILED, str(error)
        except Exception as error:
            # What answers in another form than the service does, for example.
            state, detail = FAILED, f"unexpected: {error!r}"
        return Outcome(check.area, check.name, state, detail, seconds())
