"""Whether a row's todo is done: by a word, or by the date since when it is."""

from __future__ import annotations

from typing import Any, NamedTuple

from loaders.reading.options import ReadOptions
from loaders.rows.dates import has_the_year_last, read_generic_date
from loaders.rows.values import done_of_word


class Done(NamedTuple):
    """What one value says.

    Attributes
    ----------
    is_done : bool, optional
        None if it does not say it.
    since : object, optional
        The date of the completion (RFC 3339), or what the file has in its place.
    says_more : bool
        The value should be kept.
    """

    is_done: bool | None
    since: Any = None
    says_more: bool = False


def read_done(value: Any, how: ReadOptions, time_zone: str | None) -> Done:
    """What a value that is not a word for done or open says in its place: since when it is done.

    Raises
    ------
    ValueError
    """
    try:
        since = read_generic_date(value, time_zone, how.date_format).text
    except ValueError:
        if has_the_year_last(value):
            raise
        if how.done_values and isinstance(value, str):
            # Whoever names what means done says that nothing else does.
            return Done(is_done=False, says_more=True)
        raise ValueError(
            "expected true or false (also yes or no, 1 or 0, done or open) or the date of its completion, not"
            f" {value!r:.80}; say with --done-values which words mean done"
        ) from None
    return Done(is_done=since is not None, since=since)


def read_completion(value: Any, how: ReadOptions, time_zone: str | None) -> Done:
    """What a value says in the place of the date of a completion; what is no date says nothing.

    Raises
    ------
    ValueError
        It is a date that can be read in two ways.
    """
    if value != "" and (found := done_of_word(value)) is not None:
        return Done(found[0])
    try:
        since = read_generic_date(value, time_zone, how.date_format).text
    except ValueError:
        if has_the_year_last(value):
            raise
        return Done(is_done=None, since=value)
    # A value that means "no date" was once kept, and is needed to find that again (`loaders.rows.times`).
    return Done(is_done=since is not None, since=since or value)
