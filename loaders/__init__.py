"""The bulk loader: todos from a file, through the ledger, with the same rules as the API."""
