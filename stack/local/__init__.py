"""The local stack: an engine, the service deployed to it, and a token issuer."""
