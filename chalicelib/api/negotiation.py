"""The media type that a caller prefers (RFC 9110, section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chalicelib.api.headers import elements

_WEIGHT = re.compile(r"[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


def preferred(accept: str | None, *offers: str) -> str | None:
    """The offer that an `Accept` header prefers, the first of equals; None if it accepts none of them.

    No header, an empty one, and one without a media range accept everything.
    """
    ranges = list(_ranges(accept or ""))
    if not ranges:
        return offers[0]
    best = max(offers, key=lambda offer: _quality(offer, ranges))
    return best if _quality(best, ranges) > 0 else None


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for element in elements(accept):
        # An element may consist of semicolons alone.
        media_range, *parameters = *elements(element, ";"), ""
        if "/" in media_range:
            weights = [float(found[1]) for each in parameters if (found := _WEIGHT.fullmatch(each))]
            yield media_range.lower(), weights[0] if weights else 1.0


def _quality(offer: str, ranges: list[tuple[str, float]]) -> float:
    """The weight of the most specific range that includes the offer."""
    for candidate in (offer, offer.partition("/")[0] + "/*", "*/*"):
        weights = [weight for media_range, weight in ranges if media_range == candidate]
        if weights:
            return max(weights)
    return 0.0
