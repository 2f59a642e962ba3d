"""One module for each resource: what its routes do."""
