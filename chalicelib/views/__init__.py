"""The read side: rows, tallies and a log of changes, which can be rebuilt from the ledger at any time."""
