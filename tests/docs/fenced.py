"""The commands of a page of Markdown, and what they print.

A block fenced as ``sh`` has commands. All of a page run in one shell, in their order, and each must succeed. A block
fenced as ``text`` right behind one is what it prints: ``…`` stands for any text within a line, and on a line of its own
for any lines. A comment ``<!-- not run: why -->`` before a block of commands leaves it out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest

_FENCE = re.compile(
    r"(?P<skip><!-- not run: .*? -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Block:
    """Some commands; the line of the page that they begin in, and what they print (None: anything)."""

    line: int
    commands: str
    printed: str | None


def blocks(page: str) -> list[Block]:
    """The blocks of commands of a page that are to run."""
    found: list[Block] = []
    fences = list(_FENCE.finditer(page))
    for fence, after in zip_longest(fences, fences[1:]):
        if fence["kind"] != "sh" or fence["skip"]:
            continue
        is_output = after is not None and after["kind"] == "text" and not page[fence.end() : after.start()].strip()
        line = page.count("\n", 0, fence.start("text")) + 1
        found.append(Block(line, fence["text"], after["text"] if after is not None and is_output else None))
    return found


def is_printed(expected: str, printed: str) -> bool:
    """Whether commands printed what a page says."""
    lines = "".join(
        r"(?:.*\n)*?" if line == "…" else ".*?".join(map(re.escape, line.split("…"))) + r"\n"
        for line in (line.strip() if line.strip() == "…" else line for line in expected.splitlines())
    )
    return re.fullmatch(lines, printed if printed.endswith("\n") or not printed else printed + "\n") is not None
