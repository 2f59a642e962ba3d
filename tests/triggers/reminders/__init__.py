"""Reminders and repeating todos, by the real handlers on an engine."""
