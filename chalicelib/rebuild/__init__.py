"""Rebuilding the views beside the live ones."""
