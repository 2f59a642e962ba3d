"""The headers of answers that do not depend on what is answered: what is kept, and what a web page may read."""

from __future__ import annotations

from typing import Final

# Of any answer without another Cache-Control. Without one, caches may keep a 404, 405 or 410 as long as they see fit
# (RFC 9110, section 15.1), and nothing would tell them that the todo was restored.
NO_STORE: Final = "no-store"

# Every header that an answer may have, so that a page of another origin can read it (Access-Control-Expose-Headers,
# Fetch standard); those that it may always read (Cache-Control, Content-Type, Content-Length) are left out. The
# contract names them, and every test's answers are checked for others.
EXPOSED: Final = (
    "Accept-Encoding", "Accept-Patch", "Allow", "Complete-Since", "Content-Disposition", "Content-Security-Policy",
    "Date", "ETag", "Link", "Location", "Operation-Id", "Preference-Applied", "RateLimit", "RateLimit-Policy",
    "Retry-After", "Vary", "WWW-Authenticate", "X-Content-Type-Options", "X-Request-Id",
    # What API Gateway makes of a Lambda's WWW-Authenticate.
    "X-Amzn-Remapped-WWW-Authenticate",
)  # fmt: skip
