"""Histories: whole streams of events from a takeout, checked before they reach the ledger."""
