"""Rows: what a format makes of a file, and what the fields of a row mean."""
