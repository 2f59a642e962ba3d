"""A database of a run's own, for what would not fit into memory."""

from __future__ import annotations

import sqlite3


def temporary_database(cache_kib: int) -> sqlite3.Connection:
    """An empty database that is removed when it is closed; on disk from `cache_kib` KiB on.

    It need not survive a crash: another run makes it anew.
    """
    # An empty name means a temporary database.
    database = sqlite3.connect("", isolation_level=None)
    database.execute(f"PRAGMA cache_size = -{cache_kib}")
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("PRAGMA synchronous = OFF")
    return database
