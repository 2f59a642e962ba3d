"""The ledger: the append-only events table."""
