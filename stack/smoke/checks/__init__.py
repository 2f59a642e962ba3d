"""The checks, one module for each area. Each takes the run, and returns what it measured, or an empty text."""
