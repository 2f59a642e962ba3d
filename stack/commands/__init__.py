"""The commands of ``python -m stack``."""
