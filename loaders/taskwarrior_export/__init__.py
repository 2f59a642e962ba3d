"""Exports todos in the format that Taskwarrior imports."""
