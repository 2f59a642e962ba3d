"""Where todos are loaded into: the ledger itself, or the service by its API."""
