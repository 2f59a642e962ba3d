"""Arguments that several commands share."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError

from stack.settings import LOCAL


def add_stage(parser: ArgumentParser) -> None:
    """Add ``--stage``."""
    parser.add_argument("--stage", default=LOCAL, help="of .chalice/config.json (default: local, the local engine)")


def parse_owner(text: str) -> str:
    """The text, if an owner can have that name.

    Raises
    ------
    ArgumentTypeError
    """
    from chalicelib.todos import ids

    if (error := ids.owner_error(text)) is not None:
        raise ArgumentTypeError(error)
    return text


def parse_instant(text: str) -> str:
    """The text, if it is an RFC 3339 date or date-time.

    Raises
    ------
    ArgumentTypeError
    """
    from chalicelib.todos import instants

    try:
        instants.parse(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r}: {error}") from None
    return text
