"""The page in a browser, on a deployed stack."""
