"""The todo service: its domain, its ledger and views, its API, and the handlers that follow the stream."""

# The only version number: the package's metadata, `/health`, the contract and both command lines read it from here,
# since Lambda's package has no pyproject.toml. Kept a literal, which the build reads without importing the service.
__version__ = "0.1.0"
