"""Comparing a deployed stage with its templates, and setting what differs."""
