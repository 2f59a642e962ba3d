"""The handlers that a stream, a queue or the clock calls."""
