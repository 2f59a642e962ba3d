"""Commands on todos: load, decide, append."""
