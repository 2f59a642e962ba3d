"""The outcome as two SVG drawings that keep text as text, load nothing, and contain neither a date nor a machine."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Mapping
from io import StringIO
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from bench.experiment.counting import Stage

TITLES: Final = {
    "project": "project → views",
    "publish": "publish → topic",
    "deliver": "deliver → webhooks",
}

HANDED: Final = "#c9871f"
EFFECT: Final = "#1f6fb2"
BUCKETS: Final = 120
# One bar shows the few events that were handed over this often or more.
MOST_TIMES: Final = 6

_STYLE: Final[Any] = {
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titleweight": "bold",
    "axes.titlesize": 11,
    # Text stays text, which is a tenth of the size and can be searched.
    "svg.fonttype": "none",
    # Otherwise the ids within the drawing differ each time.
    "svg.hashsalt": "todo-ledger",
}


def histogram(stages: Mapping[str, Stage]) -> str:
    """How many events were handed over, and took effect, how many times, on a logarithmic scale and with the counts."""
    counts = {name: (_shown(stage.times_handed), _shown(stage.times_effective)) for name, stage in stages.items()}
    most_times = [max(*handed, *effects) for handed, effects in counts.values()]
    most_events = max(max(*handed.values(), *effects.values()) for handed, effects in counts.values())
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(11, 3.8), layout="constrained")
        panels = figure.subplots(1, len(stages), sharey=True, width_ratios=[times + 1 for times in most_times])
        for axes, times, (name, (handed, effects)) in zip(panels, most_times, counts.items(), strict=True):
            _bars(axes, -0.4, HANDED, "handed to the handler", handed)
            _bars(axes, 0.0, EFFECT, "took effect", effects)
            axes.set_title(TITLES[name])
            axes.set_xlabel("times")
            axes.set_xticks(
                range(times + 1), [f"{each}+" if each == MOST_TIMES else str(each) for each in range(times + 1)]
            )
            axes.set_xlim(-0.6, times + 0.6)
            axes.set_yscale("log")
            _grid(axes, lambda value, _: f"{value:,.0f}")
        panels[0].set_ylabel("events")
        # A bar for a single event must be visible, and the highest one needs room for its count.
        panels[0].set_ylim(0.5, 3 * most_events)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False)
        return _svg(figure)


def lag(stages: Mapping[str, Stage], started: float) -> str:
    """The time from append to effect over the time of the append: median and maximum of each stretch of the run."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(11, 5.6), layout="constrained")
        shown = {name: stage for name, stage in stages.items() if name != "publish"}
        for axes, (name, stage) in zip(figure.subplots(len(shown), 1, sharex=True), shown.items(), strict=True):
            times, medians, slowest = stretches(stage.lags, started)
            axes.fill_between(times, medians, slowest, color=EFFECT, alpha=0.18, linewidth=0)
            axes.plot(times, slowest, color=EFFECT, linewidth=0.8, alpha=0.7, label="slowest")
            axes.plot(times, medians, color=EFFECT, linewidth=1.8, label="median")
            axes.set_yscale("log")
            # Whole decades, so that both ends have a label.
            axes.set_ylim(10 ** math.floor(math.log10(min(medians))), 10 ** (math.floor(math.log10(max(slowest))) + 1))
            _grid(axes, lambda value, _: f"{value:,g} s")
            axes.set_title(f"{TITLES[name]}: from append to effect", loc="left")
            axes.margins(x=0)
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=2, frameon=False)
        figure.axes[-1].set_xlabel("seconds since the first append")
        return _svg(figure)


def stretches(lags: list[tuple[float, float]], started: float) -> tuple[list[float], list[float], list[float]]:
    """Divide the run into `BUCKETS` equal stretches: the start of each that has events, their median and longest lag.

    Parameters
    ----------
    lags : list of (float, float)
        When each event was appended, and its lag in seconds.
    started : float
        When the run began.
    """
    end = max(at for at, _ in lags)
    width = max(end - started, 1e-3) / BUCKETS
    found: dict[int, list[float]] = {}
    for at, seconds in lags:
        # Instants are rounded to milliseconds, and zero has no logarithm.
        found.setdefault(min(int(max(at - started, 0.0) / width), BUCKETS - 1), []).append(max(seconds, 0.001))
    numbers = sorted(found)
    return (
        [number * width for number in numbers],
        [statistics.median(found[number]) for number in numbers],
        [max(found[number]) for number in numbers],
    )


def _shown(times: Mapping[int, int]) -> Counter[int]:
    """The counts, in which everything from `MOST_TIMES` on is one."""
    shown: Counter[int] = Counter()
    for each, events in times.items():
        shown[min(each, MOST_TIMES)] += events
    return shown


def _bars(axes: Axes, left: float, color: str, label: str, counts: Mapping[int, int]) -> None:
    """Bars from `left` of each number, 0.4 wide, with their counts on the side away from the pair's other bar."""
    times = sorted(counts)
    axes.bar(
        [each + left for each in times], [counts[each] for each in times], 0.4, align="edge", color=color, label=label
    )
    side, offset = ("right", -2) if left < 0 else ("left", 2)
    for each in times:
        axes.annotate(
            f"{counts[each]:,}",
            (each, counts[each]),
            xytext=(offset, 2),
            textcoords="offset points",
            ha=side,
            fontsize=7.5,
        )


def _grid(axes: Axes, written: Callable[[float, Any], str]) -> None:
    """Lines at the powers of ten."""
    axes.yaxis.set_major_formatter(written)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def _svg(figure: Figure) -> str:
    drawn = StringIO()
    figure.savefig(
        drawn, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")), facecolor="white"
    )
    # matplotlib leaves spaces at the ends of lines.
    return "\n".join(line.rstrip() for line in drawn.getvalue().splitlines()) + "\n"
