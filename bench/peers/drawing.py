"""The comparison as an SVG drawing that keeps text as text, loads nothing, and follows the reader's light or dark."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape

WIDTH: Final = 900
# Where the bars begin and end; before them are the names.
LEFT: Final = 400
RIGHT: Final = 850
TOP: Final = 70
BAR: Final = 9
ROW: Final = 46
# The axis shows at least from a tenth to ten times as much.
LEAST: Final = 0.1
MOST: Final = 10.0

_STYLE: Final = """\
    .paper { fill: #fff }
    text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-size: 13px; fill: #17201b }
    .title { font-size: 15px; font-weight: 600 }
    .note { font-size: 11px; fill: #54605a }
    .end { text-anchor: end }
    .middle { text-anchor: middle }
    .grid { stroke: #d9dfdb; stroke-width: 1 }
    .one { stroke: #54605a; stroke-width: 1.5 }
    .b0 { fill: #9db8d9 } .b1 { fill: #4f83bd } .b2 { fill: #1c4f87 }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #0f1411 }
      text { fill: #e6ece8 }
      .note { fill: #a3afa8 }
      .grid { stroke: #2b332e }
      .one { stroke: #a3afa8 }
      .b0 { fill: #c4d8f2 } .b1 { fill: #7fb0e8 } .b2 { fill: #3f7cc0 }
    }"""


def chart(ratios: Mapping[str, Mapping[int, float]]) -> str:
    """Bars on a logarithmic scale, from 1 (the first contender) to the left or right.

    Parameters
    ----------
    ratios : mapping of str to mapping of int to float
        By contender and length of the history.
    """
    found = [ratio for by_history in ratios.values() for ratio in by_history.values()]
    low = math.floor(math.log10(min(LEAST, *found)))
    high = math.ceil(math.log10(max(MOST, *found)))
    height = TOP + ROW * len(ratios) + 40

    ratios = {name.replace("`", ""): found for name, found in ratios.items()}

    def x(ratio: float) -> float:
        return LEFT + (math.log10(ratio) - low) / (high - low) * (RIGHT - LEFT)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        ' aria-labelledby="title description">',
        '  <title id="title">CPU time of an update, relative to raw boto3</title>',
        f'  <desc id="description">{escape(_described(ratios))}</desc>',
        f"  <style>\n{_STYLE}\n  </style>",
        f'  <rect class="paper" width="{WIDTH}" height="{height}"/>',
        '  <text class="title" x="20" y="28">CPU time of an update, relative to raw boto3 (logarithmic)</text>',
    ]
    bottom = TOP + ROW * len(ratios)
    for power in range(low, high + 1):
        tick = f"{x(10**power):.1f}"
        lines.append(f'  <line class="grid" x1="{tick}" x2="{tick}" y1="{TOP - 8}" y2="{bottom}"/>')
        lines.append(f'  <text class="note middle" x="{tick}" y="{bottom + 18}">{10.0**power:g} ×</text>')
    for row, (name, by_history) in enumerate(ratios.items()):
        top = TOP + ROW * row
        lines.append(f'  <text class="end" x="{LEFT - 14}" y="{top + 19}">{escape(name)}</text>')
        for number, ratio in enumerate(by_history.values()):
            y = top + number * (BAR + 3)
            start, end = sorted((x(1), x(ratio)))
            lines.append(
                f'  <rect class="b{number}" x="{start:.1f}" y="{y}" width="{max(end - start, 1):.1f}" height="{BAR}"/>'
            )
            side, place = ("", end + 4) if ratio >= 1 else (" end", start - 4)
            lines.append(f'  <text class="note{side}" x="{place:.1f}" y="{y + BAR}">{ratio:.2f}</text>')
    lines.append(f'  <line class="one" x1="{x(1):.1f}" x2="{x(1):.1f}" y1="{TOP - 8}" y2="{bottom}"/>')
    for number, history in enumerate(next(iter(ratios.values()))):
        place = LEFT + number * 150
        lines.append(f'  <rect class="b{number}" x="{place}" y="42" width="{BAR}" height="{BAR}"/>')
        events = "1 event" if history == 1 else f"{history:,} events"
        lines.append(f'  <text class="note" x="{place + BAR + 5}" y="51">history of {events}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def _described(ratios: Mapping[str, Mapping[int, float]]) -> str:
    return ". ".join(
        f"{name}: {', '.join(f'{ratio:.2f} with {history:,}' for history, ratio in by_history.items())}"
        for name, by_history in ratios.items()
    )
