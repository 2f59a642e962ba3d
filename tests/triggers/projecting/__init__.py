"""`project` when something is wrong, and how what went wrong is brought back."""
