"""Rows: what a format reads from a file, and what a row's fields mean."""
