"""Comparing ledger and views: each stream is checked in itself, then its row, the tallies and the log against it."""
