"""Texts that callers send, in Unicode's composed form (NFC): bounded before any work is done on them."""

from __future__ import annotations

import unicodedata
from typing import Final

# Composing sorts each run of combining marks, which takes time that grows with the square of its length. No language
# needs longer runs than the Stream-Safe Text Format has (UAX #15, section 13).
MAX_MARKS: Final = 30
# A composed character is at most four as it may be sent, so that a longer text is too long once composed, too.
LONGEST_DECOMPOSITION: Final = 4
# These decompose into two marks; three of them are not of a combining class themselves.
_TWO_MARKS: Final = "\u0344\u0f73\u0f75\u0f81"
# What UTF-8 has in the characters before U+0300, the first mark: all of these are composed.
_BEFORE_MARKS: Final = bytes(range("\u0300".encode()[0]))


def compose(text: str, limit: int) -> str:
    """The text in NFC, so that what looks the same compares the same.

    Parameters
    ----------
    limit : int
        As many characters, or bytes of UTF-8, as the composed text may have. It is not checked here that it keeps to
        them, only that composing is worth it.

    Raises
    ------
    ValueError
        The text is far too long, or a letter has more combining marks than any language needs.
    """
    if len(text) > LONGEST_DECOMPOSITION * limit:
        raise ValueError(f"{len(text)} characters, which are more than the {limit} that are allowed")
    if text.isascii():
        return text
    if _has_long_run(text):
        raise ValueError(f"more than {MAX_MARKS} combining marks follow one another")
    return unicodedata.normalize("NFC", text)


def is_composed(encoded: bytes) -> bool:
    """Whether `compose` leaves a text as it is, its length aside.

    Parameters
    ----------
    encoded : bytes
        The text in UTF-8.
    """
    if not encoded.translate(None, _BEFORE_MARKS):
        return True
    text = encoded.decode()
    return not _has_long_run(text) and unicodedata.is_normalized("NFC", text)


def _has_long_run(text: str) -> bool:
    # Each run that is too long has one of so many neighbours; most texts have no mark there.
    neighbours = set(text[MAX_MARKS // 2 :: MAX_MARKS // 2 + 1])
    if neighbours.isdisjoint(_TWO_MARKS) and not any(map(unicodedata.combining, neighbours)):
        return False
    run = 0
    for marks in map(_marks_of, text):
        run = run + marks if marks else 0
        if run > MAX_MARKS:
            return True
    return False


def _marks_of(character: str) -> int:
    """How many combining marks a character is when it is decomposed; 0 for one that begins with a letter."""
    if character in _TWO_MARKS:
        return 2
    return 1 if unicodedata.combining(character) else 0
