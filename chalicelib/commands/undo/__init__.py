"""The undo of an operation: what of it stands is taken back, or brought back, each todo by its own event."""
