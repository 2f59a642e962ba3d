"""The reader of the pages' commands finds each of them, and tells what was printed from what was not."""

from __future__ import annotations

import pytest

from tests.docs.fenced import Block, blocks, is_printed

PAGE = """\
# A page

```sh
echo one
```

```text
one
```

Prose.

```sh
echo two
```

Prose, and then what belongs to nothing:

```text
three
```

<!-- not run: it needs an account -->
```sh
aws
```

```python
print("no shell")
```
"""


def test_commands_have_what_is_right_behind_them() -> None:
    assert blocks(PAGE) == [Block(4, "echo one\n", "one\n"), Block(14, "echo two\n", None)]


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("one\n", "one\n"),
        ("one\n", "one"),
        ("…\n", ""),
        ("…\n", "one\ntwo\n"),
        ("a…z\n", "a to z\n"),
        ('"id": "…",\n  …\n"x"\n', '"id": "7",\n"y"\n"z"\n"x"\n'),
        ("(1+1)…\n", "(1+1) = 2\n"),
    ],
)
def test_what_a_page_says_is_printed(expected: str, printed: str) -> None:
    assert is_printed(expected, printed)


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("one\n", ""),
        ("one\n", "one\ntwo\n"),
        ("a…z\n", "a\nz\n"),
        ("one\n…\ntwo\n", "one\n"),
        ("one\n", "two\none\n"),
    ],
)
def test_other_output_is_not_what_the_page_says(expected: str, printed: str) -> None:
    assert not is_printed(expected, printed)
