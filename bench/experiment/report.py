"""The figures of a run as Markdown, between two marks of a page."""

from __future__ import annotations

import statistics
from collections import Counter
from pathlib import Path
from typing import Final

from bench.experiment.counting import Stage
from bench.experiment.run import Outcome

BEGIN: Final = "<!-- the figures of the last run: written by `make experiment` -->"
END: Final = "<!-- end of the figures -->"

_WHAT: Final = {
    "project": "`project`: in the views",
    "publish": "`publish`: on the topic",
    "deliver": "`deliver`: at the webhook",
}


def write(page: Path, outcome: Outcome) -> None:
    """Replace the text between the marks of a page; a page without marks is replaced by a new one."""
    before, _, rest = page.read_text().partition(BEGIN) if page.exists() else ("# An experiment\n\n", "", "")
    after = rest.partition(END)[2] or "\n"
    page.write_text(f"{before}{BEGIN}\n\n{figures(outcome)}\n\n{END}{after}")


def figures(outcome: Outcome) -> str:
    """The outcome of a run as Markdown."""
    whole = (
        f"{outcome.events:,} events in {outcome.seconds / 60:.1f} minutes, from the first append until all was quiet "
        f"({outcome.machine}). {outcome.dead_letters} messages became dead letters. "
        f"Contradictions to what is claimed: {'; '.join(outcome.failures) or 'none'}."
    )
    return "\n\n".join([whole, _effects(outcome.stages), _lags(outcome.stages), _faults(outcome)])


def _effects(stages: dict[str, Stage]) -> str:
    rows = []
    for name, stage in stages.items():
        handed, times = stage.handed.values(), stage.times_effective
        more = sum(count for number, count in times.items() if number > 1)
        counts = f"{times[0]:,} | {times[1]:,} | {more:,} | {len(stage.lost):,}"
        rows.append(f"| {_WHAT[name]} | {statistics.mean(handed):.2f} | {max(handed)} | {counts} |")
    head = "| events | handed over, mean | most | no effect of its own | one effect | more | lost |"
    return "\n".join([head, "|---|---|---|---|---|---|---|", *rows])


def _lags(stages: dict[str, Stage]) -> str:
    rows = []
    for name, stage in stages.items():
        lags = sorted(seconds for _, seconds in stage.lags)
        at = [lags[int(share * (len(lags) - 1))] for share in (0.5, 0.9, 0.99, 1.0)]
        rows.append(f"| {_WHAT[name]} | " + " | ".join(f"{seconds:.2f}" for seconds in at) + " |")
    return "\n".join(
        ["| seconds from append to effect | median | 90 % | 99 % | slowest |\n|---|---|---|---|---|", *rows]
    )


def _faults(outcome: Outcome) -> str:
    names = list(outcome.stages)
    kinds = sorted({how for who, how in outcome.faults if who in names})
    rows = [f"| {how} | " + " | ".join(f"{outcome.faults[name, how]:,}" for name in names) + " |" for how in kinds]
    invoked: Counter[str] = outcome.invocations
    head = "| faults injected | " + " | ".join(f"`{name}`, {invoked[name]:,} invocations" for name in names) + " |"
    rows += [f"| {how} | | | {count:,} |" for (who, how), count in sorted(outcome.faults.items()) if who not in names]
    return "\n".join([head, "|---|---|---|---|", *rows])
