"""The list as it was: an owner's todos at an instant, from their rows and, where these are younger, from the ledger."""
