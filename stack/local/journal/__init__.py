"""The journal: what the local engine acknowledged is on disk, whatever happens to the engine's process."""
