"""The deployed service on a private engine: what clients see over HTTP, and what faults do to it."""
