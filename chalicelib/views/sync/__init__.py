"""Sync: what changed in an owner's views since a position."""
