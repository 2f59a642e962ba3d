"""One run of the loader: its files, where their todos go, and what becomes of each."""
