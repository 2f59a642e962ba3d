"""Comparing a deployed stage with its templates, and correcting it."""
