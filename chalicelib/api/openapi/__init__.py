"""The API's contract, an OpenAPI 3.1 document: one module for each resource, and what they share.

Imported only where the document is asked for.
"""
